import ClipSampling
import Testing

@testable import Media

@Suite struct SoundClockTests {
    @Test("pieces that follow each other are one sound, whatever their times jitter")
    func jitter() {
        var clock = SoundClock(ticksPerSecond: 1000)
        #expect(clock.piece(at: 5000, lasting: 23) == .on(0))
        #expect(clock.piece(at: 5023, lasting: 23) == .on(0))
        #expect(clock.piece(at: 5050, lasting: 23) == .on(4))
        #expect(clock.piece(at: 5069, lasting: 23) == .on(-4))
        #expect(clock.piece(at: nil, lasting: 23) == .on(0))
        #expect(clock.piece(at: 5115, lasting: 23) == .on(0))
    }

    @Test("a gap is silence, and times that begin anew are not")
    func gaps() {
        var clock = SoundClock(ticksPerSecond: 1000)
        _ = clock.piece(at: 0, lasting: 100)
        #expect(clock.piece(at: 1100, lasting: 100) == .silence(1000))
        #expect(clock.piece(at: 1200, lasting: 100) == .on(0))
        #expect(clock.piece(at: 0, lasting: 100) == .anew)
        #expect(clock.piece(at: 100, lasting: 100) == .on(0))
        #expect(clock.piece(at: 100_000, lasting: 100) == .anew)
        #expect(clock.piece(at: .min, lasting: .max) == .anew)
        #expect(clock.piece(at: .max, lasting: .max) == .anew)
    }

    private func packet(_ shown: Int64?, _ decoded: Int64?, key: Bool = false) -> FrameTable.Packet {
        FrameTable.Packet(shown: shown, decoded: decoded, duration: 40, isKey: key, isHidden: false)
    }

    @Test("the times of a video begin anew where they step back, and not where frames are reordered")
    func jumps() throws {
        let tick = Fraction(1, 1000)
        func jump(_ packets: [FrameTable.Packet], forward: Bool = false) -> [Int64]? {
            FrameTable.jump(in: packets, tick: tick, forward: forward).map { [$0.from, $0.to] }
        }
        let reordered = [
            packet(80, 0, key: true), packet(240, 40), packet(160, 80), packet(120, 120), packet(200, 160),
        ]
        #expect(jump(reordered) == nil)
        #expect(jump(reordered + reordered) == [160, 0])
        // Without decoding times, a key frame that is shown before what was decoded before it.
        let bare = reordered.map { packet($0.shown, nil, key: $0.isKey) }
        #expect(jump(bare) == nil)
        #expect(jump(bare + bare) == [240, 80])
        #expect(jump([packet(0, 0, key: true), packet(20_000, 20_000)]) == nil)
        #expect(jump([packet(0, 0, key: true), packet(20_000, 20_000)], forward: true) == [0, 20_000])
        #expect(jump([packet(.max, .max, key: true), packet(.min, .min, key: true)]) != nil)
        #expect(jump([]) == nil)
    }
}
