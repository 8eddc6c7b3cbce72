#!/usr/bin/env python3
"""Guided steps of AudioLDM side by side: this program, the Python reference, the released code's step.

  guided_step.py --worker .build/release/seehear-worker --reference DIR --ckpt DIR [--seconds 10] [--rounds 2]

DIR of the reference holds reference.py, bench.py, ib.py and .venv; the checkpoints are those of make_checkpoints.py
--size full --only audioldm,imagebind. Each configuration runs in a process of its own, in turn, so that a drift of the
machine's speed meets all alike; the minimum over steps and rounds is reported, and ratios of the minima.
"""
import argparse
import json
import os
import subprocess

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("--worker", required=True)
ap.add_argument("--reference", required=True)
ap.add_argument("--ckpt", required=True)
ap.add_argument("--seconds", type=int, default=10)
ap.add_argument("--rounds", type=int, default=2)
ap.add_argument("--threads", type=int, default=2)
ap.add_argument("--skip-official", action="store_true")
a = ap.parse_args()
here = os.path.dirname(os.path.abspath(__file__))
python = f"{a.reference}/.venv/bin/python"


def call(command, cwd=None):
    out = subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True).stdout
    return json.loads(out[out.index("{"):])


def ours():
    r = call([a.worker, "bench", "--audio", f"{a.ckpt}/audioldm", "--binder", f"{a.ckpt}/imagebind/imagebind_huge.safetensors",
              "--seconds", str(a.seconds), "--steps", "4", "--threads", str(a.threads)])
    stages = {k.removeprefix("audio."): v for k, v in r["guidedStep"].items()}
    return stages | {"guided step": r["guidedStepTotal"], "final decode": r["finalDecode"], "peak GB": r["peakMemoryBytes"] / 2**30}


def theirs():
    r = call([python, "bench.py", "audio", "--ckpt", a.ckpt, "--seconds", str(a.seconds), "--reps", "3", "--threads",
              str(a.threads)], cwd=a.reference)
    g = r["guided_step"]
    return {"unet": g["unet_cfg"], "vae_decode": g["vae_decode"], "vocoder": g["vocoder"], "fbank": g["fbank"],
            "imagebind": g["imagebind"], "backward": g["backward_all"], "guided step": g["step_total"],
            "final decode": r["final_decode"], "peak GB": r["peak_rss_mb"] / 1024}


def released():
    r = call([python, f"{here}/official_step.py", "--reference", a.reference, "--ckpt", a.ckpt, "--seconds", str(a.seconds),
              "--threads", str(a.threads)], cwd=a.reference)
    g = r["guided_step"]
    return {"unet": g["unet_cfg"], "vae_decode": g["vae_decode"], "vocoder": g["vocoder"], "fbank": g["fbank"],
            "imagebind": g["imagebind_audio"], "constants again": g["imagebind_vision"] + g["imagebind_text"],
            "backward": g["backward"], "guided step": g["step_total"], "peak GB": r["peak_rss_mb"] / 1024}


kinds = {"seehear": ours, "reference": theirs} | ({} if a.skip_official else {"released": released})
best = {}
for _ in range(a.rounds):
    for name, run in kinds.items():
        for stage, value in run().items():
            best.setdefault(stage, {}).setdefault(name, value)
            best[stage][name] = min(best[stage][name], value)
print(f"{a.seconds} s of sound, {a.threads} threads, fp32; seconds, minimum of {a.rounds} rounds")
print("| stage | " + " | ".join(kinds) + " | ratio to " + " | ratio to ".join(list(kinds)[1:]) + " |")
print("|---" * (2 * len(kinds)) + "|")
for stage, row in best.items():
    cells = [f"{row[k]:.2f}" if k in row else "–" for k in kinds]
    ratios = [f"{row['seehear'] / row[k]:.2f}" if k in row and "seehear" in row and row[k] > 0 else "–" for k in list(kinds)[1:]]
    print("| " + " | ".join([stage] + cells + ratios) + " |")
