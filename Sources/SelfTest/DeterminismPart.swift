internal import Engine
internal import Goldens
internal import Parity

/// What the documents promise of a sample: the same bits again, whatever its neighbours are; and alone the same but for the
/// rounding of batched kernels.
struct DeterminismPart {
    let setting: SelfTestSetting

    func run(_ tell: SelfTestSink) throws {
        let models = ParityModels(setting.models, device: setting.device)
        for run in FreeRun.allCases {
            let pipeline = try run.pipeline(models)
            let request = try run.request(setting.data)
            func make(_ requests: [GenerationRequest]) throws -> [GenerationResult] {
                try pipeline.generate(requests, run.settings)
            }
            func first(besides seed: UInt64, _ caption: String) throws -> GenerationResult? {
                try make([request, run.request(setting.data, seed: seed, caption: caption)]).first
            }
            let (alone, again) = (try make([request]), try make([request]))
            try tell(equal("\(run.rawValue), twice", "the first time", alone.first, again.first))
            let together = try first(besides: 7, "waves crash")
            let elsewhere = try first(besides: 8, "a train passes")
            try tell(equal("\(run.rawValue), beside other samples", "beside the first ones", together, elsewhere))
            guard let together else { continue }
            try tell(
                SelfTestCheck(
                    "\(run.rawValue), in a batch", precision: "fp32", against: "the reference's, alone",
                    [
                        .init(
                            place: "end of the run", difference: try run.difference(together, setting.data),
                            tolerance: run.tolerance)
                    ]))
        }
    }

    private func equal(
        _ name: String, _ against: String, _ a: GenerationResult?, _ b: GenerationResult?
    ) -> SelfTestCheck {
        let equal = a.map(ResultBits.init) == b.map(ResultBits.init) && a != nil
        var check = SelfTestCheck(
            name, equal ? .passed : .failed, note: equal ? "every bit is equal" : "bits differ from \(against)")
        check.precision = "fp32"
        return check
    }
}
