import ClipSampling
import Fixtures
import Foundation
import Testing

@testable import Media

/// Mutated files through every reader: an error or a result, never a crash, and nothing beyond the limits.
@Suite struct FuzzTests {
    @Test func mutatedFiles() throws {
        let studio = try Studio()
        let seeds = try [
            try studio.make(
                "a.mp4",
                "-f lavfi -i testsrc2=s=32x32:r=5:d=1 -f lavfi -i sine=d=1:r=8000 -c:v libx264 -pix_fmt yuv420p -g 2"),
            try studio.make("a.png", "-f lavfi -i testsrc2=s=24x24 -frames:v 1"),
            try studio.make("a.wav", "-f lavfi -i sine=d=0.1:r=8000"),
        ].map { path throws in [UInt8](try Data(contentsOf: URL(filePath: path))) }
        let sound = PlanarAudio(sampleRate: 8000, channels: [[Float](repeating: 0, count: 800)])!
        var random = SplitMix64(seed: 2024)
        var outcomes: [String: Int] = [:]
        for round in 0..<300 {
            var bytes = seeds[round % 3]
            // Half of the changes hit the headers, where they matter most.
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let span = Bool.random(using: &random) ? bytes.count : min(bytes.count, 600)
                let at = Int.random(in: 0..<span, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                case 2: for i in at..<min(at + 4, bytes.count) { bytes[i] = 0xFF }
                default:
                    if bytes.count > 64 {
                        bytes.removeSubrange(at..<min(at + Int.random(in: 1...16, using: &random), bytes.count))
                    }
                }
            }
            if round % 7 == 0 { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &random)) }
            let path = try studio.write("fuzz", bytes)
            func count(_ body: () throws -> Void) {
                do {
                    try body()
                    outcomes["ok", default: 0] += 1
                } catch let error as MediaError {
                    outcomes[error.kind.rawValue, default: 0] += 1
                } catch {
                    Issue.record("\(error)")
                }
            }
            count { _ = try MediaInfo.probe(path) }
            count {
                let reader = try VideoReader(path: path)
                let shown = reader.clipFrames(clips: 2).flatMap { $0 }
                if (reader.info.video?.width ?? 0) < 2000 {
                    _ = try reader.frames(at: shown)
                    _ = try KeyFrames.choose(path: path, limit: 3)
                }
            }
            count { _ = try ImageReader.read(path) }
            count { _ = try AudioReader.read(path, duration: 5) }
            count { _ = try AudioWindow.read(path, start: Fraction(1, 20), samples: 16000) }
            if round % 3 == 0 { count { _ = try Muxer.mux(sound, underVideo: path, start: Fraction(1, 5)) } }
        }
        #expect(outcomes["ok", default: 0] > 100 && outcomes["corrupt", default: 0] > 20, "\(outcomes)")
    }
}
