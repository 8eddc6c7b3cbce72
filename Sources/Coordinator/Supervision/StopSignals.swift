internal import Dispatch
internal import Foundation

/// SIGTERM, SIGINT and SIGUSR2 ask for an early end; a second one asks for it now.
package final class StopSignals {
    /// An element for each signal.
    package let requests: AsyncStream<Void>
    private let sources: [any DispatchSourceSignal]

    /// From now on these signals do not end the process by themselves.
    package init() {
        let (requests, sink) = AsyncStream.makeStream(of: Void.self)
        self.requests = requests
        sources = [SIGTERM, SIGINT, SIGUSR2].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { sink.yield() }
            source.resume()
            return source
        }
    }
}
