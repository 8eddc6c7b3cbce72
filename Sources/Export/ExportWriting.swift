internal import Files
internal import Planning

/// Writes samples into an export's folder, and counts them.
struct ExportWriting {
    private let reading: SampleReading
    private let layout: EvaluatorLayout
    private let folder: String
    /// What was written, in that order.
    private(set) var written: [ExportedSample] = []
    /// The names of those that have a video.
    private(set) var filmed: Set<ExactText> = []
    private(set) var leftOut: [LeftOut] = []

    /// Makes the folders.
    /// - Throws: `FileError`.
    init(_ layout: EvaluatorLayout, in folder: String, hasReference: Bool, least: Double?) throws(FileError) {
        self.layout = layout
        self.folder = folder
        reading = SampleReading(least: least)
        try Directory.create(path(layout.sounds))
        if hasReference, let reference = layout.reference { try Directory.create(path(reference)) }
    }

    private func path(_ inner: String) -> String { inner.isEmpty ? folder : "\(folder)/\(inner)" }

    /// Writes all of a sample, or, where it cannot be read, nothing.
    /// - Throws: ``LeftOut`` where the sample is left out; ``ExportError`` where nothing can be written any more; `MediaError`.
    mutating func write(_ sample: ExportedSample) throws {
        let sound = try reading.wav(sample.generated)
        let reference = try layout.reference == nil ? nil : sample.reference.map(reading.wav)
        let film = try film(of: sample)
        if let film, let films = layout.films {
            try copy(film, of: sample, to: films)
            filmed.insert(ExactText(sample.name))
        }
        try write(sound, "\(sample.stem).wav", of: sample, in: layout.sounds)
        if let reference, let folder = layout.reference {
            try write(reference, "\(sample.stem).wav", of: sample, in: folder)
        }
        written.append(sample)
    }

    private mutating func film(of sample: ExportedSample) throws -> EvaluatedMedia.Opened? {
        guard layout.films != nil, let filmed = sample.filmed else { return nil }
        do {
            return try reading.film(filmed)
        } catch let left as LeftOut where !layout.needsFilm {
            leftOut.append(left)
            return nil
        }
    }

    /// Copies a file's bytes as they are.
    private func copy(_ film: EvaluatedMedia.Opened, of sample: ExportedSample, to inner: String) throws {
        try storing(sample.name) {
            try Directory.create(path(inner))
            let source = try InputFile(film.path)
            var file = try AtomicFile(folder: path(inner), name: "\(sample.stem).mp4")
            let piece = 4 << 20
            for offset in stride(from: 0, to: source.size, by: piece) {
                try file.write(source.read(at: offset, count: min(piece, source.size - offset)))
            }
            _ = try file.publish(.replaceExisting, durable: false)
        }
    }

    private func write(_ bytes: [UInt8], _ name: String, of sample: ExportedSample, in inner: String) throws {
        try storing(sample.name) {
            var file = try AtomicFile(folder: path(inner), name: name)
            try file.write(bytes)
            _ = try file.publish(.replaceExisting, durable: false)
        }
    }

    /// Names the sample that could not be written.
    private func storing(_ name: String, _ work: () throws -> Void) throws {
        do {
            try work()
        } catch let error as FileError {
            throw ExportError.unwritable(name: name, error)
        }
    }

    /// Writes a table beside the folders.
    /// - Throws: `FileError`.
    func write(table name: String, _ records: [[String]]) throws {
        try AtomicFile.write(Array(records.map(CSVText.record).joined().utf8), to: path(name))
    }
}
