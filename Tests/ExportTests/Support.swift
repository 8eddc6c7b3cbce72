import ClipSampling
import Files
import Foundation
import Media
import Method
import Planning
import Shard
import TestSupport
import Testing

@testable import Export

/// Sounds and videos that are made in memory.
enum TestClip {
    static func tone(_ seconds: Double, pitch: Double = 440, rate: Int = 8000, channels: Int = 1) -> PlanarAudio {
        let count = Int(seconds * Double(rate))
        return PlanarAudio(
            sampleRate: rate,
            channels: (0..<channels).map { channel in
                // Steps of 16 bits, so that every copy is exact.
                (0..<count).map {
                    Float(
                        (sin(Double($0) * pitch * Double(channel + 1) * 6.283 / Double(rate)) * 9000).rounded() / 32768)
                }
            })!
    }

    static func sound(_ audio: PlanarAudio, as format: AudioWriter.Format = .flac) throws -> [UInt8] {
        try AudioWriter.encode(audio, as: format)
    }

    /// An mp4 of two frames a second.
    static func film(_ seconds: Int, shade: UInt8 = 90, audio: PlanarAudio? = nil) throws -> [UInt8] {
        let frames = (0..<2 * seconds).map { frame in
            Image(unchecked: (0..<32 * 32 * 3).map { UInt8(($0 + 9 * frame) % 100) + shade }, width: 32, height: 32)
        }
        return try Muxer.encode(frames, rate: 2, audio: audio)
    }
}

/// A run whose samples are given, in shards of four.
struct MadeRun {
    let folder: String

    /// - Parameters:
    ///   - samples: each with its members; nil: it failed.
    ///   - finished: how many shards are made; nil: all.
    init(
        in parent: TemporaryFolder, _ samples: [(key: String, prompt: String?, members: [String: [UInt8]]?)],
        finished: Int? = nil
    ) throws {
        folder = parent.url.appending(path: "run").path
        let job = try testJob("batch=2", "shard=4", folder: parent.path).narrowed(to: [.v2a])
        let planned = samples.enumerated().map { index, sample in
            PlannedSample(
                index: index, key: sample.key, task: .v2a, prompt: sample.prompt, negativePrompt: "",
                input: PlannedInput(kind: .video, path: "/clips/\(sample.key).mp4", bytes: 0), seed: 0, duration: 1)
        }
        let run = try Run.publish(
            Plan(samples: planned, job: job), .generation(job), models: [], expectedBytes: 0,
            in: RunDirectory(URL(filePath: folder, directoryHint: .isDirectory))
        ).run
        let store = run.description.segments(in: run.directory.layout)
        let assembler = ShardAssembler(
            layout: run.directory.layout, configSHA256: run.description.configSHA256, compression: .zstd)
        for number in 0..<(finished ?? run.layout.shards) {
            let shard = run.layout.shard(number)
            for batch in shard.batches {
                let indices = run.layout.samples(ofBatch: batch)
                let rows = indices.map { index in
                    SampleRow(
                        index: index, key: samples[index].key, task: "v2a", prompt: samples[index].prompt, seed: 0,
                        status: samples[index].members == nil ? .failed : .ok,
                        error: samples[index].members == nil
                            ? SampleRow.Failure(kind: "silent", message: "the result is silent") : nil)
                }
                let made = indices.compactMap { index in
                    samples[index].members.map { Sample(key: samples[index].key, members: $0) }
                }
                _ = try store.publish(
                    EncodedSegment(
                        batch: batch, configSHA256: run.description.configSHA256, samples: made, rows: rows))
            }
            _ = try assembler.assemble(
                ShardContents(shard: number, firstIndex: shard.firstIndex, batches: Array(shard.batches)))
        }
    }
}

/// A wav file as its header and samples say, read without this package's readers.
struct PlainWave: Equatable {
    var format = 0
    var channels = 0
    var rate = 0
    var bits = 0
    /// Channels in turn.
    var samples: [Int16] = []

    init(_ path: String) throws {
        let bytes = Array(try Data(contentsOf: URL(filePath: path)))
        func number(_ place: Int, _ count: Int) -> Int {
            (0..<count).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) }
        }
        try #require(bytes.starts(with: Array("RIFF".utf8)) && bytes[8..<12].elementsEqual("WAVE".utf8))
        var place = 12
        while place + 8 <= bytes.count {
            let (name, size) = (String(decoding: bytes[place..<place + 4], as: UTF8.self), number(place + 4, 4))
            if name == "fmt " {
                (format, channels) = (number(place + 8, 2), number(place + 10, 2))
                (rate, bits) = (number(place + 12, 4), number(place + 22, 2))
            } else if name == "data" {
                samples = stride(from: place + 8, to: place + 8 + size, by: 2).map {
                    Int16(truncatingIfNeeded: number($0, 2))
                }
            }
            place += 8 + size + size % 2
        }
    }

    /// Of a sound, what it should be.
    init(_ audio: PlanarAudio) {
        (format, channels, rate, bits) = (1, audio.channels.count, audio.sampleRate, 16)
        samples = (0..<audio.count).flatMap { place in audio.channels.map { Int16($0[place] * 32768) } }
    }

    var seconds: Double { Double(samples.count / channels) / Double(rate) }
}

/// The names in a folder, as `os.listdir` gives them, sorted.
func listed(_ folder: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
}

func isThere(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

/// What an export is refused with.
func refusal(_ request: ExportRequest) -> String {
    do {
        _ = try Exporter.export(request)
        return "nothing"
    } catch {
        return "\(error)"
    }
}

/// The records of a CSV file, by the rules of RFC 4180 alone.
func records(_ path: String) throws -> [[String]] {
    var (records, record, field, isQuoted): ([[String]], [String], String.UnicodeScalarView, Bool) = (
        [], [], .init(), false
    )
    var scalars = Array(try String(contentsOfFile: path, encoding: .utf8).unicodeScalars)[...]
    while let scalar = scalars.popFirst() {
        switch scalar {
        case "\"" where isQuoted && scalars.first == "\"": field.append(scalars.removeFirst())
        case "\"": isQuoted.toggle()
        case "," where !isQuoted:
            record.append(String(field))
            field = .init()
        case "\n" where !isQuoted:
            records.append(record + [String(field)])
            (record, field) = ([], .init())
        default: field.append(scalar)
        }
    }
    try #require(record.isEmpty && field.isEmpty && !isQuoted, "the file ends within a record")
    return records
}
