#!/usr/bin/env python3
"""Holds AV-Align to OpenCV and soxr, on clips made here: frames byte for byte, sound bit for bit, the optical flow, the
onsets and the scores by their definitions. Prints what it compared; ends with 1 at the first difference.

  av_align.py PROGRAM FOLDER      PROGRAM: av-align-check; FOLDER: an empty one to work in
"""

import json
import pathlib
import subprocess
import sys
import wave

import cv2
import numpy as np
import soxr

cv2.setNumThreads(1)
program, folder = sys.argv[1], pathlib.Path(sys.argv[2])


def check(holds, message):
    if not holds:
        sys.exit(message)


def ours(*arguments):
    done = subprocess.run([program, *map(str, arguments)], capture_output=True)
    check(done.returncode == 0, f"{' '.join(map(str, arguments))}: {done.stderr.decode()}")
    return done.stdout


def ffmpeg(*arguments):
    subprocess.run(["ffmpeg", "-y", "-nostdin", "-v", "error", *map(str, arguments)], check=True)


def scene(name, rate, size, options, seconds=2, source="testsrc2"):
    path = folder / name
    width, height = size
    ffmpeg(
        *("-f", "lavfi", "-i", f"{source}=s=256x256:r={rate}:d={seconds}", "-vf", f"scale={width}:{height},setsar=1"),
        *(*options.split(), path),
    )
    return path


def frames_of(path):
    capture, frames = cv2.VideoCapture(str(path)), []
    while (found := capture.read())[0]:
        frames.append(found[1])
    return frames, capture.get(cv2.CAP_PROP_FPS)


# ---- Frames ---------------------------------------------------------------------------------------------------------

H264 = "-c:v libx264 -pix_fmt yuv420p"
pictures = [
    scene("even.mp4", 10, (96, 64), H264, 1),
    scene("wide.mp4", 10, (426, 240), H264, 1),
    scene("ragged.mp4", 10, (62, 46), H264 + " -bf 2 -g 4", 1),
    scene("odd.webm", 10, (61, 45), "-c:v libvpx-vp9 -pix_fmt yuv420p", 1),
    scene("odd.mkv", 10, (63, 46), "-c:v ffv1 -pix_fmt yuv422p", 1),
    scene("whole.mp4", 10, (61, 45), "-c:v libx264 -pix_fmt yuv444p", 1),
    scene("full.mp4", 10, (96, 64), "-c:v libx264 -pix_fmt yuvj420p -color_range pc", 1),
    scene("hd.mp4", 10, (96, 64), H264 + " -colorspace bt709 -color_primaries bt709 -color_trc bt709", 1),
    scene("grey.mp4", 10, (90, 60), "-c:v libx264 -pix_fmt gray", 1),
    scene("rgb.mov", 10, (90, 60), "-c:v png", 1),
    scene("motion.avi", 10, (61, 45), "-c:v mjpeg -pix_fmt yuvj420p -q:v 3", 1),
]
ffmpeg("-i", folder / "wide.mp4", "-c", "copy", "-metadata:s:v", "rotate=90", folder / "turned.mp4")
for path in [*pictures, folder / "turned.mp4"]:
    frames, _ = frames_of(path)
    check(len(frames) == 10, f"{path.name}: OpenCV reads {len(frames)} frames")
    expected = np.stack(frames)[..., ::-1].tobytes()
    check(ours("frames", path) == expected, f"{path.name}: the frames are not OpenCV's")
print(f"frames of {len(pictures) + 1} videos")

# ---- Sound ----------------------------------------------------------------------------------------------------------


def librosa_load(samples, rate):
    """What librosa's `load` does to the floats that it reads, by default."""
    mono = np.mean(samples.T, axis=0) if samples.shape[1] > 1 else samples[:, 0]
    if rate == 22050:
        return mono
    length = int(np.ceil(len(mono) * (22050.0 / rate)))
    mono = soxr.resample(mono, rate, 22050, quality="HQ")
    return np.pad(mono, (0, max(0, length - len(mono))))[:length]


def write_wav(path, samples, rate):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())


random = np.random.RandomState(0)
sounds = [(8000, 1), (16000, 1), (22050, 2), (24000, 3), (44100, 2), (48000, 1), (48000, 6), (96000, 9)]
for rate, channels in sounds:
    for count in (7, int(rate * 2.37)):
        samples = random.randint(-32768, 32768, (count, channels))
        write_wav(folder / "sound.wav", samples, rate)
        expected = librosa_load(samples.astype(np.float32) / np.float32(32768), rate)
        found = np.frombuffer(ours("sound", folder / "sound.wav"), np.float32)
        same = found.shape == expected.shape and np.array_equal(found, expected)
        check(same, f"{count} samples at {rate} Hz in {channels} channels: not as librosa loads them")
print(f"sounds of {len(sounds)} kinds")

# ---- Scores ---------------------------------------------------------------------------------------------------------


def mel_bank():
    def hertz(mel):
        return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))

    edges = hertz(np.linspace(0, 15 + 27 * np.log(11.025) / np.log(6.4), 130))[:, None]
    lines = np.arange(1025)[None] * 22050 / 2048
    rising = (lines - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - lines) / (edges[2:] - edges[1:-1])
    return np.maximum(0, np.minimum(rising, falling)) * 2 / (edges[2:] - edges[:-2])


def onsets_of(sound):
    """As librosa's `onset_detect` finds them, restated; the goldens of EvaluationTests are librosa's own."""
    padded = np.pad(sound.astype(np.float64), 1024)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(2048) / 2048)
    power = np.abs(np.fft.rfft(np.lib.stride_tricks.sliding_window_view(padded, 2048)[::512] * window)) ** 2
    level = 10 * np.log10(np.maximum(mel_bank() @ power.T, 1e-10))
    level = np.maximum(level, level.max() - 80)
    envelope = np.maximum(level[:, 1:] - level[:, :-1], 0).mean(0)
    envelope = np.concatenate([np.zeros(3), envelope])[: level.shape[1]]
    if not envelope.any():
        return []
    scaled = (envelope - envelope.min()) / (envelope.max() - envelope.min())
    found, n = [], 0
    while n < len(scaled):
        is_top = scaled[n] == scaled[max(0, n - 1) : n + 1].max()
        is_onset = is_top and scaled[n] >= scaled[max(0, n - 4) : n + 5].mean() + 0.07
        if is_onset:
            found.append(n)
        n += 2 if is_onset else 1
    return [512 * n / 22050 for n in found]


def score(onsets, peaks, rate, variant):
    reach = 1 / rate
    pairs = [[p - reach < o < p + reach for p in peaks] for o in onsets]
    if variant == "tempotokens-2025":
        free = list(range(len(peaks)))
        hits = 0
        for row in pairs:
            near = next((j for j in free if row[j]), None)
            if near is not None:
                free.remove(near)
                hits += 1
    else:
        hits = sum(map(any, pairs))
    if variant == "svg":
        precision = hits / len(onsets) if onsets else 0
        recall = sum(any(p - reach < o < p + reach for o in onsets) for p in peaks) / len(peaks) if peaks else 0
        both = precision + recall - precision * recall
        return precision * recall / both if both else 0
    union = len(onsets) + len(peaks) - hits
    if variant == "javis":
        return hits / (union + 1e-6)
    return hits / union if union else None


def sound_of(rate, seconds, times):
    at = np.arange(int(rate * seconds)) / rate
    sound = 0.01 * random.standard_normal(len(at))
    for number, time in enumerate(times):
        since = np.maximum(at - time, 0)
        sound += np.where(at >= time, 0.4 * np.exp(-12 * since) * np.sin(2 * np.pi * (300 + 170 * number) * since), 0)
    return np.clip(sound * 32767, -32768, 32767)[:, None]


scores = []
for rate, size, source in [
    (8, (128, 96), "testsrc2"),
    (10, (90, 60), "mandelbrot"),
    (12, (64, 64), "testsrc2"),
    (25, (100, 100), "life=mold=10:ratio=0.1:death_color=0x202020:life_color=white"),
]:
    separator = "&" if "=" in source else None
    spec = f"{source}:s=256x256:r={rate}" if separator else f"{source}=s=256x256:r={rate}"
    video = folder / f"clip{rate}.mp4"
    ffmpeg(
        *("-f", "lavfi", "-i", spec, "-t", 3, "-vf", f"scale={size[0]}:{size[1]},setsar=1"),
        *(*H264.split(), "-crf", 18, video),
    )
    sound = folder / f"clip{rate}.wav"
    write_wav(sound, sound_of(16000, 3.0, [0.31, 0.9, 0.98, 1.7, 2.2, 2.61]), 16000)
    report = json.loads(ours("clip", video, sound))

    frames, fps = frames_of(video)
    check(report["rate"] == fps == rate, f"{video.name}: {report['rate']} frames per second, and OpenCV has {fps}")
    grey = [cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY) for frame in frames]
    lengths = []
    for one, two in zip(grey[:-1], grey[1:], strict=True):
        flow = cv2.calcOpticalFlowFarneback(one, two, None, 0.5, 3, 15, 3, 5, 1.2, 0)
        lengths.append(float(np.sqrt((flow.astype(np.float64) ** 2).sum(-1)).mean()))
    trajectory = lengths[:1] + lengths
    worst = np.abs(np.array(report["trajectory"]) - trajectory).max()
    check(worst < 2e-5, f"{video.name}: the flow is {worst} pixels off OpenCV's")

    with wave.open(str(sound)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")[:, None].astype(np.float32)
    onsets = onsets_of(librosa_load(samples / np.float32(32768), 16000))
    check(report["onsets"] == onsets, f"{sound.name}: onsets {report['onsets']}, expected {onsets}")
    check(len(onsets) >= 3, f"{sound.name}: {len(onsets)} onsets say nothing")
    for variant, found in report["scores"].items():
        floor = 0.1 if variant == "tempotokens-2025" else 0
        places = [i for i in range(1, len(trajectory) - 1) if trajectory[i - 1] < trajectory[i] > trajectory[i + 1]]
        peaks = [i / fps for i in places if trajectory[i] >= floor]
        expected = score(onsets, peaks, fps, variant)
        check(found == expected, f"{video.name}: {variant} {found}, expected {expected}")
    check(len(report["scores"]) == 4, f"{video.name}: {report['scores']}")
    scores.append(report["scores"])
check(any(s["paper"] > 0 for s in scores), f"all scores are 0: {scores}")
print(f"scores of {len(scores)} clips: {scores}")
