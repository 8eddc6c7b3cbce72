import Foundation
import Synchronization
import Testing

@testable import Threads

@Suite struct ThreadsTests {
    @Test("a thread runs its body under its name")
    func start() async throws {
        let name = await withCheckedContinuation { (done: CheckedContinuation<String, Never>) in
            do throws(ThreadError) {
                try SystemThread.start("a name that is too long") {
                    let name = try? String(contentsOfFile: "/proc/thread-self/comm", encoding: .utf8)
                    done.resume(returning: name ?? "unknown")
                }
            } catch {
                done.resume(returning: "\(error)")
            }
        }
        #expect(name == "a name that is \n")
    }

    @Test("work is done in order, on one thread, and errors come back")
    func work() async throws {
        struct Failure: Error {}
        let thread = try WorkThread("test")
        let order = Mutex<[Int]>([])
        let first = try await thread.perform { pthread_self() }
        for number in 0..<5 { thread.enqueue { order.withLock { $0.append(number) } } }
        #expect(try await thread.perform { pthread_self() } == first)
        #expect(order.withLock { $0 } == [0, 1, 2, 3, 4])
        await #expect(throws: Failure.self) { try await thread.perform { throw Failure() } }
    }

    @Test("threads that can be had are let go again")
    func require() throws {
        for _ in 0..<3 { try SystemThread.require(20, workers: 4) }
    }

    @Test("a stack that is too large is an error that names the purpose")
    func refused() {
        #expect {
            try SystemThread.start("everything", stackSize: 1 << 55) {}
        } throws: { error in
            "\(error)".contains("the thread \"everything\" could not be made (")
                && "\(error)".contains("or start fewer processes")
        }
    }

    // MARK: - The pool's silence

    private let shortage = ThreadError("probe", code: EAGAIN)

    @Test("a pool that lives is not spoken of, whether threads can be had or not")
    func alive() {
        var silence = PoolSilence()
        for second in 0..<500 { #expect(silence.second(beats: second / 20) { shortage } == .nothing) }
    }

    @Test("a silent pool is told of every 30 s, and not given up while threads can be made")
    func silent() {
        var silence = PoolSilence()
        _ = silence.second(beats: 7) { nil }
        for second in 1...400 {
            let action = silence.second(beats: 7) { nil }
            guard second.isMultiple(of: 30) else {
                #expect(action == .nothing)
                continue
            }
            guard case .tell(let text) = action else {
                Issue.record("nothing was told at \(second) s")
                continue
            }
            #expect(text.contains("for \(second) s") && text.contains("threads can be made"))
        }
    }

    @Test("without threads to be had, a silent pool is given up after two minutes")
    func givenUp() {
        var silence = PoolSilence()
        _ = silence.second(beats: 7) { nil }
        for _ in 1..<120 { #expect(silence.second(beats: 7) { shortage } != .end(shortage)) }
        #expect(silence.second(beats: 7) { shortage } == .end(shortage))
    }

    @Test("a shortage that has only begun does not end a pool that was silent before")
    func lateShortage() {
        var silence = PoolSilence()
        _ = silence.second(beats: 7) { nil }
        for _ in 1...200 { _ = silence.second(beats: 7) { nil } }
        for _ in 1..<30 { #expect(silence.second(beats: 7) { shortage } != .end(shortage)) }
        #expect(silence.second(beats: 7) { shortage } == .end(shortage))
    }
}
