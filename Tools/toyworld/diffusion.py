"""What the trainings of all denoisers share: latents made once, noise levels, captions."""

import os

import numpy as np
import torch

import world
from training import replaced_when_done


def latents_of(arguments, name, scenes_in_all, encode):
    """Latents of training scenes, made once and kept beside the checkpoints, with the scenes.

    `encode(scenes)` gives a tensor with one row for each scene.
    """
    scenes = [world.training(arguments.seed + 1000, k, 64) for k in range(scenes_in_all // 64)]
    os.makedirs(arguments.out, exist_ok=True)
    path = os.path.join(arguments.out, f"{name}-latents.npy")
    if not os.path.exists(path):
        with replaced_when_done(path) as partial:
            with torch.no_grad():
                rows = [encode(s).half().cpu().numpy() for s in scenes]
            with open(partial, "wb") as file:
                np.save(file, np.concatenate(rows))
    return torch.from_numpy(np.load(path)), world.Scenes.concatenated(scenes)


class Noise:
    """The forward process: betas from `start` to `end` over 1000 steps, as the scheduler's file says."""

    def __init__(self, start, end, scaled):
        betas = torch.linspace(start**0.5, end**0.5, 1000) ** 2 if scaled else torch.linspace(start, end, 1000)
        self.alphas = torch.cumprod(1 - betas, 0)

    def add(self, z, generator):
        """Noisy latents, their timesteps, and the noise to be found."""
        t = torch.randint(1000, (len(z),), generator=generator)
        noise = torch.randn(z.shape, generator=generator)
        a = self.alphas[t].view(-1, *[1] * (z.dim() - 1))
        return a.sqrt() * z + (1 - a).sqrt() * noise, t, noise

    def weight(self, t, most=20):
        """How much an error of the noise counts: as that of the clean latent that follows from it, at most `most` times
        more. What is to be seen or heard is decided where there is nearly nothing but noise, and there the noise itself
        is easy to tell."""
        a = self.alphas[t]
        return 1 + ((1 - a) / a).clamp(max=most)


def caption(scenes, i, rng):
    """A tenth empty, for guidance without a classifier; half complete; the rest with some attributes left out."""
    return told(scenes, i, rng)[0]


def told(scenes, i, rng):
    """Such a caption, and the attributes that it tells of."""
    chance = rng.random()
    if chance < 0.1:
        return "", set()
    known = set(world.ATTRIBUTES) if chance < 0.55 else {a for a in world.ATTRIBUTES if rng.random() < 0.55}
    return scenes.told(i, known, rng), known


class Tokens:
    """Token ids by text, remembered, since the world has few captions."""

    def __init__(self, tokenizer, length):
        self.tokenizer, self.length, self.known = tokenizer, length, {}

    def __call__(self, texts):
        for text in texts:
            if text not in self.known:
                self.known[text] = torch.tensor(
                    self.tokenizer(text, padding="max_length", truncation=True, max_length=self.length)["input_ids"]
                )
        return torch.stack([self.known[t] for t in texts])
