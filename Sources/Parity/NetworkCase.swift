package import Checkpoint
package import Foundation
package import Goldens
package import Networks
package import Torch

/// One small network of `units/networks.json` with other sizes than the published ones. Its weights are drawn from seeds, here and
/// in `Tools/goldens/units.py`.
package struct NetworkCase: Decodable, Sendable {
    /// A key of its weights, and its shape.
    package struct Key: Decodable, Sendable {
        package let name: String
        package let shape: [Int]

        package init(from decoder: any Decoder) throws {
            var pair = try decoder.unkeyedContainer()
            name = try pair.decode(String.self)
            shape = try pair.decode([Int].self)
        }
    }

    /// What the network is.
    package enum Network: Sendable {
        case unet(UNet2DConditionModel.Configuration)
        case autoencoder(AutoencoderKL.Configuration)
        case vocoder(SpeechT5HifiGan.Configuration)
        case clipText(CLIPTextModel.Configuration, ids: [[Int]])
        case motion(Motion)
    }

    /// A UNet with a motion adapter.
    package struct Motion: Sendable {
        package let unet: UNet2DConditionModel.Configuration
        package let adapter: MotionAdapter.Configuration
        package let adapterKeys: [Key]
        /// Of a sample.
        package let frames: Int
        /// The file of the adapter's weights beside the goldens; nil: they are drawn.
        package let checkpoint: String?
    }

    package let name: String
    package let kind: String
    package let seed: UInt64
    package let network: Network
    package let keys: [Key]
    /// The shapes of the inputs.
    package let inputs: [[Int]]
    /// The shape of the result.
    package let shape: [Int]
    package let timestep: Double

    private enum CodingKeys: String, CodingKey {
        case name, kind, seed, config, keys, inputs, shape, timestep, ids, frames, adapter, checkpoint
        case adapterKeys = "adapter_keys"
    }

    package init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        func config<T: Decodable>(_ type: T.Type = T.self) throws -> T { try fields.decode(type, forKey: .config) }
        name = try fields.decode(String.self, forKey: .name)
        kind = try fields.decode(String.self, forKey: .kind)
        seed = try fields.decode(UInt64.self, forKey: .seed)
        keys = try fields.decode([Key].self, forKey: .keys)
        inputs = try fields.decode([[Int]].self, forKey: .inputs)
        shape = try fields.decode([Int].self, forKey: .shape)
        timestep = try fields.decodeIfPresent(Double.self, forKey: .timestep) ?? 0
        switch kind {
        case "unet": network = .unet(try config())
        case "vae": network = .autoencoder(try config())
        case "vocoder": network = .vocoder(try config())
        case "clip text": network = .clipText(try config(), ids: try fields.decode([[Int]].self, forKey: .ids))
        case "motion":
            network = .motion(
                Motion(
                    unet: try config(), adapter: try fields.decode(MotionAdapter.Configuration.self, forKey: .adapter),
                    adapterKeys: try fields.decodeIfPresent([Key].self, forKey: .adapterKeys) ?? [],
                    frames: try fields.decode(Int.self, forKey: .frames),
                    checkpoint: try fields.decodeIfPresent(String.self, forKey: .checkpoint)))
        default:
            throw DecodingError.dataCorruptedError(
                forKey: .kind, in: fields, debugDescription: "a network of an unknown kind, \(kind)")
        }
    }

    /// The weights of key `i` from `seed + i`: products scaled by their width, scales near 1, the rest near 0.
    package static func entries(
        _ keys: [Key], seed: UInt64, renaming: (String) -> String = { $0 }
    ) throws -> [WeightEntry] {
        try keys.enumerated().map { index, key in
            var w = try randn(seed + UInt64(index), key.shape)
            if key.shape.count > 1 {
                w = try w * (1 / Double(key.shape.dropFirst().reduce(1, *)).squareRoot())
            } else if key.name.hasSuffix("weight") || key.name.hasSuffix("scale") {
                w = try w * 0.1 + 1
            } else {
                w = try w * 0.1
            }
            return try WeightEntry(renaming(key.name), w)
        }
    }

    /// The network's own weights; of one with a motion adapter, the UNet's.
    package func entries(renaming: (String) -> String = { $0 }) throws -> [WeightEntry] {
        try Self.entries(keys, seed: seed, renaming: renaming)
    }

    /// The weights of a motion adapter.
    package func adapterEntries(_ keys: [Key], renaming: (String) -> String = { $0 }) throws -> [WeightEntry] {
        try Self.entries(keys, seed: seed + 50_000, renaming: renaming)
    }

    /// A file of weights, which stays mapped when it is gone.
    package static func file(_ entries: [WeightEntry]) throws -> WeightFile {
        let url = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).safetensors")
        defer { try? FileManager.default.removeItem(at: url) }
        try SafetensorsWriter.write(entries, to: url)
        return try WeightFile.open(url.path)
    }
}

// MARK: - Comparing

extension NetworkCase {
    /// How far the network is from its goldens.
    package struct Comparison: Sendable {
        /// The shape of what it computed.
        package let shape: [Int]
        /// Relative rms of the result.
        package let result: Double
        /// Relative rms of each input's gradient.
        package let gradients: [Double]
    }

    /// Loads the network from these weights, by default its own, and compares it.
    /// - Parameters:
    ///   - goldens: `networks`.
    ///   - units: their folder.
    package func compare(
        with goldens: GoldenFile, in units: URL, dtype: DType = .float64, device: Device = .cpu,
        entries: [WeightEntry]? = nil
    ) throws -> Comparison {
        let store = WeightStore(try Self.file(entries ?? self.entries()), dtype: dtype, device: device)
        func compare(_ run: ([Tensor]) throws -> Tensor) throws -> Comparison {
            try self.compare(with: goldens, dtype: dtype, device: device, run)
        }
        switch network {
        case .unet(let configuration):
            let unet = try UNet2DConditionModel(configuration, store.root)
            try store.finish()
            return try compare { x in
                configuration.classEmbedType == nil
                    ? try unet(x[0], timestep: timestep, context: x[1])
                    : try unet(x[0], timestep: timestep, classLabels: x[1])
            }
        case .clipText(let configuration, let ids):
            let model = try CLIPTextModel(configuration, store.root)
            try store.finish(unused: CLIPTextModel.unused)
            let ids = try Tensor(ids.joined().map(Int64.init), shape: [ids.count, ids.first?.count ?? 0])
            return try compare { _ in try model(ids.to(device: device)) }
        case .autoencoder(let configuration):
            let vae = try AutoencoderKL(configuration, store.root)
            try store.finish(unused: AutoencoderKL.unused)
            return try compare { try vae.decode($0[0]) }
        case .vocoder(let configuration):
            let vocoder = try SpeechT5HifiGan(configuration, store.root)
            try store.finish()
            return try compare { try vocoder($0[0]) }
        case .motion(let motion):
            let adapter = try motion.load(self, in: units, dtype: dtype, device: device)
            return try self.compare(with: goldens, motion, adapter, dtype: dtype, device: device)
        }
    }

    /// A UNet with a motion adapter that is loaded already.
    package func compare(
        with goldens: GoldenFile, _ motion: Motion, _ adapter: MotionAdapter, dtype: DType = .float64,
        device: Device = .cpu
    ) throws -> Comparison {
        let store = WeightStore(try Self.file(entries()), dtype: dtype, device: device)
        let unet = try UNet2DConditionModel(motion.unet, store.root)
        try store.finish()
        try adapter.checkFit(motion.unet)
        return try compare(with: goldens, dtype: dtype, device: device) {
            try unet($0[0], timestep: timestep, context: $0[1], motion: adapter, frames: motion.frames)
        }
    }

    /// Compares what `run` makes of the inputs, and its gradients, with the goldens.
    private func compare(
        with goldens: GoldenFile, dtype: DType, device: Device, _ run: ([Tensor]) throws -> Tensor
    ) throws -> Comparison {
        let leaves = try inputs.enumerated().map {
            try randn(seed + 90_000 + UInt64($0), $1).to(dtype, device: device).leaf()
        }
        let y = try run(leaves)
        let result = try goldens.relativeDifference("\(name).y", y.detached())
        guard !leaves.isEmpty else { return Comparison(shape: y.shape, result: result, gradients: []) }
        let w = try randn(seed + 95_000, y.shape).to(dtype, device: device)
        let gradients = try Autograd.gradients(of: (y * w).sum(), leaves).enumerated().map { index, gradient in
            try goldens.relativeDifference("\(name).gradient.\(index)", gradient)
        }
        return Comparison(shape: y.shape, result: result, gradients: gradients)
    }
}

extension NetworkCase.Motion {
    /// The adapter, from its file or from drawn weights.
    /// - Parameter units: the folder of the file.
    package func load(_ item: NetworkCase, in units: URL, dtype: DType, device: Device) throws -> MotionAdapter {
        if let checkpoint {
            let location = try HuggingFaceCache().resolve(units.appending(path: checkpoint).path)
            return try MotionAdapter(MotionAdapterFiles(location), dtype: dtype, device: device)
        }
        let store = WeightStore(
            try NetworkCase.file(item.adapterEntries(adapterKeys)), dtype: dtype, device: device)
        let motion = try MotionAdapter(adapter, store.root)
        try store.finish(unused: MotionAdapter.unused)
        return motion
    }
}
