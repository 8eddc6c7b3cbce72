import Testing

@testable import MPI

@Suite("MPI: what needs no library")
struct MPIPartsTests {
    @Test(
        "Open MPI's local rank comes before Slurm's, which mpirun leaves at 0",
        arguments: [
            ([:], 0), (["SLURM_LOCALID": "3"], 3),
            (["SLURM_LOCALID": "0", "OMPI_COMM_WORLD_LOCAL_RANK": "2"], 2),
            (["OMPI_COMM_WORLD_LOCAL_RANK": "x", "SLURM_LOCALID": "1"], 1), (["SLURM_LOCALID": "-1"], 0),
        ] as [([String: String], Int)])
    func localRank(environment: [String: String], rank: Int) {
        #expect(LocalRank.find(in: environment) == rank)
    }

    @Test(
        "pieces cover a message without gaps, and only the last one says so",
        arguments: [0, 1, 9, 10, 11, 20, 25, 1000])
    func pieces(count: Int) {
        let pieces = Pieces.split(count, largest: 10)
        var end = 0
        for (range, tag) in pieces {
            #expect(range.lowerBound == end)
            #expect(range.count <= 10 && (range.count == 10 || range.upperBound == count))
            end = range.upperBound
            #expect(tag == (end == count ? .last : .more))
        }
        #expect(end == count)
        #expect(!pieces.isEmpty)
    }

    @Test("one piece fits MPI's 32-bit count many times")
    func largest() {
        #expect(Pieces.largest == 8 * 1024 * 1024)
        #expect(Pieces.split(Pieces.largest + 1).count == 2)
    }

    @Test("waiting begins at nothing, grows to a millisecond, and begins again")
    func backoff() {
        var backoff = Backoff()
        let waits = (0..<200).map { _ in backoff.next() }
        #expect(waits.prefix(16).allSatisfy { $0 == 0 })
        #expect(waits == waits.sorted())
        #expect(waits.last == 1000)
        backoff.reset()
        #expect(backoff.next() == 0)
    }

    @Test("a death is told from other errors by the name of its class")
    func processFailure() {
        let dead = MPIError(function: "MPI_Test", code: 75, message: "MPI_ERR_PROC_FAILED: Process Failure")
        let other = MPIError(function: "MPI_Test", code: 17, message: "MPI_ERR_TRUNCATE: message truncated")
        #expect(dead.isProcessFailure && !other.isProcessFailure)
        #expect(other.description.contains("MPI_Test") && other.description.contains("truncated"))
    }
}
