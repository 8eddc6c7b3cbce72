/// A part of the self-test. Each runs in a process of its own: what hangs, crashes or leaves a device unusable costs that part alone.
package enum SelfTestPart: String, Codable, Sendable, CaseIterable {
    /// Draws the models with random weights, and compares their files with the recorded sums.
    case models
    /// Single layers and small networks against torch, diffusers and transformers.
    case units
    /// Every stage of whole runs against the reference's traces.
    case traces
    /// TF32 and half precision against double precision on the host.
    case precision
    /// The same request twice, and in other company.
    case determinism
    /// Memory that runs out, and what comes after.
    case memory
    /// Jobs of all five tasks through the worker itself, twice.
    case tasks

    /// What it looks at, in a few words.
    package var title: String {
        switch self {
        case .models: "models with random weights are drawn as recorded"
        case .units: "layers and small networks against their goldens"
        case .traces: "every stage of whole runs against the reference"
        case .precision: "lower precisions against double precision on the host"
        case .determinism: "the same request again, and in other company"
        case .memory: "memory runs out, and the next request is as before"
        case .tasks: "all five tasks through the worker, twice"
        }
    }

    /// Seconds that it may take where a GPU computes: four minutes for all.
    var seconds: Double {
        switch self {
        case .models: 15
        case .units: 25
        case .traces: 50
        case .precision: 50
        case .determinism: 20
        case .memory: 20
        case .tasks: 60
        }
    }
}
