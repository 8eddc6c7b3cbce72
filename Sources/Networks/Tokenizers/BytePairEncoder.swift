/// Byte-pair encoding of one word: begin with its bytes, and join the pair of neighbours whose merge comes first in the
/// list until no pair is in it. The same core serves RoBERTa (`wordEnd` empty) and CLIP (`wordEnd` "</w>").
package struct BytePairEncoder: Sendable {
    private struct Merge {
        var rank: UInt32
        var id: Int32
    }

    private let byteIDs: [Int32]
    /// For the last byte of a word, where the vocabulary marks it.
    private let lastByteIDs: [Int32]
    private let merges: [UInt64: Merge]

    /// - Parameters:
    ///   - vocabulary: the number of each token, written in ``ByteAlphabet``.
    ///   - merges: pairs of tokens, best first.
    ///   - wordEnd: what the last symbol of a word carries at its end.
    /// - Throws: ``TokenizerError/Kind`` where a byte, a part or a result is not in the vocabulary.
    init(
        vocabulary: [String: Int32], merges pairs: [(left: Substring, right: Substring)], wordEnd: String
    ) throws(TokenizerError.Kind) {
        func bytes(_ suffix: String) throws(TokenizerError.Kind) -> [Int32] {
            var ids: [Int32] = []
            for symbol in ByteAlphabet.symbols {
                guard let id = vocabulary[symbol + suffix] else { throw .missingByte(symbol + suffix) }
                ids.append(id)
            }
            return ids
        }
        byteIDs = try bytes("")
        lastByteIDs = wordEnd.isEmpty ? byteIDs : try bytes(wordEnd)
        var merges: [UInt64: Merge] = [:]
        merges.reserveCapacity(pairs.count)
        for (rank, pair) in pairs.enumerated() {
            guard let left = vocabulary[String(pair.left)], let right = vocabulary[String(pair.right)],
                let id = vocabulary[String(pair.left + pair.right)]
            else { throw .unknownMerge(number: rank + 1, "\(pair.left) \(pair.right)") }
            // A pair that comes twice keeps its first rank.
            if merges[Self.key(left, right)] == nil {
                merges[Self.key(left, right)] = Merge(rank: UInt32(rank), id: id)
            }
        }
        self.merges = merges
    }

    /// The token numbers of one word's UTF-8 bytes. Takes n log n steps.
    func encode(_ word: [UInt8]) -> [Int32] {
        guard let last = word.last else { return [] }
        var ids = word.dropLast().map { byteIDs[Int($0)] } + [lastByteIDs[Int(last)]]
        guard ids.count > 1 else { return ids }

        // A linked list over the symbols, and a queue of the pairs that can be joined. A pair that changed since it was
        // queued no longer has the rank it was queued with, or it is queued again.
        var next = Array(1...ids.count)
        var previous = Array(-1..<ids.count - 1)
        var isGone = [Bool](repeating: false, count: ids.count)
        var queue = PairQueue()
        for position in 0..<ids.count - 1 {
            if let merge = merges[Self.key(ids[position], ids[position + 1])] {
                queue.insert(rank: merge.rank, position: position)
            }
        }
        while let (rank, position) = queue.popFirst() {
            guard !isGone[position], next[position] < ids.count,
                let merge = merges[Self.key(ids[position], ids[next[position]])], merge.rank == rank
            else { continue }
            let right = next[position]
            ids[position] = merge.id
            isGone[right] = true
            next[position] = next[right]
            if next[right] < ids.count {
                previous[next[right]] = position
                if let after = merges[Self.key(merge.id, ids[next[right]])] {
                    queue.insert(rank: after.rank, position: position)
                }
            }
            let before = previous[position]
            if before >= 0, let joined = merges[Self.key(ids[before], merge.id)] {
                queue.insert(rank: joined.rank, position: before)
            }
        }
        return ids.indices.lazy.filter { !isGone[$0] }.map { ids[$0] }
    }

    private static func key(_ left: Int32, _ right: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
    }
}

/// A binary heap of pairs, lowest rank first, and of equal ranks the leftmost first.
private struct PairQueue {
    private var heap: [UInt64] = []

    mutating func insert(rank: UInt32, position: Int) {
        heap.append(UInt64(rank) << 32 | UInt64(position))
        var child = heap.count - 1
        while child > 0, heap[child] < heap[(child - 1) / 2] {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func popFirst() -> (rank: UInt32, position: Int)? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        if !heap.isEmpty {
            heap[0] = last
            var parent = 0
            while true {
                var least = parent
                for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child] < heap[least] {
                    least = child
                }
                if least == parent { break }
                heap.swapAt(parent, least)
                parent = least
            }
        }
        return (UInt32(first >> 32), Int(first & 0xFFFF_FFFF))
    }
}
