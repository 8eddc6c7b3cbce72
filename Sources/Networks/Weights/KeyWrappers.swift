internal import Checkpoint

extension WeightFile {
    /// The shapes of its tensors by their names in the network, off which sizes are read. No weight is.
    var networkShapes: [String: [Int]] {
        Dictionary(zip(KeyWrappers.unwrapped(names), records.map(\.shape)), uniquingKeysWith: { first, _ in first })
    }
}

/// What programs that train, compile or bundle networks put around the names of their keys. None of it can be part of a name
/// in the networks here, so leaving it out is harmless; two keys that come to one name are an error nevertheless.
enum KeyWrappers {
    /// Before all names of a network: training on several processors, and a UNet within its diffusion model.
    private static let prefixes = ["module.", "model.diffusion_model."]
    /// Anywhere between the parts of a name: `torch.compile`, sharded training, recomputed layers.
    private static let steps: Set<Substring> = ["_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"]

    /// The name without wrappers.
    static func unwrapped(_ key: String) -> String {
        var name = key
        if name.contains("_wrapped_module") || name.contains("_orig_mod") {
            name = name.split(separator: ".", omittingEmptySubsequences: false).filter { !steps.contains($0) }
                .joined(separator: ".")
        }
        while let prefix = prefixes.first(where: name.hasPrefix) { name.removeFirst(prefix.count) }
        return name
    }

    /// The names of a file's keys without wrappers, in the same order. Where every key begins with `model.`, as in a
    /// Lightning checkpoint, that is one too.
    static func unwrapped(_ keys: [String]) -> [String] {
        let names = keys.map(unwrapped)
        let outer = "model."
        guard !names.isEmpty, names.allSatisfy({ $0.hasPrefix(outer) }) else { return names }
        return names.map { unwrapped(String($0.dropFirst(outer.count))) }
    }
}
