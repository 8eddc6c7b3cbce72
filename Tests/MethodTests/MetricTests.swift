import Testing

@testable import Method

@Suite struct MetricTests {
    @Test("metrics and features are read as they are written")
    func roundTrips() {
        for network in FeatureNetworkName.allCases {
            for statistic in Statistic.allCases where network.hasLogits || !statistic.usesLogits {
                let metric = Metric.statistic(statistic, network)
                #expect(Metric(metric.description) == metric)
            }
        }
        for variant in AVAlignVariant.allCases { #expect(Metric("av-align:\(variant.rawValue)") == .avAlign(variant)) }
        #expect(Metric("av-align") == .avAlign(.paper))
        let features: [Feature] = [
            .peaks, .sound(.vggish, .audioldmEval), .sound(.passt, .avBenchmark(seconds: 8)), .frames(.mmDiffusion),
        ]
        for feature in features { #expect(Feature(feature.description) == feature) }
        #expect(Set(features.map(\.member)).count == features.count)
    }

    @Test(
        "names of papers are those of their statistics",
        arguments: [
            ("fad", "frechet:vggish"), ("fd", "frechet:cnn14"), ("fvd", "frechet:i3d"), ("kvd", "kernel:i3d"),
            ("kl", "kl:cnn14"), ("isc", "inception:cnn14"),
        ])
    func titles(title: String, long: String) {
        #expect(Metric(title) == Metric(long))
        #expect(Metric(long)?.description == title)
    }

    @Test(
        "what is no metric or feature is refused",
        arguments: [
            "", "fad:", "kl:vggish", "inception:i3d", "frechet", "frechet:vgg", "av-align:mine", "fad:fad",
        ])
    func refusedMetrics(text: String) { #expect(Metric(text) == nil) }

    @Test(
        "features with half of a way are refused",
        arguments: [
            "", "vggish", "vggish/av-benchmark", "vggish/av-benchmark/-1", "vggish/av-benchmark/nan",
            "i3d/audioldm_eval",
            "cnn14/lvdm", "peaks/", "i3d/javis/8",
        ])
    func refusedFeatures(text: String) { #expect(Feature(text) == nil) }

    @Test("a reference is needed where something compares, and then only for that")
    func sides() {
        let settings = EvaluationSettings(metrics: [
            .statistic(.inception, .cnn14), .statistic(.frechet, .vggish), .avAlign(.javis),
        ])
        #expect(settings.referenceFeatures == [.sound(.vggish, .audioldmEval)])
        #expect(settings.generatedFeatures.count == 3)
        for table in MetricTable.allCases { #expect(!table.settings.metrics.isEmpty) }
    }
}
