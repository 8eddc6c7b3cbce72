/// A host, and how many ranks it takes.
package struct HostSlots: Sendable, Hashable, CustomStringConvertible {
    package let name: String
    /// 1 or more.
    package let slots: Int

    package init(_ name: String, slots: Int) {
        self.name = name
        self.slots = slots
    }

    /// As `mpirun --host` takes it.
    package var description: String { "\(name):\(slots)" }

    /// Most digits of a count: seven are more than any cluster has.
    private static let digits = 7

    /// A whole number above 0, in digits alone.
    package static func count(_ text: some StringProtocol) -> Int? {
        guard (1...digits).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }),
            text.first != "0"
        else { return nil }
        return Int(text)
    }

    /// Whether a word can be a host's name. It becomes a word of a command line, so it must not look like an option.
    static func isName(_ text: some StringProtocol) -> Bool {
        let first = text.utf8.first.map { isLetterOrDigit($0) || $0 == UInt8(ascii: "_") } ?? false
        return first && text.utf8.count <= 253
            && text.utf8.allSatisfy { isLetterOrDigit($0) || "._-".utf8.contains($0) }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }

    /// Reads `A:8,B:8`; a host without a number takes one rank, and one that comes twice takes both its numbers.
    /// - Throws: ``LaunchProblem``.
    package static func list(_ text: String) throws(LaunchProblem) -> [HostSlots] {
        var hosts: [HostSlots] = []
        for entry in text.split(separator: ",", omittingEmptySubsequences: false) {
            let parts = entry.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = parts.first, isName(name) else {
                throw LaunchProblem(
                    "--hosts is '\(text)', and '\(entry)' names no host",
                    remedy: "give names and slots, as in node1:8,node2:8")
            }
            guard let slots = parts.count == 1 ? 1 : count(parts[1]) else {
                throw LaunchProblem(
                    "--hosts gives \(name) '\(parts[1])' slots", remedy: "give a whole number above 0, as in \(name):8")
            }
            hosts.append(HostSlots(String(name), slots: slots))
        }
        return merged(hosts)
    }

    /// Each host once, in the order in which they come first.
    static func merged(_ hosts: [HostSlots]) -> [HostSlots] {
        var places: [String: Int] = [:]
        var merged: [HostSlots] = []
        for host in hosts {
            if let place = places[host.name] {
                merged[place] = HostSlots(host.name, slots: merged[place].slots + host.slots)
            } else {
                places[host.name] = merged.count
                merged.append(host)
            }
        }
        return merged
    }
}
