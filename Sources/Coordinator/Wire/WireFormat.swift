/// The numbers of the encoding.
package enum WireFormat {
    /// The first bytes of every message.
    static let magic = Array("SHW".utf8)
    /// The version of the format; only this one is understood, because all ranks run one build.
    package static let version: UInt8 = 5
    /// Bytes of the longest text field. Longer texts are cut when they are sent.
    package static let longestText = 16_384
    /// The largest credit that a worker may ask for.
    package static let largestCredit = 64
    /// Bytes of the largest piece of a segment or of a run's files.
    package static let largestPiece = 4 << 20
    /// Bytes of the largest segment, sidecar or file that travels in pieces: far above what is met, and far below what
    /// sums could not hold.
    static let largestOffer = 1 << 48
    /// The samples that an order may exclude.
    package static let mostExcluded = 65_536
}

/// Kinds of message, as numbers on the wire. Numbers from 0x40 go from coordinator to worker.
enum WireKind: UInt8 {
    case hello = 1
    case ready
    case started
    case finished
    case failed
    case released
    case heartbeat
    case goodbye
    case sampleBegun
    case crashed
    case offered
    case piece
    case wantsRun
    case welcome = 0x41
    case assign
    case cancel
    case drain
    case alive
    case stop
    case dismiss
    case fetch
    case stored
    case refused
    case run
}
