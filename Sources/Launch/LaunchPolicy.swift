/// What a launch is asked for.
package struct LaunchPolicy: Sendable {
    /// The hosts; none: this machine alone.
    package var hosts: [HostSlots] = []
    /// Ranks in all; nil: as many as the hosts have slots, without hosts ``ranksOnOneMachine``.
    package var ranks: Int?
    /// Whether rank 0 computes too.
    package var coordinatorWorks = false
    /// Starts in a row that bring no sample before it gives up.
    package var giveUp = 3
    /// Without a beat of the coordinator for this long, it is taken for dead.
    package var stale: Duration = .seconds(60)
    /// The same for the first beat of a start, in which a job is planned and models are read.
    package var start: Duration = .seconds(900)
    /// From the first request to stop until ranks that did not end by themselves are killed.
    package var grace: Duration = .seconds(120)
    /// When ranks have been missing for this long whose hosts answer, the run is drained and begun anew with them, if more time than
    /// that is left; zero never does.
    package var renew: Duration = .seconds(3600)
    /// What is said of mpirun, such as "Open MPI 4.1.4".
    package var mpi = "Open MPI"
    /// The folder of the ranks' logs.
    package var logs = "logs"

    package init() {}

    package static let ranksOnOneMachine = 2
    /// From the run's end, or SIGTERM, until mpirun is ended by force.
    static let lingering: Duration = .seconds(15)
    static let patience: Duration = .seconds(5)
    /// A look at the run's files that takes longer is no look.
    static let slowLook: Duration = .seconds(10)
    /// How often a wait says what it waits for.
    static let reminder: Duration = .seconds(60)
}
