import CAV
internal import ClipSampling

extension MediaInfo {
    /// From an opened file.
    /// - Parameters:
    ///   - lengths: nil where nobody asks for them.
    ///   - turned: how a still image is turned by its own word; nil where it has none.
    init(_ input: Input, _ lengths: StreamLengths? = nil, turned: Orientation? = nil) {
        self.init(
            container: input.format,
            video: lengths?.pictureFault == nil
                ? input.stream(AVMEDIA_TYPE_VIDEO).flatMap { Video($0, lengths?.picture, turned) } : nil,
            videoFault: lengths?.pictureFault,
            audio: lengths?.soundFault == nil
                ? input.stream(AVMEDIA_TYPE_AUDIO).map { Audio($0, lengths?.sound) } : nil,
            audioFault: lengths?.soundFault,
            isImage: input.isStillImage)
    }
}

extension MediaInfo.Video {
    /// Nil for a stream without a size.
    init?(_ stream: UnsafeMutablePointer<AVStream>, _ duration: Fraction?, _ turned: Orientation?) {
        let parameters = stream.pointee.codecpar.pointee
        guard parameters.width > 0, parameters.height > 0 else { return nil }
        let orientation = turned ?? Orientation(stream)
        let (width, height) = (Int(parameters.width), Int(parameters.height))
        let rates = [stream.pointee.avg_frame_rate, stream.pointee.r_frame_rate].compactMap { Fraction($0) }
        let format = av_get_pix_fmt_name(AVPixelFormat(parameters.format))
        self.init(
            width: orientation.swapsSides ? height : width,
            height: orientation.swapsSides ? width : height,
            orientation: orientation,
            frameRate: rates.first { $0 > 0 },
            frameCount: stream.pointee.nb_frames > 0 ? Int(stream.pointee.nb_frames) : nil,
            duration: duration,
            codec: String(cString: avcodec_get_name(parameters.codec_id)),
            pixelFormat: format.map { String(cString: $0) } ?? "unknown")
    }
}

extension MediaInfo.Audio {
    init(_ stream: UnsafeMutablePointer<AVStream>, _ duration: Fraction?) {
        let parameters = stream.pointee.codecpar.pointee
        self.init(
            sampleRate: Int(parameters.sample_rate), channels: Int(parameters.ch_layout.nb_channels),
            duration: duration,
            codec: String(cString: avcodec_get_name(parameters.codec_id)))
    }
}

extension Orientation {
    /// From the display matrix of a stream.
    init(_ stream: UnsafeMutablePointer<AVStream>) {
        var size = 0
        let data = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &size)
        self.init(bytes: UnsafeRawPointer(data), count: size)
    }

    /// From the display matrix of a frame, as the JPEG decoder makes one of the EXIF tag, or from the tag itself, as the
    /// WebP decoder leaves it.
    init?(frame: UnsafeMutablePointer<AVFrame>) {
        if let side = av_frame_get_side_data(frame, AV_FRAME_DATA_DISPLAYMATRIX) {
            self.init(bytes: UnsafeRawPointer(side.pointee.data), count: side.pointee.size)
        } else if let tag = av_dict_get(frame.pointee.metadata, "Orientation", nil, 0),
            let value = Int(String(cString: tag.pointee.value).filter { $0.isNumber })
        {
            self.init(exif: value)
        } else {
            return nil
        }
    }

    private init(bytes: UnsafeRawPointer?, count: Int) {
        guard let bytes, count >= 36 else {
            self = .upright
            return
        }
        self.init(displayMatrix: (0..<9).map { bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Int32.self) })
    }
}

extension Input {
    /// Whether the file is a still image: an image format, an AVIF, or an animation format with one frame.
    var isStillImage: Bool {
        if format.hasSuffix("_pipe") || format == "image2" { return true }
        if let brand = av_dict_get(context.pointee.metadata, "major_brand", nil, 0) {
            return ["avif", "mif1", "heic"].contains(String(cString: brand.pointee.value))
        }
        guard format == "gif", let stream = stream(AVMEDIA_TYPE_VIDEO) else { return false }
        return stream.pointee.nb_frames == 1
    }
}
