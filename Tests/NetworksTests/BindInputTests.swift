import Checkpoint
import ClipSampling
import Foundation
import Goldens
import Method
import TestSupport
import Testing
import Torch

@testable import Networks

/// What ImageBind is shown for bind scores, against the evaluators' own ways.
@Suite struct BindInputTests {
    static let sizes = [(96, 72), (72, 96), (426, 240), (224, 224), (300, 224), (64, 64)]

    private func goldens() throws -> GoldenFile { try GoldenFile(at: Fixtures.url("bind/bind.safetensors")) }

    private func film(_ width: Int, _ height: Int, _ frames: Int) throws -> [Image] {
        var random = SplitMix64(seed: UInt64(width * 1000 + height))
        return try (0..<frames).map { _ in
            try #require(Image(width: width, height: height, pixels: random.bytes(width * height * 3)))
        }
    }

    @Test("frames are cropped as they are by ImageBind's loaders and by av-benchmark", arguments: sizes)
    func crops(width: Int, height: Int) throws {
        let frames = try film(width, height, 2)
        for (name, cubic) in [("linear", false), ("cubic", true)] {
            let crops = try ImageBindVisionInput.crops([frames], cubic: cubic)
            #expect(crops.shape == [1, 3, 3, 2, 224, 224])
            let values = try crops.floats()
            let ours = stride(from: 0, to: values.count, by: 199).map { values[$0] }
            let theirs = try goldens().tensor("\(name).\(width)x\(height)").floats()
            #expect(ours.count == theirs.count)
            // torch rounds weights of bytes to 16 bits where Pillow has 22, so that a value can be one of 255 off.
            let limit: Float = cubic ? 1 / 255 / 0.26 + 1e-5 : 2e-5
            #expect(zip(ours, theirs).allSatisfy { abs($0 - $1) <= limit })
            let moved = zip(ours, theirs).count { abs($0 - $1) > 2e-5 }
            #expect(moved * 20 <= ours.count, "\(moved) of \(ours.count)")
        }
    }

    @Test(
        "embeddings are the reference's",
        arguments: [BindInput.VideoView.loop, .imagebind, .avBenchmark(seconds: 4)])
    func video(view: BindInput.VideoView) throws {
        let film = try film(96, 72, 40)
        let (clips, name): ([[Int]], String) =
            switch view {
            case .loop: (ClipTimes.frames(count: 40, rate: 8, clipDuration: 1, clips: 5, perClip: 2), "loop")
            case .imagebind: (ClipTimes.frames(count: 40, rate: 8, clipDuration: 2, clips: 5, perClip: 2), "imagebind")
            case .avBenchmark: ([[7, 23]], "av-benchmark")
            }
        var sample = FeatureSample()
        sample.seen[view] = .clips(clips.map { $0.map { film[$0] } })
        let rows = try embedding(sample, .video(view))
        // Bytes that are one off are seen.
        #expect(try difference(rows, "video.\(name)") < (name == "av-benchmark" ? 2e-3 : 1e-4))
    }

    @Test("sounds are heard as the reference hears them", arguments: [BindInput.AudioView.loop, .imagebind])
    func audio(view: BindInput.AudioView) throws {
        let times = (0..<51_200).map { Double($0) / 16_000 }
        let one = times.map { time in
            Float(0.3 * sin(2 * .pi * 440 * time) * (1 + sin(2 * .pi * 3 * time)) / 2)
        }
        let other = times.map { Float(0.2 * sin(2 * .pi * 660 * $0) + 0.05) }
        let sample = FeatureSample(sound: Waveform(rate: 16_000, channels: [one, other]))
        #expect(try difference(embedding(sample, .audio(view)), "audio.\(view.rawValue)") < 1e-4)
    }

    @Test("what is not there is said, and a picture and a caption are embedded as they are in guidance")
    func others() throws {
        let (binder, picture) = (try Self.binder(), try film(96, 72, 1)[0])
        var sample = FeatureSample()
        let inputs: [BindInput] = [.video(.imagebind), .audio(.loop), .caption]
        #expect(
            try inputs.map { try ImageBindFeatures(binder, $0).features(of: [sample])[0] } == [
                .failure(.nothingSeen), .failure(.noSound), .failure(.noCaption),
            ])
        sample.seen[.imagebind] = .picture(picture)
        sample.caption = "a red circle bounces"
        let seen = try binder.network.vision(ImageBindVisionInput.image(picture)).floats()
        #expect(try embedding(sample, .video(.imagebind)) == seen)
        #expect(try embedding(sample, .caption) == binder.embed(["a red circle bounces"]).floats())
        sample.sound = Waveform(rate: 16_000, channels: [[0, .nan]])
        #expect(
            try ImageBindFeatures(binder, .audio(.loop)).features(of: [sample])[0].map(\.features).isFailure)
    }

    private static func binder() throws -> BinderModel {
        let folder = Fixtures.checkout.appending(path: "Models/toyworld/imagebind").path
        return try BinderModel(
            ImageBindFiles(HuggingFaceCache().resolve(folder)), dtype: .float32, device: .cpu)
    }

    private func embedding(_ sample: FeatureSample, _ input: BindInput) throws -> [Float] {
        try ImageBindFeatures(Self.binder(), input).features(of: [sample])[0].get().features
    }

    private func difference(_ ours: [Float], _ name: String) throws -> Double {
        let theirs = try goldens().tensor(name).floats()
        try #require(ours.count == theirs.count)
        let square = zip(ours, theirs).reduce(0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
        return (square / theirs.reduce(0) { $0 + Double($1 * $1) }).squareRoot()
    }
}

extension Result {
    fileprivate var isFailure: Bool {
        if case .failure = self { true } else { false }
    }
}
