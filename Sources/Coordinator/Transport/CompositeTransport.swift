/// The coordinator's end where its own rank works too: the other ranks over one transport, its own over another.
///
/// With one rank, the coordinator's end of ``InMemoryNetwork/pair(rank:)`` serves alone and nothing is composed.
package struct CompositeTransport: Transport {
    package let rank: Int
    package let peers: [Int]
    package let events: AsyncStream<TransportEvent>
    private let remote: any Transport
    private let local: any Transport

    /// Joins the transport to the other ranks with the coordinator's end of a pair of the same rank. Takes over the
    /// events of both, and ends when the remote one does.
    package init(remote: any Transport, local: InMemoryTransport) {
        rank = remote.rank
        peers = (remote.peers + local.peers).sorted()
        self.remote = remote
        self.local = local
        let (events, sink) = AsyncStream.makeStream(of: TransportEvent.self)
        self.events = events
        let localTask = Task { for await event in local.events { sink.yield(event) } }
        Task {
            for await event in remote.events { sink.yield(event) }
            localTask.cancel()
            sink.finish()
        }
    }

    package func send(_ bytes: [UInt8], to rank: Int) async throws(TransportError) {
        try await (rank == self.rank ? local : remote).send(bytes, to: rank)
    }
}
