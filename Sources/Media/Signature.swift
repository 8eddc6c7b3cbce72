/// What a file's first bytes tell where FFmpeg would say something else, or nothing that helps.
enum Signature {
    /// Bytes that are looked at.
    static let length = 64

    /// An animated WebP, which FFmpeg takes for a damaged picture.
    static func isAnimatedWebP(_ head: [UInt8]) -> Bool {
        isWebP(head) && head.count > 20 && head[12..<16].elementsEqual("VP8X".utf8) && head[20] & 2 != 0
    }

    static func isWebP(_ head: [UInt8]) -> Bool {
        head.count >= 16 && head[..<4].elementsEqual("RIFF".utf8) && head[8..<12].elementsEqual("WEBP".utf8)
    }

    /// The main brand of a file of boxes: "isom", "avif", "heic"; nil for any other file.
    static func brand(_ head: [UInt8]) -> String? {
        guard head.count >= 12, head[4..<8].elementsEqual("ftyp".utf8) else { return nil }
        return String(decoding: head[8..<12], as: UTF8.self)
    }

    /// Brands of pictures in HEVC, as phones make them, and of HEIF in general.
    static let heifBrands: Set<String> = [
        "heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs", "mif1", "msf1",
    ]
}
