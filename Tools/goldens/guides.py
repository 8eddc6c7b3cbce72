#!/usr/bin/env python3
"""Golden runs of the guides: what the Python prototype computes on the toy world, turn by turn.

  guides.py --reference DIR --out Tests/Fixtures/Data/guides

DIR holds guidance_prototype.py. One safetensors file for each case: the latents that every turn of every step begins
with (`SSS.T.z_in`), what the sampler is given, the losses at each cut (`cut.SSS`, rows as they were), and the final
latents (`z`). The metadata hold the case's options.
"""

import argparse
import json
import os
import sys

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

CASES = {
    "guided-sound": ("v2a", 6, {"strength": 0.3, "until": 0.4, "travel": 3, "travel_until": 0.4}, "trust"),
    "through-sound": (
        "v2a",
        5,
        {"strength": 0.3, "until": 0.3, "travel": 2, "travel_until": 0.2, "through": True},
        "trust",
    ),
    "search-sound": ("v2a", 10, {"particles": 6, "rounds": {0.1: 3, 0.3: 1}}, None),
    "search-picture": ("a2i", 10, {"particles": 8, "rounds": {0.1: 4, 0.4: 2, 0.5: 1}}, None),
    "both-picture": (
        "a2i",
        8,
        {"strength": 0.3, "until": 0.3, "travel": 4, "travel_until": 0.3, "particles": 4, "rounds": {0.2: 1}},
        None,
    ),
}


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--reference", required=True)
    ap.add_argument("--out", required=True)
    a = ap.parse_args()
    project = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
    sys.path[:0] = [os.path.join(project, "Tools/toyworld"), a.reference]
    import guidance_prototype as prototype

    import world

    os.makedirs(a.out, exist_ok=True)
    models = f"{project}/Models/toyworld"
    binder, scenes = prototype.Binder(models), world.held_out(2, 1000)
    seeds = [1000, 1001]
    bank = [f"a {c} {s} {k}" for c in world.COLOURS for s in world.SHAPES for k in ("bounces", "flashes", "pulses")]
    with torch.no_grad():
        seen = binder.video(torch.from_numpy(scenes.pictures())[:, [0, 7, 8, 15]])
        heard = binder.sound(torch.from_numpy(scenes.sounds()))
        texts = [scenes.told(0, {"kind"}), scenes.told(0, set())]  # the second is another scene's
        captions, listed = binder.text(texts), binder.text(bank)
    for name, (task, steps, options, text) in CASES.items():
        stream = prototype.Sound(models, steps) if task == "v2a" else prototype.Pictures(models, 0, steps)
        given = seen if task == "v2a" else heard
        faith = prototype.trust(given, captions, listed)
        kept = {"given": given, "caption": captions, "trust": faith}
        begun, embedded = [], []
        noise, embed = stream.noise, stream.embedded

        def watched_noise(z, t, y, noise=noise, begun=begun):
            begun.append((int(t), z.detach().chunk(2)[0]))
            return noise(z, t, y)

        def watched_embed(x, to, embed=embed, embedded=embedded, begun=begun):
            e = embed(x, to)
            embedded.append((len(begun) - 1, e.detach()))
            return e

        stream.noise, stream.embedded = watched_noise, watched_embed
        own, found = stream.prompts(texts), stream.prompts(bank)
        y = prototype.found_prompts(stream, given, captions, own, listed, found) if "search" in name else own
        kept["y"] = y
        z, _ = prototype.sample(
            stream, binder, seeds, y, given, captions if text else None, faith if text else 0, options, piece=64
        )
        turns = {}
        for place, (t, latent) in enumerate(begun):
            step = stream.schedule.times.index(t)
            turn = turns[step] = turns.get(step, -1) + 1
            kept[f"{step:03d}.{turn}.z_in"] = latent
            for at, e in embedded:
                if at == place and "particles" in options:
                    rows = len(e) // len(seeds)
                    c = given.repeat_interleave(rows, 0)
                    kept[f"cut.{step:03d}"] = 1 - F.cosine_similarity(e, c)
        kept["z"] = z
        meta = {
            "case": json.dumps({"task": task, "steps": steps, "seeds": seeds, "texts": texts, **options, "text": text})
        }
        save_file({k: v.contiguous() for k, v in kept.items()}, f"{a.out}/{name}.safetensors", meta)
        print(name, sum(v.numel() for v in kept.values()) * 4 // 1024, "KiB")


if __name__ == "__main__":
    main()
