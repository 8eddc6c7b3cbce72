internal import JSON
package import Method
internal import Synchronization

/// Asks a server with the OpenAI-compatible route for chats what pictures show and sounds hold.
///
/// Questions may be asked side by side; who asks sees to it that no more than `parallel` are.
package struct CaptionServerClient: Sendable {
    /// What became of a question.
    package enum Answer: Sendable, Equatable {
        case caption(String)
        /// The server has nothing to say about this one. A sentence.
        case nothing(String)
        /// The server will not take this one. A sentence.
        case refused(String)
        /// This question got no answer, though others did. A sentence.
        case unanswered(String)
    }

    /// Requests in a row without an answer, after which the server counts as gone.
    static let streakLimit = 20

    private let settings: CaptionServerSettings
    private let tokens: Int
    private let words: Int
    private let headers: [String: String]
    private let transport: any HTTPTransport
    private let pause: @Sendable (Duration) async throws -> Void
    private let streak = Streak()

    /// Since the last answer.
    private final class Streak: Sendable { let failures = Mutex(0) }

    /// - Parameters:
    ///   - captioner: whose server is asked.
    ///   - server: as it says.
    package init(_ captioner: CaptionerSettings, _ server: CaptionServerSettings, key: CaptionServerKey?) {
        self.init(captioner, server, key: key, transport: URLSessionTransport(parallel: server.parallel)) {
            try await Task.sleep(for: $0)
        }
    }

    init(
        _ captioner: CaptionerSettings, _ server: CaptionServerSettings, key: CaptionServerKey?,
        transport: any HTTPTransport, pause: @escaping @Sendable (Duration) async throws -> Void
    ) {
        settings = server
        tokens = captioner.maximumTokens
        words = captioner.words
        var headers = ["Content-Type": "application/json", "Accept": "application/json"]
        if let key { headers["Authorization"] = "Bearer \(key.text)" }
        self.headers = headers
        self.transport = transport
        self.pause = pause
    }

    /// The model that answers: the one that is asked for, or the only one.
    /// - Throws: ``CaptionServerError``; `CancellationError`.
    package func model() async throws -> String {
        struct Models: Decodable {
            struct Model: Decodable { let id: String }
            let data: [Model]
        }
        let answer = try await repeated(nil, at: "models") { answer -> Outcome<[String]> in
            guard answer.status == 200 else {
                switch CaptionReply(answer, words: 0) {
                case .again(let reason, let after): return .again(reason, after: after)
                case .text, .nothing, .refused, .wrong:
                    return .wrong("answered \(answer.status): \(CaptionReply.excerpt(answer.body))")
                }
            }
            guard let models = try? JSONCoding.decode(Models.self, from: answer.body) else {
                return .wrong("has no list of models there but \(CaptionReply.excerpt(answer.body))")
            }
            return .done(models.data.map(\.id))
        }
        guard let models = answer.value else { throw absent(answer.reason) }
        let names = models.prefix(20).joined(separator: ", ")
        if let wanted = settings.model {
            guard models.contains(wanted) else {
                throw CaptionServerError(
                    "\(settings.url): captioner.model is \(wanted), and the server has \(names.isEmpty ? "no model" : names)."
                )
            }
            return wanted
        }
        guard models.count == 1, let only = models.first else {
            throw CaptionServerError(
                "\(settings.url): the server has \(models.isEmpty ? "no model" : names): name one in captioner.model.")
        }
        return only
    }

    /// Asks one question, again and again where that may help.
    ///
    /// - Parameters:
    ///   - model: the server's name for it.
    ///   - tried: called after each try that was not the last.
    /// - Throws: ``CaptionServerError`` where no other question will be answered either; `CancellationError`.
    package func ask(
        _ question: CaptionQuestion, of model: String, tried: @Sendable () -> Void = {}
    ) async throws -> Answer {
        let body = try question.body(model: model, part: settings.audioPart, tokens: tokens)
        let answer = try await repeated(body, at: "chat/completions", tried: tried) { answer -> Outcome<Answer> in
            switch CaptionReply(answer, words: words) {
            case .text(let caption): return .done(.caption(caption))
            case .nothing(let isCut):
                let remedy = isCut ? "raise captioner.max_tokens" : "give the row a prompt, or leave it out"
                return .empty(.nothing("\(settings.url) said nothing: \(remedy)."))
            case .refused(let reason): return .done(.refused("\(settings.url) \(reason)"))
            case .again(let reason, let after): return .again(reason, after: after)
            case .wrong(let reason): return .wrong(reason)
            }
        }
        if let value = answer.value { return value }
        let isGone = streak.failures.withLock { $0 >= Self.streakLimit }
        if isGone { throw absent(answer.reason) }
        return .unanswered("\(settings.url) \(answer.reason), \(RetrySchedule.tries) times.")
    }

    // MARK: - Asking again

    private enum Outcome<Value> {
        case done(Value)
        /// An answer to be content with, if another try brings nothing better.
        case empty(Value)
        case again(String, after: Duration?)
        case wrong(String)
    }

    /// - Returns: nil, and why, where no try was answered.
    private func repeated<Value>(
        _ body: [UInt8]?, at route: String, tried: @Sendable () -> Void = {},
        _ read: (HTTPAnswer) -> Outcome<Value>
    ) async throws -> (value: Value?, reason: String) {
        let request = HTTPRequest(
            url: "\(settings.url)/\(route)", body: body, headers: headers, timeout: .seconds(settings.timeout))
        var (content, reason) = (Value?.none, "")
        for attempt in 0..<RetrySchedule.tries {
            var asked: Duration?
            do {
                switch read(try await transport.send(request)) {
                case .done(let value):
                    streak.failures.withLock { $0 = 0 }
                    return (value, "")
                case .empty(let value):
                    streak.failures.withLock { $0 = 0 }
                    content = value
                case .again(let why, let after): (reason, asked) = (why, after)
                case .wrong(let why):
                    throw CaptionServerError(
                        "\(settings.url)/\(route) \(why). Look at captioner.server, captioner.model and, for a key, \(CaptionServerKey.variable)."
                    )
                }
            } catch let failure as HTTPFailure {
                try Task.checkCancellation()
                reason = failure.description
            }
            if content == nil { streak.failures.withLock { $0 += 1 } }
            guard attempt + 1 < RetrySchedule.tries else { break }
            tried()
            try await pause(
                RetrySchedule.pause(after: attempt, asked: asked, share: .random(in: 0..<1)))
        }
        return (content, reason)
    }

    private func absent(_ reason: String) -> CaptionServerError {
        CaptionServerError(
            "\(settings.url) \(reason). Nothing more is asked of it; once it answers, the same command goes on.",
            mayPass: true)
    }
}
