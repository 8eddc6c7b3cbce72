/// numpy's `RandomState`: the Mersenne Twister, seeded by `init_genrand`. Evaluators of the field shuffle with it, so that
/// their splits can be had with it alone.
package struct RandomState: Sendable {
    private var state: [UInt32]
    private var next = 624

    /// - Parameter seed: as numpy's, one number.
    package init(seed: UInt32) {
        state = [seed]
        for i in 1..<624 {
            let last = state[i - 1]
            state.append(1_812_433_253 &* (last ^ (last >> 30)) &+ UInt32(i))
        }
    }

    /// 32 random bits.
    package mutating func bits() -> UInt32 {
        if next == 624 { twist() }
        var y = state[next]
        next += 1
        y ^= y >> 11
        y ^= (y << 7) & 0x9D2C_5680
        y ^= (y << 15) & 0xEFC6_0000
        return y ^ (y >> 18)
    }

    private mutating func twist() {
        for i in 0..<624 {
            let y = (state[i] & 0x8000_0000) | (state[(i + 1) % 624] & 0x7FFF_FFFF)
            state[i] = state[(i + 397) % 624] ^ (y >> 1) ^ (y & 1 == 0 ? 0 : 0x9908_B0DF)
        }
        next = 0
    }

    /// The numbers 0..<count in the order of numpy's `permutation(count)`. Each place, from the last on, is exchanged with one
    /// at or before it, which is drawn by masking bits until they fit.
    package mutating func permutation(_ count: Int) -> [Int] {
        var order = Array(0..<count)
        for i in stride(from: count - 1, to: 0, by: -1) {
            let most = UInt32(i)
            let mask = UInt32.max >> UInt32(most.leadingZeroBitCount)
            var j = bits() & mask
            while j > most { j = bits() & mask }
            order.swapAt(i, Int(j))
        }
        return order
    }
}
