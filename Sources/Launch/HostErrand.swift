internal import Files
internal import Processes

/// A command on a host, here or behind an ssh-like way, beside whatever else goes on.
struct HostErrand {
    /// A host that is gone may hold a connection for minutes.
    static let limit: Duration = .seconds(20)

    /// Its place in the list of those that are asked.
    let place: Int
    private let program: RunningProgram?

    /// - Parameters:
    ///   - host: nil for this machine.
    ///   - way: what reaches another, with its options.
    init(_ command: String, on host: String?, way: [String], environment: [String: String], place: Int) {
        self.place = place
        let words = host.flatMap { Self.isHere($0) ? nil : way + [$0, command] } ?? ["sh", "-c", command]
        let path = ProgramPath.find(words[0], path: environment["PATH"])
        var spawn = Spawn(path ?? words[0], words, environment: environment)
        spawn.unignored = Self.ignored
        program = try? RunningProgram(spawn, limit: Self.limit)
    }

    /// Signals that a launch ignores, and what it starts should not.
    static let ignored: [Int32] = [13]

    /// How far it is.
    enum State {
        case underway
        /// What became of it; nil where it could not be started.
        case over(ProcessOutput?)
    }

    func look() -> State {
        guard let program else { return .over(nil) }
        return program.look().map { .over($0) } ?? .underway
    }

    /// Whether a host is the one that this runs on.
    static func isHere(_ host: String) -> Bool {
        let name = LocalHost.name
        return host == name || host == name.prefix { $0 != "." } || host == "localhost"
    }
}
