internal import Files
internal import Foundation

/// The right to write a run directory's shards: one coordinator at a time.
package final class RunLock: Sendable {
    private let lock: FileLock
    private let directory: RunDirectory

    /// Takes the lock, or tells who holds it.
    /// - Throws: ``RunLockError``.
    package init(_ directory: RunDirectory) throws(RunLockError) {
        let path = directory.lock.path
        do throws(FileLock.Failure) {
            lock = try FileLock(path, holder: "process \(getpid()) on \(LocalHost.name)")
        } catch {
            switch error {
            case .unusable(let error): throw .unusable(path: path, reason: error.reason)
            case .held(let holder):
                throw .held(path: directory.url.path, by: holder.isEmpty ? "an unnamed process" : holder)
            }
        }
        self.directory = directory
    }

    /// Where the last holder was another host, whose lock may not be seen here, looks whether a heart beats there: for
    /// a little more than twice the time between two beats.
    /// - Throws: ``RunLockError/held(path:by:)``.
    package func watchForOthers(
        for time: Duration = .seconds(12), clock: any Clock<Duration> = ContinuousClock()
    ) async throws {
        let last = lock.previousHolder
        guard !last.isEmpty, !last.hasSuffix(" on \(LocalHost.name)"),
            !FileManager.default.fileExists(atPath: directory.status.path)
        else { return }
        func beat() -> [UInt8]? {
            try? InputFile.bytes(of: directory.beat.path, limit: 4096, followingLinks: false)
        }
        let before = beat()
        try await clock.sleep(for: time)
        guard beat() == before else { throw RunLockError.held(path: directory.url.path, by: last) }
    }
}

/// Another coordinator works on the run: this one ends, and leaves everything to it.
package struct RunTakenOver: Error, Equatable, CustomStringConvertible {
    let path: String
    let own: UInt64
    let other: UInt64

    /// - Parameters:
    ///   - own: the number of this start of the run.
    ///   - other: that of the one that began later, or at the same moment.
    package init(path: String, own: UInt64, other: UInt64) {
        self.path = path
        self.own = own
        self.other = other
    }

    package var description: String {
        other == own
            ? "\(path): start \(own) of this run has begun elsewhere at the same moment; it ends here."
            : "\(path): start \(other) of this run has begun elsewhere while this one, start \(own), was still at work; it ends here."
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
