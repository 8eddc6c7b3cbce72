"""Judges the files in demo/scenes and compares with truth.json. Ends with 1 if anything is found that is not so."""

import json
import os
import sys

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "Tools", "toyworld"))
# Found by the path alone.
import judge  # noqa: E402
import media  # noqa: E402
import world  # noqa: E402

folder = os.path.join(ROOT, "demo", "scenes")
truth = json.load(open(os.path.join(folder, "truth.json")))
wrong = []
for name, fact in truth.items():
    seen = judge.see(media.read_frames(f"{folder}/{name}.mp4"))
    still = judge.see(media.read_frames(f"{folder}/{name}.png"))
    heard = judge.hear(media.read_sound(f"{folder}/{name}.wav"))
    for what, found in {
        "colour of the video": world.COLOURS[seen.colour] == fact["colour"],
        "shape of the video": world.SHAPES[seen.shape] == fact["shape"],
        "kind of the video": world.KINDS[seen.kind] == fact["kind"],
        "events of the video": judge.matched(fact["events"], seen.events) == 1,
        "colour of the still": world.COLOURS[still.colour] == fact["colour"],
        "pitch": world.COLOURS[heard.pitch] == fact["colour"],
        "timbre": world.SHAPES[heard.timbre] == fact["shape"],
        "onsets": judge.matched(fact["events"], heard.events) == 1,
    }.items():
        if not found:
            wrong.append(f"{name}: {what}: {fact}, {seen}, {heard}")
print("\n".join(wrong) or f"{len(truth)} scenes are as they were made")
sys.exit(1 if wrong else 0)
