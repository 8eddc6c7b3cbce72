import Foundation
import TestSupport
import Testing

extension Integration {
    /// `cluster/launch` and plain `mpirun`: what is checked before, what signals do, and what listens.
    @Suite("Launching", .serialized)
    struct LaunchTests {
        private static let launch = Fixtures.checkout.appending(path: "cluster/launch").path
        private static let slow = (0..<40).map { #"{"id": "s\#($0)", "task": "joint", "prompt": "slow"}"# }

        /// A planned run of simulated samples.
        private func plan(_ shop: Workshop, _ name: String = "run", rows: [String] = slow) async throws -> FinishedRun {
            let job = try shop.writeJob(
                name, rows: rows, batch: 1, models: Workshop.allModels,
                sampling: "frames: 4, fps: 4, width: 64, height: 64")
            let run = FinishedRun(shop.path(name))
            let planned = try await Programs.seehear("plan", job, "--out", run.folder)
            try #require(planned.code == 0, "\(planned.text)")
            return run
        }

        private func ending(of run: FinishedRun) -> String {
            ((try? String(contentsOfFile: "\(run.folder)/STATUS", encoding: .utf8)) ?? "").trimmingCharacters(
                in: .whitespacesAndNewlines)
        }

        private func waitForWork(_ run: FinishedRun, _ running: Running) async throws {
            while run.committedSegments().isEmpty, !running.hasEnded { try await Task.sleep(for: .milliseconds(20)) }
            guard running.hasEnded else { return }
            Issue.record("it ended too early: \(try await running.outcome(limit: 5).text)")
        }

        /// The processes that work on a run, wherever they belong by now.
        private func left(of run: FinishedRun) -> [pid_t] {
            ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { pid_t($0) }
                .filter {
                    Running.words(of: $0).first?.hasSuffix("seehear-worker") == true
                        && Running.words(of: $0).contains(run.folder)
                }
        }

        private func noneIsLeft(of run: FinishedRun, within seconds: Double) async throws -> Bool {
            let limit = ContinuousClock.now + .seconds(seconds)
            while !left(of: run).isEmpty, ContinuousClock.now < limit { try await Task.sleep(for: .milliseconds(100)) }
            return left(of: run).isEmpty
        }

        // MARK: - Before anything starts

        @Test("what can be known before is refused with 2, by name and with a remedy, before anything starts")
        func refused() async throws {
            let shop = try Workshop()
            let run = try await plan(shop)
            let programs = try shop.simulatedPrograms()
            try shop.write("not-mpi", "#!/bin/sh\necho 'HYDRA build details:'\n")
            try shop.write("empty/seehear-worker", "")
            try FileManager.default.createSymbolicLink(
                atPath: shop.path("empty/seehear"), withDestinationPath: "\(programs)/seehear")
            try shop.write("plain", "no program\n")
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: shop.path("not-mpi"))
            try shop.write("hosts", "node1 slots=2\nnode2 slots=x[$(touch \(shop.path("ran")))]\n")
            try FileManager.default.createDirectory(atPath: shop.path("folder"), withIntermediateDirectories: true)
            let name = String(repeating: "x", count: 200)
            let long = shop.path("\(name)/\(name)/\(name)")
            try FileManager.default.createDirectory(atPath: long, withIntermediateDirectories: true)

            func refuse(
                _ arguments: [String], _ environment: [String: String] = [:], _ words: String...
            ) async throws {
                let outcome = try await Programs.run(
                    Self.launch, arguments, environment: ["SEEHEAR_BIN": programs].merging(environment) { $1 })
                #expect(outcome.code == 2, "\(arguments) \(environment): \(outcome.text)")
                for word in words {
                    #expect(outcome.errors.contains(word), "\(arguments) \(environment): \(outcome.text)")
                }
                #expect(!outcome.errors.contains("start 1"), "\(outcome.text)")
            }
            let path = run.folder
            try await refuse([], [:], "launch: nothing is named to run", "--out")
            try await refuse(
                [path], ["SEEHEAR_BIN": shop.path("folder")], "there is no \(shop.path("folder"))/seehear", "make build"
            )
            try await refuse(
                [path], ["SEEHEAR_BIN": shop.path("empty")], "\(shop.path("empty"))/seehear-worker cannot be run",
                "noexec")
            try await refuse([path], ["MPIRUN": "/no/such/mpirun"], "MPIRUN is '/no/such/mpirun'", "openmpi-bin")
            try await refuse([path], ["MPIRUN": shop.path("plain")], "where there is no program")
            try await refuse(
                [path], ["MPIRUN": shop.path("not-mpi")], "is not Open MPI 4 or 5: it says 'HYDRA", "set MPIRUN")
            try await refuse([path], ["TMPDIR": "/no/such/folder"], "TMPDIR is /no/such/folder", "set TMPDIR")
            try await refuse([path], ["TMPDIR": long], "too long for Open MPI", "set TMPDIR")
            try await refuse([shop.path("folder")], [:], "is not a run directory", "seehear plan")
            try await refuse([shop.path("run.yaml")], [:], "is no run directory", "--out")
            try await refuse([shop.path("none.yaml"), "--out", path], [:], "there is no job file")
            try await refuse(["-x", path], [:], "-x is no option of launch", "seehear help launch")
            try await refuse(
                ["--hostfile", shop.path("hosts"), path], [:], "hosts, line 2: slots is 'x[$(touch", "whole number")
            try await refuse(["--hostfile", "/no/such", path], [:], "/no/such: the hostfile cannot be read")
            try await refuse(["--hosts", "a:0", path], [:], "--hosts gives a '0' slots")
            try await refuse(["--hosts", "a:1", "--hostfile", shop.path("hosts"), path], [:], "both given")
            try await refuse(
                ["--hosts", "a:1", path], ["SEEHEAR_RSH": "/no/such/ssh"], "/no/such/ssh, which reaches other hosts",
                "SEEHEAR_RSH")
            for option in ["-n", "--give-up", "--stale", "--start", "--grace", "--renew"] {
                for value in ["-1", "x"] {
                    try await refuse([option, value, path], [:], "\(option) is '\(value)'", "whole number")
                }
            }
            #expect(!FileManager.default.fileExists(atPath: shop.path("ran")), "what a hostfile says was run")
            #expect(!FileManager.default.fileExists(atPath: "\(path)/BEAT"), "something was started")
        }

        @Test("hosts without the program are named, and no launch waits for what cannot come")
        func hostWithoutProgram() async throws {
            let shop = try Workshop()
            let run = try await plan(shop)
            // Reaches a host that sees nothing of what lies here.
            try shop.write(
                "reach",
                "#!/bin/sh\n[ \"$1\" = gone ] && { echo 'no route to host' >&2; exit 255; }\nshift\nexec sh -c \"$(printf '%s' \"$*\" | sed s,\(shop.folder.path),/elsewhere,g)\"\n"
            )
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: shop.path("reach"))
            let environment = ["SEEHEAR_BIN": try shop.simulatedPrograms(), "SEEHEAR_RSH": shop.path("reach")]
            let unfit = try await Programs.run(
                Self.launch, ["--hosts", "far:2,off:1", run.folder], environment: environment)
            #expect(unfit.code == 2, "\(unfit.text)")
            #expect(
                unfit.errors.contains("launch: far is left out: there is no \(shop.path("bin"))/seehear-worker"),
                "\(unfit.text)")
            let gone = try await Programs.run(
                Self.launch, ["--hosts", "far:2,gone:1", "--give-up", "1", run.folder], environment: environment)
            #expect(gone.code == 1, "\(gone.text)")
            #expect(gone.errors.contains("gone does not answer (no route to host) and is left out"), "\(gone.text)")
        }

        @Test("an option that the worker does not take ends the launch with 2 at its first start")
        func wrongOption() async throws {
            let shop = try Workshop()
            let run = try await plan(shop)
            let outcome = try await Programs.run(
                Self.launch, ["-n", "2", run.folder, "--no-such-option"],
                environment: ["SEEHEAR_BIN": Programs.folder.path])
            #expect(outcome.code == 2, "\(outcome.text)")
            #expect(outcome.errors.contains("Unknown option '--no-such-option'"), "\(outcome.text)")
            #expect(!outcome.errors.contains("start 2"), "\(outcome.text)")
        }

        @Test("another Open MPI gets its own options, and mpirun everything that it needs to know")
        func fiveByName() async throws {
            let shop = try Workshop()
            let run = try await plan(shop, rows: ["{\"id\": \"a\", \"task\": \"joint\", \"prompt\": \"rain\"}"])
            try shop.write(
                "mpirun",
                """
                #!/bin/sh
                [ "$1" = --version ] && { echo 'mpirun (Open MPI) 5.0.11'; exit; }
                printf '%s\\n' "$@" >\(shop.path("words"))
                env >\(shop.path("variables"))
                readlink /proc/self/fd/0 >>\(shop.path("variables"))
                while :; do case $1 in */seehear-worker) break ;; esac; shift; done
                exec "$@"
                """)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: shop.path("mpirun"))
            try shop.write("reach", "#!/bin/sh\nshift\nexec sh -c \"$*\"\n")
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: shop.path("reach"))
            let programs = try shop.simulatedPrograms()
            let environment = [
                "SEEHEAR_BIN": programs, "MPIRUN": shop.path("mpirun"), "SEEHEAR_RSH": shop.path("reach"),
            ]
            let outcome = try await Programs.run(
                Self.launch, ["--hosts", "far:2,off:1", "--mpirun", "--tag-output  --x y", "-n", "2", run.folder],
                environment: environment)
            #expect(outcome.code == 0, "\(outcome.text)")
            #expect(
                outcome.errors.contains("launch: start 1: 2 ranks on far:2,off:1, Open MPI 5.0.11"), "\(outcome.text)")
            let words = try String(contentsOfFile: shop.path("words"), encoding: .utf8).split(separator: "\n").map(
                String.init)
            let seehear = Programs.built("seehear").flatMap { realpath($0, nil) }.map { String(cString: $0) } ?? ""
            #expect(
                words == [
                    "--with-ft", "ulfm", "--host", "far:2,off:1", "-x", "SEEHEAR_LAUNCH", "-x", "SEEHEAR_VERDICT", "-x",
                    "SEEHEAR_RSH", "--prtemca", "plm", "ssh", "--prtemca", "plm_ssh_agent", "\(seehear) host-agent",
                    "--tag-output", "--x", "y", "-n", "2", "\(programs)/seehear-worker", run.folder,
                ])
            let variables = try String(contentsOfFile: shop.path("variables"), encoding: .utf8)
            for line in [
                "PRTE_MCA_hwloc_default_binding_policy=none", "SEEHEAR_RSH=\(shop.path("reach"))",
                "OMPI_MCA_btl_sm_backing_directory=/dev/shm/seehear-", "SEEHEAR_LAUNCH=", "/dev/null",
            ] { #expect(variables.contains(line), "\(line): \(variables)") }
            #expect(!variables.contains("oversubscribe"), "hosts have slots")
            #expect(
                try !FileManager.default.contentsOfDirectory(atPath: shop.folder.path).contains { $0.hasPrefix(".run") }
            )
        }

        // MARK: - Signals

        @Test(
            "a launch that hears a signal drains the run and ends with 75, and the same command finishes it",
            arguments: [SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2])
        func signals(number: Int32) async throws {
            let shop = try Workshop()
            let run = try await plan(shop, rows: Array(Self.slow.prefix(12)))
            let environment = ["SEEHEAR_BIN": try shop.simulatedPrograms()]
            let running = try Running(Self.launch, ["-n", "3", run.folder], environment: environment)
            try await waitForWork(run, running)
            Glibc.kill(running.pid, number)
            let stopped = try await running.outcome(limit: 60)
            #expect(stopped.code == 75, "\(stopped.text)")
            #expect(ending(of: run) == "stopped 75")
            #expect(try await noneIsLeft(of: run, within: 5), "\(left(of: run))")
            let made = try await run.committedRows().count
            #expect((2..<12).contains(made), "what ran was not finished: \(stopped.text)")
            guard number == SIGINT else { return }
            let resumed = try await Programs.run(Self.launch, ["-n", "3", run.folder], environment: environment)
            #expect(resumed.code == 0, "\(resumed.text)")
            #expect(try await run.rows().count == 12)
        }

        @Test("a signal that comes before anything is started ends the launch with 75, and starts nothing")
        func early() async throws {
            let shop = try Workshop()
            let run = try await plan(shop, rows: Array(Self.slow.prefix(2)))
            try shop.write(
                "mpirun",
                "#!/bin/sh\nkill -TERM $PPID\nsleep 0.5\necho 'mpirun (Open MPI) 4.1.4'\n[ \"$1\" = --version ] || touch started\n"
            )
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: shop.path("mpirun"))
            let outcome = try await Programs.run(
                Self.launch, [run.folder],
                environment: ["SEEHEAR_BIN": try shop.simulatedPrograms(), "MPIRUN": shop.path("mpirun")])
            #expect(outcome.code == 75, "\(outcome.text)")
            #expect(!outcome.errors.contains("start 1"), "\(outcome.text)")
        }

        @Test("a second signal gives up what runs")
        func secondSignal() async throws {
            let shop = try Workshop()
            let rows = (0..<6).map { #"{"id": "s\#($0)", "task": "joint", "prompt": "\#($0 == 0 ? "rain" : "hang")"}"# }
            let run = try await plan(shop, rows: rows)
            let running = try Running(
                Self.launch, ["-n", "3", run.folder], environment: ["SEEHEAR_BIN": try shop.simulatedPrograms()])
            try await waitForWork(run, running)
            Glibc.kill(running.pid, SIGINT)
            try await Task.sleep(for: .seconds(1))
            #expect(!running.hasEnded)
            Glibc.kill(running.pid, SIGINT)
            let stopped = try await running.outcome(limit: 40)
            #expect(stopped.code == 75, "\(stopped.text)")
            #expect(!stopped.errors.contains("the grace"), "\(stopped.text)")
            #expect(try await noneIsLeft(of: run, within: 5), "\(left(of: run))")
        }

        @Test(
            "in a terminal, Ctrl-C and the closing of its window drain a run and leave nothing behind",
            arguments: ["interrupt", "close"])
        func terminal(what: String) async throws {
            let shop = try Workshop()
            let run = try await plan(shop)
            let outcome = try await Programs.run(
                "python3",
                [
                    Fixtures.checkout.appending(path: "Tests/Integration/terminal.py").path, what,
                    "\(run.folder)/segments",
                    shop.path("log"), Self.launch, "-n", "3", run.folder,
                ],
                environment: ["SEEHEAR_BIN": try shop.simulatedPrograms()])
            let log = (try? String(contentsOfFile: shop.path("log"), encoding: .utf8)) ?? ""
            #expect(outcome.output == (what == "interrupt" ? "75\n" : "gone\n"), "\(outcome.text)\(log)")
            #expect(ending(of: run) == "stopped 75", "\(log)")
            #expect(try await noneIsLeft(of: run, within: 5), "\(left(of: run))")
        }

        @Test("under nohup a terminal that closes changes nothing")
        func nohup() async throws {
            let shop = try Workshop()
            let run = try await plan(shop, rows: Array(Self.slow.prefix(6)))
            let running = try Running(
                "nohup", [Self.launch, "-n", "3", run.folder],
                environment: ["SEEHEAR_BIN": try shop.simulatedPrograms()])
            try await waitForWork(run, running)
            Glibc.kill(running.pid, SIGHUP)
            let outcome = try await running.outcome(limit: 60)
            #expect(outcome.code == 0, "\(outcome.text)")
        }

        @Test(
            "one process by itself drains at each of the signals",
            arguments: [SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2])
        func alone(number: Int32) async throws {
            let shop = try Workshop()
            let run = try await plan(shop)
            let running = try Running("\(try shop.simulatedPrograms())/seehear-worker", [run.folder])
            try await waitForWork(run, running)
            Glibc.kill(running.pid, number)
            let stopped = try await running.outcome(limit: 60)
            #expect(stopped.code == 75 && ending(of: run) == "stopped 75", "\(stopped.text)")
            #expect(try await noneIsLeft(of: run, within: 5))
        }

        @Test("plain mpirun drains at SIGUSR1 and SIGUSR2; at others it ends its ranks, and none outlives it")
        func plainMpirun() async throws {
            for (number, code) in [
                (SIGUSR1, 75), (SIGUSR2, 75), (SIGINT, 1), (SIGTERM, 1), (SIGHUP, 1), (SIGKILL, 137),
            ] as [(Int32, Int32)] {
                let shop = try Workshop()
                let run = try await plan(shop)
                let worker = "\(try shop.simulatedPrograms())/seehear-worker"
                let script = ". '\(Fixtures.checkout.path)/cluster/env.sh' local && exec mpirun \"$@\""
                let running = try Running("bash", ["-c", script, "bash", "-n", "3", worker, run.folder])
                try await waitForWork(run, running)
                Glibc.kill(running.pid, number)
                let outcome = try await running.outcome(limit: 60)
                #expect(outcome.code == code, "\(outcome.text)")
                #expect(try await noneIsLeft(of: run, within: 20), "\(number): \(left(of: run))")
                if code == 75 { #expect(ending(of: run) == "stopped 75") }
            }
        }

        // MARK: - Two at once

        @Test("of two starts at one instant one does the run, and the other ends with 2 and says who does")
        func twoAtOnce() async throws {
            let shop = try Workshop()
            let programs = try shop.simulatedPrograms()
            let script = ". '\(Fixtures.checkout.path)/cluster/env.sh' local && exec mpirun \"$@\""
            let ways: [(String, (String) -> (String, [String]))] = [
                ("launch", { (Self.launch, ["-n", "2", $0]) }), ("worker", { ("\(programs)/seehear-worker", [$0]) }),
                ("mpirun", { ("bash", ["-c", script, "bash", "-n", "2", "\(programs)/seehear-worker", $0]) }),
            ]
            for (name, way) in ways {
                for attempt in 0..<2 {
                    let run = try await plan(shop, "\(name)-\(attempt)", rows: Array(Self.slow.prefix(4)))
                    let (program, arguments) = way(run.folder)
                    let both = try (0..<2).map { _ in
                        try Running(program, arguments, environment: ["SEEHEAR_BIN": programs])
                    }
                    var outcomes: [Programs.Outcome] = []
                    for one in both { outcomes.append(try await one.outcome(limit: 90)) }
                    let story = outcomes.map(\.text).joined(separator: "\n---\n")
                    #expect(outcomes.map(\.code).sorted() == [0, 2], "\(name): \(story)")
                    let loser = try #require(outcomes.first { $0.code == 2 })
                    #expect(loser.errors.contains("is being worked on by process"), "\(story)")
                    #expect(!loser.errors.contains("start 2"), "\(story)")
                    #expect(try await run.rows().count == 4)
                }
            }
        }
    }
}
