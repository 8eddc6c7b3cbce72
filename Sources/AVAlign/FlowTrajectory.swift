import Dispatch

/// How much moves from each frame of a video to the next: the mean length of the optical flow.
///
/// Frames are given one by one and not kept: each is expanded once and compared with the one before. Values do not depend on
/// the number of threads.
package final class FlowTrajectory {
    /// One for each thread.
    private let flows: [OpticalFlow]
    private var waiting: [GreyImage] = []
    private var last: OpticalFlow.Expansion?
    private var lengths: [Double] = []

    /// - Parameters:
    ///   - width: Columns of each frame.
    ///   - height: Rows of each frame.
    ///   - threads: that compute, at least 1. Clips are divided over ranks, so one is usually best.
    /// - Throws: ``OpticalFlowError``.
    package init(width: Int, height: Int, threads: Int = 1) throws(OpticalFlowError) {
        var flows: [OpticalFlow] = []
        for _ in 0..<max(threads, 1) { flows.append(try OpticalFlow(width: width, height: height)) }
        self.flows = flows
    }

    /// Takes the next frame.
    /// - Throws: ``OpticalFlowError``.
    package func append(_ frame: GreyImage) throws(OpticalFlowError) {
        waiting.append(frame)
        if waiting.count == flows.count { try compute() }
    }

    /// The trajectory of all frames: a value for each, in pixels; the first, which has none before it, has the second's.
    /// Empty for fewer than two frames.
    /// - Throws: ``OpticalFlowError``.
    package func finish() throws(OpticalFlowError) -> [Double] {
        try compute()
        guard let first = lengths.first else { return [] }
        return [first] + lengths
    }

    private func compute() throws(OpticalFlowError) {
        let frames = waiting
        guard !frames.isEmpty else { return }
        waiting = []
        let expanded = each(frames.count) { [flows] index in
            Result { () throws(OpticalFlowError) in try flows[index].expand(frames[index]) }
        }
        var chain = last.map { [$0] } ?? []
        for result in expanded { chain.append(try result.get()) }
        last = chain.last
        let pairs = chain
        lengths += each(pairs.count - 1) { [flows] index in
            flows[index].meanLength(from: pairs[index], to: pairs[index + 1])
        }
    }

    /// Results 0 ..< count, at most one for each thread. The work neither waits nor takes long, so the system's queue does.
    private func each<Value>(_ count: Int, _ body: (Int) -> Value) -> [Value] {
        guard count > 1 else { return (0..<count).map(body) }
        var values = [Value?](repeating: nil, count: count)
        values.withUnsafeMutableBufferPointer { buffer in
            nonisolated(unsafe) let places = buffer
            nonisolated(unsafe) let work = body
            // Each writes to a place of its own.
            DispatchQueue.concurrentPerform(iterations: count) { places[$0] = work($0) }
        }
        return values.compactMap { $0 }
    }
}
