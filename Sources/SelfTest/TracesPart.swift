internal import Engine
internal import Goldens
internal import Parity

/// Every stage of whole runs of all tasks against the reference's traces, in single precision without TF32, each step begun where the
/// reference's did; and two runs that are forced nowhere.
struct TracesPart {
    let setting: SelfTestSetting

    func run(_ tell: SelfTestSink) throws {
        let models = ParityModels(setting.models, device: setting.device)
        var found: [StageDifference] = []
        for item in setting.quick ? TraceCase.few : TraceCase.all {
            found += try TraceRun(item, models, setting.data).differences()
        }
        for check in Self.checks(found.filter { !$0.isForced }, precision: "fp32", against: "the reference") {
            try tell(check)
        }
        var ends: [SelfTestCheck.Measured] = []
        for run in FreeRun.allCases {
            let results = try run.pipeline(models).generate([run.request(setting.data)], run.settings)
            for result in results {
                ends.append(
                    .init(
                        place: run.rawValue, difference: try run.difference(result, setting.data),
                        tolerance: run.tolerance))
            }
        }
        try tell(
            SelfTestCheck("ends of runs that are forced nowhere", precision: "fp32", against: "the reference", ends))
    }

    /// One check for each stage, in the order of a run.
    static func checks(
        _ found: [StageDifference], precision: String, against reference: String
    ) -> [SelfTestCheck] {
        let stages = Dictionary(grouping: found, by: \.stage)
        return stages.sorted { rank($0.key) < rank($1.key) }.map { stage, differences in
            SelfTestCheck(
                stage, precision: precision, against: reference,
                differences.map {
                    .init(place: "\($0.run), \($0.name)", difference: $0.difference, tolerance: $0.tolerance)
                })
        }
    }

    private static let order = [
        "text_ids", "vision_in", "image_in", "clips_in", "audio_in", "text", "vision", "audio", "text_embeds",
        "neg_embeds", "z_in", "y_in", "eps", "z_prev", "x0", "mel", "wave", "pixels", "bind_in", "emb", "loss",
        "grad_z", "grad_y", "z_out",
    ]

    private static func rank(_ stage: String) -> (Int, String) {
        let last = stage.split(separator: ".").last.map(String.init) ?? ""
        return (order.firstIndex(of: last) ?? order.count, stage)
    }
}
