"""Says what is seen in pictures and heard in sounds of the toy world, by image and signal processing alone.

No network is asked. It knows the world's rules (which pitches, colours, shapes and rhythms there are) and finds the
nearest to what it is given. `Seen` and `Heard` have the same fields in terms of the other, so that `agreement` compares
a picture with a sound.
"""

import functools
from dataclasses import dataclass

import numpy as np

import world

TOLERANCE = 0.1  # seconds between two events that count as one


@dataclass
class Seen:
    colour: int
    shape: int
    kind: int | None  # None for a still picture
    events: list | None  # seconds
    seconds: float = world.SECONDS  # that were seen


@dataclass
class Heard:
    pitch: int  # as the index of its colour
    timbre: int  # as the index of its shape
    events: list  # seconds


# ---- sounds ----------------------------------------------------------------------------------------------------------
def hear(wave):
    """What a waveform [samples] at 16 kHz holds."""
    wave = np.asarray(wave, np.float64)
    pitch, powers = _pitch(wave)
    return Heard(pitch, _timbre(powers, pitch), onsets(wave))


def _pitch(wave):
    """The pitch whose fundamental is the strongest. No pitch's harmonic lies within 5 % of another's fundamental."""
    size = 4096
    padded = np.pad(wave, (0, max(0, size - len(wave))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[::512] * np.hanning(size)
    power = (np.abs(np.fft.rfft(frames)) ** 2).mean(0)
    at = np.fft.rfftfreq(size, 1 / world.RATE)

    def near(f):
        band = np.abs(at - f) <= max(0.025 * f, 10)
        return power[band].sum()

    fundamental = [near(f) for f in world.PITCH]
    best = int(np.argmax(fundamental))
    return best, [near(k * world.PITCH[best]) for k in range(1, 8) if k * world.PITCH[best] < 7800]


def _timbre(powers, pitch):
    """The nearest of the timbres by the amplitudes of the harmonics."""
    n = len(powers)
    have = np.sqrt(np.maximum(powers, 0))
    have /= np.linalg.norm(have) + 1e-12

    def known(harmonics):
        v = np.array([harmonics.get(k, 0.0) for k in range(1, n + 1)])
        return v / np.linalg.norm(v)

    return int(np.argmax([have @ known(h) for h in world.TIMBRE]))


def onsets(wave):
    """Times at which tones begin, seconds: where the level rises steeply, and well above what fades."""
    hop, size = 80, 400
    padded = np.pad(np.asarray(wave, np.float64), (size // 2, size))
    energy = (np.lib.stride_tricks.sliding_window_view(padded, size)[::hop] ** 2).mean(1)
    level = 10 * np.log10(np.maximum(energy, 1e-12))  # dB, one value each 5 ms
    level = np.maximum(level, level.max() - 40)
    back = 16  # 80 ms
    rise = np.zeros_like(level)
    for i in range(1, len(level)):
        rise[i] = level[i] - level[max(0, i - back) : i + 1].min()
    found, i = [], 0
    end = len(wave) // hop
    # A sound that begins with a tone begins at its loudest.
    if level[:4].max() > level.max() - 3 and level[4] < level[0] + 1:
        found.append(0.0)
    while i < end:
        if rise[i] > 6:
            top = i
            while top + 1 < min(end, i + 24) and level[top + 1] >= level[top] - 0.3:
                top += 1
            first = max(0, i - back)
            low = first + int(np.argmin(level[first : i + 1]))
            steps = np.diff(level[low : top + 1])
            steepest = low + (int(np.argmax(steps)) if len(steps) else 0)
            if level[top] > level.max() - 18:
                found.append(steepest * hop / world.RATE)
            i = top + 20
        else:
            i += 1
    return [t for k, t in enumerate(found) if k == 0 or t - found[k - 1] > 0.12]


# ---- pictures --------------------------------------------------------------------------------------------------------
def see(frames, fps=world.FPS):
    """What frames [T, 3, 64, 64], 0…1, hold; one frame is a still picture."""
    frames = np.asarray(frames, np.float64)
    spread = frames.max(1) - frames.min(1)  # (T, 64, 64): how coloured
    colour = _colour(frames, spread)
    # Coloured as this colour is: grey ground and white highlights are not.
    tint = world.RGB[colour] - world.RGB[colour].min()
    like, place, glow = _object(frames, tint)
    masks = [_mask(m, f) for m, f in zip(like, frames, strict=True)]
    shape = _shape(_dark(masks, glow))
    if len(frames) < 4:
        return Seen(colour, shape, None, None)
    area = np.array([m.sum() for m in masks])
    high = place[:, 0].max() - place[:, 0].min()
    if high > 5:
        kind = 0
    else:
        kind = 1 if glow.max() - glow.min() > 0.035 else 2
    return Seen(colour, shape, kind, _events(kind, _signal(kind, place, glow, area), fps), len(frames) / fps)


def motion(frames, kind):
    """What tells the events of this kind, [T, values]: where the object is, how it glows, or how large it is."""
    frames = np.asarray(frames, np.float64)
    tint = world.RGB[_colour(frames, frames.max(1) - frames.min(1))]
    like, place, glow = _object(frames, tint - tint.min())
    return _signal(kind, place, glow, np.array([_mask(m, f).sum() for m, f in zip(like, frames, strict=True)]))


def rhythm(kind, u):
    """What a scene of this kind has of it, up to a factor and an offset, u seconds after an event."""
    if kind == 0:
        return np.stack([9 * np.sin(2 * np.pi * u), -20 * 4 * u * (1 - u)], -1)
    return np.exp(-u / world.FADE[kind])[..., None]


def _signal(kind, place, glow, area):
    return [place[:, ::-1], glow[:, None], np.sqrt(area)[:, None]][kind]


def masks_of(frames):
    """Where the object is in the frames [T, 3, 64, 64] in which nothing glows."""
    frames = np.asarray(frames, np.float64)
    tint = world.RGB[_colour(frames, frames.max(1) - frames.min(1))]
    like, place, glow = _object(frames, tint - tint.min())
    return _dark([_mask(m, f) for m, f in zip(like, frames, strict=True)], glow)


def _object(frames, tint):
    """How much of a tint lies where, the object's middle, and how it glows, each for every frame."""
    like = np.einsum("tchw,c->thw", frames - frames.min(1, keepdims=True), tint) / (tint @ tint)
    place = np.stack([_centre(m) for m in like])
    return like, place, np.array([_around(m, c) for m, c in zip(like, place, strict=True)])


def _dark(masks, glow):
    return [m for m, g in zip(masks, glow, strict=True) if g <= np.quantile(glow, 0.4) + 1e-9]


def _colour(frames, spread):
    weight = np.where(spread > 0.6 * spread.max(), spread, 0)
    mean = np.einsum("tchw,thw->c", frames - frames.min(1, keepdims=True), weight)
    tints = world.RGB - world.RGB.min(1, keepdims=True)
    return int(np.argmax(tints @ mean / np.linalg.norm(tints, axis=1)))


_Y, _X = np.mgrid[: world.SIDE, : world.SIDE] + 0.5


def _mask(like, frame):
    """Where the object is: by brightness, which films keep sharp, among what is of its colour, which they blur."""
    light = np.tensordot([0.299, 0.587, 0.114], frame, 1)
    inside = like > 0.7 * max(np.quantile(like, 0.995), 0.2)
    if not inside.any():
        return inside
    around = like < 0.2 * like.max()
    edge = 0.5 * (np.median(light[inside]) + (np.median(light[around]) if around.any() else 0))
    return (light > edge) & (like > 0.3 * like.max())


def _centre(like):
    weight = np.where(like > 0.6 * like.max(), like, 0)
    return np.array([(weight * _Y).sum(), (weight * _X).sum()]) / max(weight.sum(), 1e-9)


def _around(like, centre):
    """How much of the colour lies on the ground around the object."""
    distance = np.hypot(_Y - centre[0], _X - centre[1])
    return like[(distance > 17) & (distance < 28)].clip(0).mean()


@functools.cache
def shape_templates():
    out = []
    y, x = np.mgrid[:48, :48] - 23.5
    for s in range(len(world.SHAPES)):
        for tilt in np.linspace(-0.2, 0.2, 5):
            c, k = np.cos(tilt), np.sin(tilt)
            out.append((s, normalised(world.outline(s, c * x + k * y, c * y - k * x, 15.0) < 0)))
    return out


def normalised(mask):
    """A mask moved and scaled to a grid of 32×32, so that place and size do not count."""
    total = mask.sum()
    y, x = np.nonzero(mask)
    cy, cx = y.mean(), x.mean()
    reach = np.sqrt(total) * 0.95
    at = (np.arange(32) - 15.5) / 15.5 * reach
    rows, columns = np.clip(np.round(cy + at), 0, mask.shape[0] - 1), np.clip(np.round(cx + at), 0, mask.shape[1] - 1)
    return mask[np.ix_(rows.astype(int), columns.astype(int))]


def _shape(masks):
    votes = np.zeros(len(world.SHAPES))
    for mask in masks:
        if mask.sum() < 12:
            continue
        have = normalised(mask)
        best = np.zeros(len(world.SHAPES))
        for s, want in shape_templates():
            best[s] = max(best[s], (have & want).sum() / max((have | want).sum(), 1))
        votes += best
    return int(np.argmax(votes))


def _events(kind, signal, fps):
    """The rhythm of this kind that fits a signal [T, values] best, as times."""
    period, times = world.PERIOD[kind], np.arange(len(signal)) / fps
    phases = np.arange(0, period, 0.01)
    u = np.mod(times[None] - phases[:, None], period)

    def centred(a):
        return a - a.mean(-2, keepdims=True)

    if kind == 0:  # where it is on its path, however high that is
        have, want = centred(signal[None]), centred(rhythm(kind, u))
    elif kind == 1:  # how bright: what fades has the same form whenever it began, so that only its level tells
        want = GLOW * rhythm(kind, u)
        have, want = signal[None] - signal.min(), want - want.min(1, keepdims=True)
        return _times(phases[int(np.argmin(((have - want) ** 2).sum((1, 2))))], period, len(signal) / fps)
    else:  # how large, compared with itself
        have, want = signal[None], 0.72 + 0.62 * rhythm(kind, u)
    fit = (have * want).sum((1, 2)) / np.maximum(np.sqrt((want**2).sum((1, 2))), 1e-9)
    return _times(phases[int(np.argmax(fit))], period, len(signal) / fps)


GLOW = 0.36  # a flash's light around the object, at its beginning, as `_around` measures it


def _times(phase, period, seconds):
    return [float(t) for t in phase + period * np.arange(8) if t < seconds - 1e-9]


# ---- together --------------------------------------------------------------------------------------------------------
def matched(a, b, tolerance=TOLERANCE, seconds=world.SECONDS):
    """F1 of two lists of times: each may match one of the other that is at most `tolerance` away. A scene that begins
    within an event may show it before 0, so a time within the tolerance of either end may also go unmatched."""

    def edge(ts):
        return [t for t in ts if tolerance <= t <= seconds - tolerance]

    a, b = sorted(a), sorted(b)
    left, hits = list(b), []
    for t in a:
        near = [s for s in left if abs(s - t) <= tolerance]
        if near:
            s = min(near, key=lambda s: abs(s - t))
            left.remove(s)
            hits.append((t, s))
    missed = [t for t in edge(a) if t not in [h[0] for h in hits]]
    extra = [s for s in edge(b) if s not in [h[1] for h in hits]]
    total = 2 * len(hits) + len(missed) + len(extra)
    return 2 * len(hits) / total if total else 1.0


def agreement(seen, heard):
    """0…1 for each thing that picture and sound both tell of."""
    out = {"pitch": float(seen.colour == heard.pitch), "timbre": float(seen.shape == heard.timbre)}
    if seen.events is not None:
        out["onsets"] = matched(seen.events, heard.events, seconds=seen.seconds)
    return out


def truth(scenes, i):
    """What scene i is, in the judge's terms."""
    events = [float(t) for t in scenes.events(i)]
    return (
        Seen(int(scenes.colour[i]), int(scenes.shape[i]), int(scenes.kind[i]), events),
        Heard(int(scenes.colour[i]), int(scenes.shape[i]), events),
    )
