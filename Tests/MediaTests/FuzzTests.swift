import ClipSampling
import Foundation
import TestSupport
import Testing

@testable import Media

/// Mutated files through every reader: an error or a result, never a crash, and nothing beyond the limits.
@Suite struct FuzzTests {
    @Test("a mutated media file gives a result or an error from every reader, and no crash")
    func mutatedFiles() throws {
        let studio = try Studio()
        let seeds = try [
            try studio.make(
                "a.mp4",
                "-f lavfi -i testsrc2=s=32x32:r=5:d=1 -f lavfi -i sine=d=1:r=8000 -c:v libx264 -pix_fmt yuv420p -g 2"),
            try studio.make("a.png", "-f lavfi -i testsrc2=s=24x24 -frames:v 1"),
            try studio.make("a.wav", "-f lavfi -i sine=d=0.1:r=8000"),
            try studio.make(
                "a.mkv",
                "-f lavfi -i testsrc2=s=32x32:r=5:d=1 -f lavfi -i sine=d=1:r=8000 -c:v libx264 -pix_fmt yuv420p -c:a libopus"
            ),
            try studio.make("a.jpg", "-f lavfi -i testsrc2=s=24x24 -frames:v 1"),
            try studio.make("a.ts", "-f lavfi -i testsrc2=s=32x32:r=5:d=1 -c:v mpeg2video"),
        ].map { path throws in [UInt8](try Data(contentsOf: URL(filePath: path))) }
        let sound = PlanarAudio(sampleRate: 8000, channels: [[Float](repeating: 0, count: 800)])!
        var mutator = ByteMutator(seed: 2024)
        var outcomes: [String: Int] = [:]
        for round in 0..<420 {
            let seed = seeds[round % seeds.count]
            // Half of the changes hit the headers, where they matter most.
            let bytes =
                (round / seeds.count).isMultiple(of: 2)
                ? mutator.mutate(seed) : mutator.mutate(Array(seed.prefix(600))) + seed.dropFirst(600)
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
                let shown = reader.clipFrames(clipDuration: 1, clips: 2, perClip: 2).flatMap { $0 }
                if (reader.info.video?.width ?? 0) < 2000 {
                    _ = try reader.frames(at: shown)
                    _ = try KeyFrames.choose(path: path, limit: 3)
                }
            }
            count { _ = try ImageReader.read(path) }
            count { _ = try AudioReader.read(path, duration: 5) }
            count { _ = try AudioWindow.read(path, start: Fraction(1, 20), samples: 16000) }
            if round % seeds.count == 0 { count { _ = try Muxer.mux(sound, underVideo: path, start: Fraction(1, 5)) } }
        }
        #expect(outcomes["ok", default: 0] > 100 && outcomes["corrupt", default: 0] > 20, "\(outcomes)")
    }
}
