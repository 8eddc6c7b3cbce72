package import Foundation

/// Where the committed fixtures lie. Every folder under `Data` records, in its README, the command that made it.
package enum Fixtures {
    /// The root of this checkout.
    package static let checkout = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The folder `Tests/Fixtures/Data`.
    package static let folder = checkout.appending(path: "Tests/Fixtures/Data")

    /// A file or folder below ``folder``, by relative path.
    package static func url(_ path: String) -> URL { folder.appending(path: path) }
}
