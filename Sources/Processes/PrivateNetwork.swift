internal import CLinux
internal import Files
internal import Glibc

/// A network of a program's own, that holds the loopback and nothing else: whatever listens there is reached from there alone.
package enum PrivateNetwork {
    /// The command line that gives a program one, before the words of the program itself: by way of `unshare` and of this program, as
    /// ``enter(_:environment:)``.
    ///
    /// Root needs a namespace for the network alone. Others need one for users too, in which no program gains rights by its owner:
    /// NVIDIA's libraries rely on one that does, so where there is their driver nobody but root gets any.
    /// - Parameter command: the words by which this program is called to enter.
    /// - Returns: nil where it cannot be had here; that is tried.
    package static func words(calling command: [String], environment: [String: String]) -> [String]? {
        guard geteuid() == 0 || PathKind("/proc/driver/nvidia") == .nothing,
            let unshare = ProgramPath.find("unshare", path: environment["PATH"]),
            let nothing = ProgramPath.find("true", path: environment["PATH"])
        else { return nil }
        let rights = geteuid() == 0 ? [] : ["--map-current-user", "--keep-caps"]
        let words = [unshare] + rights + ["--net"] + command
        let trial = Spawn(unshare, words + [nothing], environment: environment)
        guard let output = try? RunningProgram(trial, limit: .seconds(10)).wait(), output.status == 0 else {
            return nil
        }
        return words
    }

    /// Turns the loopback on and becomes a program.
    /// - Throws: ``SpawnError``; it does not return.
    package static func enter(_ words: [String], environment: [String: String]) throws(SpawnError) -> Never {
        let code = seehear_loopback_up()
        guard code == 0 else { throw SpawnError(program: "the loopback", reason: SystemError.text(code)) }
        try Program.become(words, environment: environment)
    }
}
