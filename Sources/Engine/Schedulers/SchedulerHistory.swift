internal import Torch

/// What a multistep solver remembers of a run. The run owns it, so that a scheduler is a constant.
package struct SchedulerHistory: Sendable {
    /// Predictions of the clean latent at this step and the ones before it, the newest first, without a graph.
    private(set) var clean: [Tensor] = []

    /// Nothing yet: the beginning of a run.
    package init() {}

    /// Adds a prediction and forgets what a solver of this order no longer reads.
    mutating func add(_ prediction: Tensor, order: Int) {
        clean = [prediction] + clean.prefix(order - 1)
    }

    /// The same of these rows, in this order.
    func keeping(_ places: [Int]) throws(TorchError) -> SchedulerHistory {
        var history = SchedulerHistory()
        history.clean = try clean.map { tensor throws(TorchError) in try tensor.rows(places) }
        return history
    }
}
