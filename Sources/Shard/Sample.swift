import JSON

/// One finished sample: a key and the bytes of its members.
package struct Sample: Sendable, Equatable {
    /// The key, unique in the whole dataset.
    package let key: String
    /// The members by extension, such as `json`, `mp4` or `audio_latent.npy`; each is the file's whole content.
    package let members: [String: [UInt8]]

    /// Makes a sample; ``SampleBlock`` checks key and extensions when it is encoded.
    package init(key: String, members: [String: [UInt8]]) {
        self.key = key
        self.members = members
    }
}

/// The rules for a member's extension: the part of its name after the key and a dot.
package enum MemberExtension {
    /// The longest extension, in bytes.
    package static let maximumLength = 19

    /// Checks one extension: dot-separated words of `a-z`, `0-9`, `_` and `-`, each starting and ending with a letter or
    /// digit (loaders fold upper case and skip names that end with `__`).
    /// - Throws: ``SampleError/extension(_:)``.
    package static func validate(_ name: String) throws(SampleError) {
        guard !name.isEmpty, name.utf8.count <= maximumLength else { throw .extension(name) }
        for word in name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
            guard let first = word.first, let last = word.last, isAlphanumeric(first), isAlphanumeric(last),
                word.allSatisfy({ isAlphanumeric($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") })
            else { throw .extension(name) }
        }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: false
        }
    }
}

/// Why a sample cannot be stored.
package enum SampleError: Error, Equatable, CustomStringConvertible {
    /// The key breaks a rule.
    case key(SampleKeyError)
    /// A member's extension breaks a rule.
    case `extension`(String)
    /// The sample has no members.
    case noMembers(key: String)
    /// The sample's block exceeds the 4 GiB that a seek table can address.
    case tooLarge(key: String, bytes: Int)

    /// One sentence that names the key and the rule.
    package var description: String {
        switch self {
        case .key(let error): error.description
        case .extension(let name):
            "member extension \(quoted(name)) must be 1 to \(MemberExtension.maximumLength) bytes of dot-separated words "
                + "of a-z, 0-9, '_' and '-'"
        case .noMembers(let key): "sample \(quoted(key)) has no members; name at least one in the job's 'members'"
        case .tooLarge(let key, let bytes):
            "sample \(quoted(key)) takes \(bytes) bytes; a frame of a shard holds less than 4 GiB"
        }
    }
}
