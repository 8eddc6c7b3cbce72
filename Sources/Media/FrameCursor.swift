import CAV

/// Where a decoder stands in its stream.
struct FrameCursor {
    let decoder: Decoder
    let orientation: Orientation
    /// Packets handed to the decoder so far; shared with its callback.
    private let progress = Progress()
    /// Frames that came out since the beginning, when packets do not tell which.
    private var count = 0
    /// The time of the frame at hand.
    private var current: Int64?
    private var placeOf: [Int64: Int] = [:]

    /// The last packet, in the order of the file, that went into the decoder; −1 before the first.
    var reached: Int { progress.last.flatMap { placeOf[$0] } ?? progress.floor }

    private final class Progress {
        var last: Int64?
        var first: Int64?
        var floor = -1
    }

    init(_ path: String, _ table: FrameTable) throws(MediaError) {
        let input = try Input(path)
        let stream = try input.videoStream()
        orientation = Orientation(stream)
        decoder = try Decoder(input, stream)
        for (place, packet) in table.packets.enumerated() {
            if let shown = packet.shown { placeOf[shown] = place }
        }
        let progress = progress
        decoder.onPacket = { packet in
            progress.last = packet.pointee.pts
            if progress.first == nil { progress.first = packet.pointee.pts }
        }
    }

    /// Why no further frame came.
    var explanation: String {
        decoder.lastFailure < 0
            ? FFmpegLog.explain(decoder.lastFailure) : "the stream ends, or goes on with a later frame"
    }

    /// Moves to the packet at a place of the table; false when the demuxer landed behind it.
    mutating func seek(to place: Int, _ table: FrameTable) throws(MediaError) -> Bool {
        guard let shown = table.packets[place].shown, decoder.seek(to: shown) else { return false }
        progress.first = nil
        progress.last = nil
        progress.floor = -1
        current = nil
        // One frame is decoded to see where the demuxer landed.
        guard try decoder.next() else { return false }
        current = decoder.frame.pointee.best_effort_timestamp
        guard let first = progress.first, let landed = placeOf[first] else { return false }
        return landed <= place
    }

    /// Decodes up to a frame of the table; false when it does not come.
    mutating func advance(to index: Int, _ table: FrameTable) throws(MediaError) -> Bool {
        if !table.followsPackets {
            while count <= index {
                guard try decoder.next() else { return false }
                count += 1
            }
            return true
        }
        let wanted = table.ticks[index]
        while true {
            if let current, current >= wanted { return current == wanted }
            guard try decoder.next() else { return false }
            current = decoder.frame.pointee.best_effort_timestamp
        }
    }
}
