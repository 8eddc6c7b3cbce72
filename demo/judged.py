"""Judges every sample of the demo by image and signal processing, draws the spectrograms, and writes judged.json.

  judged.py SCENES LOOK

SCENES has manifest.jsonl and truth.json; LOOK a folder for each arm with its samples as files. Nothing here asks a
network: `Tools/toyworld/judge.py` says what is seen and what is heard, and whether they agree.
"""

import json
import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Tools", "toyworld"))
try:
    # Found by the path alone.
    import judge
    import media
    import world
except ModuleNotFoundError as error:
    sys.exit(
        f"{sys.executable} has no module {error.name}; for numpy: apt-get install python3-numpy, or pip install numpy"
    )

ARMS = ["vanilla", "captioned", "aligner", "search"]
SOURCES = ["video", "image", "audio"]


class Judge:
    def __init__(self, scenes, look):
        self.scenes, self.look = scenes, look
        self.truth = json.load(open(os.path.join(scenes, "truth.json")))

    def row(self, row):
        """What was given, and what each arm made of it."""
        kind = next((k for k in SOURCES if k in row), None)
        scene = os.path.splitext(row[kind])[0] if kind else None
        out = {"id": row["id"], "task": row["task"], "prompt": row["prompt"], "given": None, "arms": {}}
        if kind:
            shutil.copy(os.path.join(self.scenes, row[kind]), self.look)
            out["given"] = {"medium": kind, "file": row[kind], **self.truth[scene]}
            if kind == "audio":
                out["given"]["spectrogram"] = self.draw(row[kind], media.read_sound(os.path.join(self.look, row[kind])))
        for arm in ARMS:
            if os.path.exists(os.path.join(self.look, arm, row["id"] + ".json")):
                out["arms"][arm] = self.sample(f"{arm}/{row['id']}", row["task"], out["given"])
        return out

    def sample(self, base, task, given):
        path = os.path.join(self.look, base)
        said = json.load(open(path + ".json"))
        out = {k: said.get(k) for k in ("prompt", "score", "trust", "words", "definite_caption")}
        seen, heard = self.shown(given), self.sounded(given)
        if task in ("v2a", "i2a", "joint"):
            wave = media.read_sound(path + ".flac")
            heard = judge.hear(wave)
            out["spectrogram"] = self.draw(base + ".flac", wave)
        if task in ("a2v", "joint"):
            seen = judge.see(media.read_frames(path + ".mp4"))
        if task == "a2i":
            seen = judge.see(media.read_frames(path + ".png"))
        out["agreement"] = judge.agreement(seen, heard)
        out["seen"] = {"colour": world.COLOURS[seen.colour], "shape": world.SHAPES[seen.shape], "events": seen.events}
        out["heard"] = {
            "colour": world.COLOURS[heard.pitch],
            "shape": world.SHAPES[heard.timbre],
            "hertz": float(world.PITCH[heard.pitch]),
            "events": heard.events,
        }
        return out

    @staticmethod
    def shown(given):
        """What the scene shows that was given; None where there was none."""
        return given and judge.Seen(
            world.COLOURS.index(given["colour"]),
            world.SHAPES.index(given["shape"]),
            world.KINDS.index(given["kind"]),
            given["events"],
        )

    @staticmethod
    def sounded(given):
        return given and judge.Heard(
            world.COLOURS.index(given["colour"]), world.SHAPES.index(given["shape"]), given["events"]
        )

    def draw(self, file, wave):
        name = os.path.splitext(file)[0] + ".spectrogram.png"
        media.write_picture(os.path.join(self.look, name), media.spectrogram(wave, height=96, width=240))
        return name


def main():
    scenes, look = sys.argv[1:]
    with open(os.path.join(scenes, "manifest.jsonl")) as file:
        rows = [json.loads(line) for line in file]
    judging = Judge(scenes, look)
    # ffmpeg does most of it, in processes of its own.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        judged = list(pool.map(judging.row, rows))
    with open(os.path.join(look, "judged.json"), "w") as file:
        json.dump(judged, file, indent=1)


main()
