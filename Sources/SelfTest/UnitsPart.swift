internal import Goldens
internal import Parity
internal import Torch

/// Single layers and small networks, with gradients, against what torch, diffusers and transformers computed in double precision;
/// and the networks of Stable Diffusion in single precision.
struct UnitsPart {
    let setting: SelfTestSetting

    /// How far a layer may be: largest difference relative to the largest golden value, or to 1.
    private static func layers(_ dtype: DType) -> (result: Double, gradient: Double) {
        // Single precision has 2²⁹ times the epsilon; measured on a CPU at most 7.2e-7 and 1.1e-5.
        dtype == .float64 ? (1e-10, 1e-9) : (5e-6, 1e-4)
    }

    func run(_ tell: SelfTestSink) throws {
        for dtype in [DType.float64, .float32] {
            try layers(dtype, tell)
            try networks(dtype, tell)
        }
        let models = ParityModels(setting.models, device: setting.device)
        let pictures = try PictureGoldens.compare(models, with: setting.data.units("pictures"))
        try tell(
            SelfTestCheck(
                "networks of Stable Diffusion", precision: "fp32", against: "transformers and diffusers",
                pictures.map { .init(place: $0.name, difference: $0.difference, tolerance: 2e-5) }))
    }

    private func layers(_ dtype: DType, _ tell: SelfTestSink) throws {
        let cases: LayerCases = try setting.data.description(of: "torch")
        let tolerance = Self.layers(dtype)
        var results: [SelfTestCheck.Measured] = []
        var slopes: [SelfTestCheck.Measured] = []
        func place(_ tensor: Tensor) throws -> Tensor { try tensor.to(dtype, device: setting.device) }
        for item in cases.layers {
            let leaves = try item.drawInputs().map { try place($0).leaf() }
            let y = try item.apply(leaves, item.drawWeights().map(place))
            results.append(
                .init(place: item.name, difference: try item.y.difference(y.detached()), tolerance: tolerance.result))
            let gradients = try Autograd.gradients(of: (y * place(item.drawCotangent())).sum(), leaves)
            for (golden, gradient) in zip(item.gradients, gradients) {
                slopes.append(
                    .init(
                        place: item.name, difference: try golden.difference(gradient), tolerance: tolerance.gradient))
            }
        }
        let precision = PrecisionName.of(dtype)
        try tell(SelfTestCheck("layers", precision: precision, against: "torch", results))
        try tell(SelfTestCheck("gradients of layers", precision: precision, against: "torch", slopes))
    }

    private func networks(_ dtype: DType, _ tell: SelfTestSink) throws {
        let cases: [NetworkCase] = try setting.data.description(of: "networks")
        let goldens = try setting.data.units("networks")
        let tolerance = dtype == .float64 ? NetworkTolerance.double : .single
        var results: [SelfTestCheck.Measured] = []
        var slopes: [SelfTestCheck.Measured] = []
        for item in cases {
            let found = try item.compare(with: goldens, in: setting.data.units, dtype: dtype, device: setting.device)
            results.append(.init(place: item.name, difference: found.result, tolerance: tolerance.result))
            slopes += found.gradients.map {
                .init(place: item.name, difference: $0, tolerance: tolerance.gradient)
            }
        }
        let precision = PrecisionName.of(dtype)
        let reference = "diffusers and transformers"
        try tell(SelfTestCheck("small networks", precision: precision, against: reference, results))
        try tell(SelfTestCheck("gradients of small networks", precision: precision, against: reference, slopes))
    }
}

/// What a report calls a type.
enum PrecisionName {
    static func of(_ dtype: DType) -> String {
        switch dtype {
        case .float64: "fp64"
        case .float32: "fp32"
        case .bfloat16: "bf16"
        case .float16: "fp16"
        default: "\(dtype)"
        }
    }
}
