internal import CTorch

/// What operations did.
package struct OperationCounts: Sendable, Equatable {
    /// Operations that work on elements, those that consist of others not counted beside them.
    package var operations = 0
    /// Floating-point operations of matrix products: two for each multiplication and addition.
    package var productFlops = 0
    /// Floating-point operations of convolutions and their adjoints; what lies in the padding counts.
    package var convolutionFlops = 0
    /// Floating-point operations of attention.
    package var attentionFlops = 0
    /// Bytes of what each operation reads and writes, as if no cache held any of it.
    package var bytes = 0

    package init() {}

    package static func - (left: OperationCounts, right: OperationCounts) -> OperationCounts {
        var difference = OperationCounts()
        difference.operations = left.operations - right.operations
        difference.productFlops = left.productFlops - right.productFlops
        difference.convolutionFlops = left.convolutionFlops - right.convolutionFlops
        difference.attentionFlops = left.attentionFlops - right.attentionFlops
        difference.bytes = left.bytes - right.bytes
        return difference
    }

    package static func + (left: OperationCounts, right: OperationCounts) -> OperationCounts {
        left - (OperationCounts() - right)
    }
}

/// Counts the operations of a thread from their shapes, on any device, backward passes included.
///
/// It slows the thread down, so that what is timed is not counted at the same time. A captured graph that is replayed shows no
/// operations.
package enum OperationCounter {
    /// Begins at zero; waits while another thread counts.
    /// - Throws: ``TorchError/refused(operation:message:)`` where this thread counts already.
    package static func start() throws(TorchError) { try check(sh_count_start(), "counting operations") }

    /// Ends the count of this thread, and gives what was counted; zeros where it counts nothing.
    @discardableResult
    package static func stop() throws(TorchError) -> OperationCounts {
        var raw = SHCounts()
        try check(sh_count_stop(&raw), "counting operations")
        return OperationCounts(raw)
    }

    /// What this thread has counted so far; zeros where it counts nothing.
    package static var counts: OperationCounts { OperationCounts(sh_counts()) }
}

extension OperationCounts {
    init(_ raw: SHCounts) {
        operations = Int(raw.operations)
        productFlops = Int(raw.product_flops)
        convolutionFlops = Int(raw.convolution_flops)
        attentionFlops = Int(raw.attention_flops)
        bytes = Int(raw.bytes)
    }
}
