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

    /// What a metric looks at.
    package func feature(of metric: Metric) -> Feature {
        switch metric {
        case .statistic(_, .i3d): .frames(framing)
        case .statistic(_, let network): .sound(network, style)
        case .avAlign: .peaks
        }
    }

    /// What has to be taken of the generated side.
    package var generatedFeatures: Set<Feature> { Set(metrics.map(feature)) }
    /// What has to be taken of the reference.
    package var referenceFeatures: Set<Feature> { Set(metrics.filter(\.needsReference).map(feature)) }
}

/// Metrics that are printed together.
package enum MetricTable: String, Sendable, CaseIterable {
    /// Sound for a given picture or video: Table 1's columns of the paper.
    case paperSound = "paper-sound"
    /// Video for a given sound: Table 1's.
    case paperVideo = "paper-video"
    /// Both at once on Landscape: Table 1's.
    case paperLandscape = "paper-landscape"
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
        case .field:
            EvaluationSettings(
                metrics: [
                    .statistic(.frechet, .passt), .statistic(.frechet, .cnn14), .statistic(.frechet, .vggish),
                    .statistic(.kl, .cnn14), .statistic(.kl, .passt), .statistic(.inception, .cnn14),
                ], style: .avBenchmark(seconds: 8))
        }
    }
}
