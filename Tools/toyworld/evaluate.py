#!/usr/bin/env python3
"""Is the model set good enough? Measured on the held-out split, by the judge where it can judge.

  evaluate.py [--models Models/toyworld] [--scenes 256] [--out runs/toyworld]
              [--only reconstruction,retrieval,generation,captions,fidelity]

reconstruction  both VAEs, and the vocoder behind its VAE: is what was seen and heard still there?
retrieval       ImageBind: whole videos against whole sounds, each among 64 scenes
captions        `seehear-worker caption` on key frames of videos and on sounds: does it name what they show and tell?
fidelity        what `fidelity.py` says of the world itself: true sounds, white noise, true videos; asks no model
generation      the program itself, without guidance, from full captions: is what the caption says seen and heard? Of
                videos also: outlines, frames that are right by themselves, and whether there is a rhythm
"""

import argparse
import json
import os
import subprocess
import sys

import numpy as np
import torch

import fidelity
import judge
import media
import world

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))


def reconstruction(a):
    from diffusers import AutoencoderKL
    from transformers import SpeechT5HifiGan

    from sound import log_mel

    def load(kind, part):
        return kind.from_pretrained(f"{a.models}/{part}").float().eval()

    scenes = world.held_out(a.scenes)
    pictures, sounds = load(AutoencoderKL, "sd15/vae"), load(AutoencoderKL, "audioldm/vae")
    vocoder = load(SpeechT5HifiGan, "audioldm/vocoder")
    rows = {
        "colour": [],
        "shape": [],
        "kind": [],
        "events": [],
        "pitch": [],
        "timbre": [],
        "onsets": [],
        "pitch and onsets": [],
        "vocoder alone: pitch and onsets": [],
    }
    for i in range(len(scenes)):
        seen, heard = judge.truth(scenes, i)
        x = torch.from_numpy(scenes[i].pictures()[0]) * 2 - 1
        got = judge.see((pictures.decode(pictures.encode(x).latent_dist.mean).sample / 2 + 0.5).clamp(0, 1).numpy())
        for name, value in {
            "colour": got.colour == seen.colour,
            "shape": got.shape == seen.shape,
            "kind": got.kind == seen.kind,
            "events": judge.matched(seen.events, got.events),
        }.items():
            rows[name].append(float(value))
        mel = log_mel(torch.from_numpy(scenes[i].sounds()))
        for prefix, spectrogram in {
            "": sounds.decode(sounds.encode(mel[:, None]).latent_dist.mean).sample[:, 0],
            "vocoder alone: ": mel,
        }.items():
            got = judge.hear(vocoder(spectrogram).reshape(-1)[: world.SECONDS * world.RATE].numpy())
            onsets = judge.matched(heard.events, got.events)
            rows[prefix + "pitch and onsets"].append(float(got.pitch == heard.pitch and onsets == 1))
            if not prefix:
                for name, value in {
                    "pitch": got.pitch == heard.pitch,
                    "timbre": got.timbre == heard.timbre,
                    "onsets": onsets,
                }.items():
                    rows[name].append(float(value))
    print(f"reconstruction, {len(scenes)} scenes:")
    for name, values in rows.items():
        print(f"  {name}: {100 * np.mean(values):.1f} %")


def retrieval(a):
    from safetensors.torch import load_file

    from imagebind import ImageBind, vision_input
    from sound import binder_features

    model = ImageBind(json.load(open(f"{a.models}/imagebind/config.json"))).eval()
    model.load_state_dict(
        {k: v.float() for k, v in load_file(f"{a.models}/imagebind/imagebind_huge.safetensors").items()}
    )
    right = {"video to sound": [], "sound to video": [], "moment to its second of sound": []}
    for first in range(0, a.scenes, 64):
        scenes = world.held_out(64, first)
        frames, waves = torch.from_numpy(scenes.pictures()), torch.from_numpy(scenes.sounds())
        seconds = [model.audio(binder_features(waves[:, k * world.RATE : (k + 1) * world.RATE])) for k in range(2)]
        v, s = model.clips_of_video(frames), torch.nn.functional.normalize(sum(seconds), dim=-1)
        same = torch.arange(64)
        right["video to sound"] += (v @ s.T).argmax(1).eq(same).tolist()
        right["sound to video"] += (s @ v.T).argmax(1).eq(same).tolist()
        right["moment to its second of sound"] += (
            (model.vision(vision_input(frames[:, :1])) @ seconds[0].T).argmax(1).eq(same).tolist()
        )
    print(f"retrieval at 1 of 64, {a.scenes} scenes:")
    for name, values in right.items():
        print(f"  {name}: {100 * np.mean(values):.1f} %")


def of_the_world(a):
    scenes = world.held_out(a.scenes, 1000)
    sounds = [fidelity.sound_distance(scenes[i].sounds()[0]) for i in range(len(scenes))]
    films = [scenes[i].pictures()[0] for i in range(len(scenes))]
    outlines = [fidelity.outline_overlap(film) for film in films]
    rhythms = [fidelity.rhythm_fit(film, scenes.kind[i]) for i, film in enumerate(films)]
    noise = fidelity.sound_distance(0.1 * np.random.default_rng(0).standard_normal(world.SECONDS * world.RATE))
    print(f"fidelity, {len(scenes)} scenes:")
    print(f"  true sounds {np.mean(sounds):.2f} dB, white noise {noise:.1f} dB, true videos {np.mean(outlines):.3f}")
    print(f"  what the best rhythm explains of true videos: {np.mean(rhythms):.3f}")


def generation(a):
    scenes, rng = world.held_out(a.generated, 2000), np.random.default_rng(12)
    folder = os.path.join(a.out, "generation")
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/captions.jsonl", "w") as file:
        for i in range(len(scenes)):
            file.write(json.dumps({"id": f"{i:04d}", "prompt": scenes.told(i, set(world.ATTRIBUTES), rng)}) + "\n")
    settings = {
        "task": "joint",
        "manifest": os.path.abspath(f"{folder}/captions.jsonl"),
        "guidance": "off",
        "batch": 4,
        **{
            f"models.{r}": os.path.abspath(f"{a.models}/{n}")
            for r, n in {
                "audio": "audioldm",
                "image": "sd15",
                "motion": "motion_adapter",
                "binder": "imagebind",
            }.items()
        },
    }
    job = [arg for k, v in settings.items() for arg in ("--set", f"{k}={v}")]
    run = [f"{a.bin}/seehear-worker", f"{ROOT}/Benchmarks/claim/claim.yaml", "--out", f"{folder}/run", *job]
    if subprocess.run(run).returncode not in (0, 3):
        sys.exit("the run ended with an error")
    subprocess.run(
        [f"{a.bin}/seehear", "extract", f"{folder}/run", "--all", "-o", f"{folder}/files"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    rows, sheet = {k: [] for k in ("colour", "shape", "kind", "pitch", "timbre", "tempo")}, []
    video = {k: [] for k in ("outline", "steady", "rhythm")}
    for i in range(len(scenes)):
        base = f"{folder}/files/{i:04d}"
        if not os.path.exists(base + ".mp4"):
            for values in rows.values():
                values.append(0.0)
            continue
        frames, sound = media.read_frames(base + ".mp4"), media.read_sound(base + ".flac")
        seen, heard = judge.see(frames), judge.hear(sound)
        gaps = np.diff(heard.events)
        fast = len(gaps) > 0 and np.median(gaps) < 0.75
        for name, value in {
            "colour": seen.colour == scenes.colour[i],
            "shape": seen.shape == scenes.shape[i],
            "kind": seen.kind == scenes.kind[i],
            "pitch": heard.pitch == scenes.colour[i],
            "timbre": heard.timbre == scenes.shape[i],
            "tempo": fast == (world.PERIOD[scenes.kind[i]] < 0.75),
        }.items():
            rows[name].append(float(value))
        for name, value in {
            "outline": fidelity.outline_overlap(frames),
            "steady": fidelity.steadiness(frames, scenes.colour[i], scenes.shape[i]),
            "rhythm": fidelity.rhythm_fit(frames, scenes.kind[i]),
        }.items():
            video[name].append(value)
        if i < 12:
            sheet.append([*frames[:8], media.spectrogram(sound)])
    media.write_sheet(f"{folder}/sheet.png", sheet)
    print(f"generation from full captions without guidance, {len(scenes)} samples of each ({folder}/sheet.png):")
    for name, values in rows.items():
        print(f"  {name}: {100 * np.mean(values):.1f} %")
    for name, values in video.items():
        print(f"  {name}: {np.mean(values):.3f}")


SAYS = {"bounce": "bounc", "flash": "flash", "pulse": "puls"}  # how a word for a kind begins


def captions(a):
    scenes = world.held_out(a.scenes, 4000)
    folder = os.path.join(a.out, "captions")
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/rows.jsonl", "w") as file:
        for i in range(len(scenes)):
            media.write_video(f"{folder}/{i:04d}.mp4", scenes[i].pictures()[0])
            media.write_sound(f"{folder}/{i:04d}.wav", scenes[i].sounds()[0])
            for task, key, ending in (("v2a", "video", "mp4"), ("a2i", "audio", "wav")):
                row = {"id": f"{task}-{i:04d}", "task": task, key: f"{i:04d}.{ending}"}
                file.write(json.dumps(row) + "\n")
    with open(f"{folder}/job.yaml", "w") as file:
        models = os.path.abspath(a.models)
        file.write(
            f"task: v2a\nmanifest: rows.jsonl\nmodels: {{binder: {models}/imagebind}}\ncaption: model\n"
            f"captioner: {{image: {models}/captioners/image, audio: {models}/captioners/audio}}\n"
            "sampling: {width: 64, height: 64}\nbatch: 32\n"
        )
    run = [f"{a.bin}/seehear-worker", "caption", f"{folder}/job.yaml", "--out", f"{folder}/captioned.jsonl"]
    if subprocess.run(run).returncode not in (0, 3):
        sys.exit("the captions ended with an error")
    rows = {f"{task}: {k}": [] for task in ("v2a", "a2i") for k in ("colour", "shape", "kind")}
    for row in map(json.loads, open(f"{folder}/captioned.jsonl")):
        task, i = row["id"].split("-")
        said, i = row.get("prompt", ""), int(i)
        rows[f"{task}: colour"].append(float(world.COLOURS[scenes.colour[i]] in said))
        rows[f"{task}: shape"].append(float(world.SHAPES[scenes.shape[i]] in said))
        rows[f"{task}: kind"].append(float(SAYS[world.KINDS[scenes.kind[i]]] in said))
    print(f"captions of {len(scenes)} key frames (v2a) and sounds (a2i), {folder}/captioned.captions.jsonl:")
    for name, values in rows.items():
        print(f"  {name}: {100 * np.mean(values):.1f} %")


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--models", default=f"{ROOT}/Models/toyworld")
    ap.add_argument("--bin", default=f"{ROOT}/.build/release")
    ap.add_argument("--out", default="runs/toyworld")
    ap.add_argument("--scenes", type=int, default=256)
    ap.add_argument("--generated", type=int, default=64)
    ap.add_argument("--only", default="reconstruction,retrieval,generation")
    a = ap.parse_args()
    for what in a.only.split(","):
        with torch.no_grad():
            parts = {
                "reconstruction": reconstruction,
                "retrieval": retrieval,
                "generation": generation,
                "captions": captions,
                "fidelity": of_the_world,
            }
            parts[what](a)


if __name__ == "__main__":
    main()
