import ArgumentParser
import Arguments
import Planning

/// Where networks run, for commands on ranks that have no job file to say it.
struct DeviceArguments: ParsableArguments {
    @Option(help: "Where the networks run.")
    var device = Job.Device.auto

    @Option(help: "Threads of the CPU kernels.")
    var threads: Int?

    @Option(help: "How results reach rank 0: shared, or mpi where the ranks share no file system.")
    var gather = Job.Gather.shared

    func validate() throws {
        if let threads, !(1...1 << 16).contains(threads) {
            throw ValidationError("--threads is \(threads): give a whole number from 1 on.")
        }
    }
}
