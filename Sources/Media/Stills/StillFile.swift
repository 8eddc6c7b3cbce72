/// What the file of a still image tells by itself, where FFmpeg's decoders do not look.
struct StillFile {
    /// How the image is turned for showing; nil where the file does not say, or FFmpeg does.
    private(set) var orientation: Orientation?

    /// Looks at the file behind an input that is a still image; decodes nothing.
    /// - Throws: ``MediaError``: `corrupt` for a file that ends too early, `unsupported` for one that FFmpeg would decode
    ///   to something else.
    init(_ input: Input) throws(MediaError) {
        let file = input.file
        switch input.format {
        case "png_pipe", "apng":
            let chunks = try PNGChunks(file)
            guard chunks.isWhole else { throw Self.cut(input, "its last chunk, IEND, is not there") }
            orientation = chunks.orientation.map { Orientation(exif: $0) }
        case "jpeg_pipe":
            guard try JPEGSegments.isWhole(file) else { throw Self.cut(input, "its end mark is not there") }
        case "webp_pipe":
            // The length of the rest, little-endian, follows the first four letters.
            let end = try file.bytes(at: 4, count: 4).reversed().reduce(Int64(0)) { $0 << 8 | Int64($1) } + 8
            guard end <= file.size else {
                throw Self.cut(input, "it reaches to byte \(end) by its own word, and ends at byte \(file.size)")
            }
        case "tiff_pipe":
            guard
                let tags = try TIFFTags(
                    size: file.size,
                    read: { place, count throws(MediaError) in try file.bytes(at: place, count: count) })
            else { return }
            orientation = tags.orientation.map { Orientation(exif: $0) }
            if !tags.isRaw, let compression = tags.compression, !Self.readableTIFF.contains(compression) {
                let name = [6, 7].contains(compression) ? "JPEG" : "method \(compression)"
                throw input.error(
                    .unsupported, "decode the image", "it is a TIFF whose pixels are compressed by \(name)",
                    "save it as PNG or JPEG, or as TIFF without that compression")
            }
        case let format where format.hasPrefix("mov"):
            let properties = try AVIFProperties(file)
            if let kind = properties.kind, kind != "av01" {
                throw input.error(
                    .unsupported, "decode the image",
                    kind == "grid" ? "it is an AVIF put together of tiles" : "it is a HEIF image of kind \(kind)",
                    "save it as PNG or JPEG")
            }
            orientation = properties.orientation
        default: break
        }
    }

    /// None, the two fax methods and their relative, LZW, deflate in both numbers, LZMA, PackBits.
    private static let readableTIFF: Set<Int> = [1, 2, 3, 4, 5, 8, 32773, 32946, 34925]

    private static func cut(_ input: Input, _ found: String) -> MediaError {
        input.error(.corrupt, "decode the image to its end", found, "the file is truncated: copy it again")
    }
}
