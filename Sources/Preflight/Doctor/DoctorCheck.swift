/// One thing that `seehear doctor` looked at.
package struct DoctorCheck: Sendable, Equatable, Codable {
    /// How the thing is.
    package enum State: String, Sendable, Codable {
        /// As it should be.
        case ok
        /// Absent or unusual, and runs work without.
        case note
        /// Runs will not work, or not well.
        case wrong

        /// The mark in the table.
        package var mark: String {
            switch self {
            case .ok: "✓"
            case .note: "–"
            case .wrong: "✗"
            }
        }
    }

    /// What was looked at.
    package let name: String
    package let state: State
    /// What was found.
    package let found: String
    /// What would help; nil where nothing is needed.
    package let remedy: String?

    package init(_ name: String, _ state: State, _ found: String, remedy: String? = nil) {
        self.name = name
        self.state = state
        self.found = found
        self.remedy = remedy
    }
}
