import Foundation
import Shard
import TestSupport
import Testing

/// Jobs of simulated samples under `cluster/launch`, with faults thrown at them: one seed, one sequence of faults.
struct Campaign {
    enum Fault: CaseIterable {
        case killComputing, stopComputing, killRank, stopRank, killCoordinator, killMpirun, flipByte, truncateSidecar
        case fillDisk
    }

    /// What was done to a job, in order.
    struct Report {
        var gather = ""
        var faults: [Fault] = []
        var seconds = 0.0
        var text = ""
    }

    let shop: Workshop
    let undisturbed: FinishedRun
    private let job: String
    private let programs: String

    static let samples = 320

    /// Plans the job and runs it without faults.
    init() async throws {
        shop = try Workshop()
        programs = try shop.simulatedPrograms()
        let rows = (0..<Self.samples).map { number in
            let prompt =
                switch number {
                case 200: "kill"
                case 150: "large"
                case _ where number % 97 == 13: "fail"
                default: "rain on a roof"
                }
            return #"{"id": "s\#(number)", "task": "joint", "prompt": "\#(prompt)"}"#
        }
        job = try shop.writeJob(
            rows: rows, batch: 4, models: Workshop.allModels, sampling: "frames: 4, fps: 4, width: 64, height: 64",
            settings: "shard: 40")
        undisturbed = FinishedRun(shop.path("undisturbed"))
        try await plan(undisturbed)
        let outcome = try await Programs.run("\(programs)/seehear-worker", [undisturbed.folder])
        try #require(outcome.code == 3, "\(outcome.text)")
    }

    private func plan(_ run: FinishedRun, gather: String = "shared") async throws {
        let planned = try await Programs.seehear("plan", job, "--out", run.folder, "--set", "gather=\(gather)")
        try #require(planned.code == 0, "\(planned.text)")
    }

    /// Runs the job with faults, and expects what every job is promised.
    /// - Parameters:
    ///   - seed: decides in which order each kind of fault strikes, and whom. Even ones send their segments by messages.
    ///   - limit: seconds after the last fault after which the job hangs.
    func run(seed: UInt64, limit: Double) async throws -> Report {
        var random = SplitMix64(seed: seed)
        let disk = shop.path("disk-\(seed)")
        try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
        // Only root may mount; without a disk of its own a job meets no full one.
        let isMounted = try await Programs.run("mount", ["-t", "tmpfs", "-o", "size=128m", "tmpfs", disk]).code == 0
        defer { umount2(disk, Int32(MNT_DETACH)) }
        try #require(isMounted || geteuid() != 0, "no tmpfs at \(disk)")
        let run = FinishedRun("\(disk)/run")
        var report = Report(gather: seed.isMultiple(of: 2) ? "mpi" : "shared")
        try await plan(run, gather: report.gather)
        let start = ContinuousClock.now
        let launcher = try Running(
            Fixtures.checkout.appending(path: "cluster/launch").path,
            ["-n", "4", "--stale", "8", "--start", "30", "--give-up", "20", run.folder, "--silence-limit", "5"],
            environment: ["SEEHEAR_BIN": programs, "TMPDIR": shop.folder.path])
        for fault in Fault.allCases.shuffled(using: &random) where isMounted || fault != .fillDisk {
            // Until there is something of its kind to break: after some faults nothing lives for seconds.
            while !launcher.hasEnded {
                try await Task.sleep(for: .milliseconds(Int.random(in: 50..<900, using: &random)))
                guard strike(fault, launcher, run, &random) else { continue }
                report.faults.append(fault)
                break
            }
        }
        let outcome = try await launcher.outcome(limit: limit)
        report.seconds = (ContinuousClock.now - start) / .seconds(1)
        report.text = outcome.text
        let story = "seed \(seed), \(report.gather), \(report.faults): \(outcome.text)"
        #expect(outcome.code == 3, "\(story)")
        try undisturbed.expectSameBytes(as: run, story)
        let (rows, expected) = (try await run.rows(), try await undisturbed.rows())
        #expect(rows.map(\.key) == expected.map(\.key), "\(story)")
        #expect(rows.map(\.status) == expected.map(\.status), "\(story)")
        #expect(rows.map(\.error?.kind) == expected.map(\.error?.kind), "\(story)")
        let verified = try await Programs.seehear("verify", "--deep", run.folder)
        #expect(verified.code == 0, "\(verified.text)\(story)")
        #expect(processes(of: run).isEmpty, "processes are left: \(story)")
        let left = try run.names().filter { $0.contains(".tmp.") }
        #expect(left.isEmpty, "\(left) are left: \(story)")
        let memory = try FileManager.default.contentsOfDirectory(atPath: "/dev/shm")
            .filter { $0.hasPrefix("seehear-\(launcher.pid)-") }
        #expect(memory.isEmpty, "ranks' shared memory is left: \(story)")
        return report
    }

    /// - Returns: whether there was something to break.
    private func strike(
        _ fault: Fault, _ launcher: Running, _ run: FinishedRun, _ random: inout SplitMix64
    ) -> Bool {
        let processes = processes(of: run)
        let computing = processes.filter(\.computes)
        let ranks = processes.filter { !$0.computes && $0.rank != nil && $0.rank != 0 }
        func hit(_ victims: [pid_t], _ signal: Int32) -> Bool {
            guard let victim = victims.randomElement(using: &random) else { return false }
            return Glibc.kill(victim, signal) == 0
        }
        switch fault {
        case .killComputing: return hit(computing.map(\.id), SIGKILL)
        case .stopComputing: return hit(computing.map(\.id), SIGSTOP)
        case .killRank: return hit(ranks.map(\.id), SIGKILL)
        case .stopRank:
            guard let victim = ranks.randomElement(using: &random), Glibc.kill(victim.id, SIGSTOP) == 0 else {
                return false
            }
            let pause = Double.random(in: 0.2..<8, using: &random)
            DispatchQueue.global().asyncAfter(deadline: .now() + pause) { Glibc.kill(victim.id, SIGCONT) }
            return true
        case .killCoordinator: return hit(processes.filter { $0.rank == 0 && !$0.computes }.map(\.id), SIGKILL)
        case .killMpirun:
            // The second is what mpirun of Open MPI 5 becomes.
            let names = ["mpirun", "prterun"]
            return hit(
                Running.descendants(of: launcher.pid).filter { names.contains(Self.name(of: $0) ?? "") }, SIGKILL)
        case .fillDisk: return run.fillDisk(for: Double.random(in: 1..<8, using: &random))
        case .flipByte: return run.damageSegment(".seg", &random) { $0[$0.count / 2] ^= 1 }
        case .truncateSidecar: return run.damageSegment(".json", &random) { $0.removeLast($0.count / 2) }
        }
    }

    private struct Process {
        let id: pid_t
        let rank: Int?
        let computes: Bool
    }

    private static func name(of process: pid_t) -> String? {
        (try? String(contentsOfFile: "/proc/\(process)/comm", encoding: .utf8))?.trimmingCharacters(
            in: .whitespacesAndNewlines)
    }

    /// The ranks of a run and what computes for them, without launcher and mpirun.
    private func processes(of run: FinishedRun) -> [Process] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { name in
            guard let id = pid_t(name) else { return nil }
            let words = Running.words(of: id)
            // Where segments are sent, a process computes beside a copy of the run.
            guard words.first?.hasSuffix("seehear-worker") == true,
                words.contains(where: { $0 == run.folder || $0.hasPrefix(shop.path("seehear-")) })
            else { return nil }
            return Process(id: id, rank: Running.rank(of: id), computes: words.dropFirst().first == "compute")
        }
    }
}

extension FinishedRun {
    /// All names in the run directory and its folders.
    func names() throws -> [String] { try FileManager.default.subpathsOfDirectory(atPath: folder) }

    /// Leaves no byte of its file system free, for so many seconds.
    func fillDisk(for seconds: Double) -> Bool {
        let filler = URL(filePath: folder).deletingLastPathComponent().appending(path: "filler").path
        let descriptor = open(filler, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { return false }
        for count in [1 << 20, 1 << 10] {
            let zeros = [UInt8](repeating: 0, count: count)
            while zeros.withUnsafeBytes({ write(descriptor, $0.baseAddress, count) }) == count {}
        }
        close(descriptor)
        DispatchQueue.global().asyncAfter(deadline: .now() + seconds) { unlink(filler) }
        return true
    }

    /// Changes the bytes of a committed batch's file.
    func damageSegment(_ suffix: String, _ random: inout SplitMix64, _ change: (inout Data) -> Void) -> Bool {
        let segments = "\(folder)/segments"
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: segments)) ?? [])
            .filter { $0.hasSuffix(suffix) && !$0.hasPrefix(".") }.sorted()
        guard let name = names.randomElement(using: &random),
            let handle = FileHandle(forUpdatingAtPath: "\(segments)/\(name)"),
            var bytes = try? handle.readToEnd(), bytes.count > 16
        else { return false }
        change(&bytes)
        // In place: a disk that rots does not rename.
        guard (try? handle.seek(toOffset: 0)) != nil, (try? handle.write(contentsOf: bytes)) != nil else {
            return false
        }
        return (try? handle.truncate(atOffset: UInt64(bytes.count))) != nil
    }
}
