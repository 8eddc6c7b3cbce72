import TestSupport
import Testing

@testable import Shard

@Suite struct SampleRowTests {
    @Test func everyFieldStandsInEveryRow() throws {
        let text = String(decoding: try RecordJSON.encode(demoRow(1)), as: UTF8.self)
        #expect(
            text == """
                {"error":null,"host":"node1","index":1,"key":"clip_1","losses":[0.5,0.25],"offset":null,\
                "prompt":null,"rank":1,"seconds":1.25,"seed":1099511627776,"shard":null,"stages":{"decode":0.5},\
                "status":"ok","task":"v2a"}
                """)
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
        let rows = try [demoRow(0), demoRow(1), demoRow(4, failed: true)].map { try SampleRow.lines([$0]) }
        _ = fuzz(rows, seed: 15) { _ = try SampleRow.parse(lines: $0, name: "rows") }
    }
}
