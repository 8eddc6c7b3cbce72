extension Assignment {
    /// What counts against a batch. A verdict that no retry helps is not overwritten by a later, milder one.
    mutating func count(_ failure: BatchFailure, of number: Int, on rank: Int) {
        batches[number]?.attempts += 1
        batches[number]?.failedOn.insert(rank)
        if batches[number]?.lastFailure?.retryable != false { batches[number]?.lastFailure = failure }
    }

    /// A worker is gone that was running the batch: the batch, or the sample that ran alone, may be what ended it.
    mutating func countLoss(of copy: Copy, _ number: Int, _ reason: LeaveReason) -> Counted {
        if copy.isAlone, let sample = copy.sample {
            let losses = (batches[number]?.lossesAlone[sample] ?? 0) + 1
            batches[number]?.lossesAlone[sample] = losses
            if losses >= policy.maximumLossesAlone {
                batches[number]?.excluded[sample] =
                    "It was alone in its process when worker \(copy.rank) \(reason); so it went \(losses) times. "
                    + "The logs of the ranks may tell more."
            }
            return .sample(sample)
        }
        batches[number]?.losses += 1
        count(
            BatchFailure(
                kind: BatchFailure.workerLost, message: "worker \(copy.rank) \(reason) while it ran the batch",
                retryable: true),
            of: number, on: copy.rank)
        return .attempt
    }

    /// A worker that was thought lost is not.
    mutating func takeBack(_ counted: Counted, of number: Int, on rank: Int) {
        switch counted {
        case .nothing: break
        case .attempt:
            batches[number]?.attempts -= 1
            batches[number]?.losses -= 1
            batches[number]?.failedOn.remove(rank)
        case .sample(let sample):
            batches[number]?.lossesAlone[sample, default: 1] -= 1
            batches[number]?.excluded[sample] = nil
        }
    }
}
