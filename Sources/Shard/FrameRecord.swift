import JSON

/// Where the data of one member lies in the decompressed tar stream; written as `[offset, size]`.
package struct MemberExtent: Sendable, Equatable, Codable {
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
    package init(from decoder: any Decoder) throws {
        var list = try decoder.unkeyedContainer()
        offset = try list.decode(Int.self)
        size = try list.decode(Int.self)
        guard list.isAtEnd else {
            throw DecodingError.dataCorruptedError(in: list, debugDescription: "a member has two numbers")
        }
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
package struct FrameRecord: Sendable, Equatable, Codable {
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
