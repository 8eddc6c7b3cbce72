import Foundation
import TestSupport
import Testing

@testable import Shard

@Suite struct NPYTests {
    private func fixture(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: Fixtures.url("shard/\(name).npy")))
    }

    @Test func readsWhatNumpyWrote() throws {
        let half = try NPYArray(parsing: fixture("float16"))
        #expect(half.dtype == .float16)
        #expect(half.shape == [2, 3])
        #expect(half.data == [0x00, 0x00, 0x00, 0x34, 0x00, 0x38, 0x00, 0x3A, 0x00, 0x3C, 0x00, 0x3D])
        let single = try NPYArray(parsing: fixture("float32"))
        #expect(single.shape == [3])
        #expect(single.data == [0, 0, 0xC0, 0x3F, 0, 0, 0x10, 0xC0, 0, 0, 0x80, 0x7F])
        let long = try NPYArray(parsing: fixture("int64"))
        #expect(long.shape == [1, 2, 1])
        #expect(long.data == [UInt8](repeating: 0xFF, count: 8) + [0, 0, 0, 0, 0, 1, 0, 0])
        let double = try NPYArray(parsing: fixture("float64"))
        #expect(double.dtype == .float64 && double.data.count == 8 * double.shape.reduce(1, *))
        let byte = try NPYArray(parsing: fixture("uint8"))
        #expect(byte.shape == [])
        #expect(byte.data == [7])
    }

    /// numpy leaves room for the first dimension to grow, so its headers can be longer; those of small arrays are equal.
    @Test func writesWhatNumpyWrites() throws {
        for name in ["float16", "float32", "int64", "uint8"] {
            let bytes = try fixture(name)
            #expect(try NPYArray(parsing: bytes).bytes == bytes, "\(name)")
        }
    }

    @Test(
        "an array of any type and shape comes back from its bytes, with aligned data",
        arguments: [[], [0], [5], [2, 3], [1, 2, 3, 4, 5]])
    func roundTrip(shape: [Int]) throws {
        for dtype in NPYArray.DType.allCases {
            var generator = SplitMix64(seed: 1)
            let array = try NPYArray(
                dtype: dtype, shape: shape, data: generator.bytes(shape.reduce(dtype.itemSize, *)))
            let bytes = array.bytes
            #expect((bytes.count - array.data.count) % 64 == 0)
            #expect(try NPYArray(parsing: bytes) == array)
        }
    }

    /// The same file with its header in the form of a later version: four bytes for its length.
    private func later(_ bytes: [UInt8], _ version: UInt8) -> [UInt8] {
        bytes[..<6] + [version, 0, bytes[8], bytes[9], 0, 0] + bytes[10...]
    }

    @Test("versions 2.0 and 3.0 are read as well", arguments: [2, 3] as [UInt8])
    func laterVersions(version: UInt8) throws {
        for name in ["float16", "float32", "int64"] {
            let bytes = try fixture(name)
            #expect(try NPYArray(parsing: later(bytes, version)) == NPYArray(parsing: bytes), "\(name)")
        }
        var bytes = try later(fixture("float16"), version)
        #expect(throws: NPYError.notNPY) { try NPYArray(parsing: Array(bytes.prefix(11))) }
        bytes[11] = 0x7F
        #expect(throws: NPYError.headerLength(0x7F00_0076)) { try NPYArray(parsing: bytes) }
    }

    @Test("what is read and no shard holds is found in a shard")
    func notOfShards() throws {
        func check(_ bytes: [UInt8]) throws(NPYError) {
            try NPYArray.Layout(start: bytes, size: bytes.count).checkForShards()
        }
        try check(fixture("float16"))
        #expect(throws: NPYError.notOfShards("dtype <f8")) { try check(fixture("float64")) }
        #expect(throws: NPYError.notOfShards("version 2.0")) { try check(later(fixture("float16"), 2)) }
    }

    @Test func refusesWhatIsNotRead() throws {
        #expect(throws: NPYError.fortranOrder) { try NPYArray(parsing: fixture("fortran")) }
        #expect(throws: NPYError.dataLength(found: 3, expected: 4)) {
            try NPYArray(dtype: .float16, shape: [2], data: [1, 2, 3])
        }
        #expect(throws: NPYError.shape([Int.max, 4])) { try NPYArray(dtype: .uint8, shape: [Int.max, 4], data: []) }
        #expect(throws: NPYError.shape([-1])) { try NPYArray(dtype: .uint8, shape: [-1], data: []) }
        #expect(throws: NPYError.notNPY) { try NPYArray(parsing: []) }
        var bytes = try fixture("float16")
        bytes[6] = 4
        #expect(throws: NPYError.version(major: 4, minor: 0)) { try NPYArray(parsing: bytes) }
        bytes[6] = 1
        bytes[9] = 0xFF
        #expect(throws: NPYError.headerLength(0xFF76)) { try NPYArray(parsing: bytes) }
        #expect(throws: NPYError.dataLength(found: 11, expected: 12)) {
            try NPYArray(parsing: fixture("float16").dropLast())
        }
    }

    @Test(arguments: [
        "{'descr': '<f2', 'fortran_order': False, 'shape': (2), }", "{'descr': '<f2', 'fortran_order': False}",
        "{'descr': '<f2', 'descr': '<f2', 'fortran_order': False, 'shape': (2,)}", "{'shape': (2,",
        "{'descr': '<f2', 'fortran_order': 0, 'shape': (2,)}",
        "{'descr': '<f2', 'fortran_order': False, 'shape': (-2,)}",
        "", "{} x",
        "{'descr': '<f2', 'fortran_order': False, 'shape': (99999999999999999999,)}",
    ])
    func refusesHeader(text: String) throws {
        #expect { try NPYArray(parsing: file(text)) } throws: { error in
            if case .header = error as? NPYError { true } else { false }
        }
    }

    private func file(_ header: String) -> [UInt8] {
        let header = Array(header.utf8) + [0x0A]
        return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.count), 0] + header + [0, 0, 0, 0]
    }

    @Test(
        "elements that are not read are named",
        arguments: [
            ("'>f4'", ">f4"), ("'|O'", "|O"), ("'<i4'", "<i4"), ("[('a', '<f2')]", "[('a', '<f2')], 'shape': (1,)}"),
        ])
    func refusesElements(written: String, named: String) throws {
        #expect(throws: NPYError.dtype(named)) {
            try NPYArray(parsing: file("{'fortran_order': False, 'descr': \(written), 'shape': (1,)}"))
        }
    }

    @Test("a mutated .npy file gives an array or an error, and no crash")
    func fuzzed() throws {
        let seeds =
            try ["float16", "float32", "float64", "int64", "uint8", "fortran"].map(fixture)
            + [later(fixture("float16"), 2), later(fixture("float32"), 3)]
        let accepted = fuzz(seeds, seed: 12) { _ = try NPYArray(parsing: $0) }
        #expect(accepted > 0)
    }
}
