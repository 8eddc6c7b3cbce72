"""Plans files that are hard to read, one by one, and says of each what was expected and what was found.

    python3 cases.py --seehear PROGRAM --models MODELS FOLDER...

FOLDER holds files with the names below; MODELS is the `models` of a job for all tasks, as YAML. Each file becomes the
only row of a job that is planned with `--dry-run`; a second plan, with a window behind the end, has the program say how
long the file is. Nothing may take longer than 30 s or more than 400 MB, the look at the models included. Exits with 1
if anything was not as expected, or a folder holds a file that no case is about.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time

# name: (task, column, what is expected). A number is a length in seconds, a text is what a refusal says, and None is a
# file that is taken.
CASES = {
    "16-channels.wav": ("a2v", "audio", None),
    "animated.webp": ("i2a", "image", "animated WebP"),
    "chained-opus.ogg": ("a2i", "audio", 5.0),
    "half.png": ("i2a", "image", "truncated"),
    "no-length.webm": ("v2a", "video", 3.0),
    "no-samples.wav": ("a2v", "audio", "lasts 0 s"),
    "orientation-6.png": ("i2a", "image", None),
    "phone.heic": ("i2a", "image", "HEIC"),
    "segment-5s-to-6s.mkv": ("v2a", "video", 1.0),
    "sound-with-cover.mp4": ("v2a", "video", "cover"),
    "two-takes.ts": ("v2a", "video", "several recordings"),
    "vbr-without-header.mp3": ("a2i", "audio", 4.05),
    "bomb1m.mp4": ("v2a", "video", "claims 1000000 samples"),
    "empty.png": ("i2a", "image", "pixels at most"),
    "claims.ape": ("a2v", "audio", "more memory than a header should"),
    "concat-of-playlist.mp4": ("v2a", "video", "playlist"),
    "concat.mp4": ("v2a", "video", "playlist"),
    "list.m3u8": ("v2a", "video", "playlist"),
    "loop.mp4": ("v2a", "video", "playlist"),
    "sdp.wav": ("a2v", "audio", "playlist"),
    # Manifests: what is said of their rows. The clips of the list are not there.
    "numbers-in-quotes.jsonl": ("v2a", None, "without the quotes"),
    "vggsound-underscores.csv": ("v2a", None, "there is no such file"),
}

SECONDS = 30
MEGABYTES = 400
TOLERANCE = 0.06


class Plan:
    """One call of `seehear plan --dry-run`."""

    def __init__(self, arguments, task, manifest, folder):
        job = os.path.join(folder, "job.yaml")
        with open(job, "w") as file:
            file.write(
                f"task: {task}\nmanifest: {manifest}\nmodels: {arguments.models}\ninput_hash: stat\n"
                "sampling: {width: 64, height: 64}\n"
                + ("tasks: {v2a: {sampling: {duration: source}}}\n" if task == "v2a" else "")
            )
        begin = time.monotonic()
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(
                [arguments.seehear, "plan", job, "--dry-run"], stdout=output, stderr=subprocess.STDOUT
            )
            # With the resources that this process and its own children took, and no others'.
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = self.code = os.waitstatus_to_exitcode(status)
            output.seek(0)
            self.text = output.read().decode(errors="replace")
        self.seconds = time.monotonic() - begin
        self.megabytes = usage.ru_maxrss / 1024


def row(folder, task, column, path, window=""):
    """Writes a manifest of one row; returns its path."""
    manifest = os.path.join(folder, "rows.jsonl")
    with open(manifest, "w") as file:
        file.write(f'{{"id": "case", "{column}": "{path}", "prompt": "x"{window}}}\n')
    return manifest


def found(arguments, path, task, column, expected, folder):
    """What one case came to, and whether that was expected."""
    manifest = path if column is None else row(folder, task, column, path)
    plan = Plan(arguments, task, manifest, folder)
    said = plan.text.strip().splitlines()
    line = next((line for line in said if "row 1" in line), said[0] if said else "nothing")
    line += f" ({plan.megabytes:.0f} MB)"
    if plan.seconds > SECONDS or plan.megabytes > MEGABYTES:
        return f"after {plan.seconds:.0f} s: {line}", False
    if isinstance(expected, str):
        return line, plan.code == 2 and expected in plan.text
    if plan.code != 0:
        return line, False
    if expected is None:
        return f"it is taken ({plan.megabytes:.0f} MB)", True
    late = Plan(arguments, task, row(folder, task, column, path, ', "start": 86000'), folder)
    length = re.search(r"ends at ([0-9.]+) s", late.text)
    if not length:
        return f"no length: {late.text.strip()}", False
    seconds = float(length[1])
    return f"{seconds} s", abs(seconds - expected) <= TOLERANCE


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seehear", required=True, help="the program")
    parser.add_argument("--models", required=True, help="the `models` of a job, as YAML")
    parser.add_argument("folders", nargs="+", metavar="FOLDER")
    arguments = parser.parse_args()
    wrong = 0
    for folder in arguments.folders:
        for name in sorted(os.listdir(folder)):
            if name not in CASES:
                # What a case refers to, and what is written about them.
                if not name.endswith(".md"):
                    print(f"UNKNOWN  {name}")
                    wrong += 1
                continue
            task, column, expected = CASES[name]
            path = os.path.abspath(os.path.join(folder, name))
            with tempfile.TemporaryDirectory() as scratch:
                text, right = found(arguments, path, task, column, expected, scratch)
            want = "it is taken" if expected is None else expected if isinstance(expected, str) else f"{expected} s"
            print(f"{'ok' if right else 'WRONG':7}  {name}\n           expected: {want}\n           found:    {text}")
            wrong += not right
    print(f"{wrong} not as expected" if wrong else "all as expected")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
