package import Files
internal import JSON
internal import Method
internal import Shard

/// The folder in which the results of an evaluation lie.
package struct EvaluationFolder: Sendable {
    package let path: String
    package let result: EvaluationResult
    package let scores: SampleScores

    /// Reads both files. Blocks.
    /// - Parameter path: the folder itself, or a run whose folder `evaluation` it is.
    /// - Throws: ``EvaluationFolderError``.
    package init(_ path: String) throws(EvaluationFolderError) {
        let folder = try Self.folder(of: path)
        self.path = folder
        let file = "\(folder)/\(EvaluationReport.resultName)"
        result = try Self.result(Self.bytes(of: file), file)
        let scoresFile = "\(folder)/\(EvaluationReport.scoresName)"
        let lines = try Self.bytes(of: scoresFile)
        do throws(RecordError) {
            scores = try SampleScores(parsing: lines, name: scoresFile)
        } catch {
            throw .damaged(error.description)
        }
        try checkScores(scoresFile)
    }

    private static func folder(of path: String) throws(EvaluationFolderError) -> String {
        switch PathKind(path) {
        case .nothing: throw .nothingThere(path: path)
        case .file: throw .noFolder(path: path)
        case .folder: break
        }
        for folder in [path, "\(path)/evaluation"]
        where PathKind("\(folder)/\(EvaluationReport.resultName)") == .file { return folder }
        throw .noEvaluation(path: path)
    }

    private static func bytes(of path: String) throws(EvaluationFolderError) -> [UInt8] {
        do throws(FileError) {
            return try InputFile.bytes(of: path, limit: JSONReader.sizeLimit)
        } catch {
            throw .unreadable(error)
        }
    }

    /// - Parameter path: what errors name.
    static func result(_ bytes: [UInt8], _ path: String) throws(EvaluationFolderError) -> EvaluationResult {
        struct Form: Decodable { let schema: String }
        let schema = try decode(Form.self, bytes, path).schema
        guard schema == EvaluationResult.currentSchema else {
            throw .damaged(
                "\(path) was written by another version of seehear: its schema is \(quoted(schema)), not "
                    + "`\(EvaluationResult.currentSchema)`")
        }
        return try decode(EvaluationResult.self, bytes, path)
    }

    private static func decode<Value: Decodable>(
        _ type: Value.Type, _ bytes: [UInt8], _ path: String
    ) throws(EvaluationFolderError) -> Value {
        do throws(JSONDecodingError) {
            return try JSONCoding.decode(type, from: bytes)
        } catch {
            throw .damaged("\(path) is not the result of an evaluation: \(error)")
        }
    }

    /// The two files are written one after the other: whoever was interrupted between them left values of another evaluation.
    private func checkScores(_ path: String) throws(EvaluationFolderError) {
        for metric in result.metrics {
            let values = scores.values(of: metric.metric)
            guard metric.low != nil || !values.isEmpty else { continue }
            let mean = values.values.reduce(0, +) / Double(max(values.count, 1))
            guard let value = metric.value, values.count == metric.samples,
                abs(mean - value) <= 1e-9 * max(abs(value), 1)
            else { throw .otherScores(path: path, metric: metric.metric) }
        }
    }

    /// The metric of samples' values that a name stands for, such as `av-align:paper` for `av-align`; nil where there is none.
    package func metric(named name: String) -> String? {
        let known = scores.metrics
        if known.contains(name) { return name }
        return Metric(name).map(\.description).flatMap { known.contains($0) ? $0 : nil }
    }
}

/// Why the results of an evaluation cannot be read.
package enum EvaluationFolderError: Error, Equatable, CustomStringConvertible {
    case nothingThere(path: String)
    case noFolder(path: String)
    /// Neither the folder nor its folder `evaluation` has a result.
    case noEvaluation(path: String)
    case unreadable(FileError)
    /// A sentence that names the file, and the line or the field.
    case damaged(String)
    /// The values of samples are not those of the result.
    case otherScores(path: String, metric: String)

    private static let again = "compute the metrics again with seehear eval"

    package var description: String {
        switch self {
        case .nothingThere(let path):
            "\(path): there is nothing; name the folder of an evaluation, or a run that has one"
        case .noFolder(let path): "\(path) is a file; name the folder of an evaluation, or a run that has one"
        case .noEvaluation(let path):
            "\(path) has no \(EvaluationReport.resultName), nor has its folder evaluation: seehear-worker eval makes one"
        case .unreadable(let error): "\(error); \(Self.again)"
        case .damaged(let sentence): "\(sentence); \(Self.again)"
        case .otherScores(let path, let metric):
            "\(path) does not hold the values whose mean \(EvaluationReport.resultName) has for \(metric); \(Self.again)"
        }
    }
}
