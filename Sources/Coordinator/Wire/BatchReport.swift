/// What a worker says of a batch that it finished.
package struct BatchReport: Sendable, Hashable {
    /// The batch's number in the plan.
    package let batch: Int
    /// Samples that were made.
    package let succeeded: Int
    /// Samples that failed, each recorded in the segment.
    package let failed: Int
    /// Size of the batch's segment.
    package let bytes: Int
    /// From the start of the batch to its publication.
    package let seconds: Double
    /// Whether this worker's segment took the final name; false where another's was there already.
    package let published: Bool

    /// A report; counts and times are 0 or more.
    package init(batch: Int, succeeded: Int, failed: Int, bytes: Int, seconds: Double, published: Bool) {
        self.batch = batch
        self.succeeded = succeeded
        self.failed = failed
        self.bytes = bytes
        self.seconds = seconds
        self.published = published
    }
}
