package import Method
package import Torch

extension Precision {
    /// Of weights and activations.
    package var dtype: DType {
        switch self {
        case .fp32: .float32
        case .bf16: .bfloat16
        case .fp16: .float16
        }
    }
}
