import ArgumentParser
import Coordinator
import Files
import Foundation
import JSON
import Planning
import Processes
import SelfTest
import Torch
import Worker

/// `seehear-worker selftest`: whether this program computes on this device what the references compute.
struct SelfTestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "selftest",
        abstract: "Check that this program computes here what the references compute, on the CPU or a GPU.",
        discussion: """
            The goldens of the checkout, stage by stage; TF32, bf16 and fp16 against double precision on the host; the same \
            request twice; memory that runs out, for which all of the device's is taken for a moment; and a job of all five \
            tasks, twice. Each part has its own process and time limit.

            Exits with 0 if nothing is wrong, with 1 if something differs or a part did not end in time, and with 2 if it \
            cannot begin.
            """)

    @Option(help: "What computes: auto, cpu or cuda; auto takes a GPU where there is one.")
    var device = Job.Device.auto

    @Option(
        help:
            "The folder of a checkout, or of what was unpacked of one; by default the one in or around which this is.",
        completion: .directory)
    var data: String?

    @Option(name: .customLong("part"), parsing: .singleValue, help: "A part to run; by default all.")
    var parts: [SelfTestPart] = []

    @Flag(help: "Look at a few cases only: a first look.")
    var quick = false

    @Flag(help: "Print the report as JSON when all is done.")
    var json = false

    @Option(help: "Threads of one operation on the host.")
    var threads: Int?

    @Option(help: "Multiply the time limits of the parts; by default by 1 on a GPU, and by 8 on the CPU.")
    var patience: Double?

    func validate() throws {
        guard patience.map({ $0 > 0 && $0.isFinite }) ?? true else {
            throw ValidationError("--patience is \(patience ?? 0): give a number above 0.")
        }
        guard threads.map({ $0 > 0 }) ?? true else {
            throw ValidationError("--threads is \(threads ?? 0): give 1 or more.")
        }
    }

    func run() throws {
        let signals = SignalQueue([SIGINT, SIGTERM, SIGHUP])
        do {
            let data = try SelfTestData.find(data, program: Program.path)
            let choice = try DeviceChoice(device, threads: threads, localRank: 0, ranksOnNode: 1)
            try TorchRuntime.configure(threads: choice.threads)
            var options = SelfTest.Options(device: choice.device, deviceName: choice.description, data: data)
            if !parts.isEmpty { options.parts = parts }
            options.quick = quick
            options.threads = choice.threads
            options.patience = patience ?? (choice.device == .cpu ? 8 : 1)
            let report = try SelfTest(options, signals: signals).run(
                begun: { if !json { try StandardStreams.output($0.heading) } },
                done: { if !json { try StandardStreams.output($0.text + "\n") } })
            let text =
                json ? String(decoding: try JSONCoding.encode(report, pretty: true), as: UTF8.self) : report.verdict
            try StandardStreams.output(text + "\n")
            if !report.passed { throw ExitCode.failure }
        } catch let error as SelfTestError {
            StandardStreams.tell("error: \(error)\n")
            throw ExitCode(2)
        } catch let interrupted as SelfTest.Interrupted {
            throw ExitCode(128 + interrupted.signal)
        } catch let error as TorchError {
            StandardStreams.tell("error: \(error)\n")
            throw ExitCode.failure
        }
    }
}

/// `seehear-worker selftest-part`: what a self-test starts for each of its parts; of no use by hand.
struct SelfTestPartCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "selftest-part", abstract: "Run one part of a self-test, which starts this by itself.",
        shouldDisplay: false)

    @Argument var part: SelfTestPart
    @Option var device: String
    @Option var data: String
    @Option var scratch: String
    @Flag var quick = false
    @Option var threads: Int?

    func run() throws {
        // It ends with the self-test, which heeds the signals.
        guard ChildLife.begin() else { throw ExitCode.failure }
        do {
            let data = try SelfTestData.find(data, program: Program.path)
            let kind: Job.Device = device == "cpu" ? .cpu : .cuda
            let choice = try DeviceChoice(kind, threads: threads, localRank: 0, ranksOnNode: 1)
            try TorchRuntime.configure(threads: choice.threads)
            let setting = SelfTestSetting(
                device: choice.device, data: data, scratch: URL(filePath: scratch, directoryHint: .isDirectory),
                quick: quick)
            try part.run(setting) { check in
                try StandardStreams.output(String(decoding: JSONCoding.encode(check), as: UTF8.self) + "\n")
            }
        } catch {
            StandardStreams.tell("\(error)\n")
            throw ExitCode.failure
        }
    }
}

extension SelfTestPart: ExpressibleByArgument {}
