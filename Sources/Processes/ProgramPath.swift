internal import Glibc

/// Finds programs as a shell does.
package enum ProgramPath {
    /// Where a program is: the word itself where it is a path, else the first of that name in the folders of `PATH`. Nil where there is
    /// none that this user may run.
    package static func find(_ word: String, path: String?) -> String? {
        guard !word.contains("/") else { return isProgram(word) ? word : nil }
        guard !word.isEmpty else { return nil }
        return (path ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":").lazy.map { "\($0)/\(word)" }
            .first(where: isProgram)
    }

    /// Whether this user may run what is there.
    package static func isProgram(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }
}
