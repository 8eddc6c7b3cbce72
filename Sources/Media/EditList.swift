/// Shortens what an mp4 shows of its video, by changing the numbers of its boxes in place.
///
/// FFmpeg's muxer derives the length of an edit from the packets, so it cannot hide packets at the end that others need
/// for decoding.
enum EditList {
    /// Sets the length of the video's last edit, in units of the movie's timescale, and the lengths of the track and
    /// the movie that follow from it. False when the file has no such boxes.
    static func setPictureLength(_ length: Int64, in bytes: inout [UInt8]) -> Bool {
        guard let moov = MP4Boxes.first("moov", in: bytes, 0..<bytes.count),
            let mvhd = MP4Boxes.first("mvhd", in: bytes, moov)
        else {
            return false
        }
        var longest: UInt64 = 0
        var found = false
        var rest = moov
        while let trak = MP4Boxes.first("trak", in: bytes, rest) {
            rest = trak.upperBound..<moov.upperBound
            guard let tkhd = MP4Boxes.first("tkhd", in: bytes, trak), !tkhd.isEmpty else { continue }
            let at = tkhd.lowerBound + (bytes[tkhd.lowerBound] == 1 ? 28 : 20)
            let wide = bytes[tkhd.lowerBound] == 1
            if !found, isPicture(trak, in: bytes) {
                guard let total = shorten(trak, to: length, in: &bytes) else { return false }
                found = put(total, at, wide, tkhd, &bytes)
            }
            longest = max(longest, MP4Boxes.number(at, wide, tkhd, bytes) ?? 0)
        }
        guard found, !mvhd.isEmpty else { return false }
        let wide = bytes[mvhd.lowerBound] == 1
        return put(longest, mvhd.lowerBound + (wide ? 24 : 16), wide, mvhd, &bytes)
    }

    /// Sets the last edit; returns the length of all edits together.
    private static func shorten(_ trak: Range<Int>, to length: Int64, in bytes: inout [UInt8]) -> UInt64? {
        guard let edts = MP4Boxes.first("edts", in: bytes, trak), let elst = MP4Boxes.first("elst", in: bytes, edts),
            elst.count >= 8
        else {
            return nil
        }
        let wide = bytes[elst.lowerBound] == 1
        let size = wide ? 20 : 12
        guard let count = MP4Boxes.number(elst.lowerBound + 4, false, elst, bytes), count > 0, count < 16 else {
            return nil
        }
        let last = elst.lowerBound + 8 + (Int(count) - 1) * size
        guard put(UInt64(max(length, 1)), last, wide, elst, &bytes) else { return nil }
        var total: UInt64 = 0
        for i in 0..<Int(count) { total += MP4Boxes.number(elst.lowerBound + 8 + i * size, wide, elst, bytes) ?? 0 }
        return total
    }

    private static func isPicture(_ trak: Range<Int>, in bytes: [UInt8]) -> Bool {
        guard let mdia = MP4Boxes.first("mdia", in: bytes, trak), let hdlr = MP4Boxes.first("hdlr", in: bytes, mdia),
            hdlr.count >= 12
        else {
            return false
        }
        return bytes[(hdlr.lowerBound + 8)..<(hdlr.lowerBound + 12)].elementsEqual("vide".utf8)
    }

    private static func put(_ value: UInt64, _ at: Int, _ wide: Bool, _ range: Range<Int>, _ bytes: inout [UInt8])
        -> Bool
    {
        let count = wide ? 8 : 4
        guard at >= range.lowerBound, at + count <= range.upperBound, wide || value <= UInt32.max else { return false }
        for i in 0..<count { bytes[at + i] = UInt8(truncatingIfNeeded: value >> (8 * (count - 1 - i))) }
        return true
    }
}
