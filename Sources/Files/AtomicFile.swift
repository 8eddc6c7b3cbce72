import Glibc

/// A file that appears under its name whole or not at all.
///
/// It is written under a temporary name in the same folder while its SHA-256 is taken, then flushed to the disk, renamed,
/// and the folder is flushed. A value that goes away unpublished removes its temporary file.
package struct AtomicFile: ~Copyable {
    /// What becomes of a file that has the name already.
    package enum Policy {
        /// It stays: the first publication wins.
        case keepExisting
        /// It is replaced in one step.
        case replaceExisting
    }

    /// Who has the name after publishing.
    package enum Outcome {
        /// This file.
        case published
        /// One that was there before; this file is gone.
        case existed
    }

    private let folder: String
    private let name: String
    private let temporary: TemporaryName
    private let faults: FaultHook
    private var descriptor: Int32
    private var hash = SHA256()
    /// The bytes written so far.
    package private(set) var count = 0
    private var abandoned = false

    /// Opens the temporary file.
    /// - Parameters:
    ///   - folder: the folder of the file, which must exist.
    ///   - name: the file's name in it.
    ///   - faults: lets a test end the publication at any step.
    /// - Throws: ``FileError``, ``InjectedFault``.
    package init(folder: String, name: String, faults: FaultHook = .none) throws {
        try faults.pass(.open, name)
        let temporary = TemporaryName.reserve(target: name, in: folder)
        let path = "\(folder)/\(temporary.text)"
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC
        var descriptor = open(path, flags, 0o644)
        if descriptor < 0, errno == EEXIST {
            // The name is ours and not in use: a dead process with our id left it.
            unlink(path)
            descriptor = open(path, flags, 0o644)
        }
        guard descriptor >= 0 else {
            let error = FileError("create", path)
            temporary.release(in: folder)
            throw error
        }
        self.folder = folder
        self.name = name
        self.temporary = temporary
        self.faults = faults
        self.descriptor = descriptor
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
        if !abandoned { unlink(temporaryPath) }
        temporary.release(in: folder)
    }

    /// Writes a small file so that a reader sees what was there before or all of `bytes`, never half.
    /// - Throws: ``FileError``.
    package static func write(_ bytes: [UInt8], to path: String) throws {
        let name = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[path.utf8.index(after: $0)...]) }
        var file = try AtomicFile(folder: Directory.folder(of: path), name: name ?? path)
        try file.write(bytes)
        _ = try file.publish(.replaceExisting)
    }

    private var temporaryPath: String { "\(folder)/\(temporary.text)" }
    private var path: String { "\(folder)/\(name)" }

    /// The SHA-256 of the bytes written so far, in hexadecimal.
    package var sha256: String { hash.hexadecimalDigest }

    /// Appends bytes.
    /// - Throws: ``FileError``, ``InjectedFault``.
    package mutating func write(_ bytes: [UInt8]) throws {
        if faults.stops(.write, name) {
            abandoned = true
            try writeAll(Array(bytes.prefix(bytes.count / 2)))
            throw InjectedFault(step: .write, name: name)
        }
        try writeAll(bytes)
        hash.update(bytes)
        count += bytes.count
    }

    private func writeAll(_ bytes: [UInt8]) throws(FileError) {
        let descriptor = descriptor
        let failure = bytes.withUnsafeBytes { FileError.writing($0, to: descriptor) }
        if failure != 0 { throw FileError("write", temporaryPath, code: failure) }
    }

    /// Gives the file its name.
    /// - Parameter durable: whether the file has to survive a loss of power; not worth its time for mere copies.
    /// - Throws: ``FileError``, ``InjectedFault``.
    package consuming func publish(_ policy: Policy, durable: Bool = true) throws -> Outcome {
        try passOrAbandon(.synchronize)
        guard !durable || fsync(descriptor) == 0 else { throw FileError("synchronize", temporaryPath) }
        let closing = descriptor
        descriptor = -1
        guard close(closing) == 0 else { throw FileError("close", temporaryPath) }
        try passOrAbandon(.rename)
        switch policy {
        case .replaceExisting:
            guard rename(temporaryPath, path) == 0 else { throw FileError("rename to \(name)", temporaryPath) }
        case .keepExisting:
            guard try renameKeeping() else { return .existed }
        }
        try passOrAbandon(.synchronizeFolder)
        if durable { try Directory.synchronize(folder) }
        return .published
    }

    private mutating func passOrAbandon(_ step: PublishStep) throws(InjectedFault) {
        if faults.stops(step, name) {
            abandoned = true
            throw InjectedFault(step: step, name: name)
        }
    }

    /// Renames unless the name is taken.
    /// - Returns: false if it is.
    private func renameKeeping() throws(FileError) -> Bool {
        let status = Self.renameNoReplace(temporaryPath, path)
        if status == 0 { return true }
        switch status {
        case EEXIST: return false
        case EINVAL, ENOSYS, EOPNOTSUPP: break
        default: throw FileError("rename to \(name)", temporaryPath, code: status)
        }
        // Older network file systems lack the flag; a hard link refuses an existing name just as well.
        let linked = link(temporaryPath, path)
        let code = errno
        // A lost reply of NFS can report a link as failed that was made: then the file has two names.
        var information = stat()
        if linked != 0, stat(temporaryPath, &information) != 0 || information.st_nlink != 2 {
            if code == EEXIST { return false }
            throw FileError("link to \(name)", temporaryPath, code: code == EPERM ? EOPNOTSUPP : code)
        }
        try Directory.remove(temporaryPath)
        return true
    }

    /// `renameat2` with `RENAME_NOREPLACE`, which the Swift overlay of the C library leaves out.
    /// - Returns: 0, or the `errno`; `ENOSYS` where the C library has no such function.
    private static func renameNoReplace(_ old: String, _ new: String) -> Int32 {
        typealias Function = @convention(c) (Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32) -> Int32
        guard let symbol = dlsym(nil, "renameat2") else { return ENOSYS }
        let noReplace: UInt32 = 1
        return unsafeBitCast(symbol, to: Function.self)(AT_FDCWD, old, AT_FDCWD, new, noReplace) == 0 ? 0 : errno
    }
}
