import ClipSampling
import Foundation
import TestSupport
import Testing

@testable import Media

/// Katna's choice against a restatement that was checked against Katna itself.
@Suite struct KatnaTests {
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let clip: [Int]
        let chosen: Int?
        let candidates: [[Double]]
        let colours: [Int]
        var testDescription: String { name }

        /// The frames as `Tools/goldens/katna.py` draws them.
        func frames() -> [Image] {
            let (count, height, width, share, level) = (clip[1], clip[2], clip[3], clip[4], clip[5])
            var random = SplitMix64(seed: UInt64(clip[0]))
            let base = random.bytes(height * width * 3).map { Int($0) / share }
            var place = 0
            return (0..<count).map { frame in
                place += frame % 11 == 3 || frame % 11 == 8 ? 7 : 1
                var pixels = base
                for row in height / 4..<3 * height / 4 {
                    for column in 0..<width / 3 {
                        let at = 3 * (row * width + (place + column) % width)
                        for channel in 0..<3 { pixels[at + channel] += level / (channel + 1) }
                    }
                }
                return Image(unchecked: pixels.map { UInt8(clamping: $0) }, width: width, height: height)
            }
        }
    }

    static let cases: [Case] =
        (try? JSONDecoder().decode([Case].self, from: Data(contentsOf: Fixtures.url("media/katna.json")))) ?? []

    @Test func goldensAreThere() { #expect(Self.cases.count == 9) }

    @Test("candidates, measures and the choice are Katna's", arguments: cases)
    func choice(_ item: Case) throws {
        let frames = item.frames()
        for (ours, theirs) in zip(LuvColours.of(frames[0]), item.colours) { #expect(abs(Int(ours) - theirs) <= 1) }
        var changes = KatnaChanges()
        for frame in frames { changes.add(frame) }
        let places = changes.finish()
        #expect(places == item.candidates.map { Int($0[0]) })
        var measured = places.map { KatnaFrames.Measured(frames[$0]) }
        let place = try KatnaFrames.choice(&measured) { (place) throws(MediaError) in frames[places[place]] }
        #expect(place.map { places[$0] } == item.chosen)
        for (found, wanted) in zip(measured, item.candidates) {
            #expect(abs(found.brightness - wanted[1]) < 1e-9)
            #expect(abs(found.sharpness - wanted[3]) < 1e-9 * max(1, wanted[3]))
            if let entropy = found.entropy { #expect(abs(entropy - wanted[2]) < 1e-9) }
        }
    }

    @Test("entropy is measured only where it decides")
    func lazyEntropy() throws {
        let item = try #require(Self.cases.first)
        let frames = item.frames()
        var measured = item.candidates.map { KatnaFrames.Measured(frames[Int($0[0])]) }
        _ = try KatnaFrames.choice(&measured) { (place) throws(MediaError) in frames[Int(item.candidates[place][0])] }
        #expect(measured.count { $0.entropy != nil } == 1)
    }

    @Test("of a file: the frame of its number at full size, or none where nothing changes back")
    func files() throws {
        let studio = try Studio()
        let path = try studio.make(
            "jumps.mkv",
            "-f lavfi -i testsrc2=s=96x64:r=20 -vf 'setpts=floor(N/6)*6/20/TB+mod(N\\,6)/20/TB' -frames:v 60 "
                + "-c:v ffv1 -pix_fmt bgr0")
        let chosen = try KatnaFrames.choose(path: path)
        let place = try #require(chosen.place)
        let candidate = chosen.candidates[place]
        #expect(try chosen.image == VideoReader(path: path).frames(at: [candidate.index])[0])
        #expect(candidate.time == Fraction(Int128(candidate.index), 20))
        let still = try studio.make(
            "still.mkv", "-f lavfi -i color=gray:s=64x48:r=20 -frames:v 30 -c:v ffv1 -pix_fmt bgr0")
        let none = try KatnaFrames.choose(path: still)
        #expect(none.place == nil && none.image == nil && none.candidates.isEmpty)
    }
}
