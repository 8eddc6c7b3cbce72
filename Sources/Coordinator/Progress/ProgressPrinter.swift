/// Decides when a state is written and how; pure, the time comes in.
package struct ProgressPrinter: Sendable {
    /// How progress is written.
    package enum Style: Sendable, Hashable {
        /// One line that is written again and again, for a terminal of this many columns.
        case bar(columns: Int)
        /// A line a minute.
        case lines
        /// A JSON object per line, every ten seconds.
        case json
    }

    private let style: Style
    private var last: (at: Duration, progress: RunProgress)?

    /// A printer that has written nothing yet.
    package init(style: Style) { self.style = style }

    /// The bytes to write now, or nil. The first state and the one that settles the last sample are always written.
    package mutating func text(for progress: RunProgress, at now: Duration) -> String? {
        if let last {
            let interval: Duration =
                switch style {
                case .bar: .milliseconds(200)
                case .lines: .seconds(60)
                case .json: .seconds(10)
                }
            let ends = progress.samplesLeft == 0 && last.progress.samplesLeft > 0
            guard ends || now - last.at >= interval else { return nil }
        }
        last = (now, progress)
        return switch style {
        case .bar(let columns): "\r\(ProgressFormat.bar(progress, width: columns - 1))\u{1B}[K"
        case .lines: ProgressFormat.line(progress) + "\n"
        case .json: ProgressFormat.json(progress) + "\n"
        }
    }

    /// What has to follow the last state, so that other text begins on a line of its own.
    package var ending: String {
        if case .bar = style, last != nil { "\n" } else { "" }
    }
}
