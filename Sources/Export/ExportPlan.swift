internal import Files
internal import Planning

/// What is exported, before any sample is read.
struct ExportPlan {
    /// In the order in which they are numbered.
    private(set) var samples: [ExportedSample] = []
    private(set) var leftOut: [LeftOut]
    /// What may not be meant, a sentence each.
    private(set) var notes: [String] = []

    /// Lists both sides and finds pairs by name.
    /// - Throws: ``ExportError``.
    init(_ request: ExportRequest) throws(ExportError) {
        let generated = try Self.set(request.generated, .generated)
        let reference = try request.reference.map { path throws(ExportError) in try Self.set(path, .reference) }
        for (path, set) in [(request.generated, generated), (request.reference ?? "", reference)] {
            guard let set, set.pending > 0 else { continue }
            notes.append("\(path): \(set.pending) samples are not in a finished shard yet and are left out")
        }
        leftOut = generated.failed.map { LeftOut($0.name, .failed, $0.reason) }
        pair(generated.samples, reference?.samples, request.evaluator.layout)
        switch request.evaluator {
        case .audioldmEval, .files: try checkNames()
        case .avBenchmark: try nameForAVBenchmark()
        case .javisBench:
            if let path = request.manifest { try follow(path, hasPending: generated.pending > 0) }
        }
    }

    private static func set(_ path: String, _ side: FeatureJob.Side) throws(ExportError) -> EvaluatedSet {
        do throws(EvaluatedSetError) {
            return try EvaluatedSet(path, side: side)
        } catch {
            throw .source(error.description)
        }
    }

    private mutating func pair(
        _ generated: [EvaluatedSample], _ reference: [EvaluatedSample]?, _ layout: EvaluatorLayout
    ) {
        var partners = Dictionary((reference ?? []).map { (ExactText($0.name), $0) }) { first, _ in first }
        for sample in generated {
            let partner = partners.removeValue(forKey: ExactText(sample.name))
            let exported = ExportedSample(generated: sample, reference: partner, stem: sample.name)
            if reference != nil, partner == nil {
                leftOut.append(LeftOut(sample.name, .alone))
            } else if sample.sound == nil {
                leftOut.append(LeftOut(sample.name, .noSound))
            } else if let partner, partner.sound == nil {
                leftOut.append(LeftOut(sample.name, .noSound, "that of the reference"))
            } else if layout.needsFilm, exported.filmed == nil {
                leftOut.append(LeftOut(sample.name, .noFilm))
            } else {
                samples.append(exported)
            }
        }
        let named = Set(leftOut.map { ExactText($0.name) })
        leftOut += partners.keys.filter { !named.contains($0) }.sorted().map { LeftOut($0.text, .referenceAlone) }
    }

    private func checkNames() throws(ExportError) {
        for sample in samples {
            if let found = FileStem.problem(sample.stem) { throw .name(sample.name, found: found) }
        }
    }

    private mutating func nameForAVBenchmark() throws(ExportError) {
        let inTable = samples.contains { $0.prompt != nil }
        var names: [ExactText: String] = [:]
        for place in samples.indices {
            let name = samples[place].name
            let stem = AVBenchmarkName.stem(name, inTable: inTable)
            if let other = names.updateValue(name, forKey: ExactText(stem)) {
                throw .oneName(other, name, file: "\(stem).wav")
            }
            samples[place].stem = stem
        }
        try checkNames()
    }

    /// Puts the samples in the order of a table's rows, of which none may be missing.
    private mutating func follow(_ path: String, hasPending: Bool) throws(ExportError) {
        let rows: [ManifestNames.Row]
        do throws(ManifestError) {
            rows = try ManifestNames(path).rows
        } catch {
            throw .source(error.description)
        }
        var places = Dictionary(samples.indices.map { (ExactText(samples[$0].name), $0) }) { first, _ in first }
        var taken: [ExactText: Int] = [:]
        var ordered: [ExportedSample] = []
        for row in rows {
            let names = row.names.map(ExactText.init)
            if let name = names.first(where: { taken[$0] != nil }), let first = taken[name] {
                throw .rowTwice(path: path, row: row.number, first: first, name: name.text)
            }
            guard let name = names.first(where: { places[$0] != nil }), let place = places.removeValue(forKey: name)
            else {
                let reason =
                    leftOut.first { names.contains(ExactText($0.name)) }?.sentence
                    ?? (hasPending ? "which is not in a finished shard" : "which is not there")
                throw .rowMissing(path: path, row: row.number, name: row.names.first ?? "", reason: reason)
            }
            taken[name] = row.number
            samples[place].row = row.number
            ordered.append(samples[place])
        }
        leftOut += samples.filter { $0.row == nil }.map { LeftOut($0.name, .notInManifest) }
        samples = ordered
    }
}
