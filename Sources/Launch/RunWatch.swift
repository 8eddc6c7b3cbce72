internal import Files
internal import Foundation
internal import Planning
internal import Synchronization
internal import Threads

/// Reads a run's files, on a thread of its own: where a file system hangs, signals and time are still attended to.
final class RunWatch: Sendable {
    /// What is asked beside the look that is taken all the time.
    enum Question: Sendable {
        case count
        /// After mpirun's end.
        case cleaned
    }

    private struct State {
        var questions: [Question] = []
        var events: [Launching.Event] = []
    }

    private let directory: RunDirectory
    /// Beside the run, what rank 0 ended with where there is no run yet, or another start has it.
    private let verdict: String
    private let state = Mutex(State())
    private static let pause: UInt32 = 200_000

    init(_ directory: RunDirectory, verdict: String) {
        self.directory = directory
        self.verdict = verdict
    }

    /// Starts the thread, which lives as long as the process.
    /// - Throws: `ThreadError` where the system gives none.
    func start() throws(ThreadError) { try SystemThread.start("run watch") { [self] in watch() } }

    /// Asks; the answer is among the ``events()`` some time.
    func ask(_ question: Question) { state.withLock { $0.questions.append(question) } }

    /// What was seen since the last time.
    func events() -> [Launching.Event] {
        state.withLock { state in
            defer { state.events = [] }
            return state.events
        }
    }

    private func watch() -> Never {
        var reader: RunStatusReader?
        var figures: RunFigures {
            if reader == nil { reader = try? RunStatusReader(directory) }
            guard let status = try? reader?.read() else { return RunFigures() }
            return RunFigures(settled: status.done, left: status.etaSeconds.map { .seconds($0) })
        }
        tell(.begun(figures))
        while true {
            for question in state.withLock({ state in
                defer { state.questions = [] }
                return state.questions
            }) {
                switch question {
                case .count: tell(.counted(figures))
                case .cleaned: tell(.cleaned(verdict: takeVerdict(), look(), figures))
                }
            }
            tell(.looked(look()))
            usleep(Self.pause)
        }
    }

    private func tell(_ event: Launching.Event) {
        state.withLock { state in
            // Nobody wants to know what it was like before.
            if case .looked = event, case .looked = state.events.last { state.events.removeLast() }
            state.events.append(event)
        }
    }

    private func look() -> RunView {
        let status = Self.text(of: directory.status.path)
        return RunView(
            beat: Self.text(of: directory.beat.path).flatMap { RunBeat(text: $0.text) },
            ending: status.flatMap { RunEnding(text: $0.text, stamp: $0.stamp) })
    }

    private func takeVerdict() -> Int32? {
        guard let text = Self.text(of: verdict)?.text else { return nil }
        unlink(verdict)
        return Int32(text.prefix { !$0.isWhitespace })
    }

    /// - Returns: nil where there is no such file; what tells this file from another in its place.
    private static func text(of path: String) -> (text: String, stamp: String)? {
        guard let file = try? InputFile.ofRun(path), let bytes = try? file.readAll(limit: 4096) else { return nil }
        return (String(decoding: bytes, as: UTF8.self), "\(file.modified)")
    }
}
