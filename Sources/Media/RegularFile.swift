import CAV
import Glibc

/// A regular file opened for reading, the place that FFmpeg reads from it, and its size.
///
/// FFmpeg never sees the path: it could name a protocol (`http:`, `concat:`, `pipe:`), and FFmpeg's own opening would
/// wait for ever on a FIFO.
final class RegularFile {
    let path: String
    /// Bytes, at least 1.
    let size: Int64
    private let descriptor: Int32
    private var position: Int64 = 0

    init(_ path: String) throws(MediaError) {
        func failure(_ kind: MediaError.Kind, _ found: String, _ remedy: String) -> MediaError {
            MediaError(kind, file: path, doing: "open it", found: found, remedy: remedy)
        }
        func refusal(_ code: Int32) -> MediaError {
            let words = String(cString: strerror(code))
            switch code {
            case ENOENT, ENOTDIR, ENAMETOOLONG:
                return failure(.notFound, words, "check the path, and that this node sees the file system")
            case EACCES, EPERM:
                return failure(.unreadable, words, "give read permission to the user who runs the job")
            default:
                return failure(.unreadable, words, "check the file system")
            }
        }
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw failure(.notFound, "the path is empty or holds a zero byte", "give the path of a file")
        }
        // Looked at before it is opened: opening a device can do things, opening a FIFO can wait.
        var status = stat()
        guard stat(path, &status) == 0 else { throw refusal(errno) }
        try Self.check(status, failure)
        let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        guard descriptor >= 0 else { throw refusal(errno) }
        guard fstat(descriptor, &status) == 0 else {
            let code = errno
            close(descriptor)
            throw refusal(code)
        }
        do {
            try Self.check(status, failure)
        } catch {
            close(descriptor)
            throw error
        }
        self.path = path
        self.descriptor = descriptor
        self.size = Int64(status.st_size)
    }

    deinit { close(descriptor) }

    private static func check(
        _ status: stat, _ failure: (MediaError.Kind, String, String) -> MediaError
    ) throws(MediaError) {
        let remedy = "give the path of a media file"
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw failure(.notAFile, "it is a directory", remedy)
        case S_IFIFO: throw failure(.notAFile, "it is a FIFO", remedy)
        case S_IFSOCK: throw failure(.notAFile, "it is a socket", remedy)
        default: throw failure(.notAFile, "it is a device", remedy)
        }
        guard status.st_size > 0 else {
            throw failure(.empty, "the file has zero bytes", "copy or download it again")
        }
    }

    /// Fills `buffer`; returns the bytes read, 0 at the end, or −errno.
    func read(into buffer: UnsafeMutablePointer<UInt8>, count: Int) -> Int {
        while true {
            let got = pread(descriptor, buffer, count, off_t(position))
            if got >= 0 {
                position += Int64(got)
                return got
            }
            if errno != EINTR { return -Int(errno) }
        }
    }

    /// Moves to an absolute place.
    func seek(to place: Int64) { position = place }

    /// The place from which the next read starts.
    var place: Int64 { position }
}
