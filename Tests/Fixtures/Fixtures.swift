public import Foundation

/// Where the committed fixtures lie. Every folder under `Data` records, in its README, the command that made it.
public enum Fixtures {
    /// The folder `Tests/Fixtures/Data` of this checkout.
    public static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Data")

    /// A file or folder below ``folder``, by relative path.
    public static func url(_ path: String) -> URL { folder.appending(path: path) }
}
