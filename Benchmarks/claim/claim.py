#!/usr/bin/env python3
"""Does the aligner do what the paper claims? Measured on the toy world, where the truth about every scene is known.

  claim.py --out runs/claim [--models Models/toyworld] [--samples 64] [--ranks 3] [--tasks v2a,i2a,a2v,a2i,joint]
           [--set key=value …]

For held-out scenes that no training saw, each of the five tasks is run twice from the same seeds: without guidance
(the paper's "vanilla") and with the aligner. Captions leave something out or are wrong: what is missing can only come
from picture or sound. The results are judged by image and signal processing (`Tools/toyworld/judge.py`), which never
asks ImageBind. A table says how often picture and sound agree, and by how much the aligner changes that, with 95 %
intervals of the paired difference.

Runs that are there already are resumed, so that a stopped measurement goes on. `--set` changes the aligned run's
settings.
"""

import argparse
import json
import os
import subprocess
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
sys.path[:0] = [os.path.join(ROOT, "Tools", "toyworld"), os.path.join(ROOT, "Benchmarks")]
# Found by the path alone.
import judge  # noqa: E402
import media  # noqa: E402
import world  # noqa: E402
from start import environment, model_settings  # noqa: E402

TASKS = ["v2a", "i2a", "a2v", "a2i", "joint"]
FIRST = 3000  # the first held-out scene that is used here; tune on others
STILL = 0.0  # seconds; the moment of a scene that an i2a row shows

# What is measured in each task, against what the row's input is (for joint: sound against picture).
MEASURES = {
    "v2a": ["pitch", "timbre", "onsets"],
    "i2a": ["pitch", "timbre", "onsets"],
    "a2v": ["colour", "shape", "events"],
    "a2i": ["colour", "shape"],
    "joint": ["pitch", "timbre", "onsets"],
}


def caption(scenes, i, task):
    """Even scenes get a caption that leaves something out, odd ones a wrong one; joint, which has nothing else, the
    former."""
    rng = np.random.default_rng([11, FIRST + i])
    if i % 2 == 0 or task == "joint":
        return "partial", scenes.told(i, [set(), {"kind"}, {"shape"}, {"ground"}][rng.integers(4)])
    while True:
        other = world.Scenes.drawn(rng, 1)
        if all(getattr(other, a)[0] != getattr(scenes, a)[i] for a in ("shape", "colour", "kind")):
            return "wrong", other.told(0, {"shape", "colour", "kind"})


def write_inputs(folder, scenes, tasks):
    """The scenes as files, and the manifest."""
    os.makedirs(folder, exist_ok=True)
    rows = []
    for i in range(len(scenes)):
        one, name = scenes[i], f"{FIRST + i:04d}"
        video, sound, still = (os.path.join(folder, name + e) for e in (".mp4", ".wav", ".png"))
        if not all(map(os.path.exists, (video, sound, still))):
            media.write_video(video, one.pictures()[0])
            media.write_sound(sound, one.sounds()[0])
            media.write_picture(still, one.pictures([STILL])[0, 0])
        source = {
            "v2a": {"video": name + ".mp4"},
            "i2a": {"image": name + ".png"},
            "a2v": {"audio": name + ".wav"},
            "a2i": {"audio": name + ".wav"},
            "joint": {},
        }
        for task in tasks:
            rows.append({"id": f"{task}-{name}", "task": task, **source[task], "prompt": caption(scenes, i, task)[1]})
    with open(os.path.join(folder, "scenes.jsonl"), "w") as file:
        file.writelines(json.dumps(r) + "\n" for r in rows)


def run(a, arm, settings):
    """One job of all tasks, and its samples as files."""
    out = os.path.join(a.out, arm)
    job = [
        os.path.join(HERE, "claim.yaml"),
        "--out",
        out,
        "--set",
        f"manifest={os.path.abspath(a.out)}/input/scenes.jsonl",
        "--set",
        f"root={os.path.abspath(a.out)}/input",
    ]
    job += model_settings(a.models)
    for s in settings:
        job += ["--set", s]
    start = ["mpirun", "-n", str(a.ranks)] if a.ranks > 1 else []
    code = subprocess.run([*start, f"{a.bin}/seehear-worker", *job], env=environment()).returncode
    if code not in (0, 3):
        raise SystemExit(f"the {arm} run ended with {code}; the same command goes on with it")
    files = os.path.join(a.out, arm + "-files")
    subprocess.run([f"{a.bin}/seehear", "extract", out, "--all", "-o", files], check=True, stdout=subprocess.DEVNULL)
    return files


def measure(files, scenes, i, task):
    """0…1 for each measure of one sample; None where it could not be made."""
    base = os.path.join(files, f"{task}-{FIRST + i:04d}")
    seen, heard = judge.truth(scenes, i)
    if not os.path.exists(base + ".json"):
        return None
    if task in ("v2a", "i2a"):
        return judge.agreement(seen, judge.hear(media.read_sound(base + ".flac")))
    if task == "joint":
        return judge.agreement(
            judge.see(media.read_frames(base + ".mp4")), judge.hear(media.read_sound(base + ".flac"))
        )
    got = judge.see(media.read_frames(base + (".mp4" if task == "a2v" else ".png")))
    values = judge.agreement(got, heard)
    return {
        "colour": values["pitch"],
        "shape": values["timbre"],
        **({"events": values["onsets"]} if "onsets" in values else {}),
    }


def bind_loss(files, i, task):
    """The loss at the last guided step: what the method itself makes small."""
    with open(os.path.join(files, f"{task}-{FIRST + i:04d}.json")) as file:
        return json.load(file)["losses"][-1]


def interval(differences):
    """Mean and 95 % bootstrap interval."""
    d = np.asarray(differences, float)
    draws = np.random.default_rng(0).integers(len(d), size=(10_000, len(d)))
    low, high = np.quantile(d[draws].mean(1), [0.025, 0.975])
    return d.mean(), low, high


def report(a, scenes, arms, tasks):
    result, lines = {}, []
    lines += [
        "| task | captions | n | agreement: vanilla | aligner | difference | 95 % | in detail: vanilla → aligner "
        "| bind loss (in-objective) |",
        "|---" * 9 + "|",
    ]
    for task in tasks:
        for which in ("all", "partial", "wrong"):
            rows = []
            for i in range(len(scenes)):
                if which != "all" and caption(scenes, i, task)[0] != which:
                    continue
                pair = [measure(files, scenes, i, task) for files in arms]
                if None not in pair:
                    rows.append((i, *pair))
            if not rows or (task == "joint" and which != "all"):
                continue
            names = MEASURES[task]
            plain, aligned = (np.array([[r[k][m] for m in names] for r in rows]) for k in (1, 2))
            mean, low, high = interval(aligned.mean(1) - plain.mean(1))
            losses = [np.mean([bind_loss(f, r[0], task) for r in rows]) for f in arms]
            detail = {
                m: [plain[:, k].mean(), aligned[:, k].mean(), *interval(aligned[:, k] - plain[:, k])]
                for k, m in enumerate(names)
            }
            result[f"{task}/{which}"] = {
                "n": len(rows),
                "vanilla": plain.mean(),
                "aligner": aligned.mean(),
                "difference": [mean, low, high],
                "detail": detail,
                "bind_loss": losses,
            }
            lines.append(
                f"| {task} | {which} | {len(rows)} | {plain.mean():.3f} | {aligned.mean():.3f} "
                f"| **{mean:+.3f}** | {low:+.3f} … {high:+.3f} | "
                + ", ".join(f"{m} {v[0]:.2f} → {v[1]:.2f}" for m, v in detail.items())
                + f" | {losses[0]:.3f} → {losses[1]:.3f} |"
            )
    with open(os.path.join(a.out, "claim.json"), "w") as file:
        json.dump(result, file, indent=1, default=float)
    print("\n".join(lines))


def sheet(a, scenes, arms, tasks):
    """A picture to look at: for each task some scenes, with what was given, made without guidance, and with it."""
    for task in tasks:
        rows = []
        for i in range(min(8, len(scenes))):
            video, sound = scenes[i].pictures()[0], scenes[i].sounds()[0]
            row = [] if task == "joint" else [*video[:8:2], media.spectrogram(sound)]
            for files in arms:
                base = os.path.join(files, f"{task}-{FIRST + i:04d}")
                row.append(np.ones((3, world.SIDE, 8), np.float32))
                if task in ("a2v", "joint") and os.path.exists(base + ".mp4"):
                    row += list(media.read_frames(base + ".mp4")[:8:2])
                if task == "a2i" and os.path.exists(base + ".png"):
                    row += list(media.read_frames(base + ".png"))
                if task in ("v2a", "i2a", "joint") and os.path.exists(base + ".flac"):
                    row.append(media.spectrogram(media.read_sound(base + ".flac")))
            rows.append(row)
        media.write_sheet(os.path.join(a.out, f"sheet-{task}.png"), rows)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--out", default="runs/claim")
    ap.add_argument("--models", default=f"{ROOT}/Models/toyworld")
    ap.add_argument("--bin", default=f"{ROOT}/.build/release")
    ap.add_argument("--samples", type=int, default=64, help="scenes, each with one sample of each task and arm")
    ap.add_argument("--ranks", type=int, default=3)
    ap.add_argument("--tasks", default=",".join(TASKS))
    ap.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    a = ap.parse_args()
    tasks = a.tasks.split(",")
    scenes = world.held_out(a.samples, FIRST)
    write_inputs(os.path.join(a.out, "input"), scenes, tasks)
    # Guidance that moves nothing is the plain pipeline, and tells what the loss would have been.
    still = [
        "guidance={learning_rate: 0, prompt_learning_rate: 0, start: 0.95}",
        *[f"tasks.{t}.guidance={{learning_rate: 0, prompt_learning_rate: 0, start: 0.95}}" for t in tasks],
    ]
    arms = [run(a, "vanilla", still), run(a, "aligner", a.set)]
    report(a, scenes, arms, tasks)
    sheet(a, scenes, arms, tasks)


if __name__ == "__main__":
    main()
