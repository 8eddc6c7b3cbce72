internal import CTorch
package import Checkpoint

extension DType {
    /// The type of elements in a checkpoint.
    package init(_ type: ScalarType) {
        self =
            switch type {
            case .f64: .float64
            case .f32: .float32
            case .f16: .float16
            case .bf16: .bfloat16
            case .i64: .int64
            case .i32: .int32
            case .i16: .int16
            case .i8: .int8
            case .u8: .uint8
            case .bool: .bool
            }
    }
}

extension Tensor {
    /// The tensor of a checkpoint, over the mapped file where its elements are aligned, else copied out of it.
    ///
    /// Ranks on one node that map the same file share its pages.
    package init(_ record: TensorRecord) throws(TorchError) {
        let dtype = DType(record.dtype)
        guard record.isAligned || record.strides != nil else {
            var out: SHTensor?
            let status = record.withBytes { bytes in
                withSizes(record.shape) { sh_from_bytes(bytes.baseAddress, bytes.count, $0, $1, dtype.raw, &out) }
            }
            guard status == SH_OK, let out else { throw TorchError(status, "the tensor of a checkpoint") }
            self.init(owning: out)
            return
        }
        var strides = record.strides ?? []
        if record.strides == nil {
            var step = 1
            for size in record.shape.reversed() {
                strides.insert(step, at: 0)
                step *= max(size, 1)
            }
        }
        guard let base = record.withBytes({ $0.baseAddress }) else {
            self = try Tensor.zeros(record.shape, dtype: dtype)
            return
        }
        guard record.isAligned else {
            let copy = record.withBytes { AlignedBytes($0) }
            self = try Tensor.view(
                of: copy.base, owner: copy, shape: record.shape, strides: strides, dtype: dtype)
            return
        }
        self = try Tensor.view(of: base, owner: record.file, shape: record.shape, strides: strides, dtype: dtype)
    }

    /// A copy of elements that a file holds where no number of their size may lie.
    // Sendable: written once, before anybody else has it.
    private final class AlignedBytes: @unchecked Sendable {
        let base: UnsafeRawPointer

        init(_ bytes: UnsafeRawBufferPointer) {
            let copy = UnsafeMutableRawPointer.allocate(byteCount: max(bytes.count, 1), alignment: 64)
            if let first = bytes.baseAddress { copy.copyMemory(from: first, byteCount: bytes.count) }
            base = UnsafeRawPointer(copy)
        }

        deinit { base.deallocate() }
    }
}
