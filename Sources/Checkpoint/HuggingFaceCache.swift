internal import Files
import Foundation

/// Finds models on this machine: paths, and repositories that were downloaded into the cache of the Hugging Face tools.
/// It reads only; nothing is ever downloaded.
///
/// Source: the layout that huggingface_hub documents (`models--org--name/refs/main` names the folder below `snapshots`).
package struct HuggingFaceCache: Sendable {
    /// The folder that holds `models--org--name`.
    package let folder: String
    private let home: String

    /// The cache that the environment names: `HF_HUB_CACHE`, else `HUGGINGFACE_HUB_CACHE`, else `HF_HOME`/hub, else
    /// `XDG_CACHE_HOME`/huggingface/hub, else ~/.cache/huggingface/hub.
    package init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let home = value("HOME") ?? NSHomeDirectory()
        let folder =
            if let path = value("HF_HUB_CACHE") ?? value("HUGGINGFACE_HUB_CACHE") {
                path
            } else if let path = value("HF_HOME") {
                "\(path)/hub"
            } else if let path = value("XDG_CACHE_HOME") {
                "\(path)/huggingface/hub"
            } else {
                "\(home)/.cache/huggingface/hub"
            }
        self.home = home
        self.folder = Self.expand(folder, home: home)
    }

    /// Where a model lies: an existing file or folder, else a repository in the cache.
    /// - Parameters:
    ///   - reference: a path, or `org/name[@revision]`.
    ///   - files: what will be needed of a repository, for the command in the error.
    /// - Throws: ``ModelReferenceError``, which names the command that would fetch what is missing.
    package func resolve(_ reference: String, files: [String] = []) throws(ModelReferenceError) -> ModelLocation {
        guard !reference.isEmpty else { throw .emptyReference }
        let path = Self.expand(reference, home: home)
        switch PathKind(path) {
        case .folder: return ModelLocation(path: path, isFolder: true, repository: nil)
        case .file: return ModelLocation(path: path, isFolder: false, repository: nil)
        case .nothing: break
        }
        let looksLikeFile = [".safetensors", ".pth", ".pt", ".bin", ".ckpt", ".json", ".gz"].contains(
            where: path.hasSuffix)
        guard !looksLikeFile, !reference.hasPrefix("~"), let hub = HubReference(reference) else {
            throw .noSuchPath(path)
        }
        return ModelLocation(path: try snapshot(hub, files: files), isFolder: true, repository: hub)
    }

    private func snapshot(_ hub: HubReference, files: [String]) throws(ModelReferenceError) -> String {
        let repository = "\(folder)/\(hub.cacheFolder)"
        let command = hub.downloadCommand(files: files)
        guard PathKind(repository) == .folder else {
            throw .notInCache(reference: hub.description, cache: folder, command: command)
        }
        let revision = hub.revision ?? "main"
        var name = revision
        if let bytes = try? InputFile.bytes(of: "\(repository)/refs/\(revision)", limit: 256) {
            name = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        }
        // The ref is a file like any other: it must not lead out of the cache.
        let snapshot = "\(repository)/snapshots/\(name)"
        guard !name.isEmpty, !name.contains("/"), name != ".", name != "..", PathKind(snapshot) == .folder else {
            let present = (try? FileManager.default.contentsOfDirectory(atPath: "\(repository)/snapshots")) ?? []
            throw .revisionNotInCache(
                reference: hub.description, revision: revision, present: present.sorted(), command: command)
        }
        return snapshot
    }

    private static func expand(_ path: String, home: String) -> String {
        path == "~" || path.hasPrefix("~/") ? home + path.dropFirst() : path
    }
}

/// Where a model was found.
package struct ModelLocation: Sendable, Equatable {
    /// A folder, or one checkpoint file.
    package let path: String
    package let isFolder: Bool
    /// The repository that was looked up; nil for a path.
    package let repository: HubReference?
}

/// Why a model reference leads nowhere.
package enum ModelReferenceError: Error, Equatable, CustomStringConvertible {
    case emptyReference
    case noSuchPath(String)
    case notInCache(reference: String, cache: String, command: String)
    case revisionNotInCache(reference: String, revision: String, present: [String], command: String)

    package var description: String {
        switch self {
        case .emptyReference: "A model reference is empty; give a path, or org/name of a downloaded repository."
        case .noSuchPath(let path): "\(path): there is no such file or folder."
        case .notInCache(let reference, let cache, let command):
            "\(reference) is neither a path nor in the Hugging Face cache \(cache); fetch it with `\(command)`."
        case .revisionNotInCache(let reference, let revision, let present, let command):
            "\(reference): the Hugging Face cache does not have the revision \(revision)"
                + (present.isEmpty ? "" : " (it has \(present.joined(separator: ", ")))")
                + "; fetch it with `\(command)`."
        }
    }
}
