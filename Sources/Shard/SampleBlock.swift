/// The tar bytes of one sample: for each member, in ascending order of extension, header, data and padding.
package enum SampleBlock {
    /// The two empty blocks that end a tar archive, 1024 zero bytes.
    package static let endOfArchive = [UInt8](repeating: 0, count: 2 * TarHeader.blockSize)

    /// Encodes a sample.
    /// - Returns: the block's bytes and where each member's data lies in them.
    /// - Throws: ``SampleError`` for a key, extension or size that cannot be stored.
    package static func encode(_ sample: Sample) throws(SampleError) -> (
        bytes: [UInt8], members: [String: MemberExtent]
    ) {
        do throws(SampleKeyError) { try SampleKey.validate(sample.key) } catch { throw .key(error) }
        if sample.members.isEmpty { throw .noMembers(key: sample.key) }
        let ordered = sample.members.sorted { precedes($0.key, $1.key) }
        var total = 0
        for (name, data) in ordered {
            try MemberExtension.validate(name)
            total += data.count + 2 * TarHeader.blockSize
        }
        guard total < Int(UInt32.max) else { throw .tooLarge(key: sample.key, bytes: total) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(total)
        var extents: [String: MemberExtent] = [:]
        for (name, data) in ordered {
            do throws(TarError) {
                let header = try TarHeader(name: "\(sample.key).\(name)", size: data.count)
                bytes += header.bytes
                extents[name] = MemberExtent(offset: bytes.count, size: data.count)
                bytes += data
                bytes += repeatElement(0, count: header.paddedSize - data.count)
            } catch { throw .extension(name) }
        }
        return (bytes, extents)
    }

    /// Reads a sample from the bytes of its block, which must hold nothing else.
    /// - Throws: ``TarError``.
    package static func parse(_ block: [UInt8]) throws(TarError) -> (sample: Sample, members: [String: MemberExtent]) {
        var scanner = SampleBlockScanner()
        var members: [String: [UInt8]] = [:]
        var input = block[...]
        var name = ""
        while let event = try scanner.next(&input) {
            switch event {
            case .member(let member, _):
                name = member
                members[name] = []
            case .data(let bytes): members[name]? += bytes
            case .memberEnd: break
            }
        }
        try scanner.end()
        return (Sample(key: scanner.key ?? "", members: members), scanner.extents)
    }

    /// Splits a member's name at its first dot.
    /// - Throws: ``TarError/memberName(_:)``.
    static func split(_ name: String) throws(TarError) -> (key: String, extension: String) {
        guard let dot = name.firstIndex(of: ".") else { throw .memberName(name) }
        let key = String(name[..<dot])
        let rest = String(name[name.index(after: dot)...])
        do {
            try SampleKey.validate(key)
            try MemberExtension.validate(rest)
        } catch { throw .memberName(name) }
        return (key, rest)
    }

    /// The order of members: by the bytes of their extensions, which is also the order of `sort` in the C locale.
    static func precedes(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }
}
