internal import Engine
internal import Logging
internal import Method
internal import Synchronization
internal import Torch

/// How many samples of the same settings a device computes together: as many as its memory holds, found once.
///
/// On a GPU by rehearsals of one step, since a call that runs out of memory in its last decoding has cost all its steps.
/// Elsewhere all of them, until that fails.
final class BatchFit: Sendable {
    private struct Known {
        let settings: GenerationSettings
        /// So many fit.
        var fits = 0
        /// So many do not; nil where nothing failed yet.
        var fails: Int?
    }

    private let known = Mutex<[Known]>([])
    private let rehearses: Bool
    private let log: Logger

    /// - Parameter rehearses: whether a number that was not tried is tried before it is used.
    init(rehearses: Bool, log: Logger) {
        self.rehearses = rehearses
        self.log = log
    }

    /// The largest number that is known to fit, at least 1 and at most `count`.
    ///
    /// - Parameter rehearse: computes one step of so many samples and throws where they do not fit.
    /// - Throws: what `rehearse` throws, apart from running out of memory.
    func limit(of count: Int, _ settings: GenerationSettings, rehearse: (Int) throws -> Void) throws -> Int {
        let entry = entry(settings)
        guard rehearses else { return min(count, max((entry.fails ?? .max) - 1, 1)) }
        var (fits, fails) = (max(entry.fits, 1), entry.fails ?? .max)
        guard count > fits, fails > fits + 1 else { return min(count, fits) }
        // All of them first: mostly they fit.
        var wanted = min(count, fails - 1)
        while wanted > fits {
            if try fit(wanted, rehearse) { fits = wanted } else { fails = wanted }
            wanted = fails > count ? count : (fits + fails) / 2
        }
        let tooMany = fails == .max ? nil : fails
        update(settings) { ($0.fits, $0.fails) = (fits, tooMany) }
        if let tooMany {
            log.notice(
                "\(fits) samples fit into the device's memory together, \(tooMany) do not; \(fits) are computed at a time."
            )
        }
        return min(count, fits)
    }

    /// So many did not fit after all.
    func failed(_ count: Int, _ settings: GenerationSettings) {
        update(settings) {
            $0.fails = min($0.fails ?? .max, count)
            $0.fits = min($0.fits, count - 1)
        }
    }

    private func fit(_ count: Int, _ rehearse: (Int) throws -> Void) throws -> Bool {
        do {
            try rehearse(count)
            return true
        } catch let error as TorchError where error.isOutOfMemory {
            try? TorchRuntime.emptyCache()
            return false
        }
    }

    private func entry(_ settings: GenerationSettings) -> Known {
        known.withLock { $0.first { $0.settings == settings } } ?? Known(settings: settings)
    }

    private func update(_ settings: GenerationSettings, _ change: (inout Known) -> Void) {
        known.withLock { all in
            if let place = all.firstIndex(where: { $0.settings == settings }) { return change(&all[place]) }
            all.append(Known(settings: settings))
            change(&all[all.count - 1])
        }
    }
}

extension GenerationSettings {
    /// The same with a single step, which the guide moves: what takes the most memory, in the least time.
    var rehearsal: GenerationSettings {
        var settings = self
        settings.sampling.steps = 1
        settings.guidance = settings.guidance.atEveryStep
        return settings
    }
}
