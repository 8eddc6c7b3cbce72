import JSON

/// Where the data of one member lies in the decompressed tar stream; written as `[offset, size]`.
package struct MemberExtent: Sendable, Equatable, Encodable {
    /// The offset of the first data byte, in bytes from the start of the tar stream.
    package let offset: Int
    /// The length of the data in bytes.
    package let size: Int

    /// Makes an extent.
    package init(offset: Int, size: Int) {
        self.offset = offset
        self.size = size
    }

    /// Reads `[offset, size]`.
    init(from reader: inout JSONReader) throws(JSONError) {
        var numbers = (offset: 0, size: 0, count: 0)
        try reader.array { reader throws(JSONError) in
            switch numbers.count {
            case 0: numbers.offset = try reader.integer()
            case 1: numbers.size = try reader.integer()
            default: throw reader.error("a member has more than two numbers")
            }
            numbers.count += 1
        }
        guard numbers.count == 2 else { throw reader.error("a member has no two numbers") }
        self.init(offset: numbers.offset, size: numbers.size)
    }

    /// Writes `[offset, size]`.
    package func encode(to encoder: any Encoder) throws {
        var list = encoder.unkeyedContainer()
        try list.encode(offset)
        try list.encode(size)
    }
}

/// One sample's frame: where it lies in the file and in the tar stream. In a segment's sidecar all offsets count from the
/// segment's start, in a commit record from the shard's.
package struct FrameRecord: Sendable, Equatable, Encodable {
    /// The sample's key.
    package let key: String
    /// The frame's offset in the file, in bytes.
    package let off: Int
    /// The frame's length in the file, in bytes.
    package let clen: Int
    /// The sample block's offset in the tar stream, in bytes; equal to ``off`` in a plain `.tar`.
    package let uoff: Int
    /// The sample block's length in bytes, a multiple of 512; equal to ``clen`` in a plain `.tar`.
    package let ulen: Int
    /// The low half of the block's XXH64, eight hexadecimal digits: what zstd stores at the end of the frame.
    package let xxh64: String
    /// The members' data by extension.
    package let members: [String: MemberExtent]

    /// The largest offset a record may hold: every integer up to it is exact in any JSON reader.
    static let maximumOffset = 1 << 53

    init(
        key: String, off: Int, clen: Int, uoff: Int, ulen: Int, xxh64: String, members: [String: MemberExtent]
    ) {
        self.key = key
        self.off = off
        self.clen = clen
        self.uoff = uoff
        self.ulen = ulen
        self.xxh64 = xxh64
        self.members = members
    }

    /// Reads a record; fields that it does not know are passed over.
    init(from reader: inout JSONReader) throws(JSONError) {
        var key: String?
        var numbers: (off: Int?, clen: Int?, uoff: Int?, ulen: Int?)
        var xxh64: String?
        var members: [String: MemberExtent]?
        try reader.object { reader, field throws(JSONError) in
            switch field {
            case "key": key = try reader.string()
            case "off": numbers.off = try reader.integer()
            case "clen": numbers.clen = try reader.integer()
            case "uoff": numbers.uoff = try reader.integer()
            case "ulen": numbers.ulen = try reader.integer()
            case "xxh64": xxh64 = try reader.string()
            case "members":
                members = try reader.table { reader throws(JSONError) in try MemberExtent(from: &reader) }
            default: try reader.skipValue()
            }
        }
        self.init(
            key: try reader.require(key, "key"), off: try reader.require(numbers.off, "off"),
            clen: try reader.require(numbers.clen, "clen"), uoff: try reader.require(numbers.uoff, "uoff"),
            ulen: try reader.require(numbers.ulen, "ulen"), xxh64: try reader.require(xxh64, "xxh64"),
            members: try reader.require(members, "members"))
    }

    /// The record as it reads after everything has moved by the given numbers of bytes.
    func moved(off fileOffset: Int, uoff tarOffset: Int) -> FrameRecord {
        FrameRecord(
            key: key, off: off + fileOffset, clen: clen, uoff: uoff + tarOffset, ulen: ulen, xxh64: xxh64,
            members: members.mapValues { MemberExtent(offset: $0.offset + tarOffset, size: $0.size) })
    }

    /// The record of the same sample in a plain `.tar`.
    var uncompressed: FrameRecord {
        FrameRecord(key: key, off: uoff, clen: ulen, uoff: uoff, ulen: ulen, xxh64: xxh64, members: members)
    }

    /// What is wrong with a list of frames that should follow each other without a gap, or nil.
    static func problem(in frames: [FrameRecord]) -> String? {
        var end = (file: 0, tar: 0)
        var keys: Set<String> = []
        for (row, frame) in frames.enumerated() {
            let place = "frames[\(row)]"
            do throws(SampleKeyError) { try SampleKey.validate(frame.key) } catch { return "\(place).key: \(error)" }
            guard keys.insert(frame.key).inserted else { return "\(place).key: \(quoted(frame.key)) appears twice" }
            guard frame.off == end.file else { return "\(place).off is \(frame.off) where \(end.file) was expected" }
            guard frame.uoff == end.tar else { return "\(place).uoff is \(frame.uoff) where \(end.tar) was expected" }
            guard (1..<Int(UInt32.max)).contains(frame.clen) else { return "\(place).clen is out of range" }
            guard (1..<Int(UInt32.max)).contains(frame.ulen), frame.ulen % TarHeader.blockSize == 0 else {
                return "\(place).ulen is out of range or not a multiple of 512"
            }
            guard isHexadecimal(frame.xxh64, digits: 8) else { return "\(place).xxh64 is not eight hexadecimal digits" }
            if let problem = frame.memberProblem { return "\(place).members: \(problem)" }
            end = (end.file + frame.clen, end.tar + frame.ulen)
            guard max(end.file, end.tar) <= maximumOffset else { return "\(place) ends beyond 2^53 bytes" }
        }
        return nil
    }

    /// What is wrong with the members: they must fill the block, in order, each after its header.
    private var memberProblem: String? {
        if members.isEmpty { return "there are none" }
        var position = uoff
        for (name, extent) in members.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
            do throws(SampleError) { try MemberExtension.validate(name) } catch { return "\(error)" }
            guard extent.offset == position + TarHeader.blockSize else { return "\(name) does not follow its header" }
            guard (0...ulen).contains(extent.size) else { return "\(name) is larger than its frame" }
            position =
                extent.offset + (extent.size + TarHeader.blockSize - 1) / TarHeader.blockSize * TarHeader.blockSize
        }
        return position == uoff + ulen ? nil : "they end at \(position), the frame at \(uoff + ulen)"
    }
}
