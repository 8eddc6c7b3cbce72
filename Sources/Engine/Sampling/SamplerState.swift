internal import Method
package import Torch

/// Where a run stands: its streams, in lock step, and what their rows are.
package struct SamplerState {
    package var streams: [StreamState]
    package private(set) var rows: [Beginning]

    init(_ streams: [StreamState], rows: [Beginning]) {
        self.streams = streams
        self.rows = rows
    }

    /// How many samples have rows.
    var samples: Int { (rows.map(\.sample).max() ?? -1) + 1 }

    /// All latent spaces, stream after stream.
    var spaces: [any LatentSpace] { streams.flatMap(\.stream.spaces) }

    /// Goes on with these rows alone, in this order, in everything that has one for each.
    mutating func keep(_ places: [Int]) throws {
        streams = try streams.map { try $0.keeping(places) }
        rows = places.map { rows[$0] }
    }
}

/// Where a stream stands.
package struct StreamState {
    package private(set) var stream: DiffusionStream
    /// `z`, one for each modality.
    package var latents: [Tensor]
    /// `z_t`, where the step began; a leaf of the noise's graph where a guide asked for that.
    package internal(set) var previous: [Tensor]
    /// `ε̂` of the step, one for each modality, with its graph where a guide asked for it; empty between steps.
    package var noise: [Tensor] = []
    /// `y`; nil for a network that takes none.
    package var prompt: Tensor?
    var histories: [SchedulerHistory]

    init(_ stream: DiffusionStream, _ latents: [Tensor], prompt: Tensor?) {
        self.stream = stream
        self.latents = latents
        self.prompt = prompt
        previous = latents
        histories = latents.map { _ in SchedulerHistory() }
    }

    /// `z̃0` of each modality, as the step's latent and noise predict it.
    func predictClean(at step: Int) throws -> [Tensor] {
        let scheduler = stream.scheduler
        return try zip(previous, noise).map {
            try scheduler.predictClean($0, noise: $1, at: scheduler.level(at: step))
        }
    }

    fileprivate func keeping(_ places: [Int]) throws -> StreamState {
        var state = self
        state.stream = try stream.keeping(places)
        state.latents = try latents.map { try $0.rows(places) }
        state.previous = try previous.map { try $0.rows(places) }
        state.noise = try noise.map { try $0.rows(places) }
        state.prompt = try prompt?.rows(places)
        state.histories = try histories.map { try $0.keeping(places) }
        return state
    }
}
