/// What the launcher tells its ranks through the environment.
package enum Launcher {
    /// Whether mpirun or srun started this process. Without one MPI is left alone: it may not even be installed well.
    package static func started(_ environment: [String: String]) -> Bool {
        ["OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK"].contains { environment[$0] != nil }
    }

    /// This process's rank, before MPI says it; 0 where there is no launcher.
    package static func rank(_ environment: [String: String]) -> Int {
        ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK"].lazy.compactMap { environment[$0].flatMap(Int.init) }.first
            ?? 0
    }

    /// How many ranks share this node, where the launcher says so.
    package static func ranksOnNode(_ environment: [String: String]) -> Int? {
        environment["OMPI_COMM_WORLD_LOCAL_SIZE"].flatMap(Int.init)
            ?? environment["SLURM_NTASKS_PER_NODE"].flatMap(Int.init)
    }
}
