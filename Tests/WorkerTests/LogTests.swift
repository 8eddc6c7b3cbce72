import Files
import Foundation
import Logging
import TestSupport
import Testing

@testable import Worker

@Suite struct LogTests {
    @Test func twoLoggersOfOneRankShareAFile() throws {
        let folder = try TemporaryFolder()
        let url = folder.url.appending(path: "rank-2.log")
        for label in ["coordinator", "worker"] {
            let file = LogFile(url.path)
            for number in 0..<3 {
                Logger(label: label) {
                    FileLogHandler(label: $0, rank: 2, file: file, format: .json, echo: .critical)
                }.info("line \(number)", metadata: ["batch": "7"])
            }
        }
        let lines = try String(contentsOf: url, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 6)
        let last = try #require(
            try JSONSerialization.jsonObject(with: Data((lines.last ?? "").utf8)) as? [String: String])
        #expect(last["logger"] == "worker")
        #expect(last["batch"] == "7")
        #expect(last["message"] == "line 2")
        #expect(last["rank"] == "2")
    }
}
