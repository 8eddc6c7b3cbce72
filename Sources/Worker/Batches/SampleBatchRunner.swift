internal import Checkpoint
package import Coordinator
internal import Engine
internal import Files
internal import Foundation
package import Logging
internal import Method
package import Planning
internal import Preflight
internal import Shard
internal import Synchronization
package import Threads
package import Torch

/// A rank's work on batches: decode → caption → sample → encode → publish.
///
/// Three threads: while one computes a batch, one reads the inputs of the next and one encodes the results of the last; the
/// loop's own calls wait for them without blocking.
package final class SampleBatchRunner: BatchRunner {
    private let run: Run
    private let job: Job
    private let rank: Int
    private let device: Device
    private let folders: InputFolders
    private let pauses: [Duration]
    private let log: Logger
    private let computing: WorkThread
    private let reading: WorkThread
    private let encoding: WorkThread
    private let loader: InputLoader
    private let fit: BatchFit
    private let loaded = Mutex<Loaded?>(nil)
    private let models = ModelsInUse()
    private let prefetched = Mutex<[Int: [Int: Input]]>([:])

    private typealias Input = Result<SampleInput, SampleFailure>
    private typealias Results = [Int: Result<Generated, SampleFailure>]

    /// What computes.
    private struct Loaded {
        let pipeline: GenerationPipeline
        let captions: SampleCaptions
    }

    /// What was made of an input, which has its caption by now.
    private struct Generated {
        let input: SampleInput
        let result: GenerationResult
    }

    /// - Parameters:
    ///   - job: of the run, which generates.
    ///   - patience: how long inputs are waited for whose folder is gone.
    ///   - pauses: before each further attempt at samples whose failure may pass.
    /// - Throws: ``ThreadError``.
    package init(
        run: Run, job: Job, rank: Int, device: Device, patience: StoragePatience = StoragePatience(),
        pauses: [Duration] = [.seconds(2), .seconds(10)], log: Logger
    ) throws(ThreadError) {
        computing = try WorkThread("compute")
        reading = try WorkThread("inputs")
        encoding = try WorkThread("results")
        folders = InputFolders(patience: patience, reading: reading, log: log)
        self.pauses = pauses
        self.run = run
        self.job = job
        self.rank = rank
        self.device = device
        self.log = log
        loader = InputLoader(job: job)
        fit = BatchFit(rehearses: device != .cpu, log: log)
    }

    /// Loads the models, mapped, so that ranks on one node share their pages.
    /// - Throws: `PlannedModelsError` where they are not those that were planned; errors of loading.
    package func prepare() async throws {
        let models = try await computing.perform { [run, job, device, models] in
            try models.loading(run.description) {
                let pipeline = try GenerationPipeline.load(job, dtype: job.precision.dtype, device: device)
                return Loaded(pipeline: pipeline, captions: try SampleCaptions(job, pipeline, device: device))
            }
        }
        loaded.withLock { $0 = models }
        log.info("models are loaded on \(device)")
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
        var inputs = prefetched.withLock { $0.removeValue(forKey: batch) }
        let samples = try await reading.perform { [self] in try planned(in: batch) }
        if inputs == nil { inputs = try await reading.perform { [self] in read(samples) } }
        guard var inputs, let loaded = loaded.withLock({ $0 }) else {
            throw BatchFailure(kind: "notPrepared", message: "the models are not loaded.", retryable: false)
        }
        for (sample, reason) in order.excluded {
            inputs[sample] = .failure(SampleFailure(kind: BatchFailure.workerLost, message: reason))
        }
        let observer = BatchObserver(progress: watch.progress, log: log)
        return try await withTaskCancellationHandler {
            var results =
                order.isolation == .samples
                ? try await generateAlone(samples, inputs, loaded, observer, watch.begin)
                : try await computing.perform { [self, inputs] in try generate(samples, inputs, loaded, observer) }
            for pause in pauses {
                let again = samples.filter {
                    $0.error == nil && order.excluded[$0.index] == nil && isTransient($0, inputs, results)
                }
                guard !again.isEmpty else { break }
                log.warning("batch \(batch): \(again.count) samples failed for what may pass; they are tried again.")
                try await Task.sleep(for: pause)
                try await folders.wait(for: again.compactMap { $0.input?.path })
                inputs.merge(try await reading.perform { [self] in read(again) }) { $1 }
                results.merge(try await generateAlone(again, inputs, loaded, observer)) { $1 }
            }
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            watch.computed()
            let segment = try await encoding.perform { [self, inputs, results] in
                let segment = try encode(
                    batch, samples, inputs, results, loaded.pipeline, seconds: seconds, stages: observer.stages)
                try models.check()
                return segment
            }
            let publication = try await watch.publisher.publish(segment)
            let made = segment.sidecar.rows.count { $0.status == .ok }
            return BatchReport(
                batch: batch, succeeded: made, failed: samples.count - made, bytes: segment.data.count,
                seconds: seconds, published: publication == .published)
        } onCancel: {
            observer.cancel()
        }
    }

    // MARK: - Parts

    private func planned(in batch: Int) throws(RunError) -> [PlannedSample] {
        try run.samples(of: batch, as: PlannedSample.self)
    }

    private func read(_ samples: [PlannedSample]) -> [Int: Input] {
        var inputs: [Int: Input] = [:]
        for sample in samples where sample.error == nil {
            inputs[sample.index] = Result { try loader.load(sample) }.mapError(SampleFailure.init)
        }
        return inputs
    }

    private func isTransient(_ sample: PlannedSample, _ inputs: [Int: Input], _ results: Results) -> Bool {
        if case .failure(let failure)? = inputs[sample.index] { return failure.isTransient }
        if case .failure(let failure)? = results[sample.index] { return failure.isTransient }
        return false
    }

    private func generate(
        _ samples: [PlannedSample], _ inputs: [Int: Input], _ loaded: Loaded, _ observer: BatchObserver
    ) throws -> Results {
        var results: Results = [:]
        var captioned: [Int: SampleInput] = [:]
        let watch: (any SamplerObserver)? = observer
        for sample in samples {
            guard let input = try? inputs[sample.index]?.get() else { continue }
            try observer.checkCancellation()
            do {
                captioned[sample.index] = try watch.timed("caption") {
                    try input.captioned(sample, by: loaded.captions)
                }
            } catch {
                // A caption that cannot be made costs its own sample.
                results[sample.index] = .failure(SampleFailure(error))
            }
        }
        let generation = BatchGeneration(job: job, fit: fit) { try loaded.pipeline.generate($0, $1, observer: $2) }
        for (index, made) in try generation.run(samples, inputs: captioned, observer: observer) {
            guard let input = captioned[index] else { continue }
            results[index] = made.map { Generated(input: input, result: $0) }
        }
        return results
    }

    /// One sample after the other, each told before.
    private func generateAlone(
        _ samples: [PlannedSample], _ inputs: [Int: Input], _ loaded: Loaded, _ observer: BatchObserver,
        _ begin: @Sendable (Int) async -> Void = { _ in }
    ) async throws -> Results {
        var results: Results = [:]
        for sample in samples {
            guard let input = inputs[sample.index], (try? input.get()) != nil else { continue }
            await begin(sample.index)
            let one = try await computing.perform { [self] in
                try generate([sample], [sample.index: input], loaded, observer)
            }
            results.merge(one) { $1 }
        }
        return results
    }

    private func encode(
        _ batch: Int, _ samples: [PlannedSample], _ inputs: [Int: Input], _ results: Results,
        _ pipeline: GenerationPipeline, seconds: Double, stages: [String: Double]
    ) throws -> EncodedSegment {
        let encoder = SampleEncoder(run: run.description, job: job) { pipeline.latentScale($0) }
        let encoded: [Result<Made, SampleFailure>] = samples.map { sample in
            Result {
                if let error = sample.error { throw SampleFailure(kind: error.kind, message: error.message) }
                _ = try inputs[sample.index]?.get()
                guard let made = try results[sample.index]?.get() else {
                    throw SampleFailure(kind: "failed", message: "nothing was computed for '\(sample.key)'.")
                }
                let (input, result) = (made.input, made.result)
                let guidance = job.settings(for: sample.task).guidance
                let finished = try FinishedSamples(result, job, kept: guidance.beginnings.kept)
                let encoded = try encoder.encode(sample, input, finished)
                // Its video, or its audio, was read from the file once more.
                try loader.confirm(sample, input)
                return Made(
                    sample: encoded, losses: finished.best.losses,
                    findings: SampleFindings(finished.best, guidance, sample.task), caption: input.caption?.text)
            }.mapError(SampleFailure.init)
        }
        let rows = zip(samples, encoded).map { sample, result in
            row(sample, result, seconds: seconds, stages: stages)
        }
        let made = encoded.compactMap { try? $0.get().sample }
        return try EncodedSegment(
            batch: batch, configSHA256: run.description.configSHA256, samples: made, rows: rows)
    }

    /// A sample's bytes, and what its row says about it.
    private struct Made {
        let sample: Sample
        let losses: [Double]
        let findings: SampleFindings
        let caption: String?
    }

    private func row(
        _ sample: PlannedSample, _ result: Result<Made, SampleFailure>, seconds: Double,
        stages: [String: Double]
    ) -> SampleRow {
        var losses: [Double] = []
        var findings = SampleFindings.none
        var caption: String?
        var failure: SampleRow.Failure?
        switch result {
        case .success(let made): (losses, findings, caption) = (made.losses, made.findings, made.caption)
        case .failure(let error):
            failure = error.record
            log.warning("\(sample.key) failed: \(error.kind): \(error.message)")
        }
        return SampleRow(
            index: sample.index, key: sample.key, task: sample.task.rawValue, prompt: sample.prompt ?? caption,
            seed: sample.seed,
            status: failure == nil ? .ok : .failed, losses: losses, findings: findings, error: failure,
            seconds: seconds, stages: stages, rank: rank, host: LocalHost.name)
    }
}
