#!/usr/bin/env python3
"""Goldens of MM-Diffusion: every layer of both networks, its samplers, and runs with and without the aligner.

  mm.py --reference DIR --models MODELS --out Tests/Fixtures/Data/mm [--only layers,times,adaptive,runs]
  mm.py --reference DIR --published FOLDER --out OUT

DIR holds mm_diffusion.py, reference.py and ib.py; MODELS holds mm/ and imagebind/, which random_models.py makes. Of
long tensors every k-th element is kept; `keep` in the metadata names k. What a test starts from is drawn from a seed by
the test too, or whole. FOLDER holds landscape.pt and landscape_SR.pt in the published sizes, which `mm_diffusion.py
make` writes.
"""

import argparse
import json
import os
import sys

import torch
from units import Kept, randn


def configurations(M):
    """What the files of MODELS do not tell the reference."""
    base = dict(
        M.BASE,
        video_size=[16, 3, 16, 16],
        model_channels=32,
        channel_mult=[1, 1, 2],
        num_res_blocks=1,
        cross_head_channels=16,
        cross_resolutions=[2, 4],
        cross_windows=[1, 4],
        video_attention=[2, 4],
    )
    upscaler = dict(M.SR, size=64, model_channels=32, channel_mult=[1, 2, 2], num_res_blocks=1, attention=[4])
    return base, upscaler


def layers(base, upscaler, out):
    """Two samples with shifts of their own."""
    dtype = base.w["time_embed.0.weight"].dtype
    kept = Kept()
    shifts = torch.tensor([[(3 * k + 5 * s) % n for k, n in enumerate(base.shift_range)] for s in range(2)])
    video, audio = (randn(900 + i, 2, *base.c[key]).to(dtype) for i, key in enumerate(("video_size", "audio_size")))
    base.tap = {}
    with torch.no_grad():
        results = base(video, audio, torch.tensor([958, 958]), shifts)
    for name, t in [*base.tap.items(), *zip(("out.vision", "out.audio"), results, strict=True)]:
        kept.put(name, t.float(), 600)
    kept.tensors["shifts"] = shifts
    kept.save(f"{out}/base.safetensors")
    kept = Kept()
    side = upscaler.c["size"]
    upscaler.tap = {}
    with torch.no_grad():
        result = upscaler(
            randn(902, 2, 3, side, side).to(dtype),
            torch.tensor([40, 40]),
            randn(903, 2, 3, side // 4, side // 4).to(dtype).clamp(-1, 1),
        )
    for name, t in [*upscaler.tap.items(), ("out", result)]:
        kept.put(name, t.float(), 600)
    kept.save(f"{out}/upscaler.safetensors")


def times(M, out):
    """What the network is told, step by step, for many numbers of steps."""
    found = {}
    for name in ("dpm_solver", "dpm_solver++"):
        for steps in [*range(1, 41), 50, 64, 100]:
            sampler = M.make_sampler(name, steps, torch.float32)
            found[f"{name} {steps}"] = [index for _, index in sampler.grid()]
    for steps in (2, 3, 5, 25, 30, 100, 250, 1000):
        found[f"ddpm {steps}"] = M.make_sampler("ddpm", steps, torch.float32).grid()
    for steps in (2, 5, 25, 40, 100, 250):
        found[f"ddim {steps}"] = M.make_sampler("ddim", steps, torch.float32).grid()
    with open(f"{out}/times.json", "w") as f:
        json.dump(found, f, separators=(",", ":"))
        f.write("\n")


def adaptive(M, out):
    """Steps whose length errors decide, on a formula in place of a network."""
    video, audio = randn(910, 1, 4, 3, 4, 4), randn(911, 1, 1, 256)
    asked = []

    def model(z, t):
        asked.append(t)
        return [torch.tanh(x * (1.5 - t / 1000)) * 0.9 for x in z]

    sampler, z = M.make_sampler("dpm_solver++adaptive", None, torch.float32), (video, audio)
    while sampler.n is None:
        z, *_ = sampler.step(0, z, model, None)
    kept = Kept()
    for name, t in zip(("vision", "audio"), z, strict=True):
        kept.put(name, t, 1000)
    # The official program asks anew for what it knows where a step begins anew.
    kept.tensors["times"] = torch.tensor(asked)
    kept.save(f"{out}/adaptive.safetensors")


# Sampler, its predictions, seeds, and how the aligner is set; none for a plain run.
DESCENT = dict(opt="sgd", lrs=(50, 50))
RUNS = dict(
    ddim=("ddim", 3, (7,), {}),
    ddim_all=("ddim", 2, (7, 9), dict(DESCENT, frames="all", warmup=0)),
    ddim_official=("ddim", 3, (7,), dict(pairing="official", n_opt=2)),
    ddpm=("ddpm", 3, (7,), dict(lr_scale="sigma")),
    dpm_solver=("dpm_solver", 8, (7,), dict(DESCENT, stop=0.8, warmup=0)),
    dpm_solver_plus=("dpm_solver++", 6, (7,), None),
)
KEPT = ("noise", "shifts", "z_in", "eps_used", "z_prev", "x0", "emb", "grad_z", "z_out")


def runs(M, R, network, bind, out, floor, cases):
    for name in cases or RUNS:
        sampler, steps, seeds, guided = RUNS[name]
        traces = {}
        for dtype in (torch.float32, torch.float64)[: 2 if floor else 1]:
            base = network(dtype)
            options = dict(guided or {})
            frames = options.pop("frames", "ends")
            binder = None if guided is None else M.Binder(bind(dtype), base.c, frames=frames)
            trace = R.Trace(2)
            force = traces.get(torch.float32)
            result = M.sample(
                base,
                M.make_sampler(sampler, steps, dtype),
                M.Noise(list(seeds), base.c, dtype),
                binder=binder,
                trace=trace,
                force=force and force.t,
                **options,
            )
            trace.put("final.pixels", M.to_uint8(result[0]))
            traces[dtype] = trace
        trace = traces[torch.float32]
        if floor:
            worst = {}
            for key, value in trace.t.items():
                if value.is_floating_point():
                    other = traces[torch.float64].t[key].double()
                    error = float((value.double() - other).norm() / (other.norm() + 1e-300))
                    kind = key[key.rfind(".") + 1 :]
                    worst[kind] = max(worst.get(kind, 0), error)
            print(name, {k: f"{v:.1e}" for k, v in worst.items()})
            continue
        kept = Kept()
        for key, value in trace.t.items():
            if key.endswith(KEPT) or key.startswith("final"):
                # What a step begins with is whole; the first of them begins with the noise, which the test draws.
                whole = key.endswith("z_in") and not key.startswith("000")
                kept.put(key, value, 1 << 30 if whole else 1000)
        kept.save(f"{out}/{name}.safetensors")
        scalars = {
            key: value for key, value in trace.s.items() if key.endswith((".loss", ".t")) or key == "evaluations"
        }
        with open(f"{out}/{name}.json", "w") as f:
            json.dump(scalars, f, indent=1, sort_keys=True)
            f.write("\n")


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--reference", required=True)
    ap.add_argument("--models")
    ap.add_argument("--published", help="every layer of the networks of this folder alone, in single precision")
    ap.add_argument("--out", required=True)
    ap.add_argument("--only", default="layers,times,adaptive,runs")
    ap.add_argument("--cases", help="of the runs, by name")
    ap.add_argument(
        "--floor", action="store_true", help="write no runs; print how far single precision itself is from double"
    )
    a = ap.parse_args()
    sys.path.insert(0, a.reference)
    import ib
    import mm_diffusion as M
    import reference as R

    torch.set_num_threads(2)
    os.makedirs(a.out, exist_ok=True)
    base, upscaler = (M.BASE, M.SR) if a.published else configurations(M)
    folder = a.published or f"{a.models}/mm"

    def network(dtype, cls, name, configuration):
        state = torch.load(f"{folder}/{name}.pt", weights_only=True)
        return cls(state, configuration, dtype)

    if a.published:
        a.only = "layers"
    dtype = torch.float32 if a.published else torch.float64

    if "layers" in a.only:
        layers(
            network(dtype, M.MultimodalUNet, "landscape", base),
            network(dtype, M.SuperResUNet, "landscape_SR", upscaler),
            a.out,
        )
    if "times" in a.only:
        times(M, a.out)
    if "adaptive" in a.only:
        adaptive(M, a.out)
    if "runs" in a.only:

        def bind(dtype):
            binder = ib.ImageBind.load(f"{a.models}/imagebind")
            binder.w = {k: v.to(dtype) for k, v in binder.w.items() if k.split(".")[1] in ("vision", "audio")}
            return binder

        runs(
            M,
            R,
            lambda dtype: network(dtype, M.MultimodalUNet, "landscape", base),
            bind,
            a.out,
            a.floor,
            a.cases.split(",") if a.cases else (),
        )


if __name__ == "__main__":
    main()
