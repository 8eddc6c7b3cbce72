"""Prints clips as the reference cuts them: `clip_times` and `clip_frame_ids`, on Python's own exact fractions.

Lines: "samples DURATION N: START END …" (at 16 kHz) and "frames COUNT RATE N: FIRST LAST …".
"""

import math
import random
from fractions import Fraction


def clip_times(duration, clip_duration, n):
    clip = Fraction(clip_duration)
    last = Fraction(max(duration - clip, 0))
    gap = Fraction(last, max(n - 1, 1))
    return [(gap * k, gap * k + clip) for k in range(n)]


random.seed(3)
for _ in range(150):
    duration = random.choice(
        [random.randint(8000, 200000) / 16000, random.uniform(0.2, 30), random.randint(2, 90) / 10]
    )
    n = random.choice([1, 2, math.ceil(duration), random.randint(1, 12)])
    cuts = [x for s, e in clip_times(duration, 1, n) for x in (int(s * 16000), int(e * 16000))]
    print(f"samples {duration!r} {n}:", *cuts)
for _ in range(250):
    rate = random.choice(
        [8.0, 10.0, 12.5, 15.0, 23.976023976023978, 24.0, 25.0, 29.97002997002997, 30.0, 50.0, 59.94005994005994, 60.0]
    )
    count = random.randint(math.ceil(rate / 2), 400)
    n = random.choice([math.ceil(count / rate), random.randint(1, 12)])
    ids = []
    for s, e in clip_times(float(count) / rate, 1, n):
        a, b = math.ceil(rate * s), min(math.ceil(rate * e), count)
        assert b > a
        ids += [a, b - 1]
    print(f"frames {count} {rate!r} {n}:", *ids)
