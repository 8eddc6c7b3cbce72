internal import Method

/// How many beginnings a task's samples have, and how they are chosen from, while the layers of its settings are read.
struct BeginningReading {
    private let task: GenerationTask
    /// What all layers say together.
    private(set) var settings: BeginningSettings
    private(set) var writesRounds = false

    private static let mostParticles = 1024
    private static let mostRounds = 1000

    init(_ task: GenerationTask, _ settings: BeginningSettings) {
        self.task = task
        self.settings = settings
    }

    /// Reads a layer.
    mutating func read(_ section: JobSection) {
        settings.particles = section.perModality("particles", task, default: settings.particles) {
            $0.integer($1, 1...Self.mostParticles, default: $2)
        }
        if let node = section.node("rounds") {
            writesRounds = true
            switch node.content {
            case .scalar("off", _): settings.rounds = []
            case .mapping(let entries): settings.rounds = Self.rounds(entries, section)
            case .scalar, .sequence:
                section.reject(
                    "rounds", node.found,
                    "it must be off, or say how many go on after which part of the steps, as in {0.1: 4, 0.3: 1}")
            }
        }
        settings.best = section.integer("best", 1...64, default: settings.best)
        settings.keep = section.choice("keep", default: settings.keep)
        settings.rowsAtOnce = section.integer("rows_at_once", 1...4096, default: settings.rowsAtOnce)
    }

    private static func rounds(_ entries: [JobNode.Entry], _ section: JobSection) -> [BeginningSettings.Round] {
        let rounds = section.section("rounds")
        guard entries.count <= mostRounds else {
            section.reject("rounds", "has \(entries.count) rounds", "give at most \(mostRounds)")
            for entry in entries { _ = rounds.node(entry.key) }
            return []
        }
        var found: [BeginningSettings.Round] = []
        for entry in entries {
            let keep = rounds.integer(entry.key, 1...mostParticles, default: 1)
            guard let at = JobSection.double(entry.key), (0..<1).contains(at) else {
                rounds.reject(
                    entry.key, "is no part of the steps", "write a fraction, from 0 to less than 1, as in {0.1: 4}")
                continue
            }
            if let last = found.last, at <= last.at {
                rounds.reject(
                    entry.key, "does not come after \(last.at)", "write the fractions in growing order, each once")
            } else if let last = found.last, keep > last.keep {
                rounds.reject(
                    entry.key, "keeps \(keep) where the round before left \(last.keep)", "no round brings any back")
            }
            // The magnitude, because a zero may be written with a sign.
            found.append(.init(at: at.magnitude, keep: keep))
        }
        return found
    }
}

extension Guidance {
    /// What there is to choose from of a modality that a task makes.
    func beginnings(of modality: Modality, _ task: GenerationTask) -> BeginningSettings {
        task == .joint && joint.order == .inTurn && modality == .video ? beginnings.ofFirst : beginnings
    }

    /// Whether any round leaves fewer of a task's beginnings than there are.
    func cuts(_ task: GenerationTask) -> Bool {
        task.generated.contains { modality in
            let settings = beginnings(of: modality, task)
            let count = settings.count(of: modality)
            return settings.rounds.contains { max($0.keep, settings.best) < count }
        }
    }
}
