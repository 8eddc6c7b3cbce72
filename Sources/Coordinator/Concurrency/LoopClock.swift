/// Any clock, seen as time since it was wrapped.
struct LoopClock: Sendable {
    private let elapsed: @Sendable () -> Duration
    private let pause: @Sendable (Duration) async throws -> Void

    init(_ clock: any Clock<Duration>) {
        self = Self.wrap(clock)
    }

    private init(
        elapsed: @escaping @Sendable () -> Duration, pause: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.elapsed = elapsed
        self.pause = pause
    }

    private static func wrap<C: Clock<Duration>>(_ clock: C) -> LoopClock {
        let start = clock.now
        return LoopClock(
            elapsed: { start.duration(to: clock.now) },
            pause: { try await clock.sleep(until: clock.now.advanced(by: $0), tolerance: nil) })
    }

    /// Time since the clock was wrapped.
    var now: Duration { elapsed() }

    /// Waits.
    /// - Throws: `CancellationError` when the task is cancelled.
    func sleep(_ time: Duration) async throws { try await pause(time) }
}
