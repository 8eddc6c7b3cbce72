internal import Files
package import Foundation
internal import JSON
internal import Shard

/// How far a run is, as its files tell; no process is asked.
package struct RunStatus: Sendable, Equatable, Codable {
    /// What the run is doing.
    package enum State: String, Sendable, Codable {
        /// Nothing is published yet, and no coordinator lives.
        case planned
        /// A coordinator lives.
        case running
        /// Batches are missing, and no coordinator lives; the same command resumes.
        case stopped
        /// Every shard is committed.
        case complete
    }

    package var state: State
    /// Samples of the plan.
    package var samples: Int
    /// Samples that are published, failed ones included.
    package var done: Int
    /// Of those, samples that stand in no shard because they failed.
    package var failed: Int
    /// Samples that are not published yet.
    package var remaining: Int
    /// Committed and planned shards.
    package var shardsCommitted: Int
    package var shards: Int
    /// Published batches that wait for the rest of their shard, and planned batches.
    package var segments: Int
    package var batches: Int
    /// Segments whose data does not match their sidecar; they are done again.
    package var damagedSegments: Int
    /// Samples per second over the last uninterrupted stretch; nil before two publications.
    package var samplesPerSecond: Double?
    /// Seconds until the end at that rate; nil where it is unknown or nothing runs.
    package var etaSeconds: Double?

    private enum CodingKeys: String, CodingKey {
        case state, samples, done, failed, remaining, shards, segments, batches
        case shardsCommitted = "shards_committed"
        case damagedSegments = "damaged_segments"
        case samplesPerSecond = "samples_per_second"
        case etaSeconds = "eta_seconds"
    }
}

/// Reads the status of a run again and again; committed shards never change and are read once.
package struct RunStatusReader {
    /// A publication: when, and of how many samples.
    struct Event: Equatable {
        let time: Date
        let samples: Int
    }

    private struct Committed {
        let samples: Int
        let failed: Int
        let time: Date
    }

    /// A coordinator that has not touched its beat file for this long counts as dead, in seconds.
    package static let silence = 30.0

    private let directory: RunDirectory
    private let description: RunDescription
    private var committed: [Int: Committed] = [:]

    /// - Throws: ``RunError`` where the folder is no run.
    package init(_ directory: RunDirectory) throws(RunError) {
        self.directory = directory
        description = try Run.describe(directory)
    }

    /// Reads the run's files.
    /// - Throws: ``RunError`` that names the file that is damaged or cannot be read.
    package mutating func read(now: Date = Date()) throws(RunError) -> RunStatus {
        try readShards()
        let segments = try readSegments()
        let doneInShards = committed.values.reduce(0) { $0 + $1.samples + $1.failed }
        let doneInSegments = segments.reduce(0) { $0 + $1.event.samples }
        let failed = committed.values.reduce(0) { $0 + $1.failed } + segments.reduce(0) { $0 + $1.failed }
        let counts = description.counts
        let done = doneInShards + doneInSegments
        let events =
            committed.values.map { Event(time: $0.time, samples: $0.samples + $0.failed) } + segments.map(\.event)
        let rate = Self.rate(of: events)
        let isAlive = Self.isWorkedOn(directory, now: now)
        let state: RunStatus.State =
            committed.count == counts.shards ? .complete : isAlive ? .running : done == 0 ? .planned : .stopped
        let remaining = max(0, counts.samples - done)
        return RunStatus(
            state: state, samples: counts.samples, done: done, failed: failed, remaining: remaining,
            shardsCommitted: committed.count, shards: counts.shards, segments: segments.count, batches: counts.batches,
            damagedSegments: damaged, samplesPerSecond: rate,
            etaSeconds: state == .running ? rate.map { Double(remaining) / $0 } : nil)
    }

    /// Whether a coordinator lives: STATUS stands there from the end of one start to the beginning of the next, and the beat
    /// grows old slowly.
    static func isWorkedOn(_ directory: RunDirectory, now: Date = Date()) -> Bool {
        !FileManager.default.fileExists(atPath: directory.status.path)
            && (modified(directory.beat).map { now.timeIntervalSince($0) < silence } ?? false)
    }

    private var damaged = 0

    private mutating func readShards() throws(RunError) {
        for (name, url) in try Self.names(in: directory.layout.shards) {
            guard case .record(let number) = RunLayout.FileKind(name), number < description.counts.shards,
                committed[number] == nil
            else { continue }
            let bytes: [UInt8]
            do throws(FileError) {
                bytes = try InputFile.bytes(of: url.path, limit: RecordJSON.maximumLength, followingLinks: false)
            } catch {
                throw .unreadable(path: url.path, reason: error.reason)
            }
            do throws(JSONError) {
                committed[number] = try Self.record(
                    bytes, shard: number, time: Self.modified(url) ?? .distantPast, run: description)
            } catch {
                throw .damaged(path: url.path, reason: error.description)
            }
        }
    }

    private static func record(
        _ bytes: [UInt8], shard: Int, time: Date, run: RunDescription
    ) throws(JSONError) -> Committed {
        let planned = min(run.recipe.shard, run.counts.samples - shard * run.recipe.shard)
        var count: Int?
        var hash: String?
        var reader = JSONReader(bytes)
        try reader.object { reader, key throws(JSONError) in
            switch key {
            case "nsamples": count = try reader.integer()
            case "config_sha256": hash = try reader.string()
            default: try reader.skipValue()
            }
        }
        try reader.end()
        guard let count, (0...max(0, planned)).contains(count) else {
            throw reader.error("nsamples is missing or not from 0 to \(planned)")
        }
        guard hash == run.configSHA256 else { throw reader.error("config_sha256 is that of another run") }
        return Committed(samples: count, failed: planned - count, time: time)
    }

    private mutating func readSegments() throws(RunError) -> [(event: Event, failed: Int)] {
        let scan: SegmentStore.Scan
        do {
            scan = try description.segments(in: directory.layout).scan()
        } catch {
            throw .unreadable(path: directory.layout.segments, reason: "\(error)")
        }
        // A shard is committed before its segments are removed.
        let layout = description.layout
        let open = scan.committed.filter { committed[layout.shard(ofBatch: $0.key)] == nil }
        damaged = scan.damaged.count
        return open.map { number, batch in
            let data = URL(filePath: directory.layout.segments).appending(path: RunLayout.sidecarName(batch: number))
            let event = Event(time: Self.modified(data) ?? .distantPast, samples: batch.made + batch.failed)
            return (event, batch.failed)
        }
    }

    /// Samples per second since the last long pause; a pause is long when it exceeds ten usual ones and a minute.
    static func rate(of events: [Event]) -> Double? {
        let events = events.sorted { $0.time < $1.time }
        guard events.count > 1 else { return nil }
        let gaps = zip(events, events.dropFirst()).map { $1.time.timeIntervalSince($0.time) }
        let pause = max(60, 10 * gaps.sorted()[gaps.count / 2])
        let start = gaps.lastIndex { $0 > pause }.map { $0 + 1 } ?? 0
        let stretch = events[start...]
        guard let first = stretch.first, let last = stretch.last, stretch.count > 1 else { return nil }
        let time = last.time.timeIntervalSince(first.time)
        let samples = stretch.dropFirst().reduce(0) { $0 + $1.samples }
        return time > 0 ? Double(samples) / time : nil
    }

    private static func names(in folder: String) throws(RunError) -> [(String, URL)] {
        let url = URL(filePath: folder)
        do throws(FileError) {
            return try Directory.names(in: folder).map { ($0, url.appending(path: $0)) }
        } catch {
            throw .unreadable(path: folder, reason: error.reason)
        }
    }

    private static func modified(_ url: URL) -> Date? {
        try? FileManager.default.attributesOfItem(atPath: url.path)[.modificationDate] as? Date
    }
}
