internal import Method

extension Job {
    /// What is wrong with the numbers by which is counted, multiplied and allocated, or nil. The job of a `run.json` was not
    /// read from a job file, which refuses more: somebody may have written it.
    var problem: String? {
        var problems = [
            outside("batch", batch, 1...4096), outside("shard", shard, 1...1_000_000),
            outside("threads", threads ?? 1, 1...1 << 16),
            outside("binder.clip_duration", clips.clipDuration, 1...3600),
            outside("binder.clips_per_video", clips.clipsPerVideo ?? 1, 1...10_000),
            outside("binder.frames_per_clip", clips.framesPerClip, 1...1024),
            outside("binder.target_length", clips.targetLength, 1...1 << 20),
        ]
        for (task, settings) in tasks {
            let (sampling, place) = (settings.sampling, "tasks.\(task.rawValue)")
            problems += [
                outside("\(place).sampling.steps", sampling.steps, 1...1000),
                outside("\(place).sampling.max_duration", sampling.maxDuration, 0...1e6),
            ]
            if case .seconds(let seconds)? = sampling.audio?.duration {
                problems.append(outside("\(place).sampling.duration", seconds, 0...1e6))
            }
            if let video = sampling.video {
                problems += [
                    outside("\(place).sampling.width", video.width, 1...1 << 16),
                    outside("\(place).sampling.height", video.height, 1...1 << 16),
                    outside("\(place).sampling.frames", video.length?.frames ?? 1, 1...1 << 16),
                    outside("\(place).sampling.fps", video.length?.fps ?? 1, 1e-3...1e4),
                ]
            }
            if let coupled = sampling.coupled { problems += Self.problems(of: coupled, "\(place).sampling.mm") }
            problems += Self.problems(of: settings.guidance, "\(place).guidance")
        }
        if let captioner {
            problems += [
                outside("captioner.beams", captioner.beams ?? 1, 1...64),
                outside("captioner.max_tokens", captioner.maximumTokens, 1...1000),
                outside("captioner.words", captioner.words, 0...1000),
            ]
            if let server = captioner.server {
                problems += [
                    outside("captioner.parallel", server.parallel, CaptionServerSettings.parallelRange),
                    outside("captioner.timeout", server.timeout, CaptionServerSettings.timeoutRange),
                ]
            }
        }
        if usesLabels, labels == nil { problems.append("labels is missing, and the job reads a list of captions") }
        return problems.compactMap { $0 }.min()
    }

    private static func problems(of coupled: CoupledSampling, _ place: String) -> [String?] {
        let model = coupled.model
        return [
            outside("\(place).upscale_steps", coupled.upscaleSteps, 1...1000),
            outside("\(place).model.frames", model.frames, CoupledModelSettings.frameRange),
            outside("\(place).model.size", model.side, CoupledModelSettings.sideRange),
            outside("\(place).model.fps", model.fps, CoupledModelSettings.fpsRange),
            outside("\(place).model.samples", model.samples, CoupledModelSettings.sampleRange),
            outside("\(place).model.heads", model.heads, CoupledModelSettings.headRange),
            outside("\(place).model.head_channels", model.headChannels, CoupledModelSettings.headChannelRange),
        ] + model.windows.map { outside("\(place).model.windows", $0, CoupledModelSettings.windowRange) }
    }

    private static func problems(of guidance: Guidance, _ place: String) -> [String?] {
        let (beginnings, joint) = (guidance.beginnings, guidance.joint)
        var problems = [
            outside("\(place).beginnings.particles.audio", beginnings.particles.audio, 1...1024),
            outside("\(place).beginnings.particles.video", beginnings.particles.video, 1...1024),
            outside("\(place).beginnings.best", beginnings.best, 1...64),
            outside("\(place).beginnings.rows_at_once", beginnings.rowsAtOnce, 1...4096),
            outside("\(place).beginnings.rounds, counted,", beginnings.rounds.count, 0...1000),
            outside("\(place).words.temperature", guidance.words?.temperature ?? 1, Double.leastNonzeroMagnitude...10),
            outside("\(place).joint.definite", joint.definite ?? 1, Double.leastNonzeroMagnitude...10),
        ]
        for (number, round) in beginnings.rounds.enumerated() {
            let name = "\(place).beginnings.rounds[\(number)]"
            problems += [
                outside("\(name).at", round.at, 0...1.0.nextDown), outside("\(name).keep", round.keep, 1...1024),
            ]
        }
        for (earlier, later) in zip(beginnings.rounds, beginnings.rounds.dropFirst())
        where later.at <= earlier.at || later.keep > earlier.keep {
            problems.append("\(place).beginnings.rounds are not in order: fractions grow, and what is kept does not")
        }
        switch guidance.gradient {
        case .off: break
        case .aligner(let aligner):
            problems += [
                outside("\(place).inner_steps", aligner.innerSteps, 0...10_000),
                outside("\(place).every", aligner.every, 1...1000),
                outside("\(place).stop", aligner.stop, 0...1),
            ]
            if case .start(let fraction) = aligner.window {
                problems.append(outside("\(place).start", fraction, 0...1))
            }
        case .noise(let noise):
            problems += [
                outside("\(place).noise.strength", noise.strength, 0...100),
                outside("\(place).noise.until", noise.until, 0...1),
                outside("\(place).noise.travel", noise.travel, 1...32),
                outside("\(place).noise.travel_until", noise.travelUntil, 0...1),
                outside("\(place).noise.trust_below", noise.trustBelow, 0...1),
            ]
        }
        return problems
    }
}
