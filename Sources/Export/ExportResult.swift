/// What was exported.
package struct ExportResult: Sendable {
    private let request: ExportRequest
    /// Samples, each with a sound, and with a reference one of it too.
    package let sounds: Int
    package let films: Int
    /// Samples in the table of captions.
    package internal(set) var captions = 0
    /// Samples whose files are not called as they are.
    package internal(set) var renamed = 0
    /// By name.
    package internal(set) var leftOut: [LeftOut] = []
    private let notes: [String]

    init(_ request: ExportRequest, sounds: Int, films: Int, notes: [String]) {
        self.request = request
        self.sounds = sounds
        self.films = films
        self.notes = notes
    }

    /// Whether a file could not be read.
    package var hasUnreadable: Bool { leftOut.contains(where: \.isUnreadable) }

    /// What a user has to know, and what to do next.
    package var lines: [String] {
        let layout = request.evaluator.layout
        var lines = ["\(path(layout.sounds)): \(Self.count(sounds, "sound"))"]
        if request.reference != nil, let reference = layout.reference {
            lines.append("\(path(reference)): \(Self.count(sounds, "sound")) of the reference")
        }
        if let films = layout.films, self.films > 0 {
            lines.append("\(path(films)): \(Self.count(self.films, "video"))")
        }
        if captions > 0 { lines.append("\(path(Exporter.captionsName)): \(Self.count(captions, "caption"))") }
        if renamed > 0 {
            lines.append("\(path(Exporter.namesName)): which files are which of \(Self.count(renamed, "sample"))")
        }
        lines += notes + leftOut.lines
        if !leftOut.isEmpty { lines.append("\(path(Exporter.leftOutName)): all that is left out, with the reasons") }
        return lines + ["", NextCommands(request, hasFilms: films > 0, hasCaptions: captions > 0).text]
    }

    private func path(_ inner: String) -> String { inner.isEmpty ? request.folder : "\(request.folder)/\(inner)" }

    private static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}
