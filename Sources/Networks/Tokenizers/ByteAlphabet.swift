/// The printable characters that stand for bytes in the vocabularies of byte-level byte-pair encodings: printable bytes
/// stand for themselves, and the others for U+0100 and up.
///
/// Source: `bytes_to_unicode` of GPT-2, which RoBERTa and CLIP share.
enum ByteAlphabet {
    /// The bytes in the order in which CLIP numbers them: those that stand for themselves first.
    static let order: [UInt8] = {
        let plain = Array(UInt8(33)...126) + Array(161...172) + Array(174...255)
        return plain + (UInt8.min...UInt8.max).filter { !plain.contains($0) }
    }()

    /// The character of each byte, as a string.
    static let symbols: [String] = {
        var symbols = [String](repeating: "", count: 256)
        for (index, byte) in order.enumerated() {
            let value = index < 188 ? UInt32(byte) : UInt32(256 + index - 188)
            symbols[Int(byte)] = Unicode.Scalar(value).map { String($0) } ?? ""
        }
        return symbols
    }()

    /// The byte that each character stands for.
    static let bytes: [Unicode.Scalar: UInt8] = {
        var bytes: [Unicode.Scalar: UInt8] = [:]
        for (byte, symbol) in symbols.enumerated() {
            if let scalar = symbol.unicodeScalars.first { bytes[scalar] = UInt8(byte) }
        }
        return bytes
    }()
}
