/// What the coordinator left in `STATUS` at the end of a start.
package struct RunEnding: Sendable, Hashable {
    /// Its exit code; 1 where the file does not say.
    package let code: Int32
    /// What tells this writing from another with the same text.
    package let stamp: String

    package init(code: Int32, stamp: String) {
        self.code = code
        self.stamp = stamp
    }

    /// From the file's text, `complete 0`.
    /// - Returns: nil where there is no text.
    package init?(text: String, stamp: String) {
        let words = text.split(whereSeparator: \.isWhitespace)
        guard !words.isEmpty else { return nil }
        code = words.count > 1 ? Int32(words[1]) ?? 1 : 1
        self.stamp = stamp
    }
}

/// What the coordinator says of itself in `BEAT`.
package struct RunBeat: Sendable, Hashable {
    /// All of it; every beat differs from the one before.
    package let text: String
    /// The workers that are there.
    package let workers: Int

    /// From the file's text: host, process, start, count, workers.
    /// - Returns: nil where there is no text.
    package init?(text: String) {
        let words = text.split(whereSeparator: \.isWhitespace)
        guard !words.isEmpty else { return nil }
        self.text = text
        workers = words.count > 4 ? Int(words[4]) ?? 0 : 0
    }
}

/// What a run's files say at one moment.
package struct RunView: Sendable, Hashable {
    package var beat: RunBeat?
    package var ending: RunEnding?

    package init(beat: RunBeat? = nil, ending: RunEnding? = nil) {
        self.beat = beat
        self.ending = ending
    }
}

/// How far a run is.
package struct RunFigures: Sendable, Hashable {
    /// Samples that are made or failed for good; nil where there is no run yet.
    package var settled: Int?
    /// How long the rest will take; nil where it is not known.
    package var left: Duration?

    package init(settled: Int? = nil, left: Duration? = nil) {
        self.settled = settled
        self.left = left
    }
}

/// What came of asking a host.
package enum HostAnswer: Sendable, Hashable {
    /// Ranks can start there.
    case ready
    /// It did not answer, with what the way to it said, which may be nothing.
    case silent(String)
    /// It answers, and ranks cannot start there: why, and the remedy.
    case unfit(String)
}

extension Launching {
    /// What happened. The time comes beside the event; see ``Launching/handle(_:at:)``.
    package enum Event: Sendable, Hashable {
        /// The launch begins, with what had been settled before.
        case begun(RunFigures)
        /// Every host that was asked has answered, or had its time: in the order of ``LaunchPolicy/hosts``; without hosts, this machine.
        case answered([HostAnswer])
        /// The run's files were looked at.
        case looked(RunView)
        /// The run's samples were counted.
        case counted(RunFigures)
        /// mpirun has ended, with this code.
        case mpirunEnded(Int32)
        /// Nothing of the start is left. What rank 0 ended with where it said so, and the run's files after the end.
        case cleaned(verdict: Int32?, RunView, RunFigures)
        /// Somebody asks for an early end.
        case stopRequested(StopRequest)
        /// Time has passed.
        case tick
    }

    /// How an early end is asked for.
    package enum StopRequest: Sendable, Hashable {
        /// By a signal that is meant; a second one is meant too.
        case signal
        /// By a terminal that was closed, which may be told more than once.
        case hangUp
    }

    /// What is to be done, in this order.
    package enum Action: Sendable, Hashable {
        /// Ask every host whether ranks can start there, and let it make itself ready if so.
        case ask(prepare: Bool)
        /// Start mpirun; no hosts: on this machine.
        case start(ranks: Int, hosts: [HostSlots])
        /// Tell the run's ranks to stop: to batches that run at first, at once the second time.
        case drain
        /// Tell mpirun to end.
        case terminate
        /// End mpirun.
        case kill
        /// End what the ranks of these hosts left, and remove what they shared; no hosts: on this machine. Then look at the run.
        case clean([HostSlots])
        /// Count what is settled, and what is left.
        case count
        /// Say it to whoever started this.
        case say(String)
        /// The launch is over.
        case exit(Int32)
    }
}
