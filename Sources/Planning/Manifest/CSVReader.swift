internal import Files

/// Reads records with commas or tabs between their fields (RFC 4180): quoted fields may hold these, line breaks and doubled
/// quotes.
struct CSVReader {
    /// One record.
    struct Record: Equatable {
        /// Where the record starts: its line, from 1.
        let line: Int
        let fields: [String]
        /// What is wrong with it; its fields are then incomplete.
        var problem: String?
    }

    private var window: ManifestWindow
    private let separator: UInt8
    private var position = 0
    private var line = 1

    init(_ window: ManifestWindow, separator: Character = ",") {
        self.window = window
        self.separator = separator.asciiValue ?? UInt8(ascii: ",")
    }

    /// The next record that is not an empty line; nil at the end.
    /// - Throws: `FileError`.
    mutating func next() throws(FileError) -> Record? {
        while true {
            let (start, startLine) = (position, line)
            let record = parse()
            if position < window.bytes.count { return record }
            let isTooLong = window.bytes.count - start > window.maximumRecord
            if window.isAtEnd, !isTooLong { return record }
            // The record may go on behind the window: it is parsed again with more in it.
            (position, line) = (start, startLine)
            if isTooLong { return try passOver() }
            try window.slide(past: start)
            position = 0
        }
    }

    /// Gives up a record that does not end, and goes on behind its first line.
    private mutating func passOver() throws(FileError) -> Record {
        let start = line
        while true {
            while position < window.bytes.count, !isBreak(window.bytes[position]) { position += 1 }
            if position < window.bytes.count || window.isAtEnd { break }
            try window.slide(past: position)
            position = 0
        }
        skipBreak()
        return Record(
            line: start, fields: [],
            problem: "the record has more than \(window.maximumRecord) bytes; is a quoted field never closed?")
    }

    private mutating func parse() -> Record? {
        while position < window.bytes.count, isBreak(window.bytes[position]) { skipBreak() }
        guard position < window.bytes.count else { return nil }
        let start = line
        var fields: [String] = []
        while true {
            switch field() {
            case .success(let text): fields.append(text)
            case .failure(let problem):
                skipLine()
                return Record(line: start, fields: fields, problem: problem.text)
            }
            guard position < window.bytes.count else { break }
            if window.bytes[position] == separator {
                position += 1
                continue
            }
            skipBreak()
            break
        }
        return Record(line: start, fields: fields)
    }

    private struct Problem: Error { let text: String }

    private mutating func field() -> Result<String, Problem> {
        guard position < window.bytes.count, window.bytes[position] == UInt8(ascii: "\"") else { return plainField() }
        position += 1
        var text: [UInt8] = []
        while position < window.bytes.count {
            let byte = window.bytes[position]
            position += 1
            if byte != UInt8(ascii: "\"") {
                if byte == 0x0A { line += 1 }
                text.append(byte)
            } else if position < window.bytes.count, window.bytes[position] == UInt8(ascii: "\"") {
                text.append(byte)
                position += 1
            } else if position == window.bytes.count || window.bytes[position] == separator
                || isBreak(window.bytes[position])
            {
                return decoded(text[...])
            } else {
                return .failure(
                    Problem(text: "a quoted field goes on after its closing quote; double the quotes inside"))
            }
        }
        return .failure(Problem(text: "a quoted field is never closed; add the quote"))
    }

    private mutating func plainField() -> Result<String, Problem> {
        let start = position
        while position < window.bytes.count, window.bytes[position] != separator,
            !isBreak(window.bytes[position])
        {
            if window.bytes[position] == UInt8(ascii: "\"") {
                return .failure(
                    Problem(text: "a field without quotes holds a quote; put it in quotes and double the inner"))
            }
            position += 1
        }
        return decoded(window.bytes[start..<position])
    }

    private func decoded(_ bytes: ArraySlice<UInt8>) -> Result<String, Problem> {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            return .failure(Problem(text: "a field is not valid UTF-8; save the file as UTF-8"))
        }
        return .success(text)
    }

    private func isBreak(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

    private mutating func skipBreak() {
        guard position < window.bytes.count else { return }
        let isReturn = window.bytes[position] == 0x0D
        position += 1
        if isReturn, position < window.bytes.count, window.bytes[position] == 0x0A { position += 1 }
        line += 1
    }

    private mutating func skipLine() {
        while position < window.bytes.count, !isBreak(window.bytes[position]) { position += 1 }
        skipBreak()
    }
}
