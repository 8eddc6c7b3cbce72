internal import Files
internal import Foundation
package import Goldens
internal import JSON
package import Processes
package import Torch

/// The self-test: whether this program computes on this device what the references compute.
///
/// Each part runs in a process of its own, `seehear-worker selftest-part`, which tells each check in a line of JSON.
package struct SelfTest: Sendable {
    /// What is asked for.
    package struct Options: Sendable {
        package let device: Device
        /// The device in words.
        package let deviceName: String
        package let data: GoldenData
        package var parts = SelfTestPart.allCases
        package var quick = false
        /// Of one operation on the host; nil: libtorch's choice.
        package var threads: Int?
        /// By what the time limits of the parts are multiplied.
        package var patience = 1.0

        package init(device: Device, deviceName: String, data: GoldenData) {
            self.device = device
            self.deviceName = deviceName
            self.data = data
        }
    }

    private let options: Options
    private let signals: SignalQueue

    /// - Parameter signals: that end it early, such as SIGINT.
    package init(_ options: Options, signals: SignalQueue) {
        self.options = options
        self.signals = signals
    }

    /// It was asked to end early.
    package struct Interrupted: Error {
        package let signal: Int32
    }

    /// Runs all parts, one after the other. Blocks.
    ///
    /// - Parameters:
    ///   - begun: called with the empty report.
    ///   - done: called after each part.
    /// - Throws: `FileError` where the temporary folder cannot be made; ``Interrupted``, when the part that ran is ended; what the
    ///   closures throw.
    package func run(
        begun: (SelfTestReport) throws -> Void = { _ in }, done: (SelfTestReport.Part) throws -> Void = { _ in }
    ) throws -> SelfTestReport {
        let scratch = try PrivateFolder.make(
            "seehear-selftest-\(Program.mark())", in: FileManager.default.temporaryDirectory.path)
        defer { try? Directory.removeAll(scratch) }
        var report = SelfTestReport(
            device: options.deviceName, libtorch: TorchRuntime.version, instructions: TorchRuntime.cpuCapability,
            threads: options.threads ?? TorchRuntime.threads, data: options.data.root.path, quick: options.quick)
        try begun(report)
        // The others compare with what the models compute.
        let needsModels = options.parts.contains { $0 != .models && $0 != .tasks }
        for part in SelfTestPart.allCases
        where options.parts.contains(part) || (part == .models && needsModels) {
            let result = try run(part, scratch)
            report.parts.append(result)
            try done(result)
        }
        return report
    }

    private func run(_ part: SelfTestPart, _ scratch: String) throws -> SelfTestReport.Part {
        var words = [
            "seehear-worker", "selftest-part", part.rawValue, "--device", "\(options.device)", "--data",
            options.data.root.path, "--scratch", scratch,
        ]
        if options.quick { words.append("--quick") }
        if let threads = options.threads { words += ["--threads", "\(threads)"] }
        let limit = part.seconds * options.patience
        let start = ContinuousClock.now
        // This very program, also where its file was replaced since.
        let program = try RunningProgram(Spawn("/proc/self/exe", words), limit: .seconds(limit))
        let output = try wait(for: program)
        let elapsed = ContinuousClock.now - start
        var checks: [SelfTestCheck] = []
        for line in output.output.split(separator: "\n") {
            if let check = try? JSONCoding.decode(SelfTestCheck.self, from: Array(line.utf8)) { checks.append(check) }
        }
        let failed = checks.contains { $0.outcome == .failed }
        let verdict: SelfTestReport.Verdict =
            output.timedOut
            ? .timedOut
            : output.status > 1 ? .crashed : output.status == 1 || failed || checks.isEmpty ? .failed : .passed
        let said = output.errors.split(separator: "\n").suffix(3).joined(separator: " / ")
        let message: String? =
            switch verdict {
            case .passed: nil
            case .timedOut: "it was not done after \(Int(limit)) s; --patience gives more"
            case .crashed: "its process ended with \(output.status): \(said)"
            case .failed: said.isEmpty ? nil : said
            }
        return SelfTestReport.Part(
            part: part, verdict: verdict, seconds: elapsed / .seconds(1),
            limit: limit, checks: checks, message: message)
    }

    private func wait(for program: RunningProgram) throws(Interrupted) -> ProcessOutput {
        while true {
            if let output = program.look() { return output }
            if let signal = signals.next(within: .milliseconds(50)) { throw Interrupted(signal: signal) }
        }
    }
}
