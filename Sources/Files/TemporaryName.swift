import Glibc
import Synchronization

/// The name under which a file is written before it is published: `.NAME.tmp.<host>.<pid>`, with `-<n>` after the process
/// id where threads of one process write the same file at once.
package struct TemporaryName: Sendable, Equatable {
    /// The name the file will have.
    package let target: String
    /// The name of the host that writes it.
    package let host: String
    /// The process that writes it.
    package let process: Int32
    /// Counts writers of the same file in that process.
    let serial: Int

    /// The file's name.
    var text: String { ".\(target).tmp.\(host).\(process)" + (serial == 0 ? "" : "-\(serial)") }

    private init(target: String, host: String, process: Int32, serial: Int) {
        self.target = target
        self.host = host
        self.process = process
        self.serial = serial
    }

    /// Recognises a temporary name; nil for any other.
    package init?(parsing name: String) {
        guard name.first == ".", let marker = name.dropFirst().firstRange(of: ".tmp."),
            let dot = name[marker.upperBound...].lastIndex(of: ".")
        else { return nil }
        let owner = name[name.index(after: dot)...].split(separator: "-", omittingEmptySubsequences: false)
        guard (1...2).contains(owner.count), let process = Int32(owner[0]), process > 0,
            let serial = owner.count == 1 ? 0 : Int(owner[1])
        else { return nil }
        self.init(
            target: String(name[name.index(after: name.startIndex)..<marker.lowerBound]),
            host: String(name[marker.upperBound..<dot]), process: process, serial: serial)
        guard text == name, !target.isEmpty, !host.isEmpty else { return nil }
    }

    // MARK: This process

    /// The temporary paths that this process is writing, so that a leftover of a dead process that had the same id (in a
    /// container, often 1) is told from one of ours.
    private static let inUse = Mutex<Set<String>>([])

    /// One spelling for each folder, since the same one may be named with and without links or a trailing slash.
    private static func canonical(_ folder: String) -> String {
        guard let path = realpath(folder, nil) else { return folder }
        defer { free(path) }
        return String(cString: path)
    }

    /// Reserves a name of this process's in a folder.
    static func reserve(target: String, in folder: String) -> TemporaryName {
        let folder = canonical(folder)
        return inUse.withLock { paths in
            var serial = 0
            while true {
                let name = TemporaryName(target: target, host: LocalHost.name, process: getpid(), serial: serial)
                if paths.insert("\(folder)/\(name.text)").inserted { return name }
                serial += 1
            }
        }
    }

    /// Gives a reserved name back.
    func release(in folder: String) {
        let path = "\(Self.canonical(folder))/\(text)"
        _ = Self.inUse.withLock { $0.remove(path) }
    }

    /// Whether nobody can be writing this file any more: its process ran on this host and is gone. Of other hosts nothing
    /// is known, so theirs are taken for living.
    package func isOrphan(in folder: String) -> Bool {
        guard host == LocalHost.name else { return false }
        if process == getpid() {
            let path = "\(Self.canonical(folder))/\(text)"
            return Self.inUse.withLock { !$0.contains(path) }
        }
        return kill(process, 0) != 0 && errno == ESRCH
    }

    /// Removes temporary files in a folder: by default those whose owners are dead, never those of living ones.
    /// - Returns: the names removed.
    /// - Throws: ``FileError``.
    @discardableResult
    package static func sweep(
        _ folder: String, where isUnwanted: ((TemporaryName) -> Bool)? = nil
    ) throws(FileError) -> [String] {
        var removed: [String] = []
        for name in try Directory.names(in: folder) {
            guard let temporary = TemporaryName(parsing: name), isUnwanted?(temporary) ?? temporary.isOrphan(in: folder)
            else { continue }
            try Directory.remove("\(folder)/\(name)")
            removed.append(name)
        }
        return removed
    }
}
