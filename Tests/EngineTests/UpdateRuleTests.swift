import Goldens
import Method
import TestSupport
import Testing
import Torch

@testable import Engine

/// The rule of an update.
@Suite struct UpdateRuleTests {
    /// Four updates with gradients from 10 down to 1e-12, and one element whose gradient is always 0.
    @Test func adamIsTorchs() throws {
        let goldens = try Fixtures.goldens.units("adam")
        var rule = UpdateRule(.adam, rate: 0.1)
        var value = try randn(5, [3, 4])
        for step in 0..<4 {
            let mask = try Tensor([0] + [Float](repeating: 1, count: 11), shape: [3, 4])
            var scale = 1.0
            for _ in 0..<step { scale *= 1e-4 }
            value = try rule.update(value, gradient: randn(UInt64(60 + step), [3, 4]) * scale * mask)
            let difference = try goldens.largestDifference("adam.\(step)", value)
            #expect(difference < 5e-7, "update \(step): \(difference)")
        }
        #expect(try value.floats()[0] == randn(5, [3, 4]).floats()[0], "no gradient, no step")
    }

    @Test func aFreshAdamStepIsTheSign() throws {
        var rule = UpdateRule(.adam, rate: 0.1)
        let moved = try rule.update(Tensor.zeros([4]), gradient: Tensor([Float(1e-3), -5, 0, 1e-8], shape: [4]))
            .floats()
        for (found, expected) in zip(moved, [-0.1, 0.1, 0, -0.05]) { #expect(abs(Double(found) - expected) < 1e-5) }
    }

    @Test("plain descent subtracts the gradient times the rate")
    func plainDescent() throws {
        var rule = UpdateRule(.sgd, rate: 0.5)
        var value = try Tensor([Float(1), 2], shape: [2])
        for _ in 0..<2 { value = try rule.update(value, gradient: Tensor([Float(2), -4], shape: [2])) }
        #expect(try value.floats() == [-1, 6])
    }
}
