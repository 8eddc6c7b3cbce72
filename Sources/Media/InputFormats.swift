/// Which of FFmpeg's formats are read: containers and streams that hold their own data. Everything else is refused by name,
/// whatever this build of FFmpeg knows.
enum InputFormats {
    /// FFmpeg's names. A name with commas is one demuxer for several formats.
    static let read: Set<String> = video.union(audio).union(images)

    private static let video: Set<String> = [
        "3dostr", "apng", "asf", "asf_o", "av1", "avi", "cavsvideo", "dhav", "dirac", "dnxhd", "dv", "flv", "gif",
        "gxf", "h261", "h263", "h264", "hevc", "ivf", "kux", "live_flv", "m4v", "matroska,webm", "mjpeg", "mjpeg_2000",
        "mov,mp4,m4a,3gp,3g2,mj2", "mpeg", "mpegts", "mpegvideo", "mxf", "nsv", "nut", "obu", "ogg", "pva", "rm", "swf",
        "ty", "vc1", "vc1test", "wtv", "yuv4mpegpipe",
    ]

    private static let audio: Set<String> = [
        "aac", "ac3", "aiff", "amr", "amrnb", "amrwb", "ape", "au", "caf", "dsf", "dts", "dtshd", "eac3", "flac", "iff",
        "ircam", "loas", "mlp", "mp3", "mpc", "mpc8", "nistsphere", "oma", "qcp", "shn", "sox", "tak", "truehd", "tta",
        "voc", "w64", "wav", "wv", "xwma",
    ]

    private static let images: Set<String> = [
        "bmp_pipe", "dds_pipe", "dpx_pipe", "exr_pipe", "gif_pipe", "j2k_pipe", "jpeg_pipe", "jpegls_pipe",
        "jpegxl_pipe", "pam_pipe", "pbm_pipe", "pcx_pipe", "pfm_pipe", "pgm_pipe", "pgmyuv_pipe", "phm_pipe",
        "png_pipe", "ppm_pipe", "psd_pipe", "qoi_pipe", "sgi_pipe", "sunrast_pipe", "tiff_pipe", "webp_pipe",
        "xbm_pipe", "xpm_pipe", "xwd_pipe",
    ]

    /// Formats whose files are lists of other files or addresses.
    private static let lists: Set<String> = [
        "concat", "dash", "ffmetadata", "hls", "imf", "rtp", "rtsp", "sap", "sdp", "vobsub", "webm_dash_manifest",
    ]

    /// The names as FFmpeg's own white-list wants them.
    static let whitelist = read.sorted().joined(separator: ",")

    /// Why a format is not read, and what would help; nil for those that are.
    static func refusal(_ name: String) -> (found: String, remedy: String)? {
        if read.contains(name) { return nil }
        if lists.contains(name) {
            return (
                "it is a playlist (\(name)): it names other files or addresses, and none but the file itself is opened",
                "give the files that it names, or join them into one with ffmpeg"
            )
        }
        switch name {
        case "ico":
            return (
                "it is an icon (ICO), which holds several pictures", "save the picture that is meant as PNG"
            )
        case "svg_pipe":
            return ("it is a drawing (SVG), not a picture made of pixels", "save it as PNG at the size that is meant")
        default:
            return (
                "it is in a format that is not read (\(name))",
                "convert it, for example to mp4, flac or PNG; docs/media.md lists what is read"
            )
        }
    }
}
