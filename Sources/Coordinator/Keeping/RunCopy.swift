package import Files
package import Foundation
internal import Planning
internal import Shard
internal import Threads

/// The files that make a run, `run.json` and the plan, as rank 0 sends them to ranks that do not see the run directory.
struct RunFiles: Sendable {
    let directory: RunDirectory
    /// The most that is sent at a time.
    var largestPiece = WireFormat.largestPiece

    /// The bytes from an offset on, at most ``largestPiece``. Blocks.
    /// - Throws: errors of the file system.
    func piece(at offset: Int) throws -> RunPiece {
        let description = try InputFile(directory.description.path, followingLinks: false)
        let plan = try InputFile(directory.plan.path, followingLinks: false)
        let sizes = RunPiece.Sizes(description: description.size, plan: plan.size)
        guard offset < sizes.total else { return RunPiece(sizes: sizes, offset: offset) }
        var bytes: [UInt8] = []
        if offset < description.size {
            bytes = try description.read(at: offset, count: min(largestPiece, description.size - offset))
        }
        let start = max(0, offset - description.size)
        bytes += try plan.read(at: start, count: min(largestPiece - bytes.count, plan.size - start))
        return RunPiece(sizes: sizes, offset: offset, bytes: bytes)
    }
}

/// A run as a rank gets it from rank 0 that does not see the run directory (`gather: mpi`).
package enum RunCopy {
    /// Makes the folder in which a rank keeps its copy of a run, for this user alone: the same at every start, so that a
    /// killed rank leaves one and not many.
    /// - Parameters:
    ///   - run: the run directory on rank 0.
    ///   - parent: the folder for temporary files.
    /// - Throws: ``FileError``.
    package static func makeFolder(
        of run: String, rank: Int, in parent: URL = FileManager.default.temporaryDirectory
    ) throws(FileError) -> URL {
        let name = SHA256.hexadecimalDigest(of: Array(URL(filePath: run).standardizedFileURL.path.utf8)).prefix(12)
        return URL(filePath: try PrivateFolder.make("seehear-\(name)-rank-\(rank)", in: parent.path))
    }

    /// What a rank that asked for the run got.
    package enum Answer: Sendable, Hashable {
        /// All ranks see the run directory; nothing was copied.
        case shared
        /// The copy is made, in this folder.
        case copied(URL)
        /// The run was over before it was asked for, as one that has nothing left to do; the rank took its leave.
        case over(everyoneAlive: Bool)
    }

    /// Asks rank 0 for the run. Takes the transport's events until the answer is there, and leaves what follows.
    ///
    /// - Parameters:
    ///   - folder: makes the folder that the copy goes to, in place of what is in it; asked for on a thread of its own.
    ///   - limit: how long rank 0 may plan.
    ///   - dismissalLimit: how long a rank whose run is over waits until all may leave.
    /// - Throws: ``RunCopyError``; errors of the file system.
    package static func receive(
        over transport: any Transport, coordinator: Int = 0, into folder: @escaping @Sendable () throws -> URL,
        limit: Duration = .seconds(3600), dismissalLimit: Duration = .seconds(60)
    ) async throws -> Answer {
        let heard = try await within(limit) { try await ask(transport, coordinator, into: folder) }
        switch heard {
        case nil: throw RunCopyError.late
        case .shared: return .shared
        case .over(let epoch):
            let goodbye = WireMessage(epoch: epoch, .worker(.goodbye(reason: "the run was over")))
            try await transport.send(goodbye.encoded(), to: coordinator)
            let everyoneAlive = try await within(dismissalLimit) { await dismissal(over: transport, coordinator) }
            return .over(everyoneAlive: everyoneAlive ?? false)
        case .copied(let folder): return .copied(folder)
        }
    }

    private enum Heard: Sendable {
        case shared
        case copied(URL)
        case over(epoch: UInt64)
    }

    /// - Returns: nil where the transport was closed, or the task cancelled.
    private static func ask(
        _ transport: any Transport, _ coordinator: Int, into folder: @escaping @Sendable () throws -> URL
    ) async throws -> Heard? {
        let thread = try WorkThread("plan")
        var copy: RunCopyFiles?
        func askForMore() async throws {
            let message = WireMessage(epoch: 0, .worker(.wantsRun(offset: copy?.count ?? 0)))
            try await transport.send(message.encoded(), to: coordinator)
        }
        try await askForMore()
        for await event in transport.events {
            switch event {
            case .peerFailed(coordinator): throw RunCopyError.lost("its process ended or the connection to it broke")
            case .broken(let why): throw RunCopyError.lost(why)
            case .message(coordinator, let encoded):
                let message = try WireMessage(decoding: encoded)
                guard case .coordinator(let said) = message.body else { continue }
                switch said {
                case .stop: return .over(epoch: message.epoch)
                case .run(let piece):
                    guard let sizes = piece.sizes else { return .shared }
                    let files = try await thread.perform { [copy] in
                        let files = try copy ?? RunCopyFiles(folder(), sizes)
                        try files.append(piece)
                        return files
                    }
                    if files.isComplete {
                        try await thread.perform { try files.publish() }
                        return .copied(files.folder)
                    }
                    copy = files
                    try await askForMore()
                default: continue
                }
            case .peerFailed, .message: continue
            }
        }
        return nil
    }

    /// Waits until rank 0 lets everybody go: a process that leaves alone may take the whole MPI job with it.
    /// - Returns: whether all ranks are alive; nil where rank 0 did not say.
    private static func dismissal(over transport: any Transport, _ coordinator: Int) async -> Bool? {
        for await event in transport.events {
            switch event {
            case .message(coordinator, let encoded):
                guard case .coordinator(.dismiss(let everyoneAlive))? = try? WireMessage(decoding: encoded).body else {
                    continue
                }
                return everyoneAlive
            case .peerFailed(coordinator), .broken: return nil
            case .peerFailed, .message: continue
            }
        }
        return nil
    }

    /// Gives nil where it takes too long. The work must end when its task is cancelled.
    private static func within<Value: Sendable>(
        _ limit: Duration, _ work: @escaping @Sendable () async throws -> Value?
    ) async throws -> Value? {
        let working = Task { try await work() }
        let watchdog = Task {
            try await Task.sleep(for: limit)
            working.cancel()
        }
        defer { watchdog.cancel() }
        return try await working.value
    }
}

/// Why a rank did not get the run.
package enum RunCopyError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Rank 0 went away.
    case lost(String)
    /// The files changed while they were sent.
    case changed
    /// It took too long.
    case late

    /// A sentence.
    package var description: String {
        switch self {
        case .lost(let why): "Rank 0 did not send the run: \(why)."
        case .changed: "run.json or the plan changed while rank 0 sent them; start again."
        case .late: "Rank 0 did not send the run in time; look into its output."
        }
    }
}
