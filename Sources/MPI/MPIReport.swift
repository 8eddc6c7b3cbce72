import CMPI

/// What is known of the MPI library and of this process in it.
package struct MPIReport: Sendable, Hashable {
    /// The library's own line, such as `Open MPI v4.1.4, …`.
    package let libraryVersion: String
    /// The standard it follows, such as `3.1`.
    package let standard: String
    /// The thread level that was given.
    package let threadLevel: ThreadLevel
    /// Whether the library can tell of dead ranks (ULFM).
    package let hasFaultTolerance: Bool
    /// This process's rank.
    package let rank: Int
    /// Ranks in all.
    package let size: Int
    /// This process's number among those on its host.
    package let localRank: Int

    /// The library's line without starting MPI, which any thread may ask for.
    package static func libraryVersion() -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(MPI_MAX_LIBRARY_VERSION_STRING) + 1) { text in
            text.initialize(repeating: 0)
            var length: Int32 = 0
            guard let start = text.baseAddress, MPI_Get_library_version(start, &length) == MPI_SUCCESS else {
                return "unknown"
            }
            return String(cString: start)
        }
    }

    /// The standard that the library follows, without starting MPI.
    package static func standard() -> String {
        var version: Int32 = 0
        var subversion: Int32 = 0
        guard MPI_Get_version(&version, &subversion) == MPI_SUCCESS else { return "unknown" }
        return "\(version).\(subversion)"
    }
}
