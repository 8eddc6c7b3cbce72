import Foundation
import TestSupport
import Testing

extension Integration {
    /// What of a run on one machine can be reached from elsewhere: nothing.
    @Suite("Listeners", .serialized)
    struct ListenerTests {
        /// A socket of the kernel's tables.
        private struct Socket: CustomStringConvertible {
            let inode: String
            let address: String
            let isUDP: Bool
            let isListening: Bool

            var isLocal: Bool {
                // As the kernel prints them, each group of four bytes in the order of the machine.
                address == "0100007F" || address == "00000000000000000000000001000000"
                    || address == "0000000000000000FFFF00000100007F"
            }
            var description: String { "\(isUDP ? "udp" : "tcp") \(address)\(isListening ? " listens" : "")" }
        }

        /// Those of the network that a process lives in.
        private static func sockets(of process: pid_t) -> [String: Socket] {
            var sockets: [String: Socket] = [:]
            for table in ["tcp", "tcp6", "udp", "udp6", "raw", "raw6"] {
                let text = (try? String(contentsOfFile: "/proc/\(process)/net/\(table)", encoding: .utf8)) ?? ""
                for line in text.split(separator: "\n").dropFirst() {
                    let words = line.split(separator: " ")
                    guard words.count > 9, let address = words[1].split(separator: ":").first else { continue }
                    sockets[String(words[9])] = Socket(
                        inode: String(words[9]), address: String(address), isUDP: !table.hasPrefix("tcp"),
                        isListening: words[3] == "0A")
                }
            }
            return sockets
        }

        private static func inodes(of process: pid_t) -> [String] {
            let folder = "/proc/\(process)/fd"
            return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).compactMap { name in
                guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(name)"),
                    target.hasPrefix("socket:[")
                else { return nil }
                return String(target.dropFirst(8).dropLast())
            }
        }

        /// Whether a process lives in a network that has the loopback and nothing else.
        private static func isAlone(_ process: pid_t) -> Bool {
            func network(_ process: String) -> String? {
                try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/ns/net")
            }
            guard let own = network("self"), let its = network("\(process)"), own != its else { return false }
            let text = (try? String(contentsOfFile: "/proc/\(process)/net/dev", encoding: .utf8)) ?? ""
            let devices = text.split(separator: "\n").dropFirst(2).compactMap { $0.split(separator: ":").first }
            return devices.map { $0.trimmingCharacters(in: .whitespaces) } == ["lo"]
        }

        @Test(
            "nothing listens but on the loopback, and what computes has no socket at all",
            arguments: ["launch", "mpirun"])
        func oneMachine(way: String) async throws {
            let shop = try Workshop()
            let rows = (0..<40).map { #"{"id": "s\#($0)", "task": "joint", "prompt": "slow"}"# }
            let job = try shop.writeJob(
                rows: rows, batch: 1, models: Workshop.allModels, sampling: "frames: 4, fps: 4, width: 64, height: 64")
            let run = FinishedRun(shop.path("run"))
            try #require(try await Programs.seehear("plan", job, "--out", run.folder).code == 0)
            let programs = try shop.simulatedPrograms()
            let running =
                way == "launch"
                ? try Running(
                    Fixtures.checkout.appending(path: "cluster/launch").path, ["-n", "3", run.folder],
                    environment: ["SEEHEAR_BIN": programs])
                : try Running(
                    "bash",
                    [
                        "-c", ". '\(Fixtures.checkout.path)/cluster/env.sh' local && exec mpirun \"$@\"", "bash", "-n",
                        "3",
                        "\(programs)/seehear-worker", run.folder,
                    ])
            while run.committedSegments().count < 2, !running.hasEnded { try await Task.sleep(for: .milliseconds(50)) }
            let processes = [running.pid] + Running.descendants(of: running.pid)
            let computing = running.computing()
            #expect(running.ranks().count == 3 && computing.count >= 2)
            var found = 0
            for process in processes {
                let words = Running.words(of: process).prefix(2).joined(separator: " ")
                let table = Self.sockets(of: process)
                for socket in Self.inodes(of: process).compactMap({ table[$0] }) {
                    found += 1
                    // What listens for other hosts is mpirun itself, which cannot be told not to; a launch shuts it in.
                    let isMpirun = words.hasPrefix("mpirun")
                    if way == "mpirun", isMpirun, socket.isListening { continue }
                    #expect(
                        !socket.isUDP && (socket.isLocal || (way == "launch" && Self.isAlone(process))),
                        "\(words): \(socket)")
                    if !isMpirun { #expect(!socket.isListening, "\(words): \(socket)") }
                }
                if way == "launch", process != running.pid {
                    #expect(Self.isAlone(process) || geteuid() != 0, "\(words)")
                }
            }
            #expect(found > 0, "mpirun and its ranks talk over the loopback; where are they?")
            for process in computing {
                #expect(Self.inodes(of: process).isEmpty, "\(Self.inodes(of: process))")
                let names = try FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd").compactMap {
                    Int($0)
                }
                let targets = names.map { name in
                    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/fd/\(name)")) ?? ""
                }
                let foreign = targets.filter {
                    $0.hasPrefix("/") && !$0.hasPrefix("/dev/") && !$0.hasPrefix(run.folder) && !$0.hasPrefix("/proc/")
                }
                #expect(foreign.isEmpty, "\(foreign)")
            }
            Glibc.kill(running.pid, SIGUSR2)
            #expect(try await running.outcome(limit: 60).code == 75)
        }
    }
}
