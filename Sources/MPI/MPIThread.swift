import Glibc
import Threads

/// One OS thread that makes every call of MPI. It runs the jobs of ``MPIWorld`` and polls between them.
///
/// It never blocks in MPI: a blocking receive hung for ever when a peer lost power in mid-transfer, and it burns a
/// core while it waits. Polling backs off to a millisecond, which costs a few per cent of a core; a job that is
/// enqueued wakes the thread at once. The thread lives as long as the process, as MPI does.
///
/// Unchecked because `jobs` and `poll` are guarded by `mutex` and by the thread itself, which the compiler cannot see.
final class MPIThread: SerialExecutor, @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    /// Guarded by `mutex`.
    private var jobs: [UnownedJob] = []
    /// Guarded by `mutex`; set before the first job can ask for it.
    private var thread: pthread_t = 0
    /// Called between jobs; true when it got something done. Touched on the thread only.
    private var poll: (() -> Bool)?

    /// Starts the thread.
    init() throws(MPIStartError) {
        pthread_mutex_init(mutex, nil)
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(wake, &attributes)
        pthread_condattr_destroy(&attributes)
        let me = Unmanaged.passRetained(self)
        pthread_mutex_lock(mutex)
        let status = pthread_create(
            &thread, nil,
            { raw in
                if let raw { Unmanaged<MPIThread>.fromOpaque(raw).takeRetainedValue().loop() }
                return nil
            }, me.toOpaque())
        pthread_mutex_unlock(mutex)
        guard status == 0 else {
            me.release()
            throw .noThread(ThreadError("MPI", code: status))
        }
    }

    deinit {
        pthread_cond_destroy(wake)
        pthread_mutex_destroy(mutex)
        wake.deallocate()
        mutex.deallocate()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        pthread_mutex_lock(mutex)
        jobs.append(job)
        pthread_cond_signal(wake)
        pthread_mutex_unlock(mutex)
    }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

    func checkIsolated() { precondition(isOnThread, "MPI was called beside its thread") }

    func isIsolatingCurrentContext() -> Bool? { isOnThread }

    private var isOnThread: Bool {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return pthread_equal(pthread_self(), thread) != 0
    }

    /// What is done between jobs from now on; nil for nothing. To be called on the thread.
    func setPoll(_ poll: (() -> Bool)?) {
        checkIsolated()
        self.poll = poll
    }

    private func loop() {
        var backoff = Backoff()
        var batch: [UnownedJob] = []
        while true {
            pthread_mutex_lock(mutex)
            swap(&batch, &jobs)
            pthread_mutex_unlock(mutex)
            for job in batch { job.runSynchronously(on: asUnownedSerialExecutor()) }
            let worked = !batch.isEmpty
            batch.removeAll(keepingCapacity: true)
            let progressed = poll?() ?? false
            if worked || progressed { backoff.reset() } else { wait(backoff.next()) }
        }
    }

    /// Waits for a job, while polling at most for this long.
    private func wait(_ microseconds: Int) {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        guard jobs.isEmpty else { return }
        guard poll != nil else {
            pthread_cond_wait(wake, mutex)
            return
        }
        guard microseconds > 0 else { return }
        var until = timespec()
        clock_gettime(CLOCK_MONOTONIC, &until)
        until.tv_nsec += microseconds * 1000
        if until.tv_nsec >= 1_000_000_000 {
            until.tv_sec += 1
            until.tv_nsec -= 1_000_000_000
        }
        pthread_cond_timedwait(wake, mutex, &until)
    }
}
