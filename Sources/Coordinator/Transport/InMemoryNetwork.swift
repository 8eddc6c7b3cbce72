import Synchronization

/// Ranks in one process, joined by streams: a run without MPI, and the network that tests can break.
package final class InMemoryNetwork: Sendable {
    private struct Link: Hashable {
        let from: Int
        let to: Int
    }

    private struct State {
        var sinks: [AsyncStream<TransportEvent>.Continuation?] = []
        /// Messages that wait for a cut link to heal.
        var cut: [Link: [TransportEvent]] = [:]
    }

    private let state: Mutex<State>
    private let endpoints: [InMemoryTransport]

    private init(ranks: [Int], peers: [[Int: Int]], delay: Duration?, clock: any Clock<Duration>) {
        var sinks: [AsyncStream<TransportEvent>.Continuation?] = []
        var endpoints: [InMemoryTransport] = []
        for (slot, rank) in ranks.enumerated() {
            let (events, sink) = AsyncStream.makeStream(of: TransportEvent.self)
            if let delay {
                let late = DelayedEvents(sink: sink, delay: delay, clock: LoopClock(clock))
                sinks.append(late.input)
            } else {
                sinks.append(sink)
            }
            endpoints.append(InMemoryTransport(rank: rank, slot: slot, slots: peers[slot], events: events))
        }
        state = Mutex(State(sinks: sinks))
        self.endpoints = endpoints
    }

    /// Ranks 0 to `size` - 1, each joined with each other.
    /// - Parameter delay: how long every message is under way; the order is kept.
    package static func mesh(
        size: Int, delay: Duration? = nil, clock: any Clock<Duration> = ContinuousClock()
    ) -> InMemoryNetwork {
        let ranks = Array(0..<max(1, size))
        let peers = ranks.map { rank in
            Dictionary(uniqueKeysWithValues: ranks.filter { $0 != rank }.map { ($0, $0) })
        }
        let network = InMemoryNetwork(ranks: ranks, peers: peers, delay: delay, clock: clock)
        network.endpoints.forEach { $0.join(network) }
        return network
    }

    /// The two ends of one rank that coordinates and works at once: each end sees the other under that rank.
    package static func pair(rank: Int = 0) -> (coordinator: InMemoryTransport, worker: InMemoryTransport) {
        let network = InMemoryNetwork(
            ranks: [rank, rank], peers: [[rank: 1], [rank: 0]], delay: nil, clock: ContinuousClock())
        network.endpoints.forEach { $0.join(network) }
        return (network.endpoints[0], network.endpoints[1])
    }

    /// The end of a rank of a mesh.
    package func endpoint(_ rank: Int) -> InMemoryTransport { endpoints[rank] }

    /// A rank dies: nothing that it sends arrives any more, and the others are told.
    package func kill(_ rank: Int) {
        state.withLock { state in
            guard let sink = state.sinks[rank] else { return }
            state.sinks[rank] = nil
            sink.finish()
            for (other, sink) in state.sinks.enumerated() where other != rank {
                sink?.yield(.peerFailed(rank))
            }
        }
    }

    /// Cuts a rank off without anybody being told. What is sent meanwhile arrives when the link heals.
    package func cut(_ rank: Int) {
        state.withLock { state in
            for other in state.sinks.indices where other != rank {
                for link in [Link(from: rank, to: other), Link(from: other, to: rank)] where state.cut[link] == nil {
                    state.cut[link] = []
                }
            }
        }
    }

    /// Ends a cut. What was sent during it arrives now, in order, or never.
    package func heal(_ rank: Int, dropping: Bool = false) {
        state.withLock { state in
            for (link, events) in state.cut where link.from == rank || link.to == rank {
                state.cut[link] = nil
                if !dropping { events.forEach { state.sinks[link.to]?.yield($0) } }
            }
        }
    }

    func send(_ bytes: [UInt8], from slot: Int, as rank: Int, to other: Int) throws(TransportError) {
        let open = state.withLock { state in
            guard state.sinks[slot] != nil else { return false }
            let event = TransportEvent.message(from: rank, bytes)
            if state.cut[Link(from: slot, to: other)]?.append(event) == nil { state.sinks[other]?.yield(event) }
            return true
        }
        if !open { throw .closed }
    }

    func close(_ slot: Int) {
        state.withLock { state in
            state.sinks[slot]?.finish()
            state.sinks[slot] = nil
        }
    }
}
