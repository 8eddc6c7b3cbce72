import CMPI

/// What threads may do with the MPI library.
package enum ThreadLevel: Int, Sendable, Hashable, Comparable, CustomStringConvertible {
    /// One thread only.
    case single
    /// Many threads, of which one calls MPI: all that is needed here.
    case funneled
    /// Many threads that call MPI one at a time.
    case serialized
    /// Any thread at any time.
    case multiple

    /// The level that the library names by this number; an unknown one counts as ``single``.
    init(code: Int32) {
        self =
            switch Int(code) {
            case Int(MPI_THREAD_MULTIPLE): .multiple
            case Int(MPI_THREAD_SERIALIZED): .serialized
            case Int(MPI_THREAD_FUNNELED): .funneled
            default: .single
            }
    }

    /// Lower levels promise less.
    package static func < (a: ThreadLevel, b: ThreadLevel) -> Bool { a.rawValue < b.rawValue }

    /// The name as in the MPI standard, without its prefix.
    package var description: String {
        switch self {
        case .single: "single"
        case .funneled: "funneled"
        case .serialized: "serialized"
        case .multiple: "multiple"
        }
    }
}
