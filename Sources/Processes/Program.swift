internal import Files
internal import Glibc

/// What this process knows of itself and can do with itself.
package enum Program {
    /// The path of the program that runs, links followed; what it was called by where the system does not tell.
    package static var path: String {
        guard let path = realpath("/proc/self/exe", nil) else { return CommandLine.arguments[0] }
        defer { free(path) }
        return String(cString: path)
    }

    /// A word that no other process, here or elsewhere, calls itself by.
    package static func mark() -> String {
        let digits = String(UInt64.random(in: .min ... .max), radix: 16)
        return "\(getpid())-\(String(repeating: "0", count: 16 - digits.count))\(digits)"
    }

    /// Becomes another program, under the same process number.
    /// - Parameter words: its command line; the first is looked up on `PATH`. Signals that this process ignores it ignores too.
    /// - Throws: ``SpawnError``; it does not return.
    package static func become(_ words: [String], environment: [String: String]) throws(SpawnError) -> Never {
        let name = words.first ?? ""
        let path = ProgramPath.find(name, path: environment["PATH"]) ?? name
        CStrings.with(words) { arguments in
            _ = CStrings.with(environment.map { "\($0.key)=\($0.value)" }) { execve(path, arguments, $0) }
        }
        throw SpawnError(program: name, reason: SystemError.last)
    }
}

/// Words as C takes them.
enum CStrings {
    /// Calls a body with an array that ends with nil.
    static func with<Result>(
        _ words: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
    ) -> Result {
        let copies = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: words.count + 1)
        for (index, word) in words.enumerated() { copies[index] = strdup(word) }
        copies[words.count] = nil
        defer {
            for index in words.indices { free(copies[index]) }
            copies.deallocate()
        }
        return body(copies)
    }
}
