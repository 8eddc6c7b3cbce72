package import JSON
internal import Method

extension PlannedSample {
    package func write(to writer: inout JSONWriter) {
        writer.begin()
        writer.field("index", index)
        writer.field("key", key)
        writer.field("task", task.rawValue)
        writer.field("shard", shard)
        writer.field("batch", batch)
        writer.field("seed", seed)
        writer.field("audio_seed", audioSeed)
        writer.field("seconds", duration)
        writer.field("frames", frames)
        writer.field("prompt", prompt)
        writer.field("negative_prompt", negativePrompt.isEmpty ? nil : negativePrompt)
        if let input {
            writer.key("input")
            writer.begin()
            writer.field("kind", input.kind.rawValue)
            writer.field("path", input.path)
            writer.field("start", input.start)
            writer.field("duration", input.duration)
            writer.field("bytes", input.bytes)
            writer.field("sha256", input.sha256)
            writer.field("modified", input.modified)
            writer.end()
        }
        error?.write(to: &writer)
        writer.end()
        writer.newline()
    }

    package init(parsing line: [UInt8]) throws(JSONError) {
        var reader = JSONReader(line)
        var sample = PlannedSample(
            index: -1, key: "", task: .v2a, prompt: nil, negativePrompt: "", input: nil, seed: 0, duration: 0,
            batch: -1, shard: -1)
        try reader.object { reader, key throws(JSONError) in
            switch key {
            case "index": sample.index = try reader.integer()
            case "key": sample.key = try reader.string()
            case "task": sample.task = try reader.choice()
            case "shard": sample.shard = try reader.integer()
            case "batch": sample.batch = try reader.integer()
            case "seed": sample.seed = try reader.integer()
            case "audio_seed": sample.audioSeed = try reader.integer()
            case "seconds": sample.duration = try reader.double()
            case "frames": sample.frames = try reader.integer()
            case "prompt": sample.prompt = try reader.string()
            case "negative_prompt": sample.negativePrompt = try reader.string()
            case "input": sample.input = try PlannedInput(from: &reader)
            case "error": sample.error = try PlannedError(from: &reader)
            default: throw reader.error("the field `\(key)` is unknown")
            }
        }
        try reader.end()
        guard !sample.key.isEmpty, sample.index >= 0, sample.batch >= 0, sample.shard >= 0 else {
            throw reader.error("index, key, batch or shard is missing")
        }
        guard sample.error != nil || sample.task.makesFrames == (sample.frames != nil), sample.frames ?? 1 >= 1 else {
            throw reader.error("the number of frames is not one that task \(sample.task.rawValue) makes")
        }
        guard (0...1e6).contains(sample.duration), sample.frames ?? 1 <= 1 << 20 else {
            throw reader.error("seconds or frames is more than any sample has")
        }
        self = sample
    }
}

extension PlannedInput {
    fileprivate init(from reader: inout JSONReader) throws(JSONError) {
        var input = PlannedInput(kind: .video, path: "", bytes: 0)
        try reader.object { reader, key throws(JSONError) in
            switch key {
            case "kind": input.kind = try reader.choice()
            case "path": input.path = try reader.string()
            case "start": input.start = try reader.double()
            case "duration": input.duration = try reader.double()
            case "bytes": input.bytes = try reader.integer()
            case "sha256": input.sha256 = try reader.string()
            case "modified": input.modified = try reader.integer()
            default: throw reader.error("the field `\(key)` of the input is unknown")
            }
        }
        self = input
    }
}

extension PlannedError {
    func write(to writer: inout JSONWriter) {
        writer.key("error")
        writer.begin()
        writer.field("kind", kind)
        writer.field("message", message)
        writer.end()
    }

    init(from reader: inout JSONReader) throws(JSONError) {
        var error = PlannedError(kind: "", message: "")
        try reader.object { reader, key throws(JSONError) in
            switch key {
            case "kind": error.kind = try reader.string()
            case "message": error.message = try reader.string()
            default: throw reader.error("the field `\(key)` of the error is unknown")
            }
        }
        self = error
    }
}

extension JSONReader {
    mutating func choice<Choice: RawRepresentable<String>>() throws(JSONError) -> Choice {
        let name = try string()
        guard let choice = Choice(rawValue: name) else { throw error("`\(name)` is not a known value") }
        return choice
    }
}
