internal import Logging

extension CoordinatorLoop {
    /// Ends the run that is over, with everybody.
    func end() async -> RunEnd {
        let reason: StopReason
        var awaited = roster.present
        switch ending {
        case .complete, .completeWithFailures:
            reason = .finished
            awaited += roster.expected
        case .stopped:
            reason = .stopped
            awaited += roster.expected
        case .noWorkersLeft, nil: reason = .stopped
        }
        let missing = await farewell(reason, to: awaited)
        // Results that came during the farewell count.
        if assignment.unresolved == 0 { ending = settled }
        return RunEnd(outcome: ending ?? .stopped, missing: missing, progress: progress(at: clock.now))
    }

    /// The outcome when no batch is left to do.
    var settled: RunOutcome {
        assignment.failed == 0 && progress(at: clock.now).samplesFailed == 0 ? .complete : .completeWithFailures
    }

    /// Says stop to everybody, waits for goodbyes for a while, and lets everybody go. Results that arrive meanwhile are
    /// taken.
    /// - Returns: the ranks that did not say goodbye.
    func farewell(_ reason: StopReason, to awaited: [Int]) async -> [Int] {
        if ending == nil { ending = .stopped }
        // Nothing is assigned any more, however the run ended.
        _ = assignment.handle(.stopRequested, at: clock.now)
        await sayToAll(.stop(reason))
        await collectGoodbyes(of: awaited)
        let missing = roster.missing
        if !missing.isEmpty { log.warning("workers \(missing) did not say goodbye") }
        // Only now is it known whether all will come to MPI_Finalize.
        await sayToAll(.dismiss(everyoneAlive: missing.isEmpty))
        return missing
    }

    private func sayToAll(_ message: CoordinatorMessage) async {
        for rank in transport.peers where !roster.dead.contains(rank) { try? await say(message, to: rank) }
    }

    private func collectGoodbyes(of awaited: [Int]) async {
        let deadline = clock.now + configuration.farewellLimit
        var waiting = Set(awaited).intersection(roster.missing)
        guard !waiting.isEmpty else { return }
        for await next in inputs {
            do {
                try await take(next)
            } catch CoordinatorError.transport {
                break
            } catch {
                log.error("after the end: \(error)")
            }
            waiting.formIntersection(roster.missing)
            if waiting.isEmpty || clock.now >= deadline { break }
        }
    }
}
