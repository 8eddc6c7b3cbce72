internal import Glibc

/// A file that one process at a time holds locked, by `flock`, with who holds it written inside.
///
/// On file systems where `flock` is weak (some NFS), the name in the file at least tells who else is there.
package final class FileLock: Sendable {
    /// Why a lock could not be taken.
    package enum Failure: Error, Equatable {
        /// Another process has it; what it wrote of itself, possibly nothing.
        case held(by: String)
        /// The file cannot be used.
        case unusable(FileError)
    }

    /// What the last holder wrote of itself; empty where there was none.
    package let previousHolder: String
    private let descriptor: Int32

    /// Takes the lock until this object goes.
    /// - Parameter holder: what is written into the file, one line.
    package init(_ path: String, holder: String) throws(Failure) {
        let descriptor: Int32
        do throws(FileError) {
            descriptor = try OwnFile.open(path, O_RDWR)
        } catch {
            throw .unusable(error)
        }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let error = FileError("lock", path)
            defer { close(descriptor) }
            throw error.code == EWOULDBLOCK ? .held(by: Self.holder(in: descriptor)) : .unusable(error)
        }
        self.descriptor = descriptor
        previousHolder = Self.text(in: descriptor)
        let line = Array("\(holder)\n".utf8)
        _ = line.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
        ftruncate(descriptor, off_t(line.count))
    }

    deinit { close(descriptor) }

    /// What the holder wrote of itself; one that has just taken the lock gets half a second to do so.
    private static func holder(in descriptor: Int32) -> String {
        for _ in 0..<50 {
            let text = text(in: descriptor)
            guard text.isEmpty else { return text }
            usleep(10_000)
        }
        return ""
    }

    private static func text(in descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 1024)
        let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        let text = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
        return String(text.prefix { !$0.isNewline })
    }
}
