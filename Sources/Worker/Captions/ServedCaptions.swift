internal import CaptionServer
internal import ClipSampling
internal import Coordinator
internal import Engine
internal import Foundation
internal import Media
internal import Method
internal import Networks
internal import Synchronization

/// Captions by a server that the job names, several at a time.
struct ServedCaptions: Sendable {
    /// The longest side of a picture that is sent.
    private static let longestSide = 1024
    /// The most of a sound that is sent, in seconds: what audio models hear at once.
    private static let longestSound = 30

    private let client: CaptionServerClient
    private let captioner: CaptionerSettings
    private let server: CaptionServerSettings
    /// The server's name for the model.
    let model: String

    /// nil where the job names no server.
    /// - Throws: `CaptionServerError` for a key that is none.
    init?(_ captioner: CaptionerSettings, environment: [String: String]) throws {
        guard let server = captioner.server else { return nil }
        self.captioner = captioner
        self.server = server
        model = server.model ?? ""
        client = CaptionServerClient(captioner, server, key: try CaptionServerKey(environment: environment))
    }

    /// What the server is asked; nil about what a model of the run's own captions. Encodes, so not for the pool.
    /// - Throws: `MediaError`.
    static func question(_ media: CaptionedInput, _ captioner: CaptionerSettings) throws -> CaptionQuestion? {
        switch media {
        case .image(let image):
            guard let server = captioner.server(for: .image) else { return nil }
            let small = PictureFit.longSide(image, atMost: longestSide)
            return CaptionQuestion(.png(try ImageWriter.encode(small, as: .png)), prompt: server.imagePrompt)
        case .audio(let samples):
            guard let server = captioner.server(for: .audio) else { return nil }
            let sound = Array(samples.prefix(longestSound * GenerationPipeline.samplingRate))
            guard let audio = PlanarAudio(sampleRate: GenerationPipeline.samplingRate, channels: [sound]) else {
                return nil
            }
            return CaptionQuestion(.wav(try AudioWriter.encode(audio, as: .wav)), prompt: server.audioPrompt)
        }
    }

    /// Asks all questions, no more than `parallel` at a time.
    ///
    /// - Parameter progress: gets the share of tries that are done.
    /// - Returns: an answer for each, in order.
    /// - Throws: `WorkerUnfit` where the server answers nobody; `CancellationError`.
    func callAsFunction(
        _ questions: [CaptionQuestion], progress: @escaping @Sendable (Double) -> Void
    ) async throws -> [Result<SampleCaption, SampleFailure>] {
        let tries = Atomic(0)
        // A question that is asked again is no standstill; the more often it was, the less it adds.
        let tried = { @Sendable in
            let count = tries.add(1, ordering: .relaxed).newValue
            progress(1 - 1 / (1 + Double(count) / Double(questions.count)))
        }
        do {
            return try await withThrowingTaskGroup(of: (Int, Result<SampleCaption, SampleFailure>).self) { group in
                var answers: [Int: Result<SampleCaption, SampleFailure>] = [:]
                for place in questions.indices {
                    if place >= server.parallel, let (done, answer) = try await group.next() { answers[done] = answer }
                    group.addTask { [self] in
                        let answer = try await client.ask(questions[place], of: model, tried: tried)
                        tried()
                        return (place, Self.caption(answer))
                    }
                }
                for try await (done, answer) in group { answers[done] = answer }
                return questions.indices.compactMap { answers[$0] }
            }
        } catch let error as CaptionServerError {
            throw WorkerUnfit(error.description, mayPass: error.mayPass)
        }
    }

    private static func caption(_ answer: CaptionServerClient.Answer) -> Result<SampleCaption, SampleFailure> {
        switch answer {
        case .caption(let text): .success(SampleCaption(text: text, source: .model))
        case .nothing(let reason): .failure(SampleFailure(kind: SampleFailure.emptyCaptionKind, message: reason))
        case .refused(let reason), .unanswered(let reason):
            .failure(SampleFailure(kind: SampleFailure.captionServerKind, message: reason))
        }
    }
}
