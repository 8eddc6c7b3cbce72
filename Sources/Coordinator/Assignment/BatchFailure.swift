/// Why a whole batch could not be done. A sample that fails is no batch failure: it is counted in ``BatchReport``.
package struct BatchFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of a failure whose worker went while it ran the batch.
    package static let workerLost = "workerLost"

    /// A short name of the kind of failure, such as `deviceLost`.
    package let kind: String
    /// One sentence for the user.
    package let message: String
    /// Whether another attempt, on another worker where there is one, may succeed.
    package let retryable: Bool

    /// A failure with its kind, message, and whether it is worth another attempt.
    package init(kind: String, message: String, retryable: Bool) {
        self.kind = kind
        self.message = message
        self.retryable = retryable
    }

    /// The kind and the message.
    package var description: String { "\(kind): \(message)" }
}
