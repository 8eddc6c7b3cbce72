internal import Glibc

/// A folder that appears under its name whole or not at all.
///
/// It is filled under a temporary name beside, and then renamed. A value that goes away unpublished removes what was written.
package struct AtomicFolder: ~Copyable {
    /// Where it is filled.
    package let path: String
    private let target: String
    private let parent: String
    private let temporary: TemporaryName

    /// Makes the folder, and those above it, and removes what dead processes left of it.
    /// - Parameter target: where it will be: nothing, or an empty folder, which may be a link.
    /// - Throws: ``FileError``.
    package init(_ target: String) throws(FileError) {
        let whole = Self.resolved(target)
        let parent = Directory.folder(of: whole)
        let slash = whole.utf8.lastIndex(of: UInt8(ascii: "/"))
        let name = slash.map { String(whole[whole.utf8.index(after: $0)...]) } ?? whole
        try Directory.create(parent)
        for left in try Directory.names(in: parent) {
            guard let temporary = TemporaryName(parsing: left), ExactText(temporary.target) == ExactText(name),
                temporary.isOrphan(in: parent)
            else { continue }
            try Directory.removeAll("\(parent)/\(left)")
        }
        let temporary = TemporaryName.reserve(target: name, in: parent)
        let path = "\(parent)/\(temporary.text)"
        guard mkdir(path, 0o777) == 0 else {
            let error = FileError("create", path)
            temporary.release(in: parent)
            throw error
        }
        self.path = path
        self.target = whole
        self.parent = parent
        self.temporary = temporary
    }

    deinit {
        // Of a published folder nothing has this name any more.
        try? Directory.removeAll(path)
        temporary.release(in: parent)
    }

    /// Gives the folder its name. What has it meanwhile, and is not empty, stays.
    /// - Throws: ``FileError``.
    package consuming func publish() throws(FileError) {
        guard rename(path, target) == 0 else { throw FileError("rename to \(target)", path) }
    }

    /// The path of what is there, or else the path without slashes at its end.
    private static func resolved(_ path: String) -> String {
        if let found = realpath(path, nil) {
            defer { free(found) }
            return String(cString: found)
        }
        var path = path
        while path.utf8.count > 1, path.utf8.last == UInt8(ascii: "/") { path.removeLast() }
        return path
    }
}
