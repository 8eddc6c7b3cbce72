internal import Foundation

extension BenchmarkReport {
    /// The report for people: a table of stages for each batch.
    package var table: String {
        var lines = [
            "\(task), \(preset), \(precision)\(tf32 ? " with TF32" : "")\(graphs ? ", graphs" : ""), memory \(memory); "
                + "\(device), \(instructions), libtorch \(libtorch)",
            "the device reaches \(Self.giga(ceilings.product)) GFLOP/s in products, \(Self.giga(ceilings.convolution)) in "
                + "convolutions, \(Self.giga(ceilings.memory)) GB/s; an operation takes "
                + "\(Self.decimal(ceilings.operation * 1e6, 1)) µs or more",
            "the models were loaded in \(Self.decimal(load, 1)) s",
        ]
        for steps in steps { lines += [""] + steps.lines }
        if !samples.isEmpty { lines.append("") }
        lines += samples.map(\.line)
        lines += outOfMemory.map { "batch \($0): there is not enough memory" }
        return lines.joined(separator: "\n")
    }

    fileprivate static func decimal(_ number: Double, _ places: Int) -> String {
        String(format: "%.\(places)f", number)
    }

    fileprivate static func giga(_ number: Double) -> String {
        decimal(number / 1e9, number < 1e10 ? 2 : number < 1e11 ? 1 : 0)
    }

    /// Milliseconds, so that a GPU's step and a processor's read alike.
    fileprivate static func milliseconds(_ seconds: Double) -> String {
        decimal(seconds * 1e3, seconds < 0.01 ? 2 : seconds < 0.1 ? 1 : 0)
    }
}

extension BenchmarkReport.Steps {
    fileprivate var lines: [String] {
        let head =
            "batch \(batch), \(guided ? "guided" : "plain"): a step \(BenchmarkReport.milliseconds(step.median)) ms "
            + "(\(BenchmarkReport.milliseconds(step.minimum)) … \(BenchmarkReport.milliseconds(step.maximum)), "
            + "\(step.count) of them), before the first \(BenchmarkReport.decimal(begin, 2)) s, after the last "
            + "\(BenchmarkReport.decimal(finish, 2)) s, peak \(BenchmarkReport.decimal(Double(peakBytes) / 1e9, 2)) GB"
            + (peakIsOwn ? "" : " of the process so far")
        var rows = [["stage", "ms", "GFLOP", "GB", "operations", "ms at best", "limit", "reached"]]
        rows += stages.map { stage in
            let work = stage.work
            return [
                stage.name, BenchmarkReport.milliseconds(stage.seconds.median),
                BenchmarkReport.giga(Double(work.productFlops + work.convolutionFlops + work.attentionFlops)),
                BenchmarkReport.giga(Double(work.bytes)), "\(work.operations)",
                BenchmarkReport.milliseconds(stage.bounds.longest.seconds), stage.limit.rawValue,
                BenchmarkReport.decimal(stage.share * 100, 0) + " %",
            ]
        }
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return [head]
            + rows.map { row in
                let cells = row.enumerated().map { column, cell in
                    let pad = String(repeating: " ", count: widths[column] - cell.count)
                    return column == 0 ? cell + pad : pad + cell
                }
                return "  " + cells.joined(separator: "  ")
            }
    }
}

extension BenchmarkReport.Samples {
    fileprivate var line: String {
        "batch \(batch), whole samples: \(BenchmarkReport.decimal(seconds, 2)) s in \(steps) steps, \(guidedSteps) of them "
            + "guided" + (lasts > 0 ? ", for \(BenchmarkReport.decimal(lasts, 2)) s each" : "")
            + "; peak \(BenchmarkReport.decimal(Double(peakBytes) / 1e9, 2)) GB"
    }
}
