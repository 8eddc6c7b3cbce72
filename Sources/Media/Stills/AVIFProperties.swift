/// How the main picture of an AVIF is stored, by its `meta` box; FFmpeg 5.1 looks at neither turns nor tiles.
struct AVIFProperties {
    /// How the picture is turned for showing; nil where it is not said.
    private(set) var orientation: Orientation?
    /// The kind of the main picture: "av01", or "grid" for one that is put together of tiles; nil where it is not said.
    private(set) var kind: String?

    /// A `meta` box is this long at most.
    private static let longest: Int64 = 1 << 20

    /// - Throws: ``MediaError``, `unreadable`.
    init(_ file: MediaFile) throws(MediaError) {
        let bytes = try file.bytes(at: 0, count: Int(min(file.size, Self.longest)))
        guard let meta = MP4Boxes.first("meta", in: bytes, bytes.indices), meta.count > 4 else { return }
        let boxes = MP4Boxes.all(in: bytes, (meta.lowerBound + 4)..<meta.upperBound)
        func first(_ type: String) -> Range<Int>? { boxes.first { $0.type == type }?.contents }
        guard let pitm = first("pitm"), let item = Self.identifier(pitm.lowerBound + 4, pitm, bytes) else { return }
        if let iinf = first("iinf") { kind = Self.kind(of: item, iinf, bytes) }
        if let iprp = first("iprp") { orientation = Self.orientation(of: item, iprp, bytes) }
    }

    /// A number of 2 bytes, or of 4 from the box's version 1 on.
    private static func identifier(_ at: Int, _ box: Range<Int>, _ bytes: [UInt8]) -> UInt64? {
        guard !box.isEmpty else { return nil }
        return MP4Boxes.number(at, bytes: bytes[box.lowerBound] == 0 ? 2 : 4, box, bytes)
    }

    private static func kind(of item: UInt64, _ iinf: Range<Int>, _ bytes: [UInt8]) -> String? {
        let start = iinf.lowerBound + (bytes[iinf.lowerBound] == 0 ? 6 : 8)
        guard start <= iinf.upperBound else { return nil }
        for (type, infe) in MP4Boxes.all(in: bytes, start..<iinf.upperBound) where type == "infe" && infe.count > 4 {
            // Version 2 has identifiers of 2 bytes, version 3 of 4.
            let wide = bytes[infe.lowerBound] >= 3
            let name = infe.lowerBound + (wide ? 10 : 8)
            if MP4Boxes.number(infe.lowerBound + 4, bytes: wide ? 4 : 2, infe, bytes) == item,
                name + 4 <= infe.upperBound
            {
                return String(decoding: bytes[name..<name + 4], as: UTF8.self)
            }
        }
        return nil
    }

    private static func orientation(of item: UInt64, _ iprp: Range<Int>, _ bytes: [UInt8]) -> Orientation? {
        guard let ipco = MP4Boxes.first("ipco", in: bytes, iprp), let ipma = MP4Boxes.first("ipma", in: bytes, iprp),
            ipma.count >= 8
        else { return nil }
        let properties = MP4Boxes.all(in: bytes, ipco)
        var turned: Orientation?
        for index in associations(of: item, ipma, bytes) where properties.indices.contains(index - 1) {
            let (type, contents) = properties[index - 1]
            guard let value = contents.first.map({ bytes[$0] }) else { continue }
            let step: Orientation
            switch type {
            // Quarter turns against the clock.
            case "irot": step = Orientation(exif: [1, 8, 3, 6][Int(value & 3)])
            // 0 exchanges top and bottom, 1 left and right.
            case "imir": step = Orientation(exif: value & 1 == 0 ? 4 : 2)
            default: continue
            }
            turned = turned?.followed(by: step) ?? step
        }
        return turned
    }

    /// The places in `ipco`, from 1, of an item's properties, in the order in which they are applied.
    private static func associations(of item: UInt64, _ ipma: Range<Int>, _ bytes: [UInt8]) -> [Int] {
        let wide = bytes[ipma.lowerBound] >= 1
        let long = bytes[ipma.lowerBound + 3] & 1 == 1
        var at = ipma.lowerBound + 8
        while let found = MP4Boxes.number(at, bytes: wide ? 4 : 2, ipma, bytes) {
            at += wide ? 4 : 2
            guard let count = MP4Boxes.number(at, bytes: 1, ipma, bytes) else { break }
            at += 1
            let places = (0..<Int(count)).compactMap {
                MP4Boxes.number(at + $0 * (long ? 2 : 1), bytes: long ? 2 : 1, ipma, bytes)
            }
            if found == item { return places.map { Int($0 & (long ? 0x7FFF : 0x7F)) } }
            at += Int(count) * (long ? 2 : 1)
        }
        return []
    }
}
