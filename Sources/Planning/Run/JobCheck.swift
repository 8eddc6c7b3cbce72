internal import Method

extension Job {
    /// What is wrong with the numbers by which is counted, multiplied and allocated, or nil. The job of a `run.json` was not
    /// read from a job file, which refuses more: somebody may have written it.
    var problem: String? {
        var problems = [
            Self.problem("batch", batch, 1...4096), Self.problem("shard", shard, 1...1_000_000),
            Self.problem("threads", threads ?? 1, 1...1 << 16),
            Self.problem("binder.clip_duration", clips.clipDuration, 1...3600),
            Self.problem("binder.clips_per_video", clips.clipsPerVideo ?? 1, 1...10_000),
            Self.problem("binder.frames_per_clip", clips.framesPerClip, 1...1024),
            Self.problem("binder.target_length", clips.targetLength, 1...1 << 20),
        ]
        for (task, settings) in tasks {
            let (sampling, place) = (settings.sampling, "tasks.\(task.rawValue)")
            problems += [
                Self.problem("\(place).sampling.steps", sampling.steps, 1...1000),
                Self.problem("\(place).sampling.max_duration", sampling.maxDuration, 0...1e6),
            ]
            if case .seconds(let seconds)? = sampling.audio?.duration {
                problems.append(Self.problem("\(place).sampling.duration", seconds, 0...1e6))
            }
            if let video = sampling.video {
                problems += [
                    Self.problem("\(place).sampling.width", video.width, 1...1 << 16),
                    Self.problem("\(place).sampling.height", video.height, 1...1 << 16),
                    Self.problem("\(place).sampling.frames", video.length?.frames ?? 1, 1...1 << 16),
                    Self.problem("\(place).sampling.fps", video.length?.fps ?? 1, 1e-3...1e4),
                ]
            }
            if case .aligner(let aligner) = settings.guidance.gradient {
                problems += [
                    Self.problem("\(place).guidance.inner_steps", aligner.innerSteps, 0...10_000),
                    Self.problem("\(place).guidance.every", aligner.every, 1...1000),
                ]
                if case .start(let fraction) = aligner.window {
                    problems.append(Self.problem("\(place).guidance.start", fraction, 0...1))
                }
            }
        }
        return problems.compactMap { $0 }.min()
    }

    private static func problem<Number: Comparable>(
        _ name: String, _ value: Number, _ range: ClosedRange<Number>
    ) -> String? {
        range.contains(value)
            ? nil : "\(name) is \(value), and it must be from \(range.lowerBound) to \(range.upperBound)"
    }
}
