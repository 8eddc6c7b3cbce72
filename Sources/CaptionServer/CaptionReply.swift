internal import Foundation
internal import JSON
internal import Method

/// What an answer to a question means, by its status and its body alone.
enum CaptionReply: Equatable {
    /// A caption.
    case text(String)
    /// It said nothing, and whether it ran out of tokens before it did.
    case nothing(isCut: Bool)
    /// Nothing that counts: the same question may get an answer later. The server may say when.
    case again(String, after: Duration?)
    /// This picture or sound it will never take.
    case refused(String)
    /// No question will ever get an answer.
    case wrong(String)

    /// - Parameters:
    ///   - words: the most words of a caption; 0: any number.
    ///   - now: what a date in `Retry-After` is counted from.
    init(_ answer: HTTPAnswer, words: Int, now: Date = Date()) {
        let said = "answered \(answer.status): \(Self.excerpt(answer.body))"
        switch answer.status {
        case 200: self = Self.reply(answer.body, words: words)
        case 408, 409, 425, 429, 500...:
            self = .again(said, after: Self.wait(answer.headers["retry-after"], now: now))
        case 400, 413, 415, 422: self = .refused(said)
        case 300..<400:
            self = .wrong("answered \(answer.status): it is at \(answer.headers["location"] ?? "another address")")
        default: self = .wrong(said)
        }
    }

    private static func reply(_ body: [UInt8], words: Int) -> CaptionReply {
        struct Answer: Decodable {
            struct Choice: Decodable {
                struct Message: Decodable { let content: String? }
                let message: Message
                let finish_reason: String?
            }
            let choices: [Choice]
        }
        do {
            guard let choice = try JSONCoding.decode(Answer.self, from: body).choices.first else {
                return .again("answered without a choice", after: nil)
            }
            let isCut = choice.finish_reason == "length"
            let text = CaptionText.unwrapped(choice.message.content ?? "")
            return CaptionText.cleaned(text, isCut: isCut, words: words).map(CaptionReply.text)
                ?? .nothing(isCut: isCut)
        } catch {
            return .again("answered with what is no chat completion: \(excerpt(body))", after: nil)
        }
    }

    /// The beginning of a body, on one line.
    static func excerpt(_ body: [UInt8]) -> String {
        let text = String(decoding: body.prefix(600), as: UTF8.self)
        let words = text.split(whereSeparator: { $0.isWhitespace || $0.isNewline || $0 == "\0" }).joined(separator: " ")
        return words.isEmpty ? "nothing" : words.count > 200 ? "\(words.prefix(200))…" : words
    }

    /// `Retry-After`: seconds, or a date. nil where it is neither.
    static func wait(_ header: String?, now: Date) -> Duration? {
        guard let text = header?.trimmingCharacters(in: .whitespaces) else { return nil }
        if let seconds = Double(text), seconds.isFinite, seconds >= 0 { return .seconds(min(seconds, 1e6)) }
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(identifier: "GMT")
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return format.date(from: text).map { .seconds(min(max(0, $0.timeIntervalSince(now)), 1e6)) }
    }
}
