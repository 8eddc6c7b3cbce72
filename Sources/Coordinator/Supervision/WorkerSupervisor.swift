package import Logging

/// A rank's side of a run where a process of its own computes: carries messages between the coordinator and the worker loop
/// in that process, and starts another when it ends. ``Supervision`` decides, this carries it out.
///
/// A crash in a kernel, the system's out-of-memory killer or a device that hangs so cost a process and not a rank, which
/// MPI would never give back.
package actor WorkerSupervisor {
    /// An event, with the message that it tells of as it came.
    private struct Input: Sendable {
        let event: Supervision.Event
        var bytes: [UInt8] = []
        let at: Duration
    }

    private let transport: any Transport
    private let launcher: any ChildLauncher
    private let configuration: SupervisorConfiguration
    private let clock: LoopClock
    private let log: Logger
    private let inputs: AsyncStream<Input>
    private let input: AsyncStream<Input>.Continuation

    private var supervision: Supervision
    private var process: (any ChildProcess)?

    /// A supervisor that takes over the transport's events.
    package init(
        transport: any Transport, launcher: any ChildLauncher,
        configuration: SupervisorConfiguration = SupervisorConfiguration(),
        clock: any Clock<Duration> = ContinuousClock(), log: Logger
    ) {
        self.transport = transport
        self.launcher = launcher
        self.configuration = configuration
        self.clock = LoopClock(clock)
        self.log = log
        (inputs, input) = AsyncStream.makeStream()
        supervision = Supervision(configuration)
    }

    /// Runs until the coordinator dismisses the rank, or is lost. Call it once. No message is sent after it returns, and no
    /// process is left.
    package func run() async -> WorkerEnd {
        let listener = listen()
        let ticker = Task { [clock, input, interval = configuration.tick] in
            while (try? await clock.sleep(interval)) != nil { input.yield(Input(event: .tick, at: clock.now)) }
        }
        await take(Input(event: .begun, at: clock.now))
        for await next in inputs {
            await take(next)
            if supervision.isOver { break }
        }
        listener.cancel()
        ticker.cancel()
        process?.kill()
        return supervision.end
    }

    private func listen() -> Task<Void, Never> {
        Task { [transport, clock, input, coordinator = configuration.coordinator] in
            for await event in transport.events {
                switch event {
                case .message(coordinator, let bytes):
                    let message = try? WireMessage(decoding: bytes)
                    input.yield(Input(event: .coordinatorSaid(message), bytes: bytes, at: clock.now))
                case .peerFailed(coordinator): input.yield(Input(event: .coordinatorDied, at: clock.now))
                case .broken(let why): input.yield(Input(event: .connectionBroke(why), at: clock.now))
                case .message, .peerFailed: continue
                }
            }
            input.yield(Input(event: .connectionBroke("the transport was closed"), at: clock.now))
        }
    }

    private func listen(to process: any ChildProcess, number: Int) {
        Task { [clock, input] in
            for await event in process.transport.events {
                switch event {
                case .message(_, let bytes):
                    let message = try? WireMessage(decoding: bytes)
                    input.yield(Input(event: .processSaid(number, message), bytes: bytes, at: clock.now))
                case .peerFailed: input.yield(Input(event: .processSaidAll(number), at: clock.now))
                case .broken(let why): input.yield(Input(event: .pipeBroke(number, why), at: clock.now))
                }
            }
        }
        Task { [clock, input] in
            let exit = await process.exit()
            input.yield(Input(event: .processEnded(number, exit), at: clock.now))
        }
    }

    private func take(_ next: Input) async {
        for action in supervision.handle(next.event, at: next.at) {
            switch action {
            case .launch(let number): await launch(number, at: next.at)
            case .kill: process?.kill()
            case .bury: process = nil
            case .passDown:
                guard let below = process?.transport, let peer = below.peers.first else { continue }
                try? await below.send(next.bytes, to: peer)
            case .passUp: try? await transport.send(next.bytes, to: configuration.coordinator)
            case .say(let message):
                try? await transport.send(
                    WireMessage(epoch: supervision.epoch, .worker(message)).encoded(), to: configuration.coordinator)
            case .log(let level, let text): log.log(level: level, "\(text)")
            }
        }
    }

    private func launch(_ number: Int, at now: Duration) async {
        do {
            let process = try await launcher.launch()
            self.process = process
            listen(to: process, number: number)
        } catch {
            await take(Input(event: .launchFailed(number, "\(error)"), at: now))
        }
    }
}
