internal import Glibc

/// Signals that wait until somebody asks for them, in place of interrupting. Made before any thread is: threads inherit it.
package struct SignalQueue: Sendable {
    private let numbers: [Int32]

    /// From now on these signals do nothing by themselves.
    package init(_ numbers: [Int32]) {
        self.numbers = numbers
        var set = Self.set(of: numbers)
        pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Waits for a signal.
    /// - Returns: nil where none came in time.
    package func next(within time: Duration) -> Int32? {
        var set = Self.set(of: numbers)
        let (seconds, attoseconds) = time.components
        var limit = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        let number = sigtimedwait(&set, nil, &limit)
        return number > 0 ? number : nil
    }

    /// Whether whoever started this process wants it to pass over a signal, as `nohup` does.
    package static func isIgnored(_ number: Int32) -> Bool {
        var action = sigaction()
        guard sigaction(number, nil, &action) == 0 else { return false }
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
            == unsafeBitCast(SIG_IGN, to: Int.self)
    }

    private static func set(of numbers: [Int32]) -> sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for number in numbers { sigaddset(&set, number) }
        return set
    }
}
