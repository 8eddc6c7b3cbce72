internal import CZstd

/// Decompresses one frame of the kind that ``ZstdFrame/compress(_:)`` makes, in pieces, so that memory does not depend on
/// what the frame claims to hold.
final class ZstdDecoder {
    /// Bytes that come out at a time at most: a block of zstd.
    static let pieceSize = 128 << 10
    /// The largest window of a frame, as a power of two. Frames of level 1 need 2^19, and a decoder has to allow 2^23.
    private static let windowLog: Int32 = 23

    private let context: OpaquePointer
    private var input: [UInt8] = []
    private var position = 0
    private var taken = 0
    private var hasBegun = false
    /// Whether the last byte of the frame was taken, and its checksum is right.
    private(set) var isAtEnd = false
    /// What has come out so far, in bytes.
    private(set) var produced = 0

    /// - Throws: ``ZstdError/library(_:)``.
    init() throws(ZstdError) {
        guard let context = ZSTD_createDCtx() else { throw .library("cannot allocate a decompression context") }
        self.context = context
        try ZstdFrame.check(ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, Self.windowLog))
    }

    deinit { ZSTD_freeDCtx(context) }

    /// Adds compressed bytes. The first must hold the frame's header: 18 bytes, or all that there are.
    /// - Throws: ``ZstdError`` where they begin no frame of our kind, or follow its end.
    func feed(_ bytes: [UInt8]) throws(ZstdError) {
        if !hasBegun {
            try ZstdFrame.checkHeader(bytes)
            hasBegun = true
        }
        if isAtEnd, !bytes.isEmpty { throw .trailingBytes(frameLength: taken, found: taken + bytes.count) }
        input = bytes
        position = 0
    }

    /// The next piece of the content; nil where more compressed bytes are needed, or the frame has ended.
    /// - Throws: ``ZstdError`` for damaged bytes, and for bytes behind the frame's end.
    func next() throws(ZstdError) -> [UInt8]? {
        while !isAtEnd {
            var status = 0
            var consumed = 0
            let piece = [UInt8](unsafeUninitializedCapacity: Self.pieceSize) { buffer, count in
                input.withUnsafeBytes { source in
                    var from = ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: position)
                    var to = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
                    status = ZSTD_decompressStream(context, &to, &from)
                    consumed = from.pos - position
                    count = to.pos
                }
            }
            try ZstdFrame.check(status)
            position += consumed
            taken += consumed
            produced += piece.count
            isAtEnd = status == 0
            if isAtEnd, position < input.count {
                throw .trailingBytes(frameLength: taken, found: taken + input.count - position)
            }
            if !piece.isEmpty { return piece }
            if consumed == 0 { return nil }
        }
        return nil
    }
}
