internal import Files

/// The central directory of a zip file whose entries are stored without compression, as `torch.save` writes them.
/// Zip64 is read; encryption, compression and several disks are refused.
///
/// Source: PKWARE's APPNOTE, sections 4.3.7 to 4.3.16.
struct ZipArchive {
    static let entryLimit = 1 << 20

    struct Entry {
        let name: String
        /// The stored bytes, counted from the start of the file.
        let range: Range<Int>
        let crc32: UInt32
    }

    /// In the order of the central directory.
    let entries: [Entry]

    init(_ bytes: UnsafeRawBufferPointer) throws(ZipError) {
        let directory = try Self.findDirectory(bytes)
        var reader = ByteReader(UnsafeRawBufferPointer(rebasing: bytes[directory.range]))
        var entries: [Entry] = []
        entries.reserveCapacity(directory.count)
        var names: Set<String> = []
        for index in 0..<directory.count {
            let entry = try Self.entry(index, &reader, bytes, dataEnd: directory.range.lowerBound)
            guard names.insert(entry.name).inserted else { throw .duplicateName(entry.name) }
            entries.append(entry)
        }
        guard reader.remaining == 0 else { throw .directoryLength(unread: reader.remaining) }
        try Self.checkOverlap(entries)
        self.entries = entries
    }

    private struct Directory {
        var range: Range<Int>
        var count: Int
    }

    /// Reads the end record, which lies within a comment's length of the end of the file, and its zip64 twin before it.
    private static func findDirectory(_ bytes: UnsafeRawBufferPointer) throws(ZipError) -> Directory {
        let recordSize = 22
        guard bytes.count >= recordSize else { throw .noEndRecord }
        let lowest = max(0, bytes.count - recordSize - 0xFFFF)
        var position = bytes.count - recordSize
        while bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self).littleEndian != 0x0605_4B50 {
            guard position > lowest else { throw .noEndRecord }
            position -= 1
        }
        var reader = ByteReader(bytes)
        guard reader.seek(to: position + 4), let disk = reader.integer(UInt16.self),
            let directoryDisk = reader.integer(UInt16.self), let onDisk = reader.integer(UInt16.self),
            let count = reader.integer(UInt16.self), let size = reader.integer(UInt32.self),
            let offset = reader.integer(UInt32.self)
        else { throw .noEndRecord }
        var total = (count: UInt64(count), size: UInt64(size), offset: UInt64(offset))
        var directoryEnd = position
        let needsZip64 = count == .max || size == .max || offset == .max
        if let wide = try zip64Record(bytes, before: position) {
            total = (wide.count, wide.size, wide.offset)
            directoryEnd = wide.position
        } else if needsZip64 {
            throw .zip64Missing
        } else if disk != 0 || directoryDisk != 0 || onDisk != count {
            throw .severalDisks
        }
        guard total.count <= UInt64(entryLimit) else { throw .tooManyEntries(found: total.count, limit: entryLimit) }
        guard total.size <= UInt64(directoryEnd), total.offset <= UInt64(directoryEnd) - total.size else {
            throw .directoryOutside(offset: total.offset, size: total.size, end: directoryEnd)
        }
        // An entry of the central directory has at least 46 bytes, so a false count cannot make us allocate.
        guard total.count * 46 <= total.size else {
            throw .tooManyEntries(found: total.count, limit: Int(total.size) / 46)
        }
        return Directory(range: Int(total.offset)..<Int(total.offset + total.size), count: Int(total.count))
    }

    private static func zip64Record(
        _ bytes: UnsafeRawBufferPointer, before end: Int
    ) throws(ZipError) -> (position: Int, count: UInt64, size: UInt64, offset: UInt64)? {
        var reader = ByteReader(bytes)
        guard reader.seek(to: end - 20), reader.integer(UInt32.self) == 0x0706_4B50 else { return nil }
        guard let disk = reader.integer(UInt32.self), let position = reader.integer(UInt64.self),
            let disks = reader.integer(UInt32.self), position <= UInt64(end)
        else { throw .zip64Missing }
        guard disk == 0, disks <= 1 else { throw .severalDisks }
        guard reader.seek(to: Int(position)), reader.integer(UInt32.self) == 0x0606_4B50,
            reader.integer(UInt64.self) != nil, reader.integer(UInt32.self) != nil,
            let thisDisk = reader.integer(UInt32.self), let directoryDisk = reader.integer(UInt32.self),
            let onDisk = reader.integer(UInt64.self), let count = reader.integer(UInt64.self),
            let size = reader.integer(UInt64.self), let offset = reader.integer(UInt64.self)
        else { throw .zip64Missing }
        guard thisDisk == 0, directoryDisk == 0, onDisk == count else { throw .severalDisks }
        return (Int(position), count, size, offset)
    }

    private static func entry(
        _ index: Int, _ reader: inout ByteReader, _ bytes: UnsafeRawBufferPointer, dataEnd: Int
    ) throws(ZipError) -> Entry {
        guard reader.integer(UInt32.self) == 0x0201_4B50, reader.run(4) != nil,
            let flags = reader.integer(UInt16.self), let method = reader.integer(UInt16.self), reader.run(4) != nil,
            let crc32 = reader.integer(UInt32.self), let packed = reader.integer(UInt32.self),
            let unpacked = reader.integer(UInt32.self), let nameLength = reader.integer(UInt16.self),
            let extraLength = reader.integer(UInt16.self), let commentLength = reader.integer(UInt16.self),
            reader.run(8) != nil, let header = reader.integer(UInt32.self), let nameBytes = reader.run(Int(nameLength)),
            let extra = reader.run(Int(extraLength)), reader.run(Int(commentLength)) != nil
        else { throw .directoryEntry(index: index) }
        guard let name = String(utf8: nameBytes) else { throw .nameNotUTF8(index: index) }
        guard flags & 1 == 0 else { throw .encrypted(name: name) }
        guard method == 0 else { throw .compressed(name: name, method: method) }

        var wide = Zip64Fields(extra)
        guard let unpackedSize = wide.widen(unpacked), let packedSize = wide.widen(packed),
            let headerOffset = wide.widen(header)
        else { throw .zip64FieldMissing(name: name) }
        guard unpackedSize == packedSize else {
            throw .sizesDiffer(name: name, packed: packedSize, unpacked: unpackedSize)
        }

        var local = ByteReader(bytes)
        guard headerOffset < UInt64(dataEnd), local.seek(to: Int(headerOffset)),
            local.integer(UInt32.self) == 0x0403_4B50, local.run(22) != nil,
            let localNameLength = local.integer(UInt16.self), let localExtraLength = local.integer(UInt16.self),
            let localName = local.run(Int(localNameLength)), localName.elementsEqual(nameBytes),
            local.run(Int(localExtraLength)) != nil
        else { throw .localHeader(name: name, offset: headerOffset) }
        let start = local.offset
        guard start <= dataEnd, unpackedSize <= UInt64(dataEnd - start) else {
            throw .dataOutside(name: name, offset: start, size: unpackedSize, end: dataEnd)
        }
        return Entry(name: name, range: start..<start + Int(unpackedSize), crc32: crc32)
    }

    private static func checkOverlap(_ entries: [Entry]) throws(ZipError) {
        var end = 0
        var previous = ""
        for entry in entries.sorted(by: { $0.range.lowerBound < $1.range.lowerBound }) {
            guard entry.range.lowerBound >= end else { throw .overlap(name: entry.name, with: previous) }
            end = entry.range.upperBound
            previous = entry.name
        }
    }
}

/// The 64-bit values in an entry's zip64 extra field, taken in the order of the 32-bit fields that are full.
private struct Zip64Fields {
    private var reader: ByteReader?

    init(_ extra: UnsafeRawBufferPointer) {
        var blocks = ByteReader(extra)
        while let tag = blocks.integer(UInt16.self), let length = blocks.integer(UInt16.self),
            let content = blocks.run(Int(length))
        {
            if tag == 1 {
                reader = ByteReader(content)
                return
            }
        }
    }

    mutating func widen(_ value: UInt32) -> UInt64? {
        value == .max ? reader?.integer(UInt64.self) : UInt64(value)
    }
}

/// Why a zip file cannot be read in place.
package enum ZipError: Error, Equatable, CustomStringConvertible {
    case noEndRecord
    case zip64Missing
    case severalDisks
    case tooManyEntries(found: UInt64, limit: Int)
    case directoryOutside(offset: UInt64, size: UInt64, end: Int)
    case directoryEntry(index: Int)
    case directoryLength(unread: Int)
    case nameNotUTF8(index: Int)
    case duplicateName(String)
    case encrypted(name: String)
    case compressed(name: String, method: UInt16)
    case zip64FieldMissing(name: String)
    case sizesDiffer(name: String, packed: UInt64, unpacked: UInt64)
    case localHeader(name: String, offset: UInt64)
    case dataOutside(name: String, offset: Int, size: UInt64, end: Int)
    case overlap(name: String, with: String)

    package var description: String {
        switch self {
        case .noEndRecord: "the zip file has no end record; it is cut off, so fetch it again"
        case .zip64Missing: "the zip file says that it has a zip64 end record, but there is none that is whole"
        case .severalDisks: "the zip file is one of several parts, and such archives are not read"
        case .tooManyEntries(let found, let limit):
            "the zip directory counts \(found) entries, and at most \(limit) are possible"
        case .directoryOutside(let offset, let size, let end):
            "the zip directory of \(size) bytes at \(offset) does not end before byte \(end); the file is cut off or damaged"
        case .directoryEntry(let index): "entry \(index) of the zip directory is damaged"
        case .directoryLength(let unread): "\(unread) bytes of the zip directory belong to no entry"
        case .nameNotUTF8(let index): "the name of entry \(index) of the zip directory is not UTF-8"
        case .duplicateName(let name): "the zip directory names \(name) twice"
        case .encrypted(let name): "the zip entry \(name) is encrypted"
        case .compressed(let name, let method):
            "the zip entry \(name) is compressed (method \(method)) and cannot be mapped; unpack the file and pack it again with `zip -0 -r`"
        case .zip64FieldMissing(let name): "the zip entry \(name) lacks its 64-bit sizes"
        case .sizesDiffer(let name, let packed, let unpacked):
            "the zip entry \(name) is stored, but has \(packed) bytes packed and \(unpacked) unpacked"
        case .localHeader(let name, let offset): "the zip entry \(name) has no header of its own at byte \(offset)"
        case .dataOutside(let name, let offset, let size, let end):
            "the \(size) bytes of the zip entry \(name) at \(offset) do not end before byte \(end)"
        case .overlap(let name, let other): "the zip entries \(name) and \(other) overlap"
        }
    }
}
