package import Files
internal import Foundation
internal import JSON
package import Logging
internal import Synchronization

/// Log lines in a rank's file, and from a level on stderr too.
package struct FileLogHandler: LogHandler {
    /// How a line is written.
    package enum Format: String, Sendable, CaseIterable {
        /// `2026-01-31T12:00:00Z info worker: message`.
        case text
        /// One JSON object per line.
        case json
    }

    package var metadata: Logger.Metadata = [:]
    package var logLevel: Logger.Level = .info
    private let label: String
    private let rank: Int
    private let format: Format
    private let file: LogFile
    private let echo: Logger.Level

    /// - Parameters:
    ///   - file: shared by all loggers of the process.
    ///   - echo: lines of this level and above go to stderr as well.
    package init(label: String, rank: Int, file: LogFile, format: Format, echo: Logger.Level) {
        self.label = label
        self.rank = rank
        self.file = file
        self.format = format
        self.echo = echo
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let time = Date().ISO8601Format()
        let extra = (metadata.merging(event.metadata ?? [:]) { $1 }).sorted { $0.key < $1.key }
        let line: String
        switch format {
        case .text:
            let tail = extra.map { " \($0.key)=\($0.value)" }.joined()
            line = "\(time) \(event.level) rank \(rank) \(label): \(event.message)\(tail)\n"
        case .json:
            var fields: [String: String] = [
                "time": time, "level": event.level.rawValue, "rank": "\(rank)", "logger": label,
                "message": "\(event.message)",
            ]
            for (key, value) in extra { fields[key] = "\(value)" }
            line = (try? JSONCoding.encode(fields)).map { String(decoding: $0, as: UTF8.self) + "\n" } ?? ""
        }
        file.append(line)
        if event.level >= echo { StandardStreams.tell(line) }
    }
}
