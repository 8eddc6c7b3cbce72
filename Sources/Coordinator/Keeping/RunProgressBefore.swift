/// What an earlier start of a run has left: where the next one begins.
package struct RunProgressBefore: Sendable {
    /// Batches that are still to be done.
    package var batches: [BatchWork] = []
    /// Samples in shards and segments.
    package var samplesDone = 0
    /// Samples that failed and are recorded.
    package var samplesFailed = 0
    /// Segments that were found damaged and thrown away, with what was wrong.
    package var damaged: [String] = []
    /// The number of this start, from 1.
    package var epoch: UInt64 = 1
}
