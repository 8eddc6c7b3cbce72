import TestSupport
import Testing

@testable import Shard

@Suite struct SampleRowTests {
    @Test func everyFieldStandsInEveryRow() throws {
        let text = String(decoding: try RecordJSON.encode(demoRow(1)), as: UTF8.self)
        #expect(
            text == """
                {"cuts":null,"definite_caption":null,"error":null,"host":"node1","index":1,"key":"clip_1",\
                "losses":[0.5,0.25],"offset":null,"particle":null,"prompt":null,"rank":1,"score":null,\
                "seconds":1.25,"seed":1099511627776,"shard":null,"stages":{"decode":0.5},"status":"ok",\
                "task":"v2a","trust":null,"video_choice":null,"words":null}
                """)
    }

    @Test("what the guides found stands in the row, and comes back")
    func findings() throws {
        let text = String(decoding: try RecordJSON.encode(demoRow(5)), as: UTF8.self)
        for field in [
            #""score":0.75"#, #""particle":2"#, #""trust":0.5"#, #""definite_caption":"a red star flashes""#,
            #""cuts":[{"kept":[2,0],"particles":[0,1,2,10],"scores":[0.5,-1,0.625,0.25],"step":3}]"#,
            #""words":[{"cosine":0.5,"text":"a bell","weight":0.875}]"#,
            #""video_choice":{"cuts":[],"particle":null,"score":0.25}"#,
        ] {
            #expect(text.contains(field), "\(field) in \(text)")
        }
        let row = try SampleRow(parsing: Array(text.utf8), name: "row")
        #expect(row == demoRow(5))
        #expect(try RecordJSON.encode(row) == Array(text.utf8))
    }

    @Test("a score that is no number is null, as losses are")
    func findingsThatAreNotFinite() throws {
        let findings = SampleFindings(choice: .init(score: .nan), videoChoice: .init(score: .infinity), trust: .nan)
        let row = SampleRow(
            index: 0, key: "k", task: "v2a", prompt: nil, seed: 1, status: .ok, findings: findings)
        let read = try SampleRow(parsing: RecordJSON.encode(row), name: "row").findings
        #expect(read == SampleFindings(videoChoice: .init()))
    }

    @Test("a row of an earlier version, which has no such fields, is read")
    func earlierRow() throws {
        let text = """
            {"error":null,"host":"node1","index":1,"key":"clip_1","losses":[0.5],"offset":7,"prompt":null,"rank":1,\
            "seconds":1.25,"seed":1,"shard":"shard-000000.tar.zst","stages":null,"status":"ok","task":"v2a"}
            """
        #expect(try SampleRow(parsing: Array(text.utf8), name: "row").findings == .none)
    }

    @Test(
        "a finding that is none is refused by its field",
        arguments: [
            (#""cuts":[{"step":1,"particles":[0,1],"scores":[0.5],"kept":[0]}]"#, "cuts.particles has 2 entries"),
            (#""cuts":[{"step":1,"particles":[0],"scores":[0.5]}]"#, "'cuts.kept' is missing"),
            (#""words":[{"text":"a","weight":1}]"#, "'words.cosine' is missing"),
            (#""score":"high""#, "where a number was expected"),
        ])
    func badFinding(field: String, message: String) throws {
        let text = #"{"index":1,"key":"k","task":"v2a","seed":1,"status":"ok","losses":[],"# + field + "}"
        #expect { try SampleRow(parsing: Array(text.utf8), name: "row") } throws: {
            "\($0)".contains(message)
        }
    }

    @Test func linesRoundTrip() throws {
        let rows = [demoRow(0), demoRow(1), demoRow(2)]
        let lines = try SampleRow.lines(rows)
        #expect(lines.count { $0 == 10 } == 3)
        #expect(try SampleRow.parse(lines: lines, name: "rows") == rows)
    }

    @Test func lossesThatAreNotFiniteAreNull() throws {
        let bytes = try RecordJSON.encode(demoRow(4, failed: true))
        #expect(String(decoding: bytes, as: UTF8.self).contains(#""losses":[1.5,null]"#))
        let row = try SampleRow(parsing: bytes, name: "row")
        #expect(row.losses[0] == 1.5)
        #expect(row.losses[1].isNaN)
    }

    @Test("the largest seed comes back from JSON exactly")
    func largestSeed() throws {
        let row = SampleRow(index: 0, key: "k", task: "v2a", prompt: nil, seed: .max, status: .ok)
        #expect(try SampleRow(parsing: RecordJSON.encode(row), name: "row").seed == .max)
    }

    @Test func badLineIsNamed() throws {
        let lines = try SampleRow.lines([demoRow(0)]) + Array("{\"index\":1}\n".utf8)
        #expect { try SampleRow.parse(lines: lines, name: "rows") } throws: { error in
            "\(error)".contains("rows line 2") && "\(error)".contains("'key' is missing")
        }
        #expect(throws: RecordError.self) { try SampleRow.parse(lines: Array("{}".utf8), name: "rows") }
    }

    @Test("mutated rows are read or refused, and never crash")
    func fuzzed() throws {
        let rows = try [demoRow(0), demoRow(5), demoRow(4, failed: true)].map { try SampleRow.lines([$0]) }
        _ = fuzz(rows, seed: 15) { _ = try SampleRow.parse(lines: $0, name: "rows") }
    }
}
