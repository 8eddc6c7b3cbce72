internal import CCrypto

/// SHA-256 over bytes that come in pieces, by OpenSSL's libcrypto.
package struct SHA256: ~Copyable {
    private let context: OpaquePointer

    /// libcrypto takes itself apart when the process exits, under threads that still hash: a crash, unless it is told not
    /// to before its first use.
    private static let isReady = OPENSSL_init_crypto(UInt64(OPENSSL_INIT_NO_ATEXIT), nil) == 1

    /// Begins with no bytes.
    package init() {
        _ = Self.isReady
        // Nil only where a few hundred bytes cannot be allocated.
        guard let context = EVP_MD_CTX_new(), EVP_DigestInit_ex(context, EVP_sha256(), nil) == 1 else {
            preconditionFailure("no memory is left for a hash")
        }
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    /// Appends bytes.
    package mutating func update(_ bytes: [UInt8]) {
        _ = bytes.withUnsafeBytes { EVP_DigestUpdate(context, $0.baseAddress, $0.count) }
    }

    /// The 32 bytes of the hash of all that came so far; more may follow.
    package var digest: [UInt8] {
        guard let copy = EVP_MD_CTX_new() else { preconditionFailure("no memory is left for a hash") }
        defer { EVP_MD_CTX_free(copy) }
        return [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
            EVP_MD_CTX_copy_ex(copy, context)
            EVP_DigestFinal_ex(copy, buffer.baseAddress, nil)
            count = 32
        }
    }

    /// ``digest`` in lower-case hexadecimal.
    package var hexadecimalDigest: String { hexadecimal(digest) }

    /// The hash of some bytes.
    package static func digest(of bytes: [UInt8]) -> [UInt8] {
        var hash = SHA256()
        hash.update(bytes)
        return hash.digest
    }

    /// The hash of some bytes in lower-case hexadecimal.
    package static func hexadecimalDigest(of bytes: [UInt8]) -> String { hexadecimal(digest(of: bytes)) }

    /// The first 8 bytes of the hash of a text, big-endian and without the highest bit: a seed that follows from it.
    package static func seed(of text: String) -> UInt64 {
        digest(of: Array(text.utf8)).prefix(8).reduce(0) { $0 << 8 | UInt64($1) } & UInt64(Int64.max)
    }
}

/// Bytes in lower-case hexadecimal, two digits each.
package func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in bytes {
        text.append(digits[Int(byte >> 4)])
        text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
}
