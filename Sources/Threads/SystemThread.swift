internal import Foundation

/// A thread of the operating system that begins or is an error: Foundation's `Thread` says nothing where it does not begin,
/// and whoever waits for it waits for ever.
package enum SystemThread {
    private final class Body: Sendable {
        private let name: String
        private let body: @Sendable () -> Void

        init(_ name: String, _ body: @escaping @Sendable () -> Void) {
            self.name = String(name.utf8.prefix(15)) ?? ""
            self.body = body
        }

        func run() {
            Thread.current.name = name
            body()
        }
    }

    /// Starts a thread, which nobody needs to join.
    /// - Parameters:
    ///   - name: shown by debuggers, up to 15 characters.
    ///   - stackSize: in bytes; nil: the system's choice.
    /// - Throws: ``ThreadError``.
    package static func start(
        _ name: String, stackSize: Int? = nil, _ body: @escaping @Sendable () -> Void
    ) throws(ThreadError) {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        if let stackSize { pthread_attr_setstacksize(&attributes, stackSize) }
        let body = Unmanaged.passRetained(Body(name, body))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, &attributes,
            { raw in
                if let raw { Unmanaged<Body>.fromOpaque(raw).takeRetainedValue().run() }
                return nil
            }, body.toOpaque())
        guard code == 0 else {
            body.release()
            throw ThreadError(name, code: code)
        }
    }

    /// Makes threads, all at once, and lets them go, so that a program which needs them fails at its start and not in the
    /// middle, where the libraries that make the rest of its threads try again for ever.
    /// - Parameters:
    ///   - count: threads with the system's stack.
    ///   - workers: those with the stack of a ``WorkThread``.
    /// - Throws: ``ThreadError``.
    package static func require(_ count: Int, workers: Int) throws(ThreadError) {
        let gate = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        pthread_mutex_init(gate, nil)
        pthread_mutex_lock(gate)
        var threads: [pthread_t] = []
        var failure: Int32 = 0
        for number in 0..<count + workers where failure == 0 {
            var attributes = pthread_attr_t()
            pthread_attr_init(&attributes)
            if number < workers { pthread_attr_setstacksize(&attributes, WorkThread.stackSize) }
            var thread = pthread_t()
            failure = pthread_create(
                &thread, &attributes,
                { raw in
                    let gate = raw?.assumingMemoryBound(to: pthread_mutex_t.self)
                    if let gate {
                        pthread_mutex_lock(gate)
                        pthread_mutex_unlock(gate)
                    }
                    return nil
                }, gate)
            pthread_attr_destroy(&attributes)
            if failure == 0 { threads.append(thread) }
        }
        pthread_mutex_unlock(gate)
        for thread in threads { pthread_join(thread, nil) }
        pthread_mutex_destroy(gate)
        gate.deallocate()
        guard failure == 0 else {
            throw ThreadError("the \(count + workers) that are needed", made: threads.count, code: failure)
        }
    }
}
