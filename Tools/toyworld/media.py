"""Clips, sounds and pictures as files: videos and what is read through ffmpeg."""

import struct
import subprocess
import wave
import zlib

import numpy as np

import world


def _ffmpeg(*arguments, data=None):
    done = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-y", *arguments], input=data, capture_output=True)
    if done.returncode:
        raise SystemExit(f"ffmpeg {' '.join(arguments)}: {done.stderr.decode().strip()}")
    return done.stdout


def _raw(side, fps):
    return ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{side}x{side}", "-r", str(fps), "-i", "-"]


def _bytes(pictures):
    return np.round(np.asarray(pictures) * 255).astype(np.uint8).transpose(0, 2, 3, 1).tobytes()


def write_video(path, frames):
    """Frames [T, 3, 64, 64], 0…1, without sound, nearly without loss."""
    _ffmpeg(
        *_raw(world.SIDE, world.FPS),
        "-c:v",
        "libx264",
        "-preset",
        "slow",
        "-crf",
        "8",
        "-pix_fmt",
        "yuv420p",
        path,
        data=_bytes(frames),
    )


def write_picture(path, picture):
    """A picture [3, height, width], 0…1, as PNG."""
    rows = np.round(np.asarray(picture).clip(0, 1) * 255).astype(np.uint8).transpose(1, 2, 0)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    # Eight bits of three colours; each row begins with a 0: not filtered.
    head = struct.pack(">IIBBBBB", rows.shape[1], rows.shape[0], 8, 2, 0, 0, 0)
    lines = zlib.compress(b"".join(b"\0" + row.tobytes() for row in rows), 9)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", lines) + chunk(b"IEND", b""))


def write_sound(path, samples):
    """[samples], −1…1, as WAV of 16 bits."""
    with wave.open(path, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(world.RATE)
        file.writeframes(np.round(np.asarray(samples) * 32767).astype("<i2").tobytes())


def read_frames(path, side=world.SIDE):
    """All frames of a video, or a picture as one, [T, 3, 64, 64], 0…1."""
    data = _ffmpeg("-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{side}x{side}", "-")
    return np.frombuffer(data, np.uint8).reshape(-1, side, side, 3).transpose(0, 3, 1, 2).astype(np.float32) / 255


def read_sound(path):
    """A file's sound as [samples] at 16 kHz, mono."""
    return np.frombuffer(_ffmpeg("-i", path, "-vn", "-f", "f32le", "-ac", "1", "-ar", str(world.RATE), "-"), np.float32)


def write_sheet(path, rows, scale=2):
    """Rows of pictures, each [3, h, w], one below the other as one PNG; shorter rows are filled with grey."""
    lines = [np.concatenate(row, 2) for row in rows]
    width = max(line.shape[2] for line in lines)
    sheet = np.concatenate(
        [np.pad(line, ((0, 0), (0, 0), (0, width - line.shape[2])), constant_values=0.5) for line in lines], 1
    )
    sheet = sheet.repeat(scale, 1).repeat(scale, 2)
    write_picture(path, sheet)


def spectrogram(samples, height=64, width=200):
    """A picture [3, height, width] of a sound: time to the right, 0 to 8 kHz upwards, 60 dB from black to white."""
    hop = max(1, len(samples) // width)
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(samples, 512), 1024)[::hop][:width] * np.hanning(1024)
    power = np.abs(np.fft.rfft(frames)) ** 2
    bands = np.stack([b.mean(1) for b in np.array_split(power[:, :512], height, 1)], 1)
    level = 10 * np.log10(bands / max(bands.max(), 1e-12) + 1e-6) / 60 + 1
    grey = level.T[::-1]
    return np.stack([grey.clip(0, 1) ** 0.7, grey.clip(0, 1) ** 1.2, (0.25 + 0.75 * grey).clip(0, 1) * (grey > 0.02)])
