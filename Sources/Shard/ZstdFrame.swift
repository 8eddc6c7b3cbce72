import CZstd
internal import Files

/// One self-contained zstd frame: level 1, content size and checksum present, no dictionary.
///
/// With ``ZstdDecoder`` the only face of libzstd. A frame made here always holds its content's size and, in its last four bytes, the low half of
/// the content's XXH64, which is also what a seek table wants.
package enum ZstdFrame {
    /// The level at which everything is compressed: higher ones gain nothing on fp16 latents and coded media.
    package static let level: Int32 = 1
    /// The shortest frame with a content size and a checksum, in bytes.
    static let minimumLength = 12
    /// What one block, of at least four bytes, can expand to. It bounds what a frame may claim before memory is reserved.
    private static let blockContent = 128 << 10

    /// Compresses bytes to one frame; the same bytes give the same frame with the same release of libzstd.
    /// - Throws: ``ZstdError/library(_:)``.
    package static func compress(_ bytes: [UInt8]) throws(ZstdError) -> [UInt8] {
        guard let context = ZSTD_createCCtx() else { throw .library("cannot allocate a compression context") }
        defer { ZSTD_freeCCtx(context) }
        let parameters = [
            (ZSTD_c_compressionLevel, level), (ZSTD_c_contentSizeFlag, 1), (ZSTD_c_checksumFlag, 1),
            (ZSTD_c_dictIDFlag, 0),
        ]
        for (parameter, value) in parameters {
            try check(ZSTD_CCtx_setParameter(context, parameter, value))
        }
        var status = 0
        let frame = [UInt8](unsafeUninitializedCapacity: ZSTD_compressBound(bytes.count)) { output, count in
            status = bytes.withUnsafeBytes {
                ZSTD_compress2(context, output.baseAddress, output.count, $0.baseAddress, $0.count)
            }
            count = ZSTD_isError(status) == 0 ? status : 0
        }
        try check(status)
        return frame
    }

    /// Decompresses exactly one frame.
    /// - Parameter expected: the content's size in bytes if an index states it.
    /// - Throws: ``ZstdError`` if the bytes are not one whole frame of the kind that ``compress(_:)`` makes, if the size
    ///   differs from `expected`, or if the content does not match the frame's checksum.
    package static func decompress(_ frame: [UInt8], expecting expected: Int? = nil) throws(ZstdError) -> [UInt8] {
        let size = try contentSize(ofHeader: frame, frameLength: frame.count)
        if let expected, expected != size { throw .contentSize(found: size, expected: expected) }
        let length = try check(frame.withUnsafeBytes { ZSTD_findFrameCompressedSize($0.baseAddress, $0.count) })
        guard length == frame.count else { throw .trailingBytes(frameLength: length, found: frame.count) }
        var status = 0
        let content = [UInt8](unsafeUninitializedCapacity: size) { output, count in
            status = frame.withUnsafeBytes {
                ZSTD_decompress(output.baseAddress, output.count, $0.baseAddress, $0.count)
            }
            count = ZSTD_isError(status) == 0 ? status : 0
        }
        try check(status)
        guard content.count == size else { throw .contentSize(found: content.count, expected: size) }
        return content
    }

    /// Decompresses a concatenation of frames.
    /// - Parameter limit: the most bytes that the contents may have together.
    /// - Throws: ``ZstdError``.
    package static func decompressAll(_ frames: [UInt8], limit: Int) throws(ZstdError) -> [UInt8] {
        var content: [UInt8] = []
        var position = 0
        while position < frames.count {
            let length = try check(
                frames.withUnsafeBytes { whole -> Int in
                    let rest = UnsafeRawBufferPointer(rebasing: whole[position...])
                    return ZSTD_findFrameCompressedSize(rest.baseAddress, rest.count)
                })
            let frame = Array(frames[position..<(position + length)])
            let size = try contentSize(ofHeader: frame, frameLength: length)
            guard size <= limit - content.count else { throw .contentSize(found: size, expected: limit) }
            content += try decompress(frame)
            position += length
        }
        return content
    }

    /// Decompresses the first bytes of a frame, of which `start` holds the first.
    /// - Throws: ``ZstdError`` if `start` does not give `count` bytes.
    static func prefix(of start: [UInt8], count: Int) throws(ZstdError) -> [UInt8] {
        guard let context = ZSTD_createDCtx() else { throw .library("cannot allocate a decompression context") }
        defer { ZSTD_freeDCtx(context) }
        var content = [UInt8](repeating: 0, count: count)
        let (status, produced) = start.withUnsafeBytes { source in
            content.withUnsafeMutableBytes { target -> (Int, Int) in
                var input = ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: 0)
                var output = ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
                var status = 0
                while output.pos < output.size {
                    let before = (input.pos, output.pos)
                    status = ZSTD_decompressStream(context, &output, &input)
                    if ZSTD_isError(status) != 0 || before == (input.pos, output.pos) { break }
                }
                return (status, output.pos)
            }
        }
        try check(status)
        guard produced == count else { throw .contentSize(found: produced, expected: count) }
        return content
    }

    /// The low half of the XXH64 of a frame's content: the frame's last four bytes, eight hexadecimal digits.
    package static func checksum(of frame: [UInt8]) -> String {
        hexadecimal(frame.suffix(4).reversed())
    }

    /// The content size that a frame's header states, after a check that the header is of our kind and that a frame of
    /// this length can hold so much.
    private static func contentSize(ofHeader frame: [UInt8], frameLength: Int) throws(ZstdError) -> Int {
        let size = try checkHeader(frame)
        let bound = (frameLength / 4 + 1) * blockContent
        guard size <= UInt64(min(bound, Int(UInt32.max))) else {
            throw .missing("content size that the frame can hold")
        }
        return Int(size)
    }

    /// Checks that bytes begin with a frame's header of our kind.
    /// - Returns: the content size that it states, which may be impossible.
    @discardableResult
    static func checkHeader(_ frame: [UInt8]) throws(ZstdError) -> UInt64 {
        guard frame.count >= minimumLength, frame.prefix(4).elementsEqual([0x28, 0xB5, 0x2F, 0xFD]) else {
            throw .notAFrame
        }
        let descriptor = frame[4]
        guard descriptor & 0b0000_0100 != 0 else { throw .missing("checksum") }
        // A dictionary's id, the reserved bit and the unused one, which the library would pass over.
        guard descriptor & 0b0001_1011 == 0 else { throw .descriptor(descriptor) }
        return frame.withUnsafeBytes { ZSTD_getFrameContentSize($0.baseAddress, $0.count) }
    }

    @discardableResult
    static func check(_ status: Int) throws(ZstdError) -> Int {
        if ZSTD_isError(status) == 0 { return status }
        throw .library(String(cString: ZSTD_getErrorName(status)))
    }
}

/// A way in which bytes fail to be a frame of a shard.
package enum ZstdError: Error, Equatable, CustomStringConvertible {
    /// The bytes do not start with a zstd frame.
    case notAFrame
    /// The frame lacks something that every frame of a shard has.
    case missing(String)
    /// The frame header's descriptor has bits that a frame of a shard never has.
    case descriptor(UInt8)
    /// The content is not as long as stated.
    case contentSize(found: Int, expected: Int)
    /// The frame ends too early.
    case truncated
    /// More bytes follow the frame.
    case trailingBytes(frameLength: Int, found: Int)
    /// libzstd refused, in its own words.
    case library(String)

    /// One sentence.
    package var description: String {
        switch self {
        case .notAFrame: "the bytes are not a zstd frame"
        case .missing(let what): "the zstd frame has no \(what), which every frame of a shard has"
        case .descriptor(let bits):
            "the zstd frame's descriptor is 0x\(hexadecimal(bits, digits: 2)), which names a dictionary or a later format"
        case .contentSize(let found, let expected):
            "the zstd frame holds \(found) bytes where \(expected) were expected"
        case .truncated: "the zstd frame is cut off"
        case .trailingBytes(let length, let found): "the zstd frame ends after \(length) of \(found) bytes"
        case .library(let message): "zstd: \(message)"
        }
    }
}
