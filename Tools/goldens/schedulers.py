#!/usr/bin/env python3
"""Goldens of the schedulers: whole runs of diffusers' own classes over drawn outputs of a network.

  schedulers.py --out Tests/Fixtures/Data/schedulers

Latents and outputs are not stored: the tests draw the same ones from a seed. Latents are stored after each step, as
z = x / sqrt(sigma^2 + 1) where the class keeps x. A scheduler's configuration goes through `from_config`, as that of a
model's folder does, with the fields that a job may put in its place.
"""

import argparse
import json
import os
import warnings

import torch
from diffusers import DDIMScheduler, DPMSolverMultistepScheduler, EulerDiscreteScheduler
from safetensors.torch import save_file

SHAPE = (1, 2, 2, 3)
CLASSES = {"ddim": DDIMScheduler, "dpmsolver++": DPMSolverMultistepScheduler, "euler": EulerDiscreteScheduler}

# As published: stable-diffusion-v1-5 and cvssp/audioldm-m-full.
SD15 = {
    "_class_name": "PNDMScheduler",
    "_diffusers_version": "0.6.0",
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "num_train_timesteps": 1000,
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
    "steps_offset": 1,
    "trained_betas": None,
    "clip_sample": False,
}
AUDIOLDM = {
    "_class_name": "DDIMScheduler",
    "_diffusers_version": "0.15.0.dev0",
    "beta_end": 0.0195,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.0015,
    "clip_sample": False,
    "num_train_timesteps": 1000,
    "prediction_type": "epsilon",
    "set_alpha_to_one": False,
    "steps_offset": 1,
    "trained_betas": None,
}


def randn(seed):
    return torch.randn(SHAPE, generator=torch.Generator("cpu").manual_seed(seed))


def cases():
    for name in CLASSES:
        for base, config in (("sd15", SD15), ("audioldm", AUDIOLDM)):
            for steps in (1, 6, 25):
                yield f"{name}.{base}.{steps}", name, config, {}, steps, 0
        for spacing in ("leading", "linspace", "trailing"):
            for prediction in ("epsilon", "v_prediction", "sample"):
                config = dict(SD15, prediction_type=prediction)
                yield f"{name}.{spacing}.{prediction}", name, config, dict(timestep_spacing=spacing), 10, 0
            yield f"{name}.linear.{spacing}", name, SD15, dict(beta_schedule="linear", timestep_spacing=spacing), 16, 0
        yield f"{name}.bare", name, dict(_class_name=CLASSES[name].__name__), {}, 9, 0

    ddim = dict(SD15, set_alpha_to_one=True)
    yield "ddim.clip", "ddim", dict(ddim, clip_sample=True), {}, 10, 0
    yield (
        "ddim.clip.range",
        "ddim",
        dict(ddim, clip_sample=True, clip_sample_range=2.5, prediction_type="v_prediction"),
        {},
        10,
        0,
    )
    yield "ddim.eta", "ddim", SD15, {}, 12, 0.4
    yield "ddim.eta.v", "ddim", dict(ddim, prediction_type="v_prediction"), dict(timestep_spacing="trailing"), 6, 1.0
    yield "ddim.karras", "ddim", dict(SD15, use_karras_sigmas=True), {}, 5, 0

    def dpm(name, steps, eta=0, override=None, **more):
        return f"dpm.{name}.{steps}", "dpmsolver++", dict(SD15, **more), override or {}, steps, eta

    for steps in (6, 20):
        for order in (1, 2, 3):
            yield dpm(f"order{order}", steps, solver_order=order)
            yield dpm(f"order{order}.low", steps, solver_order=order, lower_order_final=False)
        yield dpm("heun", steps, solver_type="heun")
        yield dpm("heun3", steps, solver_type="heun", solver_order=3)
        yield dpm("sigma_min", steps, final_sigmas_type="sigma_min")
        yield dpm("sigma_min.euler", steps, final_sigmas_type="sigma_min", euler_at_final=True)
        yield dpm("sigma_min.order3", steps, final_sigmas_type="sigma_min", solver_order=3, lower_order_final=False)
        for order in (1, 2):
            for solver in ("midpoint", "heun"):
                yield dpm(
                    f"sde{order}.{solver}",
                    steps,
                    algorithm_type="sde-dpmsolver++",
                    solver_order=order,
                    solver_type=solver,
                )
        yield dpm("karras", steps, override=dict(use_karras_sigmas=True))
        yield dpm("karras.sigma_min", steps, use_karras_sigmas=True, final_sigmas_type="sigma_min")
        for spacing in ("leading", "linspace", "trailing"):
            yield dpm(f"clipped.{spacing}", steps, lambda_min_clipped=-1.5, override=dict(timestep_spacing=spacing))
    yield dpm("unipc", 8, solver_type="bh2", solver_order=2)
    yield dpm("deis", 8, algorithm_type="deis", solver_type="logrho", final_sigmas_type="sigma_min")
    for steps in (6, 20):
        for spacing in ("leading", "linspace", "trailing"):
            yield (
                f"euler.karras.{spacing}.{steps}",
                "euler",
                SD15,
                dict(use_karras_sigmas=True, timestep_spacing=spacing),
                steps,
                0,
            )
        yield f"euler.sigma_min.{steps}", "euler", dict(SD15, final_sigmas_type="sigma_min"), {}, steps, 0
        yield (
            f"euler.limits.{steps}",
            "euler",
            dict(SD15, use_karras_sigmas=True, sigma_min=0.1, sigma_max=9.5),
            {},
            steps,
            0,
        )


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--out", required=True)
    a = ap.parse_args()
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    os.makedirs(a.out, exist_ok=True)
    tensors, runs = {}, []
    for key, name, config, override, steps, eta in cases():
        s = CLASSES[name].from_config(config, **override)
        s.set_timesteps(steps)
        euler = name == "euler"
        x = randn(1) * float(s.init_noise_sigma)
        start = float(s.init_noise_sigma) / float((s.sigmas[0].double() ** 2 + 1) ** 0.5 if euler else 1)
        latents = []
        for i, t in enumerate(s.timesteps):
            output, fresh = randn(100 + i), randn(500 + i)
            if euler:
                s.scale_model_input(x, t)
                x = s.step(output, t, x).prev_sample
            elif name == "ddim":
                x = s.step(output, int(t), x, eta=eta, variance_noise=fresh if eta else None).prev_sample
            else:
                x = s.step(output, t, x, variance_noise=fresh).prev_sample
            z = x.double() / (s.sigmas[i + 1].double() ** 2 + 1) ** 0.5 if euler else x
            latents.append(z.float())
        tensors[key] = torch.cat(latents)
        runs.append(
            dict(
                key=key,
                scheduler=name,
                config=config,
                override=override,
                steps=steps,
                eta=eta,
                start=start,
                timesteps=[float(t) for t in s.timesteps],
            )
        )
    save_file(tensors, f"{a.out}/runs.safetensors")
    with open(f"{a.out}/runs.json", "w") as f:
        json.dump(runs, f, separators=(",", ":"))
    print(f"{len(runs)} runs")


if __name__ == "__main__":
    main()
