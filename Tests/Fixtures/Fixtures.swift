public import Foundation

/// Where the committed fixtures lie. Every folder under `Data` records, in its README, the command that made it.
public enum Fixtures {
    /// The root of this checkout.
    public static let checkout = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The folder `Tests/Fixtures/Data`.
    public static let folder = checkout.appending(path: "Tests/Fixtures/Data")

    /// Small models with random weights in the published layouts.
    public static let randomModels = checkout.appending(path: "Models/random")

    /// A file or folder below ``folder``, by relative path.
    public static func url(_ path: String) -> URL { folder.appending(path: path) }
}
