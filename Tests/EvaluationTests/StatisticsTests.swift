import Testing

@testable import Evaluation

/// Rows from the congruential generator, as the reference draws them.
func drawn(_ seed: UInt64, _ rows: Int, _ columns: Int, times scale: Double = 1, plus shift: Double = 0) -> Matrix {
    var numbers = CongruentialNumbers(seed: seed)
    return Matrix(
        rows: rows, columns: columns, values: (0..<rows * columns).map { _ in numbers.next() * scale + shift })
}

func expect(
    _ value: Double, _ expected: Double, within tolerance: Double = 1e-10,
    sourceLocation: SourceLocation = #_sourceLocation
) {
    #expect(
        abs(value - expected) <= tolerance * abs(expected), "\(value), not \(expected)", sourceLocation: sourceLocation)
}

let x = drawn(1, 40, 8)
let y = drawn(2, 30, 8, times: 1.5, plus: 0.25)

/// Expected values are those of numpy and scipy: `evaluation.py numbers` of the reference.
@Suite struct FrechetDistanceTests {
    let algebra: OpenBLAS

    init() throws { algebra = try OpenBLAS.shared.get() }

    private func distance(_ one: Matrix, _ other: Matrix) throws -> Double {
        try FrechetDistance.between(Moments(of: one, by: algebra), Moments(of: other, by: algebra), by: algebra)
    }

    @Test("the numbers drawn are the reference's")
    func numbersDrawn() {
        #expect(x.values[0] == -0.15358165825457348)
        #expect(x.values[1] == 0.01881488576744128)
    }

    @Test("the distance is the reference's, and nothing for a set and itself")
    func published() throws {
        expect(try distance(x, y), 2.425145489629924)
        let trace = try Moments(of: x, by: algebra).covariance().trace
        #expect(abs(try distance(x, x)) < 1e-12 * trace)
    }

    @Test("with fewer rows than features nothing is lost")
    func fewRows() throws {
        let (one, other) = (drawn(11, 12, 64), drawn(12, 10, 64, times: 1.2, plus: -0.1))
        expect(try distance(one, other), 41.20428022363926)
        #expect(abs(try distance(one, one)) < 1e-12 * (try Moments(of: one, by: algebra).covariance().trace))
    }

    @Test(
        "any cut into shards gives the same, empty ones and single rows included",
        arguments: [
            [1, 0, 16, 23], [40], [0, 40, 0], [13, 13, 14], Array(repeating: 1, count: 40),
        ])
    func shards(sizes: [Int]) throws {
        var (merged, first) = (Moments(width: 8), 0)
        for size in sizes {
            merged = try merged.merged(with: Moments(of: x[rows: first..<first + size], by: algebra))
            first += size
        }
        #expect(merged.count == 40)
        expect(
            try FrechetDistance.between(merged, Moments(of: y, by: algebra), by: algebra), 2.425145489629924,
            within: 1e-12)
    }

    @Test("the order of the rows does not matter")
    func order() throws {
        var generator = RandomState(seed: 3)
        expect(try distance(x.rows(generator.permutation(40)), y), 2.425145489629924, within: 1e-12)
    }

    @Test("diagonal Gaussians have the distance that their formula gives")
    func diagonal() throws {
        // ±a on each axis by itself: mean 0, variance 2a²/(n − 1) on it.
        func cross(_ lengths: [Double], at mean: Double) -> Matrix {
            var rows = Matrix(rows: 6, columns: 3)
            for axis in 0..<3 {
                for row in 0..<6 { rows[row, axis] = mean }
                rows[2 * axis, axis] += lengths[axis]
                rows[2 * axis + 1, axis] -= lengths[axis]
            }
            return rows
        }
        let (a, b) = ([1.0, 2, 3], [2.0, 2, 0.5])
        let expected = zip(a, b).reduce(3 * 0.25) { sum, at in
            let roots = ((2 * at.0 * at.0 / 5).squareRoot(), (2 * at.1 * at.1 / 5).squareRoot())
            return sum + (roots.0 - roots.1) * (roots.0 - roots.1)
        }
        expect(try distance(cross(a, at: 0), cross(b, at: 0.5)), expected, within: 1e-12)
    }

    @Test("the line to infinitely many rows is the reference's")
    func infinity() throws {
        let line = try FrechetDistance.toInfinity(drawn(13, 200, 8), Moments(of: x, by: algebra), by: algebra)
        expect(line.value, 0.176725744034752, within: 1e-8)
        expect(line.slope, 9.75184628783369, within: 1e-8)
        expect(line.rSquared, 0.644449373612407, within: 1e-8)
    }

    @Test("one row, unlike widths and too few rows for a line are named")
    func refused() {
        #expect(throws: StatisticsError.tooFewRows(found: 1, needed: 2, what: "a covariance")) {
            try distance(x[rows: 0..<1], y)
        }
        #expect(throws: StatisticsError.widths(8, 3)) { try distance(x, drawn(1, 10, 3)) }
        #expect(throws: StatisticsError.widths(8, 3)) { try Moments(width: 8).merged(with: Moments(width: 3)) }
        #expect(throws: StatisticsError.self) {
            try FrechetDistance.toInfinity(x[rows: 0..<2], Moments(of: y, by: algebra), by: algebra)
        }
    }
}

@Suite struct KernelDistanceTests {
    let algebra: OpenBLAS

    init() throws { algebra = try OpenBLAS.shared.get() }

    @Test("polynomial kernels are the reference's")
    func polynomial() throws {
        expect(try KernelDistances.polynomial(x, y, by: algebra), 0.5397736128463317)
        expect(try KernelDistances.polynomial(x, x, by: algebra), -0.06549643769440516)
        let squared = try KernelDistances.polynomial(x, y, degree: 2, constant: 0, unbiased: false, by: algebra)
        expect(100 * squared, 7.845858704777958)
    }

    @Test("the kernel audio distance is the reference's, by either side's distances")
    func audio() throws {
        expect(try KernelDistances.medianDistance(x, by: algebra), 2.227620788073048)
        expect(try KernelDistances.medianDistance(y, by: algebra), 3.3678689369652774)
        expect(try KernelDistances.audio(y, reference: x, by: algebra), 12.46841387101597)
        expect(try KernelDistances.audio(y, reference: x, bandwidth: .kadtk, by: algebra), 7.123323652172431)
    }

    @Test("sets of more rows than are multiplied at a time give what a whole table gives")
    func pieces() throws {
        let (many, others) = (drawn(5, KernelDistances.piece + 7, 2), drawn(6, KernelDistances.piece + 50, 2))
        func sum(_ a: Matrix, _ b: Matrix, diagonal: Bool) -> Double {
            (0..<a.rows).reduce(0) { sum, i in
                (0..<b.rows).reduce(sum) { sum, j in
                    guard diagonal || i != j else { return sum }
                    let k = (a[i, 0] * b[j, 0] + a[i, 1] * b[j, 1]) / 2 + 1
                    return sum + k * k * k
                }
            }
        }
        let (n, m) = (Double(many.rows), Double(others.rows))
        let expected =
            sum(many, many, diagonal: false) / (n * (n - 1)) + sum(others, others, diagonal: false) / (m * (m - 1)) - 2
            * sum(many, others, diagonal: true) / (n * m)
        let value = try KernelDistances.polynomial(many, others, by: algebra)
        #expect(abs(value - expected) < 1e-10)
        let distances = (0..<many.rows).flatMap { i in
            (i + 1..<many.rows).map { j in
                ((many[i, 0] - many[j, 0]) * (many[i, 0] - many[j, 0]) + (many[i, 1] - many[j, 1])
                    * (many[i, 1] - many[j, 1]))
                    .squareRoot()
            }
        }.sorted()
        expect(try KernelDistances.medianDistance(many, by: algebra), distances[(distances.count - 1) / 2])
    }

    @Test("one row, equal rows and unlike widths are named")
    func refused() throws {
        #expect(throws: StatisticsError.self) { try KernelDistances.polynomial(x[rows: 0..<1], y, by: algebra) }
        #expect(throws: StatisticsError.self) { try KernelDistances.medianDistance(x[rows: 0..<1], by: algebra) }
        #expect(throws: StatisticsError.widths(8, 2)) { try KernelDistances.polynomial(x, drawn(1, 9, 2), by: algebra) }
        let equal = Matrix(rows: 5, columns: 8, values: [Double](repeating: 0.3, count: 40))
        #expect(throws: StatisticsError.constant("the reference")) {
            try KernelDistances.audio(x, reference: equal, by: algebra)
        }
        #expect(throws: StatisticsError.constant("the evaluated set")) {
            try KernelDistances.audio(equal, reference: x, bandwidth: .kadtk, by: algebra)
        }
    }
}

@Suite struct ClassScoreTests {
    private let p = drawn(1, 40, 8, times: 3)
    private let q = drawn(2, 30, 8, times: 4.5, plus: 0.75)

    private func mean(_ generated: Matrix, _ reference: Matrix, _ variant: KLDivergence.Variant) throws -> Double {
        let values = try KLDivergence.ofPairs(generated, reference: reference, variant)
        return values.reduce(0, +) / Double(values.count)
    }

    @Test("divergences are the reference's")
    func divergences() throws {
        let first = p[rows: 0..<30]
        expect(try mean(first, q, .eps), 2.280880784028884)
        expect(try mean(first, q, .exact), 2.2809877895313706)
        expect(try mean(first, q, .sigmoid), 3.604113511083818)
        expect(try mean(q, first, .eps), 2.698258964406435)
        let one = Matrix(rows: 1, columns: 4, values: [1e4, 0, 0, 0])
        let other = Matrix(rows: 1, columns: 4, values: [0, 0, 1e4, 0])
        expect(try mean(one, other, .eps), 13.815510557964274)
        #expect(try mean(p, p, .exact) == 0)
    }

    @Test("Inception scores are the reference's, and one for a uniform classifier")
    func inception() throws {
        let score = try InceptionScore.of(p)
        expect(score.mean, 1.6822158248247745)
        expect(score.deviation, 0.1904295291648944)
        expect(try InceptionScore.of(p, splits: 1, seed: nil).mean, 2.0066319052692876)
        #expect(try InceptionScore.of(Matrix(rows: 40, columns: 8)) == InceptionScore.Value(mean: 1, deviation: 0))
    }

    @Test("permutations are numpy's")
    func permutations() {
        var generator = RandomState(seed: 2020)
        #expect(generator.permutation(10) == [2, 4, 9, 1, 5, 7, 6, 3, 8, 0])
        #expect(generator.permutation(1) == [0])
        #expect(generator.permutation(0).isEmpty)
        #expect(generator.permutation(700).sorted() == Array(0..<700))
    }

    @Test("cosines and the interval of their mean are the reference's")
    func cosines() {
        let cosines = (0..<30).map { Cosine.of(x[$0], y[$0]) }
        expect(cosines.reduce(0, +) / 30, -0.046747504001899184)
        let interval = Bootstrap().interval(cosines)
        expect(interval.low, -0.15087726331491055)
        expect(interval.high, 0.04530037040562148)
        #expect(Cosine.of([0, 0], [1, 2]) == 0)
        #expect(Bootstrap().interval([0.25]) == (0.25, 0.25))
    }

    @Test("unpaired rows, other classes and fewer rows than parts are named")
    func refused() {
        #expect(throws: StatisticsError.unpaired(40, 30)) { try KLDivergence.ofPairs(p, reference: q, .eps) }
        #expect(throws: StatisticsError.widths(8, 3)) {
            try KLDivergence.ofPairs(p, reference: drawn(1, 40, 3), .exact)
        }
        #expect(throws: StatisticsError.tooFewRows(found: 9, needed: 10, what: "an Inception score in 10 parts")) {
            try InceptionScore.of(p[rows: 0..<9])
        }
    }
}
