internal import Files

/// The files of AnimateDiff's motion adapter: a folder as diffusers stores it, or one checkpoint of the original program,
/// which has no configuration.
package struct MotionAdapterFiles: Sendable, Equatable {
    /// Safetensors, an index of several, or a PyTorch archive.
    package let weights: String
    /// `config.json` beside weights of diffusers; nil for an original checkpoint, whose sizes stand in its keys.
    package let config: String?

    /// The checkpoints that AnimateDiff's authors published for Stable Diffusion 1.5 and 1.4, best first.
    private static let originalNames = ["mm_sd_v15_v2.ckpt", "v3_sd15_mm.ckpt", "mm_sd_v15.ckpt", "mm_sd_v14.ckpt"]

    /// The files to name in a command that fetches them.
    package static var usualFiles: [String] { ModelComponent.motionAdapter.usualFiles }

    /// Finds the files in a folder, diffusers' before the original ones, or takes one file.
    ///
    /// - Throws: ``ModelFolderError/missing(folder:anyOf:command:)``.
    package init(_ location: ModelLocation) throws(ModelFolderError) {
        let component = ModelComponent.motionAdapter
        let names = component.weightNames(variant: nil)
        guard location.isFolder else {
            weights = location.path
            var parts = location.path.split(separator: "/", omittingEmptySubsequences: false)
            let name = parts.popLast().map(String.init) ?? ""
            let config = (parts + ["config.json"]).joined(separator: "/")
            self.config = names.contains(name) && PathKind(config) == .file ? config : nil
            return
        }
        let folder = location.path
        if let name = names.first(where: { PathKind("\(folder)/\($0)") == .file }) {
            weights = "\(folder)/\(name)"
            config = "\(folder)/config.json"
            guard PathKind("\(folder)/config.json") == .file else { throw Self.missing(["config.json"], location) }
        } else if let name = Self.originalNames.first(where: { PathKind("\(folder)/\($0)") == .file }) {
            weights = "\(folder)/\(name)"
            config = nil
        } else {
            throw Self.missing(names.filter { !$0.contains("index") } + Self.originalNames, location)
        }
    }

    private static func missing(_ names: [String], _ location: ModelLocation) -> ModelFolderError {
        .missing(
            folder: location.path, anyOf: names, command: location.repository?.downloadCommand(files: usualFiles))
    }
}
