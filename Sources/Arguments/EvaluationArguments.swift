package import ArgumentParser
package import Method

/// What is evaluated, and by which metrics in which of the field's ways.
package struct EvaluationArguments: ParsableArguments {
    @Argument(help: "What was generated: a run directory, or a folder of media files.", completion: .directory)
    package var generated: String

    @Option(
        help: "What it is compared with: a run directory, or a folder of media files of the same names.",
        completion: .directory)
    package var reference: String?

    @Option(help: ArgumentHelp("The metrics of a table of the field.", valueName: "name"))
    var table: MetricTable?

    @Option(
        name: .customLong("metrics"),
        help: ArgumentHelp(
            "Metrics, separated by commas, in place of those of a table, such as fad,kl,av-align; docs/evaluation.md lists them.",
            valueName: "list"))
    var metricNames: String?

    @Option(
        help: ArgumentHelp(
            "How sounds are prepared: audioldm_eval, or av-benchmark, which cuts them to --seconds.", valueName: "way"))
    var style: String?

    @Option(help: ArgumentHelp("The seconds that av-benchmark looks at.", valueName: "s"))
    var seconds: Double?

    @Option(help: "How frames are brought to I3D's size.")
    var framing: I3DFraming?

    package init() {}

    package func validate() throws {
        guard table != nil || metricNames != nil else {
            throw ValidationError("name a table with --table, or metrics with --metrics.")
        }
        if isOfFeatureFiles {
            try checkSides()
            _ = try statistics()
        } else {
            _ = try metrics()
            _ = try waveStyle()
        }
    }

    /// What is measured.
    package var settings: EvaluationSettings {
        get throws {
            var settings = table?.settings ?? EvaluationSettings(metrics: [])
            if let metrics = try metrics() { settings.metrics = metrics }
            if let style = try waveStyle() { settings.style = style }
            if let framing { settings.framing = framing }
            return settings
        }
    }

    private func metrics() throws -> [Metric]? {
        try metricWords?.map { name in
            guard let metric = Metric(name) else {
                throw ValidationError(
                    "--metrics: there is no metric `\(name)`; docs/evaluation.md lists them, such as fad, kl or av-align."
                )
            }
            return metric
        }
    }

    var metricWords: [String]? {
        metricNames?.split(separator: ",").map { String($0.trimmingPrefix(while: \.isWhitespace)) }
    }

    func waveStyle() throws -> WaveStyle? {
        switch (style, seconds) {
        case (nil, nil): return nil
        case ("audioldm_eval"?, nil): return .audioldmEval
        case ("audioldm_eval"?, _?): throw ValidationError("--seconds: audioldm_eval takes sounds whole; leave it out.")
        case ("av-benchmark"?, let seconds), (nil, let seconds):
            let seconds = seconds ?? 8
            guard seconds > 0, seconds <= 3600 else {
                throw ValidationError("--seconds is \(seconds): give a number above 0, up to 3600.")
            }
            return .avBenchmark(seconds: seconds)
        case (let other?, _): throw ValidationError("--style is \(other): give audioldm_eval or av-benchmark.")
        }
    }
}

extension MetricTable: ExpressibleByArgument {}
extension I3DFraming: ExpressibleByArgument {}
