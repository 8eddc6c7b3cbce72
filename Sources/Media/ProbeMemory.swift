import CAV
import Synchronization

/// How much memory FFmpeg may take while files are only looked at, on however many threads.
///
/// What a header claims is held against the file where this program knows how; for everything else there is this: FFmpeg
/// gets no block beyond ``block`` and reports the file as one that it cannot read. Its own limit is 2 GiB.
enum ProbeMemory {
    /// Bytes of one block: an index of five million samples takes as much.
    private static let block = 128 << 20
    /// Looks that are under way. FFmpeg's limit is one for the whole process.
    private static let looks = Mutex(0)

    /// A look begins.
    static func limit() {
        looks.withLock {
            $0 += 1
            av_max_alloc(block)
        }
    }

    /// A look ends; with the last of them FFmpeg has its own limit again.
    static func release() {
        looks.withLock {
            $0 -= 1
            if $0 == 0 { av_max_alloc(Int(Int32.max)) }
        }
    }
}
