import Testing
import Torch

@testable import Engine

/// The rule of an update, and which steps are guided.
@Suite struct GuidanceTests {
    /// Four updates with gradients from 10 down to 1e-12, and one element whose gradient is always 0.
    @Test func adamIsTorchs() throws {
        let goldens = try UnitGoldens("adam")
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

    @Test func plainDescent() throws {
        var rule = UpdateRule(.gradientDescent, rate: 0.5)
        var value = try Tensor([Float(1), 2], shape: [2])
        for _ in 0..<2 { value = try rule.update(value, gradient: Tensor([Float(2), -4], shape: [2])) }
        #expect(try value.floats() == [-1, 6])
    }

    struct Row: Sendable {
        let steps: Int
        let window: GuidanceOptions.Window
        var every = 1
        let guided: [Int]
    }

    /// Timesteps as AudioLDM's schedule spreads them: 1000 / steps apart, the last at 1.
    @Test(arguments: [
        Row(steps: 5, window: .afterFraction(0.2), guided: [2, 3, 4]),
        Row(steps: 4, window: .afterFraction(0.2), guided: [1, 2, 3]),
        Row(steps: 30, window: .afterFraction(0.2), guided: Array(7..<30)),
        Row(steps: 5, window: .afterFraction(0), guided: [1, 2, 3, 4]),
        Row(steps: 5, window: .afterFraction(-1), guided: [0, 1, 2, 3, 4]),
        Row(steps: 5, window: .afterFraction(0.99), guided: []),
        Row(steps: 5, window: .afterFraction(.infinity), guided: []),
        Row(steps: 5, window: .afterFraction(.nan), guided: []),
        Row(steps: 1, window: .afterFraction(0.2), guided: []),
        Row(steps: 10, window: .afterFraction(0.2), every: 2, guided: [3, 5, 7, 9]),
        Row(steps: 10, window: .afterFraction(0.2), every: 3, guided: [3, 6, 9]),
        Row(steps: 10, window: .afterFraction(0.2), every: 100, guided: [3]),
        Row(steps: 10, window: .afterFraction(0.2), every: 0, guided: Array(3..<10)),
        Row(steps: 5, window: .belowTimestep(500), guided: [2, 3, 4]),
        Row(steps: 5, window: .belowTimestep(401), guided: [3, 4]),
        Row(steps: 5, window: .belowTimestep(402), guided: [2, 3, 4]),
        Row(steps: 5, window: .belowTimestep(0), guided: []),
        Row(steps: 5, window: .belowTimestep(.max), guided: [0, 1, 2, 3, 4]),
        Row(steps: 5, window: .belowTimestep(.max), every: 2, guided: [0, 2, 4]),
    ]) func guidedSteps(_ row: Row) {
        let options = GuidanceOptions(learningRates: [:], window: row.window, every: row.every)
        let timesteps = (0..<row.steps).reversed().map { Double($0 * (1000 / row.steps) + 1) }
        let guided = options.guidedSteps(timesteps: timesteps)
        #expect(guided.count == row.steps)
        #expect(guided.indices.filter { guided[$0] } == row.guided)
    }

    @Test func aWindowBetweenTimesteps() {
        let options = GuidanceOptions(learningRates: [:], window: .belowTimestep(500))
        #expect(
            options.guidedSteps(timesteps: [999, 500.5, 500, 499.99, 0.25, 0]) == [
                false, false, false, true, true, true,
            ])
    }

    @Test func numbersBelowOneAreOne() {
        let options = GuidanceOptions(learningRates: [.audio: 1], innerSteps: 0, every: -4)
        #expect(options.innerSteps == 1 && options.every == 1)
    }
}
