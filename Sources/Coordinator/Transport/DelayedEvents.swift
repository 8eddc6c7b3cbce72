/// Passes events on after a fixed time, in order.
struct DelayedEvents {
    let input: AsyncStream<TransportEvent>.Continuation

    init(sink: AsyncStream<TransportEvent>.Continuation, delay: Duration, clock: LoopClock) {
        let (arrivals, arrival) = AsyncStream.makeStream(of: (due: Duration, event: TransportEvent).self)
        let (events, input) = AsyncStream.makeStream(of: TransportEvent.self)
        self.input = input
        // The first task stamps, so that events which wait together travel at the same time.
        Task {
            for await event in events { arrival.yield((clock.now + delay, event)) }
            arrival.finish()
        }
        Task {
            for await (due, event) in arrivals {
                let left = due - clock.now
                if left > .zero { try? await clock.sleep(left) }
                sink.yield(event)
            }
            sink.finish()
        }
    }
}
