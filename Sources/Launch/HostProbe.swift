package import Processes

/// What a host is asked by a few lines of shell, whichever way leads there.
package struct HostProbe: Sendable {
    /// The program that ranks are; the same path on all hosts.
    package let worker: String
    /// Tells this launch's processes from all others.
    package let mark: String

    package init(worker: String, mark: String) {
        self.worker = worker
        self.mark = mark
    }

    /// Where ranks of a host share memory. A rank that is killed leaves its part behind; from here it is removed.
    package var memory: String { "/dev/shm/seehear-\(mark)" }

    /// What an answer begins with: the way to a host may say something of its own.
    private static let sign = "seehear-launch:"
    /// What each rank may take of `/dev/shm`, in KiB.
    private static let memoryOfRank = 4096 + 256

    /// Whether ranks can start on a host; if so and asked to, it makes itself ready.
    package func question(prepare: Bool) -> String {
        let program = Self.quoted(worker)
        let folder = Self.quoted(memory)
        // Nobody else's, should somebody have guessed the name.
        let make =
            prepare
            ? "mkdir -m 700 \(folder) 2>/dev/null || { [ -d \(folder) ] && [ ! -L \(folder) ] && [ -O \(folder) ]; } || say memory"
            : ":"
        return """
            say() { echo "\(Self.sign) $*"; exit 0; }
            [ -f \(program) ] || say program
            [ -x \(program) ] || say executable
            [ -d /dev/shm ] && [ -w /dev/shm ] || say memory
            free=$(df -Pk /dev/shm | { read -r skip; read -r skip skip skip free skip; echo "$free"; })
            \(make)
            say ready "$free"
            """
    }

    /// What came of it.
    /// - Parameters:
    ///   - output: nil where the way there could not be gone.
    ///   - ranks: as many as are to start on the host.
    package func answer(_ output: ProcessOutput?, ranks: Int) -> HostAnswer {
        guard let output else { return .silent("the way there cannot be started") }
        let lines = output.output.split(whereSeparator: \.isNewline)
        guard let line = lines.last(where: { $0.hasPrefix(Self.sign) }) else {
            if output.timedOut { return .silent("not within \(HostErrand.limit.components.seconds) s") }
            let said = output.errors.split(whereSeparator: \.isNewline).last.map { String($0.prefix(200)) }
            return .silent(said ?? "code \(output.status)")
        }
        let words = line.dropFirst(Self.sign.count).split(separator: " ")
        switch words.first {
        case "program":
            return .unfit("there is no \(worker); all hosts need it at the same path, or SEEHEAR_BIN names its folder")
        case "executable":
            return .unfit("\(worker) cannot be run there; check its permissions, and the mount's `noexec`")
        case "ready":
            let need = ranks * Self.memoryOfRank
            guard words.count > 1, let free = Int(words[1]), free < need else { return .ready }
            return .unfit(
                "/dev/shm has \(free / 1024) MiB free, and \(ranks) ranks share up to \(need / 1024) MiB there; remove what others left, or give a container more with --shm-size"
            )
        default: return .unfit("\(memory) cannot be made; ranks need a /dev/shm that may be written to")
        }
    }

    /// Ends this launch's ranks on a host, and what computes for them, and removes what they shared. They are known by the name they
    /// go by and their mark, so that neither this shell nor the way to another host is taken for one.
    package var reaping: String {
        """
        for p in /proc/[0-9]*; do
            tr "\\0" "\\n" 2>/dev/null <$p/environ | grep -qx 'SEEHEAR_LAUNCH=\(mark)' || continue
            tr "\\0" "\\n" 2>/dev/null <$p/cmdline | sed -n 1p | grep -q 'seehear-worker$' || continue
            kill -KILL ${p#/proc/} 2>/dev/null
        done 2>/dev/null; rm -rf \(Self.quoted(memory)); true
        """
    }

    /// A word as a shell reads it back.
    package static func quoted(_ word: String) -> String {
        "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
    }
}
