/// Token numbers of several texts, padded to one length.
package struct TokenBatch: Sendable, Equatable {
    /// Texts.
    package let count: Int
    /// Tokens of each text, with padding.
    package let length: Int
    /// `[count, length]`, row after row.
    package let ids: [Int64]
    /// `[count, length]`: 1 for a token, 0 for padding.
    package let mask: [Int64]

    /// Pads `rows` at the end to `length`, or to the longest of them; no row may be longer.
    init(rows: [[Int32]], length: Int?, padding: Int32) {
        let length = length ?? rows.map(\.count).max() ?? 0
        count = rows.count
        self.length = length
        ids = rows.flatMap { row in row.map(Int64.init) + [Int64](repeating: Int64(padding), count: length - row.count)
        }
        mask = rows.flatMap { row in
            [Int64](repeating: 1, count: row.count) + [Int64](repeating: 0, count: length - row.count)
        }
    }
}
