#!/usr/bin/env python3
"""Do the metrics order what the toy world's judge orders? Sounds that were made for videos, by arms of the claim.

  ordering.py --claim runs/claim --networks FOLDER --out runs/ordering [--arms vanilla,aligner,search] [--bin …]

`--claim` is the folder of `Benchmarks/claim/claim.py` with its runs of `v2a`; `--networks` has VGGish's and CNN14's
files, which may be random: features of a random network have distances all the same. What is evaluated is each arm's
sound beside its video, the true sounds of the same videos, and these with white noise at 10 dB and 0 dB below them;
what it is compared with are other scenes. A column that does not order truth, arms and noise says so by itself.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
sys.path[:0] = [os.path.join(ROOT, "Tools", "toyworld")]
# Found by the path alone.
import judge  # noqa: E402
import media  # noqa: E402
import world  # noqa: E402

METRICS = "av-align,fad,fd,kad:vggish,kad,bind-av,bind-av:loop"
FIRST_REFERENCE = 30_000  # held-out scenes that nothing else uses


def fresh(folder):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    return folder


def reference(folder, count):
    """Other true scenes."""
    scenes = world.held_out(count, FIRST_REFERENCE)
    for i in range(count):
        media.write_video(f"{folder}/{i:05d}.mp4", scenes[i].pictures()[0])
        media.write_sound(f"{folder}/{i:05d}.wav", scenes[i].sounds()[0])


def noisy(sound, decibels, rng):
    level = np.sqrt(np.mean(np.square(sound))) * 10 ** (-decibels / 20)
    return np.clip(sound + level * rng.standard_normal(len(sound)), -1, 1).astype(np.float32)


def sides(a):
    """Each side's name, and the sound of every video by its name."""
    videos = sorted(n[:-4] for n in os.listdir(f"{a.claim}/input") if n.endswith(".mp4"))
    true = {n: media.read_sound(f"{a.claim}/input/{n}.wav") for n in videos}
    rng = np.random.default_rng(7)
    yield "truth", true
    yield "truth, noise at −10 dB", {n: noisy(s, 10, rng) for n, s in true.items()}
    yield "truth, noise at 0 dB", {n: noisy(s, 0, rng) for n, s in true.items()}
    for arm in a.arms.split(","):
        files = {n: f"{a.claim}/{arm}-files/v2a-{n}.flac" for n in videos}
        yield arm, {n: media.read_sound(f) for n, f in files.items() if os.path.exists(f)}


def evaluated(a, name, sounds):
    """The metrics of one side, and how often the judge finds that picture and sound agree."""
    folder = fresh(f"{a.out}/{name.replace(' ', '-')}")
    agreement = []
    for n, sound in sounds.items():
        os.link(os.path.abspath(f"{a.claim}/input/{n}.mp4"), f"{folder}/{n}.mp4")
        media.write_sound(f"{folder}/{n}.wav", sound)
        seen, heard = judge.see(media.read_frames(f"{folder}/{n}.mp4")), judge.hear(sound)
        agreement.append(np.mean(list(judge.agreement(seen, heard).values())))
    out = fresh(f"{folder}-evaluation")
    subprocess.run(
        [f"{a.bin}/seehear-worker", "eval", folder, "--reference", f"{a.out}/reference", "--metrics", METRICS]
        + ["--networks", a.networks, "--network", f"imagebind={a.models}/imagebind", "--out", out],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    with open(f"{out}/evaluation.json") as file:
        return np.mean(agreement), json.load(file)["metrics"]


def shown(metric):
    if metric.get("value") is None:
        return "–"
    interval = f" ({metric['low']:.3f} … {metric['high']:.3f})" if metric.get("low") is not None else ""
    return f"{metric['value']:.3f}{interval}"


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--claim", required=True)
    ap.add_argument("--networks", required=True)
    ap.add_argument("--out", default="runs/ordering")
    ap.add_argument("--arms", default="vanilla,aligner,search")
    ap.add_argument("--models", default=f"{ROOT}/Models/toyworld")
    ap.add_argument("--bin", default=f"{ROOT}/.build/release")
    ap.add_argument("--references", type=int, default=96)
    a = ap.parse_args()
    os.makedirs(a.out, exist_ok=True)
    if not os.path.exists(f"{a.out}/reference"):
        reference(fresh(f"{a.out}/reference.partial"), a.references)
        os.rename(f"{a.out}/reference.partial", f"{a.out}/reference")
    names = [m.split(":")[0] if m == "bind-av" else m for m in METRICS.split(",")]
    print("| side | n | judge | " + " | ".join(names) + " |")
    print("|---" * (len(names) + 3) + "|")
    for name, sounds in sides(a):
        agreement, metrics = evaluated(a, name, sounds)
        print(f"| {name} | {len(sounds)} | {agreement:.3f} | " + " | ".join(map(shown, metrics)) + " |", flush=True)


if __name__ == "__main__":
    main()
