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
        for pair in BindPair.allCases {
            for variant in BindVariant.allCases {
                let metric = Metric.bind(pair, variant)
                #expect(Metric(metric.description) == metric && metric.isInObjective)
            }
        }
        #expect(Metric("bind-av") == .bind(.audioVideo, .imagebind))
        #expect(Metric("ib") == .bind(.audioVideo, .avBenchmark))
        let features: [Feature] = [
            .peaks, .sound(.vggish, .audioldmEval), .sound(.passt, .avBenchmark(seconds: 8)), .frames(.mmDiffusion),
            .embedding(.video(.loop)), .embedding(.video(.imagebind)), .embedding(.video(.avBenchmark(seconds: 8))),
            .embedding(.audio(.loop)), .embedding(.audio(.imagebind)), .embedding(.caption),
        ]
        for feature in features { #expect(Feature(feature.description) == feature) }
        #expect(Set(features.map(\.member)).count == features.count)
        // A member's name has at most 19 bytes, `.npy` among them.
        #expect(features.allSatisfy { $0.member.utf8.count <= 15 })
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
            "bind-", "bind-va", "bind-av:", "bind-av:passt", "frechet:imagebind",
        ])
    func refusedMetrics(text: String) { #expect(Metric(text) == nil) }

    @Test(
        "features with half of a way are refused",
        arguments: [
            "", "vggish", "vggish/av-benchmark", "vggish/av-benchmark/-1", "vggish/av-benchmark/nan",
            "i3d/audioldm_eval",
            "cnn14/lvdm", "peaks/", "i3d/javis/8", "imagebind", "imagebind/video", "imagebind/video/av-benchmark",
            "imagebind/audio/av-benchmark/8",
            "imagebind/caption/loop",
        ])
    func refusedFeatures(text: String) { #expect(Feature(text) == nil) }

    @Test("a reference is needed where something compares, and then only for that")
    func sides() {
        let settings = EvaluationSettings(metrics: [
            .statistic(.inception, .cnn14), .statistic(.frechet, .vggish), .avAlign(.javis),
        ])
        #expect(settings.referenceFeatures == [.sound(.vggish, .audioldmEval)])
        #expect(settings.generatedFeatures.count == 3)
        let bound = EvaluationSettings(
            metrics: [.bind(.audioVideo, .avBenchmark), .bind(.captionAudio, .imagebind)],
            style: .avBenchmark(seconds: 4))
        #expect(
            bound.generatedFeatures == [
                .embedding(.video(.avBenchmark(seconds: 4))), .embedding(.audio(.imagebind)), .embedding(.caption),
            ])
        #expect(bound.referenceFeatures == bound.generatedFeatures && !bound.metrics.contains(where: \.needsReference))
        for table in MetricTable.allCases { #expect(!table.settings.metrics.isEmpty) }
    }
}
