import Foundation
import JSON
import TestSupport
import Testing

@testable import Checkpoint

@Suite struct SafetensorsTests {
    static let types = Fixtures.url("checkpoint/types.safetensors").path

    /// A file of a header and `data` zero bytes.
    static func file(_ header: String, data: Int, length: UInt64? = nil) -> [UInt8] {
        let length = length ?? UInt64(header.utf8.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + Array(header.utf8)
            + [UInt8](repeating: 0, count: data)
    }

    private func kind(_ bytes: [UInt8]) -> SafetensorsError.Kind? {
        let result = Result { try bytes.withUnsafeBytes { try Safetensors.parse($0, path: "x") } }
        if case .failure(let error) = result { return (error as? SafetensorsError)?.kind }
        return nil
    }

    @Test func readsEveryType() throws {
        let file = try WeightFile.open(Self.types)
        #expect(file.format == .safetensors)
        #expect(file.metadata == ["format": "pt"])
        #expect(file.records.count == ScalarType.allCases.count + 2)
        for type in ScalarType.allCases {
            let record = try file.record(type.rawValue, shape: [2, 3])
            #expect(record.dtype == type)
            #expect(record.strides == nil)
            #expect(record.isAligned)
            #expect(record.byteRange.count == 6 * type.byteCount)
        }
        #expect(try file.record("scalar", shape: []).elementCount == 1)
        #expect(try file.record("empty", shape: [0, 4]).elementCount == 0)
    }

    @Test func givesTheBytes() throws {
        let record = try WeightFile.open(Self.types).record("f32")
        #expect(record.withBytes { Array($0.bindMemory(to: Float.self)) } == [0, 1, 2, 3, 4, 5])
        let short = try WeightFile.open(Self.types).record("i16")
        #expect(short.withBytes { Array($0.bindMemory(to: Int16.self)) } == [0, 1, 2, 3, 4, 5])
    }

    @Test func namesWhatAModelMisses() throws {
        let file = try WeightFile.open(Self.types)
        #expect(throws: WeightFileError.missing(path: Self.types, key: "absent", shape: [2], hint: nil)) {
            try file.record("absent", shape: [2])
        }
        #expect(throws: WeightFileError.wrongShape(path: Self.types, key: "f32", found: [2, 3], expected: [3, 2])) {
            try file.record("f32", shape: [3, 2])
        }
        try file.requireUsed(Set(file.names), ignoring: { _ in false })
        try file.requireUsed(Set(file.names).subtracting(["u8"]), ignoring: { $0 == "u8" })
        #expect(throws: WeightFileError.surplus(path: Self.types, key: "u8", shape: [2, 3], count: 1)) {
            try file.requireUsed(Set(file.names).subtracting(["u8"]), ignoring: { _ in false })
        }
    }

    @Test func acceptsAnEmptyFileAndPadding() throws {
        let bytes = Self.file("{}   ", data: 0)
        #expect(try bytes.withUnsafeBytes { try Safetensors.parse($0, path: "x").entries.isEmpty })
    }

    static let malformed: [([UInt8], SafetensorsError.Kind)] = [
        ([1, 2, 3], .tooShort(found: 3)),
        (file("{}", data: 0, length: 1 << 63), .headerTooLong(found: 1 << 63, limit: 100_000_000)),
        (file("{}", data: 0, length: 100_000_001), .headerTooLong(found: 100_000_001, limit: 100_000_000)),
        (file("{}", data: 0, length: 9), .headerPastEnd(header: 9, available: 2)),
        (file("{", data: 0), .headerNotJSON(JSONError(offset: 1, kind: .unexpectedEnd(expected: "a key")))),
        (file("[]", data: 0), .headerNotObject),
        (
            file(#"{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"a":1}"#, data: 0),
            .duplicateName("a", byte: 54)
        ),
        (file(#"{"a":{"dtype":"F32","dtype":"F32"}}"#, data: 0), .duplicateName("dtype", byte: 20)),
        (file(#"{"__metadata__":1}"#, data: 0), .metadataNotObject),
        (file(#"{"__metadata__":{"k":1}}"#, data: 0), .metadataNotString(name: "k")),
        (file(#"{"a":1}"#, data: 0), .entryNotObject(key: "a")),
        (file(#"{"a":{"shape":[1],"data_offsets":[0,4]}}"#, data: 4), .missingField(key: "a", field: "dtype")),
        (file(#"{"a":{"dtype":"F32","data_offsets":[0,4]}}"#, data: 4), .missingField(key: "a", field: "shape")),
        (file(#"{"a":{"dtype":"F32","shape":[1]}}"#, data: 4), .missingField(key: "a", field: "data_offsets")),
        (
            file(#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}"#, data: 4),
            .unknownField(key: "a", field: "x")
        ),
        (file(#"{"a":{"dtype":1,"shape":[1],"data_offsets":[0,4]}}"#, data: 4), .dtypeNotString(key: "a")),
        (
            file(#"{"a":{"dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4]}}"#, data: 4),
            .unknownDType(key: "a", found: "F8_E4M3")
        ),
        (file(#"{"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}"#, data: 4), .shapeNotIntegers(key: "a")),
        (file(#"{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}"#, data: 4), .shapeNotIntegers(key: "a")),
        (
            file(#"{"a":{"dtype":"F32","shape":[18446744073709551617],"data_offsets":[0,4]}}"#, data: 4),
            .shapeNotIntegers(key: "a")
        ),
        (
            file(#"{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, data: 4),
            .negativeDimension(key: "a", found: -1)
        ),
        (
            file(#"{"a":{"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]}}"#, data: 4),
            .tooManyDimensions(key: "a", found: 17, limit: 16)
        ),
        (
            file(#"{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]}}"#, data: 0),
            .sizeOverflow(key: "a", shape: [4_611_686_018_427_387_904, 4])
        ),
        (file(#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#, data: 4), .offsetsMalformed(key: "a")),
        (file(#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}"#, data: 4), .offsetsMalformed(key: "a")),
        (
            file(#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#, data: 4),
            .offsetsReversed(key: "a", begin: 4, end: 0)
        ),
        (
            file(#"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, data: 3),
            .offsetsPastEnd(key: "a", end: 4, available: 3)
        ),
        (
            file(#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#, data: 4),
            .lengthMismatch(key: "a", found: 4, expected: 8, shape: [2], dtype: .f32)
        ),
        (
            file(
                #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}"#,
                data: 6),
            .overlap(key: "b", with: "a", begin: 2, expected: 4)
        ),
        (
            file(
                #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[4,6]}}"#,
                data: 6),
            .hole(key: "b", begin: 4, expected: 2)
        ),
        (file(#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#, data: 3), .trailingBytes(found: 1)),
    ]

    @Test(arguments: malformed.indices) func namesEveryMalformation(_ index: Int) {
        let (bytes, expected) = Self.malformed[index]
        #expect(kind(bytes) == expected)
    }

    @Test func saysWhatWhereAndWhy() {
        let error = SafetensorsError(
            path: "unet/model.safetensors",
            kind: .lengthMismatch(key: "conv.weight", found: 4, expected: 8, shape: [2], dtype: .f32))
        #expect(
            "\(error)" == "unet/model.safetensors: \"conv.weight\" has 4 bytes, but shape [2] of F32 needs 8.")
    }

    /// 10,000 inputs. An accepted one must lie inside its file.
    @Test func survivesDamagedHeaders() throws {
        let seed = try Array(Data(contentsOf: URL(filePath: Self.types)))
        var mutator = ByteMutator(seed: 1)
        var refused = 0
        for _ in 0..<10_000 {
            let bytes = mutator.mutate(seed)
            let header = bytes.withUnsafeBytes { try? Safetensors.parse($0, path: "x") }
            refused += header == nil ? 1 : 0
            for entry in header?.entries ?? [] { #expect(entry.byteRange.upperBound <= bytes.count) }
        }
        #expect(refused > 5_000)
    }
}
