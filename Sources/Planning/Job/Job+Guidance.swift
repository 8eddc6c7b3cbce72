internal import Method

extension Job {
    /// Whether the list of captions that `labels` names has any part in the job: it stands in for captions, or a guide
    /// reads it.
    package var usesLabels: Bool { caption == .labels || tasks.values.contains { $0.guidance.readsList } }

    /// What the guidance of a task lacks or contradicts: keys below `guidance`, what was found, and what to do.
    func guidanceProblems(of task: GenerationTask) -> [(key: String, found: String, remedy: String)] {
        let guidance = settings(for: task).guidance
        return (labels == nil ? Self.listProblems(guidance) : []) + Self.beginningProblems(guidance, task)
            + scoreProblems(guidance, task) + Self.stepProblems(guidance)
            + (task == .joint ? Self.jointProblems(guidance) : [])
            + (settings(for: task).sampling.coupled.map { Self.coupledProblems(guidance, $0) } ?? [])
    }

    private typealias Problem = (key: String, found: String, remedy: String)

    /// What reads a list that is not there.
    private static func listProblems(_ guidance: Guidance) -> [Problem] {
        func problem(_ key: String, _ remedy: String) -> Problem {
            (
                key, "needs `labels`: a text file with one caption per line",
                "name one, or set `guidance.\(key): \(remedy)`"
            )
        }
        var problems: [Problem] = []
        if guidance.words != nil { problems.append(problem("words", "off")) }
        if guidance.joint.definite != nil { problems.append(problem("definite", "off")) }
        if case .noise(let noise) = guidance.gradient {
            if noise.textTerm == .trust { problems.append(problem("text_term", "on")) }
            if noise.trustBelow > 0 { problems.append(problem("trust_below", "0")) }
        }
        return problems
    }

    private static func beginningProblems(_ guidance: Guidance, _ task: GenerationTask) -> [Problem] {
        let beginnings = guidance.beginnings
        var problems: [Problem] = []
        if !beginnings.rounds.isEmpty, !guidance.cuts(task) {
            let most = task.generated.map { beginnings.count(of: $0) }.max() ?? 1
            let what =
                most == 1
                ? "chooses among one beginning"
                : "leaves all of \(most) beginnings, of which \(beginnings.best) are to be finished"
            problems.append(
                ("rounds", what, "raise `guidance.particles`, let fewer go on, or set `guidance.rounds: off`"))
        }
        if beginnings.keep == .all, beginnings.best == 1 {
            problems.append(
                (
                    "keep", "is all beside `best: 1`",
                    "set `guidance.best` to how many are kept, or `guidance.keep: best`"
                ))
        }
        return problems
    }

    /// Scores of a sample that are kept with it, at most, and those of a batch: both are read back whole.
    private static let mostScores = (sample: 1 << 14, batch: 1 << 22)

    private func scoreProblems(_ guidance: Guidance, _ task: GenerationTask) -> [Problem] {
        let scores = task.generated.reduce(0) { $0 + guidance.beginnings(of: $1, task).scores(of: $1) }
        let most = Self.mostScores
        if scores > most.sample {
            return [
                (
                    "rounds", "scores up to \(scores) beginnings of a sample, which are kept with it",
                    "have at most \(most.sample) scored: by fewer rounds, or lower `guidance.particles`"
                )
            ]
        }
        guard scores * batch > most.batch else { return [] }
        return [
            (
                "rounds", "scores up to \(scores) beginnings of each of \(batch) samples of a batch",
                "set `batch` to at most \(most.batch / scores), or have fewer scored"
            )
        ]
    }

    private static func stepProblems(_ guidance: Guidance) -> [Problem] {
        guard case .noise(let noise) = guidance.gradient, noise.travel > 1, noise.until == 0 else { return [] }
        return [
            (
                "travel", "is \(noise.travel), and no step is guided: `until` is 0",
                "only guided steps are done over: raise `guidance.until`, or set `guidance.travel: 1`"
            )
        ]
    }

    private static func coupledProblems(_ guidance: Guidance, _ coupled: CoupledSampling) -> [Problem] {
        var problems: [Problem] = []
        if guidance.words != nil {
            problems.append(("words", "has no prompt to find words for", "set `guidance.words: off`"))
        }
        let (audio, video) = (guidance.beginnings.count(of: .audio), guidance.beginnings.count(of: .video))
        if audio != video {
            problems.append(
                (
                    "particles", "has \(audio) beginnings of the sound and \(video) of the video, made together",
                    "give one number for both"
                ))
        }
        let name = coupled.scheduler.rawValue
        if !coupled.scheduler.hasKnownSteps, guidance.gradient != .off || !guidance.beginnings.rounds.isEmpty {
            problems.append(
                (
                    guidance.gradient != .off ? "gradient" : "rounds",
                    "needs steps that are known before, and \(name) finds its own",
                    "set `guidance: off`, or another `sampling.mm.scheduler`"
                ))
        } else if case .noise = guidance.gradient, !coupled.scheduler.asksOnceAStep {
            problems.append(
                (
                    "gradient", "is noise, which changes one prediction of a step, and \(name) makes several",
                    "set `guidance.gradient: aligner`, or `sampling.mm.scheduler: ddim`"
                ))
        }
        return problems
    }

    private static func jointProblems(_ guidance: Guidance) -> [Problem] {
        guard guidance.joint.order == .together else { return [] }
        var problems: [Problem] = []
        let (audio, video) = (guidance.beginnings.count(of: .audio), guidance.beginnings.count(of: .video))
        if audio != video {
            problems.append(
                (
                    "particles", "has \(audio) beginnings of the sound and \(video) of the video, made together",
                    "give one number for both, or set `guidance.order: in_turn`"
                ))
        }
        if guidance.words != nil {
            problems.append(
                (
                    "words", "has nothing to find words for where video and sound are made together",
                    "set `guidance.order: in_turn`, or `guidance.words: off`"
                ))
        }
        if guidance.joint.definite != nil {
            problems.append(
                (
                    "definite", "is for a video that is made first, and `order` is together",
                    "set `guidance.order: in_turn`, or `guidance.definite: off`"
                ))
        }
        return problems
    }
}
