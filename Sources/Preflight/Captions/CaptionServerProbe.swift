package import Method

/// Asks the server that is to caption, before anything is planned.
package protocol CaptionServerProbe: Sendable {
    /// The server's name for the model that will caption. Blocks.
    /// - Throws: `CaptionServerError`.
    func model(of server: CaptionServerSettings, for captioner: CaptionerSettings) throws(CaptionServerError)
        -> String
}
