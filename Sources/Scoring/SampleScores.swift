package import Files
internal import JSON
internal import Shard

/// Values of single samples, by metric: `scores.jsonl`, which has an object a line in the order of names, such as
/// `{"name":"clip_1","scores":{"kl":2.31}}`.
package struct SampleScores: Sendable, Equatable {
    /// By the sample's name, then by the metric as it writes itself.
    package private(set) var samples: [ExactText: [String: Double]] = [:]

    package init() {}

    /// The metrics that any sample has a value of, sorted.
    package var metrics: [String] { Set(samples.values.flatMap(\.keys)).sorted() }

    /// One metric's values by sample.
    package func values(of metric: String) -> [ExactText: Double] { samples.compactMapValues { $0[metric] } }

    mutating func add(_ values: [(name: String, value: Double)], of metric: String) {
        for (name, value) in values { samples[ExactText(name), default: [:]][metric] = value }
    }

    // MARK: - The file

    private struct Line: Encodable {
        let name: String
        let scores: [String: Double]
    }

    /// The bytes of the file.
    func lines() throws -> [UInt8] {
        try samples.sorted { $0.key < $1.key }.flatMap {
            try JSONCoding.encode(Line(name: $0.key.text, scores: $0.value)) + Array("\n".utf8)
        }
    }

    /// Reads the bytes of a file.
    /// - Parameter name: the file, for messages.
    /// - Throws: `RecordError` that names the line.
    init(parsing bytes: [UInt8], name: String) throws(RecordError) {
        var splitter = LineSplitter(name: name)
        splitter.take(bytes)
        while let line = try splitter.next() {
            let place = "\(name) line \(splitter.count)"
            let (sample, scores) = try RecordJSON.read(line, name: place) { reader throws(JSONError) in
                try Self.line(&reader)
            }
            guard samples.updateValue(scores, forKey: ExactText(sample)) == nil else {
                throw RecordError(name: place, problem: "\(quoted(sample)) has a line before it")
            }
        }
        try splitter.end()
    }

    private static func line(_ reader: inout JSONReader) throws(JSONError) -> (name: String, scores: [String: Double]) {
        var name: String?
        var scores: [String: Double]?
        try reader.object { reader, field throws(JSONError) in
            switch field {
            case "name": name = try reader.string()
            case "scores": scores = try reader.table { reader throws(JSONError) in try reader.double() }
            default: try reader.skipValue()
            }
        }
        return (try reader.require(name, "name"), try reader.require(scores, "scores"))
    }
}
