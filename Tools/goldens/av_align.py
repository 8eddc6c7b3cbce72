#!/usr/bin/env python3
"""What OpenCV and librosa compute, for EvaluationTests: optical flows, onset envelopes and onsets.

  av_align.py --out Tests/Fixtures/Data/evaluation-avalign

The pictures and sounds are made by formulas that the tests repeat, so only results are stored: `goldens.json`, and
`values.f32`, little-endian floats that it points into. Needs opencv-python-headless and librosa.
"""

import argparse
import json
import pathlib

import cv2
import librosa
import numpy as np

RATE = 22050


def noise(seed, count):
    """Numbers in -1 ..< 1: s <- 6364136223846793005 s + 1442695040888963407 mod 2^64, value (s >> 11) / 2^52 - 1."""
    state, values = seed, np.empty(count)
    for i in range(count):
        state = (6364136223846793005 * state + 1442695040888963407) % 2**64
        values[i] = (state >> 11) / 2**53 * 2 - 1
    return values


def noise_bytes(seed, *shape):
    return np.floor((noise(seed, int(np.prod(shape))) + 1) * 128).astype(np.uint8).reshape(shape)


def film(seed, number, height, width):
    """A bright disc that jumps every fifth frame, over a picture of noise that stands still."""
    y, x = np.mgrid[:height, :width]
    back = noise_bytes(seed, height, width).astype(np.float64) * 0.3
    place = 0.3
    for i in range(number + 1):
        place += 0.08 if i % 5 == 0 else 0.005
    distance = (x - place % 1 * width) ** 2 + (y - 0.5 * height) ** 2
    return np.clip(back + 180 * np.exp(-distance / (0.03 * height * width)), 0, 255).astype(np.uint8)


def drift(seed, number, height, width):
    """Smooth noise that moves two pixels to the left and one up in each frame."""
    wide = noise_bytes(seed, height + 16, width + 16).astype(np.int64)
    smooth = sum(wide[i : i + height + 12, j : j + width + 12] for i in range(5) for j in range(5)) // 25
    return smooth[number : number + height, 2 * number : 2 * number + width].astype(np.uint8)


def sounds():
    at = np.arange(2 * RATE) / RATE

    def decaying(times, speed, base, step):
        total = np.zeros(len(at))
        for i, time in enumerate(times):
            since = np.maximum(at - time, 0)
            total += np.where(at >= time, 0.4 * np.exp(-speed * since) * np.sin(2 * np.pi * (base + step * i) * at), 0)
        return total

    click = np.zeros(RATE)
    click[0] = 1
    short = np.zeros(700)
    short[300:] = np.sin(2 * np.pi * 880 * np.arange(400) / RATE) * 0.5
    bursts = noise(31, len(at)) * np.where(at % 0.4 < 0.05, 0.5, 0.001)
    return {
        "tones": decaying([0.1, 0.9, 1.6], 6, 440, 890) + 0.02 * noise(3, len(at)),
        "dense tones": decaying([0.2, 0.27, 0.33, 1.0, 1.02, 1.1, 1.9], 25, 300, 170),
        "bursts": bursts,
        "noise": 0.3 * noise(32, len(at)),
        "faint noise": 1e-6 * noise(33, len(at)),
        "silence": np.zeros(RATE),
        "a click at 0": click,
        "shorter than a window": short,
        "one sample": np.array([0.25]),
        "a steady tone": 0.5 * np.sin(2 * np.pi * 440 * at),
        "steps": 0.05 * (1 + np.floor(at / 0.25)) * np.sin(2 * np.pi * 523 * at),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    cv2.setNumThreads(1)
    values = []

    def keep(array):
        first = sum(map(len, values))
        values.append(np.asarray(array, "<f4").ravel())
        return {"first": first, "count": len(values[-1])}

    flows = []
    for height, width, every in [
        (256, 256, 11),
        (224, 224, 11),
        (240, 426, 13),
        (100, 100, 7),
        (60, 90, 1),
        (20, 24, 1),
    ]:
        for kind, make, numbers in [("film", film, (3, 4, 5)), ("drift", drift, (0, 1))]:
            pictures = [make(5, number, height, width) for number in numbers]
            for number, one, two in zip(numbers[:-1], pictures[:-1], pictures[1:], strict=True):
                flow = cv2.calcOpticalFlowFarneback(one, two, None, 0.5, 3, 15, 3, 5, 1.2, 0)
                length = np.sqrt((flow.astype(np.float64) ** 2).sum(-1))
                flows.append(
                    {
                        **{"kind": kind, "height": height, "width": width, "from": number, "every": every},
                        "mean": length.mean(),
                        "right": keep(flow[::every, ::every, 0]),
                        "down": keep(flow[::every, ::every, 1]),
                    }
                )
    heard = []
    for name, sound in sounds().items():
        sound = sound.astype(np.float32)
        heard.append(
            {
                "name": name,
                "onsets": librosa.onset.onset_detect(y=sound, sr=RATE, units="frames").tolist(),
                "envelope": keep(librosa.onset.onset_strength(y=sound, sr=RATE)),
            }
        )
    record = {"opencv": cv2.__version__, "librosa": librosa.__version__, "flows": flows, "sounds": heard}
    (out / "goldens.json").write_text(json.dumps(record, indent=1) + "\n")
    (out / "values.f32").write_bytes(b"".join(array.tobytes() for array in values))
    print(f"{len(flows)} flows, {len(heard)} sounds, {sum(map(len, values))} values")


if __name__ == "__main__":
    main()
