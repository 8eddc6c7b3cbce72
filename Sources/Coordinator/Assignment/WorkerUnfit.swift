/// Why a worker takes no further part, though its process is well.
package struct WorkerUnfit: Error, Sendable, Hashable, CustomStringConvertible {
    /// A sentence with the remedy.
    package let description: String
    /// Whether what it lacks may be there when the same command is given again: a run that nobody else goes on with then counts as
    /// stopped, not as failed.
    package let mayPass: Bool

    /// A reason.
    package init(_ reason: String, mayPass: Bool = false) {
        description = reason
        self.mayPass = mayPass
    }
}
