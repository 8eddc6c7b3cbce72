import Method
import Testing

/// Which steps are guided.
@Suite struct GuidanceWindowTests {
    struct Row: Sendable {
        let steps: Int
        let window: GuidanceWindow
        var every = 1
        let guided: [Int]
    }

    /// Timesteps as AudioLDM's schedule spreads them: 1000 / steps apart, the last at 1.
    @Test(
        "the window and `every` choose the guided steps",
        arguments: [
            Row(steps: 5, window: .start(0.2), guided: [2, 3, 4]),
            Row(steps: 4, window: .start(0.2), guided: [1, 2, 3]),
            Row(steps: 30, window: .start(0.2), guided: Array(7..<30)),
            Row(steps: 5, window: .start(0), guided: [1, 2, 3, 4]),
            Row(steps: 5, window: .start(-1), guided: [0, 1, 2, 3, 4]),
            Row(steps: 5, window: .start(0.99), guided: []),
            Row(steps: 5, window: .start(.infinity), guided: []),
            Row(steps: 5, window: .start(.nan), guided: []),
            Row(steps: 1, window: .start(0.2), guided: []),
            Row(steps: 10, window: .start(0.2), every: 2, guided: [3, 5, 7, 9]),
            Row(steps: 10, window: .start(0.2), every: 3, guided: [3, 6, 9]),
            Row(steps: 10, window: .start(0.2), every: 100, guided: [3]),
            Row(steps: 10, window: .start(0.2), every: 0, guided: Array(3..<10)),
            Row(steps: 5, window: .below(500), guided: [2, 3, 4]),
            Row(steps: 5, window: .below(401), guided: [3, 4]),
            Row(steps: 5, window: .below(402), guided: [2, 3, 4]),
            Row(steps: 5, window: .below(0), guided: []),
            Row(steps: 5, window: .below(.max), guided: [0, 1, 2, 3, 4]),
            Row(steps: 5, window: .below(.max), every: 2, guided: [0, 2, 4]),
        ])
    func guidedSteps(_ row: Row) {
        var options = Preset.official.aligner(for: .v2a)
        options.window = row.window
        options.every = row.every
        let timesteps = (0..<row.steps).reversed().map { Double($0 * (1000 / row.steps) + 1) }
        let guided = options.guidedSteps(timesteps: timesteps)
        #expect(guided.count == row.steps)
        #expect(guided.indices.filter { guided[$0] } == row.guided)
    }

    @Test("a window that ends between two timesteps takes those below it")
    func aWindowBetweenTimesteps() {
        var options = Preset.official.aligner(for: .v2a)
        options.window = .below(500)
        #expect(
            options.guidedSteps(timesteps: [999, 500.5, 500, 499.99, 0.25, 0]) == [
                false, false, false, true, true, true,
            ])
    }

    @Test("gradient steps are the guided steps times the inner steps, and none without guidance")
    func gradientStepsOfARun() {
        var options = Preset.official.aligner(for: .v2a)
        options.innerSteps = 3
        let timesteps = (0..<10).reversed().map { Double($0 * 100 + 1) }
        #expect(GuidanceWork(.aligner(options), .audio, timesteps: timesteps).updated == 7 * 3)
        #expect(GuidanceWork(.off, .audio, timesteps: timesteps).updated == 0)
    }
}
