package import JSON

extension EvaluatedSample {
    package func write(to writer: inout JSONWriter) {
        writer.begin()
        writer.field("index", index)
        writer.field("side", side.rawValue)
        writer.field("name", name)
        writer.field("shard", shard)
        writer.field("batch", batch)
        writer.field("prompt", prompt)
        picture?.write("picture", to: &writer)
        sound?.write("sound", to: &writer)
        error?.write(to: &writer)
        writer.end()
        writer.newline()
    }

    package init(parsing line: [UInt8]) throws(JSONError) {
        var reader = JSONReader(line)
        var sample = EvaluatedSample(
            index: -1, side: .generated, name: "", picture: nil, sound: nil, batch: -1, shard: -1)
        try reader.object { reader, key throws(JSONError) in
            switch key {
            case "index": sample.index = try reader.integer()
            case "side": sample.side = try reader.choice()
            case "name": sample.name = try reader.string()
            case "shard": sample.shard = try reader.integer()
            case "batch": sample.batch = try reader.integer()
            case "prompt": sample.prompt = try reader.string()
            case "picture": sample.picture = try Place(from: &reader)
            case "sound": sample.sound = try Place(from: &reader)
            case "error": sample.error = try PlannedError(from: &reader)
            default: throw reader.error("the field `\(key)` is unknown")
            }
        }
        try reader.end()
        guard !sample.name.isEmpty, sample.index >= 0, sample.batch >= 0, sample.shard >= 0 else {
            throw reader.error("index, name, batch or shard is missing")
        }
        self = sample
    }
}

extension EvaluatedSample.Place {
    fileprivate func write(_ name: String, to writer: inout JSONWriter) {
        writer.key(name)
        writer.begin()
        writer.field("path", path)
        writer.field("member", member)
        writer.field("bytes", bytes)
        writer.field("sha256", sha256)
        writer.field("modified", modified)
        if let window {
            writer.key("window")
            writer.begin()
            writer.field("start", window.start)
            writer.field("seconds", window.seconds)
            writer.field("rate", window.rate)
            writer.field("frames", window.frames)
            writer.end()
        }
        writer.end()
    }

    fileprivate init(from reader: inout JSONReader) throws(JSONError) {
        var place = Self(path: "", bytes: 0)
        try reader.object { reader, key throws(JSONError) in
            switch key {
            case "path": place.path = try reader.string()
            case "member": place.member = try reader.string()
            case "bytes": place.bytes = try reader.integer()
            case "sha256": place.sha256 = try reader.string()
            case "modified": place.modified = try reader.integer()
            case "window": place.window = try Window(from: &reader)
            default: throw reader.error("the field `\(key)` of a place is unknown")
            }
        }
        self = place
    }
}

extension EvaluatedSample.Place.Window {
    /// Reads `{"start": …, "seconds": …, "rate": …, "frames": …}`.
    init(from reader: inout JSONReader) throws(JSONError) {
        var window = Self()
        try reader.object { reader, key throws(JSONError) in
            switch key {
            case "start": window.start = try reader.double()
            case "seconds": window.seconds = try reader.double()
            case "rate": window.rate = try reader.double()
            case "frames": window.frames = try reader.integer()
            default: throw reader.error("the field `\(key)` of a window is unknown")
            }
        }
        self = window
    }
}
