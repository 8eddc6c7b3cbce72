/// A sample that is not exported, or not all of it, and why.
package struct LeftOut: Error, Sendable, Equatable {
    /// The kinds of reason, in the order in which they are told.
    package enum Reason: Sendable, CaseIterable {
        case failed
        case alone
        case referenceAlone
        case notInManifest
        case noSound
        case noFilm
        case short
        case unreadable
        case filmMissing
        case filmShort
        case filmUnreadable
        case captionUnfit

        /// What is the matter, without what was found.
        var text: String {
            switch self {
            case .failed: "failed in the run"
            case .alone: "without a partner in the reference"
            case .referenceAlone: "in the reference alone"
            case .notInManifest: "not in the manifest"
            case .noSound: "without sound"
            case .noFilm: "without an mp4"
            case .short: "too short"
            case .unreadable: "unreadable"
            case .filmMissing: "without a video, for there is no mp4"
            case .filmShort: "without the video, which is too short"
            case .filmUnreadable: "without the video, which is unreadable"
            case .captionUnfit: "without the caption, which pandas takes for a number or for nothing"
            }
        }

        /// Whether the sample itself is there.
        var isOfPart: Bool {
            switch self {
            case .filmMissing, .filmShort, .filmUnreadable, .captionUnfit: true
            default: false
            }
        }

        fileprivate var heading: String { "\(isOfPart ? "exported" : "left out,") \(text)" }
    }

    /// The sample's own name.
    package let name: String
    package let reason: Reason
    /// What was found; nil where the reason says it all.
    package let found: String?

    init(_ name: String, _ reason: Reason, _ found: String? = nil) {
        self.name = name
        self.reason = reason
        self.found = found
    }

    /// Whether a file could not be read.
    package var isUnreadable: Bool { reason == .unreadable || reason == .filmUnreadable }

    /// The reason with what was found.
    var sentence: String { reason.text + (found.map { ": \($0)" } ?? "") }

    /// The sentence, and whether the sample itself is there.
    var record: [String] { [name, reason.heading + (found.map { ": \($0)" } ?? "")] }
}

extension [LeftOut] {
    /// A line for each reason, with the first samples it holds for.
    var lines: [String] {
        LeftOut.Reason.allCases.compactMap { reason in
            let all = filter { $0.reason == reason }
            let shown = all.prefix(10).map { $0.name + ($0.found.map { " (\($0))" } ?? "") }
            return all.isEmpty
                ? nil
                : "\(reason.heading): \(all.count): \(shown.joined(separator: ", "))"
                    + (all.count > shown.count ? ", …" : "")
        }
    }
}
