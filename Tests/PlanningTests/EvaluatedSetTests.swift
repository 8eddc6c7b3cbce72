import Files
import Foundation
import JSON
import Method
import Planning
import TestSupport
import Testing

@Suite struct EvaluatedSetTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func read() throws -> EvaluatedSet {
        try EvaluatedSet(folder.url.path, side: .reference)
    }

    private func refusal() -> String {
        do {
            _ = try read()
            return "nothing"
        } catch {
            return "\(error)"
        }
    }

    @Test("files of one name are one sample, in the order of names, and a film's sound is the file beside it")
    func folders() throws {
        for name in ["b.mp4", "b.wav", "a.flac", "c.mp4", "d.PNG", "notes.txt", ".hidden.wav"] {
            _ = try folder.write(name, to: name)
        }
        let samples = try read().samples
        #expect(samples.map(\.name) == ["a", "b", "c", "d"])
        func files(_ place: EvaluatedSample.Place?) -> String? {
            place.map { URL(filePath: $0.path).lastPathComponent }
        }
        #expect(samples.map { files($0.picture) } == [nil, "b.mp4", "c.mp4", "d.PNG"])
        #expect(samples.map { files($0.sound) } == ["a.flac", "b.wav", "c.mp4", nil])
        #expect(samples[1].sound?.bytes == 5 && samples[1].sound?.modified != nil)
        let frames: [Feature] = [.frames(.lvdm)]
        #expect(samples[1].only(for: frames).sound == nil)
        #expect(samples[1].only(for: frames).picture != nil)
    }

    @Test(
        "names that differ in case or extension alone are refused, both named",
        arguments: [
            (["x.wav", "x.flac"], "extension"), (["x.wav", "X.wav"], "case"), (["x.mp4", "x.mkv"], "extension"),
        ])
    func twins(names: [String], difference: String) throws {
        for name in names { _ = try folder.write(name, to: name) }
        let found = refusal()
        #expect(names.allSatisfy(found.contains) && found.contains(difference), "\(found)")
    }

    @Test("a folder without media files, and one that is not there, are named with what to do")
    func nothing() throws {
        _ = try folder.write("x", to: "inner/x.wav")
        #expect(refusal().contains("has no media files"))
        #expect {
            try EvaluatedSet("/nowhere/at/all", side: .generated)
        } throws: { "\($0)".contains("/nowhere/at/all is not there") }
    }

    @Test("rows are read as they are written, and a mutated one is read or refused")
    func rows() throws {
        var sample = EvaluatedSample(
            index: 3, side: .generated, name: "a.b c/ü",
            picture: .init(path: "/s/shard.tar.zst", member: "mp4", bytes: 9),
            sound: .init(path: "/x.wav", bytes: 7, modified: 5), prompt: "a dog", batch: 1, shard: 0)
        var writer = JSONWriter()
        sample.write(to: &writer)
        #expect(try EvaluatedSample(parsing: writer.bytes) == sample)
        sample.error = PlannedError(kind: "x", message: "y")
        sample.sound = nil
        writer.clear()
        sample.write(to: &writer)
        #expect(try EvaluatedSample(parsing: writer.bytes) == sample)
        var mutator = ByteMutator(seed: 11)
        for _ in 0..<300 {
            let bytes = mutator.mutate(writer.bytes)
            do throws(JSONError) {
                _ = try EvaluatedSample(parsing: bytes)
            } catch {
                #expect(!"\(error)".isEmpty)
            }
        }
    }

    @Test("names that no key can have get keys that are plain and differ")
    func keys() {
        func key(_ name: String) -> String {
            EvaluatedSample(index: 0, side: .reference, name: name, picture: nil, sound: nil).key
        }
        #expect(key("-0jeONf82dE_000030") == "r--0jeONf82dE_000030")
        let odd = ["a.b", "a_b ", "a/b", String(repeating: "x", count: 90), String(repeating: "x", count: 91), "ü"]
        let keys = odd.map(key)
        #expect(Set(keys).count == odd.count)
        for key in keys {
            #expect(key.utf8.count <= 80 && key.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != 0x2E })
        }
    }
}
