import Files
import Foundation
import TestSupport
import Testing

@testable import Shard

@Suite struct SegmentTests {
    @Test func publishesDataAndSidecar() throws {
        let run = try DemoRun()
        let segment = try run.segment(1)
        #expect(try run.store().publish(segment) == .published)
        let files = try run.folder.contents(under: "segments")
        #expect(files.keys.sorted() == ["batch-000001.\(segment.sidecar.sha256.prefix(16)).seg", "batch-000001.json"])
        let sidecar = try #require(try run.store().sidecar(batch: 1))
        #expect(sidecar.frames.map(\.key) == ["clip_3", "clip_5"])
        #expect(sidecar.rows.map(\.index) == [3, 4, 5])
        #expect(sidecar.rows[1].error?.kind == "nan")
        #expect(try run.store().scan().committed.keys.sorted() == [1])
        #expect(try run.store().sidecar(batch: 0) == nil)
    }

    @Test func framesDoNotDependOnTheRank() throws {
        let run = try DemoRun()
        let one = try run.segment(0, rank: 1)
        let two = try run.segment(0, rank: 2)
        #expect(one.data == two.data)
        #expect(one.sidecar.frames == two.sidecar.frames)
        #expect(one.sidecar.rows != two.sidecar.rows)
    }

    @Test("a batch without a success has a sidecar and no data")
    func batchWithoutSuccess() throws {
        let run = try DemoRun(failed: [0, 1, 2])
        #expect(try run.store().publish(run.segment(0)) == .published)
        #expect(try run.folder.contents(under: "segments").keys.sorted() == ["batch-000000.json"])
        #expect(try run.store().sidecar(batch: 0)?.bytes == 0)
    }

    @Test func secondPublisherLearnsThatItLost() throws {
        let run = try DemoRun()
        _ = try run.store().publish(run.segment(0, rank: 1))
        let before = try run.folder.contents()
        #expect(try run.store().publish(run.segment(0, rank: 2)) == .lost)
        #expect(try run.folder.contents() == before)
    }

    /// The loser comes between the winner's data and sidecar, with other bytes: the committed batch stays whole and the
    /// loser's data goes.
    @Test("a batch committed between another's data and sidecar stays whole")
    func raceBetweenDataAndSidecar() throws {
        let run = try DemoRun()
        let loser = try run.segment(0, failing: [1])
        let winner = try run.segment(0, failing: [])
        let hook = FaultHook { step, name in
            if step == .open, name.hasSuffix(".json") { _ = try? run.store().publish(winner) }
            return false
        }
        #expect(try run.store(hook).publish(loser) == .lost)
        #expect(try run.store().sidecar(batch: 0) == winner.sidecar)
        #expect(try run.folder.contents(under: "segments").count == 2)
    }

    @Test func damageIsNamed() throws {
        let run = try DemoRun()
        let segment = try run.segment(0)
        let store = run.store()
        _ = try store.publish(segment)
        let data = "segments/\(segment.sidecar.dataName)"
        try run.folder.write(segment.data.dropLast(), to: data)
        #expect(throws: SegmentError.self) { try store.sidecar(batch: 0) }
        #expect(try store.scan().damaged[0]?.description.contains("bytes instead of") == true)
        try FileManager.default.removeItem(atPath: "\(run.folder.path)/\(data)")
        #expect(try store.scan().damaged[0]?.description.contains("is missing") == true)
        try run.folder.write(Array("{".utf8), to: "segments/batch-000000.json")
        #expect(try store.scan().damaged.count == 1)
        try store.discardSegment(batch: 0)
        #expect(try run.folder.contents(under: "segments").isEmpty)
        try store.discardSegment(batch: 0)
        #expect(try store.publish(segment) == .published)
        #expect(try store.scan().committed.count == 1)
    }

    @Test func otherJobsAreRefused() throws {
        let run = try DemoRun()
        _ = try run.store().publish(run.segment(0))
        let other = SegmentStore(layout: run.layout, configSHA256: String(repeating: "cd", count: 32))
        #expect { try other.scan() } throws: { error in
            if case .foreignJob(batch: 0, _, _) = error as? SegmentError { true } else { false }
        }
        #expect(throws: SegmentError.self) { try other.publish(run.segment(1)) }
    }

    @Test func receivedSegmentIsChecked() throws {
        let run = try DemoRun()
        let segment = try run.segment(0)
        let json = try segment.sidecarJSON()
        let store = run.store()
        func received(_ data: [UInt8]) throws -> SegmentStore.Publication {
            let incoming = try #require(try store.receive(sidecarJSON: json, batch: 0))
            for start in stride(from: 0, to: data.count, by: 100) {
                try incoming.append(Array(data[start..<min(start + 100, data.count)]))
            }
            return try incoming.publish()
        }
        var damaged = segment.data
        damaged[100] ^= 1
        #expect(throws: SegmentError.self) { try received(damaged) }
        #expect(throws: SegmentError.self) { try received(segment.data.dropLast()) }
        #expect(throws: SegmentError.self) { try received(segment.data + [0]) }
        #expect(throws: SegmentError.self) { try store.receive(sidecarJSON: json, batch: 1) }
        #expect(throws: RecordError.self) { try store.receive(sidecarJSON: json.dropLast(), batch: 0) }
        // Nothing of these is left, and the whole one gives the bytes that publishing gives.
        #expect(try FileManager.default.contentsOfDirectory(atPath: run.layout.segments) == [])
        #expect(try received(segment.data) == .published)
        #expect(try store.receive(sidecarJSON: json, batch: 0) == nil)
        #expect(try store.sidecar(batch: 0) == segment.sidecar)
    }

    @Test("samples and rows that do not fit each other are refused")
    func samplesAndRowsMustFit() throws {
        #expect(throws: RecordError.self) {
            try EncodedSegment(batch: 0, configSHA256: config, samples: [], rows: [demoRow(0)])
        }
        #expect(throws: RecordError.self) {
            try EncodedSegment(
                batch: 0, configSHA256: config, samples: [demoSample(0)], rows: [demoRow(1, failed: true)])
        }
        #expect(throws: RecordError.self) {
            try EncodedSegment(
                batch: 0, configSHA256: config, samples: [], rows: [demoRow(0, failed: true), demoRow(0, failed: true)])
        }
        #expect(throws: SampleError.self) {
            try EncodedSegment(
                batch: 0, configSHA256: config, samples: [Sample(key: "clip_0", members: [:])], rows: [demoRow(0)])
        }
    }

    @Test("ended before any step of publishing, a second publication gives the same bytes")
    func stoppedAtEveryStep() throws {
        let counter = StepCounter()
        let clean = try DemoRun()
        _ = try clean.store(counter.hook).publish(clean.segment(0))
        #expect(counter.count == 10)
        for step in 0..<counter.count {
            let run = try DemoRun()
            #expect(throws: InjectedFault.self) {
                try run.store(StepCounter(stopAt: step).hook).publish(run.segment(0))
            }
            // Committed or not, it is never half there; the same again completes it.
            let committed = try run.store().sidecar(batch: 0)
            #expect(committed == nil || step == counter.count - 1)
            try run.layout.sweepTemporaryFiles()
            #expect(try run.store().publish(run.segment(0)) == (committed == nil ? .published : .lost))
            #expect(try run.folder.contents() == clean.folder.contents(), "stopped at \(counter.log[step])")
        }
    }
}
