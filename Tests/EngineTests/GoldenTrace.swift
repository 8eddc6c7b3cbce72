import Checkpoint
import Foundation
import TestSupport
import Torch

/// What the Python reference computed, as `Tools/goldens/traces.py` stores it.
struct GoldenTrace {
    let scalars: [String: Double]
    private let file: WeightFile
    private let keep: [String: Int]
    /// Where tensors lie that an earlier trace, or this one under another name, holds as well.
    private let elsewhere: [String: (file: WeightFile, name: String)]

    /// - Parameter folder: `SEEHEAR_TRACES` names another set, made with other models (see CONTRIBUTING).
    init(_ name: String) throws {
        let folder =
            ProcessInfo.processInfo.environment["SEEHEAR_TRACES"].map { URL(filePath: $0) } ?? Fixtures.url("traces")
        func open(_ name: String) throws -> WeightFile {
            try WeightFile.open(folder.appending(path: "\(name).safetensors").path)
        }
        file = try open(name)
        keep = try JSONDecoder().decode([String: Int].self, from: Data((file.metadata["keep"] ?? "{}").utf8))
        let same = try JSONDecoder().decode([String: [String]].self, from: Data((file.metadata["same"] ?? "{}").utf8))
        var files = [name: file]
        elsewhere = try same.mapValues { place in
            let file = try files[place[0]] ?? open(place[0])
            files[place[0]] = file
            return (file, place[1])
        }
        let numbers = try? Data(contentsOf: folder.appending(path: "\(name).json"))
        let json = try numbers.map { try JSONSerialization.jsonObject(with: $0) }
        scalars = ((json as? [String: Any]) ?? [:]).compactMapValues { ($0 as? NSNumber)?.doubleValue }
    }

    /// The models that the traces were made with.
    static var models: URL {
        ProcessInfo.processInfo.environment["SEEHEAR_TRACE_MODELS"].map { URL(filePath: $0) } ?? RandomModels.folder
    }

    /// The audio that steers the frames: `[samples]` at 16 kHz.
    static func audio() throws -> Tensor { try GoldenTrace("sound").tensor("wave") }

    /// The reference calls videos and images vision.
    static func referenceName(_ name: String) -> String { name.replacing(".video.", with: ".vision.") }

    func holds(_ name: String) -> Bool { file[name] != nil || elsewhere[name] != nil }

    func tensor(_ name: String) throws -> Tensor {
        let (file, name) = elsewhere[name] ?? (file, name)
        return try Tensor(file.record(name))
    }

    /// `‖ours − golden‖ / ‖golden‖` over the elements that were kept.
    /// - Parameter gradient: the name of a gradient whose sign decides about an element. Where it is within four times its own
    ///   tolerance of zero, the sign is a matter of rounding, and the element is left out of the difference.
    func relativeDifference(_ name: String, _ ours: Tensor, bySignOf gradient: String? = nil) throws -> Double {
        let (ours, golden) = try pair(name, ours)
        let signs = try gradient.map { try tensor($0).doubles() } ?? Array(repeating: 1, count: golden.count)
        let size = (signs.reduce(0) { $0 + $1 * $1 } / Double(max(signs.count, 1))).squareRoot()
        guard signs.count == golden.count else {
            throw SizeMismatch(name: gradient ?? name, ours: [signs.count], keptOurs: signs.count, golden: golden.count)
        }
        var difference = 0.0
        var norm = 0.0
        for ((a, b), sign) in zip(zip(ours, golden), signs) {
            if abs(sign) > 4 * 5e-3 * size { difference += (a - b) * (a - b) }
            norm += b * b
        }
        return (difference / max(norm, 1e-300)).squareRoot()
    }

    private func pair(_ name: String, _ ours: Tensor) throws -> ([Double], [Double]) {
        let golden = try tensor(name).doubles()
        let all = try ours.doubles()
        let kept = stride(from: 0, to: all.count, by: keep[name] ?? 1).map { all[$0] }
        guard kept.count == golden.count else {
            throw SizeMismatch(name: name, ours: ours.shape, keptOurs: kept.count, golden: golden.count)
        }
        return (kept, golden)
    }

    struct SizeMismatch: Error {
        let name: String
        let ours: [Int]
        let keptOurs: Int
        let golden: Int
    }
}
