internal import Engine
internal import Torch

/// Takes the time of each step of a run, and of its stages, and counts their operations.
final class StepWatch: SamplerObserver {
    /// What is done with a step.
    enum Mode {
        /// Nothing: caches fill, kernels are chosen.
        case warmUp
        /// Its operations are counted, which takes time.
        case counted
        /// Its time is taken, the device waited for before and after.
        case timed
        /// The times of its stages are taken, the device waited for before and after each.
        case staged
    }

    /// What is known of one step.
    struct Step {
        let mode: Mode
        var seconds = 0.0
        /// In the order in which they come; one that comes several times adds up.
        var stages: [(name: String, seconds: Double, counts: OperationCounts)] = []
        var counts = OperationCounts()
    }

    private let clock = ContinuousClock()
    private let device: Device
    private let modes: [Mode]
    private let created: ContinuousClock.Instant
    private var stepBegan: ContinuousClock.Instant?
    private var stageBegan: (at: ContinuousClock.Instant, counts: OperationCounts)?
    private var failure: (any Error)?
    private var lastEnd: ContinuousClock.Instant?
    private(set) var steps: [Step] = []
    /// Seconds before the first step.
    private(set) var begin = 0.0

    /// - Parameter modes: for each step.
    init(_ modes: [Mode], device: Device) {
        self.modes = modes
        self.device = device
        created = clock.now
    }

    func willBegin(step: Int, of count: Int) throws {
        try wait()
        if steps.isEmpty { begin = (clock.now - created) / .seconds(1) }
        closeStep()
        if let failure { throw failure }
        let mode = modes.indices.contains(step) ? modes[step] : .warmUp
        if mode == .counted { try OperationCounter.start() }
        steps.append(Step(mode: mode))
        stepBegan = clock.now
    }

    func willSpend(on stage: String) {
        if stage.hasSuffix(".finish") {
            remember { try wait() }
            closeStep()
        }
        guard stepBegan != nil else { return }
        if steps.last?.mode == .staged { remember { try wait() } }
        stageBegan = (clock.now, OperationCounter.counts)
    }

    func spent(_ seconds: Double, on stage: String) {
        guard stepBegan != nil, let began = stageBegan, var step = steps.popLast() else { return }
        if step.mode == .staged { remember { try wait() } }
        let seconds = (clock.now - began.at) / .seconds(1)
        let counts = step.mode == .counted ? OperationCounter.counts - began.counts : OperationCounts()
        if let index = step.stages.firstIndex(where: { $0.name == stage }) {
            step.stages[index].seconds += seconds
            step.stages[index].counts = step.stages[index].counts + counts
        } else {
            step.stages.append((stage, seconds, counts))
        }
        steps.append(step)
        stageBegan = nil
    }

    /// Waits for the device, and ends the last step where no decoding did.
    /// - Returns: seconds since the last step.
    func end() throws -> Double {
        try wait()
        closeStep()
        if let failure { throw failure }
        return lastEnd.map { (clock.now - $0) / .seconds(1) } ?? 0
    }

    /// The device has done all that was asked of it by now.
    private func wait() throws { try device.synchronize() }

    private func closeStep() {
        guard let began = stepBegan, !steps.isEmpty else { return }
        let now = clock.now
        steps[steps.count - 1].seconds = (now - began) / .seconds(1)
        if steps[steps.count - 1].mode == .counted {
            remember { steps[steps.count - 1].counts = try OperationCounter.stop() }
        }
        stepBegan = nil
        lastEnd = now
    }

    /// For where nothing can be thrown: the next step throws it.
    private func remember(_ work: () throws -> Void) {
        do { try work() } catch { failure = failure ?? error }
    }
}
