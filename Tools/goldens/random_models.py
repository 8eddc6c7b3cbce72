#!/usr/bin/env python3
"""The models with random weights, as Models/random/recipe.txt describes them: what `swift run random-models` makes.

  random_models.py --out MODELS

The recipe says what its lines mean. Needs torch and safetensors. The safetensors files have the sums in
Models/random/SHA256SUMS; the archive, which torch.save writes, has the tensors of the Swift program's and other bytes.
"""

import argparse
import math
import os
import shutil
from collections import OrderedDict

import torch
from recipe import Recipe

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def pair(option):
    """`8:0.1`"""
    count, number = option.split(":")
    return int(count), float(number)


def plant(weight, options):
    """Small rows, and the path of a latent through a U-Net."""
    if "damp" in options:
        rows, factor = pair(options["damp"])
        weight[:rows] *= factor
    # Where the middle of a kernel lies.
    at = weight[(..., *(size // 2 for size in weight.shape[2:]))]
    if "copy" in options:
        channels, gain = pair(options["copy"])
        for c in range(channels):
            at[c, c] += gain
    if "split" in options:
        channels, gain = pair(options["split"])
        skip = weight.shape[1] - weight.shape[0]  # what comes along the skip stands last
        for c in range(channels):
            at[2 * c, skip + c] += gain
            at[2 * c + 1, skip + c] -= gain
    if "join" in options:
        channels, gain = pair(options["join"])
        for c in range(channels):
            at[c, 2 * c] += gain
            at[c, 2 * c + 1] -= gain


def drawn(path, kind, numbers, options, generator):
    """The tensors of a line by name."""

    def draw(shape):
        return torch.empty(shape).normal_(generator=generator)

    if kind in ("draw", "fill", "count"):
        value, shape = numbers[0], numbers[1:]
        if kind == "count":
            return {path: (value * torch.arange(math.prod(shape))).reshape(shape)}
        x = draw(shape)
        return {path: x * value if kind == "draw" else torch.full(shape, float(value))}
    if kind == "sinusoids":
        length, width = numbers
        frequencies = torch.exp(torch.arange(0, width, 2) * (-math.log(10000.0) / width))
        angles = torch.arange(length).unsqueeze(1) * frequencies
        return {path: torch.stack([angles.sin(), angles.cos()], -1).reshape(1, length, width)}
    x = draw(numbers)
    if kind == "causal":
        return {path: torch.full(numbers, -math.inf).triu_(1)}
    if kind == "norm":
        return {f"{path}.weight": 1 + 0.1 * x, f"{path}.bias": 0.05 * draw(numbers)}
    if kind not in ("matrix", "layer", "transposed"):
        raise ValueError(f"{path}: there is no kind {kind}")
    fan_in = math.prod(numbers[1:])
    if kind == "transposed":
        fan_in = numbers[0] * numbers[2] / int(options["stride"])
    x *= float(options.get("gain", 1)) / math.sqrt(fan_in)
    plant(x, options)
    if kind == "matrix":
        return {path: x}
    bias = 0.05 * draw(numbers[1:2] if kind == "transposed" else numbers[:1])
    if "bias-damp" in options:
        bias *= float(options["bias-damp"])
    if "bias" in options:
        bias.fill_(float(options["bias"]))
    return {f"{path}.weight": x, f"{path}.bias": bias}


def main():
    from safetensors.torch import save_file

    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--out", required=True)
    out = ap.parse_args().out
    with open(f"{ROOT}/Models/random/recipe.txt", encoding="utf-8") as f:
        recipe = Recipe(f.read())
    for source, target in recipe.copies:
        if os.path.isdir(f"{ROOT}/{source}"):
            shutil.copytree(f"{ROOT}/{source}", f"{out}/{target}", dirs_exist_ok=True)
        else:
            shutil.copyfile(f"{ROOT}/{source}", f"{out}/{target}")
    for (path, dtype, seed, *archive), lines in recipe.files:
        generator = torch.Generator().manual_seed(int(seed))
        tensors = {}
        for line in recipe.lines(lines):
            tensors |= drawn(*line, generator)
        if dtype == "f16":
            tensors = {name: x.half() if x.is_floating_point() else x for name, x in tensors.items()}
        os.makedirs(os.path.dirname(f"{out}/{path}"), exist_ok=True)
        save_file(tensors, f"{out}/{path}", metadata={"format": "pt"})
        for option in archive:
            torch.save(OrderedDict(tensors), f"{out}/{option.removeprefix('archive=')}")
        print(f"{path}: {len(tensors)} tensors")


if __name__ == "__main__":
    main()
