import Checkpoint
import Foundation
import TestSupport
import Testing

@Suite struct ShardedWeightsTests {
    static let index = Fixtures.url("checkpoint/sharded/model.safetensors.index.json").path

    @Test func joinsTheShards() throws {
        let file = try WeightFile.open(Self.index)
        #expect(file.format == .sharded)
        #expect(Set(file.names) == ["a", "b", "c"])
        #expect(try file.record("b", shape: [3]).dtype == .f16)
        #expect(try file.record("c", shape: [4]).withBytes { Array($0.bindMemory(to: Int64.self)) } == [0, 1, 2, 3])
    }

    /// A copy of the shards under another index.
    private func open(_ index: String) throws -> WeightFile {
        let scratch = try TemporaryFolder()
        let shards = Fixtures.url("checkpoint/sharded")
        for name in ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"] {
            try scratch.write(Data(contentsOf: shards.appending(path: name)), to: name)
        }
        return try WeightFile.open(scratch.write(index.utf8, to: "x.safetensors.index.json"))
    }

    private func failure(_ index: String) -> WeightFileError? {
        do {
            _ = try open(index)
            return nil
        } catch { return error as? WeightFileError }
    }

    @Test func refusesAnIndexThatDoesNotMatch() throws {
        let one = "model-00001-of-00002.safetensors"
        let two = "model-00002-of-00002.safetensors"
        guard case .shardMissing(_, "gone.safetensors") = failure(#"{"weight_map":{"a":"gone.safetensors"}}"#) else {
            Issue.record("a missing shard")
            return
        }
        guard case .keyNotInShard(_, "a", two) = failure(#"{"weight_map":{"a":"\#(two)","c":"\#(two)"}}"#) else {
            Issue.record("a key in another shard")
            return
        }
        guard case .keyNotInIndex(_, "b", one) = failure(#"{"weight_map":{"a":"\#(one)"}}"#) else {
            Issue.record("a key that the index does not have")
            return
        }
        for bad in [
            "[]", "{}", #"{"weight_map":{}}"#, #"{"weight_map":{"a":1}}"#, #"{"weight_map":{"a":"../x"}}"#,
            #"{"weight_map":{"a":"x","a":"y"}}"#,
        ] {
            guard case .index = failure(bad) else {
                Issue.record("accepted \(bad)")
                continue
            }
        }
    }
}
