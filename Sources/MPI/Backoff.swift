/// How long to wait between polls that find nothing: not at all for the first ones, then ever longer.
struct Backoff {
    private var idle = 0

    /// Something was found.
    mutating func reset() { idle = 0 }

    /// The next wait, in microseconds: 0 for the first 16 polls, then 16, doubling every fourth, to 1000.
    mutating func next() -> Int {
        defer { idle = min(idle + 1, 1_000) }
        guard idle >= 16 else { return 0 }
        return min(1000, 16 << min(6, (idle - 16) / 4))
    }
}
