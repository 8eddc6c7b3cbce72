"""Trains ImageBind's three towers on the toy world: what belongs together in time and kind comes to lie together."""

import dataclasses

import numpy as np
import torch

import world
from imagebind import ImageBind, Tokenizer, vision_input
from sound import binder_features
from training import Training

ALIKE_FROM, ALIKE = 2400, 8  # from this step on batches hold groups of so many scenes that differ in time alone


def pairs_of(scenes, rng):
    """One second of each scene: two frames (or one, shown twice) and the sound that goes with them."""
    n = len(scenes)
    start = rng.uniform(0, 1, n)
    gap = np.where(rng.random(n) < 0.3, 0.0, np.where(rng.random(n) < 0.7, 0.875, rng.uniform(0.85, 1.0, n)))
    return torch.from_numpy(scenes.pictures(np.stack([start, start + gap], 1))), torch.from_numpy(
        scenes.sounds(1, start)
    )


def relatives(scenes):
    """The same scenes with shape, colour and kind alike in groups, so that only the events' times tell them apart."""
    alike = np.arange(len(scenes)) // ALIKE * ALIKE
    kind = scenes.kind[alike]
    return dataclasses.replace(
        scenes,
        shape=scenes.shape[alike],
        colour=scenes.colour[alike],
        kind=kind,
        phase=scenes.phase / world.PERIOD[scenes.kind] * world.PERIOD[kind],
        y=np.where(kind == 0, 22 + (scenes.y - 22) * 0.3, scenes.y),
    )


def spoiled(frames, wave, rng):
    """Blur, noise and wrong levels, as results have them that are still being denoised: the towers judge those too."""
    n = len(frames)
    level = torch.from_numpy(np.where(rng.random(n) < 0.5, rng.uniform(0, 1, n), 0)).float()
    small = torch.nn.functional.avg_pool2d(frames.flatten(0, 1), 5, 1, 2, count_include_pad=False).view_as(frames)

    def mix(a, b, k):
        return a + k.view(-1, *[1] * (a.dim() - 1)) * (b - a)

    def draw(*shape):
        return torch.from_numpy(rng.standard_normal(shape, dtype=np.float32))

    frames = (
        mix(frames, small, level)
        + 0.15
        * level.view(-1, 1, 1, 1, 1)
        * torch.nn.functional.interpolate(draw(n, 3, 16, 16), scale_factor=4, mode="bilinear")[:, None]
    )
    gain = torch.from_numpy(rng.uniform(0.5, 1.6, n)).float()[:, None]
    other = torch.from_numpy(np.where(rng.random(n) < 0.3, rng.uniform(0, 0.4, n), 0)).float()[:, None]
    wave = gain * (wave + other * wave.roll(1, 0)) + (10 ** torch.from_numpy(rng.uniform(-4.5, -1.7, n)).float())[
        :, None
    ] * draw(*wave.shape)
    return frames.clamp(0, 1), wave.clamp(-1, 1)


def captions_of(scenes, rng):
    """A caption for each scene and which of all scenes it is true of, [n, n]."""
    texts, true = [], torch.ones(len(scenes), len(scenes))
    for i in range(len(scenes)):
        known = set(world.ATTRIBUTES) if rng.random() < 0.4 else {a for a in world.ATTRIBUTES if rng.random() < 0.6}
        texts.append(scenes.told(i, known, rng))
        for a in known:
            values = getattr(scenes, a)
            true[i] *= torch.from_numpy(values == values[i]).float()
    return texts, true


def contrast(a, b, scale, true=None):
    """Both directions of the contrastive loss of unit vectors; `true` says which pairs count as right."""
    logits = scale * a @ b.T
    true = torch.eye(len(a), device=a.device) if true is None else true

    def loss(logits, true):
        return -(true / true.sum(1, keepdim=True) * logits.log_softmax(1)).sum(1).mean()

    return 0.5 * (loss(logits, true) + loss(logits.T, true.T))


def train(arguments):
    tokenizer = Tokenizer(arguments.bpe)
    torch.manual_seed(arguments.seed)
    scale = torch.nn.Module()
    scale.log = torch.nn.Parameter(torch.tensor(2.7))
    training = Training(
        "binder", arguments, {"imagebind": ImageBind(), "scale": scale}, arguments.steps or 9000, 1.2e-3, average=0.995
    )
    model, device = training.modules["imagebind"], training.device

    def loss_of(step):
        rng = np.random.default_rng([2, arguments.seed, step])
        scenes = world.training(arguments.seed, step, arguments.batch or 48)
        if step >= ALIKE_FROM:
            scenes = relatives(scenes)
        frames, wave = spoiled(*pairs_of(scenes, rng), rng)
        texts, true = captions_of(scenes, rng)
        v = model.vision(vision_input(frames.to(device)))
        a = model.audio(binder_features(wave.to(device)))
        t = model.text(tokenizer(texts).to(device))
        k = scale.log.exp().clamp(max=60)
        va, tv, ta = contrast(v, a, k), contrast(t, v, 14.0, true.to(device)), contrast(t, a, 14.0, true.to(device))
        right = (v @ a.T).argmax(1).eq(torch.arange(len(v), device=device)).float().mean()
        return va + 0.5 * (tv + ta), {
            "va": va.item(),
            "tv": tv.item(),
            "ta": ta.item(),
            "right": right.item(),
            "scale": k.item(),
        }

    training.run(loss_of)
