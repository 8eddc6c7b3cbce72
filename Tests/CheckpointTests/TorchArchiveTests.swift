import Foundation
import TestSupport
import Testing

@testable import Checkpoint

@Suite struct TorchArchiveTests {
    private func open(_ name: String) throws -> WeightFile {
        try WeightFile.open(Fixtures.url("checkpoint/\(name)").path)
    }

    private func kind(_ name: String) -> TorchArchiveError.Kind? {
        do throws(WeightFileError) {
            _ = try WeightFile.open(Fixtures.url("checkpoint/\(name)").path)
        } catch .torchArchive(let error) {
            return error.kind
        } catch {}
        return nil
    }

    @Test func holdsTheSameBytesAsSafetensors() throws {
        let archive = try open("types.pth")
        let expected = try open("types.safetensors")
        #expect(archive.format == .torchArchive)
        #expect(Set(archive.names) == Set(expected.names))
        for record in expected.records {
            let other = try archive.record(record.name, shape: record.shape)
            #expect(other.dtype == record.dtype)
            #expect(other.strides == nil)
            #expect(other.isAligned)
            #expect(other.withBytes { Array($0) } == record.withBytes { Array($0) })
        }
    }

    @Test func findsANestedStateDict() throws {
        let file = try open("nested.pth")
        #expect(
            file.names == [
                "0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var", "1.num_batches_tracked",
            ])
        let weight = try file.record("0.weight", shape: [2, 3])
        #expect(weight.withBytes { Array($0.bindMemory(to: Float.self)) } == [0, 1, 2, 3, 4, 5])
        #expect(try file.record("1.num_batches_tracked", shape: []).dtype == .i64)
    }

    @Test(arguments: ["parameter.pth", "protocol4.pth"]) func readsParametersAndProtocol4(_ name: String) throws {
        let weight = try open(name).record("weight", shape: [2, 2])
        #expect(weight.withBytes { Array($0.bindMemory(to: Float.self)) } == [0, 1, 2, 3])
    }

    @Test func reportsStridesOfViews() throws {
        let file = try open("views.pth")
        func first(_ record: TensorRecord) -> Float { record.withBytes { $0.load(as: Float.self) } }
        let base = try file.record("base", shape: [4, 6])
        #expect(base.strides == nil)
        let transposed = try file.record("transposed", shape: [6, 4])
        #expect(transposed.strides == [1, 6])
        #expect(transposed.byteRange == base.byteRange)
        let rows = try file.record("rows", shape: [2, 6])
        #expect(rows.strides == nil && first(rows) == 6)
        let columns = try file.record("columns", shape: [4, 2])
        #expect(columns.strides == [6, 1] && first(columns) == 2)
        #expect(columns.byteRange.count == (3 * 6 + 2) * 4)
        // Along a dimension of one element the stride means nothing.
        #expect(try file.record("row", shape: [6, 1]).strides == nil)
    }

    @Test func refusesForbiddenNamesWithoutRunningThem() {
        guard case .pickle(let error) = kind("forbidden.pth") else {
            Issue.record("not refused by the unpickler")
            return
        }
        #expect(error.kind == .forbiddenGlobal("__builtin__.print") || error.kind == .forbiddenGlobal("builtins.print"))
        #expect(error.offset > 0)
    }

    @Test func refusesCompressedEntries() {
        #expect(kind("deflated.pth") == .zip(.compressed(name: "parameter/data.pkl", method: 8)))
    }

    @Test("what PyTorch saved before 1.6 holds the same bytes as safetensors")
    func legacy() throws {
        let (old, expected) = (try open("legacy.pth"), try open("types.safetensors"))
        #expect(old.format == .torchArchive)
        #expect(Set(old.names) == Set(expected.names.filter { $0 != "empty" } + ["base", "columns"]))
        for record in expected.records where record.name != "empty" {
            let other = try old.record(record.name, shape: record.shape)
            #expect(other.dtype == record.dtype && other.strides == nil)
            #expect(other.withBytes { Array($0) } == record.withBytes { Array($0) }, "\(record.name)")
        }
        let (base, columns) = (try old.record("base", shape: [4, 6]), try old.record("columns", shape: [4, 2]))
        #expect(columns.strides == [6, 1])
        #expect(columns.byteRange.lowerBound == base.byteRange.lowerBound + 2 * 4)
    }

    @Test(
        "arrays of NumPy beside the weights are passed over, in both forms",
        arguments: ["sampler.pth", "sampler_legacy.pth"])
    func sampler(name: String) throws {
        let file = try open(name)
        #expect(file.names == ["weight"])
        let weight = try file.record("weight", shape: [2, 2])
        let numbers = weight.withBytes { bytes in
            (0..<4).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
        }
        #expect(numbers == [0, 1, 2, 3])
    }

    @Test("an old file that is cut short, or goes on, is an error that says where")
    func damagedLegacy() throws {
        let whole = try Array(Data(contentsOf: Fixtures.url("checkpoint/sampler_legacy.pth")))
        func kind(_ bytes: [UInt8]) -> TorchArchiveError.Kind? {
            bytes.withUnsafeBytes { bytes in
                do throws(TorchArchiveError.Kind) {
                    _ = try TorchArchive.parse(bytes)
                    return nil
                } catch {
                    return error
                }
            }
        }
        #expect(kind(whole) == nil)
        #expect(kind(whole + [0]) == .legacy("1 bytes follow its last storage"))
        for missing in 1...whole.count - LegacyTorchFile.start.count {
            #expect(kind(whole.dropLast(missing)) != nil, "\(missing) bytes fewer")
        }
        guard case .legacy(let reason) = kind(whole.dropLast(3)) else {
            Issue.record("a file without its last bytes")
            return
        }
        #expect(reason.contains("it ends within storage"))
        // The count before the last four numbers, 16 bytes.
        var other = whole
        other[other.count - 24] = 5
        guard case .legacy(let counted) = kind(other) else {
            Issue.record("a storage of another size")
            return
        }
        #expect(counted.contains("has 5 elements, and its tensors say 4"))
    }

    @Test("a pickle of another program is called one, with a command that converts it")
    func plainPickle() throws {
        let path = Fixtures.url("checkpoint/plain.pkl").path
        #expect(throws: WeightFileError.plainPickle(path: path)) { try WeightFile.open(path) }
        #expect("\(WeightFileError.plainPickle(path: path))".contains("pickle.load("))
    }

    @Test func refusesOtherFiles() throws {
        let scratch = try TemporaryFolder()
        let pointer = try scratch.write("version https://git-lfs.github.com/spec/v1\n", to: "a.safetensors")
        #expect(throws: WeightFileError.gitPointer(path: pointer)) { try WeightFile.open(pointer) }
        let noise = try scratch.write([1, 2, 3], to: "b.pth")
        #expect(throws: WeightFileError.unknownFormat(path: noise, start: [1, 2, 3])) { try WeightFile.open(noise) }
    }

    @Test(
        "what is often taken for a checkpoint is called what it is",
        arguments: [
            ("<!DOCTYPE html><html>", "a web page"), ("\n<html>", "a web page"), ("GGUF\u{3}\0\0\0", "a GGUF file"),
            ("{\"error\":\"Repository not found\"}", "text: the server"), ("Entry not found", "text: the server"),
        ])
    func otherKinds(text: String, kind: String) throws {
        let scratch = try TemporaryFolder()
        let path = try scratch.write(text, to: "model.pth")
        #expect { try WeightFile.open(path) } throws: { "\($0)".contains(kind) && "\($0)".hasPrefix(path) }
    }

    @Test("the weights are found under whatever a trainer calls them, beside an optimizer's state")
    func wrappers() throws {
        for name in ["trainer.pt", "wrapped_twice.pt"] {
            let file = try open(name)
            #expect(file.names == ["weight"], "\(name)")
            let weight = try file.record("weight", shape: [2, 2])
            #expect(weight.withBytes { Array($0.bindMemory(to: Float.self)) } == [0, 1, 2, 3], "\(name)")
        }
    }

    @Test("two sets of weights in one file are named, and none is chosen")
    func severalSets() throws {
        #expect(kind("two_sets.pt") == .severalStateDicts(keys: ["ema", "model"]))
        #expect { try open("two_sets.pt") } throws: {
            "\($0)".contains("ema, model") && "\($0)".contains("torch.save(")
        }
    }

    @Test("a TorchScript archive is called one, with the command that takes the weights out")
    func torchScript() throws {
        #expect(kind("script.pt") == .torchScript)
        #expect { try open("script.pt") } throws: {
            "\($0)".contains("TorchScript") && "\($0)".contains("torch.jit.load")
        }
    }

    @Test(
        "a refused name is explained",
        arguments: [
            ("module.pt", "a whole model was saved"), ("fp8.pth", "8-bit floating point"),
            ("forbidden.pth", "more than tensors"),
        ])
    func explanations(name: String, text: String) throws {
        #expect { try open(name) } throws: { "\($0)".contains(text) && "\($0)".contains("it is refused") }
    }

    @Test("8-bit floating point in safetensors is refused, with what to fetch")
    func eightBits() throws {
        #expect { try open("fp8.safetensors") } throws: {
            "\($0)".contains("F8_E4M3") && "\($0)".contains("fetch the checkpoint in float16")
        }
    }

    @Test func refusesAByteOrderThatIsNotOurs() throws {
        var bytes = try Array(Data(contentsOf: Fixtures.url("checkpoint/parameter.pth")))
        let word = Array("little".utf8)
        let at = try #require(bytes.indices.first { bytes[$0...].starts(with: word) })
        bytes.replaceSubrange(at..<at + 6, with: "bigbig".utf8)
        let result = Result { try bytes.withUnsafeBytes { try TorchArchive.parse($0) } }
        #expect(throws: TorchArchiveError.Kind.byteOrder(found: "bigbig")) { try result.get() }
    }

    @Test func noticesADamagedPickle() throws {
        var bytes = try Array(Data(contentsOf: Fixtures.url("checkpoint/parameter.pth")))
        let at = try #require(bytes.indices.first { bytes[$0...].starts(with: "weight".utf8) })
        bytes[at] = UInt8(ascii: "W")
        let result = Result { try bytes.withUnsafeBytes { try TorchArchive.parse($0) } }
        #expect(throws: TorchArchiveError.Kind.pickleDamaged) { try result.get() }
    }

    /// 10,000 damaged archives; what is accepted lies inside its file.
    @Test(arguments: ["nested.pth", "views.pth", "legacy.pth", "sampler_legacy.pth"]) func survivesDamagedArchives(
        _ name: String
    ) throws {
        let seed = try Array(Data(contentsOf: Fixtures.url("checkpoint/\(name)")))
        // Damage to tensors changes nothing, so half of it goes to the directory at the end.
        let tail = max(0, seed.count - 1_200)
        var mutator = ByteMutator(seed: 2)
        for round in 0..<5_000 {
            let bytes =
                round.isMultiple(of: 2)
                ? mutator.mutate(seed) : seed[..<tail] + mutator.mutate(Array(seed[tail...]))
            let entries = Array(bytes).withUnsafeBytes { try? TorchArchive.parse($0) }
            for entry in entries ?? [] { #expect(entry.byteRange.upperBound <= bytes.count) }
        }
    }
}
