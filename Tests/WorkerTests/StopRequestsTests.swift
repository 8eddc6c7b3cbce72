import Synchronization
import Testing

@testable import Worker

@Suite("Requests to stop", .timeLimit(.minutes(1)))
struct StopRequestsTests {
    private struct Failed: Error {}

    @Test("what takes long is not waited for once a stop is asked for, before or while it is done")
    func unlessAsked() async throws {
        for isEarly in [true, false] {
            let (requests, sink) = AsyncStream.makeStream(of: Void.self)
            let stops = StopRequests(requests)
            if isEarly { sink.yield() }
            let result = try await stops.unlessAsked {
                if !isEarly { sink.yield() }
                try await Task.sleep(for: .seconds(3600))
                return 7
            }
            #expect(result == nil)
        }
    }

    @Test("what is done in time is handed on, and its errors are")
    func inTime() async throws {
        let stops = StopRequests(AsyncStream { _ in })
        #expect(try await stops.unlessAsked { 7 } == 7)
        await #expect(throws: Failed.self) { try await stops.unlessAsked { throw Failed() } }
    }

    @Test("requests that come while nobody can act on them are told to who can next, with their number")
    func kept() async throws {
        let (requests, sink) = AsyncStream.makeStream(of: Void.self)
        let stops = StopRequests(requests)
        let (numbers, told) = AsyncStream.makeStream(of: Int.self)
        var heard = numbers.makeAsyncIterator()
        stops.act { told.yield($0) }
        sink.yield()
        #expect(await heard.next() == 1)
        stops.act(nil)
        stops.act { told.yield($0 * 10) }
        #expect(await heard.next() == 10)
        sink.yield()
        #expect(await heard.next() == 20)
    }
}
