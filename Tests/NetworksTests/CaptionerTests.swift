import Checkpoint
import Foundation
import Goldens
import Method
import TestSupport
import Testing
import Torch

@testable import Networks

/// Florence-2 and Whisper against transformers 4.57, on small models in the published layouts.
@Suite struct CaptionerTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func florence() throws -> FlorenceCaptioner {
        try FlorenceCaptioner(CaptionerGoldens.folder(CaptionerModels.florence(in: folder)), device: .cpu)
    }

    // MARK: - Florence-2

    @Test("a prompt's tokens are transformers'")
    func prompts() throws {
        let prompts = try #require(CaptionerGoldens.document("florence2").prompts)
        let tokenizer = try florence().tokenizer
        for (task, detail) in [
            ("<CAPTION>", CaptionDetail.brief), ("<DETAILED_CAPTION>", .detailed),
            ("<MORE_DETAILED_CAPTION>", .paragraph),
        ] { #expect(tokenizer.encode(detail.prompt) == prompts[task]) }
    }

    @Test("both layouts: pixels are equal, and every stage is within rounding", arguments: [false, true])
    func florenceStages(isOriginal: Bool) throws {
        let captioner = try FlorenceCaptioner(
            isOriginal
                ? CaptionerGoldens.folder(CaptionerModels.originalFlorence(in: folder))
                : CaptionerGoldens.folder(CaptionerModels.florence(in: folder)),
            device: .cpu)
        let goldens = try CaptionerGoldens.goldens("florence2")
        var stages: [String: [Tensor]] = [:]
        let prompt = captioner.tokenizer.encode(CaptionDetail.brief.prompt)
        for picture in try CaptionerGoldens.pictures() {
            let pixels = try captioner.picture(picture)
            stages["pixel_values", default: []].append(pixels)
            _ = try captioner.network.encode(pixels, prompt: prompt) { stages[$0, default: []].append($1) }
        }
        #expect(stages.count == 4)
        for (name, parts) in stages {
            let all = try Tensor.cat(parts, 0)
            if name == "pixel_values" {
                #expect(try goldens.largestDifference(name, all) == 0)
            } else {
                // transformers itself stands 1e-4 from a plain restatement in the vision tower, and 2e-5 behind it.
                #expect(try goldens.largestDifference(name, all) < 3e-4, "\(name)")
            }
        }
    }

    @Test("tokens, texts and scores are transformers', greedy and with beams", arguments: [false, true])
    func florenceTexts(isOriginal: Bool) throws {
        let captioner = try FlorenceCaptioner(
            isOriginal
                ? CaptionerGoldens.folder(CaptionerModels.originalFlorence(in: folder))
                : CaptionerGoldens.folder(CaptionerModels.florence(in: folder)),
            device: .cpu)
        let prompt = captioner.tokenizer.encode(CaptionDetail.brief.prompt)
        let memories = try CaptionerGoldens.pictures().map {
            try captioner.network.encode(captioner.picture($0), prompt: prompt)
        }
        try expect(
            CaptionerGoldens.document("florence2"), captioner.settings, [captioner.settings.start],
            captioner.network.decoder, memories, padding: 1, captioner.text, isOriginal: isOriginal)
    }

    @Test("logits of texts that are given are transformers', with what was said kept and without")
    func florenceLogits() throws {
        let captioner = try florence()
        let item = try CaptionerGoldens.document("florence2").cases[0]
        let prompt = captioner.tokenizer.encode(CaptionDetail.brief.prompt)
        let memories = try CaptionerGoldens.pictures().map {
            try captioner.network.encode(captioner.picture($0), prompt: prompt)
        }
        try expectLogits(item, captioner.network.decoder, memories, prompt: 1, end: 2, "florence2")
    }

    // MARK: - Whisper

    private func whisper() throws -> WhisperCaptioner {
        try WhisperCaptioner(CaptionerGoldens.folder(CaptionerModels.whisper(in: folder)), device: .cpu)
    }

    @Test("the spectrogram, the encoder, the prompt and the texts are transformers'")
    func whisperTexts() throws {
        let captioner = try whisper()
        let document = try CaptionerGoldens.document("whisper")
        let goldens = try CaptionerGoldens.goldens("whisper")
        let prompt = try captioner.prompt(#require(document.prefix))
        #expect(prompt == document.prompt)
        let mels = try CaptionerGoldens.sounds().map { try captioner.spectrogram($0) }
        // transformers computes the spectrum in single precision, 3e-5 away.
        #expect(try goldens.largestDifference("input_features", Tensor.cat(mels, 0)) < 1e-4)
        let memories = try mels.map { try captioner.network.encode($0) }
        #expect(try goldens.largestDifference("encoder", Tensor.cat(memories, 0)) < 2e-4)
        try expect(
            document, captioner.settings, prompt, captioner.network.decoder, memories,
            padding: captioner.tokenizer.endID,
            captioner.tokenizer.text, isOriginal: false)
        try expectLogits(
            document.cases[0], captioner.network.decoder, memories, prompt: prompt.count,
            end: captioner.settings.end, "whisper")
    }

    @Test("a caption is what the decoder said behind the style, cut where it may not become longer")
    func whisperCaption() throws {
        let captioner = try whisper()
        let document = try CaptionerGoldens.document("whisper")
        let item = try #require(document.cases.first { $0.settings.num_beams == 3 })
        let sounds = try CaptionerGoldens.sounds()
        for (row, sound) in sounds.enumerated() {
            let caption = try captioner(sound, style: #require(document.prefix), beams: 3, limit: 14)
            #expect(caption.text == item.texts[row])
            #expect(caption.isCut == (item.tokens[row].count { $0 != captioner.settings.end } == item.length))
        }
        #expect(throws: ConfigurationError.self) {
            try captioner(sounds[0], style: String(repeating: "very ", count: 100), beams: 1, limit: 10)
        }
    }

    // MARK: - Comparing

    /// - Parameter isOriginal: whether the table of tokens has no rows without a token, so that all probabilities are larger than the
    ///   golden's: beams may end elsewhere then, and only the likeliest tokens are compared.
    private func expect(
        _ document: CaptionerGoldens.Document, _ settings: TextGenerationSettings, _ prompt: [Int32],
        _ decoder: SequenceDecoder, _ memories: [Tensor], padding: Int32, _ text: TokenText, isOriginal: Bool
    ) throws {
        #expect(document.cases.count == 9)
        for (number, item) in document.cases.prefix(isOriginal ? 1 : 9).enumerated() {
            let generation = TextGeneration(item.settings.applied(to: settings, length: item.length))
            for (row, memory) in memories.enumerated() {
                var source = try DecoderSource(decoder, memory)
                let said = try generation(&source, prompt: prompt)
                var wanted = Array(item.tokens[row].dropFirst(prompt.count))
                while wanted.count > said.tokens.count, wanted.last == padding { wanted.removeLast() }
                #expect(said.tokens == wanted, "case \(number), row \(row)")
                #expect(text(said.tokens) == item.texts[row], "case \(number), row \(row)")
                if !isOriginal, let score = item.scores?[row] {
                    #expect(abs(said.score - score) <= 1e-4 * max(1, abs(score)), "case \(number), row \(row)")
                }
            }
        }
    }

    /// Logits of the greedy texts: one after the other as they are generated, and all at once.
    private func expectLogits(
        _ item: CaptionerGoldens.Document.Case, _ decoder: SequenceDecoder, _ memories: [Tensor], prompt: Int,
        end: Int32,
        _ name: String
    ) throws {
        let goldens = try CaptionerGoldens.goldens(name)
        let steps = item.tokens[0].count - prompt
        let vocabulary = decoder.sizes.vocabulary
        var kept: [[Float]] = []
        var whole: [[Float]] = []
        for (row, memory) in memories.enumerated() {
            let tokens = item.tokens[row]
            var state = try decoder.begin(memory)
            var logits = try decoder([Array(tokens[..<prompt])], &state).narrow(1, from: prompt - 1, count: 1).floats()
            for step in 0..<steps - 1 { logits += try decoder([[tokens[prompt + step]]], &state).floats() }
            kept.append(logits)
            var fresh = try decoder.begin(memory)
            whole.append(
                try decoder([Array(tokens.dropLast())], &fresh).narrow(1, from: prompt - 1, count: steps).floats())
        }
        for logits in [kept, whole] {
            // [step, row, vocabulary], as transformers stacks them.
            var stacked: [Float] = []
            for step in 0..<steps {
                for row in memories.indices {
                    stacked += logits[row][step * vocabulary..<(step + 1) * vocabulary]
                }
            }
            let (golden, ours) = try goldens.pair(
                "logits", Tensor(stacked, shape: [steps, memories.count, vocabulary]))
            // Behind a text's end transformers goes on with padding, and so do we: the same tokens are given.
            let largest = zip(golden, ours).map { abs($0 - $1) }.max() ?? 0
            #expect(largest < 2e-3, "\(name): \(largest)")
        }
    }
}
