/// The points of publishing at which a process can die with a different result; tests stop at each.
package enum PublishStep: String, Sendable, CaseIterable {
    /// Before the temporary file is made.
    case open
    /// While bytes are written; half of them are.
    case write
    /// After the last byte, before `fsync`.
    case synchronize
    /// Before the file gets its name.
    case rename
    /// After it has its name, before the folder's `fsync`.
    case synchronizeFolder
    /// Before a file that is no longer needed is removed.
    case remove
}

/// Lets a test end a publication as a SIGKILL would: at a step, with nothing tidied up.
package struct FaultHook: Sendable {
    /// Says whether to stop before a step on the file of a name.
    let stops: @Sendable (PublishStep, String) -> Bool

    /// Makes a hook.
    package init(_ stops: @escaping @Sendable (PublishStep, String) -> Bool) { self.stops = stops }

    /// Never stops.
    package static let none = FaultHook { _, _ in false }

    /// - Throws: ``InjectedFault`` where the hook says so.
    package func pass(_ step: PublishStep, _ name: String) throws(InjectedFault) {
        if stops(step, name) { throw InjectedFault(step: step, name: name) }
    }
}

/// A stop that a ``FaultHook`` asked for.
package struct InjectedFault: Error, Equatable, CustomStringConvertible {
    /// The step that was not taken.
    package let step: PublishStep
    /// The file it concerned.
    package let name: String

    /// One sentence.
    package var description: String { "publishing \(name) was stopped before step '\(step.rawValue)' by a fault hook" }
}
