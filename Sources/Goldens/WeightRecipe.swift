internal import Checkpoint

/// How random weights are drawn: `Models/random/recipe.txt`, which says what its lines mean, with every part spelled out.
struct WeightRecipe {
    /// A file of weights.
    struct File {
        let path: String
        let dtype: ScalarType
        let seed: UInt64
        /// The path of a PyTorch archive with the same tensors.
        let archive: String?
        /// In the order of the draws.
        let parts: [Part]
    }

    /// One or two tensors of a network.
    struct Part {
        let path: String
        let kind: String
        let numbers: [Double]
        let options: [String: String]
    }

    /// A line that means nothing.
    struct Misfit: Error, CustomStringConvertible {
        let line: String
        var description: String { "the recipe of the random models has a line that means nothing: \(line)" }
    }

    /// A line, and the more indented ones that follow it.
    private struct Block {
        let words: [String]
        let inner: [Block]
    }

    /// Files to copy beside the weights: from a path in this checkout to one among the models.
    private(set) var copies: [(source: String, target: String)] = []
    private(set) var files: [File] = []
    private var definitions: [String: (sizes: [String], body: [Block])] = [:]

    init(_ text: String) throws {
        let lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        for block in Self.blocks(lines[...]) {
            let words = block.words
            switch (words[0], words.count) {
            case ("copy", 3): copies.append((words[1], words[2]))
            case ("define", 2...): definitions[words[1]] = (Array(words[2...]), block.inner)
            case ("file", 4...):
                guard let dtype = ScalarType(rawValue: words[2]), let seed = UInt64(words[3]) else {
                    throw Misfit(line: words.joined(separator: " "))
                }
                files.append(
                    File(
                        path: words[1], dtype: dtype, seed: seed, archive: Self.options(words)["archive"],
                        parts: try parts(block.inner, in: "", [:])))
            default: throw Misfit(line: words.joined(separator: " "))
            }
        }
    }

    private static func blocks(_ lines: ArraySlice<Substring>) -> [Block] {
        func depth(_ line: Substring) -> Int { line.prefix { $0 == " " }.count }
        var blocks: [Block] = []
        var rest = lines
        while let line = rest.popFirst() {
            let inner = rest.prefix { depth($0) > depth(line) }
            rest = rest.dropFirst(inner.count)
            blocks.append(Block(words: line.split(separator: " ").map(String.init), inner: Self.blocks(inner)))
        }
        return blocks
    }

    private func parts(_ blocks: [Block], in path: String, _ sizes: [String: Double]) throws -> [Part] {
        try blocks.flatMap { block in
            try Self.paths(block.words[0], in: path).flatMap { path in
                guard block.words.count > 1 else { return try parts(block.inner, in: path, sizes) }
                let kind = block.words[1]
                let numbers = try block.words.dropFirst(2).filter { !$0.contains("=") }.map { word in
                    guard let number = Self.number(word, sizes) else {
                        throw Misfit(line: block.words.joined(separator: " "))
                    }
                    return number
                }
                guard let definition = definitions[kind] else {
                    return [Part(path: path, kind: kind, numbers: numbers, options: Self.options(block.words))]
                }
                guard definition.sizes.count == numbers.count else {
                    throw Misfit(line: block.words.joined(separator: " "))
                }
                let own = Dictionary(zip(definition.sizes, numbers)) { _, last in last }
                return try parts(definition.body, in: path, own)
            }
        }
    }

    /// The paths that a name stands for: `.` for the path itself, `a,b.c` for `a.c` and `b.c` below it.
    private static func paths(_ name: String, in path: String) -> [String] {
        if name == "." { return [path] }
        return name.split(separator: ".").reduce([path]) { paths, component in
            paths.flatMap { path in component.split(separator: ",").map { path.isEmpty ? "\($0)" : "\(path).\($0)" } }
        }
    }

    /// A number, a size by its letter, or a multiple of one.
    private static func number(_ word: String, _ sizes: [String: Double]) -> Double? {
        guard let size = sizes[String(word.suffix(1))] else { return Double(word) }
        return word.count == 1 ? size : Double(word.dropLast()).map { $0 * size }
    }

    /// The words of the form `name=value`.
    private static func options(_ words: [String]) -> [String: String] {
        let pairs = words.map { $0.split(separator: "=", maxSplits: 1).map(String.init) }.filter { $0.count == 2 }
        return Dictionary(pairs.map { ($0[0], $0[1]) }) { _, last in last }
    }
}
