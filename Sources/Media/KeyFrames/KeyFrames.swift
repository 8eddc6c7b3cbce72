package import ClipSampling

/// Chooses the frame of a video that stands for it: sharp, neither dark nor bright nor flat, inside of a passage in which
/// the colours stay. The same file and window give the same frame each time.
package enum KeyFrames {
    /// Frames that are looked at, at most.
    package static let limit = 32

    /// Looks at up to `limit` frames and returns the best at full size.
    ///
    /// A window of more frames is cut into `limit` equal lengths of time, and the frame on screen in the middle of each is
    /// a candidate. Of each only a small copy is measured, so memory holds one full frame at a time; the chosen one is
    /// decoded again.
    ///
    /// - Parameters:
    ///   - start: Seconds from the first frame, at least 0.
    ///   - duration: Seconds; nil, or more than there is, means to the end.
    ///   - limit: Candidates at most, at least 1.
    /// - Throws: ``MediaError``, as ``VideoReader`` does.
    package static func choose(
        path: String, start: Fraction = 0, duration: Fraction? = nil, limit: Int = limit
    ) throws(MediaError) -> KeyFrame {
        let reader = try VideoReader(path: path, start: start, duration: duration)
        let places = candidates(times: reader.times, duration: reader.duration, limit: limit)
        var thumbnails: [FrameThumbnail] = []
        try reader.visit(places) { _, image in thumbnails.append(FrameThumbnail(image)) }
        let measures = KeyFrameScale.measures(thumbnails)
        let scores = KeyFrameScale.scores(measures)
        let choice = KeyFrameScale.choice(scores)
        guard let image = try reader.frames(at: [places[choice]]).first else {
            throw MediaError(
                .corrupt, file: path, doing: "decode the key frame", found: "no frame came out",
                remedy: "the file is damaged: copy it again")
        }
        return KeyFrame(
            image: image, choice: choice,
            candidates: places.indices.map { i in
                KeyFrame.Candidate(
                    index: reader.firstFrame + places[i], time: reader.fileTime(of: places[i]),
                    measures: measures[i], scores: scores[i])
            })
    }

    /// Which frames are looked at: all, or those on screen in the middle of `limit` equal parts of the duration.
    static func candidates(times: [Fraction], duration: Double, limit: Int) -> [Int] {
        let parts = max(limit, 1)
        guard times.count > parts, let length = Fraction(exactly: duration) else { return Array(times.indices) }
        var places: [Int] = []
        for part in 0..<parts {
            let middle = length * Fraction(Int128(2 * part + 1), Int128(2 * parts))
            // The last frame that begins at or before the middle.
            let next = ClipTimes.firstIndex(in: times, notBefore: middle)
            let shown = next < times.count && times[next] == middle ? next : max(next - 1, 0)
            if places.last.map({ $0 < shown }) ?? true { places.append(shown) }
        }
        return places
    }
}
