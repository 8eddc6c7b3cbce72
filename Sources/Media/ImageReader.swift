import CAV
package import ClipSampling

/// Still images: PNG, JPEG, WebP, GIF, BMP, TIFF, AVIF and the others of ``InputFormats``.
package enum ImageReader {
    /// The image as RGB, turned as the file says: by its EXIF tag, in AVIF by its properties. Alpha is dropped (the colour below it shows), 16-bit values lose
    /// their low byte, of an animation the first frame is taken.
    ///
    /// - Throws: ``MediaError``; `corrupt` for an image that is cut off or whose checksum is wrong, `unsupported` for
    ///   a video, and for an image with something that FFmpeg does not decode.
    package static func read(_ path: String) throws(MediaError) -> Image {
        let input = try Input(path)
        let still = input.isStillImage ? try StillFile(input) : nil
        let stream = try input.videoStream()
        guard still != nil || ["gif", "apng"].contains(input.format) else {
            throw input.error(
                .unsupported, "read it as an image", "it is a video (\(input.format))", "give it as a video")
        }
        let codec = stream.pointee.codecpar.pointee.codec_id
        // PNG has checksums. Other decoders, when strict, take harmless faults (an unknown TIFF tag, an odd EXIF block)
        // for damage.
        let decoder = try Decoder(input, stream, strict: codec == AV_CODEC_ID_PNG || codec == AV_CODEC_ID_APNG)
        UnwrittenPixels.watch(decoder.context)
        guard try decoder.next() else {
            throw input.damaged(
                "decode the image", decoder.lastFailure < 0 ? decoder.lastFailure : seehear_invalid_data())
        }
        // What a decoder cannot do it leaves black, and gives the image all the same; so too what is not there.
        if FFmpegLog.lacking != nil { throw input.damaged("decode the image", seehear_not_implemented()) }
        guard !UnwrittenPixels.remain(in: decoder.frame) else {
            throw input.error(
                .corrupt, "decode the image to its end", "its pixels end before its last row",
                "the file is truncated or damaged: copy it again")
        }
        let image = try PixelConverter(path: path).rgb(decoder.frame)
        return (still?.orientation ?? Orientation(frame: decoder.frame) ?? Orientation(stream)).apply(to: image)
    }
}
