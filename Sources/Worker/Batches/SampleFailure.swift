internal import Engine
internal import Files
internal import Media
internal import Planning
internal import Shard
internal import Torch

/// Why one sample could not be made. It costs that sample alone.
struct SampleFailure: Error, Sendable {
    /// From a small fixed vocabulary: the kinds of `MediaError`, and those below.
    let kind: String
    /// One sentence.
    let message: String

    static let outOfMemoryKind = "outOfMemory"
    static let inputChangedKind = "inputChanged"
    static let emptyCaptionKind = "emptyCaption"
    static let captionServerKind = "captionServer"

    /// Whether what it met may pass: a file that was there when the run was planned, memory that somebody else took.
    var isTransient: Bool {
        [MediaError.Kind.notFound.rawValue, MediaError.Kind.unreadable.rawValue, Self.outOfMemoryKind].contains(kind)
    }

    /// A waveform, image or latent with NaN or infinity.
    static let notFinite = SampleFailure(
        kind: "notFinite",
        message: "the result has values that are not numbers; use precision fp32, or a smaller learning rate.")

    /// Nothing above −80 dB.
    static func silent(peak: Float) -> SampleFailure {
        SampleFailure(
            kind: "silent",
            message: "the result is silent (peak \(peak)); set `silence: allow` if that is wanted.")
    }

    /// Nothing but one colour.
    static let blank = SampleFailure(
        kind: "blank",
        message: "the image has nothing but one colour; use precision fp32, or set `blank: allow` if that is wanted.")

    init(kind: String, message: String) {
        self.kind = kind
        self.message = message
    }

    init(_ error: any Error) {
        switch error {
        case let failure as SampleFailure: self = failure
        case let error as EmptyCaption: self.init(kind: Self.emptyCaptionKind, message: "\(error)")
        case let error as MediaError: self.init(kind: error.kind.rawValue, message: "\(error)")
        case let error as TorchError where error.isOutOfMemory:
            self.init(kind: Self.outOfMemoryKind, message: "\(error)")
        default: self.init(kind: "failed", message: "\(error)")
        }
    }

    init(_ error: FileClaimError) {
        let kind =
            switch error {
            case .changed: Self.inputChangedKind
            case .unreadable(let error) where error.isMissing: MediaError.Kind.notFound.rawValue
            case .unreadable(let error) where error.obstacle != nil: MediaError.Kind.notAFile.rawValue
            case .unreadable: MediaError.Kind.unreadable.rawValue
            }
        self.init(kind: kind, message: "\(error)")
    }

    init(_ error: EvaluatedMediaError) {
        switch error {
        case .file(let error): self.init(error)
        case .changed(let sentence): self.init(kind: Self.inputChangedKind, message: sentence)
        case .unreadable, .noRoom: self.init(kind: MediaError.Kind.unreadable.rawValue, message: "\(error)")
        }
    }

    /// What was found in a file, which is named as its user knows it.
    init(_ error: MediaError, in file: EvaluatedMedia.Opened) {
        self.init(kind: error.kind.rawValue, message: file.named("\(error)"))
    }

    var record: SampleRow.Failure { SampleRow.Failure(kind: kind, message: message) }
}
