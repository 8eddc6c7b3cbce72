internal import Files
internal import Glibc
package import Threads

/// Two ends of one process and its child: messages over pipes, each behind its length in four bytes, little-endian.
package final class PipeTransport: Transport {
    /// Bytes of the largest message.
    static let largestMessage = 64 << 20

    package let rank: Int
    package let peers: [Int]
    package let events: AsyncStream<TransportEvent>
    private let output: Int32
    private let waits: Bool
    /// Writing waits for a reader that does not read: never on the caller's thread.
    private let writing: WorkThread

    /// Takes over both descriptors.
    /// - Parameters:
    ///   - rank: this end's rank; both ends may have the same.
    ///   - peer: the rank under which the other end is known.
    ///   - input: read until its end, which is told as ``TransportEvent/peerFailed(_:)``.
    ///   - output: written to.
    ///   - waits: whether sending lasts until the pipe has the message, so that it arrives even if this process ends right
    ///     after. Not for an end whose other end may be stopped.
    /// - Throws: ``ThreadError``; the descriptors are closed then.
    package init(rank: Int, peer: Int, input: Int32, output: Int32, waits: Bool = false) throws(ThreadError) {
        let reading: WorkThread
        do throws(ThreadError) {
            writing = try WorkThread("pipe out")
            reading = try WorkThread("pipe in")
        } catch {
            close(input)
            close(output)
            throw error
        }
        self.waits = waits
        self.rank = rank
        self.output = output
        peers = [peer]
        let (events, sink) = AsyncStream.makeStream(of: TransportEvent.self)
        self.events = events
        // A reader that is gone is to be an error of the write, and not a signal that ends this process.
        writing.enqueue {
            var signals = sigset_t()
            sigemptyset(&signals)
            sigaddset(&signals, SIGPIPE)
            pthread_sigmask(SIG_BLOCK, &signals, nil)
        }
        reading.enqueue {
            do throws(PipeError) {
                while let message = try Self.message(from: input) { sink.yield(.message(from: peer, message)) }
                sink.yield(.peerFailed(peer))
            } catch {
                sink.yield(.broken(error.description))
            }
            close(input)
            sink.finish()
        }
    }

    deinit {
        // After what waits is written.
        writing.enqueue { [output] in close(output) }
    }

    package func send(_ bytes: [UInt8], to rank: Int) async throws(TransportError) {
        guard peers.contains(rank) else { throw .unknownRank(rank, peers: peers) }
        guard bytes.count <= Self.largestMessage else {
            throw .tooLarge(bytes: bytes.count, limit: Self.largestMessage)
        }
        let length = (0..<4).map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) }
        // A reader that is gone is told by the end of its own pipe.
        if waits {
            try? await writing.perform { [output] in Self.write(length + bytes, to: output) }
        } else {
            writing.enqueue { [output] in Self.write(length + bytes, to: output) }
        }
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) {
        bytes.withUnsafeBytes { buffer in
            var done = 0
            while done < buffer.count {
                let count = Glibc.write(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return }
                done += count
            }
        }
    }

    /// The next message; nil at the end. One that was cut off by the end of its sender never was.
    private static func message(from descriptor: Int32) throws(PipeError) -> [UInt8]? {
        guard let header = try read(4, from: descriptor) else { return nil }
        let length = header.reversed().reduce(0) { $0 << 8 | Int($1) }
        guard length <= largestMessage else { throw PipeError(text: "a message of \(length) bytes is not one of ours") }
        return try read(length, from: descriptor)
    }

    private static func read(_ count: Int, from descriptor: Int32) throws(PipeError) -> [UInt8]? {
        var code: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, done in
            while done < count {
                let read = Glibc.read(descriptor, buffer.baseAddress.map { $0 + done }, count - done)
                if read < 0, errno == EINTR { continue }
                if read < 0 { code = errno }
                guard read > 0 else { break }
                done += read
            }
        }
        if code != 0 { throw PipeError(text: "reading failed (\(SystemError.text(code)))") }
        return bytes.count == count ? bytes : nil
    }

    private struct PipeError: Error {
        let text: String
        var description: String { "The pipe between a rank and its process broke: \(text)." }
    }
}
