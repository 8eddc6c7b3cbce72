internal import Glibc
internal import Synchronization

/// Sees whether the pool of threads that runs all tasks is alive, from a thread of its own.
///
/// Where the system gives no thread, the library that makes the pool's tries again once a second, for ever and without a
/// word, and so does everybody who hands work to it. Then somebody else has to say so, and end the process.
package final class PoolWatch: Sendable {
    private let beats = Atomic<Int>(0)
    private let isOver = Atomic<Bool>(false)

    /// Begins to watch.
    /// - Parameters:
    ///   - tell: says something; called on the watch's own thread.
    ///   - end: ends the process, which can get no thread and does nothing any more.
    /// - Throws: ``ThreadError`` where there is not even a thread for the watch.
    package init(
        tell: @escaping @Sendable (String) -> Void, end: @escaping @Sendable (ThreadError) -> Void
    ) throws(ThreadError) {
        try SystemThread.start("watch") { [self] in watch(tell, end) }
        Task { [self] in
            while !isOver.load(ordering: .relaxed) {
                beats.wrappingAdd(1, ordering: .relaxed)
                try? await Task.sleep(for: .seconds(1))
            }
        }
    }

    /// Watches no more.
    package func stop() { isOver.store(true, ordering: .relaxed) }

    private func watch(_ tell: @Sendable (String) -> Void, _ end: @Sendable (ThreadError) -> Void) {
        var silence = PoolSilence()
        while !isOver.load(ordering: .relaxed) {
            // Seconds that this thread slept, and not a clock's: a process that is stopped for an hour has not been silent.
            sleep(1)
            switch silence.second(beats: beats.load(ordering: .relaxed), shortage: Self.shortage) {
            case .nothing: continue
            case .tell(let text): tell(text)
            case .end(let error): return end(error)
            }
        }
    }

    /// Why no thread can be made; nil where one can.
    private static func shortage() -> ThreadError? {
        do throws(ThreadError) {
            try SystemThread.start("pool") {}
            return nil
        } catch {
            return error
        }
    }
}

/// When a pool that gives no sign of life is told of, and when it is given up; pure.
struct PoolSilence {
    enum Action: Equatable {
        case nothing
        case tell(String)
        case end(ThreadError)
    }

    /// Seconds without a sign of life after which it is told, and again after as many.
    static let told = 30
    /// The same after which it is given up, where no thread could be made for the last ``told`` of them at least.
    static let limit = 120

    private var beats = -1
    private var seconds = 0
    /// Seconds without a thread to be had, up to now.
    private var without = 0

    /// Another second has passed.
    /// - Parameters:
    ///   - beats: the signs of life so far.
    ///   - shortage: says why no thread can be made, where none can; asked only of a silent pool.
    mutating func second(beats: Int, shortage: () -> ThreadError?) -> Action {
        guard beats == self.beats else {
            (self.beats, seconds, without) = (beats, 0, 0)
            return .nothing
        }
        seconds += 1
        guard seconds >= Self.told else { return .nothing }
        let error = shortage()
        without = error == nil ? 0 : without + 1
        if let error, seconds >= Self.limit, without >= Self.told { return .end(error) }
        guard seconds.isMultiple(of: Self.told) else { return .nothing }
        let reason =
            error?.description
            ?? "threads can be made, so this process waits for the processor, memory or a file system"
        return .tell("nothing was done for \(seconds) s: \(reason)")
    }
}
