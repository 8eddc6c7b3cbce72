internal import Glibc

/// This host, as it stands in temporary names, rows and logs.
package enum LocalHost {
    /// What `gethostname` says; Foundation's `hostName` asks the network and may find nothing.
    package static let name: String = {
        var buffer = [CChar](repeating: 0, count: 257)
        guard gethostname(&buffer, 256) == 0 else { return "localhost" }
        let name = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return name.isEmpty ? "localhost" : name
    }()
}
