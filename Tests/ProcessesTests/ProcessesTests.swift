import Foundation
import Processes
import TestSupport
import Testing

@Suite("Processes")
struct ProcessesTests {
    private func output(_ script: String, limit: Duration = .seconds(30)) throws -> ProcessOutput {
        try RunningProgram(Spawn("/bin/sh", ["sh", "-c", script]), limit: limit).wait()
    }

    @Test("a program gets the descriptors that are named to it and no others, whatever is open here")
    func descriptors() throws {
        // Neither closed on exec, as libraries leave them.
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let file = open("/etc/hostname", O_RDONLY)
        defer {
            close(listener)
            close(file)
        }
        #expect(Foundation.listen(listener, 1) == 0)
        let pipe = try PipeEnds()
        defer { close(pipe.read) }
        var spawn = Spawn("/bin/sh", ["sh", "-c", "ls -l /proc/self/fd >&3; readlink /proc/self/fd/0 >&3"])
        spawn.descriptors[3] = pipe.write
        let process = try spawn.start()
        close(pipe.write)
        let text = String(decoding: FileHandle(fileDescriptor: pipe.read).readDataToEndOfFile(), as: UTF8.self)
        while ChildStatus.exitCode(of: process) == nil { usleep(1000) }
        let numbers = text.split(separator: "\n").compactMap { line in
            line.split(separator: " ").split(separator: "->").first?.last.flatMap { Int($0) }
        }
        // 4 is what `ls` reads the folder by.
        #expect(Set(numbers).isSubset(of: [0, 1, 2, 3, 4]) && numbers.contains(3), "\(text)")
        #expect(!text.contains("socket:") && !text.contains("hostname"), "\(text)")
        #expect(text.hasSuffix("/dev/null\n"))
    }

    @Test("a program that takes too long is ended with all that it started, also where it does not listen")
    func limit() throws {
        let begin = ContinuousClock.now
        let polite = try output("sleep 60 & echo $!; wait", limit: .milliseconds(300))
        #expect(polite.timedOut && polite.status == 143)
        let grandchild = try #require(pid_t(polite.output.trimmingCharacters(in: .whitespacesAndNewlines)))
        for _ in 0..<200 where kill(grandchild, 0) == 0 { usleep(10_000) }
        #expect(kill(grandchild, 0) != 0)
        let deaf = try output("trap '' TERM; echo deaf; while :; do sleep 1; done", limit: .milliseconds(300))
        #expect(deaf.timedOut && deaf.status == 137 && deaf.output == "deaf\n")
        #expect(ContinuousClock.now - begin < .seconds(60))
    }

    @Test("both streams are collected, and a program that writes without end fills no memory")
    func streams() throws {
        let both = try output("echo out; echo err >&2; exit 3")
        #expect(both == ProcessOutput(status: 3, output: "out\n", errors: "err\n"))
        let much = try output("head -c 20000000 /dev/zero")
        #expect(much.status == 0 && much.output.utf8.count <= 2 << 20)
        let endless = try output("exec cat /dev/zero", limit: .milliseconds(300))
        #expect(endless.timedOut && endless.status == 143)
    }

    @Test("who holds the streams open after the program's end is not waited for")
    func streamsHeld() throws {
        let begin = ContinuousClock.now
        #expect(try output("sleep 50 & echo done").output == "done\n")
        #expect(ContinuousClock.now - begin < .seconds(30))
    }

    @Test("it has a session of its own, hears all signals, and has the variables that are named")
    func session() throws {
        // Not of the shell while it waits: it blocks signals then.
        let own = try output("ps -o sid= -p $$; echo $$; exec grep -E '^Sig(Blk|Ign)' /proc/self/status")
        let lines = own.output.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        #expect(lines.first == lines.dropFirst().first)
        #expect(own.output.contains("SigBlk:\t0000000000000000"))
        let variables = try RunningProgram(
            Spawn("/usr/bin/env", ["env"], environment: ["A": "1", "B": "x=y"]), limit: .seconds(30)
        ).wait()
        #expect(Set(variables.output.split(separator: "\n")) == ["A=1", "B=x=y"])
    }

    @Test("what is not there, and what is no program, is an error that names it")
    func notThere() throws {
        for path in ["/no/such/program", "/dev/null", "/tmp"] {
            let error = #expect(throws: SpawnError.self) { try Spawn(path, ["x"]).start() }
            #expect(error?.program == path)
        }
    }

    @Test("a program is found as a shell finds it")
    func paths() throws {
        #expect(ProgramPath.find("sh", path: "/nowhere:/bin") == "/bin/sh")
        #expect(ProgramPath.find("/bin/sh", path: nil) == "/bin/sh")
        let folder = try TemporaryFolder()
        try folder.write("#!/bin/sh\n", to: "plain")
        #expect(ProgramPath.find("plain", path: folder.path) == nil, "it may not be run")
        #expect(ProgramPath.find("bin", path: "/usr") == nil, "it is a folder")
        #expect(ProgramPath.find("", path: "/bin") == nil)
    }

    @Test("no two launches have the same mark, and it is a word in a path")
    func marks() {
        let marks = (0..<100).map { _ in Program.mark() }
        #expect(Set(marks).count == 100)
        #expect(marks.allSatisfy { $0.hasPrefix("\(getpid())-") && $0.allSatisfy { $0.isHexDigit || $0 == "-" } })
    }
}
