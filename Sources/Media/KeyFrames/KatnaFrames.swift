package import ClipSampling

/// The frame that Katna takes of a clip: the sharpest of those just before a change that are neither dark, bright nor flat. The
/// paper's figures were made with it.
///
/// Katna cuts clips from 30 s on into pieces by the machine's number of cores; here a window is one piece.
package enum KatnaFrames {
    /// A frame before a change.
    package struct Candidate: Equatable, Sendable {
        /// The frame's number in the file, from 0.
        package let index: Int
        /// Seconds from the file's first frame.
        package let time: Fraction
        /// 0 … 100.
        package let brightness: Double
        /// Of its surroundings, the mean over all pixels, in bits; nil where it did not matter, for it takes longest.
        package var entropy: Double?
        /// The variance of the Laplacian.
        package let sharpness: Double
    }

    /// What Katna makes of a window.
    package struct Choice: Sendable {
        /// In the order of time; none where nothing changes and changes back.
        package let candidates: [Candidate]
        /// The chosen one's place in ``candidates``; nil where Katna chooses none.
        package let place: Int?
        /// The chosen frame, at full size.
        package let image: Image?
    }

    /// - Parameters:
    ///   - start: Seconds from the first frame, at least 0.
    ///   - duration: Seconds; nil, or more than there is, means to the end.
    /// - Throws: ``MediaError``, as ``VideoReader`` does.
    package static func choose(
        path: String, start: Fraction = 0, duration: Fraction? = nil
    ) throws(MediaError) -> Choice {
        let reader = try VideoReader(path: path, start: start, duration: duration)
        var changes = KatnaChanges()
        try reader.visit(Array(reader.times.indices)) { _, image in changes.add(image) }
        let places = changes.finish()
        var measured: [Measured] = []
        try reader.visit(places) { _, image in measured.append(Measured(image)) }
        // The last that was looked at closely is the chosen one, unless an earlier look at it had decided.
        var held: (place: Int, image: Image)?
        func frame(_ place: Int) throws(MediaError) -> Image? {
            if let held, held.place == place { return held.image }
            let image = try reader.frames(at: [places[place]]).first
            held = image.map { (place, $0) }
            return image
        }
        let place = try choice(&measured, image: frame)
        return Choice(
            candidates: zip(places, measured).map { place, measured in
                Candidate(
                    index: reader.firstFrame + place, time: reader.fileTime(of: place), brightness: measured.brightness,
                    entropy: measured.entropy, sharpness: measured.sharpness)
            },
            place: place, image: try place.flatMap(frame))
    }

    /// What is measured of every candidate, and of some.
    struct Measured {
        let brightness: Double
        let sharpness: Double
        var entropy: Double?

        init(_ image: Image) {
            brightness = KatnaMeasures.brightness(image)
            sharpness = KatnaMeasures.sharpness(KatnaMeasures.grey(image), width: image.width, height: image.height)
        }
    }

    /// The sharpest candidate in range; the range widens until one is in it.
    /// - Parameter image: of a candidate, asked for where its entropy decides.
    static func choice(
        _ measured: inout [Measured], image: (Int) throws(MediaError) -> Image?
    ) throws(MediaError) -> Int? {
        // Of equal ones the first.
        let order = measured.indices.sorted {
            measured[$0].sharpness > measured[$1].sharpness
                || (measured[$0].sharpness == measured[$1].sharpness && $0 < $1)
        }
        for step in 0...5 {
            let (dark, light) = (10 - 2 * Double(step), 90 + 2 * Double(step))
            let flat = max(1 - 0.5 * Double(step), 0)
            for place in order where measured[place].brightness > dark && measured[place].brightness < light {
                if measured[place].entropy == nil, let image = try image(place) {
                    measured[place].entropy = KatnaMeasures.entropy(
                        KatnaMeasures.grey(image), width: image.width, height: image.height)
                }
                if let entropy = measured[place].entropy, entropy > flat, entropy < 10 { return place }
            }
        }
        return nil
    }
}
