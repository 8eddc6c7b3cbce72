/// An Open MPI, and what it has to be told.
package struct OpenMPI: Sendable, Hashable {
    /// Such as 4.1.4.
    package let version: String
    private let major: Int

    /// From what `mpirun --version` prints.
    /// - Returns: nil where that is no Open MPI of version 4 or newer.
    package init?(versionOutput text: String) {
        guard let line = text.split(whereSeparator: \.isNewline).first,
            line.contains("Open MPI") || line.contains("OpenRTE"),
            let mark = line.lastIndex(of: ")")
        else { return nil }
        let version = line[mark...].dropFirst().drop(while: \.isWhitespace).prefix { !$0.isWhitespace }
        guard let number = version.split(separator: ".").first.flatMap({ Int($0) }), number >= 4, version.contains(".")
        else {
            return nil
        }
        self.version = String(version)
        major = number
    }

    /// Goes on when a rank dies.
    package var survival: [String] { major == 4 ? ["--enable-recovery"] : ["--with-ft", "ulfm"] }

    /// Reaches other hosts by a program that is called as `ssh` is, also inside an allocation of Slurm.
    package func reaching(by agent: String) -> [String] {
        major == 4
            ? ["--mca", "plm", "rsh", "--mca", "plm_rsh_agent", agent]
            : ["--prtemca", "plm", "ssh", "--prtemca", "plm_ssh_agent", agent]
    }

    /// The variable that says where ranks of a host share memory.
    package var sharedMemoryVariable: String {
        major == 4 ? "OMPI_MCA_btl_vader_backing_directory" : "OMPI_MCA_btl_sm_backing_directory"
    }
}

/// What Open MPI needs to be told through the environment, as `cluster/env.sh` does for those who call `mpirun` themselves.
package enum OpenMPIEnvironment {
    /// The variables to set; what the user has set stays.
    /// - Parameters:
    ///   - isRoot: as root, in a container for instance, mpirun refuses to start unless told.
    ///   - onOneMachine: no other host takes part.
    package static func variables(
        beside given: [String: String], isRoot: Bool, onOneMachine: Bool
    ) -> [String: String] {
        var variables: [String: String] = [:]
        // By default mpirun pins each of up to two ranks to one core, and the threads of its CPU kernels with it.
        variables["OMPI_MCA_hwloc_base_binding_policy"] = "none"
        variables["PRTE_MCA_hwloc_default_binding_policy"] = "none"
        if onOneMachine {
            // More ranks than cores.
            variables["OMPI_MCA_rmaps_base_oversubscribe"] = "1"
            variables["PRTE_MCA_rmaps_default_mapping_policy"] = ":oversubscribe"
            // Ranks meet in memory; else each listens on all networks. What is not there is not missed.
            variables["OMPI_MCA_pml"] = "ob1"
            variables["OMPI_MCA_btl"] = "^tcp,openib,usnic,uct,ofi"
        }
        variables.merge(given.filter { !$0.value.isEmpty && variables[$0.key] != nil }) { $1 }
        if isRoot {
            for prefix in ["OMPI", "PRTE"] {
                variables["\(prefix)_ALLOW_RUN_AS_ROOT"] = "1"
                variables["\(prefix)_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
            }
        }
        return variables
    }
}
