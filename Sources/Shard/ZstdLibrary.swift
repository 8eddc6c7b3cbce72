internal import CZstd

/// The zstd library, as loaded.
package enum ZstdLibrary {
    /// Such as `1.5.4`. Compressed bytes may differ between versions; what they decompress to does not.
    package static var version: String { String(cString: ZSTD_versionString()) }
}
