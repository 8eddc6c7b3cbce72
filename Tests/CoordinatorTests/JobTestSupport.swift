import Foundation

@testable import Coordinator

/// Changes bytes at random, the same way for the same seed.
struct Mutator {
    private var state: UInt64

    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }

    mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(max(1, limit))) }

    /// One to four changes: flipped, removed, doubled or foreign bytes, and cuts.
    mutating func mutate(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        let foreign: [[UInt8]] = [
            [0], [0xFF, 0xFE], [0xEF, 0xBB, 0xBF], Array("\"".utf8), Array("\\u".utf8), Array("{[".utf8),
            Array("1e999".utf8),
            Array("\r\n".utf8), Array(",,".utf8), Array("é".utf8), Array("99999999999999999999".utf8),
            Array("&a *a ".utf8),
        ]
        for _ in 0...below(4) where !bytes.isEmpty {
            let place = below(bytes.count)
            switch below(6) {
            case 0: bytes[place] = UInt8(truncatingIfNeeded: next())
            case 1: bytes.remove(at: place)
            case 2: bytes.insert(contentsOf: foreign[below(foreign.count)], at: place)
            case 3:
                bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 1 + below(40))], at: below(bytes.count))
            case 4: bytes.removeSubrange(place..<min(bytes.count, place + 1 + below(20)))
            default: bytes.removeLast(below(bytes.count))
            }
        }
        return bytes
    }
}

/// A job for tests, with settings of the command line.
func testJob(_ overrides: String..., folder: String = "/data") throws -> Job {
    try JobFile.resolve(
        "task: v2a\nmanifest: clips.jsonl\nmodels: {audio: a/b, image: e/f, motion: g/h, binder: c/d}\n",
        path: "\(folder)/job.yaml",
        overrides: overrides)
}
