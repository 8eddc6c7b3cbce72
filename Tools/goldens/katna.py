#!/usr/bin/env python3
"""Goldens of the key frame that Katna takes, from a restatement that was checked against Katna 0.9.2 itself.

  katna.py --reference DIR --out Tests/Fixtures/Data/media/katna.json

DIR holds katna.py, the restatement. Clips are drawn here and in `KatnaTests` alike: noise, and a rectangle that moves
by one pixel a frame and now and then by more.
"""

import argparse
import importlib.util
import json

import numpy as np
from units import noise_bytes

# Seed, frames, height, width, what noise is divided by, what the rectangle adds.
CLIPS = {
    "a rectangle that jumps": (1, 60, 36, 48, 4, 150),
    "wide, and little noise": (2, 45, 20, 90, 16, 90),
    "dark, so that the range widens": (3, 50, 30, 30, 32, 20),
    "darker than the range ever is": (4, 40, 24, 24, 255, 1),
    "twenty differences": (5, 21, 24, 32, 4, 150),
    "fewer, which are not smoothed": (6, 14, 24, 32, 4, 150),
    "across the end of a group": (7, 530, 10, 14, 4, 150),
    "three frames": (8, 3, 16, 16, 4, 150),
    "one frame": (9, 1, 16, 16, 4, 150),
}


def clip(seed, frames, height, width, share, level):
    base = noise_bytes(seed, height, width, 3) // share
    out, place = [], 0
    for i in range(frames):
        place += 7 if i % 11 in (3, 8) else 1
        frame = base.astype(np.int64)
        columns = [(place + c) % width for c in range(width // 3)]
        frame[height // 4 : 3 * height // 4, columns] += np.array([level, level // 2, level // 3])
        out.append(np.clip(frame, 0, 255).astype(np.uint8))
    return out


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--reference", required=True)
    ap.add_argument("--out", required=True)
    a = ap.parse_args()
    spec = importlib.util.spec_from_file_location("reference_katna", f"{a.reference}/katna.py")
    R = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(R)
    cases = []
    for name, parameters in CLIPS.items():
        frames = clip(*parameters)
        chosen, candidates = R.choose(frames)
        measures = [[number, *map(float, values)] for number, values in candidates]
        case = {"name": name, "clip": parameters, "chosen": chosen, "candidates": measures}
        case["colours"] = R.luv(frames[0]).reshape(-1)[:300].tolist()
        cases.append(case)
        print(f"{name}: {len(frames)} frames, {len(candidates)} candidates, frame {chosen}")
    with open(a.out, "w") as file:
        json.dump(cases, file, separators=(",", ":"))


if __name__ == "__main__":
    main()
