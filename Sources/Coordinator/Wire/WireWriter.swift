/// Appends fields to a message.
struct WireWriter {
    private(set) var bytes: [UInt8] = []

    mutating func byte(_ value: UInt8) { bytes.append(value) }

    mutating func integer(_ value: UInt64) {
        for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    /// A count or a number, 0 or more; less is sent as 0.
    mutating func count(_ value: Int) { integer(UInt64(max(0, value))) }

    /// A finite number; anything else is sent as 0.
    mutating func number(_ value: Double) { integer((value.isFinite ? max(0, value) : 0).bitPattern) }

    mutating func flag(_ value: Bool) { bytes.append(value ? 1 : 0) }

    /// Bytes behind their number, at most ``WireFormat/largestPiece``.
    mutating func data(_ value: [UInt8]) {
        integer(UInt64(value.count))
        bytes += value
    }

    /// A text; one that is longer than ``WireFormat/longestText`` is cut, between characters.
    mutating func text(_ value: String) {
        var utf8 = Array(value.utf8)
        if utf8.count > WireFormat.longestText {
            var end = WireFormat.longestText
            while end > 0, utf8[end] & 0xC0 == 0x80 { end -= 1 }
            utf8.removeSubrange(end...)
        }
        integer(UInt64(utf8.count))
        bytes += utf8
    }
}
