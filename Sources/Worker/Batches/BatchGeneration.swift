internal import Coordinator
internal import Engine
internal import Method
internal import Planning
internal import Torch

/// Computes the samples of a batch: together where they have the same settings, fewer at a time where memory runs out.
struct BatchGeneration {
    let job: Job
    /// How many are computed together.
    let fit: BatchFit
    /// `GenerationPipeline.generate`.
    let make: ([GenerationRequest], GenerationSettings, any SamplerObserver) throws -> [GenerationResult]

    /// - Parameter inputs: by index into the plan.
    /// - Returns: a result or a failure for every input.
    /// - Throws: what the observer throws, and nothing of the samples' own.
    func run(
        _ samples: [PlannedSample], inputs: [Int: SampleInput], observer: BatchObserver
    ) throws -> [Int: Result<GenerationResult, SampleFailure>] {
        var results: [Int: Result<GenerationResult, SampleFailure>] = [:]
        // One tensor holds one latent shape: tasks and lengths are grouped, in the order of the plan.
        var groups: [(settings: GenerationSettings, samples: [PlannedSample])] = []
        for sample in samples where inputs[sample.index] != nil {
            let settings = GenerationSettings(job, sample.task, sample.extent)
            if let group = groups.firstIndex(where: { $0.settings == settings }) {
                groups[group].samples.append(sample)
            } else {
                groups.append((settings, [sample]))
            }
        }
        observer.expect(runs: groups.count)
        for group in groups {
            let parts = try parts(of: group.samples, group.settings, inputs, observer)
            observer.expect(more: parts.count - 1)
            for part in parts { try generate(part, group.settings, inputs, observer, &results) }
        }
        return results
    }

    /// As few as fit into memory, as equal in size as can be.
    private func parts(
        of samples: [PlannedSample], _ settings: GenerationSettings, _ inputs: [Int: SampleInput],
        _ observer: BatchObserver
    ) throws -> [[PlannedSample]] {
        let limit = try fit.limit(of: samples.count, settings) { count in
            let requests = requests(Array(samples.prefix(count)), inputs)
            do {
                _ = try make(requests, settings.rehearsal, Rehearsal(observer: observer))
            } catch let error as TorchError where error.isOutOfMemory {
                throw error
            } catch let error as CancellationError {
                throw error
            } catch {
                // Whatever else is wrong shows again, and is told, when the samples are made.
            }
        }
        let count = (samples.count + limit - 1) / limit
        return (0..<count).map { part in
            Array(samples[(part * samples.count / count)..<((part + 1) * samples.count / count)])
        }
    }

    private func requests(_ samples: [PlannedSample], _ inputs: [Int: SampleInput]) -> [GenerationRequest] {
        samples.compactMap { sample in
            inputs[sample.index].map { GenerationRequest(sample, $0) }
        }
    }

    private func generate(
        _ samples: [PlannedSample], _ settings: GenerationSettings, _ inputs: [Int: SampleInput],
        _ observer: BatchObserver, _ results: inout [Int: Result<GenerationResult, SampleFailure>]
    ) throws {
        do {
            let made = try make(requests(samples, inputs), settings, observer)
            for (sample, result) in zip(samples, made) { results[sample.index] = .success(result) }
        } catch let error as TorchError where error.isOutOfMemory && samples.count > 1 {
            try? TorchRuntime.emptyCache()
            fit.failed(samples.count, settings)
            observer.ranOutOfMemory(samples: samples.count)
            let half = samples.count / 2
            try generate(Array(samples[..<half]), settings, inputs, observer, &results)
            try generate(Array(samples[half...]), settings, inputs, observer, &results)
        } catch let error as CancellationError {
            throw error
        } catch {
            // Something that every sample of the call shares, or the only sample's own memory.
            for sample in samples { results[sample.index] = .failure(SampleFailure(error)) }
        }
    }
}

extension GenerationRequest {
    /// A planned sample, with what was read for it.
    init(_ sample: PlannedSample, _ input: SampleInput) {
        self.init(
            caption: input.caption?.text, negativePrompt: sample.negativePrompt, condition: input.condition,
            embedding: input.embedding, seed: sample.seed, audioSeed: sample.audioSeed
        )
    }
}

extension GenerationSettings {
    /// What a job says of samples of a task that are so long.
    init(_ job: Job, _ task: GenerationTask, _ extent: SampleExtent) {
        let settings = job.settings(for: task)
        self.init(
            sampling: settings.sampling, guidance: settings.guidance, clips: job.clips, memory: job.memory,
            extent: extent)
    }
}
