/// What a supervisor needs to know.
package struct SupervisorConfiguration: Sendable {
    /// The rank that coordinates.
    package var coordinator = 0
    /// A process that is not heard for this long is ended; its heart beats every 2 seconds.
    package var silenceLimit: Duration = .seconds(30)
    /// A process that is heard but gets no further with its batch for this long is ended.
    package var stallLimit: Duration = .seconds(1800)
    /// The rank gives up when the coordinator is not heard for this long while it has no process.
    package var coordinatorSilenceLimit: Duration = .seconds(600)
    /// Processes that may end one after the other before any is ready.
    package var crashesAtStart = 3
    /// The same before any finishes a batch.
    package var crashes = 10
    /// How often it looks.
    package var tick: Duration = .seconds(1)

    /// The default limits.
    package init() {}
}
