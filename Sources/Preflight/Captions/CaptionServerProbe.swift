package import Method

/// Asks the server that is to caption, before anything is planned.
package protocol CaptionServerProbe: Sendable {
    /// The server's name for the model that will caption. Blocks.
    /// - Throws: ``CaptionServerProblem``.
    func model(of server: CaptionServerSettings, for captioner: CaptionerSettings) throws(CaptionServerProblem)
        -> String
}

/// Why a server captions nothing.
package struct CaptionServerProblem: Error, Sendable, CustomStringConvertible {
    /// A sentence with the remedy.
    package let description: String
    /// Whether the same command may do better later.
    package let mayPass: Bool

    package init(_ description: String, mayPass: Bool) {
        self.description = description
        self.mayPass = mayPass
    }
}
