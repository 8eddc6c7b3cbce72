import CMPI

/// A call of MPI that failed.
package struct MPIError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The function's name.
    package let function: String
    /// What it returned.
    package let code: Int32
    /// What MPI says of it.
    package let message: String

    /// A sentence with the function and MPI's own text.
    package var description: String { "\(function) failed with code \(code): \(message)." }

    /// Whether a process died, as ULFM reports it. The class has no constant in 4.1's header, so its name is asked for.
    var isProcessFailure: Bool { message.contains("PROC_FAILED") }

}

extension MPIError {
    /// The error that a call returned; nil for success. To be called on the MPI thread.
    init?(_ function: String, _ code: Int32) {
        guard code != MPI_SUCCESS else { return nil }
        self.function = function
        self.code = code
        message = withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(MPI_MAX_ERROR_STRING) + 1) { text in
            text.initialize(repeating: 0)
            var length: Int32 = 0
            guard let start = text.baseAddress, MPI_Error_string(code, start, &length) == MPI_SUCCESS else {
                return "no description"
            }
            return String(cString: start)
        }
    }
}
