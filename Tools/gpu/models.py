#!/usr/bin/env python3
"""Models with random weights in the published layouts and dimensions: AudioLDM-m-full, Stable Diffusion 1.5,
AnimateDiff's motion adapter, ImageBind-huge, MM-Diffusion with its super-resolution. They make noise, at the cost of
the real ones.

    python3 Tools/gpu/models.py --out MODELS [--only audioldm,imagebind] [--device cuda] [--empty]

published.txt has the dimensions; configurations are those of Models/random with these dimensions, tokenizers the small
ones. Needs torch, and nothing else; numbers are drawn on the device, 15.3 GB for all. With --empty no weight is
written and torch is not needed: the files have their headers and are holes otherwise, enough to check keys and shapes.
"""

import argparse
import json
import math
import pathlib
import shutil
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "Tools" / "goldens"))
# Found by the path alone.
from recipe import Recipe  # noqa: E402

NAMES = ("audioldm", "sd15", "motion_adapter", "imagebind", "mm")

CLIP = {"hidden_size": 768, "intermediate_size": 3072, "num_attention_heads": 12, "num_hidden_layers": 12}
CHANNELS = [192, 384, 576, 960]
# What differs from the configurations of Models/random.
DIMENSIONS = {
    "audioldm/unet": {
        "attention_head_dim": 8,
        "block_out_channels": CHANNELS,
        "cross_attention_dim": CHANNELS,
        "norm_num_groups": 32,
        "projection_class_embeddings_input_dim": 512,
    },
    "audioldm/vae": {"block_out_channels": [128, 256, 512], "norm_num_groups": 32},
    "audioldm/vocoder": {"upsample_initial_channel": 1024},
    "audioldm/text_encoder": CLIP | {"projection_dim": 512, "vocab_size": 50265},
    "sd15/unet": {
        "attention_head_dim": 8,
        "block_out_channels": [320, 640, 1280, 1280],
        "cross_attention_dim": 768,
        "norm_num_groups": 32,
        "sample_size": 64,
    },
    "sd15/vae": {"block_out_channels": [128, 256, 512, 512], "norm_num_groups": 32, "sample_size": 512},
    "sd15/text_encoder": CLIP | {"projection_dim": 768, "vocab_size": 49408},
    "motion_adapter": {
        "block_out_channels": [320, 640, 1280, 1280],
        "motion_norm_num_groups": 32,
        "motion_num_attention_heads": 8,
    },
    "imagebind": {
        "vision_embed_dim": 1280,
        "vision_num_blocks": 32,
        "vision_num_heads": 16,
        "text_embed_dim": 1024,
        "text_num_blocks": 24,
        "text_num_heads": 16,
        "audio_embed_dim": 768,
        "audio_num_blocks": 12,
        "audio_num_heads": 12,
        "depth_embed_dim": 384,
        "depth_num_blocks": 12,
        "depth_num_heads": 8,
        "thermal_embed_dim": 768,
        "thermal_num_blocks": 12,
        "thermal_num_heads": 12,
        "imu_embed_dim": 512,
        "imu_num_blocks": 6,
        "imu_num_heads": 8,
        "out_embed_dim": 1024,
        "vocab_size": 49408,
    },
}


def recipes():
    """Models/random's recipe, and the published one with the parts that it shares with that."""
    small = Recipe((ROOT / "Models" / "random" / "recipe.txt").read_text(encoding="utf-8"))
    published = Recipe((pathlib.Path(__file__).parent / "published.txt").read_text(encoding="utf-8"))
    published.parts = small.parts | published.parts
    return small, published


def shapes(path, kind, numbers):
    """The tensors of a line: name, type and shape."""
    if kind in ("norm", "layer", "transposed"):
        width = numbers[1] if kind == "transposed" else numbers[0]
        return [(f"{path}.weight", "F32", numbers), (f"{path}.bias", "F32", [width])]
    if kind == "sinusoids":
        return [(path, "F32", [1, *numbers])]
    if kind in ("draw", "fill", "count"):
        return [(path, "I64" if kind == "count" else "F32", numbers[1:])]
    if kind in ("matrix", "causal"):
        return [(path, "F32", numbers)]
    raise ValueError(f"{path}: there is no kind {kind}")


def header(lines):
    """The head of a safetensors file, the shape and the place of each tensor in it, and the file's length."""
    entries, places, offset = {"__metadata__": {"format": "pt"}}, {}, 0
    for path, kind, numbers, _ in lines:
        for name, dtype, shape in shapes(path, kind, numbers):
            end = offset + math.prod(shape) * (8 if dtype == "I64" else 4)
            entries[name] = {"dtype": dtype, "shape": shape, "data_offsets": [offset, end]}
            places[name] = (shape, offset, end)
            offset = end
    text = json.dumps(entries).encode()
    text += b" " * (-len(text) % 8)
    head = len(text).to_bytes(8, "little") + text
    start = len(head)
    return head, {name: (shape, start + a, start + b) for name, (shape, a, b) in places.items()}, start + offset


def write(file, lines, seed, device):
    """One file of weights; without a device its numbers are holes."""
    head, places, size = header(lines)
    file.parent.mkdir(parents=True, exist_ok=True)
    with open(file, "wb") as out:
        out.write(head)
        out.truncate(size)
    if device is None:
        return size
    import torch
    from random_models import drawn

    memory = torch.from_file(str(file), shared=True, size=size, dtype=torch.uint8)
    generator = torch.Generator(device).manual_seed(seed)
    for line in lines:
        with torch.device(device):
            tensors = drawn(*line, generator)
        for name, tensor in tensors.items():
            shape, start, end = places[name]
            if list(tensor.shape) != list(shape):
                raise ValueError(f"{name} has the shape {list(tensor.shape)} in place of {list(shape)}")
            memory[start:end].copy_(tensor.cpu().reshape(-1).view(torch.uint8))
    return size


def make(out, only=NAMES, device="cpu"):
    """Makes the models. Gives the bytes of their weights."""
    small, published = recipes()
    for source, target in small.copies:
        if target.split("/")[0] not in only:
            continue
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, out / target, dirs_exist_ok=True)
        else:
            (out / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / source, out / target)
    for place, dimensions in DIMENSIONS.items():
        if place.split("/")[0] in only:
            file = out / place / "config.json"
            file.write_text(json.dumps(json.loads(file.read_text()) | dimensions, indent=2))
    total = 0
    for (path, _, seed, *_), lines in published.files:
        if path.split("/")[0] in only:
            total += write(out / path, list(published.lines(lines)), int(seed), device)
    return total


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--only", default=",".join(NAMES))
    parser.add_argument("--device", default="cpu", help="where the numbers are drawn: cpu or cuda")
    parser.add_argument("--empty", action="store_true", help="headers alone")
    options = parser.parse_args()
    only = options.only.split(",")
    unknown = [name for name in only if name not in NAMES]
    if unknown:
        parser.error(f"--only: there is no {unknown[0]}; there are {', '.join(NAMES)}")
    size = make(options.out, only, None if options.empty else options.device)
    print(f"{options.out}: {', '.join(only)}, {size / 1e9:.1f} GB of weights")


if __name__ == "__main__":
    main()
