import Glibc

/// A file that is mapped into memory, read-only, as long as this object lives.
///
/// Ranks on one node that map the same file share its pages, and nothing is read before it is touched. Whoever makes a
/// tensor over the bytes keeps the object alive for as long as the tensor. The file must not be truncated meanwhile: the
/// kernel answers an access past the new end with SIGBUS.
// Unchecked because a raw pointer is not Sendable: the pages behind it are mapped without write permission, the pointer
// and the count never change, and they go only in deinit, when no other reference is left.
package final class MappedFile: @unchecked Sendable {
    /// The path as it was given.
    package let path: String
    /// The whole file. The pointer is valid as long as somebody holds this object, which ARC may release right after its
    /// last use in the source: outside ``withBytes(_:)`` the holder must outlive the pointer by other means, as a tensor
    /// does whose deleter releases the object.
    package let unsafeBytes: UnsafeRawBufferPointer

    /// Bytes in the file, at least 1.
    package var count: Int { unsafeBytes.count }

    /// Maps `path`.
    /// - Throws: ``MappedFileError`` for a file that is missing, unreadable, empty or not a regular file.
    package init(path: String) throws(MappedFileError) {
        let bytes: UnsafeRawBufferPointer?
        do throws(FileError) {
            bytes = try InputFile(path).mapped()
        } catch {
            throw MappedFileError(error)
        }
        guard let bytes else { throw .empty(path: path) }
        self.path = path
        unsafeBytes = bytes
    }

    deinit {
        munmap(UnsafeMutableRawPointer(mutating: unsafeBytes.baseAddress), unsafeBytes.count)
    }

    /// Calls `body` with the whole file, valid during the call.
    package func withBytes<R, E>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        defer { withExtendedLifetime(self) {} }
        return try body(unsafeBytes)
    }

    /// Calls `body` with the bytes of a range, valid during the call.
    /// - Throws: ``MappedFileError/outOfBounds(path:range:size:)``, or what `body` throws.
    package func withSlice<R>(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws -> R) throws -> R {
        guard range.lowerBound >= 0, range.upperBound <= count else {
            throw MappedFileError.outOfBounds(path: path, range: range, size: count)
        }
        return try withBytes { try body(UnsafeRawBufferPointer(rebasing: $0[range])) }
    }

    /// Gives the file's pages back to the system, whose cache keeps them while there is room. Touching them again maps
    /// them again; nothing else changes.
    package func releasePages() {
        // Fails only for a range that is not mapped; the memory is then not given back, and that is all.
        _ = madvise(UnsafeMutableRawPointer(mutating: unsafeBytes.baseAddress), count, MADV_DONTNEED)
    }
}

/// Why a file cannot be mapped or sliced.
package enum MappedFileError: Error, Equatable, CustomStringConvertible {
    case missing(path: String)
    case unreadable(path: String, reason: String)
    case notRegular(path: String, kind: String)
    case empty(path: String)
    case outOfBounds(path: String, range: Range<Int>, size: Int)

    /// What opening or mapping failed with.
    init(_ error: FileError) {
        self =
            if error.isMissing {
                .missing(path: error.path)
            } else if let obstacle = error.obstacle {
                .notRegular(path: error.path, kind: obstacle)
            } else {
                .unreadable(path: error.path, reason: error.reason)
            }
    }

    package var description: String {
        switch self {
        case .missing(let path): "\(path): there is no such file."
        case .unreadable(let path, let reason): "\(path): the file cannot be read (\(reason))."
        case .notRegular(let path, let kind): "\(path): this is \(kind), and a regular file is needed."
        case .empty(let path): "\(path): the file is empty; it was probably cut off while copied, so copy it again."
        case .outOfBounds(let path, let range, let size):
            "\(path): bytes \(range.lowerBound)..<\(range.upperBound) were asked for, and the file has \(size)."
        }
    }
}
