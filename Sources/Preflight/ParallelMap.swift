import Foundation
import Synchronization
internal import Threads

/// Maps over many items on threads of its own.
///
/// Probing a file waits for disks and network file systems, which must not happen on the cooperative pool, and is worth
/// more threads than there are cores.
package enum ParallelMap {
    /// The transformed items, in order. Blocks until all are done.
    ///
    /// - Parameters:
    ///   - threads: The most threads at work, fewer where the system gives no more; the calling thread works only where it
    ///     gives none.
    ///   - transform: Called on those threads, once for each item.
    package static func map<Item: Sendable, Result: Sendable>(
        _ items: [Item], threads: Int, _ transform: @escaping @Sendable (Item) -> Result
    ) -> [Result] {
        let state = State<Item, Result>(items)
        let group = DispatchGroup()
        for number in 0..<max(1, min(threads, items.count)) {
            group.enter()
            do throws(ThreadError) {
                // Room for what FFmpeg's demuxers and the pickle machine keep on it.
                try SystemThread.start("probe", stackSize: 4 << 20) {
                    state.work(transform)
                    group.leave()
                }
            } catch {
                if number == 0 { state.work(transform) }
                group.leave()
                break
            }
        }
        group.wait()
        return state.results()
    }

    private final class State<Item: Sendable, Result: Sendable>: Sendable {
        private let items: [Item]
        private let shared: Mutex<(next: Int, results: [Result?])>

        init(_ items: [Item]) {
            self.items = items
            shared = Mutex((0, Array(repeating: nil, count: items.count)))
        }

        func work(_ transform: (Item) -> Result) {
            while let (index, item) = take() { put(transform(item), at: index) }
        }

        private func take() -> (Int, Item)? {
            shared.withLock { shared in
                guard shared.next < items.count else { return nil }
                defer { shared.next += 1 }
                return (shared.next, items[shared.next])
            }
        }

        private func put(_ result: Result, at index: Int) { shared.withLock { $0.results[index] = result } }

        func results() -> [Result] { shared.withLock { $0.results.compactMap { $0 } } }
    }
}
