import Files

/// A regular file and the place that FFmpeg reads from it.
///
/// FFmpeg never sees the path: it could name a protocol (`http:`, `concat:`, `pipe:`), and FFmpeg's own opening would
/// wait for ever on a pipe.
final class MediaFile {
    /// Bytes, at least 1.
    var size: Int64 { Int64(file.size) }
    /// The place from which the next read starts.
    private(set) var place: Int64 = 0
    private let file: InputFile

    init(_ path: String) throws(MediaError) {
        func failure(_ kind: MediaError.Kind, _ found: String, _ remedy: String) -> MediaError {
            MediaError(kind, file: path, doing: "open it", found: found, remedy: remedy)
        }
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw failure(.notFound, "the path is empty or holds a zero byte", "give the path of a file")
        }
        do throws(FileError) {
            file = try InputFile(path)
        } catch {
            if let obstacle = error.obstacle {
                throw failure(.notAFile, "it is \(obstacle)", "give the path of a media file")
            }
            if error.isMissing {
                throw failure(.notFound, error.reason, "check the path, and that this node sees the file system")
            }
            throw failure(
                .unreadable, error.reason,
                error.isForbidden ? "give read permission to the user who runs the job" : "check the file system")
        }
        guard file.size > 0 else { throw failure(.empty, "the file has zero bytes", "copy or download it again") }
    }

    /// Fills `buffer`; returns the bytes read, 0 at the end, or −errno.
    func read(into buffer: UnsafeMutablePointer<UInt8>, count: Int) -> Int {
        let got = file.read(into: buffer, at: Int(place), count: count)
        if got > 0 { place += Int64(got) }
        return got
    }

    /// Up to `count` bytes from a place on, fewer where the file ends; FFmpeg's own place stays.
    /// - Throws: ``MediaError``, `unreadable`.
    func bytes(at place: Int64, count: Int) throws(MediaError) -> [UInt8] {
        let available = min(size - place, Int64(count))
        guard place >= 0, available > 0 else { return [] }
        do throws(FileError) {
            return try file.read(at: Int(place), count: Int(available))
        } catch {
            throw MediaError(
                .unreadable, file: file.path, doing: "read it", found: error.reason, remedy: "check the file system")
        }
    }

    /// Moves to an absolute place.
    func seek(to place: Int64) { self.place = place }
}
