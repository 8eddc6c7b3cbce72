package import Method
internal import Torch

/// What ``StepBenchmark`` measured, as `seehear-worker bench --json` prints it. Times are in seconds.
package struct BenchmarkReport: Codable, Sendable {
    /// Several times of one thing.
    package struct Times: Codable, Sendable, Equatable {
        package let median: Double
        package let minimum: Double
        package let maximum: Double
        /// How many there were.
        package let count: Int

        /// nil where there are none.
        init?(_ seconds: [Double]) {
            let sorted = seconds.sorted()
            guard let first = sorted.first, let last = sorted.last else { return nil }
            let middle = sorted.count / 2
            median = sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
            (minimum, maximum, count) = (first, last, sorted.count)
        }
    }

    /// What a part of a step does, counted from the shapes of its operations.
    package struct Work: Codable, Sendable, Equatable {
        package let operations: Int
        package let productFlops: Int
        package let convolutionFlops: Int
        package let attentionFlops: Int
        /// Read and written by each operation, as if no cache held any of it.
        package let bytes: Int

        private enum CodingKeys: String, CodingKey {
            case operations, bytes
            case productFlops = "product_flops"
            case convolutionFlops = "convolution_flops"
            case attentionFlops = "attention_flops"
        }

        init(_ counts: OperationCounts) {
            operations = counts.operations
            productFlops = counts.productFlops
            convolutionFlops = counts.convolutionFlops
            attentionFlops = counts.attentionFlops
            bytes = counts.bytes
        }
    }

    /// What a device keeps a part of a step from being faster by.
    package enum Limit: String, Codable, Sendable {
        /// Multiplying and adding.
        case compute
        /// Reading and writing.
        case memory
        /// Beginning one operation after the other.
        case launch
    }

    /// The shortest time that a part of a step could take at the ceilings of the device, for each of them.
    package struct Bounds: Codable, Sendable, Equatable {
        package let compute: Double
        package let memory: Double
        package let launch: Double

        init(_ work: Work, _ ceilings: DeviceCeilings) {
            compute =
                Double(work.productFlops + work.attentionFlops) / ceilings.product
                + Double(work.convolutionFlops) / ceilings.convolution
            memory = Double(work.bytes) / ceilings.memory
            launch = Double(work.operations) * ceilings.operation
        }

        /// The longest of them, and which it is.
        var longest: (limit: Limit, seconds: Double) {
            let all = [(Limit.compute, compute), (.memory, memory), (.launch, launch)]
            return all.max { $0.1 < $1.1 } ?? (.compute, compute)
        }
    }

    /// A part of a step.
    package struct Stage: Codable, Sendable {
        /// As in the seconds by stage of a run's table, such as `audio.unet`; `other` for what lies between the stages.
        package let name: String
        package let seconds: Times
        package let work: Work
        package let bounds: Bounds
        /// Which of the bounds is longest.
        package let limit: Limit
        /// That bound's share of the median: 1 is as fast as the device can.
        package let share: Double

        init?(_ name: String, _ seconds: [Double], _ counts: OperationCounts, _ ceilings: DeviceCeilings) {
            guard let times = Times(seconds) else { return nil }
            self.name = name
            self.seconds = times
            work = Work(counts)
            bounds = Bounds(work, ceilings)
            let longest = bounds.longest
            limit = longest.limit
            share = times.median > 0 ? longest.seconds / times.median : 0
        }
    }

    /// The steps of one batch, all guided or all not.
    package struct Steps: Codable, Sendable {
        package let batch: Int
        package let guided: Bool
        /// Of one sample, one for each modality.
        package let latents: [[Int]]
        /// Conditions, prompts and noise: what comes before the first step.
        package let begin: Double
        /// A whole step. The device is waited for before and after it, and not in between.
        package let step: Times
        /// By stage, in the order in which they come. On CUDA these steps wait for the device at the end of each stage, and
        /// take longer than `step`.
        package let stages: [Stage]
        /// Decoding what is made, and what else comes after the last step.
        package let finish: Double
        /// The most that was held: of the device's memory, or of the host's by this process.
        package let peakBytes: Int
        /// Whether the peak is that of these steps alone; else of the process so far.
        package let peakIsOwn: Bool

        private enum CodingKeys: String, CodingKey {
            case batch, guided, latents, begin, step, stages, finish
            case peakBytes = "peak_bytes"
            case peakIsOwn = "peak_is_own"
        }
    }

    /// A batch of samples as the job has them made, from conditions to waveform and frames.
    package struct Samples: Codable, Sendable {
        package let batch: Int
        package let steps: Int
        package let guidedSteps: Int
        /// Of the whole batch.
        package let seconds: Double
        /// Of sound or video that one sample lasts; 0 for an image.
        package let lasts: Double
        /// When it began and ended, in seconds since 1970, for whoever watches the device meanwhile.
        package let began: Double
        package let ended: Double
        package let peakBytes: Int

        private enum CodingKeys: String, CodingKey {
            case batch, steps, seconds, lasts, began, ended
            case guidedSteps = "guided_steps"
            case peakBytes = "peak_bytes"
        }
    }

    package let schema: String
    /// The version of this program.
    package let version: String
    package let libtorch: String
    /// Such as `cpu, 2 threads` or `cuda:0 NVIDIA H100`.
    package let device: String
    /// The widest vector instructions of the host.
    package let instructions: String
    package let task: GenerationTask
    package let preset: Preset
    package let precision: Precision
    package let memory: MemoryPolicy
    package let tf32: Bool
    package let graphs: Bool
    package let ceilings: DeviceCeilings
    /// Loading the models.
    package let load: Double
    package var steps: [Steps]
    package var samples: [Samples]
    /// The batches that memory did not suffice for.
    package var outOfMemory: [Int]

    private enum CodingKeys: String, CodingKey {
        case schema, version, libtorch, device, instructions, task, preset, precision, memory, tf32, graphs, ceilings
        case load, steps, samples
        case outOfMemory = "out_of_memory"
    }

    /// What ``schema`` is now.
    package static let schema = "seehear.bench/1"
}
