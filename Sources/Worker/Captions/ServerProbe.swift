internal import CaptionServer
internal import Dispatch
internal import Foundation
internal import Method
internal import Preflight
internal import Synchronization

/// Asks the caption server for its models.
struct ServerProbe: CaptionServerProbe {
    func model(
        of server: CaptionServerSettings, for captioner: CaptionerSettings
    ) throws(CaptionServerError) -> String {
        do {
            let key = try CaptionServerKey(environment: ProcessInfo.processInfo.environment)
            let client = CaptionServerClient(captioner, server, key: key)
            let found = Mutex<Result<String, any Error>>(.failure(CancellationError()))
            let done = DispatchSemaphore(value: 0)
            // Who plans waits on a thread of its own.
            Task {
                let result: Result<String, any Error>
                do { result = .success(try await client.model()) } catch { result = .failure(error) }
                found.withLock { $0 = result }
                done.signal()
            }
            done.wait()
            return try found.withLock { $0 }.get()
        } catch let error as CaptionServerError {
            throw error
        } catch {
            throw CaptionServerError("\(server.url) was not asked: \(error)", mayPass: true)
        }
    }
}
