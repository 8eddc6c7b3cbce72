#!/usr/bin/env python3
"""Guided steps side by side: this program, the Python reference, and for sound the released code's step.

  guided_step.py {sound,video,picture} --worker .build/release/seehear-worker --reference DIR --ckpt DIR
                 [--seconds 10] [--size 256] [--frames 8] [--tune] [--memory low] [--rounds 2]

DIR of the reference holds reference.py, bench.py, ib.py and .venv; the checkpoints are those of make_checkpoints.py
--size full. Each configuration runs in a process of its own, in turn, so that a drift of the machine's speed meets all
alike; the minimum over steps and rounds is reported, and ratios of the minima.
"""

import argparse
import json
import os
import subprocess
import tempfile

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("what", choices=["sound", "video", "picture"])
ap.add_argument("--worker", required=True)
ap.add_argument("--reference", required=True)
ap.add_argument("--ckpt", required=True)
ap.add_argument("--seconds", type=int, default=10)
ap.add_argument("--size", type=int, default=256)
ap.add_argument("--frames", type=int, default=8)
ap.add_argument("--tune", action="store_true", help="tune the prompt embedding too")
ap.add_argument("--memory", default="auto", choices=["low", "auto", "high"])
ap.add_argument("--steps", type=int, default=3, help="of this program, after one that is not counted")
ap.add_argument("--reps", type=int, default=3, help="steps of the reference; the first is not counted")
ap.add_argument("--rounds", type=int, default=2)
ap.add_argument("--threads", type=int, default=2)
ap.add_argument("--skip-official", action="store_true")
a = ap.parse_args()
here = os.path.dirname(os.path.abspath(__file__))
python = f"{a.reference}/.venv/bin/python"


def call(command, cwd=None):
    out = subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True).stdout
    return json.loads(out[out.index("{") :])


FRAMES = [f"sampling.width={a.size}", f"sampling.height={a.size}", f"models.image={a.ckpt}/sd15"]
TASK, SETTINGS = {
    "sound": ("i2a", [f"models.audio={a.ckpt}/audioldm", f"sampling.duration={a.seconds}"]),
    "video": (
        "a2v",
        [
            *FRAMES,
            f"models.motion={a.ckpt}/motion_adapter",
            f"sampling.frames={a.frames}",
            f"sampling.fps={a.frames / 2}",
        ],
    ),
    "picture": ("a2i", FRAMES),
}[a.what]
SETTINGS += [
    f"models.binder={a.ckpt}/imagebind/imagebind_huge.safetensors",
    f"memory={a.memory}",
    f"guidance.prompt_learning_rate={0.01 if a.tune else 0}",
]
TITLE = {
    "sound": f"{a.seconds} s of sound",
    "video": f"{a.frames} frames of {a.size}×{a.size}",
    "picture": f"a picture of {a.size}×{a.size}",
}[a.what]


def ours():
    with tempfile.TemporaryDirectory() as folder:
        command = [a.worker, "bench", "--task", TASK, "--guidance", "guided", "--device", "cpu"]
        command += ["--steps", str(a.steps), "--threads", str(a.threads), "--report", f"{folder}/report.json"]
        for setting in SETTINGS:
            command += ["--set", setting]
        subprocess.run(command, check=True, capture_output=True)
        with open(f"{folder}/report.json", encoding="utf-8") as file:
            found = json.load(file)["steps"][0]
    stages = {s["name"].split(".")[-1]: s["seconds"]["minimum"] for s in found["stages"] if s["name"] != "other"}
    return stages | {
        "guided step": found["step"]["minimum"],
        "final decode": found["finish"],
        "peak GB": found["peak_bytes"] / 2**30,
    }


def theirs():
    kind = {
        "sound": ["audio", "--seconds", str(a.seconds)],
        "video": ["video", "--size", str(a.size), "--frames", str(a.frames)],
        "picture": ["image", "--size", str(a.size)],
    }[a.what]
    r = call(
        [python, "bench.py", *kind, "--ckpt", a.ckpt, "--reps", str(a.reps), "--threads", str(a.threads)]
        + (["--tune"] if a.tune else []),
        cwd=a.reference,
    )
    names = {
        "unet_cfg": "unet",
        "backward_all": "backward",
        "step_total": "guided step",
        "vision_transform": "transform",
    }
    return {names.get(k, k): v for k, v in r["guided_step"].items()} | {
        "final decode": r["final_decode"],
        "peak GB": r["peak_rss_mb"] / 1024,
    }


def released():
    r = call(
        [
            python,
            f"{here}/official_step.py",
            "--reference",
            a.reference,
            "--ckpt",
            a.ckpt,
            "--seconds",
            str(a.seconds),
            "--threads",
            str(a.threads),
        ],
        cwd=a.reference,
    )
    g = r["guided_step"]
    return {
        "unet": g["unet_cfg"],
        "vae_decode": g["vae_decode"],
        "vocoder": g["vocoder"],
        "fbank": g["fbank"],
        "imagebind": g["imagebind_audio"],
        "constants again": g["imagebind_vision"] + g["imagebind_text"],
        "backward": g["backward"],
        "guided step": g["step_total"],
        "peak GB": r["peak_rss_mb"] / 1024,
    }


kinds = {"seehear": ours, "reference": theirs} | (
    {"released": released} if a.what == "sound" and not a.skip_official else {}
)
best = {}
for _ in range(a.rounds):
    for name, run in kinds.items():
        for stage, value in run().items():
            best.setdefault(stage, {}).setdefault(name, value)
            best[stage][name] = min(best[stage][name], value)
print(
    f"{TITLE}, {a.threads} threads, fp32{', prompt tuned' if a.tune else ''}, memory {a.memory}; "
    f"seconds, minimum of {a.rounds} rounds"
)
print("| stage | " + " | ".join(kinds) + " | ratio to " + " | ratio to ".join(list(kinds)[1:]) + " |")
print("|---" * (2 * len(kinds)) + "|")
for stage, row in best.items():
    cells = [f"{row[k]:.2f}" if k in row else "–" for k in kinds]
    ratios = [
        f"{row['seehear'] / row[k]:.2f}" if k in row and "seehear" in row and row[k] > 0 else "–"
        for k in list(kinds)[1:]
    ]
    print("| " + " | ".join([stage] + cells + ratios) + " |")
