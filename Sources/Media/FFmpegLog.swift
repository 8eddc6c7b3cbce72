import CAV
import Glibc

/// The last errors that FFmpeg reported on this thread, for the text of a ``MediaError``.
///
/// FFmpeg would print them on standard error, where, on a cluster, they could not be assigned to a file.
enum FFmpegLog {
    /// The messages are kept per thread: readers on other threads have their own.
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        pthread_key_create(&key) { pointer in
            if let pointer { Unmanaged<Lines>.fromOpaque(pointer).release() }
        }
        return key
    }()

    private static let installed: Void = seehear_capture_log()

    private final class Lines {
        var lines: [String] = []
        /// Features of the file that FFmpeg lacks, and says so in a warning only.
        var lacking: [String] = []
    }

    /// Routes FFmpeg's messages here (once per process) and forgets those of this thread.
    static func begin() {
        installed
        current(create: false)?.lines.removeAll()
        current(create: false)?.lacking.removeAll()
    }

    /// What FFmpeg said since ``begin()`` that it cannot do with this file; nil where it said nothing of the kind. Nothing
    /// is cleared.
    static var lacking: String? {
        guard let lacking = current(create: false)?.lacking, !lacking.isEmpty else { return nil }
        return lacking.prefix(3).joined(separator: "; ")
    }

    /// The messages of this thread since ``begin()``, joined and cleared, or nil.
    static func take() -> String? {
        guard let lines = current(create: false), !lines.lines.isEmpty else { return nil }
        defer { lines.lines.removeAll() }
        return lines.lines.joined(separator: "; ")
    }

    /// Whether a message since ``begin()`` contains `text`; nothing is cleared.
    static func mentions(_ text: String) -> Bool {
        current(create: false)?.lines.contains { $0.contains(text) } ?? false
    }

    /// What follows `words` in each line of ``lacking``.
    static func warnings(with words: String) -> [Substring] {
        (current(create: false)?.lacking ?? []).compactMap { line in
            line[...].range(of: words).map { line[$0.upperBound...] }
        }
    }

    /// FFmpeg's words for a status code, preceded by the messages of this thread.
    static func explain(_ status: Int32) -> String {
        var text = [CChar](repeating: 0, count: Int(AV_ERROR_MAX_STRING_SIZE))
        av_strerror(status, &text, text.count)
        let reason = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        guard let messages = take() else { return reason }
        return "\(reason) (\(messages))"
    }

    /// Takes a message of this thread; of many the first few.
    fileprivate static func append(_ line: UnsafePointer<CChar>, isError: Bool, lacks: Bool) {
        guard let kept = current(create: true) else { return }
        let wanted = (isError && kept.lines.count < 3, lacks && kept.lacking.count < Limits.streams)
        guard wanted.0 || wanted.1 else { return }
        // "[mov,mp4 @ 0x55d0…] text\n": the address differs from run to run and says nothing.
        var text = Substring(String(cString: line))
        if text.first == "[", let end = text.range(of: "] ") { text = text[end.upperBound...] }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        guard !text.isEmpty else { return }
        if wanted.0, kept.lines.last.map({ $0 != text }) ?? true { kept.lines.append(String(text)) }
        let sentence = text.prefix { $0 != "." }
        if wanted.1, kept.lacking.last.map({ $0 != sentence }) ?? true { kept.lacking.append(String(sentence)) }
    }

    private static func current(create: Bool) -> Lines? {
        if let pointer = pthread_getspecific(key) {
            return Unmanaged<Lines>.fromOpaque(pointer).takeUnretainedValue()
        }
        guard create else { return nil }
        let lines = Lines()
        pthread_setspecific(key, Unmanaged.passRetained(lines).toOpaque())
        return lines
    }
}

/// Called by the C log callback in `CAV`, on whichever thread FFmpeg reports from.
@_cdecl("seehear_av_message")
func receiveFFmpegMessage(_ line: UnsafePointer<CChar>, _ error: Int32, _ lacks: Int32) {
    FFmpegLog.append(line, isError: error != 0, lacks: lacks != 0)
}

extension Substring {
    /// The first occurrence of `text`, without Foundation.
    fileprivate func range(of text: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }
}
