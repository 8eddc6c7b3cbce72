internal import Foundation
internal import JSON

/// How a state of a run is written; pure.
package enum ProgressFormat {
    /// A line for people: `123/400 samples, 2 failed, 315 an hour, 3 workers, 52 min left`.
    package static func line(_ progress: RunProgress) -> String {
        var parts = ["\(progress.samplesDone)/\(progress.samplesTotal) samples"]
        if progress.samplesFailed > 0 { parts.append("\(progress.samplesFailed) failed") }
        if let rate = progress.ratePerHour { parts.append("\(number(rate)) an hour") }
        parts.append(progress.workers == 1 ? "1 worker" : "\(progress.workers) workers")
        if progress.samplesLeft == 0 {
            parts.append("took \(time(progress.elapsedSeconds))")
        } else if let eta = progress.etaSeconds {
            parts.append("\(time(eta)) left")
        }
        return parts.joined(separator: ", ")
    }

    /// The line with a bar before it, at most `width` characters. A terminal that is too narrow gets no bar.
    package static func bar(_ progress: RunProgress, width: Int) -> String {
        let text = line(progress)
        let cells = min(40, width - text.count - 3)
        guard cells >= 8 else { return String(text.prefix(max(0, width))) }
        let share =
            progress.samplesTotal > 0
            ? Double(progress.samplesDone + progress.samplesFailed) / Double(progress.samplesTotal) : 1
        let full = min(cells, max(0, Int(share * Double(cells))))
        return "[" + String(repeating: "#", count: full) + String(repeating: ".", count: cells - full) + "] " + text
    }

    /// One JSON object, without a line break, with the fields of ``RunProgress`` and `"event":"progress"`.
    package static func json(_ progress: RunProgress) -> String {
        struct Line: Encodable {
            let progress: RunProgress

            private enum CodingKeys: String, CodingKey { case event }

            func encode(to encoder: any Encoder) throws {
                try progress.encode(to: encoder)
                var container = encoder.container(keyedBy: CodingKeys.self)
                try container.encode("progress", forKey: .event)
            }
        }
        // Only a number that is not finite could fail, and a meter makes none.
        guard let bytes = try? JSONCoding.encode(Line(progress: progress)) else { return #"{"event":"progress"}"# }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// `45 s`, `3 min`, `5 h 12 min`, `3 d 4 h`.
    package static func time(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e9 else { return "a long time" }
        let whole = Int(max(0, seconds).rounded())
        switch whole {
        case ..<60: return "\(whole) s"
        case ..<3600: return "\(Int((Double(whole) / 60).rounded())) min"
        case ..<86_400: return "\(whole / 3600) h \(whole % 3600 / 60) min"
        default: return "\(whole / 86_400) d \(whole % 86_400 / 3600) h"
        }
    }

    private static func number(_ rate: Double) -> String {
        guard rate < 1e15 else { return "very many" }
        if rate >= 10 { return "\(Int(rate.rounded()))" }
        let tenths = Int((rate * 10).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }
}
