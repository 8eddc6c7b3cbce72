internal import Coordinator
internal import Logging
internal import Shard

/// Tries again where the file system does not take what was computed: a full disk may have space in a minute, and a batch
/// may have cost an hour.
struct StoragePatience: Sendable {
    /// Between tries.
    var pause: Duration = .seconds(10)
    /// After which the worker leaves, since it would lose the next batch as well.
    var limit: Duration = .seconds(600)

    /// The result of `body`, as soon as there is one.
    /// - Throws: ``WorkerUnfit`` after the limit; at once what is no error of the file system, or `CancellationError`.
    func callAsFunction<R: Sendable>(
        _ what: String, log: Logger, clock: any Clock<Duration> = ContinuousClock(),
        _ body: () async throws -> R
    ) async throws -> R {
        var waited = Duration.zero
        while true {
            do {
                return try await body()
            } catch let error as FileError {
                guard waited < limit else {
                    throw WorkerUnfit("\(what) could not be published for \(limit): \(error)")
                }
                log.error("\(what) waits to be published: \(error)")
                try await clock.sleep(for: pause)
                waited += pause
            }
        }
    }
}
