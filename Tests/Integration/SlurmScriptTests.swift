import Foundation
import TestSupport
import Testing

extension Integration {
    /// `cluster/seehear.sbatch` with programs in Slurm's place; `Tests/Cluster/slurm` has a whole Slurm.
    @Suite("The Slurm script", .serialized)
    struct SlurmScriptTests {
        /// A checkout with a launch that a test plays, and a folder of Slurm's programs.
        private struct Place {
            let shop: Workshop

            /// - Parameter launch: what stands in for `cluster/launch`.
            init(launch: String) throws {
                shop = try Workshop()
                try program("check out/cluster/launch", launch)
                let script = try String(
                    contentsOf: Fixtures.checkout.appending(path: "cluster/seehear.sbatch"), encoding: .utf8)
                try program("check out/cluster/seehear.sbatch", script)
                // Where Slurm puts its copy, and where the user was.
                try program("spool/job00007/slurm_script", script)
                try shop.write("elsewhere/nothing", "")
                try program("bin/srun", "#!/bin/sh\nexit 1\n")
                try program(
                    "bin/scontrol",
                    """
                    #!/bin/sh
                    echo "$*" >>'\(shop.path("scontrol"))'
                    [ "$1" = requeue ] || printf 'JobId=7 JobName=x\\n   Command=%s\\n   WorkDir=/\\n' '\(shop.path("check out/cluster/seehear.sbatch")) my run --option'
                    """)
            }

            private func program(_ name: String, _ text: String) throws {
                try FileManager.default.createDirectory(
                    at: shop.folder.appending(path: name).deletingLastPathComponent(), withIntermediateDirectories: true
                )
                try shop.write(name, text)
                try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: shop.path(name))
            }

            func start(_ arguments: [String] = ["my run"], inJob: Bool = true, in folder: String = "elsewhere") throws
                -> Running
            {
                let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
                var environment = ["PATH": "\(shop.path("bin")):\(path)", "SLURMD_NODENAME": "n0"]
                if inJob {
                    environment["SLURM_JOB_ID"] = "7"
                    environment["SLURM_SUBMIT_DIR"] = shop.path("elsewhere")
                }
                return try Running(
                    "bash", [shop.path("spool/job00007/slurm_script")] + arguments, environment: environment,
                    in: shop.folder.appending(path: folder))
            }

            /// Waits until the launch hears signals.
            func isReady(_ running: Running) async throws {
                let file = shop.path("elsewhere/ready")
                while !FileManager.default.fileExists(atPath: file), !running.hasEnded {
                    try await Task.sleep(for: .milliseconds(2))
                }
                try? FileManager.default.removeItem(atPath: file)
            }

            /// What the script asked Slurm for, without where it lies.
            var asked: [String] {
                ((try? String(contentsOfFile: shop.path("scontrol"), encoding: .utf8)) ?? "").split(separator: "\n")
                    .map(String.init).filter { !$0.hasPrefix("show job") }
            }
        }

        @Test("a launch that ends at once ends the script with its code, each of forty times")
        func atOnce() async throws {
            let place = try Place(launch: "#!/bin/sh\nexit 7\n")
            for attempt in 0..<40 {
                let outcome = try await place.start().outcome(limit: 30)
                #expect(outcome.code == 7, "attempt \(attempt): \(outcome.text)")
            }
            #expect(place.asked.isEmpty)
        }

        @Test("it finds the launch beside the script that was submitted, and hands it run and options")
        func found() async throws {
            let place = try Place(launch: "#!/bin/sh\nprintf '<%s>' \"$@\"; pwd\n")
            let outcome = try await place.start(["my run", "--silence-limit", "9"]).outcome(limit: 30)
            #expect(outcome.code == 0, "\(outcome.text)")
            let words = "<--grace><90><my run><--coordinator-works><--silence-limit><9>\(place.shop.path("elsewhere"))"
            #expect(outcome.lines.first == words, "\(outcome.text)")
            let byHand = try await place.start(inJob: false, in: "check out").outcome(limit: 30)
            #expect(byHand.code == 0 && byHand.output.hasPrefix("<--grace>"), "\(byHand.text)")
        }

        @Test("where there is no launch it says so and ends with 2; without a run it says how it is called")
        func notFound() async throws {
            let place = try Place(launch: "#!/bin/sh\n")
            try FileManager.default.removeItem(atPath: place.shop.path("check out/cluster/launch"))
            let outcome = try await place.start().outcome(limit: 30)
            #expect(outcome.code == 2 && outcome.errors.contains("there is no launch"), "\(outcome.text)")
            let bare = try await place.start([]).outcome(limit: 30)
            #expect(bare.code != 0 && bare.errors.contains("usage: sbatch"), "\(bare.text)")
        }

        @Test("drained, it goes back into the queue; cancelled, it does not", arguments: [SIGUSR1, SIGTERM])
        func signalled(number: Int32) async throws {
            // Two signals, of which it hears one: a second would be one too many for the ranks.
            let place = try Place(
                launch: """
                    #!/bin/bash
                    n=0
                    trap 'n=$((n+1)); echo heard $n' USR2
                    touch ready
                    for i in {1..200}; do [ $n -gt 0 ] && break; sleep 0.1; done
                    for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.1; done
                    exit 75
                    """)
            let running = try place.start()
            try await place.isReady(running)
            Glibc.kill(running.pid, number)
            try await Task.sleep(for: .milliseconds(200))
            Glibc.kill(running.pid, number)
            let outcome = try await running.outcome(limit: 30)
            #expect(outcome.code == 75, "\(outcome.text)")
            #expect(outcome.lines.filter { $0.hasPrefix("heard") } == ["heard 1"], "\(outcome.text)")
            #expect(place.asked == (number == SIGUSR1 ? ["requeue 7"] : []))
        }

        @Test("a signal just as the launch ends changes no exit code, each of thirty times")
        func signalAtTheEnd() async throws {
            let place = try Place(launch: "#!/bin/sh\ntrap '' USR2\ntouch ready\nsleep 0.1\nexit 3\n")
            for attempt in 0..<30 {
                let running = try place.start()
                try await place.isReady(running)
                for _ in 0..<12 {
                    try await Task.sleep(for: .milliseconds(10 + attempt % 5))
                    Glibc.kill(running.pid, SIGUSR1)
                }
                let outcome = try await running.outcome(limit: 30)
                #expect(outcome.code == 3, "attempt \(attempt): \(outcome.text)")
            }
        }
    }
}
