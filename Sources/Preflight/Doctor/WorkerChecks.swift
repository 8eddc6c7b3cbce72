package import Foundation
import JSON
import Planning
package import Processes

/// Asks `seehear-worker`, which links libtorch, Open MPI and FFmpeg, what it found. `seehear` itself links none of the
/// first two, so that it runs where they are missing and can say so.
package enum WorkerChecks {
    /// Seconds that the worker may take; loading CUDA's libraries over a network takes many.
    private static let limit = 120.0

    /// Runs `seehear-worker doctor`. Blocks.
    /// - Parameter folder: Where the worker lies: beside `seehear`.
    package static func run(in folder: URL) -> [DoctorCheck] {
        let path = folder.appending(path: "seehear-worker").path
        guard FileManager.default.isExecutableFile(atPath: path) else {
            return [
                DoctorCheck(
                    "seehear-worker", .wrong, "there is none at \(path)",
                    remedy: "swift build -c release --product seehear-worker, and keep both programs in one folder")
            ]
        }
        guard let output = ProcessOutput.run(path, ["doctor"], limit: limit) else {
            return [
                DoctorCheck(
                    "seehear-worker", .wrong, "\(path) cannot be started",
                    remedy: "check that it is a program for this machine: file \(path)")
            ]
        }
        return checks(of: output, path: path)
    }

    /// What the worker's output says.
    package static func checks(of output: ProcessOutput, path: String) -> [DoctorCheck] {
        guard !output.timedOut else {
            return [
                DoctorCheck(
                    "seehear-worker", .wrong, "did not answer within \(Int(limit)) s",
                    remedy: "run \(path) doctor by hand; Open MPI or a GPU driver hangs")
            ]
        }
        // Libraries may print before or after; the answer is the line or block that is an object.
        guard let report = json(in: output.output), case .object = report else {
            return [notStarted(output)]
        }
        return [DoctorCheck("seehear-worker", .ok, path)] + libtorch(report["libtorch"]) + [
            library("Open MPI", report["openmpi"], remedy: "apt install libopenmpi-dev openmpi-bin"),
            library("FFmpeg", report["ffmpeg"], remedy: "apt install libavformat-dev libswscale-dev libswresample-dev"),
            library("libsndfile", report["sndfile"], remedy: "apt install libsndfile1-dev"),
            library("zstd", report["zstd"], remedy: "apt install libzstd-dev"),
        ]
    }

    private static func json(in text: String) -> JSONValue? {
        guard let first = text.firstIndex(of: "{"), let last = text.lastIndex(of: "}"), first < last else { return nil }
        return try? JSONValue(parsing: Array(text[first...last].utf8))
    }

    private static func notStarted(_ output: ProcessOutput) -> DoctorCheck {
        let lines = (output.errors + "\n" + output.output).split(separator: "\n")
        let loader = lines.first {
            $0.contains("error while loading shared libraries") || $0.contains("symbol lookup error")
        }
        guard let loader else {
            let words =
                (lines.first { $0.lowercased().contains("error") } ?? lines.last).map(String.init) ?? "no output"
            return DoctorCheck(
                "seehear-worker", .wrong, "ended with status \(output.status): \(words)",
                remedy: "run seehear-worker doctor by hand")
        }
        let isTorch = loader.contains("libtorch") || loader.contains("libc10")
        return DoctorCheck(
            "seehear-worker", .wrong, "does not start: \(loader)",
            remedy: isTorch
                ? "`make setup` unpacks libtorch beside the package; elsewhere build with LIBTORCH=/path/to/libtorch, or add "
                    + "its lib folder to LD_LIBRARY_PATH"
                : "install the library that the loader misses, or add its folder to LD_LIBRARY_PATH")
    }

    private static func libtorch(_ report: JSONValue?) -> [DoctorCheck] {
        let remedy = "`make setup`, or build with LIBTORCH=/path/to/libtorch"
        guard let report, report["error"] == nil else {
            return [library("libtorch", report, remedy: remedy)]
        }
        var checks = [library("libtorch", report, remedy: remedy, leaving: ["cuda", "devices"])]
        if let devices = report["devices"]?.array {
            let names = devices.map { $0["name"]?.string ?? text($0) }
            checks.append(
                DoctorCheck(
                    "devices", names.isEmpty ? .wrong : .ok, names.isEmpty ? "none" : names.joined(separator: ", ")))
        }
        if let cuda = report["cuda"], cuda != .null {
            let works = cuda["available"]?.bool ?? (cuda["error"] == nil && cuda["reason"] == nil)
            checks.append(
                DoctorCheck(
                    "CUDA", works ? .ok : .note, text(cuda),
                    remedy: works ? nil : "needed on GPU nodes only: a driver, and libtorch_cuda.so with its libraries")
            )
        } else {
            checks.append(DoctorCheck("CUDA", .note, "not present", remedy: "needed on GPU nodes only"))
        }
        return checks
    }

    private static func library(
        _ name: String, _ report: JSONValue?, remedy: String, leaving: Set<String> = []
    ) -> DoctorCheck {
        switch report {
        case nil, .null: return DoctorCheck(name, .wrong, "the worker does not tell", remedy: remedy)
        case let report?:
            if let error = report["error"], error != .null {
                return DoctorCheck(name, .wrong, text(error), remedy: remedy)
            }
            let told = report.members.map { .object($0.filter { !leaving.contains($0.name) }) } ?? report
            return DoctorCheck(name, .ok, text(told))
        }
    }

    /// A JSON value in one line: the version first, then `key value`.
    private static func text(_ value: JSONValue) -> String {
        guard let members = value.members else {
            return value.leaves().sorted { $0.key < $1.key }.map(\.value).joined(separator: ", ")
        }
        let rest = members.filter { $0.name != "version" && $0.value != .null }.sorted { $0.name < $1.name }
        let parts = rest.map { "\($0.name.replacing("_", with: " ")) \(text($0.value))" }
        return ([value["version"].map(text)].compactMap { $0 } + parts).joined(separator: ", ")
    }
}
