internal import Dispatch
internal import Synchronization

/// One thread for work that blocks: computing, codecs, files. It runs what it is given in order.
///
/// Neither the cooperative pool nor a dispatch queue serves here: blocking starves the first, and OpenMP, CUDA and
/// libtorch's gradient mode keep state for each thread, which a queue would scatter.
package final class WorkThread: Sendable {
    private let queue = Queue()

    /// The stack of each: deep graphs are walked recursively when they are freed.
    static let stackSize = 64 << 20

    /// Starts the thread. It ends when this object is gone and what was asked for is done.
    /// - Parameter name: shown by debuggers, up to 15 characters.
    /// - Throws: ``ThreadError``.
    package init(_ name: String) throws(ThreadError) {
        try SystemThread.start(name, stackSize: Self.stackSize) { [queue] in queue.run() }
    }

    deinit { queue.close() }

    /// Runs a body on the thread and waits for it without blocking the caller's.
    package func perform<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            enqueue { continuation.resume(with: Result { try body() }) }
        }
    }

    /// Runs a body on the thread some time.
    package func enqueue(_ body: @escaping @Sendable () -> Void) { queue.add(body) }

    /// What the object and its thread share.
    private final class Queue: Sendable {
        private let jobs = Mutex<(waiting: [@Sendable () -> Void], closed: Bool)>(([], false))
        private let change = DispatchSemaphore(value: 0)

        func add(_ job: @escaping @Sendable () -> Void) {
            jobs.withLock { $0.waiting.append(job) }
            change.signal()
        }

        func close() {
            jobs.withLock { $0.closed = true }
            change.signal()
        }

        func run() {
            while true {
                change.wait()
                // One signal for each job and one for the end: nothing waits only when the end has come.
                guard let job = jobs.withLock({ $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }) else { return }
                job()
            }
        }
    }
}
