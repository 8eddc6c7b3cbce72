internal import Synchronization
internal import Torch

/// Keeps what was recorded of a pipeline's work on its device (CUDA graphs), for later calls of the same settings and size.
///
/// A recording keeps its activations in memory, so only those of the last settings are kept.
package final class WorkRecorder: Sendable {
    private struct State {
        var settings: GenerationSettings?
        var samples = 0
        var works: [String: RecordedWork] = [:]
    }

    private let state = Mutex(State())

    package init() {}

    /// The recordings of calls with the same settings and the same number of samples.
    package func scope(_ settings: GenerationSettings, samples: Int) -> Scope {
        Scope(recorder: self, settings: settings, samples: samples)
    }

    /// Where the parts of one call record their work.
    package struct Scope: Sendable {
        fileprivate let recorder: WorkRecorder
        fileprivate let settings: GenerationSettings
        fileprivate let samples: Int

        /// Does work as it was recorded, or records it.
        ///
        /// - Parameters:
        ///   - name: one for each piece of work of a call.
        ///   - inputs: everything that differs between calls of the same settings.
        func run(
            _ name: String, _ inputs: [Tensor], _ work: @escaping ([Tensor]) throws -> [Tensor]
        ) throws -> [Tensor] {
            try recorder.state.withLock { state in
                if state.settings != settings || state.samples != samples {
                    state = State(settings: settings, samples: samples)
                }
                let recorded = try state.works[name] ?? RecordedWork(inputs, work)
                state.works[name] = recorded
                return try recorded(inputs)
            }
        }
    }
}
