import CAV
internal import ClipSampling

/// One pass through a video that picks frames out of it, in ascending order.
struct DecodePass {
    private let path: String
    private let table: FrameTable
    /// Per frame the packet to start from; nil to decode everything from the beginning.
    private let keys: [Int]?
    /// Why the last frame asked for was not found.
    private(set) var failure = "the decoder gave no frame"
    private let style: PixelStyle

    init(path: String, table: FrameTable, keys: [Int]?, style: PixelStyle) {
        self.path = path
        self.style = style
        self.table = table
        self.keys = table.followsPackets ? keys : nil
    }

    /// Decodes the frames `wanted` (ascending places in the table) and hands each over; false when one did not come out.
    mutating func decode(_ wanted: [Int], _ take: (Int, Image) -> Void) throws(MediaError) -> Bool {
        var cursor = try FrameCursor(path, table)
        let converter = PixelConverter(path: path, style: style)
        for index in wanted {
            if let key = keys?[index], key > cursor.reached + 1 {
                if try !cursor.seek(to: key, table) { cursor = try FrameCursor(path, table) }
            }
            guard try cursor.advance(to: index, table) else {
                failure = cursor.explanation
                return false
            }
            let image = try converter.rgb(cursor.decoder.frame)
            take(index, cursor.orientation.apply(to: image))
        }
        return true
    }
}
