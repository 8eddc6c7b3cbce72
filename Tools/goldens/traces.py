#!/usr/bin/env python3
"""Golden traces of all five tasks: what the Python reference computes on the same weights and noise, step by step.

  traces.py --reference DIR --models MODELS --out Tests/Fixtures/Data/traces [--seconds 2] [--steps 5]

DIR holds reference.py, ib.py; MODELS holds audioldm/, imagebind/, sd15/, motion_adapter/, which random_models.py makes.
One safetensors file for each case: every intermediate that is compared, by the reference's name. Tensors of more than
6,000 elements (2,000 in cases with images) keep every k-th element of the flattened tensor; `keep` in the metadata
names k. What a later run must start from (noise, z_in, y_in, inputs) is whole. A tensor that was stored before, in this
case or an earlier one, is not stored again; `same` in the metadata names its file and its name there. `<case>.json`
holds the scalars, `sound.safetensors` the audio that steers the images.
"""

import argparse
import json
import math
import os
import sys

import numpy as np
import torch
from safetensors.torch import save_file

LIMIT = 6_000
WHOLE = ("noise", "z_in", "y_in", "frames", "image", "_ids")
# No test reads the parts of eps, the audio mask or the final spectra; for image prompts the tests tokenize themselves.
UNCOMPARED = ("eps_text", "eps_uncond", "audio.mask", "final.audio.mel", "vision.ids", "vision.neg_ids")
PROMPTS = ["a dog barking in the rain", "Waves crash; 3 gulls cry!", "a hammer hits wood"]


def scene(seed, frames, height, width, fps):
    """A moving blob over waves of colour, with noise."""
    r = np.random.Generator(np.random.PCG64(seed))
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    out = np.zeros((frames, height, width, 3))
    for i in range(frames):
        t = i / fps + seed
        out[i, ..., 0] = 0.5 + 0.5 * np.sin(x / 9 + 3 * t)
        out[i, ..., 1] = 0.5 + 0.5 * np.cos(y / 7 - 2 * t)
        out[i, ..., 2] = np.exp(-((x - width * (0.2 + 0.3 * (t % 2))) ** 2 + (y - height / 2) ** 2) / 200)
    return np.round(np.clip(out + 0.05 * r.standard_normal(out.shape), 0, 1) * 255).astype(np.uint8)


def sound(seconds, rate=16000):
    """A struck tone four times a second over a rising one, with noise and an offset."""
    r = np.random.Generator(np.random.PCG64(9))
    t = np.arange(int(seconds * rate)) / rate
    wave = 0.3 * np.sin(2 * np.pi * 440 * t) * np.exp(-8 * (t % 0.25)) + 0.1 * np.sin(2 * np.pi * (200 + 300 * t) * t)
    return (wave + 0.02 * r.standard_normal(len(t)) + 0.01).astype(np.float32)


def reduced(tensors, limit):
    """The tensors as they are stored, and the stride of those that are not whole."""
    out, keep = {}, {}
    for name, t in tensors.items():
        if t.numel() > limit and not name.endswith(WHOLE):
            k = math.ceil(t.numel() / limit)
            while k > 1 and math.gcd(k, t.shape[-1]) != 1:  # walk through all columns
                k += 1
            keep[name] = k
            t = t.flatten()[::k]
        out[name] = t.contiguous().clone()
    return out, keep


def deduplicated(case, tensors, stored):
    """The tensors that are not stored yet, and where the others are."""
    out, same = {}, {}
    for name, t in tensors.items():
        content = (t.dtype, t.shape, t.numpy().tobytes())
        if content in stored:
            same[name] = stored[content]
        else:
            stored[content] = (case, name)
            out[name] = t
    return out, same


def relative(a, b):
    return float((a.double() - b.double()).norm() / (b.double().norm() + 1e-300))


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--reference", required=True)
    ap.add_argument("--models", required=True)
    ap.add_argument("--out", required=True)
    ap.add_argument("--seconds", type=float, default=2)
    ap.add_argument("--steps", type=int, default=5)
    ap.add_argument("--only", help="comma-separated cases")
    ap.add_argument(
        "--floor", action="store_true", help="write nothing; print how far single precision itself is from double"
    )
    a = ap.parse_args()
    sys.path.insert(0, a.reference)
    import ib
    import reference as R

    torch.set_num_threads(2)
    os.makedirs(a.out, exist_ok=True)
    binders = {torch.float32: ib.ImageBind.load(f"{a.models}/imagebind")}
    binders[torch.float64] = ib.ImageBind.load(f"{a.models}/imagebind")
    binders[torch.float64].w = {k: v.double() for k, v in binders[torch.float64].w.items()}
    tokenizer = ib.Tokenizer(f"{a.models}/imagebind/bpe_simple_vocab_16e6.txt.gz")
    fps, height, width = 8.0, 36, 64
    made_fps, made_size = 4.0, 64
    wave = sound(1.5)
    stored = {}

    def run(
        case,
        task,
        *,
        scene_seed=0,
        noise_seed=100,
        prompt=PROMPTS[0],
        bind_text=True,
        guided=True,
        steps=None,
        warmup=0.2,
        tune=False,
        level=2,
        ends_only=False,
        **options,
    ):
        if a.only and case not in a.only.split(","):
            return
        steps = steps or a.steps
        frames = scene(scene_seed, math.ceil(a.seconds * fps), height, width, fps)
        rates = {"audio": options.pop("lr", 0.1), "vision": options.pop("lr_video", 0.01)}

        def trace_of(dtype, forced=None):
            trace, fixed, bind = R.Trace(level), {}, binders[dtype]
            with torch.no_grad():
                if bind_text:
                    ids = tokenizer(prompt)
                    trace.put("cond.text_ids", ids)
                    fixed["text"] = bind.text(ids)
                if task in ("v2a", "i2a"):
                    if task == "v2a":
                        vision = R.vision_clips_uint8(frames, fps, 1, math.ceil(a.seconds), torch.float32)
                        trace.put("input.frames", torch.from_numpy(frames))
                    else:
                        vision = R.vision_image_uint8(frames[0], torch.float32)
                        trace.put("input.image", torch.from_numpy(frames[0].copy()))
                    trace.put("cond.vision_in", vision)
                    fixed["vision"] = bind.vision(vision.to(dtype))
                if task in ("a2v", "a2i"):
                    heard = R.audio_clips(
                        torch.from_numpy(wave.copy())[None].to(dtype), 1, math.ceil(len(wave) / 16000)
                    )
                    trace.put("cond.audio_in", heard)
                    fixed["audio"] = bind.audio(heard)
            streams, noise = [], {}
            if task in ("v2a", "i2a", "joint"):
                streams.append(R.AudioStream(f"{a.models}/audioldm", a.seconds, steps, 2.5, dtype))
            if task in ("a2v", "a2i", "joint"):
                made = 0 if task == "a2i" else round(a.seconds * made_fps)
                streams.append(
                    R.VideoStream(
                        f"{a.models}/sd15",
                        f"{a.models}/motion_adapter",
                        made,
                        made_size,
                        made_size,
                        made_fps,
                        steps,
                        7.5,
                        dtype,
                    )
                )
            for stream in streams:
                noise[stream.kind] = torch.randn(stream.shape, generator=torch.Generator("cpu").manual_seed(noise_seed))
            pairs = [p for p in R.PAIRS[task] if bind_text or "text" not in p]
            R.align(
                streams,
                bind,
                fixed,
                pairs,
                steps,
                prompt,
                noise,
                lrs=rates,
                trace=trace,
                warmup=warmup if guided else 2.0,
                optimize_text=tune,
                force_z=forced,
                **options,
            )
            return trace

        trace = trace_of(torch.float32)
        if a.floor:
            exact = trace_of(torch.float64, {k: t for k, t in trace.t.items() if k.endswith(("z_in", "y_in"))})
            worst = {}
            for name, t in trace.t.items():
                kind = name.split(".")[-1]
                if t.is_floating_point() and name[:3].isdigit():
                    worst[kind] = max(worst.get(kind, 0), relative(t, exact.t[name]))
            print(f"{case:16s} " + "  ".join(f"{k} {v:.1e}" for k, v in sorted(worst.items()) if v > 0))
            return
        trace.scalar(
            "case",
            dict(
                task=task,
                prompt=prompt,
                seconds=a.seconds,
                steps=steps,
                noise_seed=noise_seed,
                fps=fps,
                bind_text=bind_text,
                guided=guided,
                warmup=warmup,
                tune=tune,
                **options,
            ),
        )
        kept = {k: t for k, t in trace.t.items() if not k.endswith(UNCOMPARED)}
        if ends_only:
            kept = {k: t for k, t in kept.items() if not k[:3].isdigit() and k != "cond.vision_in"}
        else:
            kept = {k: t for k, t in kept.items() if not k.startswith("final.")}
        tensors, keep = reduced(kept, 2_000 if task in ("a2v", "a2i", "joint") else LIMIT)
        tensors, same = deduplicated(case, tensors, stored)
        save_file(tensors, f"{a.out}/{case}.safetensors", metadata={"keep": json.dumps(keep), "same": json.dumps(same)})
        with open(f"{a.out}/{case}.json", "w") as f:
            json.dump(trace.s, f, indent=1)
        print(f"{case:16s} {sum(t.numel() * t.element_size() for t in tensors.values()) / 1e3:8.0f} kB")

    paper = dict(latent_opt="sgd", x0_pairing="paper")
    run("v2a_official", "v2a")
    run("v2a_paper", "v2a", lr=2.0, **paper)
    run("v2a_vanilla", "v2a", steps=4, guided=False)
    run("i2a_official", "i2a", steps=3, warmup=0.5)
    run("i2a_nocaption", "i2a", steps=3, warmup=0.5, bind_text=False, prompt="", lr=2.0, **paper)
    run("v2a_tune", "v2a", steps=3, warmup=0.5, tune=True)
    run("i2a_tune_twice", "i2a", steps=3, warmup=0.5, tune=True, n_opt=2, lr=2.0, lr_text=1.0, text_opt="sgd", **paper)
    run("v2a_free", "v2a", steps=8, lr=5.0, ends_only=True, **paper)
    # Seeds whose gradients single precision computes to 5e-4 or better (fp32 against fp64): the floor under the
    # logarithm of the filterbank is a kink, and some noises put many bins on it (seed 201: 3e-3).
    for i, (prompt, seed) in enumerate(zip(PROMPTS, (200, 241, 202), strict=True)):
        run(f"batch_{i}", "v2a", scene_seed=i, noise_seed=seed, prompt=prompt, steps=3, warmup=0.5, level=1)
        run(
            f"batch_paper_{i}",
            "v2a",
            scene_seed=i,
            noise_seed=seed,
            prompt=prompt,
            steps=3,
            warmup=0.5,
            level=1,
            lr=2.0,
            **paper,
        )

    if not a.floor:
        save_file({"wave": torch.from_numpy(wave)}, f"{a.out}/sound.safetensors")
    few = dict(steps=4, warmup=0.25)
    run("a2v_official", "a2v", **few)
    run("a2v_paper", "a2v", lr_video=20.0, **few, **paper)
    run("a2v_vanilla", "a2v", steps=3, guided=False)
    run("a2v_nocaption", "a2v", bind_text=False, prompt="", **few)
    run("a2v_tune", "a2v", tune=True, text_state="persistent", **few)
    run(
        "a2v_tune_descent",
        "a2v",
        tune=True,
        negative="blurry, low quality",
        lr_video=20.0,
        lr_text=100.0,
        text_opt="sgd",
        **few,
        **paper,
    )
    run("a2i_official", "a2i", **few)
    run("a2i_tune", "a2i", tune=True, **few)
    run("joint_official", "joint", **few)
    run("joint_tune", "joint", tune=True, **few)
    run("joint_vanilla", "joint", steps=2, guided=False)
    run("a2v_free", "a2v", steps=8, lr_video=50.0, ends_only=True, **paper)
    for i, (prompt, seed) in enumerate(zip(PROMPTS[:2], (300, 301), strict=True)):
        run(f"batch_a2v_{i}", "a2v", noise_seed=seed, prompt=prompt, tune=True, level=1, **few)


if __name__ == "__main__":
    main()
