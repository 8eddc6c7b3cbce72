internal import CTorch

/// Why an operation of libtorch did not happen.
package enum TorchError: Error, Sendable, CustomStringConvertible {
    /// libtorch refused the operation: shapes that do not fit, a device that is not there. The message is its own.
    case refused(operation: String, message: String)
    /// Host or device memory is exhausted. Nothing is damaged: smaller work may succeed.
    case outOfMemory(operation: String, message: String)

    /// True where less work at a time may succeed.
    package var isOutOfMemory: Bool {
        if case .outOfMemory = self { true } else { false }
    }

    package var description: String {
        switch self {
        case .refused(let operation, let message): "libtorch refused \(operation): \(message)"
        case .outOfMemory(let operation, let message):
            "no memory left in \(operation): \(message). Use a smaller batch, a shorter duration or a lower precision."
        }
    }

    /// The operation and libtorch's words about it, for an error that passes through C.
    var cause: String {
        switch self {
        case .refused(let operation, let message), .outOfMemory(let operation, let message): "\(operation): \(message)"
        }
    }

    init(_ status: SHStatus, _ operation: StaticString) {
        let message = String(cString: sh_last_error())
        self =
            status == SH_OUT_OF_MEMORY
            ? .outOfMemory(operation: "\(operation)", message: message)
            : .refused(operation: "\(operation)", message: message)
    }
}

/// Turns a status into a thrown error.
func check(_ status: SHStatus, _ operation: StaticString = #function) throws(TorchError) {
    guard status == SH_OK else { throw TorchError(status, operation) }
}
