/// What an mp4 says of the number of its samples, held against the file before FFmpeg believes it.
///
/// FFmpeg keeps an entry in memory for every sample of the index, and the index may state any number in 20 bytes: "a million
/// samples of one byte", "a thousand million of the default size". Each sample has at least one byte in the file, so there
/// cannot be more of them than bytes.
struct MP4Claims {
    /// Samples of all tracks and fragments together.
    private(set) var samples: UInt64 = 0
    /// Entries that edit lists make of them: each edit may repeat a whole track.
    private(set) var edited: UInt64 = 0
    /// Whether some of the index lies in fragments, which FFmpeg reads as it goes.
    private(set) var isFragmented = false
    /// Whether the index is compressed, as QuickTime could do once: what it claims is not seen here.
    private(set) var isCompressed = false

    /// The track at hand.
    private var track = Track()

    private struct Track {
        var samples: UInt64 = 0
        var chunks: UInt64 = 0
        /// Where the last list of chunks of one length begins, from 1, and how many samples each of them has.
        var run: (first: UInt64, samples: UInt64) = (1, 0)
        /// Entries that the runs before it make.
        var runs: UInt64 = 0
        var edits: UInt64 = 0
        /// Whether its handlers say that it is sound, and nothing else.
        var isSound: Bool?
        /// Whether its only list of durations says that all samples last one tick.
        var isTicking: Bool?

        /// What FFmpeg keeps: one or more for each chunk of plain PCM and of the compressed sound of old QuickTime files, which
        /// count what comes out of the decoder; otherwise one for each sample.
        var entries: UInt64 {
            guard isSound == true, isTicking == true else { return max(samples, chunks) }
            let rest = chunks >= run.first ? chunks - run.first + 1 : 0
            return runs + rest * Self.entries(ofChunk: run.samples)
        }

        /// FFmpeg cuts a chunk into pieces of 160 samples and more.
        static func entries(ofChunk samples: UInt64) -> UInt64 { samples / 160 + 1 }
    }

    /// An edited file may have this many entries beside one for each byte: 36 MiB of them.
    private static let freeEntries: UInt64 = 1 << 20
    /// A short file may state this many samples that have no bytes.
    private static let freeSamples: UInt64 = 1 << 12
    /// Bytes that are searched at once.
    private static let piece: Int64 = 1 << 20

    private static let containers: Set<String> = [
        "moov", "trak", "mdia", "minf", "stbl", "edts", "moof", "traf", "mvex", "dinf", "udta", "tapt", "ilst",
    ]
    private static let tables: Set<String> = [
        "stsz", "stz2", "trun", "elst", "cmov", "stts", "hdlr", "stco", "co64", "stsc",
    ]
    /// Boxes with nothing but media data or numbers in them, which are long.
    private static let plain: Set<String> = [
        "mdat", "ctts", "stss", "sdtp", "sbgp", "saio", "saiz", "senc", "sidx", "tfra",
        "ftyp", "mvhd", "tkhd", "mdhd", "tfhd", "tfdt", "mfhd", "trex",
    ]

    /// Looks through everything but media data.
    /// - Throws: ``MediaError``, `unreadable`.
    init(_ file: MediaFile) throws(MediaError) {
        try walk(file, 0..<file.size, depth: 0)
        endTrack()
    }

    /// Nothing where the file can hold what it claims.
    /// - Throws: ``MediaError``: `tooLarge`; `unsupported` for a compressed index.
    func check(size: Int64, path: String) throws(MediaError) {
        func refuse(_ kind: MediaError.Kind, _ found: String, _ remedy: String) -> MediaError {
            MediaError(kind, file: path, doing: "read its index", found: found, remedy: remedy)
        }
        if isCompressed {
            throw refuse(.unsupported, "the index is compressed", "write it anew: `ffmpeg -i IN -c copy OUT.mov`")
        }
        let bytes = UInt64(size)
        guard samples <= bytes + Self.freeSamples else {
            throw refuse(
                .tooLarge, "it claims \(samples) samples, and the file has \(bytes) bytes",
                "the file is damaged, or made to do harm: get it again from where it came")
        }
        guard edited <= max(bytes, Self.freeEntries) else {
            throw refuse(
                .tooLarge, "its edit lists make \(edited) entries of \(samples) samples",
                "write it anew: `ffmpeg -i IN OUT.mp4`")
        }
    }

    /// The boxes in a range, one after the other, as FFmpeg takes them: what is longer than its parent ends with it.
    private mutating func walk(_ file: MediaFile, _ range: Range<Int64>, depth: Int) throws(MediaError) {
        // FFmpeg goes no deeper either.
        guard depth <= 10 else { return }
        var at = range.lowerBound
        while range.upperBound - at >= 8 {
            let head = try file.bytes(at: at, count: 16)
            var (size, header): (Int64, Int64) = (Int64(Self.number(head, 0)), 8)
            if size == 1, head.count == 16 {
                size = Int64(clamping: Self.number(head, 8) << 32 | Self.number(head, 12))
                header = 16
            }
            if size < header || size > range.upperBound - at { size = range.upperBound - at }
            let contents = min(at + header, at + size)..<at + size
            let type = String(decoding: head[4..<8], as: UTF8.self)
            if type == "moof" || type == "mvex" { isFragmented = true }
            if type == "stsc" {
                try takeRuns(file, contents)
            } else if Self.tables.contains(type) {
                let numbers = try file.bytes(at: contents.lowerBound, count: 16)
                take(type, numbers, room: UInt64(contents.count), isHidden: false)
            } else if Self.containers.contains(type) {
                if type == "trak" { endTrack() }
                try walk(file, contents, depth: depth + 1)
                if type == "trak" { endTrack() }
            } else if !Self.plain.contains(type) {
                try search(file, contents)
            }
            at += size
        }
    }

    /// Finds tables within anything else: FFmpeg takes them in sample entries too, and whole indices in free space.
    private mutating func search(_ file: MediaFile, _ range: Range<Int64>) throws(MediaError) {
        // A type may begin in one piece and its numbers end in the next.
        let overlap: Int64 = 24
        var start = range.lowerBound
        while start < range.upperBound {
            let end = min(start + Self.piece, range.upperBound)
            let bytes = try file.bytes(at: start, count: Int(min(end + overlap, range.upperBound) - start))
            for at in 0..<min(Int(end - start), max(bytes.count - 8, 0)) {
                // The first letters of the tables pass over nearly everything.
                guard [0x63, 0x65, 0x68, 0x73, 0x74].contains(bytes[at]) else { continue }
                let type = String(decoding: bytes[at..<at + 4], as: UTF8.self)
                guard Self.tables.contains(type) else { continue }
                let numbers = Array(bytes[(at + 4)..<min(at + 20, bytes.count)])
                take(type, numbers, room: UInt64(range.upperBound - start), isHidden: true)
            }
            start = end
        }
    }

    /// Takes a table into account, by its first bytes: version and flags, then numbers.
    /// - Parameter isHidden: Whether it was found in a place where FFmpeg may not look.
    private mutating func take(_ type: String, _ bytes: [UInt8], room: UInt64, isHidden: Bool) {
        switch type {
        // The size of all samples, then their number.
        case "stsz", "stz2": track.samples += Self.number(bytes, 8)
        case "stco", "co64": track.chunks += min(Self.number(bytes, 4), room / 4)
        case "stts":
            // The number of entries, and of each: the number of its samples, and how many ticks one lasts.
            let isTicking = Self.number(bytes, 4) == 1 && Self.number(bytes, 12) == 1
            track.isTicking = isTicking && !isHidden && track.isTicking == nil
        case "hdlr":
            guard bytes.count >= 12 else { return }
            switch String(decoding: bytes[8..<12], as: UTF8.self) {
            case "soun": track.isSound = !isHidden && track.isSound != false
            case "vide", "m1a ", "subp", "clcp": track.isSound = false
            // Of data, or of notes: says nothing of the track.
            default: break
            }
        // Of runs that may or may not count, nothing is known.
        case "stsc": track.isSound = false
        case "trun":
            isFragmented = true
            samples += Self.number(bytes, 4)
        case "elst": track.edits += min(Self.number(bytes, 4), room / 12)
        default: isCompressed = true
        }
    }

    /// Takes the list of runs of chunks: of each the first chunk and how many samples a chunk has.
    private mutating func takeRuns(_ file: MediaFile, _ range: Range<Int64>) throws(MediaError) {
        let count = Int64(Self.number(try file.bytes(at: range.lowerBound, count: 8), 4))
        var at = range.lowerBound + 8
        let end = min(range.upperBound, at + count * 12)
        while at < end {
            let bytes = try file.bytes(at: at, count: Int(min(end - at, Self.piece / 12 * 12)))
            for entry in stride(from: 0, through: bytes.count - 12, by: 12) {
                let first = Self.number(bytes, entry)
                let chunks = first > track.run.first ? first - track.run.first : 0
                track.runs += chunks * Track.entries(ofChunk: track.run.samples)
                track.run = (max(first, track.run.first), Self.number(bytes, entry + 4))
            }
            at += Int64(bytes.count)
        }
    }

    private mutating func endTrack() {
        samples += track.entries
        if track.edits > 1 {
            let (product, overflow) = track.entries.multipliedReportingOverflow(by: track.edits)
            edited = overflow ? .max : edited.addingReportingOverflow(product).overflow ? .max : edited + product
        }
        track = Track()
    }

    /// A big-endian number of 4 bytes; 0 where they are not there.
    private static func number(_ bytes: [UInt8], _ at: Int) -> UInt64 {
        guard at + 4 <= bytes.count else { return 0 }
        return bytes[at..<at + 4].reduce(0) { $0 << 8 | UInt64($1) }
    }
}
