/// Walks through the tar bytes of one sample as they come, with no more of them in memory than a header.
struct SampleBlockScanner {
    /// What comes next in the block.
    enum Event: Equatable {
        /// A member begins: its extension, and how long its data is.
        case member(String, size: Int)
        /// The next bytes of its data.
        case data(ArraySlice<UInt8>)
        /// All of its data has come.
        case memberEnd
    }

    private enum State {
        case header
        case data(left: Int)
        case padding(left: Int)
    }

    /// The sample's key, once the first header has come.
    private(set) var key: String?
    /// Where the data of each member lies in the block.
    private(set) var extents: [String: MemberExtent] = [:]
    private var state = State.header
    private var header: [UInt8] = []
    /// Bytes that were passed, and where the present member's data begins.
    private var offset = 0
    private var dataStart = 0
    private var name = ""
    private var last: String?
    private var padding = 0

    /// The next event; nil where the input is used up.
    /// - Throws: ``TarError``.
    mutating func next(_ input: inout ArraySlice<UInt8>) throws(TarError) -> Event? {
        while true {
            switch state {
            case .header:
                let rest = input.prefix(TarHeader.blockSize - header.count)
                header += rest
                input = input.dropFirst(rest.count)
                guard header.count == TarHeader.blockSize else { return nil }
                return try begin()
            case .data(left: 0):
                state = .padding(left: padding)
                return .memberEnd
            case .data(let left):
                let piece = input.prefix(left)
                guard !piece.isEmpty else { return nil }
                input = input.dropFirst(piece.count)
                offset += piece.count
                state = .data(left: left - piece.count)
                return .data(piece)
            case .padding(left: 0): state = .header
            case .padding(let left):
                let piece = input.prefix(left)
                guard !piece.isEmpty else { return nil }
                guard piece.allSatisfy({ $0 == 0 }) else {
                    throw .padding(name: name, at: dataStart + (extents[last ?? ""]?.size ?? 0))
                }
                input = input.dropFirst(piece.count)
                offset += piece.count
                state = .padding(left: left - piece.count)
            }
        }
    }

    /// To be called after the last byte.
    /// - Throws: ``TarError/truncated(at:bytes:)`` where the block ends in the middle of a member.
    func end() throws(TarError) {
        if case .header = state {
            guard header.isEmpty, key != nil else { throw .truncated(at: offset, bytes: header.count) }
        } else {
            throw .truncated(at: dataStart, bytes: offset - dataStart)
        }
    }

    private mutating func begin() throws(TarError) -> Event {
        let found = try TarHeader(parsing: header[...], at: offset)
        let (memberKey, member) = try SampleBlock.split(found.name)
        if let key, key != memberKey { throw .foreignMember(name: found.name, key: key) }
        if let last, !SampleBlock.precedes(last, member) { throw .order(name: found.name) }
        header = []
        offset += TarHeader.blockSize
        dataStart = offset
        extents[member] = MemberExtent(offset: offset, size: found.size)
        (key, last, name) = (memberKey, member, found.name)
        padding = found.paddedSize - found.size
        state = .data(left: found.size)
        return .member(member, size: found.size)
    }
}
