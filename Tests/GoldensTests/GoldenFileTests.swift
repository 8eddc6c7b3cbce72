import Foundation
import TestSupport
import Testing
import Torch

@testable import Goldens

/// What is read of goldens, and what is said of those that cannot be.
@Suite struct GoldenFileTests {
    private func file(_ folder: TemporaryFolder, _ metadata: [String: String]) throws -> URL {
        let entry = try WeightEntry("x", Tensor([Float(1), 2, 3], shape: [3]))
        let data = SafetensorsWriter.data([entry], metadata: metadata.mapValues { $0.replacing("\"", with: "\\\"") })
        return URL(filePath: try folder.write(data, to: "a.safetensors"))
    }

    @Test func everyKthElementIsCompared() throws {
        let folder = try TemporaryFolder()
        let goldens = try GoldenFile(at: file(folder, ["keep": #"{"x": 2}"#, "same": #"{"y": ["a", "x"]}"#]))
        #expect(goldens.holds("y") && !goldens.holds("z"))
        let ours = try Tensor([1, 9, 2, 9, 3] as [Float], shape: [5])
        #expect(try goldens.relativeDifference("x", ours) == 0)
        let other = try Tensor([1, 9, 2, 9, 4] as [Float], shape: [5])
        #expect(try abs(goldens.relativeDifference("x", other) - (1.0 / 14).squareRoot()) < 1e-12)
        #expect(try goldens.largestDifference("x", other) == 1)
        #expect(throws: GoldenError.self) { try goldens.pair("x", Tensor([1, 2] as [Float], shape: [2])) }
    }

    @Test func whatIsNoNumberIsAsFarAsCanBe() throws {
        #expect(Difference.relative([.nan, 1], to: [1, 1]) == .infinity)
        #expect(Difference.relative([1], to: [1, 1]) == .infinity)
        #expect(Difference.largest([1, .nan, 1], to: [1, 1, 1]) == .infinity)
        #expect(Difference.largest([1, 4, 1], to: [1, 2, 1]) { $0 } == 1)
        // An element whose gradient is nearly zero is moved one way or the other.
        #expect(Difference.relative([1, 5], to: [1, 1], bySignOf: [1, 1e-4]) == 0)
        #expect(Difference.relative([1, 5], to: [1, 1], bySignOf: [1, 1]) > 1)
    }

    @Test(
        "metadata that this project does not write is refused with the file's name",
        arguments: [["keep": #"{"x": 0}"#], ["keep": "[]"], ["same": #"{"y": ["a"]}"#], ["keep": "{"]])
    func strangeMetadata(_ metadata: [String: String]) throws {
        let folder = try TemporaryFolder()
        let url = try file(folder, metadata)
        let error = #expect(throws: GoldenError.self) { try GoldenFile(at: url) }
        #expect(error?.description.contains("a.safetensors") == true)
    }

    @Test("losses come in the order of a run")
    func losses() throws {
        let folder = try TemporaryFolder()
        _ = try file(folder, [:])
        try folder.write(
            #"{"004.1.loss": 3, "004.loss": 2, "003.loss": 1, "003.loss.text": 9, "case": {"a": 1}}"#, to: "a.json")
        #expect(try GoldenTrace("a", in: folder.url).losses == [1, 2, 3])
        try folder.write("nonsense", to: "a.json")
        #expect { try GoldenTrace("a", in: folder.url) } throws: { "\($0)".contains("a.json") }
    }
}
