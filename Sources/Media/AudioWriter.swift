import CSndfile
import Glibc

/// WAV and FLAC files through libsndfile. The bytes depend on the audio and the format alone: no date, no peak chunk.
package enum AudioWriter {
    /// The file formats that are written.
    package enum Format: String, Sendable, CaseIterable {
        case wav
        case flac
    }

    /// How a sample is stored.
    package enum Encoding: String, Sendable, CaseIterable {
        /// 16-bit integers.
        case pcm16 = "PCM_16"
        /// 24-bit integers.
        case pcm24 = "PCM_24"
        /// 32-bit floats; WAV only.
        case float = "FLOAT"
    }

    /// The file as bytes.
    ///
    /// Integer encodings round to the nearest step of 2^-15 or 2^-23 and clip what lies outside of −1…1; FLOAT keeps it.
    ///
    /// - Throws: ``MediaError``; `invalidInput` for no samples, for a sample that is not a number, and for a combination
    ///   that the format does not have (FLOAT or more than 8 channels in FLAC).
    package static func encode(
        _ audio: PlanarAudio, as format: Format, _ encoding: Encoding = .pcm16
    ) throws(MediaError) -> [UInt8] {
        func refuse(_ found: String, _ remedy: String) -> MediaError {
            MediaError(.invalidInput, file: "", doing: "write \(format.rawValue)", found: found, remedy: remedy)
        }
        guard audio.count > 0 else { throw refuse("the audio has no samples", "write at least one") }
        guard audio.isFinite else {
            throw refuse("a sample is not a finite number", "check the audio before writing it")
        }
        let type: Int32
        switch encoding {
        case .pcm16: type = Int32(SF_FORMAT_PCM_16)
        case .pcm24: type = Int32(SF_FORMAT_PCM_24)
        case .float: type = Int32(SF_FORMAT_FLOAT)
        }
        var info = SF_INFO()
        info.samplerate = Int32(clamping: audio.sampleRate)
        info.channels = Int32(clamping: audio.channels.count)
        info.format = type | (format == .wav ? Int32(SF_FORMAT_WAV) : Int32(SF_FORMAT_FLAC))
        guard sf_format_check(&info) != 0 else {
            throw refuse(
                "\(encoding.rawValue), \(audio.channels.count) channels, \(audio.sampleRate) Hz",
                "choose another encoding or format")
        }
        let target = MemoryFile()
        var access = memoryAccess()
        guard
            let handle = sf_open_virtual(
                &access, Int32(SFM_WRITE), &info, Unmanaged.passUnretained(target).toOpaque())
        else {
            throw MediaError(
                .failed, file: "", doing: "write \(format.rawValue)", found: String(cString: sf_strerror(nil)),
                remedy: "check that libsndfile was built with \(format.rawValue)")
        }
        sf_command(handle, Int32(SFC_SET_ADD_PEAK_CHUNK), nil, Int32(SF_FALSE))
        // Integers are made here, rounded to nearest and clipped: libsndfile truncates when it clips floats.
        let samples = audio.interleaved
        let count = sf_count_t(audio.count)
        let written =
            switch encoding {
            case .pcm16: sf_writef_short(handle, samples.map { Int16(quantise($0, 32768)) }, count)
            case .pcm24: sf_writef_int(handle, samples.map { quantise($0, 8_388_608) << 8 }, count)
            case .float: sf_writef_float(handle, samples, count)
            }
        let reason = String(cString: sf_strerror(handle))
        let closed = sf_close(handle)
        guard written == sf_count_t(audio.count), closed == 0, !target.isExhausted else {
            throw MediaError(
                .failed, file: "", doing: "write \(format.rawValue)", found: reason, remedy: "free some memory")
        }
        return target.bytes
    }

    /// ⌊x · scale⌉ within −scale … scale − 1, ties to even.
    private static func quantise(_ sample: Float, _ scale: Float) -> Int32 {
        Int32(min(max((sample * scale).rounded(.toNearestOrEven), -scale), scale - 1))
    }

    private static func memoryAccess() -> SF_VIRTUAL_IO {
        SF_VIRTUAL_IO(
            get_filelen: { sf_count_t(MemoryFile.of($0)?.bytes.count ?? 0) },
            seek: { offset, whence, opaque in sf_count_t(MemoryFile.of(opaque)?.seek(Int64(offset), whence) ?? -1) },
            read: { target, count, opaque in
                guard let target else { return 0 }
                return sf_count_t(MemoryFile.of(opaque)?.read(into: target, count: Int(count)) ?? 0)
            },
            write: { source, count, opaque in
                guard let source else { return 0 }
                return sf_count_t(MemoryFile.of(opaque)?.write(source, count: Int(count)) ?? 0)
            },
            tell: { sf_count_t(MemoryFile.of($0)?.position ?? 0) })
    }
}
