internal import Files

extension [ReportedSample] {
    /// What samples may have values of, scores and losses first.
    var measures: [String] {
        let metrics = flatMap { $0.results.compactMap { $0?.values }.flatMap(\.keys) }
        return ["score", "loss"] + Set(metrics).sorted()
    }

    /// What a run's samples have of a measure, by key.
    func values(of measure: String, run: Int) -> [ExactText: Double] {
        Dictionary(
            compactMap { sample in sample.results[run]?.value(measure).map { (ExactText(sample.key), $0) } }
        ) { first, _ in first }
    }
}
