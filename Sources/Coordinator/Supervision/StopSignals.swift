internal import Dispatch
internal import Foundation
internal import Processes
internal import Synchronization

/// SIGTERM, SIGINT, SIGUSR1, SIGUSR2 and a closed terminal ask for an early end; a second signal asks for it now.
package final class StopSignals {
    /// An element for each request.
    package let requests: AsyncStream<Void>
    private let sources: [any DispatchSourceProtocol]

    /// From now on these signals do not end the process by themselves.
    /// - Parameter parent: whether the end of the process that started this one, as mpirun did, is such a request too: nobody hears of
    ///   it otherwise.
    package init(parent: Bool = false) {
        let (requests, sink) = AsyncStream.makeStream(of: Void.self)
        self.requests = requests
        let first = FirstRequest()
        var sources: [any DispatchSourceProtocol] = [SIGTERM, SIGINT, SIGUSR1, SIGUSR2].map { number in
            Self.source(number) {
                _ = first.take()
                sink.yield()
            }
        }
        // It may be told by the system and by a shell; so it never is a second request. `nohup` has it ignored.
        if !SignalQueue.isIgnored(SIGHUP) { sources.append(Self.source(SIGHUP) { if first.take() { sink.yield() } }) }
        if parent { sources.append(Self.watch(getppid()) { if first.take() { sink.yield() } }) }
        self.sources = sources
    }

    private static func source(_ number: Int32, _ body: @escaping @Sendable () -> Void) -> any DispatchSourceProtocol {
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        source.setEventHandler(handler: body)
        source.resume()
        return source
    }

    private static func watch(_ parent: pid_t, _ body: @escaping @Sendable () -> Void) -> any DispatchSourceProtocol {
        let timer = DispatchSource.makeTimerSource(queue: .global())
        timer.schedule(deadline: .now() + 1, repeating: 1)
        timer.setEventHandler { if getppid() != parent { body() } }
        timer.resume()
        return timer
    }

    private final class FirstRequest: Sendable {
        private let isTaken = Mutex(false)

        /// Whether nobody has asked before.
        func take() -> Bool {
            isTaken.withLock { isTaken in
                defer { isTaken = true }
                return !isTaken
            }
        }
    }
}
