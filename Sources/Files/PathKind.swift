internal import Glibc

/// What a path leads to, symbolic links followed.
package enum PathKind: Sendable {
    /// Nothing that is there, or that may be looked at.
    case nothing
    case file
    case folder

    /// Looks at a path.
    package init(_ path: String) {
        var status = stat()
        self = stat(path, &status) != 0 ? .nothing : status.st_mode & S_IFMT == S_IFDIR ? .folder : .file
    }
}
