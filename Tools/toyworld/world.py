"""The toy world: scenes that can be seen, heard and told, unlimited in number, with the truth about each known exactly.

A scene is one object of a shape and a colour before a background, two seconds long, in which something happens at
regular times. What is seen decides what is heard:

    shape   -> timbre      circle, square, triangle, star
    colour  -> pitch       red 500 Hz, yellow 700, green 900, cyan 1100, blue 1300, magenta 1700
    events  -> onsets      each bounce, flash or pulse begins a tone
    kind    -> tempo and envelope: bounce once a second, short; flash once a second, long; pulse twice a second, soft

Place, size, tilt and background are seen and not heard; loudness is heard and not seen. Pictures are 64×64 at 8 a
second, sounds 16 kHz, mono. Everything is periodic from before the scene begins, so that no moment of it is special.

A single picture tells when the events are: a bouncing object rises on its right and falls on its left, flashes and
pulses fade at a known rate. So one second of a scene, or one frame, is enough to say what belongs to it.
"""

import math
from dataclasses import dataclass, fields

import numpy as np

SIDE = 64  # pixels
FPS = 8  # pictures a second
SECONDS = 2
FRAMES = FPS * SECONDS
RATE = 16_000  # samples a second

SHAPES = ["circle", "square", "triangle", "star"]
COLOURS = ["red", "yellow", "green", "cyan", "blue", "magenta"]
KINDS = ["bounce", "flash", "pulse"]
GROUNDS = ["night", "dusk", "grid"]

RGB = np.array(
    [
        [0.95, 0.15, 0.12],
        [0.95, 0.85, 0.10],
        [0.15, 0.80, 0.20],
        [0.15, 0.85, 0.90],
        [0.20, 0.30, 0.98],
        [0.90, 0.20, 0.85],
    ],
    np.float32,
)
PITCH = np.array([500.0, 700.0, 900.0, 1100.0, 1300.0, 1700.0])  # Hz: whole periods in 10 ms, six pitch classes
PITCH_CLASS = ["B", "F", "A", "C#", "E", "G#"]
PERIOD = np.array([1.0, 1.0, 0.5])  # seconds between events, by kind
ATTACK = np.array([0.003, 0.003, 0.025])  # seconds of a tone's rise
DECAY = np.array([0.10, 0.28, 0.11])  # seconds of a tone's fall to 1/e
FADE = np.array([0.0, 0.25, 0.16])  # seconds of what is seen of an event
TIMBRE = [  # harmonic: amplitude
    {1: 1.0, 2: 0.08},
    {1: 1.0, 3: 0.55, 5: 0.35, 7: 0.20},
    {1: 1.0, 2: 0.75, 3: 0.55, 4: 0.42, 5: 0.33, 6: 0.25},
    {1: 0.8, 2: 1.0, 4: 0.7},
]
BREATH = [0.0, 0.0, 0.0, 0.35]  # noise in a star's tone
FLOOR = 53  # the line that things bounce on, pixels from above


_Y, _X = np.mgrid[:SIDE, :SIDE].astype(np.float32) + np.float32(0.5)  # middles of the pixels


@dataclass
class Scenes:
    """Many scenes, each field with one value for each."""

    shape: np.ndarray  # index of SHAPES
    colour: np.ndarray  # of COLOURS
    kind: np.ndarray  # of KINDS
    ground: np.ndarray  # of GROUNDS
    x: np.ndarray  # pixels; of what bounces, of the middle of its path
    y: np.ndarray  # pixels; for what bounces, the height of its path
    radius: np.ndarray  # pixels
    tilt: np.ndarray  # radians
    phase: np.ndarray  # seconds to the first event, from 0 up to the period
    gain: np.ndarray  # amplitude of the sound
    noise: np.ndarray  # seed of the sound's noise

    def __len__(self):
        return len(self.shape)

    def __getitem__(self, index):
        index = np.atleast_1d(index) if np.ndim(index) == 0 else index
        return Scenes(**{f.name: getattr(self, f.name)[index] for f in fields(self)})

    @staticmethod
    def concatenated(parts):
        return Scenes(**{f.name: np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(Scenes)})

    @staticmethod
    def drawn(rng, n):
        """n scenes from a numpy generator."""
        kind = rng.integers(len(KINDS), size=n)
        bounce = kind == 0
        return Scenes(
            shape=rng.integers(len(SHAPES), size=n),
            colour=rng.integers(len(COLOURS), size=n),
            kind=kind,
            ground=rng.integers(len(GROUNDS), size=n),
            x=rng.uniform(22, 42, n),
            y=np.where(bounce, rng.uniform(22, 28, n), rng.uniform(22, 42, n)),
            radius=rng.uniform(9.0, 11.5, n),
            tilt=rng.uniform(-0.2, 0.2, n),
            phase=rng.uniform(0, 1, n) * PERIOD[kind],
            gain=rng.uniform(0.3, 0.6, n),
            noise=rng.integers(2**31, size=n),
        )

    # ---- what happens ------------------------------------------------------------------------------------------------
    def events(self, i, seconds=SECONDS):
        """Times of the events of scene i, seconds from the beginning."""
        period = PERIOD[self.kind[i]]
        return [t for t in self.phase[i] + period * np.arange(math.ceil(seconds / period) + 1) if t < seconds - 1e-9]

    def since(self, times):
        """Seconds since the last event, [n, T], at times [T] or [n, T]."""
        return np.mod(np.asarray(times) - self.phase[:, None], PERIOD[self.kind][:, None])

    # ---- what is seen ------------------------------------------------------------------------------------------------
    def pictures(self, times=None):
        """[n, T, 3, 64, 64], 0…1, single precision, at times [T] or [n, T] in seconds; without times the frames of the
        video."""
        times = np.arange(FRAMES) / FPS if times is None else np.asarray(times)
        u = self.since(times).astype(np.float32)  # (n, T)
        n = len(self)

        def per(a):
            return np.asarray(a, np.float32).reshape(n, 1)

        bounce, flash, pulse = (self.kind[:, None] == k for k in range(3))
        fade = np.where(bounce, 0, np.exp(-u / per(np.maximum(FADE[self.kind], 1e-3)))).astype(np.float32)
        glow = np.where(flash, fade, 0)
        r = np.where(pulse, per(self.radius) * (0.72 + 0.62 * fade), per(self.radius))
        squash = np.where(bounce, 1 - 0.3 * np.exp(-np.minimum(u, 1 - u) / 0.05), 1)
        # A bounce: up on the right, down on the left.
        x = np.where(bounce, per(self.x) + 9 * np.sin(2 * math.pi * u), per(self.x))
        y = np.where(bounce, FLOOR - r - 4 * u * (1 - u) * (FLOOR - r - per(self.y)), per(self.y))
        x, y, r, squash, glow = (a.astype(np.float32)[..., None, None] for a in (x, y, r, squash, glow))

        dx, dy = _X - x, (_Y - y - r * (1 - squash)) / squash
        cos, sin = per(np.cos(self.tilt))[..., None, None], per(np.sin(self.tilt))[..., None, None]
        dx, dy = cos * dx + sin * dy, cos * dy - sin * dx
        cover = np.empty_like(dx)
        for s in range(len(SHAPES)):
            of = self.shape == s
            cover[of] = np.clip(0.5 - outline(s, dx[of], dy[of], r[of]), 0, 1)
        cover = cover[:, :, None]  # (n, T, 1, 64, 64)

        colour = RGB[self.colour][:, None, :, None, None]
        back = np.broadcast_to(self.background()[:, None], (n, u.shape[1], 3, SIDE, SIDE))
        if flash.any():
            near = np.exp(-((_X - x) ** 2 + (_Y - y) ** 2) / np.float32(2 * 20.0**2))
            back = back + 0.75 * (glow * near)[:, :, None] * colour
        front = colour + (1 - colour) * 0.65 * glow[:, :, None]
        return np.clip(back + cover * (front - back), 0, 1)

    def background(self):
        """[n, 3, 64, 64]."""

        def paint(*rgb):
            return np.array(rgb, np.float32)[:, None, None]

        lines = ((_X % 16 < 1) | (_Y % 16 < 1)).astype(np.float32)
        back = np.stack(
            [
                np.broadcast_to(paint(0.04, 0.04, 0.07), (3, SIDE, SIDE)),
                paint(0.06, 0.05, 0.10) + _Y / SIDE * paint(0.20, 0.13, 0.16),
                paint(0.10, 0.11, 0.11) + 0.13 * lines,
            ]
        )[self.ground]
        floor = (self.kind == 0)[:, None, None, None] & (_Y >= FLOOR) & (_Y < FLOOR + 2)
        return np.where(floor, np.float32(0.55), back)

    # ---- what is heard -----------------------------------------------------------------------------------------------
    def sounds(self, seconds=SECONDS, begin=0.0):
        """[n, samples], −1…1, single precision, from `begin` on, seconds, one or [n]."""
        n, count = len(self), int(seconds * RATE)

        def column(a):
            return np.broadcast_to(np.asarray(a, np.float32), n).reshape(n, 1)

        period, attack, decay = column(PERIOD[self.kind]), column(ATTACK[self.kind]), column(DECAY[self.kind])
        start = column(np.mod(np.asarray(begin) - self.phase, PERIOD[self.kind]))
        u = np.mod(start + np.arange(count, dtype=np.float32) / RATE, period)
        breath = np.stack([np.random.default_rng(int(s)).standard_normal(count, np.float32) for s in self.noise])
        omega = column(2 * math.pi * PITCH[self.colour])
        wave = np.zeros((n, count), np.float32)
        for echo in range(3):  # the tones before the last one are still fading
            heard = np.exp(-echo * PERIOD[self.kind] / DECAY[self.kind]) > 1e-3
            for s, harmonics in enumerate(TIMBRE):
                of = heard & (self.shape == s)
                if not of.any():
                    continue
                age = u[of] + echo * period[of]
                loud = np.minimum(age / attack[of], 1) * np.exp(-age / decay[of])
                angle = omega[of] * age
                tone = sum(np.float32(a) * np.sin(np.float32(k) * angle) for k, a in harmonics.items())
                tone = tone / np.float32(math.sqrt(sum(a * a for a in harmonics.values())))
                wave[of] += loud * (tone + np.float32(BREATH[s]) * breath[of] if BREATH[s] else tone)
        return np.clip(wave * column(0.6 * self.gain) + np.float32(2e-4) * breath, -1, 1)

    # ---- what is said ------------------------------------------------------------------------------------------------
    def told(self, i, known, rng=None):
        """A caption of scene i that tells of the named attributes alone, in one of several wordings."""
        pick = (lambda *words: words[0]) if rng is None else (lambda *words: words[rng.integers(len(words))])
        colour = COLOURS[self.colour[i]] if "colour" in known else ""
        shape = SHAPES[self.shape[i]] if "shape" in known else ""
        verb = KINDS[self.kind[i]] if "kind" in known else ""
        doing = {"bounce": "bouncing", "flash": "flashing", "pulse": "pulsing", "": ""}[verb]
        does = {"bounce": "bounces", "flash": "flashes", "pulse": "pulses", "": ""}[verb]
        where = (
            {"night": "in the night", "dusk": "at dusk", "grid": "on a grid"}[GROUNDS[self.ground[i]]]
            if "ground" in known
            else ""
        )
        if colour or shape:
            thing = " ".join(w for w in (pick("a", "one", "the"), colour, shape or pick("thing", "shape")) if w)
        else:
            thing = pick("something", "a thing", "it")
        if not doing:
            saying = (
                pick(f"{thing} is there", thing, f"there is {thing}") if colour or shape else "something is happening"
            )
        else:
            saying = pick(
                f"{thing} {does}",
                f"{thing} is {doing}",
                f"{doing} {thing}" if not (colour or shape) else f"{thing}, {doing}",
            )
        return f"{saying} {where}".strip()


ATTRIBUTES = ["shape", "colour", "kind", "ground"]
DOES = ["bounces", "flashes", "pulses"]  # by kind


def captions():
    """One for each colour, shape and kind: all that is seen and heard, and nothing else."""
    return [f"a {c} {s} {d}" for c in COLOURS for s in SHAPES for d in DOES]


def single_captions():
    """Captions of one attribute each."""
    return (
        [f"a {c} thing" for c in COLOURS] + [f"a {s}" for s in SHAPES] + [f"something {d}" for d in DOES]
    )


def outline(shape, x, y, r):
    """Signed distance in pixels to the edge of a shape of radius r around the origin, negative inside; y grows
    downwards."""
    if shape == 0:
        return np.hypot(x, y) - r
    if shape == 1:
        return np.maximum(np.abs(x), np.abs(y)) - 0.86 * r
    if shape == 2:  # equal sides, a corner upwards
        y = y - 0.2 * r
        return np.maximum(y - 0.55 * r, -0.5 * y + np.float32(0.8660254) * np.abs(x) - 0.55 * r)
    fifth = 2 * math.pi / 5  # five points, one upwards
    angle = np.mod(np.arctan2(x, -y) + fifth / 2, fifth) - fifth / 2
    away = np.hypot(x, y)
    p, q = away * np.cos(angle), away * np.abs(np.sin(angle))
    outer, inner = 1.2 * r, 0.52 * r  # the edge from a point to the notch beside it
    ex, ey = inner * math.cos(fifth / 2) - outer, inner * math.sin(fifth / 2)
    return (ey * (p - outer) - ex * q) / np.sqrt(ex * ex + ey * ey)


def held_out(n, first=0):
    """Scenes first … first+n−1 of the held-out split; each is drawn from its own number, and training never draws from
    these."""
    return Scenes.concatenated([Scenes.drawn(np.random.default_rng([1, i]), 1) for i in range(first, first + n)])


def training(seed, step, n):
    """The n scenes of a training step."""
    return Scenes.drawn(np.random.default_rng([0, seed, step]), n)
