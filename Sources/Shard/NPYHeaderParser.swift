import JSON

/// Reads the Python dictionary in a `.npy` header: exactly the keys `descr`, `fortran_order` and `shape`, in any order.
struct NPYHeaderParser {
    private var rest: ArraySlice<UInt8>

    init(_ header: ArraySlice<UInt8>) { rest = header }

    /// - Throws: ``NPYError/header(_:)``, ``NPYError/fortranOrder``, or ``NPYError/dtype(_:)`` for elements of several fields.
    mutating func parse() throws(NPYError) -> (descr: String, shape: [Int]) {
        guard rest.last == UInt8(ascii: "\n") else { throw .header("it does not end with a line feed") }
        rest = rest.dropLast()
        var descr: String?
        var shape: [Int]?
        var ordered = false
        try expect("{")
        while true {
            skipSpaces()
            if take("}") { break }
            let key = try string()
            try expect(":")
            skipSpaces()
            switch key {
            case "descr" where descr == nil:
                if rest.first == UInt8(ascii: "[") { throw .dtype(String(decoding: rest.prefix(40), as: UTF8.self)) }
                descr = try string()
            case "shape" where shape == nil: shape = try tuple()
            case "fortran_order" where !ordered:
                if take("True") { throw .fortranOrder }
                guard take("False") else { throw .header("fortran_order is neither True nor False") }
                ordered = true
            default: throw .header("key \(quoted(key)) is unknown or appears twice")
            }
            skipSpaces()
            if !take(",") {
                try expect("}")
                break
            }
        }
        skipSpaces()
        guard rest.isEmpty else { throw .header("something follows the dictionary") }
        guard let descr, let shape, ordered else { throw .header("descr, fortran_order or shape is missing") }
        return (descr, shape)
    }

    private mutating func tuple() throws(NPYError) -> [Int] {
        var numbers: [Int] = []
        var comma = false
        try expect("(")
        while true {
            skipSpaces()
            if take(")") { break }
            guard numbers.isEmpty || comma else { throw .header("the shape lacks a comma") }
            let digits = rest.prefix { (0x30...0x39).contains($0) }
            guard let number = Int(String(decoding: digits, as: UTF8.self)), numbers.count < 64 else {
                throw .header("the shape holds something other than a number")
            }
            rest = rest.dropFirst(digits.count)
            numbers.append(number)
            skipSpaces()
            comma = take(",")
        }
        guard numbers.count != 1 || comma else { throw .header("the shape is not a tuple") }
        return numbers
    }

    private mutating func string() throws(NPYError) -> String {
        skipSpaces()
        guard let quote = rest.first, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
            throw .header("a string was expected")
        }
        let content = rest.dropFirst().prefix { $0 != quote }
        guard content.allSatisfy({ (0x20...0x7E).contains($0) && $0 != UInt8(ascii: "\\") }) else {
            throw .header("a string holds other than printable ASCII")
        }
        rest = rest.dropFirst(1 + content.count)
        guard rest.first == quote else { throw .header("a string has no end") }
        rest = rest.dropFirst()
        return String(decoding: content, as: UTF8.self)
    }

    private mutating func expect(_ text: String) throws(NPYError) {
        skipSpaces()
        guard take(text) else { throw .header("'\(text)' was expected") }
    }

    private mutating func take(_ text: String) -> Bool {
        guard rest.starts(with: text.utf8) else { return false }
        rest = rest.dropFirst(text.utf8.count)
        return true
    }

    private mutating func skipSpaces() { rest = rest.drop { $0 == UInt8(ascii: " ") } }
}
