/// Rows in columns, two spaces apart, the first column flush left, printed as they come: the first thousand decide how wide the
/// columns are.
struct Table {
    private var waiting: [[String]] = []
    private var widths: [Int] = []
    private var isDecided = false

    private static let most = 1000

    mutating func add(_ row: [String]) throws {
        guard !isDecided else { return try put(row) }
        waiting.append(row)
        if waiting.count == Self.most { try decide() }
    }

    /// Prints what waits.
    mutating func finish() throws {
        if !isDecided { try decide() }
    }

    private mutating func decide() throws {
        isDecided = true
        let columns = waiting.map(\.count).max() ?? 0
        widths = (0..<columns).map { column in
            waiting.compactMap { $0.indices.contains(column) ? $0[column].count : nil }.max() ?? 0
        }
        for row in waiting { try put(row) }
        waiting = []
    }

    private func put(_ row: [String]) throws {
        let cells = row.enumerated().map { index, cell in
            guard index < row.count - 1, index < widths.count else { return cell }
            return cell + String(repeating: " ", count: max(0, widths[index] - cell.count))
        }
        try Output.line(cells.joined(separator: "  "))
    }
}
