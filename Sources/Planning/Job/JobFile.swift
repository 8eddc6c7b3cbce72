internal import Files
package import Foundation

/// Reads job files.
package enum JobFile {
    /// A job file may be this long, in bytes.
    package static let maximumBytes = 1 << 20

    /// Reads and resolves a job file.
    ///
    /// Relative paths start from the job file's folder. A model that exists there becomes an absolute path; any other
    /// stays what it is, a repo id to look up in the Hugging Face cache.
    /// - Parameters:
    ///   - url: The YAML file.
    ///   - overrides: Settings of the command line, `sampling.steps=10`; later ones win.
    /// - Throws: ``JobError`` with everything that is wrong.
    package static func load(_ url: URL, overrides: [String] = []) throws(JobError) -> Job {
        let text = try read(url)
        return try resolve(text, path: url.path, overrides: overrides)
    }

    /// Resolves the text of a job file that lies at `path`.
    /// - Throws: ``JobError`` with everything that is wrong.
    package static func resolve(_ text: String, path: String, overrides: [String] = []) throws(JobError) -> Job {
        let name = URL(filePath: path).lastPathComponent
        let parsed = try JobNode.parse(text, path: path) { "\(name):\($0)" }
        var root = parsed ?? JobNode(content: .mapping([]), location: "\(name):1")
        guard case .mapping = root.content else {
            throw .syntax(path: path, line: 1, reason: "the file \(root.found); it must be a mapping of settings")
        }
        for text in overrides { try JobOverride(text).apply(to: &root) }
        guard case .mapping(let entries) = root.content else { return try Job(reading: [], at: path) }
        return try Job(reading: entries, at: path)
    }

    private static func read(_ url: URL) throws(JobError) -> String {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try InputFile.bytes(of: url.path, limit: maximumBytes)
        } catch {
            throw .unreadable(path: url.path, reason: error.reason)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .unreadable(path: url.path, reason: "it is not UTF-8 text")
        }
        return text
    }
}
