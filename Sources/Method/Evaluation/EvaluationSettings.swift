/// What is measured of a set of samples, and in which of the field's ways.
package struct EvaluationSettings: Sendable, Equatable {
    /// In the order in which they are shown.
    package var metrics: [Metric]
    /// How sounds are prepared.
    package var style: WaveStyle
    /// How frames are brought to I3D's size.
    package var framing: I3DFraming

    package init(metrics: [Metric], style: WaveStyle = .audioldmEval, framing: I3DFraming = .lvdm) {
        self.metrics = metrics
        self.style = style
        self.framing = framing
    }

    /// What a metric looks at: one feature, or of bind scores the two that are compared.
    package func features(of metric: Metric) -> [Feature] {
        switch metric {
        case .statistic(_, .i3d): [.frames(framing)]
        case .statistic(_, let network): [.sound(network, style)]
        case .avAlign: [.peaks]
        case .bind(let pair, let variant):
            pair.modalities.map { .embedding(BindInput($0, variant, seconds: seconds)) }
        }
    }

    /// What av-benchmark looks at of a sample.
    private var seconds: Double {
        if case .avBenchmark(let seconds) = style { seconds } else { 8 }
    }

    /// What has to be taken of the generated side.
    package var generatedFeatures: Set<Feature> { Set(metrics.flatMap(features)) }
    /// What has to be taken of the reference. Of bind scores all: it stands in for what a sample itself lacks.
    package var referenceFeatures: Set<Feature> {
        Set(metrics.filter { $0.needsReference || $0.isInObjective }.flatMap(features))
    }
}

/// Metrics that are printed together.
package enum MetricTable: String, Sendable, CaseIterable {
    /// Sound for a given picture or video: Table 1's columns of the paper.
    case paperSound = "paper-sound"
    /// Video for a given sound: Table 1's.
    case paperVideo = "paper-video"
    /// Both at once on Landscape: Table 1's.
    case paperLandscape = "paper-landscape"
    /// Both at once from open prompts: Table 1's, of which the bind scores are in the objective.
    case paperOpen = "paper-open"
    /// Those of MMAudio's table, as far as there are networks for them here.
    case field

    /// The columns in the table's order, and how sounds are prepared for them.
    package var settings: EvaluationSettings {
        switch self {
        case .paperSound:
            EvaluationSettings(metrics: [
                .statistic(.kl, .cnn14), .statistic(.inception, .cnn14), .statistic(.frechet, .cnn14),
                .statistic(.frechet, .vggish),
            ])
        case .paperVideo:
            EvaluationSettings(metrics: [
                .statistic(.frechet, .i3d), .statistic(.kernel, .i3d), .avAlign(.paper),
            ])
        case .paperLandscape:
            EvaluationSettings(metrics: [
                .statistic(.frechet, .i3d), .statistic(.kernel, .i3d), .statistic(.frechet, .vggish),
            ])
        case .paperOpen:
            EvaluationSettings(metrics: BindPair.allCases.map { .bind($0, .imagebind) } + [.avAlign(.paper)])
        case .field:
            EvaluationSettings(
                metrics: [
                    .statistic(.frechet, .passt), .statistic(.frechet, .cnn14), .statistic(.frechet, .vggish),
                    .statistic(.kl, .cnn14), .statistic(.kl, .passt), .statistic(.inception, .cnn14),
                    .bind(.audioVideo, .avBenchmark),
                ], style: .avBenchmark(seconds: 8))
        }
    }
}
