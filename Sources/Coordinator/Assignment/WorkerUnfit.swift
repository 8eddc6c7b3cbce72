/// Why a worker takes no further part, though its process is well.
package struct WorkerUnfit: Error, Sendable, Hashable, CustomStringConvertible {
    /// A sentence with the remedy.
    package let description: String

    /// A reason.
    package init(_ reason: String) { description = reason }
}
