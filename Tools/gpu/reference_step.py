#!/usr/bin/env python3
"""Steps of the Python reference on a device, in PyTorch's eager mode: what `seehear-worker bench` is compared with.

    reference_step.py --reference DIR --models MODELS --task v2a [--device cuda] [--precision fp32|tf32|bf16]
                      [--batch 1,4,8] [--seconds 8] [--size 512] [--frames 16] [--fps 8] [--steps 5]
                      [--guidance both|guided|plain] --report FILE

DIR holds reference.py and ib.py, which need torch, torchaudio, diffusers and transformers. A guided step denoises,
decodes, embeds, goes backward and updates with the official preset's settings, a plain one denoises. The networks see
whole batches; what the reference has for one sample only, the filterbank and the frames' transform, runs sample by
sample. Steps are timed as a whole, the device waited for before and after. The report is written after each batch.
"""

import argparse
import contextlib
import json
import os
import resource
import statistics
import sys
import time

ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
ap.add_argument("--reference", required=True)
ap.add_argument("--models", required=True)
ap.add_argument("--task", choices=["v2a", "i2a", "a2v", "a2i", "joint"], required=True)
ap.add_argument("--device", default="cuda")
ap.add_argument("--precision", choices=["fp32", "tf32", "bf16"], default="fp32")
ap.add_argument("--batch", default="1")
ap.add_argument("--seconds", type=float, default=10)
ap.add_argument("--size", type=int, default=512)
ap.add_argument("--frames", type=int, default=16)
ap.add_argument("--fps", type=float, default=8)
ap.add_argument("--steps", type=int, default=5)
ap.add_argument("--guidance", choices=["both", "guided", "plain"], default="both", help="which steps are timed")
ap.add_argument("--warm-up", type=int, default=2)
ap.add_argument("--threads", type=int)
ap.add_argument("--report", required=True)
a = ap.parse_args()

sys.path.insert(0, a.reference)
# Found by the path alone, which the arguments tell.
import ib  # noqa: E402
import reference  # noqa: E402
import torch  # noqa: E402

cuda = a.device.startswith("cuda")
dtype = torch.bfloat16 if a.precision == "bf16" else torch.float32
torch.backends.cuda.matmul.allow_tf32 = a.precision == "tf32"
torch.backends.cudnn.allow_tf32 = a.precision == "tf32"
if a.threads:
    torch.set_num_threads(a.threads)
torch.manual_seed(0)
PROMPT = "a dog barking in the rain"


class Part:
    """One stream of the reference, for a batch."""

    def __init__(self, stream, batch, rate, prompt_rate):
        self.stream, self.rate, self.prompt_rate = stream, rate, prompt_rate
        y, _ = stream.encode(PROMPT)
        self.y = y.to(a.device).repeat(batch, *[1] * (y.dim() - 1))
        self.unconditional = stream.u.to(a.device).repeat(batch, *[1] * (y.dim() - 1))
        self.z = torch.randn((batch, *stream.shape[1:])).to(a.device, dtype)

    def denoise(self, t, graph):
        self.stream.u = self.unconditional
        self.prompt = self.y.detach().requires_grad_(graph)
        with torch.set_grad_enabled(graph):
            return self.stream.eps(self.z, torch.tensor(t, device=a.device), self.prompt)[0]

    def embed(self, clean, bind):
        if self.stream.kind == "audio":
            _, wave = self.stream.decode(clean)
            heard = [reference.audio_clips(wave[i : i + 1].float(), self.stream.cd, self.stream.n) for i in rows(wave)]
            return bind.audio(torch.cat(heard).to(dtype))
        if not self.stream.F:
            pixels = self.stream._pix(clean)
            seen = [reference.vision_transform(pixels[i][:, None])[None, :, 0] for i in rows(pixels)]
            return bind.vision(torch.cat(seen).to(dtype))
        pixels = {k: self.stream._pix(clean[:, :, k]) for k in sorted({k for clip in self.stream.ids for k in clip})}
        seen = [
            torch.stack(
                [reference.vision_transform(torch.stack([pixels[k][i] for k in c], 1)) for c in self.stream.ids]
            )
            for i in rows(clean)
        ]
        return bind.vision(torch.stack(seen).to(dtype))


def rows(tensor):
    return range(tensor.shape[0])


def step(parts, bind, fixed, guided):
    """Nothing of the step is kept: the next begins with the same latents."""
    leaves, cleans, prompts = [], [], []
    for part in parts:
        t = part.stream.sched.timesteps[10]
        noise = part.denoise(t, guided and part.prompt_rate > 0)
        z = part.stream.sched.step(noise.detach(), t, part.z).detach().to(dtype)
        if guided:
            leaf = z.requires_grad_(True)
            leaves.append((leaf, part.rate))
            cleans.append((part, part.stream.sched.x0(leaf, noise, t)))
            if part.prompt_rate > 0:
                prompts.append((part.prompt, part.prompt_rate))
    if not guided:
        return
    embeddings = [part.embed(clean, bind).float() for part, clean in cleans]
    known = [*fixed, *embeddings[1:]]
    loss = sum(reference.cos_loss(embedding, other).sum() for embedding in embeddings[:1] for other in known)
    loss = loss + sum(reference.cos_loss(embedding, fixed[0]).sum() for embedding in embeddings[1:])
    loss.backward()
    for tensor, rate in leaves + prompts:
        reference.Adam(rate).step(tensor.detach(), tensor.grad)


def wait():
    if cuda:
        torch.cuda.synchronize()


def timed(work):
    wait()
    begun = time.perf_counter()
    work()
    wait()
    return time.perf_counter() - begun


def peak():
    return torch.cuda.max_memory_allocated() if cuda else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def load():
    """The streams with their rates, and ImageBind, on the device."""
    streams = []
    if a.task != "a2v" and a.task != "a2i":
        seconds = a.frames / a.fps if a.task == "joint" else a.seconds
        streams.append((reference.AudioStream(f"{a.models}/audioldm", seconds, 30, 2.5, dtype), 0.1, 0))
    if a.task in ("a2v", "a2i", "joint"):
        frames = 0 if a.task == "a2i" else a.frames
        motion = f"{a.models}/motion_adapter"
        stream = reference.VideoStream(f"{a.models}/sd15", motion, frames, a.size, a.size, a.fps, 25, 7.5, dtype)
        streams.append((stream, 0.01, 0.01))
    towers = {"a2v": ("vision",), "a2i": ("vision",), "joint": ("audio", "vision")}.get(a.task, ("audio",))
    bind = ib.ImageBind.load(f"{a.models}/imagebind")
    bind.w = {k: v.to(a.device, dtype) for k, v in bind.w.items() if k.split(".")[1] in towers}
    return streams, bind


def main():
    begun = time.perf_counter()
    streams, bind = load()
    report = {"task": a.task, "precision": a.precision, "torch": torch.__version__, "steps": [], "out_of_memory": []}
    report["device"] = torch.cuda.get_device_name() if cuda else "cpu"
    report["load"] = time.perf_counter() - begun
    # Prompts are embedded where the text encoders are; then the networks of a step move.
    for batch in sorted({int(word) for word in a.batch.split(",")}):
        try:
            parts = [Part(stream[0], batch, *stream[1:]) for stream in streams]
            for stream, *_ in streams:
                for name in ("unet", "vae", "voc"):
                    if hasattr(stream, name):
                        getattr(stream, name).to(a.device)
            fixed = [torch.randn(batch, bind.cfg["out_embed_dim"]).to(a.device)]
            if a.task != "joint":
                fixed.append(torch.randn(batch, bind.cfg["out_embed_dim"]).to(a.device))
            for guided in {"both": (True, False), "guided": (True,), "plain": (False,)}[a.guidance]:
                if cuda:
                    torch.cuda.reset_peak_memory_stats()
                with contextlib.ExitStack() as stack:
                    if cuda:
                        stack.enter_context(torch.device(a.device))
                    seconds = [
                        timed(lambda guided=guided, parts=parts, fixed=fixed: step(parts, bind, fixed, guided))
                        for _ in range(a.warm_up + a.steps)
                    ][a.warm_up :]
                report["steps"].append(
                    {
                        "batch": batch,
                        "guided": guided,
                        "step": {
                            "median": statistics.median(seconds),
                            "minimum": min(seconds),
                            "maximum": max(seconds),
                            "count": len(seconds),
                        },
                        "peak_bytes": peak(),
                    }
                )
        except torch.OutOfMemoryError:
            report["out_of_memory"].append(batch)
        with open(f"{a.report}.partial", "w", encoding="utf-8") as file:
            json.dump(report, file, indent=2)
        os.replace(f"{a.report}.partial", a.report)
        if report["out_of_memory"]:
            break


if __name__ == "__main__":
    main()
