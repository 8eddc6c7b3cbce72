internal import Files
internal import Method

/// The samples that a protocol may take, in the order in which it takes them: by a hash of seed and id, so that neither the order
/// of a list nor of a directory decides.
package struct ProtocolCandidates: Sendable {
    /// A sample that may be taken.
    package struct Candidate: Sendable, Equatable {
        /// As the list or the file has it.
        package let id: String
        /// The clip's absolute path; nil where the copy lacks it, and for prompts.
        package let clip: String?
        /// The sound beside it; nil where it has its own.
        package let sound: String?
        /// What the list or the file of prompts says.
        package let caption: String?

        /// The key in manifests and runs.
        package var key: String { ManifestKey.derived(from: id) }
    }

    package let all: [Candidate]

    /// - Parameters:
    ///   - data: the folder of clips; nil for prompts.
    ///   - list: VGGSound's list, `id,second,label,split`; nil: every clip of the folder.
    /// - Throws: ``EvaluationProtocolError``.
    package init(
        _ plan: EvaluationProtocol, data: String?, list: String?
    ) throws(EvaluationProtocolError) {
        if plan.source == .prompts, let file = plan.prompts {
            // Prompts are what they are: all of them, in their order.
            all = try Self.prompts(file)
            return
        }
        guard let data else { throw .noData(title: plan.title) }
        var clips: [ExactText: (film: String, sound: String?)] = [:]
        var names: [String] = []
        do throws(EvaluatedSetError) {
            for entry in try MediaFolder(data).entries {
                guard let film = entry.picture else { continue }
                let sound = entry.sound == film ? nil : entry.sound.map { "\(data)/\($0)" }
                clips[ExactText(entry.name)] = ("\(data)/\(film)", sound)
                names.append(entry.name)
            }
        } catch {
            throw .set(error)
        }
        let rows =
            try list.map { path throws(EvaluationProtocolError) in try Self.listed(path, split: plan.split) }
            ?? names.map { ($0, nil) }
        all = rows.map { id, caption in
            let hash = SHA256.hexadecimalDigest(of: Array("\(plan.seed):\(id)".utf8))
            let clip = clips[ExactText(id)]
            return (hash, Candidate(id: id, clip: clip?.film, sound: clip?.sound, caption: caption))
        }.sorted { $0.0 < $1.0 }.map(\.1)
    }

    private static func prompts(_ path: String) throws(EvaluationProtocolError) -> [Candidate] {
        let text = try text(path)
        return text.split(whereSeparator: \.isNewline).map { $0.trimmingPrefix(while: \.isWhitespace) }
            .filter { !$0.isEmpty }.enumerated().map { number, prompt in
                let digits = String(number)
                return Candidate(
                    id: String(repeating: "0", count: max(0, 4 - digits.count)) + digits, clip: nil,
                    sound: nil, caption: String(prompt))
            }
    }

    private static func listed(
        _ path: String, split: String?
    ) throws(EvaluationProtocolError) -> [(id: String, caption: String?)] {
        var reader = CSVReader(ManifestWindow(Array(try text(path).utf8)))
        var rows: [(id: String, caption: String?)] = []
        var taken: [ExactText: Int] = [:]
        var splits: Set<String> = []
        do {
            while let record = try reader.next() {
                let fields = record.fields
                guard record.problem == nil, fields.count == 4, let second = Int(fields[1]),
                    (0...999_999).contains(second)
                else {
                    throw EvaluationProtocolError.file(
                        "\(path):\(record.line): \(record.problem ?? "the record is not `id,second,label,split`"); give VGGSound's own list"
                    )
                }
                splits.insert(fields[3])
                guard split == nil || fields[3] == split else { continue }
                let digits = String(second)
                let id = "\(fields[0])_" + String(repeating: "0", count: 6 - digits.count) + digits
                // The list names a few clips twice.
                guard taken.updateValue(record.line, forKey: ExactText(id)) == nil else { continue }
                rows.append((id, fields[2]))
            }
        } catch let error as EvaluationProtocolError {
            throw error
        } catch {
            throw .unreadable(path: path, reason: "\(error)")
        }
        if rows.isEmpty, let split { throw .noSuchSplit(path: path, split: split, found: splits.sorted()) }
        return rows
    }

    private static func text(_ path: String) throws(EvaluationProtocolError) -> String {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try InputFile.bytes(of: path, limit: 1 << 28)
        } catch {
            throw .unreadable(path: path, reason: error.reason)
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .unreadable(path: path, reason: "it is not UTF-8 text")
        }
        return text
    }
}
