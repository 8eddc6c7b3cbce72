internal import Coordinator
internal import Engine
internal import Torch

/// Computes the samples of a batch: together where they have one length, fewer at a time where memory runs out.
struct AudioGeneration {
    let job: Job
    /// `AudioPipeline.generate`.
    let make: ([AudioRequest], AudioSettings, BatchObserver) throws -> [AudioResult]

    /// - Parameter inputs: by index into the plan.
    /// - Returns: a result or a failure for every input.
    /// - Throws: what the observer throws, and nothing of the samples' own.
    func run(
        _ samples: [PlannedSample], inputs: [Int: AudioRequest.Vision], observer: BatchObserver
    ) throws -> [Int: Result<AudioResult, SampleFailure>] {
        var results: [Int: Result<AudioResult, SampleFailure>] = [:]
        // One tensor holds one latent shape: lengths are grouped, in the order of the plan.
        var groups: [(seconds: Double, samples: [PlannedSample])] = []
        for sample in samples where inputs[sample.index] != nil {
            if let group = groups.firstIndex(where: { $0.seconds == sample.durationSeconds }) {
                groups[group].samples.append(sample)
            } else {
                groups.append((sample.durationSeconds, [sample]))
            }
        }
        observer.expect(runs: groups.count)
        for group in groups {
            try generate(group.samples, seconds: group.seconds, inputs, observer, &results)
        }
        return results
    }

    private func generate(
        _ samples: [PlannedSample], seconds: Double, _ inputs: [Int: AudioRequest.Vision], _ observer: BatchObserver,
        _ results: inout [Int: Result<AudioResult, SampleFailure>]
    ) throws {
        let requests = samples.compactMap { sample in
            inputs[sample.index].map {
                AudioRequest(
                    caption: sample.prompt, negativePrompt: sample.negativePrompt, vision: $0, seed: sample.seed)
            }
        }
        do {
            let made = try make(requests, job.audioSettings(seconds: seconds), observer)
            for (sample, result) in zip(samples, made) { results[sample.index] = .success(result) }
        } catch let error as TorchError where error.isOutOfMemory && samples.count > 1 {
            try? TorchRuntime.emptyCache()
            observer.ranOutOfMemory(samples: samples.count)
            let half = samples.count / 2
            try generate(Array(samples[..<half]), seconds: seconds, inputs, observer, &results)
            try generate(Array(samples[half...]), seconds: seconds, inputs, observer, &results)
        } catch let error as CancellationError {
            throw error
        } catch {
            // Something that every sample of the call shares, or the only sample's own memory.
            for sample in samples { results[sample.index] = .failure(SampleFailure(error)) }
        }
    }
}
