#!/usr/bin/env python3
"""AV-Align of a clip, beside the way of the official script, on one thread of each.

  av_align.py --program .build/release/av-align-check [--rounds 10] [--seconds 4] [--rate 25]

The script's way: `cv2.calcOpticalFlowFarneback` for each pair of frames and for the first pair twice, which expands
every frame twice, `librosa.load` and `librosa.onset.onset_detect`. Both read the same mp4 and wav; loading programs and
libraries is not counted, nor is what librosa compiles at its first call. They take turns, and each figure is the median
of its rounds, so that other work on the machine slows both. Needs opencv-python-headless, librosa and ffmpeg.

  swift build -c release --product av-align-check
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile
import time

import cv2
import librosa
import numpy as np


def official(video, sound):
    """Onsets, peaks and the score, as the script computes them."""
    capture, frames = cv2.VideoCapture(str(video)), []
    rate = capture.get(cv2.CAP_PROP_FPS)
    while (found := capture.read())[0]:
        frames.append(found[1])

    def flow(one, two):
        grey = [cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY) for frame in (one, two)]
        field = cv2.calcOpticalFlowFarneback(*grey, None, 0.5, 3, 15, 3, 5, 1.2, 0)
        return cv2.mean(cv2.magnitude(field[..., 0], field[..., 1]))[0]

    trajectory = [flow(frames[0], frames[1])]
    trajectory += [flow(one, two) for one, two in zip(frames[:-1], frames[1:], strict=True)]
    inner = range(1, len(trajectory) - 1)
    peaks = [i / rate for i in inner if trajectory[i - 1] < trajectory[i] > trajectory[i + 1]]
    samples, sampled = librosa.load(sound, sr=22050)
    onsets = librosa.onset.onset_detect(y=samples, sr=sampled, units="time")
    met = sum(any(peak - 1 / rate < onset < peak + 1 / rate for peak in peaks) for onset in onsets)
    return met / (len(onsets) + len(peaks) - met)


def clip(folder, size, seconds, rate):
    """A zoom into a fractal, and a tone that begins again and again."""
    video, sound = folder / f"{size}.mp4", folder / f"{size}.wav"
    make = ["ffmpeg", "-y", "-nostdin", "-v", "error", "-f", "lavfi", "-i"]
    subprocess.run(
        [*make, f"mandelbrot=s={size}:r={rate}", "-t", str(seconds), "-pix_fmt", "yuv420p", video], check=True
    )
    tone = f"aevalsrc='0.5*sin(2*PI*440*t)*exp(-9*mod(t\\,0.4))':s=16000:d={seconds}"
    subprocess.run([*make, tone, sound], check=True)
    return video, sound


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--rate", type=int, default=25)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    print(f"OpenCV {cv2.__version__}, librosa {librosa.__version__}, {arguments.rounds} rounds")
    with tempfile.TemporaryDirectory() as name:
        for size in ["256x256", "426x240"]:
            video, sound = clip(pathlib.Path(name), size, arguments.seconds, arguments.rate)
            theirs = official(video, sound)
            times = {"ours": [], "script": []}
            for _ in range(arguments.rounds):
                command = [arguments.program, "clip", video, sound]
                report = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
                times["ours"] += report["seconds"]
                begun = time.perf_counter()
                official(video, sound)
                times["script"].append(time.perf_counter() - begun)
            if not np.isclose(report["scores"]["paper"], theirs, rtol=1e-12):
                raise SystemExit(f"{size}: {report['scores']['paper']} and {theirs} are not the same score")
            ours, script = (statistics.median(times[who]) for who in ("ours", "script"))
            frames = len(report["trajectory"])
            ratio = script / ours
            print(f"{size}, {frames} frames: {ours:.3f} s, the script {script:.3f} s, {ratio:.2f} times as long")


if __name__ == "__main__":
    main()
