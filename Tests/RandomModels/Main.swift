import Foundation
import TestSupport

/// Makes the small models with random weights, and prints where they are:
///
///     random-models [OUT]
///
/// Without a folder they are made where the tests find them, once.
@main
struct Main {
    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst()
        guard arguments.count <= 1, arguments.first?.hasPrefix("-") != true else {
            print("usage: random-models [OUT]")
            exit(2)
        }
        let out = arguments.first.map { URL(filePath: $0, directoryHint: .isDirectory) }
        if let out { try RandomModels.make(in: out) }
        print((out ?? RandomModels.folder).path)
    }
}
