"""How far a result is from anything that the toy world has: of what is made to agree, whether it is still clean.

Needs no truth about the result, no network and nothing but numpy: a sound is compared with sounds of the world, an
object with the world's outlines.
"""

import functools

import numpy as np

import judge
import world

SOUNDS = 3000
RANGE = 60.0  # dB below the loudest that count
SIZE, HOP, BINS = 1024, 160, 64


@functools.cache
def _mel_banks():
    """[513, 64]: triangles on Slaney's mel scale (linear below 1 kHz, then 27 bins a factor of 6.4), of unit area."""

    def mel(f):
        return np.where(f < 1000, f * 3 / 200, 15 + 27 * np.log(np.maximum(f, 1e-9) / 1000) / np.log(6.4))

    def hertz(m):
        return np.where(m < 15, m * 200 / 3, 1000 * 6.4 ** ((m - 15) / 27))

    edges = hertz(np.linspace(0, mel(np.array(8000.0)), BINS + 2))
    at = np.fft.rfftfreq(SIZE, 1 / world.RATE)[:, None]
    up, down = (at - edges[:-2]) / np.diff(edges)[:-1], (edges[2:] - at) / np.diff(edges)[1:]
    return np.clip(np.minimum(up, down), 0, None) * 2 / (edges[2:] - edges[:-2])


def spectrograms(waves):
    """[n, samples] to [n, frames · 64], dB below each one's loudest, at most 60."""
    padded = np.pad(np.asarray(waves, np.float32), ((0, 0), (SIZE // 2, SIZE // 2)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, SIZE, axis=1)[:, ::HOP] * np.hanning(SIZE).astype(
        np.float32
    )
    magnitude = np.abs(np.fft.rfft(frames, axis=2)).astype(np.float32) @ _mel_banks().astype(np.float32)
    level = 20 * np.log10(np.maximum(magnitude, 1e-9)).reshape(len(waves), -1)
    return np.clip(level - level.max(1, keepdims=True), -RANGE, 0).astype(np.float32)


@functools.cache
def _sounds(seconds):
    """Spectrograms of sounds of the world, and the sums of their squares."""
    known = np.concatenate(
        [spectrograms(world.training(77, first, 100).sounds(seconds)) for first in range(0, SOUNDS, 100)]
    )
    return known, np.square(known).sum(1)


def sound_distance(wave, seconds=world.SECONDS):
    """Root mean square distance, dB, of a sound's mel spectrogram to that of the nearest of 3000 sounds of the world,
    whatever its level."""
    count = round(seconds * world.RATE)
    wave = np.asarray(wave)[:count]
    own = spectrograms(np.pad(wave, (0, count - len(wave)))[None])[0]
    known, squares = _sounds(seconds)
    distance = squares - 2 * known @ own + np.square(own).sum()
    return float(np.sqrt(max(distance.min(), 0) / len(own)))


def outline_overlap(frames):
    """Overlap (intersection over union) of the object with the nearest outline of the world, 0…1, the mean over frames
    in which nothing glows."""
    best = []
    for mask in judge.masks_of(frames):
        have = judge.normalised(mask) if mask.sum() >= 12 else None
        best.append(
            0.0
            if have is None
            else max((have & want).sum() / max((have | want).sum(), 1) for _, want in judge.shape_templates())
        )
    return float(np.mean(best))


def rhythm_fit(frames, kind):
    """How much of what moves over the frames the best rhythm of this kind explains, 0…1: the share of the variance,
    with a factor and an offset of its own for each value."""
    period, signal = world.PERIOD[kind], judge.motion(frames, kind)
    u = np.mod(np.arange(len(signal)) / world.FPS - np.arange(0, period, 0.01)[:, None], period)
    have, want = signal - signal.mean(0), judge.rhythm(kind, u)
    want = want - want.mean(1, keepdims=True)
    explained = np.einsum("tv,ptv->pv", have, want) ** 2 / np.maximum((want**2).sum(1), 1e-12)
    return float(explained.sum(1).max() / max((have**2).sum(), 1e-12))


def steadiness(frames, colour, shape):
    """The share of frames whose colour and shape are these by themselves."""
    each = [judge.see(frame[None]) for frame in frames]
    return float(np.mean([seen.colour == colour and seen.shape == shape for seen in each]))
