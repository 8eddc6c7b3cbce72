package import Foundation
package import Goldens
package import Torch

/// What the parts of a self-test share.
package struct SelfTestSetting: Sendable {
    package let device: Device
    package let data: GoldenData
    /// A folder for this self-test alone, which goes away with it.
    package let scratch: URL
    /// Whether a few cases are enough.
    package let quick: Bool

    package init(device: Device, data: GoldenData, scratch: URL, quick: Bool) {
        self.device = device
        self.data = data
        self.scratch = scratch
        self.quick = quick
    }

    /// Where the models with random weights are.
    var models: URL { scratch.appending(path: "models") }
}

/// Takes what a part found, one after the other.
package typealias SelfTestSink = (SelfTestCheck) throws -> Void

extension SelfTestPart {
    /// Looks at everything. Blocks.
    ///
    /// - Throws: what keeps it from going on, beyond the checks that fail.
    package func run(_ setting: SelfTestSetting, _ tell: SelfTestSink) throws {
        switch self {
        case .models: try ModelsPart(setting: setting).run(tell)
        case .units: try UnitsPart(setting: setting).run(tell)
        case .traces: try TracesPart(setting: setting).run(tell)
        case .precision: try PrecisionPart(setting: setting).run(tell)
        case .determinism: try DeterminismPart(setting: setting).run(tell)
        case .memory: try MemoryPart(setting: setting).run(tell)
        case .tasks: try TasksPart(setting: setting).run(tell)
        }
    }
}
