/// What a short-lived program wrote and how it ended.
package struct ProcessOutput: Sendable, Equatable {
    /// The exit status; 128 + n where signal n ended it.
    package let status: Int32
    package let output: String
    package let errors: String
    /// Whether it was ended because it took too long.
    package let timedOut: Bool

    package init(status: Int32, output: String, errors: String, timedOut: Bool = false) {
        self.status = status
        self.output = output
        self.errors = errors
        self.timedOut = timedOut
    }

    /// Runs a program and waits for it. Blocks.
    /// - Parameter limit: Seconds after which it is ended, with what it started.
    /// - Returns: nil where it could not be started.
    package static func run(_ executable: String, _ arguments: [String], limit: Double) -> ProcessOutput? {
        try? RunningProgram(Spawn(executable, [executable] + arguments), limit: .seconds(limit)).wait()
    }
}
