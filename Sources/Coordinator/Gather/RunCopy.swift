internal import Crypto
package import Foundation
internal import Shard

/// The files that make a run, `run.json` and the plan, as rank 0 sends them to ranks that do not see the run directory.
struct RunFiles: Sendable {
    let directory: RunDirectory
    /// The most that is sent at a time.
    var largestPiece = WireFormat.largestPiece

    /// The bytes from an offset on, at most ``largestPiece``. Blocks.
    /// - Throws: errors of the file system.
    func piece(at offset: Int) throws -> RunPiece {
        let description = try Data(contentsOf: directory.description)
        let plan = try FileHandle(forReadingFrom: directory.plan)
        defer { try? plan.close() }
        let sizes = RunPiece.Sizes(description: description.count, plan: Int(try plan.seekToEnd()))
        guard offset < sizes.total else { return RunPiece(sizes: sizes, offset: offset) }
        var bytes = [UInt8](description.dropFirst(offset).prefix(largestPiece))
        if bytes.count < largestPiece {
            try plan.seek(toOffset: UInt64(max(0, offset - description.count)))
            bytes += try plan.read(upToCount: largestPiece - bytes.count) ?? Data()
        }
        return RunPiece(sizes: sizes, offset: offset, bytes: bytes)
    }
}

/// A run as a rank gets it from rank 0 that does not see the run directory (`gather: mpi`).
package enum RunCopy {
    /// Where a rank keeps its copy of a run: the same at every start, so that a killed rank leaves one folder and not many.
    /// - Parameter run: the run directory on rank 0.
    package static func folder(of run: String, rank: Int) -> URL {
        let name = hexadecimal(SHA256.hash(data: Data(URL(filePath: run).standardizedFileURL.path.utf8))).prefix(12)
        return FileManager.default.temporaryDirectory.appending(path: "seehear-\(name)-rank-\(rank)")
    }

    /// Asks rank 0 for the run. Takes the transport's events until it is there, and leaves what follows.
    ///
    /// - Parameters:
    ///   - folder: where the copy goes; replaced.
    ///   - limit: how long rank 0 may plan.
    /// - Returns: whether a copy was made; false where all ranks see the run directory.
    /// - Throws: ``RunCopyError``; errors of the file system.
    package static func receive(
        over transport: any Transport, coordinator: Int = 0, into folder: URL, limit: Duration = .seconds(3600)
    ) async throws -> Bool {
        let receiving = Task { try await bytes(over: transport, coordinator) }
        let watchdog = Task {
            try await Task.sleep(for: limit)
            receiving.cancel()
        }
        defer { watchdog.cancel() }
        guard let (sizes, bytes) = try await receiving.value else { return false }
        try await WorkThread("plan").perform {
            let directory = RunDirectory(folder)
            try? FileManager.default.removeItem(at: folder)
            try FileManager.default.createDirectory(at: directory.logs, withIntermediateDirectories: true)
            try AtomicFile.write(Array(bytes[sizes.description...]), to: directory.plan.path)
            try AtomicFile.write(Array(bytes[..<sizes.description]), to: directory.description.path)
        }
        return true
    }

    private static func bytes(
        over transport: any Transport, _ coordinator: Int
    ) async throws -> (sizes: RunPiece.Sizes, bytes: [UInt8])? {
        var bytes: [UInt8] = []
        func ask() async throws {
            let message = WireMessage(epoch: 0, .worker(.wantsRun(offset: bytes.count)))
            try await transport.send(message.encoded(), to: coordinator)
        }
        try await ask()
        for await event in transport.events {
            switch event {
            case .peerFailed(coordinator): throw RunCopyError.lost("its process ended or the connection to it broke")
            case .broken(let why): throw RunCopyError.lost(why)
            case .message(coordinator, let encoded):
                guard case .coordinator(let said) = try WireMessage(decoding: encoded).body else { continue }
                switch said {
                case .stop, .dismiss: throw RunCopyError.ended
                case .run(let piece):
                    guard let sizes = piece.sizes else { return nil }
                    guard piece.offset == bytes.count, !piece.bytes.isEmpty else { throw RunCopyError.changed }
                    bytes += piece.bytes
                    guard bytes.count <= sizes.total else { throw RunCopyError.changed }
                    if bytes.count == sizes.total { return (sizes, bytes) }
                    try await ask()
                default: continue
                }
            case .peerFailed, .message: continue
            }
        }
        throw RunCopyError.late
    }
}

/// Why a rank did not get the run.
package enum RunCopyError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Rank 0 went away.
    case lost(String)
    /// The run ended before this rank had it.
    case ended
    /// The files changed while they were sent.
    case changed
    /// It took too long.
    case late

    /// A sentence.
    package var description: String {
        switch self {
        case .lost(let why): "Rank 0 did not send the run: \(why)."
        case .ended: "The run ended before this rank had its plan."
        case .changed: "run.json or the plan changed while rank 0 sent them; start again."
        case .late: "Rank 0 did not send the run in time; look into its output."
        }
    }
}
