import CAV
package import ClipSampling

/// Still images: PNG, JPEG, WebP, GIF, BMP, TIFF, AVIF and whatever else FFmpeg reads.
package enum ImageReader {
    /// The image as RGB, turned as its EXIF tag says. Alpha is dropped (the colour below it shows), 16-bit values lose
    /// their low byte, of an animation the first frame is taken.
    ///
    /// - Throws: ``MediaError``; `corrupt` for an image that is cut off or whose checksum is wrong, `unsupported` for
    ///   a video.
    package static func read(_ path: String) throws(MediaError) -> Image {
        let input = try Input(path)
        let stream = try input.videoStream()
        guard input.isStillImage || ["gif", "apng"].contains(input.format) else {
            throw input.error(
                .unsupported, "read it as an image", "it is a video (\(input.format))", "give it as a video")
        }
        let codec = stream.pointee.codecpar.pointee.codec_id
        // PNG has checksums. Other decoders, when strict, take harmless faults (an unknown TIFF tag, an odd EXIF block)
        // for damage.
        let decoder = try Decoder(input, stream, strict: codec == AV_CODEC_ID_PNG || codec == AV_CODEC_ID_APNG)
        var isWhole = true
        if codec == AV_CODEC_ID_MJPEG { decoder.onPacket = { isWhole = endsAsJPEG($0) } }
        guard try decoder.next() else {
            throw input.damaged(
                "decode the image", decoder.lastFailure < 0 ? decoder.lastFailure : seehear_invalid_data())
        }
        guard isWhole else { throw input.damaged("decode the image to its end", seehear_invalid_data()) }
        let image = try PixelConverter(path: path).rgb(decoder.frame)
        return (Orientation(frame: decoder.frame) ?? Orientation(stream)).apply(to: image)
    }

    /// Whether the end marker is there; the decoder fills the rest of a cut JPEG with grey and says nothing.
    private static func endsAsJPEG(_ packet: UnsafeMutablePointer<AVPacket>) -> Bool {
        guard let data = packet.pointee.data, packet.pointee.size >= 2 else { return false }
        return stride(from: Int(packet.pointee.size) - 2, through: 0, by: -1).contains {
            data[$0] == 0xFF && data[$0 + 1] == 0xD9
        }
    }
}
