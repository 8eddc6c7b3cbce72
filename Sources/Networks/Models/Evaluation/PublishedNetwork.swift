/// What a checkpoint is by its keys, so that one that lies where another is needed can be called by its name.
package enum PublishedNetwork: String, Sendable, CaseIterable {
    case vggish = "VGGish"
    case cnn14 = "CNN14"
    case passt = "PaSST"
    case i3d = "I3D"
    case synchformer = "Synchformer"
    case imageBind = "ImageBind"
    case otherPANN = "a network of PANNs other than CNN14"
    case clap = "CLAP"
    case clip = "CLIP"
    case ast = "an audio spectrogram transformer"
    case visionTransformer = "a vision transformer"
    case vgg = "VGG for pictures"
    case unet = "the UNet of a diffusion model"
    case autoencoder = "the autoencoder of a diffusion model"

    /// Nil where the keys are none that is known.
    ///
    /// - Parameter names: keys without wrappers.
    package init?(_ names: [String]) {
        let keys = Set(names)
        guard let network = Self.allCases.first(where: { $0.isDescribed(by: keys) }) else { return nil }
        self = network
    }

    private func isDescribed(by keys: Set<String>) -> Bool {
        // Those that are read are known by several keys, so that a missing one can be called by its name.
        func has(_ key: String) -> Bool { keys.contains(key) }
        func begins(_ prefix: String) -> Bool { keys.contains { $0.hasPrefix(prefix) } }
        return switch self {
        case .vggish: begins("features.") && ["embeddings.0.", "embeddings.2."].contains(where: begins)
        case .cnn14: begins("conv_block1.") && begins("conv_block6.")
        case .passt: has("time_new_pos_embed") || has("freq_new_pos_embed")
        case .i3d: begins("Conv3d_1a_7x7.conv3d.") || begins("Mixed_5c.b0.conv3d.")
        case .synchformer: begins("vfeat_extractor.") && begins("afeat_extractor.")
        case .imageBind: begins("modality_trunks.")
        case .otherPANN: has("fc_audioset.weight") || has("logmel_extractor.melW")
        case .clap:
            begins("audio_branch.") || begins("audio_model.audio_encoder.") || begins("text_branch.")
        case .clip:
            keys.contains { $0.contains("transformer.resblocks.") } || begins("text_model.encoder.")
        case .ast: begins("ast.") || begins("audio_spectrogram_transformer.")
        case .visionTransformer: has("patch_embed.proj.weight") && begins("blocks.0.")
        case .vgg: has("features.0.weight") && has("classifier.0.weight")
        case .unet: begins("down_blocks.") && begins("up_blocks.")
        case .autoencoder: begins("decoder.up_blocks.") || begins("decoder.up.")
        }
    }
}
