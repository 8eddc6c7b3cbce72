internal import Foundation
internal import Shard

/// The right to write a run directory's shards: one coordinator at a time.
///
/// `flock` is what makes it exclusive; on file systems where that is weak (some NFS), the name that stands in the file
/// at least tells who else is there.
package final class RunLock: Sendable {
    private let descriptor: Int32
    private let directory: RunDirectory
    /// Who held it last.
    private let last: String?

    /// Takes the lock, or tells who holds it.
    /// - Throws: ``RunLockError``.
    package init(_ directory: RunDirectory) throws(RunLockError) {
        let path = directory.lock.path
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw .unusable(path: path, reason: String(cString: strerror(errno))) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let code = errno
            close(descriptor)
            guard code == EWOULDBLOCK else { throw .unusable(path: path, reason: String(cString: strerror(code))) }
            let holder = (try? String(contentsOfFile: path, encoding: .utf8))?.trimmingCharacters(
                in: .whitespacesAndNewlines)
            throw .held(path: directory.url.path, by: holder ?? "an unnamed process")
        }
        self.descriptor = descriptor
        self.directory = directory
        last = (try? String(contentsOfFile: path, encoding: .utf8))?.trimmingCharacters(in: .whitespacesAndNewlines)
        let text = Array("process \(getpid()) on \(LocalHost.name)\n".utf8)
        ftruncate(descriptor, 0)
        _ = text.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
    }

    deinit { close(descriptor) }

    /// Where the last holder was another host, whose lock may not be seen here, looks whether a heart beats there: for
    /// a little more than twice the time between two beats.
    /// - Throws: ``RunLockError/held(path:by:)``.
    func watchForOthers(
        for time: Duration = .seconds(12), clock: any Clock<Duration> = ContinuousClock()
    ) async throws {
        guard let last, !last.isEmpty, !last.hasSuffix(" on \(LocalHost.name)"),
            !FileManager.default.fileExists(atPath: directory.status.path)
        else { return }
        let before = try? Data(contentsOf: directory.beat)
        try await clock.sleep(for: time)
        let after = try? Data(contentsOf: directory.beat)
        guard before == after else { throw RunLockError.held(path: directory.url.path, by: last) }
    }
}

/// Another coordinator works on the run: this one ends, and leaves everything to it.
package struct RunTakenOver: Error, Equatable, CustomStringConvertible {
    let path: String
    let own: UInt64
    let other: UInt64

    package var description: String {
        "\(path): start \(other) of this run has begun elsewhere while this one, start \(own), was still at work; it ends here."
    }
}

/// Why a run directory could not be locked.
package enum RunLockError: Error, Equatable, CustomStringConvertible {
    case held(path: String, by: String)
    case unusable(path: String, reason: String)

    package var description: String {
        switch self {
        case .held(let path, let holder):
            "\(path): the run is being worked on by \(holder); wait for it, or end it first."
        case .unusable(let path, let reason): "\(path): the lock cannot be taken (\(reason))."
        }
    }
}
