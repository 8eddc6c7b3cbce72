/// One `--set key=value` of the command line.
struct JobOverride {
    private let text: String
    private let path: [String]
    private let value: JobNode

    /// Takes `sampling.steps=10` apart. A value in brackets or quotes is read as YAML, any other as it stands.
    init(_ text: String) throws(JobError) {
        guard let equals = text.firstIndex(of: "=") else {
            throw .override(text: text, reason: "it must have the form key=value, as in sampling.steps=10")
        }
        path = text[..<equals].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard path.allSatisfy({ !$0.isEmpty }) else {
            throw .override(text: text, reason: "the key has an empty part; write it as in sampling.steps=10")
        }
        self.text = text
        let written = String(text[text.index(after: equals)...])
        let location = "--set \(text)"
        if let first = written.first, "[{\"'".contains(first) {
            let node: JobNode?
            do {
                node = try JobNode.parse(written, path: "--set") { _ in location }
            } catch {
                throw .override(text: text, reason: "the value is not valid YAML: \(error)")
            }
            value = node ?? JobNode(content: .scalar("", quoted: false), location: location)
        } else {
            value = JobNode(content: .scalar(written, quoted: false), location: location)
        }
    }

    /// Puts the value where its key says, making the mappings on the way there.
    func apply(to root: inout JobNode) throws(JobError) {
        try set(path[...], in: &root)
    }

    private func set(_ path: ArraySlice<String>, in node: inout JobNode) throws(JobError) {
        guard let key = path.first else {
            node = value
            return
        }
        guard case .mapping(var entries) = node.content else {
            throw .override(text: text, reason: "the setting above `\(key)` \(node.found), which has no keys")
        }
        var index = entries.firstIndex { $0.key == key } ?? entries.count
        if index == entries.count {
            let empty = JobNode(content: .mapping([]), location: value.location)
            entries.append(JobNode.Entry(key: key, location: value.location, node: empty))
            index = entries.count - 1
        } else if path.count == 1 {
            entries[index] = JobNode.Entry(key: key, location: value.location, node: value)
        }
        try set(path.dropFirst(), in: &entries[index].node)
        node.content = .mapping(entries)
    }
}
