#!/usr/bin/env python3
"""Goldens of the networks that metrics look through, and of their front ends, layer by layer.

  evaluation.py --reference DIR --out Tests/Fixtures/Data/evaluation
  evaluation.py --reference DIR --out OUT --checkpoints DIR [--only NETWORKS]

DIR holds evaluation.py, the reference, which also makes the checkpoints of the second form: random weights in the
published sizes, to be compared by hand. Without them the weights are of two small sets, which the tests draw from seeds
themselves, and so are not stored. The sounds and frames are the reference's `wave_of` and `film`. All is computed in
double precision; of long results every k-th element is kept (`keep` in the metadata).
"""

import argparse
import importlib.util
import json
import math
import os
import time

import numpy as np
import torch
import torch.nn.functional as F
from units import Kept, randn

# Widths of the small networks: those of the reference's tiny checkpoints, and others.
SETS = {
    "a": {
        "vggish": ((8, 16, 32, 64), 64, 16),
        "cnn14": ((4, 8, 16, 32, 64, 128), 31),
        "i3d": (8, 40),
        "passt": (128, 2, 31),
    },
    "b": {
        "vggish": ((32, 32, 64, 32), 48, 24),
        "cnn14": ((32, 32, 64, 32, 32, 48), 19),
        "i3d": (16, 24),
        "passt": (192, 1, 17),
    },
}
NETWORKS = {"vggish": "VGGish", "cnn14": "Cnn14", "i3d": "I3D", "passt": "PaSST"}
SAMPLES = (32000, 40001)
FILMS = ((9, 50, 70), (16, 64, 64), (10, 90, 31))
RATES = ((44100, 16000), (48000, 16000), (22050, 16000), (8000, 16000), (11025, 32000), (44100, 32000), (16000, 16000))


def load_reference(folder):
    # By its path: this file has the same name.
    spec = importlib.util.spec_from_file_location("reference_evaluation", f"{folder}/evaluation.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def kind(name, shape):
    """How a tensor is drawn: by the name of its layer."""
    if name.endswith("num_batches_tracked"):
        return "count"
    if name.startswith("spectrogram_extractor"):
        return "zeros"
    if name.endswith("melW"):
        return "stored"
    if name.startswith("bn0.running_"):
        return "decibels" if name.endswith("mean") else "spread"
    if name.endswith("running_var"):
        return "scale"
    if "token" in name or "pos_embed" in name:
        return "place"
    if len(shape) == 1:
        return "scale" if name.endswith("weight") else "shift"
    return "gain" if len(shape) > 2 and "patch" not in name or name.startswith("embeddings") else "matrix"


def drawn(kind, seed, shape):
    x = randn(seed, *shape) if shape else torch.zeros(())
    fan_in = math.prod(shape[1:])
    return {
        "count": lambda: torch.zeros(shape, dtype=torch.int64),
        "zeros": lambda: torch.zeros(shape),
        "decibels": lambda: x * 5 - 35,
        "spread": lambda: (x * 0.1 + 1) * 250,
        "scale": lambda: x * 0.1 + 1,
        "shift": lambda: x * 0.1,
        "place": lambda: x * 0.3,
        "matrix": lambda: x * (1 / fan_in) ** 0.5,
        "gain": lambda: x * (2 / fan_in) ** 0.5,
    }[kind]()


def small(R, network, sizes, seed):
    """The network with drawn weights, and how they were drawn."""
    model = getattr(R, NETWORKS[network])(*sizes)
    keys, state = [], model.state_dict()
    for index, (name, value) in enumerate(list(state.items())):
        how = kind(name, list(value.shape))
        keys.append([name, list(value.shape), how])
        if how != "stored":
            state[name] = drawn(how, seed + index, list(value.shape))
    model.load_state_dict(state)
    return model.double().eval(), keys


def waves(R, rate, count):
    return torch.from_numpy(R.wave_of(3, count, rate)).double()


def vggish(R, model, put):
    for count in SAMPLES:
        examples = R.vggish_examples(waves(R, 16000, count))
        put(f"{count}.examples", examples)
        rec = {}
        for hook in R.hooks(model, rec, lambda k, m: k.startswith(("features.", "embeddings."))):
            rec["hooks"] = rec.get("hooks", []) + [hook]
        model(examples)
        for hook in rec.pop("hooks"):
            hook.remove()
        for name, value in rec.items():
            put(f"{count}.{name}", value)


def cnn14(R, model, put):
    for count in SAMPLES:
        model.trace = {}
        model(waves(R, 16000, count)[None])
        for name, value in model.trace.items():
            put(f"{count}.{name}", value)


def i3d(R, model, put):
    for shape in FILMS:
        frames = R.film(5, *shape)
        name = "x".join(map(str, shape))
        inputs = {style: R.i3d_input(frames, style)[None].double() for style in ("lvdm", "mm-diffusion")}
        inputs["javis"] = letterboxed(frames)[None].double()
        for style, value in inputs.items():
            put(f"{name}.{style}", value)
        rec = {}
        hooks = R.hooks(model, rec, lambda k, m: k in model.order or k == "logits")
        out = model(inputs["lvdm"])
        for hook in hooks:
            hook.remove()
        for layer, value in rec.items():
            put(f"{name}.{layer}", value)
        put(f"{name}.out", out)


def letterboxed(frames):
    """JavisBench's ResizeAndPad to 224, then as `lvdm`."""
    x = torch.from_numpy(np.ascontiguousarray(frames)).permute(0, 3, 1, 2).float()
    h, w = x.shape[2:]
    height, width = (224, 224 * w // h) if h > w else (224 * h // w, 224)
    x = F.interpolate(x, (height, width), mode="bilinear", align_corners=False, antialias=True)
    left, top = (224 - width) // 2, (224 - height) // 2
    x = F.pad(x, (left, 224 - width - left, top, 224 - height - top))
    return (2 * x / 255 - 1).transpose(0, 1)


def passt(R, model, put):
    wave = waves(R, 32000, 70001)
    mel = R.passt_mel(F.pad(wave, (0, 320000 - len(wave)))[None])
    put("mel", mel)
    rec = {}
    layers = lambda k, m: k in ("patch_embed.proj", "norm") or (k.startswith("blocks.") and k.count(".") == 1)  # noqa: E731
    hooks = R.hooks(model, rec, layers)
    rec["features"], rec["logits"] = model(mel)
    for hook in hooks:
        hook.remove()
    for name, value in rec.items():
        put(name, value)


def prepared(R, put):
    """Waves in both styles: two channels, the second another sound than the first."""
    for rate, to in RATES:
        n = rate * 6 // 5
        x = np.stack([R.wave_of(3, n, rate), 0.5 * R.wave_of(4, n, rate) + 0.1]).astype(np.float32)
        x = torch.from_numpy(x).double()
        put(f"{rate}.{to}.audioldm_eval", R.prepare_wave(x, rate, to, "audioldm_eval"))
        put(f"{rate}.{to}.av-benchmark", R.prepare_wave(x, rate, to, "av-benchmark", 1.1))


@torch.inference_mode()
def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--reference", required=True)
    ap.add_argument("--out", required=True)
    ap.add_argument("--checkpoints")
    ap.add_argument("--only", default=",".join(NETWORKS))
    ap.add_argument("--time", action="store_true", help="how long each network takes in single precision on one thread")
    a = ap.parse_args()
    R = load_reference(a.reference)
    torch.set_num_threads(1)
    os.makedirs(a.out, exist_ok=True)
    makers = {"vggish": vggish, "cnn14": cnn14, "i3d": i3d, "passt": passt}
    if a.checkpoints:
        for network in a.only.split(","):
            kept = Kept()
            model = R.load(network, a.checkpoints, torch.float64)
            makers[network](R, model, lambda name, value, kept=kept: kept.put(name, value.float(), 20000))
            kept.save(f"{a.out}/{network}.safetensors")
            print(network)
            if a.time:
                timed(R, network, model.float())
        return
    description = []
    for s, (label, sizes) in enumerate(SETS.items()):
        for network in NETWORKS:
            kept, seed = Kept(), 1_000_000 * (s + 1) + 10_000 * len(description)
            model, keys = small(R, network, sizes[network], seed)
            makers[network](R, model, lambda name, value, kept=kept: kept.put(name, value.float(), 250))
            if network == "cnn14":
                kept.put("melW", model.logmel_extractor.melW.float(), 1 << 20)
            kept.save(f"{a.out}/{network}-{label}.safetensors")
            description.append({"name": f"{network}-{label}", "network": network, "seed": seed, "keys": keys})
            print(network, label)
    kept = Kept()
    prepared(R, lambda name, value: kept.put(name, value.float(), 400))
    kept.save(f"{a.out}/waves.safetensors")
    with open(f"{a.out}/networks.json", "w") as f:
        json.dump(description, f, separators=(",", ":"))


def timed(R, network, model):
    """Ten seconds of sound, or 16 frames of 256 × 256."""
    if network == "i3d":
        x = R.i3d_input(R.film(5, 16, 256, 256))[None]
    else:
        rate = 32000 if network == "passt" else 16000
        x = torch.from_numpy(R.wave_of(3, 10 * rate, rate))[None]
    front = {
        "vggish": lambda: R.vggish_examples(x[0]),
        "cnn14": lambda: x,
        "i3d": lambda: x,
        "passt": lambda: R.passt_mel(x),
    }[network]
    best = math.inf
    for _ in range(4):
        start = time.perf_counter()
        model(front())
        best = min(best, time.perf_counter() - start)
    print(f"{network}: {best:.3f} s")


if __name__ == "__main__":
    main()
