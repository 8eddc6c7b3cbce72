internal import Files
package import Method

/// What is there of a model that a job names.
package struct ModelFamilyCheck: Sendable {
    package let location: ModelLocation
    /// Everything that loading would read.
    package var files: [String]
    /// A sentence for each thing that is missing or malformed.
    package var problems: [String] = []
    /// The most frames of a video that the model has positions for; nil where it sets no limit, or its files do not tell.
    package var maximumFrames: Int?

    package init(location: ModelLocation, files: [String], problems: [String] = []) {
        self.location = location
        self.files = files
        self.problems = problems
    }
}

extension ModelFamilyCheck {
    /// Looks at the components of a model's folder.
    init(_ components: [ModelComponent], in reference: String, _ cache: HuggingFaceCache) throws {
        let location = try cache.resolve(reference, files: components.flatMap(\.usualFiles))
        let check = try ModelFolder(location).check(components)
        self.init(
            location: location, files: check.components.flatMap(\.files), problems: check.problems.map { "\($0)" })
    }
}

extension CaptionedMedium {
    /// What captions it, as its `config.json` calls itself.
    package var modelType: String {
        switch self {
        case .image: "florence2"
        case .audio: "whisper"
        }
    }

    /// What the folder of its captioner has.
    package var component: ModelComponent {
        switch self {
        case .image: .florence2
        case .audio: .whisper
        }
    }

    /// Finds the captioner and looks at everything that loading it needs.
    ///
    /// - Parameter reference: a path, or a repo id of the cache.
    /// - Throws: errors of the first file that cannot be found or read.
    package func check(_ reference: String, cache: HuggingFaceCache) throws -> ModelFamilyCheck {
        struct Kind: Decodable { let model_type: String }
        var check = try ModelFamilyCheck([component], in: reference, cache)
        guard check.problems.isEmpty else { return check }
        // Read where it is there, and part of what decides the captions.
        for name in ["generation_config.json"] + CaptionedMedium.tokenizerNames {
            let path = "\(check.location.path)/\(name)"
            if PathKind(path) == .file, !check.files.contains(path) { check.files.append(path) }
        }
        let config = "\(check.location.path)/config.json"
        let found = try ModelFolder.config(Kind.self, at: config).model_type
        if found != modelType {
            check.problems.append(
                "\(config): field model_type is \"\(found)\", and \"\(modelType)\" is needed: name \(self.reference).")
        }
        return check
    }

    private static let tokenizerNames = [
        "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json",
    ]
}

extension ModelFamily {
    /// Finds the model and looks at everything that loading it needs, without the libraries that run models.
    ///
    /// - Parameters:
    ///   - reference: a path, or a repo id of the cache.
    ///   - vocabulary: of ImageBind's tokenizer, where it lies elsewhere.
    /// - Throws: errors of the first file that cannot be found or read.
    package func check(
        _ reference: String, vocabulary: String?, cache: HuggingFaceCache
    ) throws -> ModelFamilyCheck {
        switch self {
        case .audioLDM: return try folder(ModelComponent.audioLDM, reference, cache)
        case .stableDiffusion: return try folder(ModelComponent.stableDiffusion, reference, cache)
        case .animateDiff:
            let location = try cache.resolve(reference, files: MotionAdapterFiles.usualFiles)
            let files = try MotionAdapterFiles(location)
            let weights = try WeightFile.open(files.weights)
            var check = ModelFamilyCheck(
                location: location, files: weights.parts + [files.config].compactMap { $0 })
            check.maximumFrames = try files.maximumFrames(in: weights)
            return check
        case .imageBind:
            let location = try cache.resolve(reference, files: ImageBindFiles.usualFiles)
            let files = try ImageBindFiles(location, vocabulary: vocabulary)
            return ModelFamilyCheck(
                location: location,
                files: (try WeightFile.open(files.weights)).parts
                    + [files.config, files.vocabulary].compactMap { $0 })
        }
    }

    private func folder(
        _ components: [ModelComponent], _ reference: String, _ cache: HuggingFaceCache
    ) throws -> ModelFamilyCheck { try ModelFamilyCheck(components, in: reference, cache) }
}

extension MotionAdapterFiles {
    /// What the configuration says, else the length of the shortest table of positions, `[1, frames, channels]`; nil where
    /// neither is there.
    fileprivate func maximumFrames(in weights: WeightFile) throws -> Int? {
        struct Configuration: Decodable { let motion_max_seq_length: Int? }
        if let config {
            // 32 is what diffusers puts in.
            return try ModelFolder.config(Configuration.self, at: config).motion_max_seq_length ?? 32
        }
        return weights.records.filter { $0.name.hasSuffix("pos_encoder.pe") && $0.shape.count == 3 }
            .map { $0.shape[1] }.min()
    }
}
