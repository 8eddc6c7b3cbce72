/// When a question is asked again that got no answer.
struct RetrySchedule: Sendable {
    /// How often a question is asked at most.
    static let tries = 6
    private static let longest = Duration.seconds(60)
    /// A server that wants to be left alone longer is one that is not there.
    private static let longestAsked = Duration.seconds(300)

    /// The pause after a try: 1 s · 2^k, half to one and a half of it, so that ranks do not come back together; what the server
    /// says instead, where it says something.
    /// - Parameters:
    ///   - attempt: 0 after the first.
    ///   - share: 0 ..< 1, drawn at random.
    static func pause(after attempt: Int, asked: Duration?, share: Double) -> Duration {
        if let asked { return min(asked, longestAsked) }
        return min(longest, .seconds(Double(1 << min(attempt, 10)) * (0.5 + share)))
    }
}
