/// Decompresses DEFLATE streams, checked at every step: no read past the input, no reference before the start of the
/// output, no output beyond the limit. It serves small files such as a tokenizer's vocabulary, not streams.
///
/// Source: RFC 1951.
struct Inflate {
    private let input: UnsafeRawBufferPointer
    private let limit: Int
    private var position = 0
    private var buffer: UInt32 = 0
    private var bufferedBits = 0
    private var output: [UInt8] = []

    private init(_ input: UnsafeRawBufferPointer, limit: Int) {
        self.input = input
        self.limit = limit
    }

    /// The decompressed bytes and the number of input bytes that they took.
    static func decompress(
        _ input: UnsafeRawBufferPointer, limit: Int
    ) throws(GzipError) -> (output: [UInt8], consumed: Int) {
        var inflate = Inflate(input, limit: limit)
        try inflate.run()
        return (inflate.output, inflate.position - inflate.bufferedBits / 8)
    }

    private mutating func run() throws(GzipError) {
        var isLast = false
        while !isLast {
            isLast = try bits(1) == 1
            switch try bits(2) {
            case 0: try stored()
            case 1:
                let lengths: [UInt8] = (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 }
                try compressed(try HuffmanCode(lengths), try HuffmanCode([UInt8](repeating: 5, count: 30)))
            case 2: try dynamic()
            default: throw .badBlockType
            }
        }
    }

    // MARK: Blocks

    private mutating func stored() throws(GzipError) {
        buffer = 0
        // Whole bytes that were buffered ahead go back.
        position -= bufferedBits / 8
        bufferedBits = 0
        let count = try bits(16)
        guard try bits(16) == ~count & 0xFFFF else { throw .storedLengthMismatch }
        guard count <= input.count - position else { throw .truncated }
        try reserve(count)
        output.append(contentsOf: input[position..<position + count])
        position += count
    }

    private mutating func dynamic() throws(GzipError) {
        let literalCount = try bits(5) + 257
        let distanceCount = try bits(5) + 1
        let codeCount = try bits(4) + 4
        guard literalCount <= 286, distanceCount <= 30 else { throw .badCodeLengths }
        let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
        var codeLengths = [UInt8](repeating: 0, count: 19)
        for index in order.prefix(codeCount) { codeLengths[index] = UInt8(try bits(3)) }
        let code = try HuffmanCode(codeLengths)

        var lengths: [UInt8] = []
        while lengths.count < literalCount + distanceCount {
            let symbol = try decode(code)
            switch symbol {
            case 0...15: lengths.append(UInt8(symbol))
            case 16:
                guard let previous = lengths.last else { throw .badCodeLengths }
                lengths.append(contentsOf: repeatElement(previous, count: try bits(2) + 3))
            case 17: lengths.append(contentsOf: repeatElement(0, count: try bits(3) + 3))
            default: lengths.append(contentsOf: repeatElement(0, count: try bits(7) + 11))
            }
        }
        // A block needs a code for its end, and no run may reach past the two tables.
        guard lengths.count == literalCount + distanceCount, lengths[256] != 0 else { throw .badCodeLengths }
        try compressed(
            try HuffmanCode(Array(lengths[..<literalCount])), try HuffmanCode(Array(lengths[literalCount...])))
    }

    private mutating func compressed(_ literals: HuffmanCode, _ distances: HuffmanCode) throws(GzipError) {
        while true {
            let symbol = try decode(literals)
            switch symbol {
            case 0..<256:
                try reserve(1)
                output.append(UInt8(symbol))
            case 256: return
            case 257...285:
                let length = Self.lengthBases[symbol - 257] + (try bits(Self.lengthExtras[symbol - 257]))
                let code = try decode(distances)
                guard code < 30 else { throw .badDistance }
                let distance = Self.distanceBases[code] + (try bits(Self.distanceExtras[code]))
                guard distance <= output.count else { throw .badDistance }
                try reserve(length)
                // The copy may overlap what it writes, so it goes byte by byte.
                for _ in 0..<length { output.append(output[output.count - distance]) }
            default: throw .badSymbol
            }
        }
    }

    private static let lengthExtras = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0]
    private static let lengthBases = bases(of: lengthExtras.dropLast(), from: 3) + [258]
    private static let distanceExtras = (0..<30).map { max(0, $0 / 2 - 1) }
    private static let distanceBases = bases(of: distanceExtras[...], from: 1)

    /// Each code begins where the one before it ends.
    private static func bases(of extras: ArraySlice<Int>, from first: Int) -> [Int] {
        var next = first
        return extras.map { extra in
            defer { next += 1 << extra }
            return next
        }
    }

    // MARK: Bits

    private mutating func reserve(_ count: Int) throws(GzipError) {
        guard count <= limit - output.count else { throw .tooLong(limit: limit) }
    }

    /// The next `count` bits, 0...16, the first of them lowest.
    private mutating func bits(_ count: Int) throws(GzipError) -> Int {
        while bufferedBits < count {
            guard position < input.count else { throw .truncated }
            buffer |= UInt32(input[position]) << UInt32(bufferedBits)
            position += 1
            bufferedBits += 8
        }
        defer {
            buffer >>= UInt32(count)
            bufferedBits -= count
        }
        return Int(buffer & (1 << UInt32(count) - 1))
    }

    private mutating func decode(_ code: HuffmanCode) throws(GzipError) -> Int {
        var value = 0
        var first = 0
        var index = 0
        for length in 1...15 {
            value |= try bits(1)
            let count = code.counts[length]
            if value - first < count { return code.symbols[index + value - first] }
            index += count
            first = (first + count) << 1
            value <<= 1
        }
        throw .badSymbol
    }
}

/// A canonical Huffman code: how many codes there are of each length, and the symbols in code order.
private struct HuffmanCode {
    var counts = [Int](repeating: 0, count: 16)
    var symbols: [Int] = []

    init(_ lengths: [UInt8]) throws(GzipError) {
        for length in lengths where length > 0 { counts[Int(length)] += 1 }
        var free = 1
        for length in 1...15 {
            free = free * 2 - counts[length]
            guard free >= 0 else { throw .badCodeLengths }
        }
        for length in 1...15 {
            for (symbol, own) in lengths.enumerated() where Int(own) == length { symbols.append(symbol) }
        }
    }
}
