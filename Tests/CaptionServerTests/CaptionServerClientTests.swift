import Foundation
import Method
import Synchronization
import Testing

@testable import CaptionServer

@Suite("Caption server client")
struct CaptionServerClientTests {
    /// Answers by a script, and remembers what was asked; after the script a caption.
    private final class Script: HTTPTransport {
        struct State {
            var answers: [Result<HTTPAnswer, HTTPFailure>]
            var asked: [HTTPRequest] = []
            var pauses: [Duration] = []
        }

        let state: Mutex<State>

        init(_ answers: [Result<HTTPAnswer, HTTPFailure>]) { state = Mutex(State(answers: answers)) }

        func send(_ request: HTTPRequest) async throws -> HTTPAnswer {
            try state.withLock { state in
                state.asked.append(request)
                guard !state.answers.isEmpty else { return Self.answer(200, Self.caption).value }
                return try state.answers.removeFirst().get()
            }
        }

        var asked: [HTTPRequest] { state.withLock { $0.asked } }
        var pauses: [Duration] { state.withLock { $0.pauses } }

        static let caption =
            #"{"choices": [{"message": {"content": "a cat"}, "finish_reason": "stop"}]}"#
        static let silence = #"{"choices": [{"message": {"content": ""}, "finish_reason": "stop"}]}"#

        static func answer(
            _ status: Int, _ body: String = "{}", headers: [String: String] = [:]
        ) -> (value: HTTPAnswer, result: Result<HTTPAnswer, HTTPFailure>) {
            let answer = HTTPAnswer(status: status, headers: headers, body: Array(body.utf8))
            return (answer, .success(answer))
        }
    }

    private static let gone = Result<HTTPAnswer, HTTPFailure>.failure(HTTPFailure(description: "takes no connection"))
    private static let question = CaptionQuestion(.png([1, 2, 3]), prompt: "what is it?")

    private func client(
        _ script: Script, key: String? = nil, _ change: (inout CaptionServerSettings) -> Void = { _ in }
    ) throws -> CaptionServerClient {
        var settings = CaptionServerSettings(url: "http://node7:8000/v1")
        change(&settings)
        let environment = key.map { [CaptionServerKey.variable: $0] } ?? [:]
        return CaptionServerClient(
            CaptionerSettings(maximumTokens: 96, server: settings), settings,
            key: try CaptionServerKey(environment: environment), transport: script
        ) { pause in script.state.withLock { $0.pauses.append(pause) } }
    }

    private func object(_ request: HTTPRequest) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(request.body ?? [])) as? [String: Any])
    }

    @Test("a picture is asked about as the route wants it, with the key of the environment")
    func picture() async throws {
        let script = Script([])
        let answer = try await client(script, key: "s3cret").ask(Self.question, of: "qwen")
        #expect(answer == .caption("a cat"))
        let request = try #require(script.asked.first)
        #expect(request.url == "http://node7:8000/v1/chat/completions")
        #expect(request.headers["Authorization"] == "Bearer s3cret")
        let body = try object(request)
        #expect(body["model"] as? String == "qwen" && body["temperature"] as? Int == 0 && body["seed"] as? Int == 0)
        #expect(body["max_tokens"] as? Int == 96)
        let message = try #require((body["messages"] as? [[String: Any]])?.first)
        let parts = try #require(message["content"] as? [[String: Any]])
        #expect(parts.map { $0["type"] as? String } == ["image_url", "text"])
        #expect((parts[0]["image_url"] as? [String: String])?["url"] == "data:image/png;base64,AQID")
        #expect(parts[1]["text"] as? String == "what is it?")
    }

    @Test("a sound goes as the part that the server takes", arguments: CaptionServerSettings.AudioPart.allCases)
    func sound(part: CaptionServerSettings.AudioPart) async throws {
        let script = Script([])
        let client = try client(script) { $0.audioPart = part }
        _ = try await client.ask(CaptionQuestion(.wav([1, 2, 3]), prompt: "?"), of: "m")
        #expect(script.asked[0].headers["Authorization"] == nil)
        let message = try #require((object(script.asked[0])["messages"] as? [[String: Any]])?.first)
        let first = try #require((message["content"] as? [[String: Any]])?.first?[part.rawValue] as? [String: String])
        switch part {
        case .inputAudio: #expect(first == ["data": "AQID", "format": "wav"])
        case .audioURL: #expect(first == ["url": "data:audio/wav;base64,AQID"])
        }
    }

    @Test("what may pass is asked again, as often as six times, and as late as the server says")
    func again() async throws {
        let script = Script([
            Self.gone, Script.answer(503, headers: ["retry-after": "2"]).result, Script.answer(200, "<html>").result,
            Script.answer(200, Script.silence).result, Script.answer(429).result,
        ])
        let counted = Mutex(0)
        #expect(
            try await client(script).ask(Self.question, of: "m") { counted.withLock { $0 += 1 } }
                == .caption("a cat"))
        #expect(script.asked.count == 6 && script.pauses.count == 5 && counted.withLock { $0 } == 5)
        #expect(script.pauses[1] == .seconds(2))
        #expect(script.pauses[0] >= .seconds(0.5) && script.pauses[0] < .seconds(1.5))
        #expect(script.pauses[4] >= .seconds(8) && script.pauses[4] < .seconds(24))
    }

    @Test("a question that the server does not take is not asked again", arguments: [400, 413, 422])
    func refused(status: Int) async throws {
        let script = Script([Script.answer(status, #"{"error": "no audio"}"#).result])
        guard case .refused(let why) = try await client(script).ask(Self.question, of: "m") else {
            Issue.record("not refused")
            return
        }
        #expect(script.asked.count == 1 && why.contains("no audio"))
    }

    @Test("a wrong key or address ends everything at once and does not tell the key", arguments: [401, 403, 404, 302])
    func wrong(status: Int) async throws {
        let script = Script([Script.answer(status, "who?").result])
        let error = await #expect(throws: CaptionServerError.self) {
            try await client(script, key: "s3cret").ask(Self.question, of: "m")
        }
        #expect(error?.mayPass == false && script.asked.count == 1)
        #expect(error?.description.contains("s3cret") == false && error?.description.contains("node7") == true)
    }

    @Test("a question without an answer costs its row; the fourth in a row of them, all")
    func streak() async throws {
        let script = Script([Result<HTTPAnswer, HTTPFailure>](repeating: Self.gone, count: 24))
        let client = try client(script)
        for _ in 0..<3 {
            guard case .unanswered = try await client.ask(Self.question, of: "m") else {
                Issue.record("answered")
                return
            }
        }
        let error = await #expect(throws: CaptionServerError.self) { try await client.ask(Self.question, of: "m") }
        #expect(error?.mayPass == true)
    }

    @Test("any answer ends the streak, also one that says nothing or refuses")
    func broken() async throws {
        for answer in [Script.answer(200, Script.silence), Script.answer(400), Script.answer(200, Script.caption)] {
            let six = [Result<HTTPAnswer, HTTPFailure>](repeating: Self.gone, count: 6)
            let script = Script(six + six + six + [answer.result] + six)
            let client = try client(script)
            for _ in 0..<3 { _ = try await client.ask(Self.question, of: "m") }
            _ = try await client.ask(Self.question, of: "m")
            _ = try await client.ask(Self.question, of: "m")
        }
    }

    @Test("a server that says nothing six times has nothing to say about that one")
    func silent() async throws {
        let script = Script(
            [Result<HTTPAnswer, HTTPFailure>](repeating: Script.answer(200, Script.silence).result, count: 6))
        guard case .nothing = try await client(script).ask(Self.question, of: "m") else {
            Issue.record("it spoke")
            return
        }
        #expect(script.asked.count == 6)
    }

    @Test("the model is the one that is asked for, or the only one")
    func models() async throws {
        func list(_ names: String...) -> Result<HTTPAnswer, HTTPFailure> {
            Script.answer(200, #"{"data": [\#(names.map { #"{"id": "\#($0)"}"# }.joined(separator: ","))]}"#).result
        }
        #expect(try await client(Script([list("a")])).model() == "a")
        #expect(try await client(Script([list("a", "b")])) { $0.model = "b" }.model() == "b")
        for (script, model) in [
            (Script([list("a", "b")]), nil), (Script([list()]), nil), (Script([list("a")]), "b"),
            (Script([Script.answer(404).result]), nil), (Script([Script.answer(200, "<html>").result]), nil),
            (Script([Script.answer(401).result]), nil),
        ] as [(Script, String?)] {
            let error = await #expect(throws: CaptionServerError.self) {
                try await client(script) { $0.model = model }.model()
            }
            #expect(error?.mayPass == false, "\(error?.description ?? "")")
        }
        let gone = Script([Result<HTTPAnswer, HTTPFailure>](repeating: Self.gone, count: 6))
        let error = await #expect(throws: CaptionServerError.self) { try await client(gone).model() }
        #expect(error?.mayPass == true && gone.asked.count == 6 && gone.asked[0].body == nil)
    }

    @Test("a key that no header can hold is refused", arguments: ["two words", "a\nb", "schlüssel"])
    func keys(key: String) throws {
        #expect(throws: CaptionServerError.self) {
            try CaptionServerKey(environment: [CaptionServerKey.variable: key])
        }
        #expect(try CaptionServerKey(environment: [CaptionServerKey.variable: ""]) == nil)
    }
}
