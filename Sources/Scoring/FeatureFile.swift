internal import Evaluation
internal import Files
internal import Foundation
internal import Shard

/// Features that another tool took: a `.npy` file of `[rows, values]` in floating point, and a name for each row.
package struct FeatureFile: Sendable {
    /// More values than these, 16 GiB of them, are not held in memory.
    private static let maximumValues = 1 << 31
    /// Bytes that are read at a time; whole elements of any type.
    private static let piece = 1 << 20

    /// The file's path.
    package let path: String
    /// One shard with the rows in the order of their names, so that nothing depends on the file's.
    let rows: FeatureShards

    /// Reads both files. Blocks.
    /// - Parameters:
    ///   - path: the array.
    ///   - names: a text file with the sample's name for each row.
    /// - Throws: ``FeatureFileError``.
    package init(_ path: String, names: String) throws(FeatureFileError) {
        self.path = path
        let file: InputFile
        let start: [UInt8]
        do throws(FileError) {
            file = try InputFile(path)
            start = try file.read(at: 0, count: min(file.size, NPYArray.longestStart))
        } catch {
            throw .unreadable(error)
        }
        let layout = try Self.layout(start, size: file.size, path)
        let (count, columns) = (layout.shape[0], layout.shape[1])
        let named = try RowNames(names).names
        guard named.count == count else {
            throw .nameCount(path: names, lines: named.count, array: path, rows: count)
        }
        let (values, sha256) = try Self.read(file, layout)
        let name = URL(filePath: path).lastPathComponent
        let sorted = Self.sorted(Matrix(rows: count, columns: columns, values: values), named)
        rows = FeatureShards(
            identity: FeatureIdentity(feature: name, checkpoint: [name: sha256]), shards: [sorted])
        try checkFinite(named, values, columns)
    }

    /// What the header says, where it is a table of numbers in floating point that the file has.
    static func layout(_ start: [UInt8], size: Int, _ path: String) throws(FeatureFileError) -> NPYArray.Layout {
        let layout: NPYArray.Layout
        do throws(NPYError) {
            layout = try NPYArray.Layout(start: start, size: size)
        } catch {
            throw .array(path: path, error)
        }
        guard layout.dtype.doubles([]) != nil else { throw .wholeNumbers(path: path, layout.dtype.rawValue) }
        guard layout.shape.count == 2 else { throw .rank(path: path, layout.shape) }
        guard layout.shape.allSatisfy({ $0 > 0 }) else { throw .empty(path: path, layout.shape) }
        // As many as the file has: the shape was held against its length.
        guard layout.shape[0] * layout.shape[1] <= maximumValues else { throw .tooLarge(path: path, layout.shape) }
        return layout
    }

    private static func read(
        _ file: InputFile, _ layout: NPYArray.Layout
    ) throws(FeatureFileError) -> (values: [Double], sha256: String) {
        var values: [Double] = []
        values.reserveCapacity(layout.shape[0] * layout.shape[1])
        var hash = SHA256()
        do throws(FileError) {
            hash.update(try file.read(at: 0, count: layout.dataStart))
            for offset in stride(from: layout.dataStart, to: file.size, by: piece) {
                let bytes = try file.read(at: offset, count: min(piece, file.size - offset))
                hash.update(bytes)
                values += layout.dtype.doubles(bytes) ?? []
            }
        } catch {
            throw .unreadable(error)
        }
        return (values, hash.hexadecimalDigest)
    }

    private static func sorted(_ values: Matrix, _ names: [String]) -> FeatureShards.Shard {
        let keys = names.map(ExactText.init)
        let order = keys.indices.sorted { keys[$0] == keys[$1] ? $0 < $1 : keys[$0] < keys[$1] }
        guard order != Array(keys.indices) else { return FeatureShards.Shard(names: names, values: values) }
        return FeatureShards.Shard(names: order.map { names[$0] }, values: values.rows(order))
    }

    private func checkFinite(_ names: [String], _ values: [Double], _ columns: Int) throws(FeatureFileError) {
        let rows = names.indices.filter { row in
            !values[row * columns..<(row + 1) * columns].allSatisfy(\.isFinite)
        }
        guard rows.isEmpty else {
            throw .notFinite(
                path: path, rows: rows.prefix(3).map { FeatureFileError.Row(number: $0, name: names[$0]) },
                count: rows.count)
        }
    }
}
