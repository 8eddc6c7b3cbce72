internal import Coordinator
internal import Files
internal import Foundation
internal import Logging
internal import Threads

/// Folders of inputs: a file alone may have been deleted; a folder that is gone is a mount that is.
struct InputFolders {
    let patience: StoragePatience
    let reading: WorkThread
    let log: Logger

    /// Waits until the folders of these files are there.
    /// - Throws: what patience throws at its end.
    func wait(for paths: some Sequence<String>) async throws {
        let folders = Set(paths.map { ExactText(URL(filePath: $0).deletingLastPathComponent().path) })
        for folder in folders.sorted().map(\.text) {
            try await patience("the folder of inputs", log: log) {
                try await reading.perform {
                    guard FileManager.default.fileExists(atPath: folder) else {
                        throw FileError("open", folder, code: ENOENT)
                    }
                }
            }
        }
    }
}
