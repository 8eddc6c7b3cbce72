/// Which workers are there, and since when not: pure, like ``Assignment``.
struct WorkerRoster: Sendable {
    enum Presence: Sendable, Hashable {
        /// Never heard, or about to say hello again.
        case expected
        case present(lastHeard: Duration)
        /// Was present and is not heard any more; may return.
        case silent
        /// Said goodbye or was refused; may say hello again.
        case gone
        /// Will never be heard again.
        case dead
    }

    enum Heard: Sendable, Hashable { case present, returned, stranger }

    let silenceLimit: Duration
    private(set) var presence: [Int: Presence]
    /// Since when nobody is present; nil while somebody is.
    private(set) var desertedSince: Duration?
    /// Why workers left, in order, for the last error.
    private(set) var reasons: [String] = []
    /// Whether what the last one lacked that left may pass.
    private var lastMayPass = false

    init(ranks: [Int], silenceLimit: Duration, at now: Duration) {
        self.silenceLimit = silenceLimit
        presence = Dictionary(ranks.map { ($0, .expected) }, uniquingKeysWith: { first, _ in first })
        desertedSince = now
    }

    var present: [Int] {
        presence.compactMap { if case .present = $0.value { $0.key } else { nil } }.sorted()
    }
    var expected: [Int] { ranks { $0 == .expected } }
    /// Ranks that never come again.
    var dead: [Int] { ranks { $0 == .dead } }
    /// Ranks that did not leave properly.
    var missing: [Int] { ranks { $0 != .gone } }
    /// Whether somebody who is not present may still come by himself.
    var someoneMayCome: Bool { presence.values.contains { $0 == .expected || $0 == .silent } }

    private func ranks(_ test: (Presence) -> Bool) -> [Int] {
        presence.filter { test($0.value) }.keys.sorted()
    }

    /// A worker said hello.
    /// - Returns: false for a rank that is dead or does not exist.
    mutating func greet(_ rank: Int, at now: Duration) -> Bool {
        guard let was = presence[rank], was != .dead else { return false }
        presence[rank] = .present(lastHeard: now)
        desertedSince = nil
        return true
    }

    /// Something else than a hello arrived.
    mutating func heard(_ rank: Int, at now: Duration) -> Heard {
        switch presence[rank] {
        case .present(let last):
            presence[rank] = .present(lastHeard: max(last, now))
            return .present
        case .silent:
            presence[rank] = .present(lastHeard: now)
            desertedSince = nil
            return .returned
        case .expected, .gone, .dead, nil:
            return .stranger
        }
    }

    /// A worker left: for good (`dead`), by its own word (`gone`), or until it has a new process (`expected`).
    /// - Parameter mayPass: whether what made it leave may pass.
    mutating func leave(
        _ rank: Int, as absence: Presence, reason: String, mayPass: Bool = false, at now: Duration
    ) {
        guard let was = presence[rank], was != .dead else { return }
        presence[rank] = absence
        lastMayPass = mayPass
        note(rank, reason, at: now)
    }

    /// The workers that have become silent by now.
    mutating func fallenSilent(at now: Duration) -> [Int] {
        let ranks = presence.compactMap { rank, presence -> Int? in
            if case .present(let last) = presence, now - last > silenceLimit { rank } else { nil }
        }.sorted()
        for rank in ranks {
            presence[rank] = .silent
            lastMayPass = false
            note(rank, "was silent for \(silenceLimit)", at: now)
        }
        return ranks
    }

    private mutating func note(_ rank: Int, _ reason: String, at now: Duration) {
        if reasons.count == 8 { reasons.removeFirst() }
        reasons.append("worker \(rank) \(reason)")
        if present.isEmpty, desertedSince == nil { desertedSince = now }
    }

    /// Why the run cannot go on, when it cannot.
    func desertion(at now: Duration, limit: Duration) -> NoWorkers? {
        guard let since = desertedSince else { return nil }
        guard !someoneMayCome || now - since > limit else { return nil }
        return reasons.isEmpty ? .nobodyCame(after: limit) : .everyoneLeft(reasons, mayPass: lastMayPass)
    }
}
