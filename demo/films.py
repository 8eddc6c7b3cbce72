"""Asks ffprobe about films: a picture and a sound of equal length, decoded to the end without an error. Ends with 1 if
not."""

import json
import subprocess
import sys
from fractions import Fraction

bad = 0
for path in sys.argv[1:]:
    entries = "stream=codec_type,codec_name,avg_frame_rate,duration,nb_read_frames,width,height,sample_rate"
    probe = subprocess.run(
        ["ffprobe", "-v", "error", "-count_frames", "-show_entries", entries, "-of", "json", path],
        capture_output=True,
        text=True,
    )
    streams = {s["codec_type"]: s for s in json.loads(probe.stdout or "{}").get("streams", [])}
    picture, sound = streams.get("video"), streams.get("audio")
    wrong = probe.stderr.strip()
    if not wrong and not (picture and sound):
        wrong = f"has only {', '.join(streams) or 'nothing'}"
    if not wrong and abs(float(picture["duration"]) - float(sound["duration"])) > 0.001:
        wrong = f"its picture lasts {picture['duration']} s and its sound {sound['duration']} s"
    if wrong:
        bad += 1
        print(f"{path}: {wrong}")
        continue
    frames, rate = float(Fraction(picture["avg_frame_rate"])), int(sound["sample_rate"])
    print(
        f"{path}: {picture['width']}×{picture['height']}, {picture['nb_read_frames']} frames at {frames:g} a second, "
        f"{float(picture['duration']):.3f} s; {sound['codec_name']} at {rate} Hz, {float(sound['duration']):.3f} s"
    )
sys.exit(1 if bad else 0)
