package import Foundation

/// A folder that goes away with its owner.
package final class TemporaryFolder: Sendable {
    /// The folder.
    package let url: URL
    /// Its path.
    package var path: String { url.path }

    /// Makes an empty folder of a new name.
    package init() throws {
        url = FileManager.default.temporaryDirectory.appending(
            path: "seehear-\(UUID().uuidString)", directoryHint: .isDirectory)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// Writes a file, with the folders above it, and gives its path.
    @discardableResult
    package func write(_ bytes: some Sequence<UInt8>, to name: String) throws -> String {
        let file = url.appending(path: name)
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
        return file.path
    }

    /// Writes a file in UTF-8, with the folders above it, and gives its path.
    @discardableResult
    package func write(_ text: String, to name: String) throws -> String { try write(text.utf8, to: name) }

    /// The bytes of a file.
    package func read(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: url.appending(path: name))) }

    /// The bytes of every file below a folder in it, or below itself, by relative path.
    package func contents(under folder: String = "") throws -> [String: [UInt8]] {
        let root = url.appending(path: folder)
        var files: [String: [UInt8]] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: root.path) {
            // Folders have no bytes.
            if let data = try? Data(contentsOf: root.appending(path: name)) { files[name] = Array(data) }
        }
        return files
    }
}
