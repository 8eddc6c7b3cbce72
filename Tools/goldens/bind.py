#!/usr/bin/env python3
"""What ImageBind is shown by other evaluators, and what it makes of it: crops of frames, and embeddings by the toy
world's binder.

  bind.py --reference DIR --models Models/toyworld --out Tests/Fixtures/Data/bind

Frames are bytes of splitmix64, sounds sums of sines: `BindInputTests` makes the same. Of crops every 199th value is
kept.
"""

import argparse
import os
import sys

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from units import noise_bytes

SIZES = [(96, 72), (72, 96), (426, 240), (224, 224), (300, 224), (64, 64)]  # width, height
MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073])[:, None, None]
STD = torch.tensor([0.26862954, 0.26130258, 0.27577711])[:, None, None]


def film(width, height, frames):
    return noise_bytes(width * 1000 + height, frames, height, width, 3)


def squares(x):
    """Three squares of [frames, 3, h, w], of which one side is 224."""
    h, w = x.shape[2:]
    middle = -(-(h - 224) // 2), -(-(w - 224) // 2)
    if h > w:
        places = [(top, middle[1]) for top in (0, middle[0], h - 224)]
    else:
        places = [(middle[0], left) for left in (0, middle[1], w - 224)]
    return [x[:, :, top : top + 224, left : left + 224] for top, left in places]


def crops(frames, cubic):
    """[frames, h, w, 3] of bytes to [3, 3, frames, 224, 224]."""
    x = torch.from_numpy(frames).permute(0, 3, 1, 2)
    h, w = x.shape[2:]
    size = (int(224 * h / w), 224) if w < h else (224, int(224 * w / h))
    if cubic:
        # torchvision's `v2.Resize` of bytes.
        x = F.interpolate(x, size=size, mode="bicubic", align_corners=False, antialias=True) if size != (h, w) else x
        x = x.float() / 255
    else:
        x = F.interpolate(x.float() / 255, size=size, mode="bilinear", align_corners=False)
    return torch.stack([((s - MEAN) / STD).transpose(0, 1) for s in squares(x)])


def sound():
    """Two channels of 3.2 s at 16 kHz."""
    t = torch.arange(51_200, dtype=torch.float64) / 16_000
    one = 0.3 * torch.sin(2 * np.pi * 440 * t) * (1 + torch.sin(2 * np.pi * 3 * t)) / 2
    other = 0.2 * torch.sin(2 * np.pi * 660 * t) + 0.05
    return torch.stack([one, other]).float()


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--reference", required=True)
    ap.add_argument("--models", required=True)
    ap.add_argument("--out", required=True)
    a = ap.parse_args()
    sys.path.insert(0, a.reference)
    import ib
    import reference as R

    kept = {}
    for width, height in SIZES:
        frames = film(width, height, 2)
        for name, cubic in (("linear", False), ("cubic", True)):
            kept[f"{name}.{width}x{height}"] = crops(frames, cubic).flatten()[::199].contiguous()
    binder = ib.ImageBind.load(f"{a.models}/imagebind")
    binder.w = {k: v.float() if v.is_floating_point() else v for k, v in binder.w.items()}
    frames = film(96, 72, 40)  # 5 s at 8 a second
    with torch.no_grad():
        ids = R.clip_frame_ids(40, 8, 2, 5)
        kept["video.imagebind"] = binder.vision(torch.cat([crops(frames[i], False) for i in ids])[None])
        kept["video.loop"] = binder.vision(R.vision_clips_uint8(frames, 8, 1, 5, torch.float32))
        # The last frames before 1 s and 3 s.
        kept["video.av-benchmark"] = binder.vision(crops(frames[[7, 23]], True)[None])
        kept["audio.imagebind"] = binder.audio(R.audio_clips(sound(), 2, 3))
        kept["audio.loop"] = binder.audio(R.audio_clips(sound(), 1, 4))
    os.makedirs(a.out, exist_ok=True)
    save_file({k: v.contiguous() for k, v in kept.items()}, f"{a.out}/bind.safetensors")


if __name__ == "__main__":
    main()
