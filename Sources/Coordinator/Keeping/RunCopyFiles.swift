internal import Files
internal import Foundation
internal import Planning
internal import Synchronization

/// The files of a run while they arrive: the plan goes to the disk piece by piece, however long it is.
final class RunCopyFiles: Sendable {
    private let directory: RunDirectory
    private let sizes: RunPiece.Sizes
    private let state: Mutex<State>

    private struct State: ~Copyable {
        var description: [UInt8] = []
        var plan: AtomicFile?
        var count = 0
    }

    /// Begins a copy in a folder, in place of what is in it. Blocks, as all calls do.
    /// - Throws: `RunCopyError`; errors of the file system.
    init(_ folder: URL, _ sizes: RunPiece.Sizes) throws {
        guard sizes.description <= RunDescription.maximumBytes else { throw RunCopyError.changed }
        directory = RunDirectory(folder)
        self.sizes = sizes
        try Directory.empty(folder.path)
        try Directory.create(directory.logs.path)
        state = Mutex(State(plan: try AtomicFile(folder: folder.path, name: PlanFile.fileName)))
    }

    /// Where the files are.
    var folder: URL { directory.url }
    /// Bytes that have come.
    var count: Int { state.withLock { $0.count } }
    /// Whether nothing is missing.
    var isComplete: Bool { count == sizes.total }

    /// Takes the next piece.
    /// - Throws: ``RunCopyError/changed`` for one that does not follow; errors of the file system.
    func append(_ piece: RunPiece) throws {
        try state.withLock { state in
            guard piece.sizes == sizes, piece.offset == state.count, !piece.bytes.isEmpty,
                piece.bytes.count <= sizes.total - state.count
            else { throw RunCopyError.changed }
            let head = piece.bytes.prefix(max(0, sizes.description - state.count))
            state.description += head
            try state.plan?.write(Array(piece.bytes.dropFirst(head.count)))
            state.count += piece.bytes.count
        }
    }

    /// Gives the files their names, `run.json` last.
    /// - Throws: errors of the file system.
    func publish() throws {
        try state.withLock { state in
            if let plan = state.plan.take() { _ = try plan.publish(.replaceExisting) }
            try AtomicFile.write(state.description, to: directory.description.path)
        }
    }
}
