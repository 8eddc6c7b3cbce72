import Foundation
import Method
import TestSupport
import Testing
import Torch

@testable import Engine

/// What the binder makes of a list of captions.
@Suite struct FoundWordsTests {
    @Test("weights are a softmax of cosines, the sample's own caption among them")
    func weights() {
        let words = FoundWords(cosines: [0.1, 0.4], own: 0.3, temperature: 0.1)
        let all = [3.0, 1, 4].map { Foundation.exp($0) }
        let sum = all.reduce(0, +)
        #expect(abs((words.own ?? 0) - all[0] / sum) < 1e-12)
        #expect(abs(words.weights[0] - all[1] / sum) < 1e-12 && abs(words.weights[1] - all[2] / sum) < 1e-12)
        #expect(words.likeliest == 1)
        #expect(FoundWords(cosines: [0.1, 0.4], own: nil, temperature: 0.1).own == nil)
        #expect(FoundWords(cosines: [0.4, 0.4], own: 0.4, temperature: 0.1).likeliest == nil, "of equals the own one")
        #expect(FoundWords(cosines: [0.2, 0.4, 0.4], own: 0, temperature: 0.1).likeliest == 1, "of equals the first")
        #expect(
            FoundWords(cosines: [1, -1], own: nil, temperature: 1e-6).weights == [1, 0],
            "no overflow at low temperatures")
    }

    @Test("the weightiest captions are told, those of no weight are not")
    func told() {
        let words = FoundWords(cosines: [0.9, 0.2, 0.88], own: 0.5, temperature: 0.03)
        let told = words.words(["a", "b", "c"], caption: "own")
        #expect(told.map(\.text) == ["a", "c"])
        #expect(told[0].cosine == 0.9)
        // A caption that the list has too is one word.
        let twice = FoundWords(cosines: [0.9, 0.2], own: 0.9, temperature: 0.03).words(["a", "b"], caption: "a")
        #expect(twice.map(\.text) == ["a"] && abs(twice[0].weight - 1) < 1e-9)
    }

    @Test(
        "trust is 0 where a caption fits as the list's mean, 1 where it fits as its best, and 1 beside a short list",
        arguments: [(0.0, 0.0), (0.9, 1), (0.45, 0.5), (-0.5, 0), (1, 1)])
    func trust(own: Double, expected: Double) {
        let list = [-0.9, 0.9, -0.5, 0.5, -0.1, 0.1, -0.2, 0.2, 0, 0]
        #expect(abs(CaptionTrust.of(own, beside: list) - expected) < 1e-12)
        #expect(CaptionTrust.of(own, beside: [0.1, 0.2]) == 1)
    }

    @Test("a draw falls where the weights, laid end to end, put it")
    func draws() {
        let weights = [0.25, 0.5, 0.25]
        #expect([0, 0.2, 0.25, 0.7, 0.75, 0.999].map { Softmax.drawn(weights, at: $0) } == [0, 0, 1, 1, 2, 2])
        #expect(Softmax.drawn([0.3, 0.3, 0], at: 0.9) == 1, "never one of no weight")
        // As many draws of as many samples as say something.
        let drawn = (0..<4000).map { Softmax.drawn(weights, at: Beginning.draw("caption", UInt64($0))) }
        for (index, weight) in weights.enumerated() {
            #expect(abs(Double(drawn.count { $0 == index }) / 4000 - weight) < 0.03)
        }
    }

    @Test("seeds of beginnings follow from the sample's, and the first is the sample's own")
    func seeds() {
        #expect(Beginning.seed(7, particle: 0) == 7)
        #expect(Set((0..<50).map { Beginning.seed(7, particle: $0) }).count == 50)
        // printf 'seehear particle 1\0007\0001' | sha256sum, the first eight bytes without the highest bit.
        #expect(Beginning.seed(7, particle: 1) == 0x7192_73fe_5813_42be)
        #expect(Beginning.travelSeed(7) == 0x23ff_eacb_7807_69a3)
    }
}
