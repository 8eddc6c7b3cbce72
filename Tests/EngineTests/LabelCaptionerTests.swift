import Checkpoint
import Foundation
import Goldens
import Method
import Networks
import TestSupport
import Testing
import Torch

@testable import Engine

/// Captions from labels, on the small binder with random weights.
@Suite struct LabelCaptionerTests {
    static let binder = Result {
        try BinderModel(
            ImageBindFiles(HuggingFaceCache().resolve(RandomModels.folder.appending(path: "imagebind").path)),
            dtype: .float32, device: .cpu)
    }

    private let labels = ["a dog barking", "rain falling on a roof", "a train passing", "a piano playing softly"]

    private func make(_ labels: [String]) throws -> LabelCaptioner {
        try LabelCaptioner(labels: labels, binder: Self.binder.get())
    }

    @Test func aLabelIsNearestToItself() throws {
        let captioner = try make(labels)
        let matches = try captioner.nearest(to: Self.binder.get().embed(labels.reversed()))
        #expect(matches.map(\.label) == labels.reversed() && matches.map(\.index) == [3, 2, 1, 0])
        #expect(matches.allSatisfy { $0.cosine > 1 - 1e-5 && $0.cosine <= 1 })
    }

    @Test("the best label is that of the largest cosine, for images and audio of any embedding length")
    func cosines() throws {
        let binder = try Self.binder.get()
        let captioner = try make(labels)
        let text = try binder.embed(labels).normalized().floats()
        let sounds = try ImageBindAudioInput(.imageBind, device: .cpu)(randn(3, [2, 1, 20_000]) * 0.1, clips: 2)
        for embeddings in [
            try binder.network.audio(sounds), try binder.network.vision(randn(4, [3, 3, 224, 224])),
        ] {
            let matches = try captioner.nearest(to: embeddings)
            let unit = try embeddings.normalized().floats()
            #expect(matches.count == embeddings.size(0))
            for (row, match) in matches.enumerated() {
                let width = captioner.width
                let cosines = labels.indices.map { label in
                    (0..<width).reduce(Float(0)) { $0 + text[label * width + $1] * unit[row * width + $1] }
                }
                #expect(abs(Float(match.cosine) - (cosines.max() ?? 0)) < 1e-5)
                #expect(match.index == cosines.firstIndex(of: cosines.max() ?? 0))
            }
            #expect(try captioner.nearest(to: embeddings * 7).map(\.index) == matches.map(\.index))
        }
    }

    /// Neither the batch nor its order decides.
    @Test func eachEmbeddingIsMatchedAlone() throws {
        let captioner = try make(labels)
        let embeddings = try randn(5, [9, captioner.width])
        let together = try captioner.nearest(to: embeddings)
        let alone = try (0..<9).flatMap { try captioner.nearest(to: embeddings.narrow(0, from: $0, count: 1)) }
        #expect(together == alone && Set(together.map(\.index)).count > 1)
        #expect(try captioner.nearest(to: randn(5, [0, captioner.width])).isEmpty)
    }

    /// Equally near labels: the first one. The tokenizer makes one text of the first three.
    @Test func tiesGoToTheFirst() throws {
        let captioner = try make(["a quiet room", "A DOG barking", "a dog barking", "a  dog barking"])
        let match = try captioner.nearest(to: Self.binder.get().embed(["a dog barking"]))[0]
        #expect(match.index == 1 && match.label == "A DOG barking", "labels come back as they were given")
        let nowhere = try captioner.nearest(to: Tensor.zeros([1, captioner.width]))[0]
        #expect(nowhere.index == 0 && nowhere.cosine == 0)
    }

    @Test("labels and embeddings that cannot be compared are refused")
    func refusals() throws {
        #expect(throws: CaptionError.noLabels) { try make([]) }
        #expect(throws: CaptionError.emptyLabel(1)) { try make(["a", " \t"]) }
        let captioner = try make(labels)
        #expect(throws: CaptionError.shape(found: [2, 3], width: captioner.width)) {
            try captioner.nearest(to: Tensor.zeros([2, 3]))
        }
        #expect(throws: CaptionError.unusableEmbedding(row: 1)) {
            try captioner.nearest(
                to: Tensor.cat(
                    [Tensor.zeros([1, captioner.width]), Tensor.full([1, captioner.width], .nan)], 0))
        }
        #expect("\(CaptionError.emptyLabel(1))".contains("number 2"))
    }

    @Test("the list that ships has no label twice, and each label tried is nearest to itself")
    func everydaySounds() throws {
        let file = Fixtures.checkout.appending(path: "Models/labels/everyday-sounds.txt")
        let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
        let sounds = lines.filter { !$0.hasPrefix("#") }
        #expect((280...340).contains(sounds.count), "\(sounds.count)")
        #expect(Set(sounds.map { $0.lowercased() }).count == sounds.count, "no label twice")
        #expect(sounds.allSatisfy { $0 == $0.trimmingCharacters(in: .whitespaces) && $0.utf8.count <= 60 })
        let captioner = try make(sounds)
        for index in [0, 63, 64, sounds.count - 1] {
            let match = try captioner.nearest(to: Self.binder.get().embed([sounds[index]]))[0]
            #expect(match.label == sounds[index] && match.cosine > 1 - 1e-5)
        }
    }
}
