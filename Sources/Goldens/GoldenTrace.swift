internal import Files
package import Foundation
internal import JSON
package import Torch

/// What the Python reference computed in one run, as `Tools/goldens/traces.py` stores it: tensors by step, modality and stage,
/// such as `003.audio.grad_z`.
package struct GoldenTrace: Sendable {
    /// The run's name.
    package let name: String
    /// Its tensors.
    package let tensors: GoldenFile
    /// The loss of every update, in the order of a run.
    package let losses: [Double]

    /// - Parameter folder: of the traces.
    /// - Throws: errors of the files, with their path.
    package init(_ name: String, in folder: URL) throws {
        self.name = name
        tensors = try GoldenFile(at: folder.appending(path: "\(name).safetensors"))
        let path = folder.appending(path: "\(name).json").path
        let bytes = try InputFile.bytes(of: path, limit: 1 << 20)
        let numbers: [JSONValue.Member]
        do throws(JSONError) {
            numbers = try JSONValue(parsing: bytes).members ?? []
        } catch {
            throw GoldenError.unreadable(path: path, reason: "\(error)")
        }
        // Sorting by name would put `004.1.loss` before `004.loss`; a run makes them the other way round.
        losses = numbers.filter { $0.name.hasSuffix(".loss") }
            .sorted { ($0.name.prefix(3), $0.name.count) < ($1.name.prefix(3), $1.name.count) }
            .compactMap(\.value.double)
    }

    /// The reference calls videos and images vision.
    package static func referenceName(_ name: String) -> String { name.replacing(".video.", with: ".vision.") }

    /// Whether the trace has a tensor of that name.
    package func holds(_ name: String) -> Bool { tensors.holds(name) }

    /// One of its tensors, on the host.
    /// - Throws: an error of the file where there is none of that name.
    package func tensor(_ name: String) throws -> Tensor { try tensors.tensor(name) }
}
