/// Reads comma-separated records (RFC 4180): quoted fields may hold commas, line breaks and doubled quotes.
struct CSVReader {
    /// One record.
    struct Record: Equatable {
        /// Where the record starts: its line, from 1.
        let line: Int
        let fields: [String]
        /// What is wrong with it; its fields are then incomplete.
        var problem: String?
    }

    private let bytes: [UInt8]
    private var position: Int
    private var line = 1

    /// - Parameter start: The offset of the first record.
    init(_ bytes: [UInt8], from start: Int = 0) {
        self.bytes = bytes
        position = min(start, bytes.count)
    }

    /// The next record that is not an empty line; nil at the end.
    mutating func next() -> Record? {
        while position < bytes.count, isBreak(bytes[position]) { skipBreak() }
        guard position < bytes.count else { return nil }
        let start = line
        var fields: [String] = []
        while true {
            switch field() {
            case .success(let text): fields.append(text)
            case .failure(let problem):
                skipLine()
                return Record(line: start, fields: fields, problem: problem.text)
            }
            guard position < bytes.count else { break }
            if bytes[position] == UInt8(ascii: ",") {
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
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { return plainField() }
        position += 1
        var text: [UInt8] = []
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            if byte != UInt8(ascii: "\"") {
                if byte == 0x0A { line += 1 }
                text.append(byte)
            } else if position < bytes.count, bytes[position] == UInt8(ascii: "\"") {
                text.append(byte)
                position += 1
            } else if position == bytes.count || bytes[position] == UInt8(ascii: ",") || isBreak(bytes[position]) {
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
        while position < bytes.count, bytes[position] != UInt8(ascii: ","), !isBreak(bytes[position]) {
            if bytes[position] == UInt8(ascii: "\"") {
                return .failure(
                    Problem(text: "a field without quotes holds a quote; put it in quotes and double the inner"))
            }
            position += 1
        }
        return decoded(bytes[start..<position])
    }

    private func decoded(_ bytes: ArraySlice<UInt8>) -> Result<String, Problem> {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            return .failure(Problem(text: "a field is not valid UTF-8; save the file as UTF-8"))
        }
        return .success(text)
    }

    private func isBreak(_ byte: UInt8) -> Bool { byte == 0x0A || byte == 0x0D }

    private mutating func skipBreak() {
        guard position < bytes.count else { return }
        let isReturn = bytes[position] == 0x0D
        position += 1
        if isReturn, position < bytes.count, bytes[position] == 0x0A { position += 1 }
        line += 1
    }

    private mutating func skipLine() {
        while position < bytes.count, !isBreak(bytes[position]) { position += 1 }
        skipBreak()
    }
}
