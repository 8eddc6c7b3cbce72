import Foundation
import Glibc
import Testing

@testable import Media

/// Each way in which a path can be no media file has its own kind, from every reader.
@Suite struct BadFileTests {
    let studio: Studio

    init() throws { studio = try Studio() }

    private func everyReaderFails(_ kind: MediaError.Kind, _ path: String) {
        #expect(fails(kind) { _ = try MediaInfo.probe(path) })
        #expect(fails(kind) { _ = try VideoReader(path: path) })
        #expect(fails(kind) { _ = try ImageReader.read(path) })
        #expect(fails(kind) { _ = try AudioReader.read(path) })
        #expect(fails(kind) { _ = try AudioWindow.read(path) })
        #expect(fails(kind) { _ = try KeyFrames.choose(path: path) })
    }

    @Test("a missing file, a directory, an empty file and a text are each refused as what they are")
    func missingDirectoryEmptyAndText() throws {
        everyReaderFails(.notFound, studio.path("none.mp4"))
        everyReaderFails(.notFound, "")
        everyReaderFails(.notFound, studio.path("none\0.mp4"))
        everyReaderFails(.notAFile, studio.folder.path)
        everyReaderFails(.notAFile, "/dev/zero")
        everyReaderFails(.empty, try studio.write("empty.mp4", []))
        everyReaderFails(.unrecognised, try studio.write("text.mp4", "This is a text, not a film.\n".utf8))
        everyReaderFails(.notFound, try studio.write("file", [1]) + "/below.mp4")
    }

    /// Opening a FIFO without a writer would wait for ever.
    @Test func fifoIsRefusedAtOnce() {
        #expect(mkfifo(studio.path("pipe.mp4"), 0o600) == 0)
        everyReaderFails(.notAFile, studio.path("pipe.mp4"))
    }

    @Test(
        "a file without read permission is unreadable",
        .enabled(if: getuid() != 0, "root reads whatever the permissions say"))
    func permissions() throws {
        let path = try studio.write("closed.mp4", [1, 2, 3])
        #expect(chmod(path, 0) == 0)
        everyReaderFails(.unreadable, path)
    }

    @Test("a path that looks like a protocol is a path")
    func protocolsArePaths() throws {
        let clip = try studio.counted("real.mp4")
        #expect(fails(.notFound) { _ = try MediaInfo.probe("concat:\(clip)") })
        #expect(fails(.notFound) { _ = try MediaInfo.probe("file:\(clip)") })
    }

    @Test("a truncated clip is found, whether its index is lost or reaches past the end")
    func truncatedClips() throws {
        let whole = try Data(contentsOf: URL(filePath: try studio.counted("whole.mp4")))
        // The index is at the end: it is lost with the second half.
        let path = try studio.write("half.mp4", whole.prefix(whole.count / 2))
        for body in [{ _ = try MediaInfo.probe(path) }, { _ = try VideoReader(path: path) }] as [() throws -> Void] {
            #expect(fails(.corrupt, body))
        }
        // The index is in front: it points past the end.
        _ = try studio.ffmpeg("-i whole.mp4 -c copy -movflags +faststart front.mp4")
        let front = try Data(contentsOf: studio.folder.appending(path: "front.mp4"))
        #expect(fails(.corrupt) { _ = try VideoReader(path: studio.write("cut.mp4", front.prefix(front.count - 200))) })
        do {
            _ = try MediaInfo.probe(studio.path("cut.mp4"))
            Issue.record("not noticed")
        } catch {
            #expect(error.description.contains("cut.mp4: cannot read the packets: its index reaches to byte"))
            #expect(error.description.contains("truncated"))
        }
    }

    @Test("a file without the stream that is asked for is refused")
    func streamsThatAreMissing() throws {
        let silent = try studio.counted("silent.mp4")
        #expect(try MediaInfo.probe(silent).audio == nil)
        #expect(fails(.noAudioStream) { _ = try AudioReader.read(silent) })
        let sound = try studio.make("sound.m4a", "-f lavfi -i sine=d=1 -c:a aac")
        #expect(try MediaInfo.probe(sound).video == nil)
        #expect(fails(.noVideoStream) { _ = try VideoReader(path: sound) })
        #expect(fails(.unsupported) { _ = try ImageReader.read(silent) })
        let image = try studio.make("one.png", "-f lavfi -i color=red:s=1x1,format=rgb24 -frames:v 1")
        #expect(fails(.unsupported) { _ = try VideoReader(path: image) })
        #expect(fails(.noAudioStream) { _ = try AudioReader.read(image) })
    }

    /// A PNG of 65000 × 65000 pixels in its header, 60 bytes in all.
    @Test("images and frames of huge size are refused unread")
    func hugeImagesAreRefusedUnread() throws {
        let png = try Data(
            contentsOf: URL(filePath: try studio.make("a.png", "-f lavfi -i color=red:s=8x8 -frames:v 1")))
        var bytes = [UInt8](png)
        bytes.replaceSubrange(16..<24, with: [0, 0, 0xFD, 0xE8, 0, 0, 0xFD, 0xE8])
        bytes.replaceSubrange(29..<33, with: crc32(bytes[12..<29]))
        let path = try studio.write("huge.png", bytes)
        #expect(fails(.tooLarge) { _ = try ImageReader.read(path) })
        // The same in the sample entry of an mp4.
        var clip = [UInt8](try Data(contentsOf: URL(filePath: try studio.counted("c.mp4"))))
        let entry = try #require(clip.indices.last { clip[$0...].starts(with: "avc1".utf8) && $0 > 100 })
        clip.replaceSubrange(entry + 28..<entry + 32, with: [0xFF, 0xFF, 0xFF, 0xFF])
        let wide = try studio.write("wide.mp4", clip)
        #expect(fails(.tooLarge) { _ = try MediaInfo.probe(wide) })
    }

    @Test func errorsReadAsOneSentence() {
        #expect(throws: MediaError.self) { try MediaInfo.probe("/nowhere/clip.mp4") }
        let error = MediaError(
            .corrupt, file: "a.mp4", doing: "read the header", found: "moov atom not found", remedy: "copy it again")
        #expect(error.description == "a.mp4: cannot read the header: moov atom not found; copy it again")
        #expect(Set(MediaError.Kind.allCases.map(\.rawValue)).count == MediaError.Kind.allCases.count)
    }
}

/// PNG's checksum, big-endian.
func crc32(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    var crc: UInt32 = .max
    for byte in bytes {
        crc ^= UInt32(byte)
        for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
    }
    let value = ~crc
    return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
}
