@testable import Launch

/// A launch and its time, as tests drive it.
struct Launched {
    var launching: Launching
    var now = Duration.zero
    private var beats = 0

    static let hosts = [HostSlots("n0", slots: 2), HostSlots("n1", slots: 2), HostSlots("n2", slots: 2)]

    init(_ change: (inout LaunchPolicy) -> Void = { _ in }) {
        var policy = LaunchPolicy()
        change(&policy)
        launching = Launching(policy)
    }

    mutating func tell(_ event: Launching.Event) -> [Launching.Action] { launching.handle(event, at: now) }

    /// Time passes, in which the run's files are looked at every second and stay what they are.
    mutating func pass(_ seconds: Int) -> [Launching.Action] {
        var actions: [Launching.Action] = []
        for _ in 0..<seconds {
            now += .seconds(1)
            actions += tell(.looked(launching.view)) + tell(.tick)
        }
        return actions
    }

    /// The coordinator is heard.
    mutating func beat(workers: Int = 1) -> [Launching.Action] {
        beats += 1
        return tell(.looked(RunView(beat: RunBeat(text: "n0 7 \(launching.starts) \(beats) \(workers)"))))
    }

    /// Time passes, in which the coordinator is heard every second.
    mutating func work(_ seconds: Int, workers: Int = 1) -> [Launching.Action] {
        var actions: [Launching.Action] = []
        for _ in 0..<seconds {
            now += .seconds(1)
            actions += beat(workers: workers) + tell(.tick)
        }
        return actions
    }

    /// The coordinator leaves its word, as in `complete 0`.
    mutating func ends(_ text: String) -> [Launching.Action] {
        tell(.looked(RunView(beat: launching.view.beat, ending: RunEnding(text: text, stamp: "\(now)"))))
    }

    /// mpirun ends, and what it left is ended.
    mutating func over(_ code: Int32, verdict: Int32? = nil, settled: Int? = nil) -> [Launching.Action] {
        tell(.mpirunEnded(code)) + tell(.cleaned(verdict: verdict, launching.view, RunFigures(settled: settled)))
    }

    /// A launch whose mpirun runs.
    static func running(_ change: (inout LaunchPolicy) -> Void = { _ in }) -> Launched {
        var launched = Launched(change)
        _ = launched.tell(.begun(RunFigures(settled: 0)))
        _ = launched.tell(.answered((0..<max(1, launched.launching.policy.hosts.count)).map { _ in .ready }))
        return launched
    }
}

extension [Launching.Action] {
    /// What is done, without what is said.
    var deeds: [Launching.Action] { filter { if case .say = $0 { false } else { true } } }

    /// What is said.
    var words: [String] { compactMap { if case .say(let text) = $0 { text } else { nil } } }
}
