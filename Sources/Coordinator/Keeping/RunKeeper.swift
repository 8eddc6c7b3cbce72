internal import Files
internal import Foundation
package import Logging
internal import Method
package import Planning
internal import Shard
internal import Threads

/// The coordinator's hands: turns published segments into shards and keeps the run's index, status and beat.
///
/// File work is done on a thread of its own, one piece after the other, beside the assignment of batches.
package actor RunKeeper: CoordinatorDelegate {
    private let run: Run
    private let store: SegmentStore
    private let assembler: ShardAssembler
    private let index: DatasetIndex
    private let reporter: ProgressReporter
    private let log: Logger
    private let lock: RunLock
    private let thread: WorkThread
    /// Not behind an assembly, for which the loop would wait.
    private let reading: WorkThread
    private let beatInterval: Duration
    private let intake: SegmentIntake
    /// How long the file system may take no segment, before the run is stopped.
    private let storageLimit: Duration

    /// Batches that each shard still waits for.
    private var waiting: [Int: Set<Int>] = [:]
    private var assemblies: [Task<Void, Never>] = []
    private var problems: [String] = []
    private var lastBeat = ContinuousClock.Instant.now - .seconds(3600)
    private var beats = 0
    /// What the last beat said.
    private var workers: Int?
    private var epoch: UInt64 = 0
    private var takeover: RunTakenOver?

    /// Takes the run's lock.
    /// - Throws: ``RunLockError``, ``ThreadError``.
    package init(
        _ run: Run, reporter: ProgressReporter, beatEvery interval: Duration = .seconds(5),
        patience: StoragePatience = StoragePatience(), log: Logger
    ) throws {
        thread = try WorkThread("files")
        reading = try WorkThread("run files")
        storageLimit = patience.limit
        beatInterval = interval
        self.run = run
        self.reporter = reporter
        self.log = log
        lock = try RunLock(run.directory)
        let layout = run.directory.layout
        let hash = run.description.configSHA256
        store = run.description.segments(in: layout)
        intake = try SegmentIntake(store, pause: patience.pause, log: log)
        assembler = ShardAssembler(layout: layout, configSHA256: hash, compression: run.description.recipe.compression)
        index = DatasetIndex(layout: layout)
    }

    /// Sweeps what dead processes left, throws damaged segments away, and finds what is still to be done.
    /// - Throws: ``RunLockError`` where a coordinator on another host is alive; errors of the file system.
    package func resume() async throws -> RunProgressBefore {
        try await lock.watchForOthers()
        let (before, waiting) = try await thread.perform { [run, store, assembler] in
            try Self.survey(run, store, assembler)
        }
        self.waiting = waiting
        epoch = before.epoch
        for damage in before.damaged { log.warning("\(damage) It will be done again.") }
        beat(workers: 0)
        for (shard, batches) in waiting.sorted(by: { $0.key < $1.key }) where batches.isEmpty { assemble(shard) }
        return before
    }

    package func batchAccepted(_ report: BatchReport) async throws {
        if let takeover { throw takeover }
        log.info(
            "batch \(report.batch): \(report.succeeded) made, \(report.failed) failed, \(report.bytes) bytes, \(report.seconds) s"
        )
        settle(report.batch)
    }

    package func batchFailed(_ batch: Int, _ failure: BatchFailure) async throws {
        log.error("batch \(batch) is given up: \(failure)")
        let samples = try await reading.perform { [run] in try run.samples(of: batch) }
        let rows = samples.map { sample in
            SampleRow(
                index: sample.index, key: sample.key, task: sample.listed.task, prompt: sample.listed.prompt,
                seed: sample.listed.seed,
                status: .failed,
                error: SampleRow.Failure(
                    kind: sample.error?.kind ?? failure.kind, message: sample.error?.message ?? failure.message))
        }
        try await thread.perform { [store] in
            let segment = try EncodedSegment(batch: batch, configSHA256: store.configSHA256, samples: [], rows: rows)
            _ = try store.publish(segment)
        }
        settle(batch)
    }

    package func segment(
        _ message: SegmentMessage, batch: Int, from rank: Int, answer: @escaping @Sendable (SegmentAnswer) -> Void
    ) { intake.take(message, batch: batch, from: rank, answer: answer) }

    package func segmentsDropped(of rank: Int, batch: Int?) { intake.drop(rank: rank, batch: batch) }

    package func run(from offset: Int) async throws -> RunPiece {
        guard run.description.recipe.gather == .mpi else { return RunPiece() }
        return try await reading.perform { [files = RunFiles(directory: run.directory)] in try files.piece(at: offset) }
    }

    package func progress(_ progress: RunProgress) async throws {
        if let takeover { throw takeover }
        if let trouble = intake.trouble(longerThan: storageLimit) {
            throw SegmentsNotStored(limit: storageLimit, reason: trouble)
        }
        beat(workers: progress.workers)
        await reporter.report(progress)
    }

    /// Ends a start: what can be assembled is, and the index is written. ``leave(_:exitCode:)`` follows.
    ///
    /// - Returns: what kept shards from being assembled; the same command mends it. Empty where all is well.
    /// - Throws: errors of the file system.
    package func finish(_ outcome: RunOutcome) async throws -> [String] {
        await intake.close()
        for assembly in assemblies { await assembly.value }
        assemblies = []
        try await thread.perform { [run, assembler, index, isOver] in
            // Stragglers may have published after their shard was assembled.
            if isOver {
                for shard in 0..<run.layout.shards { _ = try assembler.assemble(run.contents(of: shard)) }
                // Whoever still writes is late, wherever it is.
                try run.directory.layout.removeTemporaryFiles()
            }
            try index.rebuild()
        }
        await reporter.finish()
        return problems
    }

    private var isOver: Bool { waiting.values.allSatisfy(\.isEmpty) && problems.isEmpty }

    /// Writes STATUS: whether the run is complete, and the exit code. A launcher believes this and not `mpirun`, whose own
    /// code does not survive the loss of a node.
    /// - Throws: errors of the file system.
    package func leave(exitCode: Int32) async throws {
        try await thread.perform { [run, isOver] in
            let text = "\(isOver ? "complete" : "stopped") \(exitCode)\n"
            try AtomicFile.write(Array(text.utf8), to: run.directory.status.path)
        }
    }

    // MARK: - Parts

    private func settle(_ batch: Int) {
        let shard = run.layout.shard(ofBatch: batch)
        waiting[shard]?.remove(batch)
        if waiting[shard]?.isEmpty == true { assemble(shard) }
    }

    /// In the background: batches go on being assigned meanwhile.
    private func assemble(_ shard: Int) {
        let contents = run.contents(of: shard)
        assemblies.append(
            Task {
                do {
                    let record = try await thread.perform { [assembler] in try assembler.assemble(contents) }
                    log.info("\(record.shard): \(record.nsamples) samples, \(record.bytes) bytes")
                } catch {
                    await assemblyFailed(shard, error)
                }
            })
    }

    private func assemblyFailed(_ shard: Int, _ error: any Error) async {
        log.error("shard \(shard) cannot be assembled: \(error)")
        problems.append("shard \(shard): \(error)")
        guard let error = error as? SegmentError else { return }
        // Gone, so that the next start does the batch again.
        try? await thread.perform { [store] in try store.discardSegment(batch: error.batch) }
    }

    /// Host, process, start, count and workers that are there: what `cluster/launch` goes by.
    private func beat(workers: Int) {
        // A change is told at once: the launcher counts from there how long ranks have been missing.
        guard workers != self.workers || ContinuousClock.now - lastBeat > beatInterval else { return }
        self.workers = workers
        lastBeat = .now
        beats += 1
        // The count makes every beat another content, which a watcher on another host sees whatever its clock says.
        let text = "\(LocalHost.name) \(getpid()) \(epoch) \(beats) \(workers)\n"
        // Before the first there may be one of long ago.
        let isFirst = beats == 1
        thread.enqueue { [directory = run.directory, epoch] in
            let rival = !isFirst && Self.rival(in: directory, epoch)
            try? OwnFile.write(text, to: directory.beat.path)
            if rival { Task { await self.takenOver(by: epoch) } }
            guard let now = Self.epoch(in: directory), now > epoch else { return }
            Task { await self.takenOver(by: now) }
        }
    }

    /// Another coordinator was started on the run, somewhere where this one's lock is not seen.
    private func takenOver(by other: UInt64) {
        takeover = RunTakenOver(path: run.directory.url.path, own: epoch, other: other)
    }

    /// Whether a coordinator elsewhere has taken the run up in the same moment, with the same number, and this one has to leave it to
    /// that one: of two, the one that comes first by host and process stays.
    private static func rival(in directory: RunDirectory, _ epoch: UInt64) -> Bool {
        let words = ((try? String(contentsOf: directory.beat, encoding: .utf8)) ?? "").split(separator: " ")
        guard words.count > 3, UInt64(words[2]) == epoch else { return false }
        return [String(words[0]), String(words[1])].lexicographicallyPrecedes([LocalHost.name, String(getpid())])
    }

    private static func survey(
        _ run: Run, _ store: SegmentStore, _ assembler: ShardAssembler
    ) throws -> (RunProgressBefore, waiting: [Int: Set<Int>]) {
        let directory = run.directory
        try directory.layout.create()
        _ = try directory.layout.sweepTemporaryFiles()
        try? FileManager.default.removeItem(at: directory.status)
        var before = RunProgressBefore()
        before.epoch = try nextEpoch(directory)
        let costs = try run.tally().batchCosts
        let scan = try store.scan()
        before.damaged = scan.damaged.sorted { $0.key < $1.key }.map { "\($0.value)" }
        try store.discard(batches: scan.damaged.keys)
        var waiting: [Int: Set<Int>] = [:]
        for shard in (0..<run.layout.shards).map({ run.layout.shard($0) }) {
            if let record = try assembler.record(shard: shard.number) {
                guard record.indices == shard.samples else {
                    throw ShardError.damaged(
                        shard: shard.number,
                        problem: "its record is that of samples \(record.indices), not \(shard.samples)")
                }
                before.samplesDone += record.nsamples
                before.samplesFailed += record.nfailed
                continue
            }
            waiting[shard.number] = []
            for number in shard.batches {
                if let batch = scan.committed[number] {
                    before.samplesDone += batch.made
                    before.samplesFailed += batch.failed
                } else {
                    waiting[shard.number]?.insert(number)
                    before.batches.append(
                        BatchWork(
                            number: number, expectedCost: costs[number],
                            samples: run.layout.samples(ofBatch: number).count))
                }
            }
        }
        return (before, waiting)
    }

    /// Counts the starts of a run, under its lock.
    private static func nextEpoch(_ directory: RunDirectory) throws -> UInt64 {
        let epoch = (Self.epoch(in: directory) ?? 0) + 1
        try AtomicFile.write(Array("\(epoch)\n".utf8), to: directory.epoch.path)
        return epoch
    }

    private static func epoch(in directory: RunDirectory) -> UInt64? {
        let bytes = try? InputFile.bytes(of: directory.epoch.path, limit: 64, followingLinks: false)
        return bytes.flatMap {
            UInt64(String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines))
        }
    }
}

/// The file system took no segment of any worker for too long (`gather: mpi`).
struct SegmentsNotStored: Error, CustomStringConvertible {
    let limit: Duration
    let reason: String

    var description: String { "segments could not be stored for \(limit): \(reason). Then run the same command again." }
}

extension Run {
    /// A planned shard as the assembler wants it.
    fileprivate func contents(of number: Int) -> ShardContents {
        let shard = layout.shard(number)
        return ShardContents(shard: number, firstIndex: shard.firstIndex, batches: Array(shard.batches))
    }
}
