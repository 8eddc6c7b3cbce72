import Foundation
import Goldens

/// The generator of the goldens, whose weights are drawn here as they are in `Tools/goldens/paprika.py`.
package struct PaprikaModel: Decodable {
    package let weights: [DrawnWeight]
    package let maps: [[Int]]
    package let photographs: [[Int]]

    package static func read() throws -> PaprikaModel {
        try GoldenFile.json(PaprikaModel.self, at: Fixtures.url("paprika/weights.json"))
    }

    /// Writes `paprika.pt`.
    /// - Parameter name: a tensor that is left out.
    package func write(to folder: TemporaryFolder, without name: String? = nil) throws -> String {
        let entries = try weights.filter { $0.name != name }.map { try $0.entry }
        return try folder.write(TorchArchiveWriter.data(entries), to: "paprika.pt")
    }
}
