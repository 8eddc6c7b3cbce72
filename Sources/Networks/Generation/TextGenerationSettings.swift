/// How texts are generated, in transformers' words.
package struct TextGenerationSettings: Sendable, Equatable {
    /// Texts that are gone on with at a time; 1 takes the likeliest token each time.
    package var beams = 1
    /// The longest text, its prompt included.
    package var maximumLength = 20
    /// A text's score is divided by its length to this power.
    package var lengthPenalty = 1.0
    package var earlyStopping = EarlyStopping.no
    /// No sequence of so many tokens comes twice; 0: any may.
    package var noRepeatNgramSize = 0
    /// What a token loses that was said already; 1: nothing.
    package var repetitionPenalty = 1.0
    /// What a text of one token goes on with.
    package var forcedStart: Int32?
    /// What a text of the greatest length ends with.
    package var forcedEnd: Int32?
    /// Tokens that never come.
    package var suppressed: [Int32] = []
    /// Tokens that do not come first.
    package var suppressedFirst: [Int32] = []
    /// What a decoder's text begins with.
    package var start: Int32
    /// What ends a text.
    package var end: Int32

    /// When a search ends that has as many finished texts as beams.
    package enum EarlyStopping: Sendable, Equatable {
        /// At once.
        case yes
        /// When a text that goes on would have to be better than it is to win.
        case no
        /// When none can win any more.
        case never
    }

    package init(start: Int32, end: Int32) {
        self.start = start
        self.end = end
    }
}
