internal import ClipSampling
internal import Engine
package import Goldens
internal import Method
internal import Networks
package import Torch

/// One run of a ``TraceCase``, each step begun where the reference's did: everything it computed that the traces hold.
package struct TraceRun {
    package let item: TraceCase
    package let goldens: [GoldenTrace]
    /// For each sample, by the reference's name.
    package let values: [[String: Tensor]]
    /// For each sample the loss of every update.
    package let losses: [[Double]]

    /// Runs it.
    /// - Throws: errors of files, goldens, models and `TorchError`.
    package init(_ item: TraceCase, _ models: ParityModels, _ data: GoldenData) throws {
        self.item = item
        goldens = try item.traces.map(data.trace)
        let forcing = TeacherForcing(goldens, models)
        let setup = try TraceSetup(item, goldens, models, data)
        let outcome = try Alignment(
            guidance: item.guidance, terms: AlignmentTerm.terms(generating: setup.streams.map(\.name)),
            conditions: setup.conditions
        ).denoise(setup.streams, latents: setup.latents, prompts: setup.prompts, observer: forcing)
        losses = outcome.losses
        values = try zip(forcing.finish(), setup.values).map { $0.merging($1) { own, _ in own } }
    }

    /// Compares with the traces.
    /// - Parameter tolerance: by name.
    package func differences(
        tolerance: (String) -> Double = StageTolerance.single
    ) throws -> [StageDifference] {
        try each(tolerance) { index, name, tensor in
            let golden = goldens[index]
            // Two names for one golden: images and clips go different ways.
            let stored = name == "cond.image_in" || name == "cond.clips_in" ? "cond.vision_in" : name
            guard let gradient = gradient(of: name, golden) else {
                return try golden.tensors.relativeDifference(stored, tensor)
            }
            return try golden.tensors.relativeDifference(stored, tensor, bySignOf: gradient)
        } losses: {
            goldens[$0].losses
        }
    }

    /// Compares with another run of the same case, such as one in double precision.
    package func differences(from exact: TraceRun, tolerance: (String) -> Double) throws -> [StageDifference] {
        try each(tolerance) { index, name, tensor in
            guard let expected = exact.values[index][name] else { return .infinity }
            let (ours, numbers) = (try tensor.doubles(), try expected.doubles())
            let gradient = try gradient(of: name, goldens[index]).flatMap { try exact.values[index][$0]?.doubles() }
            return gradient.map { Difference.relative(ours, to: numbers, bySignOf: $0) }
                ?? Difference.relative(ours, to: numbers)
        } losses: {
            exact.losses[$0]
        }
    }

    /// The gradient whose signs decide about what a name stands for.
    private func gradient(of name: String, _ golden: GoldenTrace) -> String? {
        guard item.movesBySign, name.hasSuffix("z_out"), item.task.isAudioAlone else { return nil }
        let gradient = name.replacing("z_out", with: "grad_z")
        return golden.holds(gradient) ? gradient : nil
    }

    private func each(
        _ tolerance: (String) -> Double, _ compare: (Int, String, Tensor) throws -> Double,
        losses expected: (Int) -> [Double]
    ) throws -> [StageDifference] {
        var found: [StageDifference] = []
        for (index, values) in values.enumerated() {
            func note(_ name: String, _ difference: Double) {
                found.append(
                    StageDifference(
                        run: "\(item)", trace: item.traces[index], name: name, difference: difference,
                        tolerance: tolerance(name)))
            }
            for (name, tensor) in values.sorted(by: { $0.key < $1.key }) where !item.leftOut.contains(name) {
                note(name, try compare(index, name, tensor))
            }
            guard item.guidance != nil else { continue }
            note("loss", Difference.largest(losses[index], to: expected(index)) { max(1, abs($0)) })
        }
        return found
    }
}

extension GenerationTask {
    /// Whether audio is all it makes.
    fileprivate var isAudioAlone: Bool { self == .v2a || self == .i2a }
}
