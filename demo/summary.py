"""Says how often picture and sound agree in what each arm of the demo made.

  summary.py LOOK ARM=SECONDS …

LOOK has judged.json, of judged.py.
"""

import json
import os
import sys

import agreement

look, *times = sys.argv[1:]
seconds = dict(t.split("=") for t in times)
with open(os.path.join(look, "judged.json")) as file:
    scenes = json.load(file)
shared = agreement.common(scenes, seconds)


def line(name, values, n):
    print((f"{name:<8}" + "".join(f"{v:>10}" for v in values) + f"{n:>9}").rstrip())


print("Agreement of picture and sound, 0 … 1, by image and signal processing, in the scenes that all arms made:")
line("task", seconds, "scenes")
for task in sorted({s["task"] for s in shared}):
    of = [s for s in shared if s["task"] == task]
    line(task, [f"{agreement.mean(of, arm):.2f}" for arm in seconds], len(of))
line("all", [f"{agreement.mean(shared, arm):.2f}" for arm in seconds], len(shared))
whole = [arm for arm in seconds if len(agreement.common(scenes, [arm])) == len(scenes)]
if len(shared) < len(scenes) and whole:
    means = ", ".join(f"{arm} {agreement.mean(scenes, arm):.2f}" for arm in whole)
    print(f"over all {len(scenes)} scenes: {means}")
line("seconds", seconds.values(), "")
line("samples", [len(agreement.common(scenes, [arm])) for arm in seconds], "")
