internal import Files

/// The system gave no thread.
package struct ThreadError: Error, Hashable, CustomStringConvertible {
    /// What the thread, or the threads, were for.
    package let purpose: String
    /// How many of several were made.
    private let made: Int?
    /// What `pthread_create` returned.
    package let code: Int32
    /// The limits of this process, each in words.
    package let limits: [String]

    /// Looks at the limits that are in force now.
    package init(_ purpose: String, made: Int? = nil, code: Int32) {
        self.purpose = purpose
        self.made = made
        self.code = code
        limits = ProcessLimits.inWords
    }

    /// One sentence with the limits and the remedy.
    package var description: String {
        let what =
            made.map { "only \($0) threads could be made of \(purpose)" }
            ?? "the thread \"\(purpose)\" could not be made"
        let bounds =
            limits.isEmpty
            ? "no limit of this process is set, so the host's is reached"
            : "the limits here: \(limits.joined(separator: ", "))"
        return
            "\(what) (\(SystemError.text(code))); \(bounds). Raise the one that is reached, or start fewer processes."
    }
}
