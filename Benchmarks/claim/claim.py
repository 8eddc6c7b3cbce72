#!/usr/bin/env python3
"""What do the guides do? Measured on the toy world, where the truth about every scene is known.

  claim.py --out runs/claim [--models Models/toyworld] [--samples 64] [--first 8000] [--ranks 3]
           [--tasks v2a,i2a,a2v,a2i,joint] [--arms vanilla,aligner,guided,search,both] [--set key=value …]

For held-out scenes that no training saw, each of the five tasks is run from the same seeds in several arms: without
guidance (the paper's "vanilla"), with the paper's aligner at the settings that suit the toy world, and with the presets
`guided`, `search` and `both`. Captions leave something out or are wrong: what is missing can only come from picture or
sound. The results are judged by image and signal processing (`Tools/toyworld/judge.py`, `fidelity.py`), which never
ask ImageBind. A table says how often picture and sound agree, by how much each arm changes that, with 95 % intervals,
whether what is made is still clean, and what it costs.

Further arms have `search` with less to read: `search:half` a random half of the list of captions, `search:single`
captions of one attribute each, `search:none` no list; `ARM+best8` finishes eight samples of each row and keeps the
binder's favourite; `ARM+told` has captions by models in place of the manifest's, as table 1 of the paper has them (not
for `joint`, which has nothing to look at). A sixth task, `mm`, is made from seeds alone, and asked only whether its
picture and sound agree; the model set has to have an `mm_diffusion`, which `Models/toyworld` has not yet. Runs that
are there already are resumed, so that a stopped measurement goes on. `--set` changes all arms but vanilla,
`--set ARM:key=value` one alone.
"""

import argparse
import json
import os
import subprocess
import sys

import numpy as np
import zstandard

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
sys.path[:0] = [os.path.join(ROOT, "Tools", "toyworld"), os.path.join(ROOT, "Benchmarks")]
# Found by the path alone.
import fidelity  # noqa: E402
import judge  # noqa: E402
import media  # noqa: E402
import world  # noqa: E402
from start import environment, model_settings  # noqa: E402

TASKS = ["v2a", "i2a", "a2v", "a2i", "joint"]
ARMS = ["vanilla", "aligner", "guided", "search", "both"]
STILL = 0.0  # seconds; the moment of a scene that an i2a row shows

# What is measured in each task, against what the row's input is (for joint: sound against picture).
MEASURES = {
    "v2a": ["pitch", "timbre", "onsets"],
    "i2a": ["pitch", "timbre", "onsets"],
    "a2v": ["colour", "shape", "events"],
    "a2i": ["colour", "shape"],
    "joint": ["pitch", "timbre", "onsets"],
    "mm": ["pitch", "timbre", "onsets"],
}
FPS = 10  # of mm


# The paper's aligner as it does best here: found on other scenes.
SOUND = "{learning_rate: 0.1, prompt_learning_rate: 0.1, inner_steps: 3, start: 0}"
PICTURE = "{learning_rate: 0.1, prompt_learning_rate: 0.1, start: 0}"
ALIGNER = {
    "v2a": SOUND,
    "i2a": SOUND,
    "a2v": PICTURE,
    "a2i": PICTURE,
    "joint": "{learning_rate: 0.1, start: 0}",
    "mm": "{learning_rate_scale: sigma}",
}


def caption(scenes, i, task, first):
    """Even scenes get a caption that leaves something out, odd ones a wrong one; joint, which has nothing else, the
    former."""
    rng = np.random.default_rng([11, first + i])
    if i % 2 == 0 or task == "joint":
        return "partial", scenes.told(i, [set(), {"kind"}, {"shape"}, {"ground"}][rng.integers(4)])
    while True:
        other = world.Scenes.drawn(rng, 1)
        if all(getattr(other, a)[0] != getattr(scenes, a)[i] for a in ("shape", "colour", "kind")):
            return "wrong", other.told(0, {"shape", "colour", "kind"})


def write_inputs(folder, scenes, tasks, first):
    """The scenes as files, the manifest, and the lists of captions."""
    os.makedirs(folder, exist_ok=True)
    rows = []
    for i in range(len(scenes)):
        one, name = scenes[i], f"{first + i:05d}"
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
            row = {"id": f"{task}-{name}", "task": task}
            if task != "mm":
                row |= {**source[task], "prompt": caption(scenes, i, task, first)[1]}
            rows.append(row)
    untold = [{k: v for k, v in r.items() if k != "prompt" or r["task"] == "joint"} for r in rows]
    for name, what in (("scenes", rows), ("untold", untold)):
        with open(os.path.join(folder, f"{name}.jsonl"), "w") as file:
            file.writelines(json.dumps(r) + "\n" for r in what)
    whole = world.captions()
    half = sorted(np.random.default_rng(5).choice(len(whole), len(whole) // 2, replace=False))
    lists = {"full": whole, "half": [whole[i] for i in half], "single": world.single_captions()}
    for name, captions in lists.items():
        with open(os.path.join(folder, f"{name}.txt"), "w") as file:
            file.write("\n".join(captions) + "\n")


def settings_of(arm, tasks, folder, models):
    """What an arm's job has beside the common settings."""
    arm, _, more = arm.partition("+")
    name, _, words = arm.partition(":")
    if name == "vanilla":
        found = ["guidance=off"]
    elif name == "aligner":
        found = [f"tasks.{t}.guidance={ALIGNER[t]}" for t in tasks]
    else:
        found = [f"preset={name}", f"labels={folder}/{words if words in ('half', 'single') else 'full'}.txt"]
        if words == "single":
            found.append("guidance.words.temperature=0.1")
        if words == "none":
            found.append("guidance.words=off")
    if more.startswith("best"):
        found.append(f"guidance.best={int(more[4:])}")
    if more == "told":
        found += [f"manifest={folder}/untold.jsonl", "caption=model"]
        found += [f"captioner.{m}={os.path.abspath(models)}/captioners/{m}" for m in ("image", "audio")]
    return found


def run(a, arm, settings):
    """One job of all tasks, and its samples as files."""
    out = os.path.join(a.out, arm.replace(":", "-"))
    job = [os.path.join(HERE, "claim.yaml"), "--out", out]
    folder = os.path.join(os.path.abspath(a.out), "input")
    settings = [f"manifest={folder}/scenes.jsonl", f"root={folder}", *settings]
    job += model_settings(a.models)
    for s in settings:
        job += ["--set", s]
    start = ["mpirun", "-n", str(a.ranks)] if a.ranks > 1 else []
    code = subprocess.run([*start, f"{a.bin}/seehear-worker", *job], env=environment()).returncode
    if code not in (0, 3):
        raise SystemExit(f"the {arm} run ended with {code}; the same command goes on with it")
    files = out + "-files"
    subprocess.run([f"{a.bin}/seehear", "extract", out, "--all", "-o", files], check=True, stdout=subprocess.DEVNULL)
    return files


def measure(base, scenes, i, task):
    """0…1 for each measure of one sample, its fidelity (dB of a sound, overlap of a picture), and the binder's score;
    None where it could not be made."""
    seen, heard = judge.truth(scenes, i)
    if not os.path.exists(base + ".json"):
        return None
    with open(base + ".json") as file:
        score = json.load(file).get("score")
    if task in ("v2a", "i2a", "joint", "mm"):
        wave = media.read_sound(base + ".flac")
        if task in ("joint", "mm"):
            seen = judge.see(media.read_frames(base + ".mp4"), world.FPS if task == "joint" else FPS)
        return judge.agreement(seen, judge.hear(wave)), fidelity.sound_distance(wave, seen.seconds), score
    frames = media.read_frames(base + (".mp4" if task == "a2v" else ".png"))
    values = judge.agreement(judge.see(frames), heard)
    named = {"colour": values["pitch"], "shape": values["timbre"]}
    if "onsets" in values:
        named["events"] = values["onsets"]
    return named, fidelity.outline_overlap(frames), score


def seconds(a, arm, tasks):
    """Of a rank's time for one sample, by task: a batch's time is told in the row of each of its samples."""
    batches = {}
    with open(os.path.join(a.out, arm.replace(":", "-"), "samples.jsonl.zst"), "rb") as file:
        rows = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True).read()
    for row in map(json.loads, rows.splitlines()):
        if row["seconds"] is not None:
            batch = batches.setdefault((row["task"], row["rank"], row["seconds"]), [0, row["seconds"]])
            batch[0] += 1
    return {
        t: sum(s for (task, *_), (_, s) in batches.items() if task == t)
        / max(1, sum(n for (task, *_), (n, _) in batches.items() if task == t))
        for t in tasks
    }


def interval(values):
    """Mean and 95 % bootstrap interval."""
    d = np.asarray(values, float)
    draws = np.random.default_rng(0).integers(len(d), size=(10_000, len(d)))
    low, high = np.quantile(d[draws].mean(1), [0.025, 0.975])
    return d.mean(), low, high


def report(a, scenes, arms, tasks):
    measured = {
        (arm, task): [
            measure(os.path.join(files, f"{task}-{a.first + i:05d}"), scenes, i, task) for i in range(len(scenes))
        ]
        for arm, files in arms.items()
        for task in tasks
    }
    times = {arm: seconds(a, arm, tasks) for arm in arms}
    plain, result, lines = next(iter(arms)), {}, []
    lines += [
        f"| task | captions | arm | n | agreement (95 %) | − {plain} (95 %) | in detail | fidelity | − {plain} (95 %) "
        "| binder's score (in objective) | seconds of a rank |",
        "|---" * 11 + "|",
    ]
    for task in tasks:
        names = MEASURES[task]
        for which in ("all", "partial", "wrong"):
            if task in ("joint", "mm") and which != "all":
                continue
            places = [
                i
                for i in range(len(scenes))
                if (which == "all" or caption(scenes, i, task, a.first)[0] == which)
                and all(measured[arm, task][i] is not None for arm in arms)
            ]
            if not places:
                continue
            table = {arm: [measured[arm, task][i] for i in places] for arm in arms}
            values = {arm: np.array([[v[0][m] for m in names] for v in rows]) for arm, rows in table.items()}
            clean = {arm: np.array([v[1] for v in rows]) for arm, rows in table.items()}
            for arm in arms:
                agreement, gain = (interval(values[arm].mean(1)), interval((values[arm] - values[plain]).mean(1)))
                change = interval(clean[arm] - clean[plain])
                scores = [v[2] for v in table[arm] if v[2] is not None]
                detail = dict(zip(names, values[arm].mean(0).tolist(), strict=True))
                result[f"{task}/{which}/{arm}"] = {
                    "n": len(places),
                    "agreement": agreement,
                    "gain": gain,
                    "detail": detail,
                    "fidelity": clean[arm].mean(),
                    "fidelity_change": change,
                    "score": np.mean(scores) if scores else None,
                    "seconds": times[arm][task],
                }
                lines.append(
                    f"| {task} | {which} | {arm} | {len(places)} "
                    f"| **{agreement[0]:.3f}** ({agreement[1]:.2f} … {agreement[2]:.2f}) "
                    f"| {gain[0]:+.2f} ({gain[1]:+.2f} … {gain[2]:+.2f}) | "
                    + ", ".join(f"{m} {v:.2f}" for m, v in detail.items())
                    + f" | {clean[arm].mean():.3f} | {change[0]:+.3f} ({change[1]:+.3f} … {change[2]:+.3f}) | "
                    + (f"{np.mean(scores):.3f}" if scores else "–")
                    + f" | {times[arm][task]:.1f} |"
                )
    with open(os.path.join(a.out, "claim.json"), "w") as file:
        json.dump(result, file, indent=1, default=float)
    print("\n".join(lines))


def sheet(a, scenes, arms, tasks):
    """A picture to look at: for each task some scenes, with what was given, and what each arm made of it."""
    for task in tasks:
        rows = []
        for i in range(min(8, len(scenes))):
            video, sound = scenes[i].pictures()[0], scenes[i].sounds()[0]
            row = [] if task in ("joint", "mm") else [*video[:8:2], media.spectrogram(sound)]
            for files in arms.values():
                base = os.path.join(files, f"{task}-{a.first + i:05d}")
                row.append(np.ones((3, world.SIDE, 8), np.float32))
                if task in ("a2v", "joint", "mm") and os.path.exists(base + ".mp4"):
                    row += list(media.read_frames(base + ".mp4")[:8:2])
                if task == "a2i" and os.path.exists(base + ".png"):
                    row += list(media.read_frames(base + ".png"))
                if task in ("v2a", "i2a", "joint", "mm") and os.path.exists(base + ".flac"):
                    row.append(media.spectrogram(media.read_sound(base + ".flac")))
            rows.append(row)
        media.write_sheet(os.path.join(a.out, f"sheet-{task}.png"), rows)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--out", default="runs/claim")
    ap.add_argument("--models", default=f"{ROOT}/Models/toyworld")
    ap.add_argument("--bin", default=f"{ROOT}/.build/release")
    ap.add_argument("--samples", type=int, default=64, help="scenes, each with one sample of each task and arm")
    ap.add_argument("--first", type=int, default=8000, help="the first held-out scene; tune on others")
    ap.add_argument("--ranks", type=int, default=3)
    ap.add_argument("--tasks", default=",".join(TASKS))
    ap.add_argument("--arms", default=",".join(ARMS), help="the first is what the others are compared with")
    ap.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    a = ap.parse_args()
    tasks = a.tasks.split(",")
    scenes = world.held_out(a.samples, a.first)
    folder = os.path.join(os.path.abspath(a.out), "input")
    write_inputs(folder, scenes, tasks, a.first)
    arms = {}
    for arm in a.arms.split(","):
        own = [s.removeprefix(arm + ":") for s in a.set if s.startswith(arm + ":")]
        shared = [s for s in a.set if ":" not in s.partition("=")[0]]
        found = settings_of(arm, tasks, folder, a.models)
        arms[arm] = run(a, arm, found + ([] if arm.partition("+")[0] == "vanilla" else shared) + own)
    report(a, scenes, arms, tasks)
    sheet(a, scenes, arms, tasks)


if __name__ == "__main__":
    main()
