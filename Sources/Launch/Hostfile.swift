internal import Files

/// Reads Open MPI's hostfiles: a line for each host, `node01 slots=9`, and comments from `#` on.
package enum Hostfile {
    /// Most bytes that are read; ten thousand hosts take a few hundred thousand.
    private static let limit = 4 << 20

    /// - Throws: ``LaunchProblem``, which names the file and the line.
    package static func read(_ path: String) throws(LaunchProblem) -> [HostSlots] {
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try InputFile.bytes(of: path, limit: limit)
        } catch {
            let reason = error.isTooLong ? "it is longer than \(limit) bytes" : error.reason
            throw LaunchProblem(
                "\(path): the hostfile cannot be read, \(reason)", remedy: "give --hostfile a list of hosts")
        }
        return try parse(bytes, path: path)
    }

    /// - Throws: ``LaunchProblem``, which names the file and the line.
    static func parse(_ bytes: [UInt8], path: String) throws(LaunchProblem) -> [HostSlots] {
        var hosts: [HostSlots] = []
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        for (index, line) in lines.enumerated() {
            let words = words(of: String(decoding: line.prefix { $0 != UInt8(ascii: "#") }, as: UTF8.self))
            guard let name = words.first else { continue }
            let place = "\(path), line \(index + 1)"
            guard HostSlots.isName(name) else {
                throw LaunchProblem(
                    "\(place): '\(shown(name))' is no host's name", remedy: "lines are `node01 slots=8`")
            }
            var slots: Int?
            for setting in words.dropFirst() {
                let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                guard parts.count == 2, Self.counts.contains(String(parts[0])) else {
                    throw LaunchProblem(
                        "\(place): '\(shown(setting))' is not understood", remedy: "lines are `\(name) slots=8`")
                }
                guard let number = HostSlots.count(parts[1]) else {
                    throw LaunchProblem(
                        "\(place): \(parts[0]) is '\(shown(parts[1]))'", remedy: "give a whole number above 0")
                }
                // The most is no number of ranks to start.
                guard !parts[0].hasPrefix("max") else { continue }
                guard slots == nil else {
                    throw LaunchProblem(
                        "\(place): slots are given twice", remedy: "give them once, as in `\(name) slots=8`")
                }
                slots = number
            }
            hosts.append(HostSlots(String(name), slots: slots ?? 1))
        }
        guard !hosts.isEmpty else {
            throw LaunchProblem("\(path): the hostfile names no host", remedy: "give it lines such as `node01 slots=8`")
        }
        return HostSlots.merged(hosts)
    }

    /// What Open MPI has for the number of slots, and for the most.
    private static let counts: Set = ["slots", "cpu", "count", "max_slots", "max-slots"]

    /// Words between blanks; blanks around `=` do not count, as for Open MPI.
    private static func words(of line: String) -> [Substring] {
        line.split(separator: "=", omittingEmptySubsequences: false)
            .map { $0.split(whereSeparator: \.isWhitespace).joined(separator: " ") }
            .joined(separator: "=").split(separator: " ")
    }

    /// What a message shows of a word that may be anything.
    private static func shown(_ word: some StringProtocol) -> String {
        String(word.prefix(40).map { $0.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 } ? $0 : "?" })
    }
}
