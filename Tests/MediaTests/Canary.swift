import Foundation
import Glibc
import Testing

/// A file and a port that nobody may touch, and whether somebody did.
final class Canary {
    /// The port, on 127.0.0.1, where something listens.
    let port: Int
    private let listener: Int32
    private let watch: Int32

    /// - Parameter file: is there, and opened by nobody.
    init(file: String) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) | listen(listener, 8) | getsockname(listener, $0, &length)
            }
        }
        self.listener = listener
        watch = inotify_init1(Int32(IN_NONBLOCK))
        port = Int(UInt16(bigEndian: address.sin_port))
        try #require(status == 0)
        try #require(inotify_add_watch(watch, file, UInt32(IN_OPEN | IN_ACCESS)) >= 0)
    }

    deinit {
        close(listener)
        close(watch)
    }

    /// Whether the file was opened or the port called since the last time.
    func wasTouched() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 4096)
        var touched = false
        while read(watch, &buffer, buffer.count) > 0 { touched = true }
        while case let caller = accept(listener, nil, nil), caller >= 0 {
            close(caller)
            touched = true
        }
        return touched
    }
}
