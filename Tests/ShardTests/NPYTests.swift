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

    @Test func refusesWhatShardsDoNotHold() throws {
        #expect(throws: NPYError.fortranOrder) { try NPYArray(parsing: fixture("fortran")) }
        #expect(throws: NPYError.dtype("<f8")) { try NPYArray(parsing: fixture("float64")) }
        #expect(throws: NPYError.dataLength(found: 3, expected: 4)) {
            try NPYArray(dtype: .float16, shape: [2], data: [1, 2, 3])
        }
        #expect(throws: NPYError.shape([Int.max, 4])) { try NPYArray(dtype: .uint8, shape: [Int.max, 4], data: []) }
        #expect(throws: NPYError.shape([-1])) { try NPYArray(dtype: .uint8, shape: [-1], data: []) }
        #expect(throws: NPYError.notNPY) { try NPYArray(parsing: []) }
        var bytes = try fixture("float16")
        bytes[6] = 2
        #expect(throws: NPYError.version(major: 2, minor: 0)) { try NPYArray(parsing: bytes) }
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
        "{'descr': [('a', '<f2')], 'fortran_order': False, 'shape': (2,)}", "", "{} x",
        "{'descr': '<f2', 'fortran_order': False, 'shape': (99999999999999999999,)}",
    ])
    func refusesHeader(text: String) throws {
        let header = Array(text.utf8) + [0x0A]
        let bytes = [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.count), 0] + header + [0, 0, 0, 0]
        #expect { try NPYArray(parsing: bytes) } throws: { error in
            if case .header = error as? NPYError { true } else { false }
        }
    }

    @Test("a mutated .npy file gives an array or an error, and no crash")
    func fuzzed() throws {
        let seeds = try ["float16", "float32", "int64", "uint8", "fortran"].map(fixture)
        let accepted = fuzz(seeds, seed: 12) { _ = try NPYArray(parsing: $0) }
        #expect(accepted > 0)
    }
}
