#!/usr/bin/env python3
"""Goldens of Paprika, from a restatement that was checked against the published PyTorch port.

  paprika.py --reference DIR --out Tests/Fixtures/Data/paprika

DIR holds paprika.py, the restatement. Weights and pictures are not stored: they are drawn as weights.json says, by
the tests too (`torch.randn` from a seed for each tensor; pictures by `units.noise_bytes`).
"""

import argparse
import importlib.util
import json
import os

import numpy as np
import torch
from units import Kept, noise_bytes, randn

# Height and width: what the network sees, and what is made to its size first.
MAPS = ((96, 128), (64, 96))
PHOTOGRAPHS = ((40, 70), (300, 266))


def drawn(R):
    rows, weights = [], {}
    for i, (name, t) in enumerate(R.random_weights(0).items()):
        if t.dim() > 1:
            factor, offset = float(np.float32(t[0].numel() ** -0.5)), 0.0
        elif name.endswith(".weight"):
            factor, offset = 0.2, 1.0
        else:
            factor, offset = 0.1, 0.0
        rows.append([name, list(t.shape), 700 + i, factor, offset, []])
        weights[name] = randn(700 + i, *t.shape) * factor + offset
    return rows, weights


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--reference", required=True)
    ap.add_argument("--out", required=True)
    a = ap.parse_args()
    spec = importlib.util.spec_from_file_location("reference_paprika", f"{a.reference}/paprika.py")
    R = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(R)
    torch.set_num_threads(1)
    os.makedirs(a.out, exist_ok=True)
    rows, weights = drawn(R)
    kept = Kept()
    double = {name: t.double() for name, t in weights.items()}
    with torch.no_grad():
        for i, (h, w) in enumerate(MAPS):
            x = torch.from_numpy(noise_bytes(80 + i, h, w, 3)).permute(2, 0, 1)[None].double() / 127.5 - 1
            taps = {}
            y = R.generator(double, x, "tensorflow", taps)
            for name, t in [*taps.items(), ("output", y)]:
                kept.put(f"{h}x{w}.{name}", t.float(), 1500)
    for i, (h, w) in enumerate(PHOTOGRAPHS):
        photograph = noise_bytes(90 + i, h, w, 3)
        for name, brightness in (("styled", True), ("plain", False)):
            styled = R.stylize(weights, photograph, brightness=brightness)
            kept.put(f"{h}x{w}.{name}", torch.from_numpy(styled), 4000)
    kept.save(f"{a.out}/paprika.safetensors")
    with open(f"{a.out}/weights.json", "w") as file:
        json.dump({"weights": rows, "maps": MAPS, "photographs": PHOTOGRAPHS}, file, separators=(",", ":"))


if __name__ == "__main__":
    main()
