import Foundation
import Testing

@testable import CaptionServer

@Suite("Answers of a caption server")
struct CaptionReplyTests {
    private func reply(
        _ status: Int, _ body: String, headers: [String: String] = [:], words: Int = 0
    ) -> CaptionReply {
        CaptionReply(HTTPAnswer(status: status, headers: headers, body: Array(body.utf8)), words: words)
    }

    private func chat(_ content: String, finish: String = "stop") -> String {
        #"{"id": "c", "choices": [{"index": 0, "message": {"role": "assistant", "content": \#(content)}, "finish_reason": "\#(finish)"}]}"#
    }

    @Test("a caption is taken out of its thoughts, marks and quotes, and cut to its last whole sentence")
    func texts() {
        #expect(reply(200, chat(#""  a red\n circle ""#)) == .text("a red circle"))
        #expect(reply(200, chat(#""<think>a \"circle\"?</think>\n\"A red circle.\"""#)) == .text("A red circle."))
        #expect(reply(200, chat(#""so be it</think> rain""#)) == .text("rain"))
        #expect(reply(200, chat(#""<ref>a cat</ref><box>(1,2),(3,4)</box> sleeps""#)) == .text("a cat sleeps"))
        #expect(reply(200, chat(#""“rain”""#)) == .text("rain"))
        #expect(reply(200, chat(#""It rains. It""#, finish: "length")) == .text("It rains."))
        #expect(reply(200, chat(#""one two three""#), words: 2) == .text("one two"))
    }

    @Test("an answer without words is nothing, also where the thoughts took all tokens")
    func nothing() {
        #expect(reply(200, chat(#""""#)) == .nothing(isCut: false))
        #expect(reply(200, chat("null")) == .nothing(isCut: false))
        #expect(reply(200, chat(#""<think>what could""#, finish: "length")) == .nothing(isCut: true))
        #expect(reply(200, chat(#""\"\"""#)) == .nothing(isCut: false))
    }

    @Test("what is asked again, what costs a row and what ends the command", arguments: 300..<600)
    func statuses(status: Int) {
        let answer = reply(status, #"{"error": {"message": "no"}}"#, headers: ["retry-after": "7"])
        switch (status, answer) {
        case (408, .again(_, let after)), (409, .again(_, let after)), (425, .again(_, let after)),
            (429, .again(_, let after)), (500..., .again(_, let after)):
            #expect(after == .seconds(7))
        case (400, .refused(let why)), (413, .refused(let why)), (415, .refused(let why)), (422, .refused(let why)):
            #expect(why.contains("\(status)") && why.contains("no"))
        case (300..<400, .wrong), (401..<500, .wrong): break
        default: Issue.record("\(status): \(answer)")
        }
        let known = [408, 409, 425, 429, 400, 413, 415, 422]
        if case .wrong = answer { #expect(!known.contains(status) && status < 500) }
    }

    @Test(
        "what is no answer of a chat is asked again, whatever bytes it has",
        arguments: ["", "<html>hello</html>", #"{"choices": []}"#, #"{"choices": 7}"#, "[", #"{"error": "x"}"#])
    func garbage(body: String) {
        guard case .again = reply(200, body) else {
            Issue.record("\(reply(200, body))")
            return
        }
    }

    @Test("no cut of an answer is taken for a caption")
    func cuts() {
        let whole = Array(chat(#""a red circle bounces""#).utf8)
        for count in 0..<whole.count {
            let answer = CaptionReply(
                HTTPAnswer(status: 200, headers: [:], body: Array(whole.prefix(count))), words: 0)
            guard case .again = answer else {
                Issue.record("\(count) bytes: \(answer)")
                return
            }
        }
    }

    @Test("Retry-After is a number of seconds or a date; anything else says nothing")
    func waits() {
        let now = Date(timeIntervalSince1970: 1_445_412_480)
        #expect(CaptionReply.wait("3", now: now) == .seconds(3))
        #expect(CaptionReply.wait(" 0.5 ", now: now) == .seconds(0.5))
        #expect(CaptionReply.wait("Wed, 21 Oct 2015 07:29:00 GMT", now: now) == .seconds(60))
        #expect(CaptionReply.wait("Wed, 21 Oct 2015 07:27:00 GMT", now: now) == .seconds(0))
        for text in ["soon", "-1", "nan", "inf", ""] { #expect(CaptionReply.wait(text, now: now) == nil, "\(text)") }
        #expect(CaptionReply.wait("1e300", now: now) == .seconds(1e6))
        #expect(CaptionReply.wait(nil, now: now) == nil)
    }

    @Test("pauses double up to a minute, and scatter by half; the server's wish wins, up to five minutes")
    func pauses() {
        for attempt in 0..<RetrySchedule.tries {
            let whole = min(60, Double(1 << attempt))
            #expect(RetrySchedule.pause(after: attempt, asked: nil, share: 0) == .seconds(whole / 2))
            #expect(RetrySchedule.pause(after: attempt, asked: nil, share: 0.5) == .seconds(whole))
        }
        #expect(RetrySchedule.pause(after: 200, asked: nil, share: 0.9) == .seconds(60))
        #expect(RetrySchedule.pause(after: 0, asked: .seconds(90), share: 0.9) == .seconds(90))
        #expect(RetrySchedule.pause(after: 0, asked: .seconds(1e6), share: 0) == .seconds(300))
    }

    @Test("what is quoted of an answer is one short line")
    func excerpts() {
        #expect(CaptionReply.excerpt(Array("<html>\r\n  a\u{0}b\n".utf8)) == "<html> a b")
        #expect(CaptionReply.excerpt([]) == "nothing")
        #expect(CaptionReply.excerpt([UInt8](repeating: 0xFF, count: 10_000)).count <= 201)
    }
}
