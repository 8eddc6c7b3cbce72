internal import CTorch

/// Work on a device that is recorded once, for inputs of fixed shapes, and afterwards started as a whole (a CUDA graph): the
/// host's share of it, thousands of launches, is gone. On the host it is done as it comes.
///
/// The work must read the host's numbers nowhere between its inputs and its outputs, and do the same each time.
// Sendable: one thread at a time calls it, which its owner sees to (``WorkRecorder`` in Engine, by a lock).
package final class RecordedWork: @unchecked Sendable {
    private let inputs: [Tensor]
    private let outputs: [Tensor]
    private let work: ([Tensor]) throws -> [Tensor]
    private let graph: Graph?

    private final class Graph {
        let raw: SHGraph

        init(_ device: Device) throws(TorchError) {
            var out: SHGraph?
            let status = sh_graph_make(device.raw, &out)
            guard status == SH_OK, let out else { throw TorchError(status, "a CUDA graph") }
            raw = out
        }
        deinit { sh_graph_free(raw) }
    }

    /// Runs once before the recording, for what libraries set up at their first call.
    ///
    /// - Parameters:
    ///   - inputs: of the shapes and types that all later ones have, all on one device.
    ///   - work: kept, with everything it refers to, for as long as the recording.
    /// - Throws: what the work throws; ``TorchError`` where something cannot be recorded.
    package init(_ inputs: [Tensor], _ work: @escaping ([Tensor]) throws -> [Tensor]) throws {
        self.inputs = try inputs.map { try $0.detached().clone() }
        self.work = work
        guard let device = inputs.first?.device, device != .cpu else {
            (graph, outputs) = (nil, [])
            return
        }
        let graph = try Graph(device)
        self.graph = graph
        try check(sh_graph_enter(graph.raw))
        defer { _ = sh_graph_leave(graph.raw) }
        _ = try work(self.inputs)
        try check(sh_graph_begin(graph.raw))
        do {
            outputs = try work(self.inputs)
        } catch {
            _ = sh_graph_end(graph.raw)
            throw error
        }
        try check(sh_graph_end(graph.raw))
    }

    /// - Throws: ``TorchError`` for inputs of other shapes or types; what the work throws, where it is not recorded.
    package func callAsFunction(_ inputs: [Tensor]) throws -> [Tensor] {
        guard inputs.count == self.inputs.count else {
            throw TorchError.refused(
                operation: "recorded work", message: "\(inputs.count) inputs in place of \(self.inputs.count)")
        }
        for (place, input) in zip(self.inputs, inputs) { try check(sh_copy_into(place.raw, input.raw)) }
        guard let graph else { return try work(self.inputs).map { try $0.clone() } }
        try check(sh_graph_replay(graph.raw))
        return try outputs.map { try $0.clone() }
    }
}
