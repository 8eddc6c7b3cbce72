internal import ClipSampling
internal import Files
internal import Foundation
internal import Media
internal import Method
internal import Planning
internal import Shard

/// Reads what was given for a sample, and what was made of it, as a report shows them.
///
/// What cannot be read or shown becomes a note: a report is of what is there.
struct MediaReader<Store: MediaStore> {
    private(set) var store: Store
    /// A folder for what is drawn of members, which are read like any file.
    private let scratch: String
    /// A file that was given and is longer is not kept: its first frame stands for it.
    private static var longest: Int { 64 << 20 }

    init(_ store: Store, scratch: String) { (self.store, self.scratch) = (store, scratch) }

    // MARK: Given

    /// What steers a sample; nil where a prompt does, or nothing.
    mutating func given(_ sample: PlannedSample) throws -> ReportedMedia? {
        guard let input = sample.input else { return nil }
        let name = "given/\(sample.key)"
        var media = ReportedMedia(kind: ReportedMedia.Kind(input.kind))
        if let start = input.start, let duration = input.duration { media.window = [start, start + duration] }
        do {
            switch input.kind {
            case .image:
                media.file = try keep(input.path, name)
                if media.file == nil {
                    media.file = try store.keep(
                        ImageWriter.encode(ImageReader.read(input.path), as: .png), as: "\(name).png")
                }
            case .video:
                media.poster = try poster(input.path, start: input.start ?? 0, name)
                media.file = try keep(input.path, name)
                if media.file == nil { media.note = "browsers do not show this file; this is its first frame" }
            case .audio:
                media.sound = try sound(input.path, start: input.start ?? 0, duration: input.duration, name)
                media.file = try keep(input.path, name)
                if media.file == nil {
                    let audio = try AudioReader.read(
                        input.path, sampleRate: nil, start: input.start.flatMap { Fraction(asWritten: $0) } ?? 0,
                        duration: input.duration.flatMap { Fraction(asWritten: $0) })
                    media.file = try store.keep(AudioWriter.encode(audio, as: .flac), as: "\(name).flac")
                    media.window = nil
                }
            }
        } catch let error as MediaError {
            media.note = "\(error)"
        } catch let error as FileError {
            media.note = "\(error)"
        }
        return media
    }

    /// The file as it is, where browsers show its like and it is not too long.
    private mutating func keep(_ path: String, _ name: String) throws -> String? {
        let ending = URL(filePath: path).pathExtension.lowercased()
        guard MediaType.of(".\(ending)") != nil, let size = Directory.fileSize(path), size <= Self.longest else {
            return nil
        }
        return try store.keep(InputFile.bytes(of: path, limit: Self.longest), as: "\(name).\(ending)")
    }

    // MARK: Made

    /// What a run made.
    /// - Parameters:
    ///   - sample: its members.
    ///   - task: what of them it makes.
    ///   - run: the run's number, from 1.
    mutating func made(_ sample: Sample, _ task: GenerationTask, run: Int) throws -> ReportedMedia? {
        let name = "\(run)/\(sample.key)"
        func file(_ member: Member) throws -> String? {
            guard let bytes = sample.members[member.suffix] else { return nil }
            let path = "\(scratch)/member.\(member.suffix)"
            try Data(bytes).write(to: URL(filePath: path))
            return path
        }
        func kept(_ member: Member) throws -> String? {
            try sample.members[member.suffix].map { try store.keep($0, as: "\(name).\(member.suffix)") }
        }
        var media: ReportedMedia?
        /// Draws what it can of a member.
        func noting(_ draw: () throws -> Void) throws {
            do {
                try draw()
            } catch let error as MediaError {
                media?.note = "\(error)"
            }
        }
        if let path = try file(.mp4) {
            media = ReportedMedia(kind: .video)
            media?.file = try kept(.mp4)
            try noting { media?.poster = try poster(path, start: 0, name) }
        } else if let member = [Member.png, .jpg].first(where: { sample.members[$0.suffix] != nil }) {
            media = ReportedMedia(kind: .image)
            media?.file = try kept(member)
        }
        guard task.makesAudio else { return media }
        if let member = [Member.flac, .wav].first(where: { sample.members[$0.suffix] != nil }) {
            if media == nil {
                media = ReportedMedia(kind: .audio)
                media?.file = try kept(member)
            }
            try noting { media?.sound = try file(member).map { try sound($0, name) } }
        } else if let path = try file(.mp4) {
            try noting { media?.sound = try sound(path, name) }
        }
        return media
    }

    // MARK: Drawings

    private mutating func poster(_ path: String, start: Double, _ name: String) throws -> String? {
        let reader = try VideoReader(path: path, start: Fraction(asWritten: start) ?? 0)
        guard let frame = try reader.frames(at: [0]).first else { return nil }
        return try store.keep(ImageWriter.encode(frame, as: .jpeg(quality: 90)), as: "\(name).poster.jpg")
    }

    private mutating func sound(
        _ path: String, start: Double = 0, duration: Double? = nil, _ name: String
    ) throws -> ReportedSound {
        let drawn = try SoundDrawing(path, start: start, duration: duration)
        return ReportedSound(
            seconds: drawn.seconds, wave: drawn.wave, onsets: drawn.onsets,
            mel: try store.keep(drawn.mel, as: "\(name).mel.png"))
    }
}

extension ReportedMedia.Kind {
    fileprivate init(_ input: InputKind) {
        self =
            switch input {
            case .video: .video
            case .image: .image
            case .audio: .audio
            }
    }
}
