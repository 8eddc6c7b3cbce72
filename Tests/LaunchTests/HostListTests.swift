import TestSupport
import Testing

@testable import Launch

@Suite("Lists of hosts")
struct HostListTests {
    private func parse(_ text: String) throws -> [HostSlots] { try Hostfile.parse(Array(text.utf8), path: "hosts.txt") }

    @Test("a hostfile gives a line to each host, with its slots, one where none are given")
    func lines() throws {
        let hosts = try parse(
            """
            # one rank for each GPU
            node01 slots=9
              node02\tslots = 8   max_slots=16 # and a remark

            node-3.cluster_a\r
            10.0.0.7 cpu=2
            node01 slots=1
            """)
        #expect(hosts.map(\.description) == ["node01:10", "node02:8", "node-3.cluster_a:1", "10.0.0.7:2"])
    }

    @Test(
        "a line that is wrong is named with its number, and nothing in it is run",
        arguments: [
            ("a slots=2\nb slots=$(touch ran)", "line 2", "slots is '$(touch'"),
            ("a slots=x[$(touch ran)]", "line 1", "slots is 'x[$(touch'"),
            ("a slots=0", "line 1", "slots is '0'"), ("a slots=-1", "line 1", "slots is '-1'"),
            ("a slots=", "line 1", "slots is ''"), ("a slots=4x", "line 1", "slots is '4x'"),
            ("a slots=99999999999999999999", "line 1", "slots is '99999999999999999999'"),
            ("a slots=１", "line 1", "slots is '１'"), ("a slots=08", "line 1", "slots is '08'"),
            ("a slots=1 slots=2", "line 1", "twice"), ("a b", "line 1", "'b' is not understood"),
            ("a cores=3", "line 1", "'cores=3' is not understood"),
            ("\n\n-oProxyCommand=touch slots=1", "line 3", "'-oProxyCommand=touch' is no host's name"),
            ("a:8", "line 1", "'a:8' is no host's name"), ("slots=4", "line 1", "'slots=4' is no host's name"),
            ("a;touch slots=1", "line 1", "is no host's name"), ("a slots=2\n\u{0}", "line 2", "'?' is no host's name"),
        ])
    func wrong(text: String, line: String, found: String) throws {
        let error = try #require(throws: LaunchProblem.self) { try parse(text) }
        #expect(error.found.contains("hosts.txt, \(line): ") && error.found.contains(found), "\(error)")
        #expect(!error.remedy.isEmpty)
    }

    @Test("a hostfile without hosts, one that is not there, and what is no file are named")
    func noFile() throws {
        for text in ["", "\n# nothing\n"] {
            #expect(throws: LaunchProblem.self) { try parse(text) }
        }
        let folder = try TemporaryFolder()
        for path in ["/no/such/hosts", folder.path] {
            let error = try #require(throws: LaunchProblem.self) { try Hostfile.read(path) }
            #expect(error.found.hasPrefix(path), "\(error)")
        }
    }

    @Test("damaged hostfiles give hosts or an error, never anything else")
    func damaged() {
        let original = Array("node01 slots=9\nnode02 slots = 8 max_slots=9 # x\nnode03\n".utf8)
        var mutator = ByteMutator(seed: 7)
        for _ in 0..<5000 {
            do throws(LaunchProblem) {
                let hosts = try Hostfile.parse(mutator.mutate(original), path: "f")
                #expect(!hosts.isEmpty && hosts.allSatisfy { $0.slots > 0 && HostSlots.isName($0.name) })
            } catch {
                #expect(error.found.hasPrefix("f"))
            }
        }
    }

    @Test("--hosts gives names and slots, and what is wrong is named")
    func list() throws {
        #expect(try HostSlots.list("a:8,b,a:2").map(\.description) == ["a:10", "b:1"])
        for text in [
            "", ",", "a:8,", "a:", "a:0", "a:8:2", "a:x", "-o:8", "a b:2", "a:1;b", "$(touch ran):1", "a:99999999",
        ] {
            let error = #expect(throws: LaunchProblem.self) { try HostSlots.list(text) }
            #expect(error?.found.contains("--hosts") == true)
        }
    }

    @Test(
        "Slurm's tasks for each host are spelled out, for as many hosts as there are",
        arguments: [
            ("8(x2),4", 3, [8, 8, 4]), ("2", 1, [2]), ("1,2,3", 3, [1, 2, 3]), ("4(x3)", 3, [4, 4, 4]),
        ])
    func tasks(text: String, hosts: Int, expected: [Int]) {
        #expect(SlurmAllocation.tasks(text, hosts: hosts) == expected)
    }

    @Test(
        "what is no such list, or is for other hosts, is not believed",
        arguments: [
            "", "8", "8(x2)", "8(x4)", "8(x9999999)", "8(x99999999999999999999)", "8(x2),", "8(2),4", "8(x2,4", "a(x3)",
            "0(x3)",
            "-1,2,3", "8(x0),1,1,1", "$(touch ran),1,1",
        ])
    func notTasks(text: String) {
        #expect(SlurmAllocation.tasks(text, hosts: 3) == nil)
    }

    @Test("an allocation without tasks gives each host one rank; one whose hosts are none is an error")
    func allocation() throws {
        let cores = ["SLURM_TASKS_PER_NODE": "64(x2)"]
        #expect(try SlurmAllocation.hosts(names: ["a", "b"], cores).map(\.description) == ["a:1", "b:1"])
        let tasks = ["SLURM_TASKS_PER_NODE": "4(x2)", "SLURM_NTASKS": "8"]
        #expect(try SlurmAllocation.hosts(names: ["a", "b"], tasks).map(\.description) == ["a:4", "b:4"])
        #expect(throws: LaunchProblem.self) { try SlurmAllocation.hosts(names: ["a"], tasks) }
        #expect(throws: LaunchProblem.self) { try SlurmAllocation.hosts(names: [], tasks) }
        #expect(throws: LaunchProblem.self) { try SlurmAllocation.hosts(names: ["-w"], tasks) }
        #expect(try SlurmAllocation.hosts([:]) == nil)
        #expect(throws: LaunchProblem.self) {
            try SlurmAllocation.hosts(["SLURM_JOB_NODELIST": "n[0-2]", "PATH": "/nowhere"])
        }
    }
}
