#!/usr/bin/env python3
"""Random models of two other configurations than those of Models/random, for parity by hand.

  other_sizes.py --reference DIR --out OUT          writes OUT/a and OUT/b
  traces.py --reference DIR --models OUT/a --out OUT/a/traces
  SEEHEAR_TRACES=OUT/a/traces SEEHEAR_TRACE_MODELS=OUT/a swift test --filter ParityTests
  units.py --reference DIR --out OUT/a --models OUT/a --only pictures
  SEEHEAR_TRACE_MODELS=OUT/a swift test --filter ImageGoldenTests

a: three levels of other widths, one layer each, eight heads, 32 mel bins, a decoder that doubles once, a vocoder of
four stages with two kernels; for pictures three levels, eight heads, exact GELU, at most 24 frames and nothing in the
middle. b: four levels, three layers, keys of the VAE as newer diffusers writes them, 8 mel rows for one of the latent,
a vocoder that normalises first. The seeds are ones whose gradients are well conditioned: the floor under the
filterbank's logarithm is a kink, and where a bin of the spectrum lies on it, two programs that agree to 1e-6 in the
waveform differ by 1e-2 in the gradient (b with seed 7), which free runs carry on (a with seed 8). DIR holds
make_checkpoints.py and ib.py of the reference.
"""

import argparse
import sys

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("--reference", required=True)
ap.add_argument("--out", required=True)
a = ap.parse_args()
sys.path.insert(0, a.reference)
# Found by the path alone, which the arguments tell.
import ib  # noqa: E402
import make_checkpoints as M  # noqa: E402

published = M.audioldm_cfg
tiny_binder = dict(ib.TINY)


def config_a(size, variant):
    unet, vae, voc, clap, sched = published("tiny", variant)
    ch = [32, 48, 64]
    unet.update(
        block_out_channels=ch,
        cross_attention_dim=ch,
        attention_head_dim=8,
        norm_num_groups=8,
        layers_per_block=1,
        in_channels=4,
        out_channels=4,
        down_block_types=["DownBlock2D"] + ["CrossAttnDownBlock2D"] * 2,
        up_block_types=["CrossAttnUpBlock2D"] * 2 + ["UpBlock2D"],
        projection_class_embeddings_input_dim=24,
    )
    vae.update(
        block_out_channels=[16, 32],
        norm_num_groups=8,
        latent_channels=4,
        layers_per_block=1,
        scaling_factor=0.7,
        down_block_types=["DownEncoderBlock2D"] * 2,
        up_block_types=["UpDecoderBlock2D"] * 2,
    )
    voc.update(
        model_in_dim=32,
        upsample_initial_channel=32,
        upsample_rates=[8, 5, 2, 2],
        upsample_kernel_sizes=[16, 11, 4, 4],
        resblock_kernel_sizes=[3, 5],
        resblock_dilation_sizes=[[1, 2], [2, 6]],
    )
    clap.update(hidden_size=32, num_hidden_layers=3, num_attention_heads=4, intermediate_size=56, projection_dim=24)
    return unet, vae, voc, clap, sched


def config_b(size, variant):
    unet, vae, voc, clap, sched = published("tiny", variant)
    ch = [16, 32, 32, 64]
    unet.update(
        block_out_channels=ch,
        cross_attention_dim=ch,
        attention_head_dim=2,
        norm_num_groups=8,
        layers_per_block=3,
        projection_class_embeddings_input_dim=40,
    )
    vae.update(
        block_out_channels=[8, 16, 16, 24],
        norm_num_groups=4,
        layers_per_block=2,
        down_block_types=["DownEncoderBlock2D"] * 4,
        up_block_types=["UpDecoderBlock2D"] * 4,
    )
    voc.update(upsample_initial_channel=64, normalize_before=True)
    clap.update(hidden_size=48, num_hidden_layers=1, num_attention_heads=6, intermediate_size=64, projection_dim=40)
    return unet, vae, voc, clap, sched


published_pictures = M.sd_cfg


def pictures_a(size):
    unet, vae, clip, motion, *schedules = published_pictures("tiny")
    ch = [32, 48, 64]
    unet.update(
        block_out_channels=ch,
        cross_attention_dim=20,
        attention_head_dim=8,
        norm_num_groups=16,
        layers_per_block=1,
        down_block_types=["DownBlock2D"] + ["CrossAttnDownBlock2D"] * 2,
        up_block_types=["CrossAttnUpBlock2D"] * 2 + ["UpBlock2D"],
    )
    vae.update(
        block_out_channels=[8, 16, 24],
        norm_num_groups=8,
        layers_per_block=1,
        down_block_types=["DownEncoderBlock2D"] * 3,
        up_block_types=["UpDecoderBlock2D"] * 3,
    )
    clip.update(
        hidden_size=20,
        num_attention_heads=5,
        num_hidden_layers=3,
        intermediate_size=44,
        hidden_act="gelu",
        projection_dim=20,
    )
    motion.update(
        block_out_channels=ch,
        motion_layers_per_block=1,
        motion_num_attention_heads=[2, 4, 8],
        motion_norm_num_groups=16,
        motion_max_seq_length=24,
        use_motion_mid_block=False,
    )
    return unet, vae, clip, motion, *schedules


def pictures_b(size):
    unet, vae, clip, motion, *schedules = published_pictures("tiny")
    ch = [16, 32, 32, 64]
    unet.update(
        block_out_channels=ch,
        cross_attention_dim=36,
        attention_head_dim=[2, 4, 8, 8],
        norm_num_groups=8,
        layers_per_block=3,
        use_linear_projection=True,
    )
    vae.update(block_out_channels=[8, 16, 16, 24], norm_num_groups=2)
    clip.update(hidden_size=36, num_attention_heads=3, num_hidden_layers=1, intermediate_size=60, projection_dim=36)
    motion.update(
        block_out_channels=ch,
        motion_layers_per_block=3,
        motion_num_attention_heads=4,
        motion_norm_num_groups=8,
        motion_transformer_layers_per_block=2,
        motion_max_seq_length=8,
    )
    return unet, vae, clip, motion, *schedules


BINDERS = {
    "a": dict(
        vision_embed_dim=48,
        vision_num_blocks=3,
        vision_num_heads=4,
        text_embed_dim=32,
        text_num_blocks=3,
        text_num_heads=4,
        audio_embed_dim=36,
        audio_num_blocks=1,
        audio_num_heads=3,
        out_embed_dim=64,
    ),
    "b": dict(
        vision_embed_dim=40,
        vision_num_blocks=1,
        vision_num_heads=5,
        text_embed_dim=40,
        text_num_blocks=1,
        text_num_heads=1,
        audio_embed_dim=64,
        audio_num_blocks=4,
        audio_num_heads=2,
        out_embed_dim=24,
    ),
}
for name, config, pictures in (("a", config_a, pictures_a), ("b", config_b, pictures_b)):
    M.audioldm_cfg, M.sd_cfg = config, pictures
    ib.TINY.clear()
    ib.TINY.update(tiny_binder, **BINDERS[name])
    sys.argv = [
        "make_checkpoints.py",
        "--size",
        "tiny",
        "--out",
        f"{a.out}/{name}",
        "--seed",
        {"a": "7", "b": "8"}[name],
        "--only",
        "audioldm,imagebind,sd15,motion_adapter",
    ]
    sys.argv += ["--modern-keys"] if name == "b" else []
    M.main()
