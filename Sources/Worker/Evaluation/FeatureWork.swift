internal import Method
internal import Networks
internal import Planning
internal import Shard
internal import Torch

/// The work of a run of features: samples are looked at by the networks that metrics need.
struct FeatureWork: RecordWork {
    private let job: FeatureJob
    private let reader: FeatureReader

    init(_ job: FeatureJob) {
        self.job = job
        reader = FeatureReader(media: EvaluatedMedia(), job: job)
    }

    /// What was read of a sample.
    struct Input: Sendable { let read: FeatureInput }
    /// The networks.
    struct Loaded: Sendable { let networks: FeatureNetworks }

    func load(on device: Device) throws -> Loaded { Loaded(networks: try FeatureNetworks(job, device: device)) }

    func read(_ row: EvaluatedSample) throws -> Input { Input(read: try reader.read(row)) }

    func files(of row: EvaluatedSample) -> [String] { [row.picture, row.sound].compactMap { $0?.path } }

    func make(
        _ rows: [EvaluatedSample], _ inputs: [Result<Input, SampleFailure>], _ loaded: Loaded,
        progress: (Double) -> Void
    ) throws -> [Result<Sample, SampleFailure>] {
        let taken = try loaded.networks.take(inputs.map { $0.map(\.read) }, job, progress: progress)
        return zip(rows, taken).map { row, taken in
            taken.flatMap { taken in
                Result { try FeatureEncoder.encode(row, taken.input, taken.rows) }.mapError(SampleFailure.init)
            }
        }
    }
}
