internal import Processes

/// The hosts that Slurm has given this job, each with its tasks.
package enum SlurmAllocation {
    /// Seconds that `scontrol` may take; it only spells a list out, and asks nobody.
    private static let limit = 30.0

    /// Asks `scontrol` for the hosts; blocks.
    /// - Returns: nil outside an allocation.
    /// - Throws: ``LaunchProblem``.
    package static func hosts(_ environment: [String: String]) throws(LaunchProblem) -> [HostSlots]? {
        guard let list = environment["SLURM_JOB_NODELIST"], !list.isEmpty else { return nil }
        let remedy = "give the hosts with --hosts, as in node1:8,node2:8"
        guard let scontrol = ProgramPath.find("scontrol", path: environment["PATH"]) else {
            throw LaunchProblem("the hosts of the allocation are not known: scontrol is not on PATH", remedy: remedy)
        }
        guard let output = ProcessOutput.run(scontrol, ["show", "hostnames", list], limit: limit), output.status == 0,
            !output.timedOut
        else {
            throw LaunchProblem("`scontrol show hostnames \(list)` failed", remedy: remedy)
        }
        let names = output.output.split(whereSeparator: \.isWhitespace).map(String.init)
        return try hosts(names: names, environment)
    }

    /// - Parameter names: as `scontrol show hostnames` spells them out.
    static func hosts(names: [String], _ environment: [String: String]) throws(LaunchProblem) -> [HostSlots] {
        guard !names.isEmpty, names.allSatisfy({ HostSlots.isName($0) }) else {
            throw LaunchProblem(
                "`scontrol show hostnames` says '\(names.joined(separator: " ").prefix(80))', which are no hosts",
                remedy: "give the hosts with --hosts, as in node1:8,node2:8")
        }
        // Where no tasks were asked for, Slurm's count is that of cores, and a host takes one rank.
        guard environment["SLURM_NTASKS"]?.isEmpty == false, let text = environment["SLURM_TASKS_PER_NODE"],
            !text.isEmpty
        else { return names.map { HostSlots($0, slots: 1) } }
        guard let slots = tasks(text, hosts: names.count) else {
            throw LaunchProblem(
                "SLURM_TASKS_PER_NODE is '\(text.prefix(80))', and there are \(names.count) hosts",
                remedy: "give hosts and slots with --hosts, as in node1:8,node2:8")
        }
        return zip(names, slots).map { HostSlots($0, slots: $1) }
    }

    /// What stands there as `8(x2),4`: one number for each host.
    /// - Returns: nil where it is something else, or for another number of hosts.
    static func tasks(_ text: String, hosts: Int) -> [Int]? {
        var tasks: [Int] = []
        for entry in text.split(separator: ",", omittingEmptySubsequences: false) {
            let parts = entry.split(separator: "(", maxSplits: 1, omittingEmptySubsequences: false)
            var times: Int? = 1
            if parts.count == 2 {
                guard parts[1].hasPrefix("x"), parts[1].hasSuffix(")") else { return nil }
                times = HostSlots.count(parts[1].dropFirst().dropLast())
            }
            guard let first = parts.first, let number = HostSlots.count(first), let times, times <= hosts - tasks.count
            else { return nil }
            tasks += [Int](repeating: number, count: times)
        }
        return tasks.count == hosts ? tasks : nil
    }
}
