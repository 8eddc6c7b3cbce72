internal import Foundation

/// What a self-test found.
package struct SelfTestReport: Encodable, Sendable {
    /// How a part went.
    package enum Verdict: String, Codable, Sendable {
        case passed, failed
        /// Its time was over; what it had found until then is there.
        case timedOut = "timed_out"
        /// Its process ended in another way than it should.
        case crashed
    }

    /// One part.
    package struct Part: Encodable, Sendable {
        package let part: SelfTestPart
        package let verdict: Verdict
        package let seconds: Double
        /// Seconds that it could have taken.
        package let limit: Double
        package let checks: [SelfTestCheck]
        /// What its process said where it did not end as it should.
        package let message: String?
    }

    /// Such as `cuda:0 NVIDIA H200`.
    package let device: String
    package let libtorch: String
    /// The widest vector instructions of the host.
    package let instructions: String
    /// Threads of one operation on the host.
    package let threads: Int
    /// Whether single precision may be computed in TF32: off but where a check says `tf32`.
    package let tf32 = false
    /// Where the goldens came from.
    package let data: String
    /// Whether only a few cases were looked at.
    package let quick: Bool
    package internal(set) var parts: [Part] = []

    /// Whether nothing is wrong.
    package var passed: Bool { parts.allSatisfy { $0.verdict == .passed } }

    private enum CodingKeys: String, CodingKey {
        case device, libtorch, instructions, threads, tf32, data, quick, parts, passed
    }

    package func encode(to encoder: any Encoder) throws {
        var fields = encoder.container(keyedBy: CodingKeys.self)
        try fields.encode(device, forKey: .device)
        try fields.encode(libtorch, forKey: .libtorch)
        try fields.encode(instructions, forKey: .instructions)
        try fields.encode(threads, forKey: .threads)
        try fields.encode(tf32, forKey: .tf32)
        try fields.encode(data, forKey: .data)
        try fields.encode(quick, forKey: .quick)
        try fields.encode(parts, forKey: .parts)
        try fields.encode(passed, forKey: .passed)
    }
}

// MARK: - As text

extension SelfTestReport {
    /// What was tested, before the parts.
    package var heading: String {
        """
        device     \(device)
        libtorch   \(libtorch), \(instructions), \(threads) thread\(threads == 1 ? "" : "s"); TF32 off but where `tf32` is said
        goldens    \(data)\(quick ? ", a few of them" : "")

        """
    }

    /// The last line.
    package var verdict: String {
        let wrong = parts.filter { $0.verdict != .passed }.map(\.part.rawValue)
        let skipped = parts.flatMap(\.checks).count { $0.outcome == .skipped }
        let seconds = parts.reduce(0) { $0 + $1.seconds }
        return (wrong.isEmpty ? "nothing wrong" : "wrong: \(wrong.joined(separator: ", "))")
            + (skipped == 0 ? "" : "; not looked at: \(skipped)") + ", in \(Int(seconds.rounded())) s"
    }
}

extension SelfTestReport.Part {
    /// A line for the part, and one for each of its checks.
    package var text: String {
        let verdict = verdict.rawValue.replacing("_", with: " ")
        var lines = ["\(verdict)  \(part.rawValue): \(part.title), \(Int(seconds.rounded(.up))) s"]
        lines += checks.map { "    \($0.text)" }
        if let message { lines.append("    \(message)") }
        return lines.joined(separator: "\n")
    }
}

extension SelfTestCheck {
    var text: String {
        var words = [outcome == .passed ? "ok" : outcome.rawValue, name]
        if let precision { words.append("in \(precision)") }
        var text = words.joined(separator: " ")
        if let compared, compared > 0 {
            text += ": \(compared) compared with \(against ?? "what is expected")"
            if let tolerance {
                text += ", largest \(largest.map(Self.short) ?? "not finite") of \(Self.short(tolerance))"
            }
            if let place { text += " (\(place))" }
        }
        if let note { text += ": \(note)" }
        return text
    }

    /// Two digits.
    private static func short(_ value: Double) -> String { value == 0 ? "0" : String(format: "%.1e", value) }
}
