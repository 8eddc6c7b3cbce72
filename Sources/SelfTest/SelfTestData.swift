internal import Foundation
package import Goldens

/// Finds what a self-test needs beside its program.
package enum SelfTestData {
    /// What has to be there, below the root of a checkout or of what was unpacked of one.
    private static let needed = [
        "Tests/Fixtures/Data/traces", "Tests/Fixtures/Data/units", "Models/random/recipe.txt",
        "Models/random/SHA256SUMS",
        "Models/toyworld", "Models/labels/toyworld.txt", "demo/world.yaml", "demo/scenes/manifest.jsonl",
    ]

    /// - Parameters:
    ///   - given: a folder that was named; nil looks in the present folder and around the program, and in the folders above them.
    ///   - program: the path of the program.
    /// - Throws: ``SelfTestError/noData(_:)``.
    package static func find(_ given: String?, program: String) throws(SelfTestError) -> GoldenData {
        if let given {
            let root = URL(filePath: given, directoryHint: .isDirectory).standardizedFileURL
            if let missing = missing(below: root) { throw .incomplete(root.path, missing: missing) }
            return GoldenData(root: root)
        }
        let starts = [
            FileManager.default.currentDirectoryPath, URL(filePath: program).deletingLastPathComponent().path,
        ]
        for start in starts {
            var folder = URL(filePath: start, directoryHint: .isDirectory).standardizedFileURL
            while true {
                if missing(below: folder) == nil { return GoldenData(root: folder) }
                if folder.path == "/" { break }
                folder = folder.deletingLastPathComponent().standardizedFileURL
            }
        }
        throw .noData(starts)
    }

    private static func missing(below root: URL) -> String? {
        needed.first { !FileManager.default.fileExists(atPath: root.appending(path: $0).path) }
    }
}

/// Why a self-test cannot begin.
package enum SelfTestError: Error, CustomStringConvertible {
    case noData([String])
    case incomplete(String, missing: String)

    package var description: String {
        switch self {
        case .noData(let places):
            "the goldens are neither in nor above \(places.joined(separator: " or ")): give --data, the folder of a checkout or "
                + "of what was unpacked of one."
        case .incomplete(let path, let missing):
            "\(path) has no \(missing): give --data, the folder of a checkout or of what was unpacked of one."
        }
    }
}
