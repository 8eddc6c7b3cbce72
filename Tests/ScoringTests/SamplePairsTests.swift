import Testing

@testable import Scoring

@Suite struct SamplePairsTests {
    private func outcome(_ names: [String], _ others: [String]) -> (pairs: [[Int]], problem: String?) {
        switch SamplePairs.of(names, others, sides: ("made", "real")) {
        case .pairs(let pairs): (pairs.map { [$0.row, $0.partner] }, nil)
        case .problem(let problem): ([], problem)
        }
    }

    @Test("rows of one name are a pair, in the order of the generated side")
    func pairs() {
        #expect(outcome(["b", "a"], ["a", "b"]).pairs == [[0, 1], [1, 0]])
    }

    @Test("names that only look alike are two")
    func exact() {
        #expect(outcome(["\u{E9}"], ["e\u{301}"]).problem?.hasPrefix("0 of 1 samples have a partner") == true)
    }

    @Test("one in a hundred may be alone, and no more")
    func overlap() {
        let names = (0..<100).map(String.init)
        #expect(outcome(names, Array(names.dropLast())).pairs.count == 99)
        let problem = outcome(names, Array(names.dropFirst(2))).problem
        #expect(problem == "98 of 100 samples have a partner of the same name, and 99 % are needed; without one: 0, 1")
    }

    @Test("a name with several rows is none of a pair")
    func repeated() {
        #expect(outcome(["a", "a"], ["a"]).problem?.contains("a has 2 rows in made") == true)
        #expect(outcome(["a"], ["a", "a"]).problem?.contains("a has 2 rows in real") == true)
    }
}
