internal import Checkpoint
internal import Files
package import Foundation
internal import JSON
package import Torch

/// What a reference computed, as `Tools/goldens` stores it: a safetensors file with tensors by name.
package struct GoldenFile: Sendable {
    private let file: WeightFile
    /// Of the tensors that are not whole: every how many-th element is kept.
    private let keep: [String: Int]
    /// Where tensors lie that an earlier file of the same folder, or this one under another name, holds as well.
    private let elsewhere: [String: (file: WeightFile, name: String)]

    /// - Throws: errors of the file; ``GoldenError``.
    package init(at url: URL) throws {
        let weights = try WeightFile.open(url.path)
        file = weights
        keep = try Self.metadata([String: Int].self, "keep", of: weights, url)
        guard keep.values.allSatisfy({ $0 > 0 }) else {
            throw GoldenError.unreadable(path: url.path, reason: "`keep` in its metadata has a step below 1")
        }
        var files = [url.deletingPathExtension().lastPathComponent: weights]
        elsewhere = try Self.metadata([String: [String]].self, "same", of: weights, url).mapValues { place in
            guard place.count == 2 else {
                throw GoldenError.unreadable(path: url.path, reason: "`same` in its metadata needs a file and a name")
            }
            let other = url.deletingLastPathComponent().appending(path: "\(place[0]).safetensors").path
            let file = try files[place[0]] ?? WeightFile.open(other)
            files[place[0]] = file
            return (file, place[1])
        }
    }

    private static func metadata<T: Decodable>(
        _ type: T.Type, _ key: String, of file: WeightFile, _ url: URL
    ) throws(GoldenError) -> T {
        do throws(JSONDecodingError) {
            return try JSONCoding.decode(type, from: Array((file.metadata[key] ?? "{}").utf8))
        } catch {
            throw .unreadable(path: url.path, reason: "`\(key)` in its metadata: \(error)")
        }
    }

    /// A JSON file beside goldens.
    /// - Throws: `FileError`; ``GoldenError``.
    package static func json<T: Decodable>(_ type: T.Type, at url: URL) throws -> T {
        let bytes = try InputFile.bytes(of: url.path, limit: 1 << 26)
        do throws(JSONDecodingError) {
            return try JSONCoding.decode(type, from: bytes)
        } catch {
            throw GoldenError.unreadable(path: url.path, reason: "\(error)")
        }
    }

    /// Whether there is a tensor of that name.
    package func holds(_ name: String) -> Bool { file[name] != nil || elsewhere[name] != nil }

    /// A golden tensor, on the host; of one that is not whole, the elements that were kept.
    /// - Throws: an error of the file where there is none of that name.
    package func tensor(_ name: String) throws -> Tensor {
        let (file, name) = elsewhere[name] ?? (file, name)
        return try Tensor(file.record(name))
    }

    /// The golden elements, and ours in the same places.
    /// - Throws: ``GoldenError/size(name:shape:kept:golden:)``.
    package func pair(_ name: String, _ ours: Tensor) throws -> (golden: [Double], ours: [Double]) {
        let golden = try tensor(name).doubles()
        let all = try ours.doubles()
        let kept = stride(from: 0, to: all.count, by: keep[name] ?? 1).map { all[$0] }
        guard kept.count == golden.count else {
            throw GoldenError.size(name: name, shape: ours.shape, kept: kept.count, golden: golden.count)
        }
        return (golden, kept)
    }

    /// `‖ours − golden‖ / ‖golden‖` over the elements that were kept.
    package func relativeDifference(_ name: String, _ ours: Tensor) throws -> Double {
        let (golden, ours) = try pair(name, ours)
        return Difference.relative(ours, to: golden)
    }

    /// As ``relativeDifference(_:_:)``, without the elements whose ``Difference/isDoubtful(_:rms:)`` gradient's sign decides
    /// about them.
    /// - Parameter gradient: its name.
    package func relativeDifference(_ name: String, _ ours: Tensor, bySignOf gradient: String) throws -> Double {
        let (golden, ours) = try pair(name, ours)
        return try Difference.relative(ours, to: golden, bySignOf: tensor(gradient).doubles())
    }

    /// The largest difference of two elements.
    package func largestDifference(_ name: String, _ ours: Tensor) throws -> Double {
        let (golden, ours) = try pair(name, ours)
        return Difference.largest(ours, to: golden)
    }
}
