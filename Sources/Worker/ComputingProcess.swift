package import Coordinator
internal import Files
internal import Foundation
package import Logging
package import Planning
internal import Shard
internal import Threads
internal import Torch

/// The process that computes for a rank: `seehear-worker compute`, started by the rank and joined to it by pipes.
package struct ComputingProcess: Sendable {
    private let directory: RunDirectory
    private let place: RankProgram.Place
    private let logFormat: FileLogHandler.Format
    private let patience: StoragePatience
    private let makeRunner: RunnerMaker

    /// Makes what does the batches of a run, and says on what.
    package typealias RunnerMaker =
        @Sendable (Run, RankProgram.Place, Logger) throws -> (runner: any BatchRunner, device: String)

    /// - Parameters:
    ///   - run: the run directory.
    ///   - makeRunner: the models on the rank's device, unless a test plays them.
    package init(
        run: String, place: RankProgram.Place, logFormat: FileLogHandler.Format,
        patience: StoragePatience = StoragePatience(), makeRunner: RunnerMaker? = nil
    ) {
        self.patience = patience
        directory = RunDirectory(URL(filePath: run))
        self.place = place
        self.logFormat = logFormat
        self.makeRunner = makeRunner ?? Self.models
    }

    private static func models(
        _ run: Run, _ place: RankProgram.Place, _ log: Logger
    ) throws -> (runner: any BatchRunner, device: String) {
        func records(_ work: some RecordWork, on choice: DeviceChoice) throws -> (any BatchRunner, String) {
            (
                try RecordBatchRunner(run: run, work: work, rank: place.rank, device: choice.device, log: log),
                choice.description
            )
        }
        switch run.description.recipe {
        case .generation(let job):
            let choice = try DeviceChoice(job, localRank: place.localRank, ranksOnNode: place.ranksOnNode)
            try choice.apply(job)
            for warning in choice.warnings(for: job) { log.warning("\(warning)") }
            let runner = try SampleBatchRunner(run: run, job: job, rank: place.rank, device: choice.device, log: log)
            return (runner, choice.description)
        case .features(let job):
            let choice = try DeviceChoice(
                job.device, threads: job.threads, localRank: place.localRank, ranksOnNode: place.ranksOnNode)
            try TorchRuntime.configure(threads: choice.threads)
            return try records(FeatureWork(job), on: choice)
        case .captions(let captions):
            let choice = try DeviceChoice(captions.job, localRank: place.localRank, ranksOnNode: place.ranksOnNode)
            try choice.apply(captions.job)
            return try records(CaptionWork(captions), on: choice)
        case .pictures(let pictures):
            let choice = try DeviceChoice(pictures.job, localRank: place.localRank, ranksOnNode: place.ranksOnNode)
            try choice.apply(pictures.job)
            return try records(PictureWork(pictures), on: choice)
        }
    }

    /// Works until the coordinator dismisses it.
    /// - Returns: the exit code.
    package func run() async -> Int32 {
        guard ChildLife.begin() else { return 1 }
        do {
            let watch = try PoolWatch(tell: complain) { [self] error in
                complain("\(error)")
                _exit(1)
            }
            defer { watch.stop() }
            let transport = try PipeTransport(
                rank: place.rank, peer: 0, input: SpawnedProcess.input, output: SpawnedProcess.output,
                waits: true)
            let run = try await WorkThread("plan").perform { [directory] in try Run.open(directory) }
            let log = Logger.ofRank(place.rank, directory, "worker", logFormat, echo: .error)
            let (runner, device) = try makeRunner(run, place, log)
            let identity = WorkerIdentity(
                host: LocalHost.name, pid: Int(ProcessInfo.processInfo.processIdentifier),
                device: device, configSHA256: run.description.configSHA256)
            log.info("working on \(device)")
            let end = await WorkerLoop(
                transport: transport, runner: runner, publisher: try publisher(for: run, log), identity: identity,
                log: log
            ).run()
            log.info("\(end.outcome)")
            if case .coordinatorLost = end.outcome { return ChildExit.coordinatorLost }
            return 0
        } catch {
            complain("\(error)")
            return 1
        }
    }

    private func complain(_ text: String) {
        StandardStreams.tell("seehear-worker: process of rank \(place.rank): \(text)\n")
    }
}

extension ComputingProcess {
    /// Rank 0 has the run directory, however the others send what they make; nil: by messages.
    private func publisher(for run: Run, _ log: Logger) throws(ThreadError) -> SharedSegments? {
        guard run.description.recipe.gather == .shared || place.rank == 0 else { return nil }
        return try SharedSegments(
            run.description.segments(in: run.directory.layout), patience: patience, log: log)
    }
}

/// Starts ``ComputingProcess``: this very program once more.
struct ComputingLauncher: ChildLauncher {
    let run: String
    let place: RankProgram.Place
    let logFormat: FileLogHandler.Format

    func launch() async throws -> any ChildProcess {
        // Also where the file was replaced since this process began.
        try await SpawnedProcess.start(
            "/proc/self/exe",
            [
                "seehear-worker", "compute", run, "--rank", "\(place.rank)", "--size", "\(place.size)",
                "--local-rank", "\(place.localRank)", "--ranks-on-node", "\(place.ranksOnNode)",
                "--log-format", logFormat.rawValue,
            ], rank: place.rank)
    }
}

extension Logger {
    /// The log of a rank, shared by its processes.
    static func ofRank(
        _ rank: Int, _ directory: RunDirectory, _ label: String, _ format: FileLogHandler.Format, echo: Logger.Level
    ) -> Logger {
        let file = LogFile(directory.log(rank: rank).path)
        if let problem = file.problem {
            StandardStreams.tell("seehear-worker: rank \(rank): there is no log of \(label): \(problem)\n")
        }
        return Logger(label: label) { FileLogHandler(label: $0, rank: rank, file: file, format: format, echo: echo) }
    }
}
