import Testing

extension Integration {
    /// Scenes whose truth is known, and the judge that says what pictures and sounds of them hold.
    @Suite("The toy world", .serialized)
    struct ToyWorldTests {
        /// The scenes as files lie in `demo/scenes`; what they are is in `truth.json`.
        @Test("the judge finds in the held-out files what their scenes are")
        func judge() async throws {
            let judged = try await Python.run("Tests/Integration/judge_scenes.py")
            #expect(judged.code == 0, "\(judged.text)")
            #expect(judged.output.contains("16 scenes"), "\(judged.text)")
        }
    }
}
