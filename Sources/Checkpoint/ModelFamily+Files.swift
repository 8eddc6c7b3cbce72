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
        case .audioLDM: return try ModelFamilyCheck(ModelComponent.audioLDM, in: reference, cache)
        case .stableDiffusion: return try ModelFamilyCheck(ModelComponent.stableDiffusion, in: reference, cache)
        case .animateDiff:
            let location = try cache.resolve(reference, files: MotionAdapterFiles.usualFiles)
            let files = try MotionAdapterFiles(location)
            let weights = try WeightFile.open(files.weights)
            var check = ModelFamilyCheck(
                location: location, files: weights.parts + [files.config].compactMap { $0 })
            check.maximumFrames = try files.maximumFrames(in: weights)
            return check
        case .mmDiffusion, .upscaler:
            let location = try cache.resolve(reference)
            return ModelFamilyCheck(location: location, files: try WeightFile.open(location.path).parts)
        case .imageBind:
            let location = try cache.resolve(reference, files: ImageBindFiles.usualFiles)
            let files = try ImageBindFiles(location, vocabulary: vocabulary)
            return ModelFamilyCheck(
                location: location,
                files: (try WeightFile.open(files.weights)).parts
                    + [files.config, files.vocabulary].compactMap { $0 })
        }
    }
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
