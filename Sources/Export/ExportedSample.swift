internal import Planning

/// A sample that is exported: what was generated, and its partner where there is a reference.
struct ExportedSample {
    let generated: EvaluatedSample
    var reference: EvaluatedSample?
    /// What its files are called, without their extensions.
    var stem: String
    /// The row of the table that asks for it, from 1.
    var row: Int?

    /// Its own name.
    var name: String { generated.name }

    /// What it is said to show.
    var prompt: String? {
        [generated.prompt, reference?.prompt].compactMap { $0 }.first { !$0.isEmpty }
    }

    /// The side whose mp4 is taken, its own before the reference's.
    var filmed: EvaluatedSample? { [generated, reference].compactMap { $0 }.first { $0.picture?.isMP4 == true } }
}

extension EvaluatedSample.Place {
    /// Whether the bytes are an mp4, by what they are called.
    fileprivate var isMP4: Bool { (member.map { ".\($0)" } ?? path).lowercased().hasSuffix(".mp4") }
}
