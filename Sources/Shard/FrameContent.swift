/// The tar bytes of one sample, as they come out of its bytes in a shard, piece by piece.
struct FrameContent {
    /// Nil in a plain tar, whose bytes are the content.
    private let decoder: ZstdDecoder?
    private let expected: Int
    private var plain: [UInt8] = []
    private var produced = 0
    /// The last bytes taken, among which a frame's checksum is.
    private var tail: [UInt8] = []

    /// - Parameter expected: the content's length in bytes, as an index states it.
    /// - Throws: ``ZstdError/library(_:)``.
    init(_ compression: Compression, expecting expected: Int) throws(ZstdError) {
        decoder = compression == .zstd ? try ZstdDecoder() : nil
        self.expected = expected
    }

    /// Adds the next bytes of the shard; all of them were asked for with ``next()`` before.
    /// - Throws: ``ZstdError``.
    mutating func feed(_ bytes: [UInt8]) throws(ZstdError) {
        tail = Array((tail + bytes.suffix(4)).suffix(4))
        if let decoder { try decoder.feed(bytes) } else { plain = bytes }
    }

    /// The next piece of the content; nil where more bytes are needed, or the end is reached.
    /// - Throws: ``ZstdError``, also where there is more than expected.
    mutating func next() throws(ZstdError) -> [UInt8]? {
        var piece = plain
        plain = []
        if let decoder {
            guard let decoded = try decoder.next() else { return nil }
            piece = decoded
        }
        if piece.isEmpty { return nil }
        produced += piece.count
        guard produced <= expected else { throw .contentSize(found: produced, expected: expected) }
        return piece
    }

    /// To be called after the last byte.
    /// - Returns: the content's checksum as a frame states it; nothing of a plain tar.
    /// - Throws: ``ZstdError`` where the frame, or its content, is not whole.
    @discardableResult
    func finish() throws(ZstdError) -> String {
        if let isAtEnd = decoder?.isAtEnd, !isAtEnd { throw .truncated }
        guard produced == expected else { throw .contentSize(found: produced, expected: expected) }
        return ZstdFrame.checksum(of: tail)
    }
}
