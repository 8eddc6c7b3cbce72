import Foundation
import TestSupport
import Testing

extension Integration {
    /// What grows with the number of rows, and what does not.
    @Suite("Scale")
    struct ScaleTests {
        /// Peak memory in MB by command, as `Benchmarks/million.py` measures it.
        private func peaks(rows: Int) async throws -> [String: Int] {
            let script = Fixtures.checkout.appending(path: "Benchmarks/million.py").path
            let outcome = try await Programs.run(
                "python3",
                [script, "--bin", Programs.folder.path, "--rows", "\(rows)", "--clips", "20", "--work", "2"],
                limit: 400)
            try #require(outcome.code == 0, "\(outcome.text)")
            let cells = outcome.lines.map { $0.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) } }
            return Dictionary(
                cells.compactMap { row in row.count == 4 ? Int(row[3]).map { (row[1], $0) } : nil },
                uniquingKeysWith: { first, _ in first })
        }

        /// A million rows within 400 MB, 200 MB and 50 MB a process, by what a tenth of that adds.
        @Test("a hundred thousand rows more cost plan, ls and a rank a tenth of what a million may")
        func memoryByRow() async throws {
            let few = try await peaks(rows: 10_000)
            let many = try await peaks(rows: 110_000)
            for (command, most) in [
                ("plan", 30), ("ls", 10), ("status", 5), ("a rank, rank 0", 10), ("what computes for it", 5),
            ] {
                let growth = try #require(many[command]) - #require(few[command])
                #expect(growth <= most, "\(command): \(growth) MB more")
            }
            #expect(try #require(few["plan"]) < 100)
            #expect(try #require(few["ls"]) < 100)
        }
    }
}
