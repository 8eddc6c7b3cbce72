internal import Files
package import Logging
internal import Shard

/// Tries again where the file system fails: a full disk may have space in a minute, a mount may come back, and a batch may
/// have cost an hour.
package struct StoragePatience: Sendable {
    /// Between tries.
    package var pause: Duration
    /// After which the worker leaves, since it would lose the next batch as well.
    package var limit: Duration

    /// By default it tries every ten seconds for ten minutes.
    package init(pause: Duration = .seconds(10), limit: Duration = .seconds(600)) {
        self.pause = pause
        self.limit = limit
    }

    /// The result of `body`, as soon as there is one.
    /// - Throws: ``WorkerUnfit`` after the limit; at once what is no error of the file system, or `CancellationError`.
    package func callAsFunction<R: Sendable>(
        _ what: String, log: Logger, clock: any Clock<Duration> = ContinuousClock(),
        _ body: () async throws -> R
    ) async throws -> R {
        var waited = Duration.zero
        while true {
            do {
                return try await body()
            } catch let error as FileError {
                guard waited < limit else {
                    throw WorkerUnfit("\(what) could not be fetched or stored for \(limit): \(error)")
                }
                log.error("\(what) waits for the file system: \(error)")
                try await clock.sleep(for: pause)
                waited += pause
            }
        }
    }
}
