#!/usr/bin/env python3
"""Writes trained parts as a model set in the published layouts, in half precision, with a model card.

  export.py --out FOLDER --models Models/toyworld [--tokenizers Models/toyworld]

Parts that FOLDER has no training of stay as they are in the model set.
The files are written by the Python libraries themselves, as those of the published models are.
"""

import argparse
import datetime
import hashlib
import json
import os
import shutil

import diffusers
import torch
import transformers
from diffusers import AutoencoderKL, DDIMScheduler, MotionAdapter, UNetMotionModel
from safetensors.torch import save_file
from transformers import SpeechT5HifiGan, SpeechT5HifiGanConfig

import captioners
import coupled
import imagebind
import pictures
import sounds
from train import PARTS
from training import load_trained


def save(model, folder, dtype=torch.float16):
    model.to(dtype).save_pretrained(folder, safe_serialization=True)


def write_json(path, value):
    with open(path, "w") as file:
        json.dump(value, file, indent=2)
        file.write("\n")


def index(folder, name, **components):
    write_json(
        f"{folder}/model_index.json", {"_class_name": name, "_diffusers_version": diffusers.__version__, **components}
    )


def trained(a, *names):
    return all(os.path.exists(f"{a.out}/{name}/checkpoint.pt") for name in names)


def scaled_vae(a, name, config, latents):
    vae = load_trained(a, name, {"vae": AutoencoderKL(**config)})["vae"]
    vae.register_to_config(scaling_factor=latents(a)[2])
    return vae


def bring(source, folder, *names):
    """Copies files of a tokenizer, by default all, unless they lie there already."""
    os.makedirs(folder, exist_ok=True)
    if not os.path.samefile(source, folder):
        for name in names or os.listdir(source):
            shutil.copyfile(f"{source}/{name}", f"{folder}/{name}")


def sound_models(a, folder):
    if trained(a, "sound_vae"):
        save(scaled_vae(a, "sound_vae", sounds.VAE, sounds.latents), f"{folder}/vae")
    save(load_trained(a, "sound_unet", sounds.denoiser())["unet"], f"{folder}/unet")
    if trained(a, "clap"):
        save(load_trained(a, "clap", sounds.text_tower())["text"], f"{folder}/text_encoder")
    if trained(a, "vocoder"):
        vocoder = {"vocoder": SpeechT5HifiGan(SpeechT5HifiGanConfig(**sounds.VOCODER))}
        save(load_trained(a, "vocoder", vocoder)["vocoder"], f"{folder}/vocoder")
    DDIMScheduler(**sounds.SCHEDULE).save_pretrained(f"{folder}/scheduler")
    bring(f"{a.tokenizers}/audioldm/tokenizer", f"{folder}/tokenizer")
    index(
        folder,
        "AudioLDMPipeline",
        scheduler=["diffusers", "DDIMScheduler"],
        text_encoder=["transformers", "ClapTextModelWithProjection"],
        tokenizer=["transformers", "RobertaTokenizer"],
        unet=["diffusers", "UNet2DConditionModel"],
        vae=["diffusers", "AutoencoderKL"],
        vocoder=["transformers", "SpeechT5HifiGan"],
    )


def picture_models(a, folder, adapter_folder):
    if trained(a, "picture_vae"):
        save(scaled_vae(a, "picture_vae", pictures.VAE, pictures.latents), f"{folder}/vae")
    # The last training is that of the motion modules, and it goes on with the UNet and its text tower.
    parts = pictures.denoisers()
    moving = UNetMotionModel.from_unet2d(parts["unet"], MotionAdapter(**pictures.MOTION))
    parts = load_trained(a, "motion", {"unet": moving, "text": parts["text"]})
    adapter = MotionAdapter(**pictures.MOTION)
    adapter.load_state_dict({k: v for k, v in moving.state_dict().items() if "motion_modules" in k})
    save(adapter, adapter_folder)
    save(pictures.stills_of(moving), f"{folder}/unet")
    save(parts["text"], f"{folder}/text_encoder")
    DDIMScheduler(**pictures.SCHEDULE).save_pretrained(f"{folder}/scheduler")
    bring(f"{a.tokenizers}/sd15/tokenizer", f"{folder}/tokenizer")
    index(
        folder,
        "StableDiffusionPipeline",
        feature_extractor=[None, None],
        safety_checker=[None, None],
        scheduler=["diffusers", "DDIMScheduler"],
        text_encoder=["transformers", "CLIPTextModel"],
        tokenizer=["transformers", "CLIPTokenizer"],
        unet=["diffusers", "UNet2DConditionModel"],
        vae=["diffusers", "AutoencoderKL"],
    )


def binder(a, folder):
    os.makedirs(folder, exist_ok=True)
    parts = load_trained(a, "binder", {"imagebind": imagebind.ImageBind(), "scale": scale_of_training()})
    save_file(
        {k: v.half().contiguous() for k, v in parts["imagebind"].state_dict().items()},
        f"{folder}/imagebind_huge.safetensors",
        metadata={"format": "pt"},
    )
    write_json(f"{folder}/config.json", imagebind.CONFIG)
    bring(os.path.dirname(a.bpe), folder, os.path.basename(a.bpe))


def coupled_model(a, folder):
    os.makedirs(folder, exist_ok=True)
    net = load_trained(a, "coupled", {"net": coupled.CoupledUNet()})["net"]
    save_file(
        {k: v.half().contiguous() for k, v in net.state_dict().items()},
        f"{folder}/base.safetensors",
        metadata={"format": "pt"},
    )


def scale_of_training():
    scale = torch.nn.Module()
    scale.log = torch.nn.Parameter(torch.tensor(0.0))
    return scale


CARD = """---
license: cc0-1.0
---
# The toy world's models

AudioLDM, Stable Diffusion, AnimateDiff's motion adapter, ImageBind, MM-Diffusion, Florence-2 and a captioning Whisper,
each the real architecture at a small size in its published layout, trained from scratch on scenes of the toy world
(`Tools/toyworld`). They know that world and nothing else: circles, squares, triangles and stars of six colours that
bounce, flash or pulse, and the tones that go with them.

| folder | what | parameters |
|---|---|---|
{parts}
Weights are stored in half precision. The tokenizers, which the random models share, are a small RoBERTa vocabulary and
the first 1000 merges of CLIP's (MIT licence).

## Training
Seed 1 throughout; weights are averaged over steps. {versions}.

| part | steps | minutes | on | schedule: learning rate and steps of the cosine |
|---|---|---|---|---|
{training}
Made by `Tools/toyworld/train.py`, one part after another, and `Tools/toyworld/export.py`, on {date}.
`Tools/toyworld/README.md` gives the commands, and `docs/toyworld.md` the measurements.

## Files
| SHA-256 | file |
|---|---|
{files}"""


def schedule(lines):
    """What the logs say of the learning rate: one entry, unless it was changed at a restart."""
    told, last = [], None
    for line in lines:
        if "event" in line and (line["rate"], line["steps"]) != last:
            last = line["rate"], line["steps"]
            told.append(
                f"from step {line['step']} on {line['rate']:g}, {line['steps']}"
                if told
                else f"{line['rate']:g}, {line['steps']}"
            )
    return "; ".join(told)


def rows_of(path):
    """The rows of a card's table of trainings, by part."""
    lines = open(path) if os.path.exists(path) else []
    return {line.split("`")[1]: line for line in lines if line.startswith("| `") and line.count("|") == 6}


def card(a):
    def count(*paths):
        from safetensors import safe_open

        n = 0
        for path in paths:
            with safe_open(f"{a.models}/{path}", "pt") as file:
                n += sum(torch.Size(file.get_slice(k).get_shape()).numel() for k in file.keys())
        return f"{n:,}"

    parts = "".join(
        f"| `{folder}` | {what} | {count(*paths)} |\n"
        for folder, what, *paths in [
            ("audioldm/text_encoder", "CLAP's text tower", "audioldm/text_encoder/model.safetensors"),
            ("audioldm/unet", "denoiser of spectrograms", "audioldm/unet/diffusion_pytorch_model.safetensors"),
            (
                "audioldm/vae",
                "spectrograms of 64 mel bins to latents of 8 channels, 8 times smaller",
                "audioldm/vae/diffusion_pytorch_model.safetensors",
            ),
            ("audioldm/vocoder", "HiFi-GAN, 16 kHz", "audioldm/vocoder/model.safetensors"),
            ("sd15/text_encoder", "CLIP's text tower", "sd15/text_encoder/model.safetensors"),
            ("sd15/unet", "denoiser of images", "sd15/unet/diffusion_pytorch_model.safetensors"),
            (
                "sd15/vae",
                "images of 64×64 to latents of 4 channels, 8 times smaller",
                "sd15/vae/diffusion_pytorch_model.safetensors",
            ),
            ("motion_adapter", "motion modules, up to 32 frames", "motion_adapter/diffusion_pytorch_model.safetensors"),
            ("imagebind", "vision, audio and text towers", "imagebind/imagebind_huge.safetensors"),
            (
                "mm_diffusion",
                "MM-Diffusion: 16 frames of 24×24 and 1.6 s of sound",
                "mm_diffusion/base.safetensors",
            ),
            ("captioners/image", "Florence-2", "captioners/image/model.safetensors"),
            ("captioners/audio", "a Whisper that captions", "captioners/audio/model.safetensors"),
        ]
        if all(os.path.exists(f"{a.models}/{path}") for path in paths)
    )
    rows, known = [], rows_of(f"{a.models}/README.md")
    for part in PARTS:
        if not trained(a, part):
            rows += [known[part]] if part in known else []
            continue
        lines = [json.loads(line) for line in open(f"{a.out}/{part}/log.jsonl")]
        last, start = [line for line in lines if "seconds" in line][-1], [line for line in lines if "event" in line][-1]
        rows.append(
            f"| `{part}` | {last['step']} | {last['seconds'] / 60:.0f} "
            f"| {start['threads']} thread{'s' * (start['threads'] > 1)}, {start['device']} | {schedule(lines)} |\n"
        )
    files = []
    for base, _, names in sorted(os.walk(a.models)):
        for name in sorted(names):
            path = os.path.join(base, name)
            if name.endswith((".safetensors", ".gz")):
                files.append(
                    f"| `{hashlib.sha256(open(path, 'rb').read()).hexdigest()}` "
                    f"| `{os.path.relpath(path, a.models)}` |\n"
                )
    versions = f"torch {torch.__version__}, diffusers {diffusers.__version__}, transformers {transformers.__version__}"
    with open(f"{a.models}/README.md", "w") as file:
        file.write(
            CARD.format(
                parts=parts,
                training="".join(rows),
                files="".join(files),
                versions=versions,
                date=datetime.date.today().isoformat(),
            )
        )


def main():
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--out", required=True)
    ap.add_argument("--models", default=f"{root}/Models/toyworld")
    ap.add_argument("--tokenizers", default=f"{root}/Models/toyworld")
    a = ap.parse_args()
    a.seed, a.device, a.begin_with = 1, "cpu", None
    a.bpe = f"{a.tokenizers}/imagebind/bpe_simple_vocab_16e6.txt.gz"
    if trained(a, "sound_unet"):
        sound_models(a, f"{a.models}/audioldm")
    if trained(a, "motion"):
        picture_models(a, f"{a.models}/sd15", f"{a.models}/motion_adapter")
    if trained(a, "binder"):
        binder(a, f"{a.models}/imagebind")
    if trained(a, "coupled"):
        coupled_model(a, f"{a.models}/mm_diffusion")
    captioners.save(a, f"{a.models}/captioners", load_trained)
    card(a)


if __name__ == "__main__":
    main()
