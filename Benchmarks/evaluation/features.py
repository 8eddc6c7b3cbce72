#!/usr/bin/env python3
"""Features of many clips on the CPU, beside the networks' PyTorch reference on the same threads.

  features.py --reference DIR --networks DIR [--only vggish,cnn14,passt,i3d] [--clips 100] [--threads 2] [--rounds 1]
              [--batch 8] [--bin .build/release]

The first DIR holds evaluation.py, the reference, which also makes the networks of the second: `evaluation.py
checkpoints --size full`. Clips last 10 s: wav files at 44.1 kHz for networks that hear, mp4 files of 256 × 256 at 8
frames a second for I3D. seehear's time is that of the whole command, with its metric; the reference's begins once its
libraries are imported, and has everything from loading the network on. They take turns; each figure is the faster of
its rounds. Needs torch, torchaudio, soundfile and opencv-python-headless, and ffmpeg.
"""

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
METRICS = {"vggish": "fad", "cnn14": "fd", "passt": "fd-passt", "i3d": "fvd"}
SECONDS = 10


def theirs(folder, network, networks, files, threads, batch):
    """How long the reference takes, as the tools of the field go about it: sounds are resampled by torchaudio."""
    import cv2
    import soundfile
    import torch
    from torchaudio.functional import resample

    spec = importlib.util.spec_from_file_location("reference_evaluation", f"{folder}/evaluation.py")
    R = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(R)
    torch.set_num_threads(threads)

    def wave(file, rate):
        samples, found = soundfile.read(file, dtype="float32", always_2d=True)
        x = torch.from_numpy(samples[:, 0])
        return resample(x - x.mean(), found, rate)

    def film(file):
        capture, frames = cv2.VideoCapture(file), []
        while (frame := capture.read())[0]:
            frames.append(frame[1][..., ::-1])
        return R.i3d_input(frames)

    front = {
        "vggish": lambda file: R.vggish_examples(wave(file, 16000)),
        "cnn14": lambda file: wave(file, 16000)[None],
        "passt": lambda file: R.passt_mel(wave(file, 32000)[None]),
        "i3d": lambda file: film(file)[None],
    }[network]
    began = time.perf_counter()
    with torch.inference_mode():
        model = R.load(network, networks)
        for start in range(0, len(files), batch):
            model(torch.cat([front(file) for file in files[start : start + batch]]))
    return time.perf_counter() - began


def clip(file, number, heard):
    """A sound of tones and noise, or a zoom into a fractal; each clip another."""
    make = ["ffmpeg", "-y", "-nostdin", "-v", "error", "-f", "lavfi", "-i"]
    if heard:
        tone = f"0.4*sin(2*PI*{200 + 17 * number}*t)*exp(-5*mod(t\\,0.7))+0.05*(2*random({number})-1)"
        source = [f"aevalsrc='{tone}':s=44100:d={SECONDS}"]
    else:
        begin = f"start_scale={3 / (1 + number % 50)}:start_x={-0.7 - 0.001 * number}"
        source = [f"mandelbrot=s=256x256:r=8:{begin}", "-t", str(SECONDS), "-pix_fmt", "yuv420p"]
    subprocess.run([*make, *source, file], check=True)


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--reference", required=True)
    ap.add_argument("--networks", required=True)
    ap.add_argument("--only", default=",".join(METRICS))
    ap.add_argument("--clips", type=int, default=100)
    ap.add_argument("--threads", type=int, default=2)
    ap.add_argument("--rounds", type=int, default=1)
    ap.add_argument("--batch", type=int, default=8, help="clips at a time in the reference")
    ap.add_argument("--bin", default=f"{ROOT}/.build/release")
    ap.add_argument("--theirs", help=argparse.SUPPRESS)
    a = ap.parse_args()
    if a.theirs:
        files = json.load(sys.stdin)
        print(theirs(a.reference, a.theirs, a.networks, files, a.threads, a.batch))
        return
    with tempfile.TemporaryDirectory() as folder:
        for network in a.only.split(","):
            heard, files = network != "i3d", []
            for number in range(a.clips):
                side = f"{folder}/{'heard' if heard else 'seen'}/{'made' if number % 2 else 'real'}"
                os.makedirs(side, exist_ok=True)
                files.append(f"{side}/{number:04d}.{'wav' if heard else 'mp4'}")
                if not os.path.exists(files[-1]):
                    clip(files[-1], number, heard)
            sides = os.path.dirname(os.path.dirname(files[0]))
            ours, reference = [], []
            for number in range(a.rounds):
                command = [f"{a.bin}/seehear-worker", "eval", f"{sides}/made", "--reference", f"{sides}/real"]
                command += ["--metrics", METRICS[network], "--networks", a.networks, "--device", "cpu"]
                command += ["--threads", str(a.threads), "--out", f"{folder}/{network}{number}"]
                began = time.perf_counter()
                subprocess.run(command, check=True, capture_output=True)
                ours.append(time.perf_counter() - began)
                command = [sys.executable, __file__, "--theirs", network, "--reference", a.reference]
                command += ["--networks", a.networks, "--threads", str(a.threads), "--batch", str(a.batch)]
                told = subprocess.run(command, check=True, input=json.dumps(files), text=True, stdout=subprocess.PIPE)
                reference.append(float(told.stdout))
            of = f"{network}, {a.clips} clips, {a.threads} threads, best of {a.rounds}"
            ratio = min(ours) / min(reference)
            print(f"{of}: seehear {min(ours):.1f} s, reference {min(reference):.1f} s, {ratio:.2f}", flush=True)


if __name__ == "__main__":
    main()
