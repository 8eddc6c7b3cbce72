import Synchronization

/// What the next heartbeat says; written by the loop and by the thread that computes, read by the heart.
final class WorkerBeat: Sendable {
    private struct State {
        var epoch: UInt64 = 0
        var batch: Int?
        var fraction = 0.0
    }

    private let state = Mutex(State())

    func welcome(_ epoch: UInt64) { state.withLock { $0.epoch = epoch } }

    func begin(_ batch: Int?) {
        state.withLock { state in
            state.batch = batch
            state.fraction = 0
        }
    }

    /// Progress of a batch; one that is not in hand any more changes nothing.
    func progress(_ fraction: Double, of batch: Int) {
        state.withLock { state in
            if state.batch == batch, fraction.isFinite { state.fraction = min(max(0, fraction), 1) }
        }
    }

    /// The next message: hello again until the worker is welcomed.
    func message(_ identity: WorkerIdentity) -> WireMessage {
        state.withLock { state in
            state.epoch == 0
                ? WireMessage(epoch: 0, .worker(.hello(identity)))
                : WireMessage(
                    epoch: state.epoch, .worker(.heartbeat(batch: state.batch, fraction: state.fraction)))
        }
    }
}
