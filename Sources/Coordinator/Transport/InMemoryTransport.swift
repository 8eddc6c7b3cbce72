import Synchronization

/// One rank's end in an ``InMemoryNetwork``.
package final class InMemoryTransport: Transport {
    package let rank: Int
    package let events: AsyncStream<TransportEvent>
    private let slot: Int
    private let slots: [Int: Int]
    /// Set once, before the end is handed out.
    private let network = Mutex<InMemoryNetwork?>(nil)

    init(rank: Int, slot: Int, slots: [Int: Int], events: AsyncStream<TransportEvent>) {
        self.rank = rank
        self.slot = slot
        self.slots = slots
        self.events = events
    }

    func join(_ network: InMemoryNetwork) { self.network.withLock { $0 = network } }

    package var peers: [Int] { slots.keys.sorted() }

    package func send(_ bytes: [UInt8], to rank: Int) async throws(TransportError) {
        guard let other = slots[rank] else { throw .unknownRank(rank, peers: peers) }
        guard let network = network.withLock({ $0 }) else { throw .closed }
        try network.send(bytes, from: slot, as: self.rank, to: other)
    }

    /// Ends ``events`` and lets the network go. Messages for this end are dropped from now on.
    package func close() {
        let network = network.withLock { network in
            defer { network = nil }
            return network
        }
        network?.close(slot)
    }
}
