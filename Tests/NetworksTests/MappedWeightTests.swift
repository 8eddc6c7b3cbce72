import Checkpoint
import Files
import Foundation
import Goldens
import TestSupport
import Testing
import Torch

/// Tensors over mapped checkpoints: every type, any alignment, strides, and lives longer than their file's.
@Suite struct MappedWeightTests {
    @Test func viewsOutliveTheFile() throws {
        let folder = try TemporaryFolder()
        let url = folder.url.appending(path: "w.safetensors")
        let values = try randn(1, [1000, 100])
        try SafetensorsWriter.write([.init("w", values)], to: url)
        weak var mapping: MappedFile?
        var derived: Tensor?
        do {
            var tensor: Tensor? = try {
                let file = try WeightFile.open(url.path)
                let record = try file.record("w")
                mapping = record.file
                return try Tensor(record)
            }()
            try FileManager.default.removeItem(at: url)
            #expect(mapping != nil, "the tensor lies in the file and keeps it mapped")
            #expect(try tensor?.floats() == values.floats())
            derived = try tensor?.narrow(0, from: 7, count: 1).transpose(0, 1)
            tensor = nil
        }
        #expect(mapping != nil, "a view of a view keeps it too")
        #expect(try derived?.floats() == values.narrow(0, from: 7, count: 1).floats())
        derived = nil
        #expect(mapping == nil, "and the last one lets it go")
    }

    @Test func aCopyLetsTheFileGo() throws {
        let folder = try TemporaryFolder()
        let url = folder.url.appending(path: "w.safetensors")
        try SafetensorsWriter.write([.init("w", try randn(1, [10]))], to: url)
        weak var mapping: MappedFile?
        let copy = try {
            let record = try WeightFile.open(url.path).record("w")
            mapping = record.file
            return try Tensor(record).to(.float64)
        }()
        #expect(mapping == nil && copy.count == 10)
    }

    @Test("a mapped tensor has the same bytes and sums wherever it begins in the file", arguments: 0..<8)
    func anyAlignment(misalignment: Int) throws {
        let folder = try TemporaryFolder()
        let url = folder.url.appending(path: "w.safetensors")
        var entries: [WeightEntry] = []
        var expected: [Tensor] = []
        for (index, dtype) in [DType.float64, .float32, .float16, .bfloat16, .int64].enumerated() {
            let tensor = try (randn(UInt64(index), [3, 5]) * 50).to(dtype)
            expected.append(tensor)
            entries.append(try .init("\(index)", tensor))
        }
        try SafetensorsWriter.write(entries, to: url, misalignment: misalignment)
        let file = try WeightFile.open(url.path)
        #expect(try file.record("0").isAligned == (misalignment == 0))
        for (index, tensor) in expected.enumerated() {
            let read = try Tensor(file.record("\(index)"))
            #expect(read.dtype == tensor.dtype && read.shape == [3, 5])
            #expect(try read.bytes() == tensor.bytes())
            #expect(try (read + read).doubles() == (tensor + tensor).doubles())
        }
    }

    /// Files from before PyTorch 1.6 begin their numbers anywhere.
    @Test("tensors with strides have the same numbers where their file does not align them")
    func unalignedStrides() throws {
        let file = try WeightFile.open(Fixtures.url("checkpoint/legacy.pth").path)
        let (base, columns) = (try file.record("base"), try file.record("columns"))
        #expect(!columns.isAligned && columns.strides == [6, 1])
        #expect(try Tensor(base).floats() == (0..<24).map(Float.init))
        #expect(try Tensor(columns).floats() == [2, 3, 8, 9, 14, 15, 20, 21])
    }

    @Test("empty tensors and scalars are mapped like any other")
    func emptyTensorsAndScalars() throws {
        let folder = try TemporaryFolder()
        let url = folder.url.appending(path: "w.safetensors")
        try SafetensorsWriter.write(
            [
                .init("none", dtype: .f32, shape: [0, 4], bytes: []),
                .init("one", try Tensor([Float(2.5)], shape: [])),
                .init("last", dtype: .bf16, shape: [3, 0], bytes: []),
            ], to: url)
        let file = try WeightFile.open(url.path)
        #expect(try Tensor(file.record("none")).shape == [0, 4])
        #expect(try Tensor(file.record("one")).item() == 2.5)
        #expect(try Tensor(file.record("last")).dtype == .bfloat16)
        #expect(try Tensor(file.record("last")).floats() == [])
    }

    /// `torch.save` keeps storages whole and describes views of them by offset and strides.
    @Test("views that torch.save describes by offset and strides are read and computed with")
    func stridedRecords() throws {
        let file = try WeightFile.open(Fixtures.url("units/strided.pth").path)
        let base = (0..<24).map(Float.init)
        func tensor(_ name: String) throws -> Tensor { try Tensor(file.record(name)) }
        let transposed = try tensor("transposed")
        #expect(transposed.shape == [6, 4] && !transposed.isContiguous)
        let columns = (0..<24).map { base[$0 % 4 * 6 + $0 / 4] }
        #expect(try transposed.floats() == columns)
        #expect(try tensor("columns").floats() == [1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23])
        #expect(try tensor("row").floats() == Array(base[12..<18]))
        let row = Array(base[0..<6])
        #expect(try tensor("expanded").floats() == row + row + row)
        #expect(try tensor("half").to(.float32).floats() == transposed.floats())
        #expect(try tensor("half").dtype == .float16)
        #expect(try tensor("scalar").item() == 23)
        let product = try transposed.matmul(tensor("columns"))
        #expect(product.shape == [6, 3])
        let again = try transposed.contiguous().matmul(tensor("columns").clone())
        #expect(try product.floats() == again.floats())
    }
}
