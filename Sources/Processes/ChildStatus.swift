package import Glibc

/// How children of this process ended.
package enum ChildStatus {
    /// Looks whether a child has ended, and lets go of it if so. What is no child of this process counts as ended, with −1.
    /// - Returns: its exit code, 128 + n where signal n ended it; nil while it runs.
    package static func exitCode(of child: pid_t) -> Int32? {
        var status: Int32 = 0
        while true {
            let found = waitpid(child, &status, WNOHANG)
            if found == 0 { return nil }
            if found == child {
                let signal = status & 0x7f
                return signal == 0 ? status >> 8 & 0xff : 128 + signal
            }
            if errno != EINTR { return -1 }
        }
    }
}
