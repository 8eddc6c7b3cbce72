internal import Foundation
internal import FoundationNetworking
internal import Synchronization

/// Requests by `URLSession`. Redirections are answers like others, and no answer may be larger than a chat's ever is.
final class URLSessionTransport: HTTPTransport {
    private static let bodyLimit = 4 << 20

    private let exchanges = Exchanges(bodyLimit: bodyLimit)
    private let session: URLSession

    /// - Parameter parallel: connections that are kept.
    init(parallel: Int) {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.httpMaximumConnectionsPerHost = parallel
        configuration.urlCache = nil
        configuration.httpCookieStorage = nil
        session = URLSession(configuration: configuration, delegate: exchanges, delegateQueue: nil)
    }

    // The session holds its delegate until it is told that there is nothing more to come.
    deinit { session.invalidateAndCancel() }

    func send(_ request: HTTPRequest) async throws -> HTTPAnswer {
        try await withThrowingTaskGroup { group in
            group.addTask { try await self.exchange(request) }
            group.addTask {
                try await Task.sleep(for: request.timeout)
                throw HTTPFailure(description: "did not answer within \(request.timeout)")
            }
            defer { group.cancelAll() }
            guard let answer = try await group.next() else { throw CancellationError() }
            return answer
        }
    }

    private func exchange(_ request: HTTPRequest) async throws -> HTTPAnswer {
        guard let url = URL(string: request.url) else {
            throw HTTPFailure(description: "has an address that is none: \(request.url)")
        }
        var asked = URLRequest(url: url)
        asked.httpMethod = request.body == nil ? "GET" : "POST"
        asked.httpBody = request.body.map { Data($0) }
        // Ours ends first, and says how long it waited.
        asked.timeoutInterval = request.timeout / .seconds(1) + 5
        for (name, value) in request.headers { asked.setValue(value, forHTTPHeaderField: name) }
        let task = session.dataTask(with: asked)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                exchanges.begin(task.taskIdentifier, continuation)
                task.resume()
                // Cancelled before it was begun, of which nobody may tell any more.
                if Task.isCancelled { exchanges.end(task.taskIdentifier, CancellationError()) }
            }
        } onCancel: {
            task.cancel()
        }
    }
}

/// What is under way in a session.
private final class Exchanges: NSObject, URLSessionDataDelegate, Sendable {
    private struct Exchange {
        let continuation: CheckedContinuation<HTTPAnswer, any Error>
        var body = Data()
        var isTooLarge = false
    }

    private let bodyLimit: Int
    private let underWay = Mutex<[Int: Exchange]>([:])

    init(bodyLimit: Int) { self.bodyLimit = bodyLimit }

    func begin(_ task: Int, _ continuation: CheckedContinuation<HTTPAnswer, any Error>) {
        underWay.withLock { $0[task] = Exchange(continuation: continuation) }
    }

    /// Ends an exchange that is still under way.
    func end(_ task: Int, _ error: any Error) {
        underWay.withLock { $0.removeValue(forKey: task) }?.continuation.resume(throwing: error)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        let isTooLarge = underWay.withLock { exchanges in
            guard var exchange = exchanges[dataTask.taskIdentifier] else { return false }
            exchange.isTooLarge = exchange.body.count + data.count > bodyLimit
            if !exchange.isTooLarge { exchange.body += data }
            exchanges[dataTask.taskIdentifier] = exchange
            return exchange.isTooLarge
        }
        if isTooLarge { dataTask.cancel() }
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        completionHandler(nil)
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        guard let exchange = underWay.withLock({ $0.removeValue(forKey: task.taskIdentifier) }) else { return }
        if exchange.isTooLarge {
            let failure = HTTPFailure(description: "sent an answer of more than \(bodyLimit >> 20) MiB")
            return exchange.continuation.resume(throwing: failure)
        }
        if let error {
            return exchange.continuation.resume(throwing: HTTPFailure(description: Self.reason(error)))
        }
        guard let response = task.response as? HTTPURLResponse else {
            return exchange.continuation.resume(throwing: HTTPFailure(description: "sent no answer"))
        }
        var headers: [String: String] = [:]
        for (name, value) in response.allHeaderFields { headers["\(name)".lowercased()] = "\(value)" }
        exchange.continuation.resume(
            returning: HTTPAnswer(status: response.statusCode, headers: headers, body: Array(exchange.body)))
    }

    /// Half a sentence about the server.
    private static func reason(_ error: any Error) -> String {
        switch (error as? URLError)?.code {
        case .cannotFindHost, .dnsLookupFailed: "is at a host that is not known here"
        case .cannotConnectToHost: "takes no connection"
        case .networkConnectionLost: "broke the connection off"
        case .timedOut: "did not answer in time"
        case .secureConnectionFailed, .serverCertificateUntrusted, .serverCertificateHasBadDate,
            .serverCertificateHasUnknownRoot, .serverCertificateNotYetValid:
            "has a certificate that is not trusted here"
        default: "could not be asked: \((error as NSError).localizedDescription)"
        }
    }
}
