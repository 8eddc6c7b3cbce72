import Foundation
import Shard
import TestSupport
import Testing

extension Integration {
    /// What dies while a job runs, and what the job makes of it.
    @Suite("Faults", .serialized)
    struct FaultTests {
        @Test("processes that compute are killed and stopped: the job goes on, and ends with the same bytes")
        func processes() async throws {
            let shop = try Workshop()
            try await shop.makeClips()
            let job = try shop.writeJob(steps: 8, batch: 1)
            let whole = shop.path("whole")
            let undisturbed = try await Programs.mpirun(3, [job, "--out", whole])
            #expect(undisturbed.code == 0, "\(undisturbed.text)")

            let run = FinishedRun(shop.path("run"))
            var random = SplitMix64(seed: 5)
            let running = try Programs.start(3, [job, "--out", run.folder, "--silence-limit", "5"])
            for (number, signal) in [SIGKILL, SIGSTOP, SIGKILL].enumerated() {
                while run.committedSegments().count < number, !running.hasEnded {
                    try await Task.sleep(for: .milliseconds(5))
                }
                try await Task.sleep(for: .milliseconds(Int.random(in: 0..<300, using: &random)))
                guard let victim = running.computing().randomElement(using: &random) else { continue }
                Glibc.kill(victim, signal)
            }
            let disturbed = try await running.outcome(limit: 120)
            #expect(disturbed.code == 0, "\(disturbed.text)")
            #expect(disturbed.errors.contains("was killed (signal 9)"), "\(disturbed.text)")
            #expect(running.computing().isEmpty)
            try FinishedRun(whole).expectSameBytes(as: run, "after the kills")
            let verified = try await Programs.seehear("verify", "--deep", run.folder)
            #expect(verified.code == 0, "\(verified.text)")
        }

        /// Short here; `SEEHEAR_CAMPAIGN=24 swift test --filter campaign` is the long form, with over 200 faults.
        @Test("whatever dies, stops or rots, every sample is there once, with the bytes of an undisturbed run")
        func campaign() async throws {
            let jobs = ProcessInfo.processInfo.environment["SEEHEAR_CAMPAIGN"].flatMap(Int.init) ?? 2
            let campaign = try await Campaign()
            var faults: [Campaign.Fault] = []
            for seed in 1...max(1, jobs) {
                let report = try await campaign.run(seed: UInt64(seed), limit: 180)
                faults += report.faults
                print(
                    "campaign: seed \(seed), \(report.gather): \(report.faults.count) faults, \(Int(report.seconds)) s: \(report.faults)"
                )
            }
            print("campaign: \(faults.count) faults in \(jobs) jobs of \(Campaign.samples) samples")
            #expect(faults.count >= 4 * jobs)
        }

        @Test("a rank that was killed is had back: the run is drained, and begun anew with as many as at first")
        func renewed() async throws {
            let shop = try Workshop()
            let rows = (0..<80).map { #"{"id": "s\#($0)", "task": "joint", "prompt": "slow"}"# }
            let job = try shop.writeJob(
                rows: rows, models: Workshop.allModels, sampling: "frames: 4, fps: 4, width: 64, height: 64")
            let run = FinishedRun(shop.path("run"))
            #expect(try await Programs.seehear("plan", job, "--out", run.folder).code == 0)
            let launcher = try Running(
                Fixtures.checkout.appending(path: "cluster/launch").path,
                ["-n", "4", "--renew", "3", run.folder, "--silence-limit", "5"],
                environment: ["SEEHEAR_BIN": try shop.simulatedPrograms()])
            defer { withExtendedLifetime(shop) {} }
            while run.committedSegments().isEmpty, !launcher.hasEnded { try await Task.sleep(for: .milliseconds(20)) }
            let victim = try #require(launcher.ranks()[2])
            Glibc.kill(victim, SIGKILL)
            let outcome = try await launcher.outcome(limit: 120)
            #expect(outcome.code == 0, "\(outcome.text)")
            #expect(outcome.errors.contains("2 ranks work where 3 could"), "\(outcome.text)")
            #expect(outcome.errors.contains("start 2: 4 ranks"), "\(outcome.text)")
            #expect(!outcome.errors.contains("start 3"), "\(outcome.text)")
            #expect(try await run.rows().map(\.status) == rows.map { _ in .ok })
        }

        /// Three hosts in network namespaces. All cases, nine minutes for each way of gathering:
        /// `Tests/Cluster/many-hosts [--gather mpi]`.
        @Test(
            "several hosts: a rank dies, one host is cut off for 3 s, one for good, Open MPI's daemon dies, rank 0 dies",
            .enabled(if: geteuid() == 0),
            arguments: [
                ("shared", ["rank", "blink", "frozen", "orted", "coordinator"]),
                ("mpi", ["rank", "blink", "cut", "orted", "coordinator"]),
            ])
        func manyHosts(gather: String, cases: [String]) async throws {
            let hosts = try Running(
                Fixtures.checkout.appending(path: "Tests/Cluster/many-hosts").path, ["--gather", gather] + cases,
                environment: ["SEEHEAR_BIN": Programs.folder.path])
            let outcome = try await hosts.outcome(limit: 800)
            #expect(outcome.code == 0, "\(outcome.text)")
            print(outcome.output)
        }

        /// The clock of the calendar alone, as an administrator or a time server sets it.
        @Test("the clock jumps back by an hour and on by three days: nobody is given up, and the bytes are the same")
        func clock() async throws {
            let shop = try Workshop()
            try await shop.makeClips()
            let job = try shop.writeJob(steps: 8, batch: 1)
            let whole = shop.path("whole")
            #expect(try await Programs.worker([job, "--out", whole]).code == 0)

            let found = try await Programs.run("faketime", ["-f", "+0", "printenv", "LD_PRELOAD"])
            try #require(found.code == 0, "\(found.text)")
            // Its neighbour is for programs with threads.
            let library = try #require(found.lines.first).replacing("libfaketime.so", with: "libfaketimeMT.so")
            try shop.write("offset", "+0\n")
            let run = FinishedRun(shop.path("run"))
            let running = try Running(
                Fixtures.checkout.appending(path: "cluster/launch").path,
                ["-n", "3", "--stale", "60", job, "--out", run.folder, "--silence-limit", "30"],
                environment: [
                    "SEEHEAR_BIN": Programs.folder.path, "LD_PRELOAD": library,
                    "FAKETIME_TIMESTAMP_FILE": shop.path("offset"), "FAKETIME_NO_CACHE": "1",
                    "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                ])
            for (number, jump) in ["-1h", "+3d"].enumerated() {
                while run.committedSegments().count <= number, !running.hasEnded {
                    try await Task.sleep(for: .milliseconds(5))
                }
                try shop.write("offset", jump + "\n")
            }
            let outcome = try await running.outcome(limit: 120)
            #expect(outcome.code == 0, "\(outcome.text)")
            try FinishedRun(whole).expectSameBytes(as: run, "after the jumps")
            let logs = try run.logs()
            let days = [0, 3].map { Date(timeIntervalSinceNow: $0 * 86400).ISO8601Format().prefix(10) }
            for day in days { #expect(logs.contains(day), "the clock has not jumped") }
            #expect(!outcome.errors.contains("start 2"), "\(outcome.text)")
            for word in ["silent", "ended", "given up", "heard again"] {
                #expect(!logs.contains(word), "\(logs)")
            }
        }

        /// What keeps a file system from taking segments, and is undone.
        enum Trouble: String, CaseIterable {
            case full = "the disk is full"
            case readOnly = "the file system is read-only"
            case forbidden = "permission is missing"
            case quota = "Disk quota exceeded"

            /// Quotas of btrfs bind root as well. A kernel without it, or a container without loop devices, cannot have one.
            static var possible: [Trouble] {
                let hasQuota =
                    (try? String(contentsOfFile: "/proc/filesystems", encoding: .utf8))?.contains("btrfs") == true
                    && FileManager.default.fileExists(atPath: "/dev/loop-control")
                return allCases.filter { $0 != .quota || hasQuota }
            }

            /// Makes the disk that the trouble needs.
            /// - Parameter disk: an empty folder.
            func mount(on disk: String) async throws {
                switch self {
                case .full: try await done("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", disk])
                case .quota:
                    try await done("truncate", ["-s", "256m", "\(disk).image"])
                    try await done("mkfs.btrfs", ["-q", "\(disk).image"])
                    try await done("mount", ["-o", "loop", "\(disk).image", disk])
                    try await done("btrfs", ["quota", "enable", disk])
                case .readOnly, .forbidden: break
                }
            }

            /// - Parameter disk: where the run lies.
            func begin(_ run: FinishedRun, disk: String) async throws {
                let segments = "\(run.folder)/segments"
                switch self {
                case .full:
                    _ = try await Programs.run("dd", ["if=/dev/zero", "of=\(disk)/filler", "bs=1k", "status=none"])
                    try await done("truncate", ["-s", "-100k", "\(disk)/filler"])
                case .readOnly:
                    try await done("mount", ["--bind", segments, segments])
                    try await done("mount", ["-o", "remount,bind,ro", segments])
                // Root may write where permissions forbid it, but not here.
                case .forbidden: try await done("chattr", ["+i", segments])
                // What is there already, and room for the lock and the logs.
                case .quota:
                    try await done("sync", ["-f", disk])
                    let groups = try await Programs.run("btrfs", ["qgroup", "show", "--raw", disk])
                    let used = try #require(
                        groups.lines.lazy.map { $0.split(separator: " ") }.first { $0.first == "0/5" }.flatMap {
                            Int($0[1])
                        })
                    try await done("btrfs", ["qgroup", "limit", "\(used + 200_000)", disk])
                }
            }

            func end(_ run: FinishedRun, disk: String) async throws {
                let segments = "\(run.folder)/segments"
                switch self {
                case .full: try FileManager.default.removeItem(atPath: "\(disk)/filler")
                case .readOnly: try await done("umount", [segments])
                case .forbidden: try await done("chattr", ["-i", segments])
                case .quota: try await done("btrfs", ["qgroup", "limit", "none", disk])
                }
            }

            private func done(_ program: String, _ arguments: [String]) async throws {
                // Where makers of file systems lie is not on everybody's path.
                let path = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin") + ":/usr/sbin:/sbin"
                let outcome = try await Programs.run(program, arguments, environment: ["PATH": path])
                try #require(outcome.code == 0, "\(program): \(outcome.text)")
            }
        }

        /// Needs the right to mount, which a test in a container may not have.
        @Test(
            "a disk that is full, read-only, forbidden or over its quota holds a job up, and costs nothing once it is mended",
            .enabled(if: geteuid() == 0), arguments: Trouble.possible)
        func storage(trouble: Trouble) async throws {
            let shop = try Workshop()
            try await shop.makeClips()
            let job = try shop.writeJob(steps: 3, batch: 1)
            let whole = shop.path("whole")
            #expect(try await Programs.worker([job, "--out", whole]).code == 0)

            let disk = shop.path("disk")
            try FileManager.default.createDirectory(atPath: disk, withIntermediateDirectories: true)
            defer { umount2(disk, Int32(MNT_DETACH)) }
            try await trouble.mount(on: disk)
            let run = FinishedRun("\(disk)/run")
            // Planning would refuse a disk without room.
            let planned = try await Programs.seehear("plan", job, "--out", run.folder)
            try #require(planned.code == 0, "\(planned.text)")
            try await trouble.begin(run, disk: disk)
            let running = try Programs.start(3, [run.folder])
            let log = "\(run.folder)/logs/rank-0001.log"
            func isWaiting() -> Bool {
                (try? String(contentsOfFile: log, encoding: .utf8))?.contains(trouble.rawValue) == true
            }
            let patience = ContinuousClock.now + .seconds(120)
            while !isWaiting(), !running.hasEnded, ContinuousClock.now < patience {
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(isWaiting(), "nothing was held up")
            try await trouble.end(run, disk: disk)
            let outcome = try await running.outcome(limit: 120)
            #expect(outcome.code == 0, "\(outcome.text)")
            try FinishedRun(whole).expectSameBytes(as: run, "after \(trouble)")
        }
    }
}
