import CMPI
import Glibc

/// The functions of Open MPI 5's ULFM, looked up at run time because 4.1 does not have them.
struct FaultTolerance {
    private typealias Acknowledge = @convention(c) (MPI_Comm?) -> Int32
    private typealias GetAcknowledged = @convention(c) (MPI_Comm?, UnsafeMutablePointer<MPI_Group?>) -> Int32

    private let acknowledge: Acknowledge
    private let getAcknowledged: GetAcknowledged

    /// Nil where the library does not have them.
    init?() {
        guard let acknowledge = dlsym(nil, "MPIX_Comm_failure_ack"),
            let getAcknowledged = dlsym(nil, "MPIX_Comm_failure_get_acked")
        else { return nil }
        // The signatures are those of Open MPI 5's mpi-ext.h.
        self.acknowledge = unsafeBitCast(acknowledge, to: Acknowledge.self)
        self.getAcknowledged = unsafeBitCast(getAcknowledged, to: GetAcknowledged.self)
    }

    /// The ranks of the world that are known to be dead. They are acknowledged, so that receiving from anybody works
    /// again. Empty where the library does not want to tell.
    func failedRanks() -> [Int] {
        let world = seehear_mpi_comm_world()
        var failed: MPI_Group?
        var all: MPI_Group?
        guard acknowledge(world) == MPI_SUCCESS, getAcknowledged(world, &failed) == MPI_SUCCESS,
            MPI_Comm_group(world, &all) == MPI_SUCCESS
        else { return [] }
        defer {
            if failed != seehear_mpi_group_empty() { MPI_Group_free(&failed) }
            MPI_Group_free(&all)
        }
        var count: Int32 = 0
        guard MPI_Group_size(failed, &count) == MPI_SUCCESS, count > 0 else { return [] }
        let indices = Array(0..<count)
        var ranks = [Int32](repeating: -1, count: indices.count)
        guard MPI_Group_translate_ranks(failed, count, indices, all, &ranks) == MPI_SUCCESS else { return [] }
        return ranks.filter { $0 >= 0 }.map(Int.init)
    }
}
