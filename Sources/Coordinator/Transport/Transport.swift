/// One end of a connection between numbered ranks. Messages between two ranks arrive once and in order, or not at all.
package protocol Transport: Sendable {
    /// This end's own rank.
    var rank: Int { get }
    /// The ranks that can be sent to, ascending.
    var peers: [Int] { get }
    /// What arrives. One consumer may iterate; the stream ends when the transport is closed.
    var events: AsyncStream<TransportEvent> { get }

    /// Takes a message for a rank and returns without waiting for the receiver, so that a rank that hangs holds up
    /// nobody. A message for a rank that has failed is dropped: ``TransportEvent/peerFailed(_:)`` told, or will tell.
    /// - Throws: `TransportError` when this end is closed, the rank is not among ``peers``, or the message is too large.
    func send(_ bytes: [UInt8], to rank: Int) async throws(TransportError)
}

/// What happens at a transport's end.
package enum TransportEvent: Sendable, Hashable {
    /// A message arrived whole.
    case message(from: Int, [UInt8])
    /// A rank is gone for good. Its messages that arrived come before this.
    case peerFailed(Int)
    /// The transport itself does not work any more; the text says why.
    case broken(String)
}

/// Why a message was not taken.
package enum TransportError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The end was closed.
    case closed
    /// The message is larger than this transport carries.
    case tooLarge(bytes: Int, limit: Int)
    /// There is no such rank.
    case unknownRank(Int, peers: [Int])

    /// A sentence for the log.
    package var description: String {
        switch self {
        case .closed: "The transport is closed; nothing can be sent."
        case .tooLarge(let bytes, let limit):
            "A message of \(bytes) bytes cannot be sent; the limit is \(limit), so send it in parts."
        case .unknownRank(let rank, let peers): "Rank \(rank) is not connected; the peers are \(peers)."
        }
    }
}
