/// Why no caption server captions anything.
package struct CaptionServerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A sentence with the remedy.
    package let description: String
    /// Whether the same command may go on later: the server is not there now.
    package let mayPass: Bool

    package init(_ description: String, mayPass: Bool = false) {
        self.description = description
        self.mayPass = mayPass
    }
}
