internal import Goldens
internal import Parity
internal import Torch

/// What lower precisions cost, stage by stage, against the same runs in double precision on the host, each step begun where the
/// reference's did.
struct PrecisionPart {
    let setting: SelfTestSetting

    func run(_ tell: SelfTestSink) throws {
        let cases = setting.quick ? Array(TraceCase.few.prefix(3)) : TraceCase.few
        let double = ParityModels(setting.models, dtype: .float64)
        let exact = try cases.map { try TraceRun($0, double, setting.data) }
        for precision in LowerPrecision.allCases {
            if precision == .tf32 {
                guard case .cuda = setting.device else {
                    try tell(SelfTestCheck("TF32", .skipped, note: "only CUDA devices have it"))
                    continue
                }
            }
            try TorchRuntime.allowTF32(precision == .tf32)
            defer { try? TorchRuntime.allowTF32(false) }
            let models = ParityModels(setting.models, dtype: precision.dtype, device: setting.device)
            var found: [StageDifference] = []
            for (item, exact) in zip(cases, exact) {
                found += try TraceRun(item, models, setting.data)
                    .differences(from: exact, tolerance: precision.tolerance)
            }
            for check in TracesPart.checks(
                found.filter { !$0.isForced }, precision: precision.rawValue, against: "fp64 on the host")
            {
                try tell(check)
            }
        }
    }
}
