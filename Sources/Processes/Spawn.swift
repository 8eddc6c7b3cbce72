internal import CLinux
internal import Files
internal import Glibc

/// How a program is started. It gets the descriptors that are named here and no others: no listener, pipe or lock of this process
/// lives on in it.
package struct Spawn: Sendable {
    /// Its path.
    package var program: String
    /// The words of its command line, from its name on.
    package var arguments: [String]
    /// Its variables; nil: those of this process.
    package var environment: [String: String]?
    /// Where it reads from, and where it writes to: descriptors of this process, by the number under which it finds them, from 0 on
    /// without a gap. Where 0 is not named it reads nothing; where 1 and 2 are not, they are those of this process.
    ///
    /// A descriptor with a number below those named here may be overwritten before it is handed on; ``PipeEnds``'s are not.
    package var descriptors: [Int32: Int32] = [:]
    /// Whether it begins a session of its own: signals of the terminal do not reach it, and its group can be signalled as a whole.
    package var ownSession = false
    /// Signals that end it again, though this process ignores them.
    package var unignored: [Int32] = []

    package init(_ program: String, _ arguments: [String], environment: [String: String]? = nil) {
        self.program = program
        self.arguments = arguments
        self.environment = environment
    }

    /// Starts it. It begins with no signal blocked.
    /// - Returns: its process, which has to be waited for.
    /// - Throws: ``SpawnError``.
    package func start() throws(SpawnError) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if descriptors[0] == nil { posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0) }
        for (number, descriptor) in descriptors.sorted(by: { $0.key < $1.key }) {
            posix_spawn_file_actions_adddup2(&actions, descriptor, number)
        }
        posix_spawn_file_actions_addclosefrom_np(&actions, max(2, descriptors.keys.max() ?? 2) + 1)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // Threads of the pool block all signals, and a child would begin with that.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var reset = sigset_t()
        sigemptyset(&reset)
        for signal in unignored { sigaddset(&reset, signal) }
        posix_spawnattr_setsigdefault(&attributes, &reset)
        var flags = Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF)
        if ownSession { flags |= Int32(seehear_spawn_setsid) }
        posix_spawnattr_setflags(&attributes, Int16(flags))
        var identifier: Int32 = 0
        let code = CStrings.with(arguments) { words in
            guard let environment else {
                return posix_spawn(&identifier, program, &actions, &attributes, words, environ)
            }
            return CStrings.with(environment.map { "\($0.key)=\($0.value)" }) {
                posix_spawn(&identifier, program, &actions, &attributes, words, $0)
            }
        }
        guard code == 0 else { throw SpawnError(program: program, reason: SystemError.text(code)) }
        return identifier
    }
}

/// Why a process could not be started.
package struct SpawnError: Error, Equatable, CustomStringConvertible {
    package let program: String
    package let reason: String

    package init(program: String, reason: String) {
        self.program = program
        self.reason = reason
    }

    package var description: String { "\(program) could not be started: \(reason)." }
}
