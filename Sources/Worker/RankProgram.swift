package import Coordinator
internal import Files
internal import Foundation
internal import Logging
internal import Method
internal import Planning
package import Preflight
internal import Shard
internal import Synchronization
internal import Threads

/// What one rank does, from the command line's arguments to its exit code.
package struct RankProgram: Sendable {
    /// What the command line says.
    package struct Options: Sendable {
        /// A run directory, or a job file that is planned into ``out`` first; with ``evaluation`` the directory of its features.
        package var target: String
        /// What is evaluated: planned into ``target`` first, or resumed there.
        package var evaluation: EvaluationRequest?
        /// The rows of a job that are captioned: planned into ``target`` first, or resumed there.
        package var captions: CaptionRequest?
        /// The pictures that are redrawn: planned into ``target`` first, or resumed there.
        package var pictures: PictureRequest?
        package var out: String?
        package var overrides: [String] = []
        /// Whether rank 0 computes too; with one rank it always does.
        package var coordinatorWorks = false
        /// How long a rank, or its process, may be silent before its work goes to others.
        package var silenceLimit: Duration = .seconds(30)
        /// How long a batch may get no further before the process that computes it is ended.
        package var stallLimit: Duration = .seconds(1800)
        /// How long a run that is asked to stop waits for batches that run.
        package var drainLimit: Duration = .seconds(60)
        package var logFormat = FileLogHandler.Format.text

        package init(target: String) { self.target = target }
    }

    /// This process's place among the others.
    package struct Place: Sendable {
        package let rank: Int
        package let size: Int
        package let localRank: Int
        package let ranksOnNode: Int

        package init(rank: Int, size: Int, localRank: Int, ranksOnNode: Int) {
            self.rank = rank
            self.size = size
            self.localRank = localRank
            self.ranksOnNode = ranksOnNode
        }
    }

    /// How a rank ended.
    package struct End: Sendable {
        /// 0 done, 1 failed, 2 invalid job, 3 done with failed samples, 75 stopped and resumable.
        package let exitCode: Int32
        /// False where a rank may be dead: MPI must not be finalized then.
        package let everyoneAlive: Bool
    }

    /// Where STATUS is, from when this rank has the right to write it.
    private final class StatusFile: Sendable {
        let path = Mutex<String?>(nil)
    }

    private let options: Options
    private let place: Place
    private let status = StatusFile()

    package init(_ options: Options, _ place: Place) {
        self.options = options
        self.place = place
    }

    /// Runs to the end.
    ///
    /// - Parameters:
    ///   - transport: to the other ranks; nil where this is the only one.
    ///   - drain: an element for each request to stop early, such as a signal.
    package func run(transport: (any Transport)?, drain: AsyncStream<Void>) async -> End {
        do {
            let watch = try PoolWatch(tell: complain) { [self] in endWithoutThreads($0) }
            defer { watch.stop() }
            let files = try WorkThread("plan")
            guard let transport, place.rank != 0 else {
                let stops = StopRequests(drain)
                let start: Start?
                do {
                    start = try await stops.unlessAsked { [self] in try await begin(files) }
                } catch {
                    await letGo(transport)
                    return failed(error, everyoneAlive: true)
                }
                guard let start else {
                    await letGo(transport)
                    tell("seehear: stopped before a batch was begun. The same command starts the run.")
                    return End(exitCode: 75, everyoneAlive: true)
                }
                return try await coordinate(start, transport, stops)
            }
            return try await follow(transport, files)
        } catch {
            return failed(error, everyoneAlive: false)
        }
    }

    private func failed(_ error: any Error, everyoneAlive: Bool) -> End {
        complain("\(error)")
        let end = End(exitCode: Self.exitCode(for: error), everyoneAlive: everyoneAlive)
        LaunchVerdict.tell(end.exitCode, rank: place.rank)
        return end
    }

    /// The pool is dead, and with it all that would end this process in order: what is left to be said is said from the
    /// thread that watches it.
    private func endWithoutThreads(_ error: ThreadError) -> Never {
        complain("\(error)")
        let code: Int32 = 1
        if let status = status.path.withLock({ $0 }) {
            try? AtomicFile.write(Array("stopped \(code)\n".utf8), to: status)
        }
        LaunchVerdict.tell(code, rank: place.rank)
        _exit(code)
    }

    // MARK: - The run

    /// Whether ``Options/target`` is a run directory here.
    private var targetIsRun: Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: options.target, isDirectory: &isFolder) && isFolder.boolValue
    }

    /// Opens the run, or plans the job into a new one. Blocks.
    private func plan() throws -> Run {
        let target = URL(filePath: options.target)
        if let evaluation = options.evaluation {
            let prepared = try EvaluationPlanner(models: FeatureNetworkProbe()).prepare(evaluation, output: target.path)
            for note in prepared.notes { tell("seehear: note: \(note).") }
            return try prepared.publish(in: RunDirectory(target))
        }
        if let captions = options.captions {
            let planner = CaptionPlanner(
                inputs: MediaProbe(), models: CaptionerProbe(), server: ServerProbe())
            return try planner.prepare(captions, overrides: options.overrides, output: target).publish(
                in: RunDirectory(target))
        }
        if let pictures = options.pictures {
            return try PicturePlanner(inputs: MediaProbe(), models: PictureProbe()).prepare(pictures, output: target)
                .publish(
                    in: RunDirectory(target))
        }
        guard FileManager.default.fileExists(atPath: target.path), !targetIsRun else {
            let run = try Run.open(RunDirectory(target))
            if let given = options.out.map({ "--out \($0)" }) ?? options.overrides.first.map({ "--set \($0)" }) {
                throw RankProgramError.isPlanned(options.target, given: given)
            }
            try checkModels(of: run)
            return run
        }
        guard let out = options.out else { throw RankProgramError.noOutput(options.target) }
        let planner = Planner(inputs: MediaProbe(), models: EngineModelProbe())
        let prepared = try planner.prepare(target, overrides: options.overrides, output: URL(filePath: out))
        return try prepared.publish(in: RunDirectory(URL(filePath: out))).run
    }

    /// Refuses a run whose models are not those that it was planned with, before anybody loads them. Where they are not on
    /// this host, the ranks that compute find it out.
    private func checkModels(of run: Run) throws {
        do throws(PlannedModelsError) {
            _ = try PlannedModels(run.description)
        } catch {
            guard case .unusable(let problems) = error, place.size > 1, !options.coordinatorWorks else { throw error }
            complain("note: the models are not checked on rank 0: \(problems[0])")
        }
    }

    // MARK: - Roles

    /// Works on the run that rank 0 plans, as soon as it has one.
    private func follow(_ transport: any Transport, _ files: WorkThread) async throws -> End {
        let shared = targetIsRun ? options.target : options.out ?? options.target
        let rank = place.rank
        switch try await RunCopy.receive(over: transport, into: { try RunCopy.makeFolder(of: shared, rank: rank) }) {
        case .over(let everyoneAlive): return End(exitCode: 0, everyoneAlive: everyoneAlive)
        case .shared:
            let directory = RunDirectory(URL(filePath: shared))
            try await files.perform {
                do {
                    _ = try Run.describe(directory)
                } catch RunError.notARun {
                    throw RankProgramError.notShared(shared, host: LocalHost.name)
                }
            }
            return await work(directory, transport)
        case .copied(let copy):
            let end = await work(RunDirectory(copy), transport)
            // Its logs are all that is left there; they are wanted where something went wrong.
            if end.exitCode == 0 { try? FileManager.default.removeItem(at: copy) }
            return end
        }
    }

    /// What rank 0 has when it begins to give out work.
    private struct Start {
        let run: Run
        let keeper: RunKeeper
        let before: RunProgressBefore
        let log: Logger
    }

    /// Plans the run, or takes up what there is of it.
    private func begin(_ files: WorkThread) async throws -> Start {
        let run = try await files.perform { [self] in try plan() }
        let log = log(run.directory, "coordinator")
        let reporter = ProgressReporter(style: ProgressReporter.style(json: options.logFormat == .json))
        let keeper = try RunKeeper(run, reporter: reporter, log: log)
        status.path.withLock { $0 = run.directory.status.path }
        return Start(run: run, keeper: keeper, before: try await keeper.resume(), log: log)
    }

    /// Tells ranks that wait for a run that there will be none.
    private func letGo(_ remote: (any Transport)?) async {
        for message in [CoordinatorMessage.stop(.stopped), .dismiss(everyoneAlive: true)] {
            let bytes = WireMessage(epoch: 0, .coordinator(message)).encoded()
            for rank in remote?.peers ?? [] { try? await remote?.send(bytes, to: rank) }
        }
    }

    private func coordinate(_ start: Start, _ remote: (any Transport)?, _ stops: StopRequests) async throws -> End {
        let (run, keeper, before, log) = (start.run, start.keeper, start.before, start.log)
        if before.samplesDone + before.samplesFailed > 0 {
            log.notice(
                "resuming: \(before.samplesDone) samples are made, \(before.samplesFailed) failed, \(before.batches.count) batches are left"
            )
        }
        let works = place.size == 1 || options.coordinatorWorks
        let pair = InMemoryNetwork.pair()
        let transport: any Transport =
            switch (remote, works) {
            case (let remote?, true): CompositeTransport(remote: remote, local: pair.coordinator)
            case (let remote?, false): remote
            case (nil, _): pair.coordinator
            }
        var configuration = CoordinatorConfiguration(
            epoch: before.epoch, configSHA256: run.description.configSHA256, samplesTotal: run.layout.samples,
            samplesDoneBefore: before.samplesDone, samplesFailedBefore: before.samplesFailed)
        configuration.silenceLimit = options.silenceLimit
        configuration.drainLimit = options.drainLimit
        let loop = CoordinatorLoop(
            batches: before.batches, transport: transport, delegate: keeper, configuration: configuration, log: log)
        stops.act { $0 == 1 ? loop.requestDrain() : loop.requestStop() }
        let worker = works ? Task { await work(run.directory, pair.worker) } : nil
        let end = try await loop.run()
        _ = await worker?.value
        let problems = try await keeper.finish(end.outcome)
        for problem in problems { complain("\(problem) Run the same command again.") }
        let exitCode = summarize(end, run, problems: problems, log)
        try await keeper.leave(exitCode: exitCode)
        return End(exitCode: exitCode, everyoneAlive: end.missing.isEmpty)
    }

    /// Works, in a process of its own, so that what ends that process leaves the rank alive; that process reads the plan.
    private func work(_ run: RunDirectory, _ transport: any Transport) async -> End {
        var configuration = SupervisorConfiguration()
        configuration.silenceLimit = options.silenceLimit
        configuration.stallLimit = options.stallLimit
        let launcher = ComputingLauncher(run: run.url.path, place: place, logFormat: options.logFormat)
        let end = await WorkerSupervisor(
            transport: transport, launcher: launcher, configuration: configuration, log: log(run, "supervisor")
        ).run()
        switch end.outcome {
        // The coordinator has heard why, and its exit code speaks for the run.
        case .finished, .stopped, .refused, .unprepared: return End(exitCode: 0, everyoneAlive: end.everyoneAlive)
        case .coordinatorLost: return End(exitCode: 1, everyoneAlive: end.everyoneAlive)
        }
    }

    // MARK: - Telling

    private func summarize(_ end: RunEnd, _ run: Run, problems: [String], _ log: Logger) -> Int32 {
        let progress = end.progress
        let counts =
            "\(progress.samplesDone) of \(progress.samplesTotal) samples made, \(progress.samplesFailed) failed"
        switch end.outcome {
        case .complete, .completeWithFailures:
            guard problems.isEmpty else { return 75 }
            let failed = progress.samplesFailed > 0
            tell("seehear: done: \(counts). \(run.directory.url.path)")
            if failed { tell("seehear: what failed and why: seehear ls \(run.directory.url.path) --failed") }
            return failed ? 3 : 0
        case .stopped:
            tell("seehear: stopped: \(counts). The same command resumes.")
            return 75
        case .noWorkersLeft(let reason):
            complain("\(reason)")
            if case .everyoneLeft(_, mayPass: true) = reason { return 75 }
            return 1
        }
    }

    private func tell(_ text: String) { StandardStreams.tell(text + "\n") }

    private func complain(_ text: String) { tell("seehear-worker: rank \(place.rank): \(text)") }

    private func log(_ run: RunDirectory, _ label: String) -> Logger {
        Logger.ofRank(
            place.rank, run, label, options.logFormat,
            echo: place.rank == 0 && label == "coordinator" ? .notice : .error)
    }

    /// 2 where another start would end the same way.
    private static func exitCode(for error: any Error) -> Int32 {
        switch error {
        case RunLockError.unusable, RunError.unreadable, RunError.unwritable: 1
        case PlanningError.server(let server): server.mayPass ? 75 : 1
        case is PlanningError, is RunError, is RankProgramError, is RunLockError, is RunTakenOver,
            is PlannedModelsError, is EvaluationPlanError:
            2
        default: 1
        }
    }
}

/// Why a rank had nothing to run.
package enum RankProgramError: Error, CustomStringConvertible {
    case noOutput(String)
    case isPlanned(String, given: String)
    case notShared(String, host: String)

    package var description: String {
        switch self {
        case .noOutput(let job):
            "\(job) is a job file: give the run directory with --out, or the directory of a planned run."
        case .isPlanned(let run, let given):
            "\(run) is a run that is planned already, so \(given) would change nothing: leave it out, or give the job file and a new folder with --out."
        case .notShared(let path, let host):
            "\(path): rank 0 has the run there, and \(host) does not see it. Put it on a file system that all nodes share, or say `gather: mpi` in the job."
        }
    }
}
