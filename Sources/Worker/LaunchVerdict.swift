internal import Files
internal import Foundation

/// What rank 0 ended with, told to `seehear launch`: `mpirun --enable-recovery` may end with 0 though a rank did not, and where a
/// run could not begin it has no `STATUS`. So the launcher names a file for it in `SEEHEAR_VERDICT`.
package enum LaunchVerdict {
    /// Writes it; nothing where no launcher asks for it, or from another rank.
    package static func tell(_ exitCode: Int32, rank: Int) {
        guard rank == 0, let path = ProcessInfo.processInfo.environment["SEEHEAR_VERDICT"] else { return }
        try? OwnFile.write("\(exitCode)\n", to: path)
    }
}
