/// Why nothing can be started: what is wrong, and what would help.
package struct LaunchProblem: Error, Equatable, CustomStringConvertible {
    /// What was found, with the file, the option or the host.
    package let found: String
    package let remedy: String

    package init(_ found: String, remedy: String) {
        self.found = found
        self.remedy = remedy
    }

    package var description: String { "\(found): \(remedy)" }
}
