/// A language model while it goes on with texts.
package protocol TokenSource {
    /// Begins one text, once.
    /// - Parameter prompt: its first tokens, at least one.
    /// - Returns: logits of what may follow.
    mutating func begin(_ prompt: [Int32]) throws -> [Float]

    /// Goes on with several texts by a token each.
    /// - Parameters:
    ///   - tokens: of each text one.
    ///   - parents: which of the former texts each goes on with; several may be the same.
    /// - Returns: of each text logits of what may follow.
    mutating func next(_ tokens: [Int32], after parents: [Int]) throws -> [[Float]]
}

/// What a language model said.
package struct GeneratedText: Sendable, Equatable {
    /// Behind the prompt, the end token included where it came.
    package let tokens: [Int32]
    /// The logarithm of its probability, divided by `tokens ^ length_penalty`.
    package let score: Float
}
