/// Why a statistic has no value. The one who calls knows whose features they are and puts their name before it.
package enum StatisticsError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A set has fewer rows than the statistic needs.
    case tooFewRows(found: Int, needed: Int, what: String)
    /// Two sets' features have different widths.
    case widths(Int, Int)
    /// Pairs are wanted and the sets have different lengths.
    case unpaired(Int, Int)
    /// All features are equal, so that there is nothing to measure distances by.
    case constant(String)
    /// LAPACK did not reach a result.
    case noConvergence(String)

    package var description: String {
        switch self {
        case .tooFewRows(let found, let needed, let what):
            "\(what) needs at least \(needed) \(needed == 1 ? "row" : "rows"), and there \(found == 1 ? "is" : "are") \(found)"
        case .widths(let one, let other):
            "the features of one set have \(one) values and those of the other \(other): they are of two networks"
        case .unpaired(let one, let other): "\(one) rows cannot be paired with \(other)"
        case .constant(let what): "all features of \(what) are equal, so that their distances have no scale"
        case .noConvergence(let what): "\(what) were not found: LAPACK did not converge; are the features finite?"
        }
    }
}
