internal import Synchronization

/// Requests to stop early, for whoever can act on them at the time.
final class StopRequests: Sendable {
    private struct State {
        var count = 0
        var act: (@Sendable (Int) -> Void)?
    }

    private let state = Mutex(State())

    /// - Parameter requests: an element for each.
    init(_ requests: AsyncStream<Void>) {
        Task {
            for await _ in requests {
                let (act, count) = state.withLock { state in
                    state.count += 1
                    return (state.act, state.count)
                }
                act?(count)
            }
        }
    }

    /// From now on each request is told to this body, with its number; those that have come before are too, as one.
    func act(_ body: (@Sendable (Int) -> Void)?) {
        let count = state.withLock { state in
            state.act = body
            return state.count
        }
        if count > 0 { body?(count) }
    }

    /// Does what cannot be interrupted.
    /// - Returns: nil where a stop is asked for before it is done; it goes on then, and nobody waits for it.
    func unlessAsked<Result: Sendable>(_ work: @escaping @Sendable () async throws -> Result) async throws -> Result? {
        defer { act(nil) }
        let (results, sink) = AsyncStream.makeStream(of: Swift.Result<Result?, any Error>.self)
        act { _ in sink.yield(.success(nil)) }
        Task {
            do {
                sink.yield(.success(try await work()))
            } catch {
                sink.yield(.failure(error))
            }
        }
        for await result in results { return try result.get() }
        return nil
    }
}
