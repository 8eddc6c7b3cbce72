/// One request.
struct HTTPRequest: Sendable {
    let url: String
    /// nil: a GET without a body; else a POST with this JSON.
    let body: [UInt8]?
    let headers: [String: String]
    /// From the first byte sent to the last one received.
    let timeout: Duration
}

/// One answer, whole.
struct HTTPAnswer: Sendable {
    let status: Int
    /// By name, in lower case.
    let headers: [String: String]
    let body: [UInt8]
}

/// Why there is no answer, as half a sentence about the server.
struct HTTPFailure: Error, CustomStringConvertible {
    let description: String
}

/// Carries requests.
protocol HTTPTransport: Sendable {
    /// - Throws: ``HTTPFailure``; `CancellationError`.
    func send(_ request: HTTPRequest) async throws -> HTTPAnswer
}
