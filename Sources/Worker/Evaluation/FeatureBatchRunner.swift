package import Coordinator
internal import AVAlign
internal import Files
internal import JSON
package import Logging
internal import Method
internal import Networks
package import Planning
internal import Preflight
internal import Shard
internal import Synchronization
package import Threads
package import Torch

/// A rank's work on a run of features: read → look through the networks → encode → publish.
package final class FeatureBatchRunner: BatchRunner {
    private let run: Run
    private let job: FeatureJob
    private let rank: Int
    private let device: Device
    private let log: Logger
    private let computing: WorkThread
    private let reading: WorkThread
    private let reader: FeatureReader
    private let networks = Mutex<FeatureNetworks?>(nil)
    private let models = ModelsInUse()
    private let folders: InputFolders
    private let pauses: [Duration]
    private let prefetched = Mutex<[Int: [Input]]>([:])

    private typealias Input = Result<FeatureInput, SampleFailure>

    /// - Parameters:
    ///   - patience: how long samples are waited for whose folder is gone.
    ///   - pauses: before each further attempt to read samples whose failure may pass.
    /// - Throws: ``ThreadError``.
    package init(
        run: Run, job: FeatureJob, rank: Int, device: Device, patience: StoragePatience = StoragePatience(),
        pauses: [Duration] = [.seconds(2), .seconds(10)], log: Logger
    ) throws(ThreadError) {
        computing = try WorkThread("compute")
        reading = try WorkThread("inputs")
        self.run = run
        self.job = job
        self.rank = rank
        self.device = device
        self.log = log
        folders = InputFolders(patience: patience, reading: reading, log: log)
        self.pauses = pauses
        reader = FeatureReader(media: EvaluatedMedia(), job: job)
    }

    /// Loads the networks.
    /// - Throws: `PlannedModelsError` where they are not those that were planned; errors of loading.
    package func prepare() async throws {
        let loaded = try await computing.perform { [run, job, device, models] in
            try models.loading(run.description) { try FeatureNetworks(job, device: device) }
        }
        networks.withLock { $0 = loaded }
        log.info("networks are loaded on \(device)")
    }

    package func prefetch(_ batch: Int) async {
        let inputs = try? await reading.perform { [self] in read(try planned(in: batch)) }
        guard !Task.isCancelled else { return }
        prefetched.withLock { $0[batch] = inputs }
    }

    package func discard(_ batch: Int) async { prefetched.withLock { $0[batch] = nil } }

    package func run(_ order: BatchOrder, _ watch: BatchWatch) async throws -> BatchReport {
        let batch = order.batch
        let start = ContinuousClock.now
        let samples = try await reading.perform { [self] in try planned(in: batch) }
        var inputs = prefetched.withLock { $0.removeValue(forKey: batch) } ?? []
        // What kills the process may do so while it is read.
        let apart = order.isolation == .samples
        if inputs.isEmpty, !apart { inputs = try await reading.perform { [self] in read(samples) } }
        guard let networks = networks.withLock({ $0 }) else {
            throw BatchFailure(kind: "notPrepared", message: "the networks are not loaded.", retryable: false)
        }
        var results: [Result<Sample, SampleFailure>] = []
        if apart {
            for sample in samples {
                guard order.excluded[sample.index] == nil else {
                    results += finished([sample], [.failure(excluded(sample, order))])
                    continue
                }
                await watch.begin(sample.index)
                results += try await computing.perform { [self] in try take([sample], read([sample]), networks) { _ in }
                }
            }
        } else {
            try await readAgain(samples, &inputs)
            for (place, sample) in samples.enumerated() where order.excluded[sample.index] != nil {
                inputs[place] = .failure(excluded(sample, order))
            }
            results = try await computing.perform { [self, inputs] in
                try take(samples, inputs, networks, progress: watch.progress)
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

    private func planned(in batch: Int) throws(RunError) -> [EvaluatedSample] {
        try run.samples(of: batch, as: EvaluatedSample.self)
    }

    private func read(_ samples: [EvaluatedSample]) -> [Input] {
        samples.map { sample in
            if let error = sample.error {
                return .failure(SampleFailure(kind: error.kind, message: error.message))
            }
            return Result { () throws(SampleFailure) in try reader.read(sample) }
        }
    }

    /// Reads samples again whose failure may pass, after a while.
    private func readAgain(_ samples: [EvaluatedSample], _ inputs: inout [Input]) async throws {
        for pause in pauses {
            let again = samples.indices.filter { place in
                if case .failure(let failure) = inputs[place] { failure.isTransient } else { false }
            }
            guard !again.isEmpty else { return }
            log.warning("\(again.count) samples failed for what may pass; they are read again.")
            try await Task.sleep(for: pause)
            let left = again.map { samples[$0] }
            try await folders.wait(for: left.flatMap { [$0.picture, $0.sound].compactMap { $0?.path } })
            let found = try await reading.perform { [self] in read(left) }
            for (place, input) in zip(again, found) { inputs[place] = input }
        }
    }

    private func excluded(_ sample: EvaluatedSample, _ order: BatchOrder) -> SampleFailure {
        SampleFailure(kind: BatchFailure.workerLost, message: order.excluded[sample.index] ?? "")
    }

    private func take(
        _ samples: [EvaluatedSample], _ inputs: [Input], _ networks: FeatureNetworks, progress: (Double) -> Void
    ) throws -> [Result<Sample, SampleFailure>] {
        finished(samples, try networks.take(inputs, job, progress: progress))
    }

    private func finished(
        _ samples: [EvaluatedSample], _ taken: [Result<FeatureNetworks.Taken, SampleFailure>]
    ) -> [Result<Sample, SampleFailure>] {
        zip(samples, taken).map { sample, taken in
            taken.flatMap { taken in
                Result { try FeatureEncoder.encode(sample, taken.input, taken.rows) }.mapError(SampleFailure.init)
            }
        }
    }

    private func row(
        _ sample: EvaluatedSample, _ result: Result<Sample, SampleFailure>, seconds: Double
    ) -> SampleRow {
        var failure: SampleRow.Failure?
        if case .failure(let error) = result {
            failure = error.record
            log.warning("\(sample.key) failed: \(error.kind): \(error.message)")
        }
        return SampleRow(
            index: sample.index, key: sample.key, task: sample.listed.task, prompt: sample.prompt, seed: 0,
            status: failure == nil ? .ok : .failed, error: failure, seconds: seconds, rank: rank, host: LocalHost.name)
    }
}
