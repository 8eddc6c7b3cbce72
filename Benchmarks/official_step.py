#!/usr/bin/env python3
"""One guided step as the released code does it, by stage, on random weights of the published sizes.

  official_step.py --reference DIR --ckpt DIR [--seconds 10] [--threads 2] [--reps 2]

What makes it differ from the reference's own step, all of it read in the released `bind_forward_double_loss`: the
constant video and text go through ImageBind at every step, with the graph recording; the weights of the VAE and the
vocoder are not frozen, so that the backward pass computes their gradients too; anomaly detection is on. ImageBind is
frozen there as here. Loading the models is not counted. Prints one JSON line.
"""

import argparse
import json
import math
import resource
import sys
import time

import torch

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("--reference", required=True)
ap.add_argument("--ckpt", required=True)
ap.add_argument("--seconds", type=int, default=10)
ap.add_argument("--threads", type=int, default=2)
ap.add_argument("--reps", type=int, default=2)
a = ap.parse_args()
sys.path.insert(0, a.reference)
# Found by the path alone, which the arguments tell.
import ib  # noqa: E402
import reference as R  # noqa: E402

torch.set_num_threads(a.threads)
torch.manual_seed(0)
bind = ib.ImageBind.load(f"{a.ckpt}/imagebind")
timer = R.Timer()
s = R.AudioStream(f"{a.ckpt}/audioldm", a.seconds, 30, 2.5, torch.float32, timer=timer)
for network in (s.vae, s.voc):
    for p in network.parameters():
        p.requires_grad_(True)
y, _ = s.encode("a dog barking in the rain")
z = torch.randn(s.shape)
video = torch.randn(1, a.seconds, 3, 2, 224, 224)
ids = torch.zeros(1, 77, dtype=torch.long)
ids[0, :7] = torch.arange(1, 8)
ids[0, 7] = bind.cfg["vocab_size"] - 1
rows = []
for _ in range(a.reps + 1):
    timer.acc.clear()
    begun = time.perf_counter()
    t = s.sched.timesteps[10]
    with torch.no_grad():
        eps, _ = s.eps(z, torch.tensor(t), y)
    leaf = s.sched.step(eps, t, z).detach().requires_grad_(True)
    optimizer = torch.optim.Adam([leaf], lr=0.1)
    with torch.autograd.set_detect_anomaly(True):
        audio, _ = s.to_bind(s.sched.x0(leaf, eps, t))
        with timer("imagebind_vision"):
            vision = bind.vision(video)
        with timer("imagebind_audio"):
            sound = bind.audio(audio)
        with timer("imagebind_text"):
            text = bind.text(ids)
        loss = R.cos_loss(text, sound) + R.cos_loss(vision, sound)
        with timer("backward"):
            loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    row = {k: sum(v) for k, v in timer.acc.items()}
    row["step_total"] = time.perf_counter() - begun
    rows.append(row)
    assert torch.isfinite(leaf).all() and math.isfinite(loss.item())
rows = rows[1:]
print(
    json.dumps(
        {
            "seconds": a.seconds,
            "threads": a.threads,
            "guided_step": {k: round(min(r[k] for r in rows), 4) for k in rows[0]},
            "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        }
    )
)
