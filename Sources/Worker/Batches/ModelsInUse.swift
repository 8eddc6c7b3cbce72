internal import Coordinator
internal import Planning
internal import Preflight
internal import Synchronization

/// The files of the models that a runner has loaded: weights are mapped, so nothing is published that other files may have had a
/// part in.
final class ModelsInUse: Sendable {
    private let models = Mutex<PlannedModels?>(nil)

    /// Loads what `load` loads from the files that were planned.
    /// - Throws: `PlannedModelsError` where they are others, before or meanwhile; what `load` throws.
    func loading<Loaded>(_ run: RunDescription, _ load: () throws -> Loaded) throws -> Loaded {
        var models = try PlannedModels(run)
        let loaded = try load()
        try models.checkAgain()
        self.models.withLock { $0 = models }
        return loaded
    }

    /// - Throws: `WorkerUnfit` where the files are others by now.
    func check() throws {
        do {
            // Not under the lock: it may read gigabytes.
            guard var models = self.models.withLock({ $0 }) else { return }
            try models.checkAgain()
            self.models.withLock { $0 = models }
        } catch {
            throw WorkerUnfit("\(error)")
        }
    }
}
