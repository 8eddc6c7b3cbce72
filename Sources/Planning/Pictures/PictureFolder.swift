internal import Files
internal import Foundation
internal import JSON
internal import Method
internal import Shard

/// The pictures of a run as files, with a manifest of them.
package struct PictureFolder {
    private let run: Run
    private let pictures: PictureJob
    private let index: DatasetIndex

    /// - Throws: `RunError`; ``PictureFolderError`` where the folder is another run.
    package init(_ directory: RunDirectory) throws {
        run = try Run.open(directory)
        guard case .pictures(let pictures) = run.description.recipe else {
            throw PictureFolderError.otherRun(directory.url.path)
        }
        self.pictures = pictures
        index = DatasetIndex(layout: directory.layout)
    }

    /// Writes `KEY.png` for each picture, and `manifest.jsonl` last: with it the folder is whole.
    /// - Returns: how many pictures there are.
    /// - Throws: errors of files and of the manifest.
    package func write(to folder: String) throws -> Int {
        try Directory.create(folder)
        var made: Set<ExactText> = []
        for number in 0..<run.layout.shards {
            guard let record = try index.record(shard: number), record.nsamples > 0 else { continue }
            let reader = try ShardReader(path: "\(index.layout.shards)/\(record.shard)", record: record)
            try reader.forEach { sample in
                try AtomicFile.write(sample.members["png"] ?? [], to: "\(folder)/\(sample.key).png")
                made.insert(ExactText(sample.key))
            }
        }
        var file = try AtomicFile(folder: folder, name: "manifest.jsonl")
        var reader = try ManifestReader(pictures.job)
        while let item = try reader.next() {
            guard case .row(let row) = item, made.contains(ExactText(row.key)) else { continue }
            try file.write(JSONCoding.encode(PictureRow(row)) + [0x0A])
        }
        _ = try file.publish(.replaceExisting)
        return made.count
    }
}

/// Why there is no folder of pictures.
package enum PictureFolderError: Error, CustomStringConvertible {
    case otherRun(String)

    package var description: String {
        switch self {
        case .otherRun(let path): "\(path) is no run of pictures: give --out another name."
        }
    }
}

/// A row of the new manifest.
private struct PictureRow: Encodable {
    let id: String
    let task = GenerationTask.i2a.rawValue
    let image: String
    let duration: Double?
    let prompt: String?
    let negativePrompt: String?
    let seed: UInt64?

    private enum CodingKeys: String, CodingKey {
        case id, task, image, duration, prompt, seed
        case negativePrompt = "negative_prompt"
    }

    init(_ row: ManifestRow) {
        id = row.key
        image = "\(row.key).png"
        duration = row.duration
        prompt = row.prompt
        negativePrompt = row.negativePrompt
        seed = row.seed
    }
}
