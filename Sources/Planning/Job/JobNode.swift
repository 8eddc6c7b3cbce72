internal import Yams

/// A piece of a job file as written, with the place it stands at.
///
/// Scalars stay text: the reader of a setting knows its type, YAML does not (`off` would become false, `1_0` a number).
struct JobNode {
    /// The value as written.
    indirect enum Content {
        case scalar(String, quoted: Bool)
        case sequence([JobNode])
        case mapping([Entry])
    }

    /// A key with its value and the key's place.
    struct Entry {
        let key: String
        let location: String
        var node: JobNode
    }

    var content: Content
    var location: String

    /// How the value reads in an error message.
    var found: String {
        switch content {
        case .scalar(let text, _) where text.isEmpty: "is empty"
        case .scalar(let text, _): "is `\(text.count > 60 ? text.prefix(60) + "…" : text[...])`"
        case .sequence: "is a list"
        case .mapping: "is a mapping"
        }
    }

    /// Parses YAML.
    /// - Parameter place: Gives the location of a line.
    static func parse(_ text: String, path: String, place: (Int) -> String) throws(JobError) -> JobNode? {
        let node: Node?
        do {
            node = try Yams.compose(yaml: text)
        } catch let error as YamlError {
            throw .syntax(path: path, line: line(of: error), reason: reason(of: error))
        } catch {
            throw .syntax(path: path, line: nil, reason: "\(error)")
        }
        guard let node else { return nil }
        var budget = 10_000
        return try convert(node, path: path, place: place, line: 1, budget: &budget)
    }

    private static func convert(
        _ node: Node, path: String, place: (Int) -> String, line parent: Int, budget: inout Int
    ) throws(JobError) -> JobNode {
        let line = node.mark?.line ?? parent
        budget -= 1
        // Anchors let a small file describe a huge tree.
        guard budget > 0 else { throw .syntax(path: path, line: line, reason: "it holds more than 10000 values") }
        let content: Content
        switch node {
        case .scalar(let scalar):
            content = .scalar(scalar.string, quoted: scalar.style != .plain && scalar.style != .any)
        case .sequence(let sequence):
            var nodes: [JobNode] = []
            for item in sequence {
                nodes.append(try convert(item, path: path, place: place, line: line, budget: &budget))
            }
            content = .sequence(nodes)
        case .mapping(let mapping):
            var entries: [Entry] = []
            for (key, value) in mapping {
                let keyLine = key.mark?.line ?? line
                guard case .scalar(let name) = key else {
                    throw .syntax(path: path, line: keyLine, reason: "a key is not plain text")
                }
                let child = try convert(value, path: path, place: place, line: keyLine, budget: &budget)
                entries.append(Entry(key: name.string, location: place(keyLine), node: child))
            }
            content = .mapping(entries)
        case .alias:
            throw .syntax(path: path, line: line, reason: "an alias has no anchor")
        }
        return JobNode(content: content, location: place(line))
    }

    private static func line(of error: YamlError) -> Int? {
        switch error {
        case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _): mark.line
        case .duplicatedKeysInMapping(_, let context): context.mark.line
        default: nil
        }
    }

    private static func reason(of error: YamlError) -> String {
        switch error {
        case .scanner(let context, let problem, _, _), .parser(let context, let problem, _, _),
            .composer(let context, let problem, _, _):
            context.map { "\(problem) \($0.text)" } ?? problem
        case .duplicatedKeysInMapping(let keys, _):
            "the key \(keys.map { "`\($0)`" }.joined(separator: ", ")) occurs twice in one mapping"
        case .reader(let problem, let offset, _, _):
            "\(problem)\(offset.map { " at byte \($0)" } ?? "")"
        default: "\(error)".replacing("\n", with: " ")
        }
    }
}
