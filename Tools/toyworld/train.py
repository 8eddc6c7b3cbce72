#!/usr/bin/env python3
"""Trains one part of the toy world's models; see README.md beside this file for the order.

  train.py PART --out FOLDER [--steps N] [--batch N] [--device cpu|cuda] [--threads N]

PART is binder, picture_vae, picture_unet, motion, sound_vae, vocoder, clap, sound_unet, image_captioner,
sound_captioner or coupled. A killed training goes on when it is started again with the same folder; a finished one does
nothing.
"""

import argparse
import importlib
import os

import torch

PARTS = {
    "binder": "binder",
    "picture_vae": "pictures",
    "picture_unet": "pictures",
    "motion": "pictures",
    "sound_vae": "sounds",
    "vocoder": "sounds",
    "clap": "sounds",
    "sound_unet": "sounds",
    "image_captioner": "captioners",
    "sound_captioner": "captioners",
    "coupled": "coupled",
}


def main():
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("part", choices=list(PARTS))
    ap.add_argument("--out", required=True)
    ap.add_argument("--steps", type=int)
    ap.add_argument("--batch", type=int)
    ap.add_argument("--rate", type=float, help="motion, sound_unet, captioners, coupled: the learning rate")
    ap.add_argument("--begin-with", help="motion, sound_unet: a model set, to go on from its weights")
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--device", default="cpu")
    ap.add_argument("--threads", type=int, default=1)
    ap.add_argument(
        "--tokenizers",
        default=f"{root}/Models/toyworld",
        help="folder with audioldm/tokenizer, sd15/tokenizer, imagebind/bpe…",
    )
    a = ap.parse_args()
    a.bpe = f"{a.tokenizers}/imagebind/bpe_simple_vocab_16e6.txt.gz"
    torch.set_num_threads(a.threads)
    module = importlib.import_module(PARTS[a.part])
    getattr(module, "train" if a.part == "binder" else f"train_{a.part}")(a)


if __name__ == "__main__":
    main()
