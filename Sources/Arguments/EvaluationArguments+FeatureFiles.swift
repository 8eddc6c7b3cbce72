internal import ArgumentParser
package import Method

extension EvaluationArguments {
    /// Whether a side is given as a `.npy` file, so that features of another tool are compared.
    package var isOfFeatureFiles: Bool { [generated, reference ?? ""].contains { $0.hasSuffix(".npy") } }

    /// What is computed of such features.
    package func statistics() throws -> [Statistic] {
        try (metricWords ?? []).map { name in
            guard let statistic = Statistic(rawValue: name) else {
                throw ValidationError(
                    "--metrics: of features in a .npy file there is no `\(name)`; there are \(Self.names(of: Statistic.allCases))."
                )
            }
            return statistic
        }
    }

    /// In whose way a statistic of such features is computed where there are several.
    package func statisticStyle() throws -> WaveStyle { try waveStyle() ?? .audioldmEval }

    /// Throws where only one side is such a file.
    func checkSides() throws {
        for (side, path) in [("what was generated", generated), ("--reference", reference ?? ".npy")]
        where !path.hasSuffix(".npy") {
            throw ValidationError("\(side) is \(path): give a .npy file for both sides, or for neither.")
        }
    }

    /// Throws where an option is of no use for such features, or something is missing.
    func checkFeatureFiles() throws {
        let statistics = try statistics()
        guard !statistics.isEmpty else {
            throw ValidationError("--metrics: name some of \(Self.names(of: Statistic.allCases)).")
        }
        let useless = [("table", table != nil), ("seconds", seconds != nil), ("framing", framing != nil)]
        for (option, isGiven) in useless where isGiven {
            throw ValidationError(
                "--\(option) says how features are taken, and those of a .npy file are there: leave it out.")
        }
        if style != nil {
            guard statistics.contains(.kl) else {
                throw ValidationError("--style: of features in a .npy file it says how kl is computed: leave it out.")
            }
            _ = try waveStyle()
        }
        if let statistic = statistics.first(where: \.needsReference), reference == nil {
            throw ValidationError(
                "\(statistic.rawValue) compares with a reference, and none is given: name its .npy file with --reference."
            )
        }
    }

    static func names(of statistics: [Statistic]) -> String {
        statistics.map(\.rawValue).joined(separator: ", ")
    }
}
