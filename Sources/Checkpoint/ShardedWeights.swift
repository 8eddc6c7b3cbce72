internal import Files
import JSON

/// Reads an index of a checkpoint in several files (`*.safetensors.index.json`, `*.bin.index.json`): `weight_map` says
/// for each key in which file beside the index it lies.
enum ShardedWeights {
    static let indexLimit = 64 << 20

    static func records(of index: MappedFile) throws(WeightFileError) -> [TensorRecord] {
        let map = try weightMap(index)
        let folder = index.path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(
            separator: "/")
        var wanted: [String: Set<String>] = [:]
        for (key, shard) in map { wanted[shard, default: []].insert(key) }
        var records: [TensorRecord] = []
        for shard in wanted.keys.sorted() {
            let path = folder.isEmpty && !index.path.hasPrefix("/") ? shard : "\(folder)/\(shard)"
            let found: [TensorRecord]
            do throws(WeightFileError) {
                found = try WeightFile.open(single: path).records
            } catch .file(.missing) {
                throw .shardMissing(index: index.path, shard: shard)
            }
            let keys = wanted[shard] ?? []
            let present = Set(found.map(\.name))
            if let key = keys.subtracting(present).min() {
                throw .keyNotInShard(index: index.path, key: key, shard: shard)
            }
            // A key that the index sends elsewhere, or nowhere, leaves open which copy is meant.
            if let key = present.subtracting(keys).min() {
                throw .keyNotInIndex(index: index.path, key: key, shard: shard)
            }
            records += found
        }
        return records
    }

    private static func weightMap(_ index: MappedFile) throws(WeightFileError) -> [(key: String, shard: String)] {
        let document: JSONValue
        do throws(JSONError) {
            document = try index.withBytes { bytes throws(JSONError) in
                try JSONValue(parsing: bytes, limit: indexLimit)
            }
        } catch {
            throw .index(path: index.path, reason: "it is \(error)")
        }
        guard let members = document["weight_map"]?.members, !members.isEmpty else {
            throw .index(path: index.path, reason: "it has no object weight_map that names tensors")
        }
        var map: [(key: String, shard: String)] = []
        for member in members {
            guard let shard = member.value.string else {
                throw .index(path: index.path, reason: "weight_map[\"\(member.name)\"] is not a file name")
            }
            // A shard lies beside its index; a path could lead anywhere.
            guard !shard.isEmpty, !shard.contains("/"), shard != "..", shard != "." else {
                throw .index(
                    path: index.path, reason: "weight_map[\"\(member.name)\"] is \"\(shard)\", not a plain file name")
            }
            map.append((member.name, shard))
        }
        return map
    }
}
