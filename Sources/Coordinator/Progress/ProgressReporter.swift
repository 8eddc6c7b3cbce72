import Files
import Foundation

/// Writes progress to stderr: a bar on a terminal, a line a minute otherwise, JSON lines on request.
package actor ProgressReporter {
    private var printer: ProgressPrinter
    private let clock: LoopClock
    private let write: @Sendable (String) -> Void

    /// A reporter with the style that fits where stderr goes, unless one is given.
    package init(
        style: ProgressPrinter.Style, clock: any Clock<Duration> = ContinuousClock(),
        write: @escaping @Sendable (String) -> Void = StandardStreams.tell
    ) {
        printer = ProgressPrinter(style: style)
        self.clock = LoopClock(clock)
        self.write = write
    }

    /// The style for this process's stderr.
    package static func style(json: Bool) -> ProgressPrinter.Style {
        if json { return .json }
        guard isatty(STDERR_FILENO) == 1 else { return .lines }
        var size = winsize()
        let known = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        return .bar(columns: known ? Int(size.ws_col) : 80)
    }

    /// Writes the state if it is time to.
    package func report(_ progress: RunProgress) {
        if let text = printer.text(for: progress, at: clock.now) { write(text) }
    }

    /// Leaves the line of the bar.
    package func finish() {
        if !printer.ending.isEmpty { write(printer.ending) }
    }
}
