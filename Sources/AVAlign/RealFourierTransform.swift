import Glibc

/// The power spectrum of real numbers, in double precision: a fast Fourier transform of half as many complex ones.
///
/// Written here because there is nothing to take it from: OpenBLAS has none, libtorch has no place in a login node's program,
/// and FFmpeg's computes in single precision, in which a sum of squares loses what lies 80 dB below.
struct RealFourierTransform {
    private let half: Int
    /// exp(−2πi k / length) for the first half.
    private let turns: [(cos: Double, sin: Double)]
    /// Where each of the complex numbers goes first.
    private let order: [Int]

    /// - Parameter length: a power of 2, at least 4.
    init(length: Int) {
        precondition(length >= 4 && length & (length - 1) == 0)
        half = length / 2
        turns = (0..<length / 2).map {
            let angle = -2 * Double.pi * Double($0) / Double(length)
            return (cos(angle), sin(angle))
        }
        let bits = half.trailingZeroBitCount
        order = (0..<half).map { place in
            (0..<bits).reduce(0) { $0 | (place >> $1 & 1) << (bits - 1 - $1) }
        }
    }

    /// |X|² of lines 0 … length / 2.
    func power(_ values: [Double]) -> [Double] {
        precondition(values.count == half * 2)
        // Even numbers are the real part, odd ones the imaginary.
        var real = [Double](repeating: 0, count: half)
        var imaginary = real
        for (place, from) in order.enumerated() {
            real[place] = values[2 * from]
            imaginary[place] = values[2 * from + 1]
        }
        real.withUnsafeMutableBufferPointer { re in
            imaginary.withUnsafeMutableBufferPointer { im in transform(re, im) }
        }
        return (0...half).map { k in
            let (a, b) = (k % half, (half - k) % half)
            let even = (re: (real[a] + real[b]) / 2, im: (imaginary[a] - imaginary[b]) / 2)
            let odd = (re: (imaginary[a] + imaginary[b]) / 2, im: (real[b] - real[a]) / 2)
            let turn = k == half ? (cos: -1, sin: 0) : turns[k]
            let re = even.re + turn.cos * odd.re - turn.sin * odd.im
            let im = even.im + turn.cos * odd.im + turn.sin * odd.re
            return re * re + im * im
        }
    }

    /// Complex numbers in the order of reversed bits, in place.
    private func transform(_ re: UnsafeMutableBufferPointer<Double>, _ im: UnsafeMutableBufferPointer<Double>) {
        turns.withUnsafeBufferPointer { turns in
            var size = 2
            while size <= half {
                let step = 2 * half / size
                for start in stride(from: 0, to: half, by: size) {
                    for k in 0..<size / 2 {
                        let (a, b) = (start + k, start + k + size / 2)
                        let turn = turns[k * step]
                        let (x, y) = (re[b] * turn.cos - im[b] * turn.sin, re[b] * turn.sin + im[b] * turn.cos)
                        (re[b], im[b]) = (re[a] - x, im[a] - y)
                        (re[a], im[a]) = (re[a] + x, im[a] + y)
                    }
                }
                size *= 2
            }
        }
    }
}
