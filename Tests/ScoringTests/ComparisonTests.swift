import Evaluation
import Files
import JSON
import TestSupport
import Testing

@testable import Scoring

@Suite struct ComparisonTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func compare(
        _ a: MetricFindings, _ b: MetricFindings, anyway: Bool = false
    ) throws -> EvaluationComparison.Metric {
        let comparison = EvaluationComparison(
            try folder.evaluation("a", [a]), try folder.evaluation("b", [b]), anyway: anyway)
        return try #require(comparison.metrics.first)
    }

    @Test("values of one kind have a difference, B less A")
    func difference() throws {
        let metric = try compare(findings("fd", 5.5), findings("fd", 4.25))
        #expect(metric.a == 5.5 && metric.b == 4.25 && metric.difference == -1.25)
        #expect(metric.unlike.isEmpty && metric.paired == nil)
    }

    @Test("means have the difference of samples of one name, with the interval of these pairs")
    func paired() throws {
        let values = (0..<50).map { (name: "clip\($0)", value: Double($0 * 7 % 11)) }
        let differences = (0..<50).map { $0 % 3 == 0 ? 0.5 : -0.25 }
        var (a, b) = (findings("kl", nil), findings("kl", nil))
        var (one, other) = (SampleScores(), SampleScores())
        let others = zip(values, differences).map { (name: $0.name, value: $0.value + $1) }
        a.take(meanOf: values)
        b.take(meanOf: others)
        one.add(values, of: "kl")
        // In another order: pairs are made by name.
        other.add(others.reversed(), of: "kl")
        let comparison = EvaluationComparison(
            try folder.evaluation("a", [a], scores: one), try folder.evaluation("b", [b], scores: other))
        let paired = try #require(comparison.metrics.first?.paired)
        let mean = differences.reduce(0, +) / 50
        #expect(abs(paired.difference - mean) < 1e-12 && paired.pairs == 50)
        let order = values.map { ExactText($0.name) }.enumerated().sorted { $0.element < $1.element }.map(\.offset)
        let interval = Bootstrap().interval(order.map { others[$0].value - values[$0].value })
        #expect(paired.low == interval.low && paired.high == interval.high)
        #expect(paired.low < mean && mean < paired.high && paired.high - paired.low < 0.3, "pairs, not two sets")
        #expect(abs((comparison.metrics[0].difference ?? 0) - mean) < 1e-12)
    }

    @Test("samples that only one side has are left out of pairs, and that is said")
    func partners() throws {
        let (a, one) = mean("kl", ["x": 1, "y": 2])
        let (b, other) = mean("kl", ["y": 2.5, "z": 9])
        let comparison = EvaluationComparison(
            try folder.evaluation("a", [a], scores: one), try folder.evaluation("b", [b], scores: other))
        let paired = try #require(comparison.metrics[0].paired)
        #expect(paired.difference == 0.5 && paired.pairs == 1)
        #expect(ComparisonTable(comparison).remarks.contains("kl: 1 samples are in both; A has 2, B 2"))
    }

    @Test("what is not comparable has no difference, and says what differs; with anyway it has both")
    func unlike() throws {
        let base = findings("fd", 5)
        func changed(_ change: (inout MetricFindings) -> Void) -> MetricFindings {
            var other = findings("fd", 4)
            change(&other)
            return other
        }
        let cases: [(MetricFindings, String)] = [
            (changed { $0.samples = 2 }, "n 3 and 2"), (changed { $0.rows = 30 }, "rows 3 and 30"),
            (changed { $0.referenceSamples = 7 }, "the reference's n none and 7"),
            (changed { $0.width = 128 }, "width none and 128"),
            (changed { $0.variant = "eps" }, "variant none and eps"),
            (
                findings("fd", 4, feature: "cnn14/av-benchmark/8"),
                "feature cnn14/audioldm_eval and cnn14/av-benchmark/8"
            ),
            (findings("fd", 4, checkpoint: "bb"), "checkpoint aa… and bb…"),
        ]
        for (other, words) in cases {
            let metric = try compare(base, other)
            #expect(metric.unlike == [words] && metric.difference == nil && metric.b == 4)
            let shown = try compare(base, other, anyway: true)
            #expect(shown.unlike == [words] && shown.difference == -1)
        }
        let several = try EvaluationComparison(
            folder.evaluation("a", [base]), folder.evaluation("b", [cases[0].0]))
        #expect(ComparisonTable(several).rows[1] == ["fd", "5.0000", "4.0000", "–", "", ""])
        #expect(
            ComparisonTable(several).remarks.contains(
                "fd: not comparable: n 3 and 2; --anyway shows the difference all the same"))
    }

    @Test("pairs of unlike means are shown with anyway alone")
    func unlikeMeans() throws {
        let (a, one) = mean("kl", ["x": 1, "y": 2])
        let (b, other) = mean("kl", ["x": 2, "y": 2, "z": 9])
        let (first, second) = (
            try folder.evaluation("a", [a], scores: one), try folder.evaluation("b", [b], scores: other)
        )
        #expect(EvaluationComparison(first, second).metrics[0].paired == nil)
        #expect(EvaluationComparison(first, second, anyway: true).metrics[0].paired?.difference == 0.5)
    }

    @Test("the same weights under another name are the same")
    func renamed() throws {
        var other = findings("fd", 4)
        other.feature.checkpoint = ["renamed.pth": "aa"]
        #expect(try compare(findings("fd", 5), other).difference == -1)
    }

    @Test("features of other tools are comparable where they have the same reference")
    func files() throws {
        func ofFiles(_ name: String, reference: String) -> MetricFindings {
            var found = findings("frechet", 1)
            found.feature = FeatureIdentity(feature: name, checkpoint: [name: name])
            found.referenceFeature = FeatureIdentity(feature: "real.npy", checkpoint: ["real.npy": reference])
            return found
        }
        let (a, b) = (ofFiles("a.npy", reference: "11"), ofFiles("b.npy", reference: "11"))
        #expect(try compare(a, b).difference == 0)
        #expect(
            try compare(a, ofFiles("b.npy", reference: "22")).unlike == ["reference real.npy 11… and real.npy 22…"])
        // Without a reference nothing says that they are of one network.
        var (one, other) = (a, b)
        (one.referenceFeature, other.referenceFeature) = (nil, nil)
        #expect(try compare(one, other).difference == nil)
    }

    @Test("metrics of one side alone, missing values and other references are said")
    func remarks() throws {
        var none = findings("isc", nil)
        none.problem = "too few"
        let comparison = try EvaluationComparison(
            folder.evaluation("a", [findings("fad", 1), none, findings("fd", 2)], reference: "/one"),
            folder.evaluation("b", [findings("isc", 4), findings("fvd", 3)], reference: "/two"))
        #expect(comparison.metrics.map(\.metric) == ["isc"] && comparison.metrics[0].difference == nil)
        #expect(
            ComparisonTable(comparison).remarks == [
                "A: \(folder.path)/a", "B: \(folder.path)/b", "A's reference is /one, and B's is /two",
                "isc: A has no value: too few", "only in A: fad, fd", "only in B: fvd",
            ])
    }

    @Test("the comparison of machines has every field")
    func json() throws {
        let (a, one) = mean("kl", ["x": 1])
        let comparison = EvaluationComparison(
            try folder.evaluation("a", [a], scores: one), try folder.evaluation("b", [a], scores: one))
        let text = String(decoding: try JSONCoding.encode(comparison), as: UTF8.self)
        #expect(
            text
                == #"{"a":"\#(folder.path)/a","b":"\#(folder.path)/b","metrics":[{"a":1,"b":1,"difference":0,"metric":"kl","#
                + #""paired":{"difference":0,"high":0,"low":0,"pairs":1,"samples_a":1,"samples_b":1},"problems":[],"#
                + #""unlike":[]}],"only_a":[],"only_b":[]}"#)
    }
}
