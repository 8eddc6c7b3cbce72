package import Threads

/// Why MPI cannot be used.
package enum MPIStartError: Error, Sendable, Hashable, CustomStringConvertible {
    /// It was started or finalized before in this process; a process can do it once.
    case startedBefore
    /// A call failed.
    case failed(MPIError)
    /// The library does not promise what is needed, as when it was built without threads.
    case threadLevel(found: ThreadLevel)
    /// The operating system gave no thread.
    case noThread(ThreadError)

    /// A sentence with the remedy.
    package var description: String {
        switch self {
        case .startedBefore: "MPI was started before in this process, and it can be started only once."
        case .failed(let error): "MPI did not start: \(error)"
        case .threadLevel(let found):
            "The MPI library gives thread level \(found) where funneled is needed; use one that was built with threads."
        case .noThread(let error): error.description
        }
    }
}
