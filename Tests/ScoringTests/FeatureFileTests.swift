import Evaluation
import Files
import Foundation
import Method
import TestSupport
import Testing

@testable import Scoring

/// Features of other tools.
@Suite struct FeatureFileTests {
    private let folder: TemporaryFolder
    private let algebra: OpenBLAS
    private let x = drawn(1, 40, 8)
    private let y = drawn(2, 30, 8, times: 1.5, plus: 0.25)
    private let names = (0..<40).map { "clip\($0 + 100)" }

    init() throws {
        folder = try TemporaryFolder()
        algebra = try OpenBLAS.shared.get()
    }

    private func moments(_ rows: Matrix) -> Moments { Moments(of: rows, by: algebra) }

    @Test("every statistic is that of the same rows, also where the file has them in another order")
    func statistics() throws {
        var random = SplitMix64(seed: 5)
        let order = Array(0..<40).shuffled(using: &random)
        let made = try folder.features("made", npy(x.rows(order)), order.map { names[$0] })
        let real = try folder.features("real", npy(y), Array(names.prefix(30)))
        let (result, table) = try EvaluationReport.write(
            FeatureFiles(made, reference: real),
            [.frechet, .frechetInfinity, .kernel, .jedi, .kad, .kadtk, .inception], style: .audioldmEval,
            to: "\(folder.path)/out")
        let infinity = try FrechetDistance.toInfinity(x, moments(y), by: algebra)
        let inception = try InceptionScore.of(x)
        let expected = try [
            FrechetDistance.between(moments(x), moments(y), by: algebra), infinity.value,
            KernelDistances.polynomial(x, y, by: algebra),
            100 * KernelDistances.polynomial(x, y, degree: 2, constant: 0, unbiased: false, by: algebra),
            KernelDistances.audio(x, reference: y, by: algebra),
            KernelDistances.audio(x, reference: y, bandwidth: .kadtk, by: algebra), inception.mean,
        ]
        #expect(result.metrics.map(\.value) == expected)
        #expect(result.metrics[1].slope == infinity.slope && result.metrics[6].deviation == inception.deviation)
        // What numpy and scipy have for these very rows.
        #expect(abs((result.metrics[0].value ?? 0) - 2.425145489629924) < 1e-9)
        #expect(result.metrics.allSatisfy { $0.samples == 40 && $0.width == 8 && $0.problem == nil })
        #expect(result.metrics[0].referenceSamples == 30 && result.metrics[6].referenceSamples == nil)
        #expect(result.reference?.missing == names.suffix(10).map(\.self))
        #expect(table.rows[1].last == "made.npy")
        let sha256 = SHA256.hexadecimalDigest(of: npy(x.rows(order)))
        #expect(
            result.metrics[0].feature == FeatureIdentity(feature: "made.npy", checkpoint: ["made.npy": sha256]))
        #expect(result.metrics[0].referenceFeature?.feature == "real.npy")
        #expect(try EvaluationFolder("\(folder.path)/out").result == result, "what was written is what is read")
    }

    @Test("half, single and double precision in versions 1, 2 and 3 give the values that they hold")
    func forms() throws {
        // Quarters, which half precision holds.
        let table = Matrix(rows: 3, columns: 2, values: [0, 0.25, -1.5, 8, 1024, -0.75])
        for version in [1, 2, 3] as [UInt8] {
            let forms = [
                npy("'<f2'", "(3, 2)", bytes(table.values) { Float16($0).bitPattern }, version: version),
                npy("'<f4'", "(3, 2)", bytes(table.values) { Float($0).bitPattern }, version: version),
                npy(table, version: version),
            ]
            for form in forms {
                #expect(try folder.features("a", form, ["a", "b", "c"]).rows.all == table, "version \(version)")
            }
        }
    }

    @Test("more than one piece of a file is read, and hashed")
    func pieces() throws {
        let table = drawn(3, 1031, 257)
        let file = try folder.features("large", npy(table), (0..<1031).map { "\(10000 + $0)" })
        #expect(file.rows.all == table)
        #expect(file.rows.identity.checkpoint["large.npy"] == SHA256.hexadecimalDigest(of: npy(table)))
    }

    @Test("several rows of one name are one sample, and each row counts")
    func patches() throws {
        let made = try folder.features("made", npy(x), (0..<40).map { "clip\(100 + $0 / 4)" })
        let real = try folder.features("real", npy(y), (0..<30).map { "clip\(100 + $0 / 3)" })
        let (result, _) = try FeatureFiles(made, reference: real)
            .evaluate([.frechet, .kl], style: .avBenchmark(seconds: 8), algebra: algebra)
        let distance = result.metrics[0]
        #expect(distance.samples == 10 && distance.rows == 40)
        #expect(distance.referenceSamples == 10 && distance.referenceRows == 30)
        #expect(distance.value == (try FrechetDistance.between(moments(x), moments(y), by: algebra)))
        #expect(
            result.metrics[1].problem?.contains("clip100 has 4 rows in \(folder.path)/made.npy") == true,
            "\(result.metrics[1])")
    }

    @Test("divergences are of pairs of one name, in the way of the style, with a value for each")
    func pairs() throws {
        let (logits, others) = (drawn(7, 12, 5, times: 3), drawn(8, 12, 5, times: 3))
        let names = Array(names.prefix(12))
        let made = try folder.features("made", npy(logits), names)
        let real = try folder.features("real", npy(others.rows((0..<12).reversed())), names.reversed())
        for (style, variant) in [
            (WaveStyle.audioldmEval, KLDivergence.Variant.eps), (.avBenchmark(seconds: 8), .exact),
        ] {
            let (result, scores) = try FeatureFiles(made, reference: real)
                .evaluate([.kl, .klSigmoid], style: style, algebra: algebra)
            for (found, variant) in zip(result.metrics, [variant, .sigmoid]) {
                let expected = try KLDivergence.ofPairs(logits, reference: others, variant)
                #expect(found.variant == variant.rawValue && found.samples == 12)
                #expect(abs((found.value ?? 0) - expected.reduce(0, +) / 12) < 1e-12)
                #expect(names.map { scores.values(of: found.metric)[ExactText($0)] } == expected)
                #expect(found.low != nil)
            }
        }
    }

    @Test("what a statistic lacks is said with the files, and the others have their values")
    func tooFew() throws {
        let made = try folder.features("made", npy(x[rows: 0..<1]), ["clip100"])
        let real = try folder.features("real", npy(y), Array(names.prefix(30)))
        let (result, _) = try FeatureFiles(made, reference: real)
            .evaluate([.frechet, .inception, .kl, .jedi], style: .audioldmEval, algebra: algebra)
        #expect(
            result.metrics[0].problem
                == "a covariance needs at least 2 rows, and there is 1; \(folder.path)/made.npy has 1 and "
                + "\(folder.path)/real.npy 30: give more samples")
        #expect(result.metrics[1].problem?.hasSuffix("; \(folder.path)/made.npy has 1: give more samples") == true)
        #expect(result.metrics[2].problem?.contains("1 of 30 samples have a partner") == true)
        #expect(result.metrics[3].value != nil)
    }

    @Test("rows that are all equal are told, and one that differs is enough")
    func equalRows() throws {
        let real = try folder.features("real", npy(y), Array(names.prefix(30)))
        var rows = Matrix(rows: 40, columns: 8, values: Array(repeating: 0.5, count: 320))
        func evaluated() throws -> (result: EvaluationResult, table: EvaluationTable) {
            let made = try folder.features("made", npy(rows), names)
            return try EvaluationReport.write(
                FeatureFiles(made, reference: real), [.frechet], style: .audioldmEval, to: "\(folder.path)/out")
        }
        let (result, table) = try evaluated()
        let note = try #require(result.metrics[0].note)
        #expect(note.hasPrefix("all 40 rows of \(folder.path)/made.npy are equal") && result.metrics[0].value != nil)
        #expect(table.remarks.contains("frechet: \(note)"))
        rows[39, 7] = 0.25
        #expect(try evaluated().result.metrics[0].note == nil)
    }

    @Test("features as large as double precision allows give no value, and a result that can be written")
    func absurd() throws {
        let made = try folder.features("made", npy(drawn(1, 20, 3, times: 1e300)), Array(names.prefix(20)))
        let real = try folder.features("real", npy(drawn(2, 20, 3, times: 1e300)), Array(names.prefix(20)))
        let (result, _) = try EvaluationReport.write(
            FeatureFiles(made, reference: real), Statistic.allCases, style: .avBenchmark(seconds: 8),
            to: "\(folder.path)/out")
        for found in result.metrics where found.value == nil {
            #expect(found.problem != nil, "\(found)")
        }
        #expect(result.metrics[0].value == nil)
    }

    @Test(
        "an array that is none of features is refused with what to do",
        arguments: [
            (npy("'<f4'", "(2, 2)", [UInt8](repeating: 0, count: 16), fortran: true), "np.ascontiguousarray(array)"),
            (npy("'>f4'", "(2, 2)", [UInt8](repeating: 0, count: 16)), "big-endian: save array.astype(np.float32)"),
            (npy("'|O'", "(2, 2)", [1, 2, 3]), "Python objects: save np.stack(list(array)).astype(np.float32)"),
            (npy("'<i8'", "(1, 2)", [UInt8](repeating: 0, count: 16)), "whole numbers (<i8)"),
            (npy("'<u2'", "(1, 2)", [0, 0, 0, 0]), "whole numbers, and features are in floating point"),
            (npy("'|b1'", "(1, 2)", [0, 0]), "whole numbers"),
            (npy("'<c8'", "(1, 1)", [UInt8](repeating: 0, count: 8)), "np.float16, np.float32 or np.float64"),
            (npy("[('a', '<f4')]", "(1, 1)", [0, 0, 0, 0]), "np.float16, np.float32 or np.float64"),
            (npy("'<f4'", "(4,)", [UInt8](repeating: 0, count: 16)), "shape is [4], and [rows, values] is needed"),
            (npy("'<f4'", "(1, 2, 2)", [UInt8](repeating: 0, count: 16)), "save array.reshape(-1, array.shape[-1])"),
            (npy("'<f4'", "(0, 4)", []), "holds no row"), (npy("'<f4'", "(4, 0)", []), "rows without values"),
            (npy("'<f4'", "(2, 2)", [UInt8](repeating: 0, count: 15)), "cut off: copy or save it again"),
            // Nothing is reserved for what a header only promises.
            (npy("'<f8'", "(1000000000, 1000000)", [0]), "cut off"),
            (npy("'<f8'", "(9000000000000000000, 9)", [0]), "impossible"),
            (npy("'<f4'", "(1, 2)", [UInt8](repeating: 0, count: 9)), "9 bytes; its shape needs 8"),
            (npy("'<f4'", "(1, 2)", [UInt8](repeating: 0, count: 8), version: 4), "version 4.0"),
            (Array("PK\u{3}\u{4}".utf8), "save the array with np.save"),
        ])
    func refusedArrays(bytes: [UInt8], words: String) throws {
        #expect {
            _ = try folder.features("made", bytes, ["a", "b"])
        } throws: { error in
            let text = "\(error)"
            return text.contains("\(folder.path)/made.npy") && text.contains(words) && error is FeatureFileError
        }
    }

    @Test("rows that are not finite are named by number and sample")
    func notFinite() throws {
        var values = drawn(1, 6, 2).values
        (values[2], values[7], values[8], values[11]) = (.nan, .infinity, .nan, .nan)
        let array = npy(Matrix(rows: 6, columns: 2, values: values))
        // Their order is not the names'.
        let expected = FeatureFileError.notFinite(
            path: "\(folder.path)/made.npy",
            rows: [.init(number: 1, name: "e"), .init(number: 3, name: "c"), .init(number: 4, name: "b")], count: 4)
        #expect(throws: expected) { try folder.features("made", array, ["f", "e", "d", "c", "b", "a"]) }
        #expect(expected.description.contains("4 rows are not finite: row 1 of `e`, row 3 of `c`, row 4 of `b`, …"))
    }

    @Test("names are as many as rows, and each is one")
    func namesOfRows() throws {
        let array = npy(drawn(1, 3, 2))
        for (found, text) in [(2, "a\nb\n"), (4, "a\nb\nc\nd")] {
            let file = try folder.write(text, to: "names.txt")
            #expect {
                _ = try FeatureFile(folder.write(array, to: "made.npy"), names: file)
            } throws: { error in
                "\(error)".hasPrefix(
                    "\(file) has \(found) names, and \(folder.path)/made.npy has 3 rows; write one name")
            }
        }
        #expect(try RowNames(Array("\u{FEFF}a\r\nb b\r\nä".utf8), path: "n").names == ["a", "b b", "ä"])
        #expect(try RowNames([], path: "n").names == [])
        for (bytes, words) in [
            (Array("a\n\nb".utf8), "n:2: it is empty"), ([0x61, 0x0A, 0xFF], "n:2: it is not valid UTF-8"),
            (Array("a\tb".utf8), "n:1: it holds a control character"),
        ] {
            #expect {
                _ = try RowNames(bytes, path: "n")
            } throws: {
                "\($0)".hasPrefix(words)
            }
        }
    }

    @Test("sides of unlike width, files that are not there and folders of runs are refused")
    func refused() throws {
        let made = try folder.features("made", npy(x), names)
        let other = try folder.features("other", npy(drawn(2, 3, 7)), ["a", "b", "c"])
        #expect {
            _ = try FeatureFiles(made, reference: other)
        } throws: { error in
            "\(error)".hasPrefix("\(folder.path)/made.npy has 8 values in a row, and \(folder.path)/other.npy has 7")
        }
        #expect(throws: FeatureFileError.self) { try FeatureFile("\(folder.path)/absent.npy", names: "absent") }
        #expect(throws: FeatureFileError.self) { try FeatureFile("\(folder.path)/made.npy", names: "absent") }
        #expect(throws: FeatureFileError.self) { try FeatureFile(folder.path, names: "absent") }
        try folder.write("{}", to: "run/run.json")
        #expect(throws: FeatureFileError.runDirectory(path: "\(folder.path)/run")) {
            try EvaluationReport.write(
                FeatureFiles(made, reference: nil), [.inception], style: .audioldmEval, to: "\(folder.path)/run")
        }
    }

    @Test("mutated arrays and names give features or an error, and no crash")
    func fuzz() throws {
        let table = drawn(4, 5, 3)
        let arrays = [
            npy(table), npy(table, version: 2), npy("'<f2'", "(5, 3)", bytes(table.values) { Float16($0).bitPattern }),
        ]
        let names = Array(lines(["a", "b", "c", "ä", "e"]).utf8)
        var mutator = ByteMutator(seed: 31)
        var (read, named) = (0, 0)
        for round in 0..<10_000 {
            let bytes = mutator.mutate(arrays[round % arrays.count])
            if (try? FeatureFile.layout(bytes, size: bytes.count, "made.npy")) != nil { read += 1 }
            if (try? RowNames(mutator.mutate(names), path: "names.txt")) != nil { named += 1 }
        }
        #expect(read > 0 && named > 0)
        // The whole way, with files.
        for round in 0..<300 {
            let file = try folder.write(mutator.mutate(arrays[round % arrays.count]), to: "made.npy")
            let text = try folder.write(round % 2 == 0 ? names : mutator.mutate(names), to: "made.txt")
            do throws(FeatureFileError) {
                let features = try FeatureFile(file, names: text)
                #expect(features.rows.count == features.rows.names.count)
            } catch {
                #expect(!error.description.isEmpty)
            }
        }
    }
}
