import Foundation
import Goldens
import Parity
import TestSupport

/// The goldens of whole runs, and the models that they were made with.
enum Reference {
    /// `SEEHEAR_TRACES` names another set, made with other models (see CONTRIBUTING).
    static let data: GoldenData = {
        var data = Fixtures.goldens
        if let traces = ProcessInfo.processInfo.environment["SEEHEAR_TRACES"] { data.traces = URL(filePath: traces) }
        return data
    }()

    /// `SEEHEAR_TRACE_MODELS` names other models.
    static let folder =
        ProcessInfo.processInfo.environment["SEEHEAR_TRACE_MODELS"].map { URL(filePath: $0) } ?? RandomModels.folder

    static let models = ParityModels(folder)
}
