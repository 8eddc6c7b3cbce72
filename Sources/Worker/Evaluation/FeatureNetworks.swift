internal import Checkpoint
internal import Coordinator
internal import Method
internal import Networks
internal import Planning
internal import Torch

/// The networks of a job of features, loaded, and what they make of samples.
struct FeatureNetworks: Sendable {
    private let networks: [(feature: Feature, network: any FeatureNetwork)]

    /// - Throws: errors of loading.
    init(_ job: FeatureJob, device: Device) throws {
        let wanted = Set(job.sources.flatMap(\.features)).sorted { $0.description < $1.description }
        var binder: BinderModel?
        networks = try wanted.compactMap { feature in
            guard let model = feature.model, let path = job.networks[model.name] else { return nil }
            switch (model, feature) {
            case (.network(let name), _):
                return (feature, try name.load(path, variant: FeatureVariant(feature), device: device))
            case (.imageBind, .embedding(let input)):
                let loaded = try binder ?? Self.binder(path, dtype: .float32, device)
                binder = loaded
                return (feature, try ImageBindFeatures(loaded, input))
            case (.imageBind, _): return nil
            }
        }
    }

    /// Holds every key and shape of the networks' files against the networks. No weight is read.
    /// - Throws: errors of files, keys and shapes.
    static func check(_ model: EvaluationModel, at path: String) throws {
        switch model {
        case .network(let name): try name.check(path)
        case .imageBind: _ = try binder(path, dtype: nil, .cpu)
        }
    }

    private static func binder(_ path: String, dtype: DType?, _ device: Device) throws -> BinderModel {
        let location = try HuggingFaceCache().resolve(path)
        return try BinderModel(ImageBindFiles(location), dtype: dtype, device: device)
    }

    /// What a sample has of a feature.
    typealias Rows = [Feature: (rows: FeatureRows, width: Int)]

    /// What was read of a sample, and what was taken of it.
    typealias Taken = (input: FeatureInput, rows: Rows)

    /// Takes the features of samples that could be read, those that their side wants; what cannot be taken is noted in the
    /// records.
    /// - Parameter progress: the share that is done.
    func take(
        _ inputs: [Result<FeatureInput, SampleFailure>], _ job: FeatureJob, progress: (Double) -> Void
    ) throws(TorchError) -> [Result<Taken, SampleFailure>] {
        var results = inputs.map { $0.map { Taken($0, [:]) } }
        for (number, (feature, network)) in networks.enumerated() {
            let wanting = results.enumerated().compactMap { place, result -> (place: Int, taken: Taken)? in
                guard let taken = try? result.get(), job.features(of: taken.input.record.side).contains(feature)
                else { return nil }
                return (place, taken)
            }
            let found = try features(of: wanting.map(\.taken.input.sample), network)
            for ((place, taken), rows) in zip(wanting, found) {
                var taken = taken
                switch rows {
                case .success(let rows): taken.rows[feature] = (rows, network.width)
                case .failure(let error):
                    // Who read the sample may know better why there is nothing.
                    let reason = taken.input.record.problems[feature.description] ?? "\(error)"
                    taken.input.record.problems[feature.description] = reason
                }
                results[place] = .success(taken)
            }
            progress(Double(number + 1) / Double(networks.count))
        }
        return results
    }

    /// Fewer at a time where memory does not suffice.
    private func features(
        of samples: [FeatureSample], _ network: any FeatureNetwork
    ) throws(TorchError) -> [Result<FeatureRows, FeatureInputError>] {
        do throws(TorchError) {
            return try network.features(of: samples)
        } catch {
            guard error.isOutOfMemory, samples.count > 1 else { throw error }
            try? TorchRuntime.emptyCache()
            let half = samples.count / 2
            return try features(of: Array(samples[..<half]), network) + features(of: Array(samples[half...]), network)
        }
    }
}

extension FeatureVariant {
    init(_ feature: Feature) {
        switch feature {
        case .sound(_, let style): self.init(style: style, framing: .lvdm)
        case .frames(let framing): self.init(style: .audioldmEval, framing: framing)
        case .peaks, .embedding: self.init(style: .audioldmEval, framing: .lvdm)
        }
    }
}
