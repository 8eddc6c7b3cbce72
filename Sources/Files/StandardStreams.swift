internal import Glibc
internal import Synchronization

/// Standard input, output and error of this process: one that is not open leads nowhere, and one that takes nothing costs
/// its messages, never the process.
package enum StandardStreams {
    /// Opens those of the descriptors 0 to 2 that are not open, so that no other file gets their numbers, and has a reader
    /// that is gone be an error of the write instead of the end of the process. To be called before anything else.
    package static func prepare() {
        for descriptor in Int32(0)...2 where fcntl(descriptor, F_GETFD) < 0 && errno == EBADF {
            // The lowest free number is given, and that is this one. Without /dev/null at least the number is taken.
            if open("/dev/null", descriptor == 0 ? O_RDONLY : O_WRONLY) < 0 { _ = open("/", O_RDONLY | O_DIRECTORY) }
        }
        // Not ignored but caught: programs that are started from here would inherit the former.
        signal(SIGPIPE) { _ in }
    }

    // MARK: Standard error

    /// Whether standard error took nothing the last time.
    private static let isStuck = Mutex(false)
    /// How long standard error may take nothing before a message is lost, in milliseconds.
    private static let patience: Int32 = 1000
    /// What a pipe takes without waiting when it says that it takes anything, in bytes (`PIPE_BUF`).
    private static let piece = 4096

    /// Writes to standard error. What it does not take, because it is full, closed or not read, is lost.
    package static func tell(_ text: String) {
        let bytes = Array(text.utf8)
        isStuck.withLock { isStuck in
            isStuck = !bytes.withUnsafeBytes { write($0, within: isStuck ? 0 : patience) }
        }
    }

    /// - Returns: false where it would have had to wait longer.
    private static func write(_ buffer: UnsafeRawBufferPointer, within limit: Int32) -> Bool {
        var done = 0
        while done < buffer.count {
            var state = pollfd(fd: STDERR_FILENO, events: Int16(POLLOUT), revents: 0)
            let ready = poll(&state, 1, limit)
            if ready < 0, errno == EINTR { continue }
            guard ready > 0 else { return false }
            let rest = min(buffer.count - done, piece)
            let count = Glibc.write(STDERR_FILENO, buffer.baseAddress.map { $0 + done }, rest)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return count == 0 || errno != EAGAIN }
            done += count
        }
        return true
    }

    // MARK: Standard output

    /// Writes to standard output.
    /// - Returns: false where nobody reads it any more, so that there is no use in going on.
    /// - Throws: ``FileError``, as where it leads to a full disk.
    @discardableResult
    package static func output(_ text: String) throws(FileError) -> Bool {
        let bytes = Array(text.utf8)
        let failure = bytes.withUnsafeBytes { FileError.writing($0, to: STDOUT_FILENO) }
        if failure == 0 { return true }
        guard failure == EPIPE else { throw FileError("write to", "standard output", code: failure) }
        return false
    }
}
