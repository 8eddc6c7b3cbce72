internal import Logging

extension Supervision {
    /// What happened. The time comes beside the event; see ``Supervision/handle(_:at:)``.
    enum Event: Sendable, Hashable {
        /// The rank begins.
        case begun
        /// The coordinator said something; nil where it cannot be read here.
        case coordinatorSaid(WireMessage?)
        /// The coordinator's process is gone.
        case coordinatorDied
        /// The connection to the coordinator does not work any more, and why.
        case connectionBroke(String)
        /// There is no process with this number, and why.
        case launchFailed(Int, String)
        /// A process said something; nil where it cannot be read here.
        case processSaid(Int, WireMessage?)
        /// All that a process said has come.
        case processSaidAll(Int)
        /// The pipe from a process does not work any more, and why.
        case pipeBroke(Int, String)
        /// A process ended; what it said before may still come.
        case processEnded(Int, ChildExit)
        /// Time has passed.
        case tick
    }

    /// What is to be done, in this order.
    enum Action: Sendable, Hashable {
        /// Start a process; what comes from it bears this number. Comes when there is none, and as the last action.
        case launch(Int)
        /// End the process now.
        case kill
        /// Let go of the process, which has ended.
        case bury
        /// Hand what the coordinator said to the process, unchanged.
        case passDown
        /// Hand what the process said to the coordinator, unchanged.
        case passUp
        /// Tell the coordinator, in ``Supervision/epoch``.
        case say(WorkerMessage)
        /// Write it into the log.
        case log(Logger.Level, String)
    }
}
