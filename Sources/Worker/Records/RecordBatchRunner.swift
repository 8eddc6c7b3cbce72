internal import Coordinator
internal import Files
internal import Foundation
internal import Logging
internal import Planning
internal import Preflight
internal import Shard
internal import Synchronization
internal import Threads
internal import Torch

/// What a run does with samples that are read from files and looked at: a run of features, a run of captions.
protocol RecordWork: Sendable {
    associatedtype Row: PlanRow
    /// What is read of a row's files.
    associatedtype Input: Sendable
    /// The networks.
    associatedtype Loaded: Sendable

    /// - Throws: errors of loading.
    func load(on device: Device) throws -> Loaded
    /// Reads a row's files. Blocks.
    func read(_ row: Row) throws -> Input
    /// The files of a row, which are waited for where their folder is gone.
    func files(of row: Row) -> [String]
    /// Asks somebody outside what was read of rows. What was asked already is not asked again.
    /// - Parameter progress: gets the share that is done.
    /// - Throws: `WorkerUnfit` where nothing more can be asked.
    func ask(
        _ inputs: [Result<Input, SampleFailure>], _ loaded: Loaded, progress: @escaping @Sendable (Double) -> Void
    ) async throws -> [Result<Input, SampleFailure>]
    /// Makes records of inputs that could be read.
    /// - Parameter progress: gets the share that is done.
    /// - Returns: one for each row.
    func make(
        _ rows: [Row], _ inputs: [Result<Input, SampleFailure>], _ loaded: Loaded, progress: (Double) -> Void
    ) throws -> [Result<Sample, SampleFailure>]
}

extension RecordWork {
    /// Nobody is asked.
    func ask(
        _ inputs: [Result<Input, SampleFailure>], _ loaded: Loaded, progress: @escaping @Sendable (Double) -> Void
    ) async throws -> [Result<Input, SampleFailure>] { inputs }

    /// Makes the records of inputs that could be read, one after the other.
    func makeEach(
        _ rows: [Row], _ inputs: [Result<Input, SampleFailure>], progress: (Double) -> Void,
        _ one: (Row, Input) throws -> Sample
    ) -> [Result<Sample, SampleFailure>] {
        zip(rows, inputs).enumerated().map { place, pair in
            defer { progress(Double(place + 1) / Double(rows.count)) }
            return pair.1.flatMap { input in
                Result { try one(pair.0, input) }.mapError(SampleFailure.init)
            }
        }
    }
}

/// A rank's work on a run of records: read → ask → look → encode → publish.
final class RecordBatchRunner<Work: RecordWork>: BatchRunner {
    private let run: Run
    private let work: Work
    private let rank: Int
    private let device: Device
    private let log: Logger
    private let computing: WorkThread
    private let reading: WorkThread
    private let loaded = Mutex<Work.Loaded?>(nil)
    private let models = ModelsInUse()
    private let folders: InputFolders
    private let pauses: [Duration]
    private let prefetched = Mutex<[Int: Result<[Input], any Error>]>([:])

    private typealias Input = Result<Work.Input, SampleFailure>

    /// - Parameters:
    ///   - patience: how long samples are waited for whose folder is gone.
    ///   - pauses: before each further attempt to read samples whose failure may pass.
    /// - Throws: ``ThreadError``.
    init(
        run: Run, work: Work, rank: Int, device: Device, patience: StoragePatience = StoragePatience(),
        pauses: [Duration] = [.seconds(2), .seconds(10)], log: Logger
    ) throws(ThreadError) {
        computing = try WorkThread("compute")
        reading = try WorkThread("inputs")
        self.run = run
        self.work = work
        self.rank = rank
        self.device = device
        self.log = log
        folders = InputFolders(patience: patience, reading: reading, log: log)
        self.pauses = pauses
    }

    /// Loads the networks.
    /// - Throws: `PlannedModelsError` where they are not those that were planned; errors of loading.
    func prepare() async throws {
        let networks = try await computing.perform { [run, work, device, models] in
            try models.loading(run.description) { try work.load(on: device) }
        }
        loaded.withLock { $0 = networks }
        log.info("networks are loaded on \(device)")
    }

    func prefetch(_ batch: Int) async {
        let result: Result<[Input], any Error>
        do {
            let inputs = try await reading.perform { [self] in read(try planned(in: batch)) }
            result = .success(try await ask(inputs))
        } catch {
            result = .failure(error)
        }
        guard !Task.isCancelled else { return }
        prefetched.withLock { $0[batch] = result }
    }

    func discard(_ batch: Int) async { prefetched.withLock { $0[batch] = nil } }

    func run(_ order: BatchOrder, _ watch: BatchWatch) async throws -> BatchReport {
        let batch = order.batch
        let start = ContinuousClock.now
        let samples = try await reading.perform { [self] in try planned(in: batch) }
        var inputs = try prefetched.withLock { $0.removeValue(forKey: batch) }?.get() ?? []
        // What kills the process may do so while it is read.
        let apart = order.isolation == .samples
        if inputs.isEmpty, !apart { inputs = try await reading.perform { [self] in read(samples) } }
        guard let loaded = loaded.withLock({ $0 }) else {
            throw BatchFailure(kind: "notPrepared", message: "the networks are not loaded.", retryable: false)
        }
        var results: [Result<Sample, SampleFailure>] = []
        if apart {
            for sample in samples {
                guard order.excluded[sample.index] == nil else {
                    results.append(.failure(excluded(sample, order)))
                    continue
                }
                await watch.begin(sample.index)
                let input = try await ask(reading.perform { [self] in read([sample]) })
                results += try await computing.perform { [work] in try work.make([sample], input, loaded) { _ in } }
            }
        } else {
            try await readAgain(samples, &inputs)
            for (place, sample) in samples.enumerated() where order.excluded[sample.index] != nil {
                inputs[place] = .failure(excluded(sample, order))
            }
            inputs = try await ask(inputs, progress: watch.progress)
            results = try await computing.perform { [work, inputs] in
                try work.make(samples, inputs, loaded, progress: watch.progress)
            }
        }
        watch.computed()
        try models.check()
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        let rows = zip(samples, results).map { row($0, $1, seconds: seconds) }
        let segment = try EncodedSegment(
            batch: batch, configSHA256: run.description.configSHA256, samples: results.compactMap { try? $0.get() },
            rows: rows)
        let publication = try await watch.publisher.publish(segment)
        let made = rows.count { $0.status == .ok }
        return BatchReport(
            batch: batch, succeeded: made, failed: samples.count - made, bytes: segment.data.count, seconds: seconds,
            published: publication == .published)
    }

    // MARK: - Parts

    private func planned(in batch: Int) throws(RunError) -> [Work.Row] { try run.samples(of: batch, as: Work.Row.self) }

    private func read(_ samples: [Work.Row]) -> [Input] {
        samples.map { sample in
            if let error = sample.error {
                return .failure(SampleFailure(kind: error.kind, message: error.message))
            }
            return Result { try work.read(sample) }.mapError(SampleFailure.init)
        }
    }

    private func ask(
        _ inputs: [Input], progress: @escaping @Sendable (Double) -> Void = { _ in }
    ) async throws -> [Input] {
        guard let loaded = loaded.withLock({ $0 }) else { return inputs }
        return try await work.ask(inputs, loaded, progress: progress)
    }

    /// Reads samples again whose failure may pass, after a while.
    private func readAgain(_ samples: [Work.Row], _ inputs: inout [Input]) async throws {
        for pause in pauses {
            let again = samples.indices.filter { place in
                if case .failure(let failure) = inputs[place] { failure.isTransient } else { false }
            }
            guard !again.isEmpty else { return }
            log.warning("\(again.count) samples failed for what may pass; they are read again.")
            try await Task.sleep(for: pause)
            let left = again.map { samples[$0] }
            try await folders.wait(for: left.flatMap(work.files))
            let found = try await reading.perform { [self] in read(left) }
            for (place, input) in zip(again, found) { inputs[place] = input }
        }
    }

    private func excluded(_ sample: Work.Row, _ order: BatchOrder) -> SampleFailure {
        SampleFailure(kind: BatchFailure.workerLost, message: order.excluded[sample.index] ?? "")
    }

    private func row(_ sample: Work.Row, _ result: Result<Sample, SampleFailure>, seconds: Double) -> SampleRow {
        var failure: SampleRow.Failure?
        if case .failure(let error) = result {
            failure = error.record
            log.warning("\(sample.key) failed: \(error.kind): \(error.message)")
        }
        let listed = sample.listed
        return SampleRow(
            index: sample.index, key: sample.key, task: listed.task, prompt: listed.prompt, seed: listed.seed,
            status: failure == nil ? .ok : .failed, error: failure, seconds: seconds, rank: rank, host: LocalHost.name)
    }
}
