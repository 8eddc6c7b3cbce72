package import Foundation
internal import Goldens

/// Small models with random weights in the published layouts, as ``RandomModelMaker`` makes them.
package enum RandomModels {
    /// Where they lie, made when first asked for: below `.build`, under the hash of what they are made from.
    package static let folder: URL = {
        do {
            return try publish(below: Fixtures.checkout.appending(path: ".build/random-models"))
        } catch {
            fatalError("the random models cannot be made: \(error)")
        }
    }()

    /// Makes them in a folder, which may be there.
    package static func make(in folder: URL) throws { try maker.make(in: folder) }

    private static let maker = RandomModelMaker(Fixtures.goldens)

    /// Makes them unless they are there, and gives their folder, which is never there in part.
    static func publish(below parent: URL) throws -> URL {
        let folder = parent.appending(path: try fingerprint(), directoryHint: .isDirectory)
        if FileManager.default.fileExists(atPath: folder.path) { return folder }
        let partial = parent.appending(path: ".\(UUID().uuidString)", directoryHint: .isDirectory)
        defer { try? FileManager.default.removeItem(at: partial) }
        try make(in: partial)
        // Another process may have been faster; what it published is the same.
        if rename(partial.path, folder.path) != 0 {
            let code = POSIXErrorCode(rawValue: errno) ?? .EIO
            guard FileManager.default.fileExists(atPath: folder.path) else { throw POSIXError(code) }
        }
        return folder
    }

    /// A hash of all that they are made from, the sources that draw them among it.
    private static func fingerprint() throws -> String {
        let code = Fixtures.checkout.appending(path: "Sources/Goldens")
        let sources = try FileManager.default.contentsOfDirectory(atPath: code.path).filter { $0.hasSuffix(".swift") }
        let files = try sources.sorted().map { (code.appending(path: $0), $0) } + maker.sources()
        var bytes: [UInt8] = []
        for (file, name) in files { bytes += Array(name.utf8) + (try Data(contentsOf: file)) }
        return FNV1a.hex(bytes)
    }
}
