/// A process's number among those on its host, which chooses its device.
package enum LocalRank {
    /// From what the launcher put into the environment; 0 where it put nothing.
    ///
    /// Open MPI's own number comes first: under `mpirun` in a Slurm job, Slurm's is 0 for all ranks of a host.
    package static func find(in environment: [String: String]) -> Int {
        for name in ["OMPI_COMM_WORLD_LOCAL_RANK", "SLURM_LOCALID"] {
            if let text = environment[name], let rank = Int(text), rank >= 0 { return rank }
        }
        return 0
    }
}
