internal import Files
internal import Foundation
internal import Goldens

/// Draws the models with random weights, and compares their files with the recorded sums: the goldens are of those very bytes,
/// and the noise of every sample comes from the same generator.
struct ModelsPart {
    let setting: SelfTestSetting

    func run(_ tell: SelfTestSink) throws {
        try RandomModelMaker(setting.data).make(in: setting.models)
        let path = setting.data.sums.path
        let lines = String(decoding: try InputFile.bytes(of: path, limit: 1 << 16), as: UTF8.self)
            .split(separator: "\n")
        var wrong: [String] = []
        for line in lines {
            // As sha256sum writes them: the sum, two spaces, the name.
            let words = line.split(separator: " ", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            guard words.count == 2 else { throw GoldenError.unreadable(path: path, reason: "'\(line)' is no sum") }
            let bytes = try InputFile.bytes(of: setting.models.appending(path: words[1]).path, limit: 1 << 30)
            if SHA256.hexadecimalDigest(of: bytes) != words[0] { wrong.append(words[1]) }
        }
        var check = SelfTestCheck(
            "files of weights", wrong.isEmpty && !lines.isEmpty ? .passed : .failed,
            note: wrong.isEmpty ? nil : "other bytes than recorded: \(wrong.joined(separator: ", "))")
        check.compared = lines.count
        check.against = "their recorded SHA-256"
        try tell(check)
    }
}
