#!/usr/bin/env python3
"""Goldens of single layers, schedules, preprocessing steps and small networks, from the libraries that define them.

  units.py --reference DIR --models MODELS --out Tests/Fixtures/Data/units
           [--only torch,schedules,inputs,mel,networks,pictures,archive]

DIR holds reference.py and ib.py; the networks of MODELS, which random_models.py makes, compute the images and embed the
audio. Inputs and weights are not stored: the tests draw the same ones from a seed (`torch.randn` with a CPU generator;
bytes of images by splitmix64). Of long results every `step`-th element of the flattened tensor is kept; what must agree
bit for bit is stored as an FNV-1a hash.
"""

import argparse
import json
import math
import os
import sys

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

FNV_START, FNV_PRIME, MASK = 0xCBF29CE484222325, 0x100000001B3, (1 << 64) - 1


def fnv(values):
    h = FNV_START
    for v in values:
        h = ((h ^ v) * FNV_PRIME) & MASK
    return h


def fnv_bytes(t):
    return f"{fnv(t.contiguous().numpy().tobytes()):016x}"


def randn(seed, *shape, dtype=torch.float32):
    return torch.randn(*shape, generator=torch.Generator("cpu").manual_seed(seed), dtype=dtype)


def noise_bytes(seed, *shape):
    """splitmix64 of seed + i, lowest byte."""
    with np.errstate(over="ignore"):
        z = np.uint64(seed) + (np.arange(math.prod(shape), dtype=np.uint64) + np.uint64(1)) * np.uint64(
            0x9E3779B97F4A7C15
        )
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z & np.uint64(255)).astype(np.uint8).reshape(shape)


def stride_for(t, limit):
    """The step that leaves at most `limit` elements and walks through all columns."""
    k = max(1, math.ceil(t.numel() / limit))
    while k > 1 and t.ndim and math.gcd(k, t.shape[-1]) != 1:
        k += 1
    return k


def thin(t, limit=32):
    k = stride_for(t, limit)
    return dict(count=t.numel(), step=k, values=[float(f"{v:.12g}") for v in t.detach().flatten()[::k].tolist()])


class Kept:
    """Tensors for one safetensors file; the metadata names the step of those that are not whole."""

    def __init__(self):
        self.tensors, self.step = {}, {}

    def put(self, name, t, limit=400):
        k = stride_for(t, limit)
        if k > 1:
            self.step[name] = k
        self.tensors[name] = (
            t.detach().flatten()[::k].contiguous().clone() if k > 1 else t.detach().contiguous().clone()
        )

    def save(self, path):
        save_file(self.tensors, path, metadata={"keep": json.dumps(self.step)})


# ------------------------------------------------------------------------------------------------ layers
def torch_layers(out):
    """Every layer in double precision: the value and the gradient of Σ y·w for a random w."""
    cases = []

    def case(name, kind, inputs, weights, fn, **parameters):
        base = 1000 * (len(cases) + 1)
        xs = [randn(base + i, *s, dtype=torch.float64).requires_grad_() for i, s in enumerate(inputs)]
        ws = [randn(base + 100 + i, *s, dtype=torch.float64) for i, s in enumerate(weights)]
        y = fn(xs, ws)
        w = randn(base + 200, *y.shape, dtype=torch.float64)
        grads = torch.autograd.grad((y * w).sum(), xs)
        cases.append(
            dict(
                name=name,
                kind=kind,
                seed=base,
                inputs=inputs,
                weights=weights,
                shape=list(y.shape),
                y=thin(y),
                gradients=[thin(g) for g in grads],
                **parameters,
            )
        )

    def conv(name, x, w, bias=True, stride=None, padding=None, dilation=None):
        d = len(w) - 2
        s, p, holes = stride or [1] * d, padding or [0] * d, dilation or [1] * d
        case(
            name,
            "conv",
            [x],
            [w] + ([[w[0]]] if bias else []),
            lambda xs, ws: [F.conv1d, F.conv2d, F.conv3d][d - 1](xs[0], ws[0], ws[1] if bias else None, s, p, holes),
            stride=s,
            padding=p,
            dilation=holes,
        )

    conv("conv1d", [2, 3, 17], [4, 3, 3])
    conv("conv1d stride 3, rest left over", [1, 2, 18], [3, 2, 4], stride=[3], padding=[1])
    conv("conv1d dilation 5, kernel 11", [1, 2, 61], [2, 2, 11], padding=[25], dilation=[5])
    conv("conv1d without bias", [2, 2, 9], [3, 2, 1], bias=False)
    conv("conv2d same size", [2, 3, 7, 5], [4, 3, 3, 3], padding=[1, 1])
    conv("conv2d stride 2, odd sizes", [1, 3, 13, 10], [4, 3, 3, 3], stride=[2, 2], padding=[1, 1])
    conv(
        "conv2d uneven in both directions", [1, 2, 11, 9], [3, 2, 2, 5], stride=[3, 2], padding=[0, 2], dilation=[2, 1]
    )
    conv("conv2d patches", [1, 3, 28, 28], [6, 3, 14, 14], bias=False, stride=[14, 14])
    conv("conv3d", [1, 2, 3, 6, 5], [3, 2, 2, 3, 3], stride=[2, 1, 2], padding=[1, 1, 0])
    conv("conv3d patches", [1, 3, 2, 8, 8], [4, 3, 2, 4, 4], bias=False, stride=[2, 4, 4])
    for k, s, p in [(16, 5, 5), (8, 4, 2), (4, 2, 1), (3, 3, 0), (5, 2, 1)]:
        case(
            f"transposed conv1d, kernel {k} stride {s}",
            "transposed",
            [[2, 3, 7]],
            [[3, 2, k], [2]],
            lambda xs, ws, s=s, p=p: F.conv_transpose1d(xs[0], ws[0], ws[1], s, p),
            stride=[s],
            padding=[p],
        )
    for name, shape, groups in [
        ("4 groups", [2, 8, 5, 3], 4),
        ("one group", [1, 6, 7], 1),
        ("3-d", [1, 4, 2, 3, 3], 2),
    ]:
        for silu in (False, True):
            case(
                f"group norm of {name}" + (" and SiLU" if silu else ""),
                "groupNorm",
                [shape],
                [[shape[1]], [shape[1]]],
                lambda xs, ws, groups=groups, silu=silu: (F.silu if silu else lambda v: v)(
                    F.group_norm(xs[0], groups, ws[0], ws[1], 1e-5)
                ),
                groups=groups,
                eps=1e-5,
                silu=silu,
            )
    case(
        "layer norm",
        "layerNorm",
        [[2, 3, 7]],
        [[7], [7]],
        lambda xs, ws: F.layer_norm(xs[0], [7], ws[0], ws[1], 1e-12),
        eps=1e-12,
    )
    case("leaky ReLU 0.1", "leakyReLU", [[3, 11]], [], lambda xs, ws: F.leaky_relu(xs[0], 0.1), slope=0.1)
    case("leaky ReLU 0.01", "leakyReLU", [[3, 11]], [], lambda xs, ws: F.leaky_relu(xs[0], 0.01), slope=0.01)
    unary = dict(
        exp=torch.exp,
        abs=torch.abs,
        sin=torch.sin,
        cos=torch.cos,
        tanh=torch.tanh,
        sigmoid=torch.sigmoid,
        relu=F.relu,
        silu=F.silu,
        gelu=F.gelu,
        square=torch.square,
    )
    for name, fn in unary.items():
        case(name, name, [[3, 7]], [], lambda xs, ws, fn=fn: fn(xs[0]))
    case("log and square root of squares", "logsqrt", [[3, 7]], [], lambda xs, ws: (xs[0] ** 2 + 0.5).sqrt().log())
    case("clamp", "clamp", [[5, 9]], [], lambda xs, ws: xs[0].clamp(-0.5, 0.7), low=-0.5, high=0.7)
    case("unit vectors", "normalized", [[4, 6]], [], lambda xs, ws: F.normalize(xs[0], dim=-1))
    case("linear", "linear", [[2, 5, 4]], [[3, 4], [3]], lambda xs, ws: F.linear(xs[0], ws[0], ws[1]))
    case("matrix product", "matmul", [[2, 3, 4], [2, 4, 5]], [], lambda xs, ws: xs[0] @ xs[1])
    for name, mask, causal in [("", None, False), (", causal", None, True), (", masked", [2, 1, 1, 6], False)]:
        keys = 5 if causal else 6
        case(
            "attention" + name,
            "attention",
            [[2, 3, 5, 4], [2, 3, keys, 4], [2, 3, keys, 4]],
            [mask] if mask else [],
            lambda xs, ws, causal=causal: F.scaled_dot_product_attention(*xs, ws[0] if ws else None, is_causal=causal),
            causal=causal,
        )
    case(
        "one key of masked ones, one head",
        "attention",
        [[1, 1, 7, 8], [1, 1, 9, 8], [1, 1, 9, 8]],
        [],
        lambda xs, ws: F.scaled_dot_product_attention(*xs),
        causal=False,
    )
    case("overlapping windows", "unfold", [[2, 37]], [], lambda xs, ws: xs[0].unfold(1, 10, 4), size=10, step=4)
    case(
        "spectrum of centred windows",
        "spectrum",
        [[2, 64]],
        [],
        lambda xs, ws: (lambda f: torch.fft.rfft(f - f.mean(-1, keepdim=True), n=32).abs().pow(2.0))(
            xs[0].unfold(1, 25, 10)
        ),
        size=25,
        step=10,
        length=32,
    )
    case("edge padding", "edge", [[1, 2, 7]], [], lambda xs, ws: F.pad(xs[0], (2, 1), mode="replicate"), padding=[2, 1])
    for h, w in [(5, 9), (11, 16), (7, 8)]:
        case(
            f"nearest to {h}x{w}",
            "nearest",
            [[1, 2, 5, 8]],
            [],
            lambda xs, ws, h=h, w=w: F.interpolate(xs[0], size=(h, w)),
            height=h,
            width=w,
        )
    for h, w in [(5, 3), (13, 20), (4, 17)]:
        for aa in (False, True):
            case(
                f"bilinear to {h}x{w}" + (", antialiased" if aa else ""),
                "bilinear",
                [[1, 2, 9, 10]],
                [],
                lambda xs, ws, h=h, w=w, aa=aa: F.interpolate(
                    xs[0], size=(h, w), mode="bilinear", align_corners=False, antialias=aa
                ),
                height=h,
                width=w,
                antialias=aa,
            )

    numbers = []
    for seed in [0, 1, 42, 2**31 - 1, 2**32 + 7, 2**53 + 1, 2**63 + 11, 2**64 - 1]:
        for shape in ([1], [15], [16], [17], [3, 5], [2, 3, 7, 5], [1, 8, 50, 16]):
            t = torch.randn(shape, generator=torch.Generator("cpu").manual_seed(seed))
            numbers.append(
                dict(seed=str(seed), shape=shape, dtype="float32", hash=fnv_bytes(t), first=t.flatten()[0].item())
            )
    g = torch.Generator("cpu").manual_seed(7)  # one generator asked several times, in the order of a batch
    for shape in ([3], [2, 20], [5], [40]):
        t = torch.randn(shape, generator=g)
        numbers.append(
            dict(seed="continued", shape=shape, dtype="float32", hash=fnv_bytes(t), first=t.flatten()[0].item())
        )
    for dtype in ("float64", "float16", "bfloat16"):
        for shape in ([5], [33]):
            t = torch.randn(shape, generator=torch.Generator("cpu").manual_seed(3), dtype=getattr(torch, dtype))
            raw = t.view(torch.int16) if t.element_size() == 2 else t
            numbers.append(dict(seed="3", shape=shape, dtype=dtype, hash=fnv_bytes(raw), first=t.flatten()[0].item()))
    x = torch.cat([randn(77, 200) * 1000, torch.tensor([0.0, -0.0, 65504, 65520, 1e-8, 6e-8, 3.4e38, -1e-40])])
    halves = {d: fnv_bytes(x.to(getattr(torch, d)).view(torch.int16)) for d in ("float16", "bfloat16")}
    write_json(f"{out}/torch.json", dict(layers=cases, normal=numbers, halves=halves))


# ------------------------------------------------------------------------------------------------ schedules
def schedules(out):
    from diffusers import DDIMScheduler

    common = dict(num_train_timesteps=1000, clip_sample=False, set_alpha_to_one=False, steps_offset=1)
    configs = {
        "audioldm": dict(common, beta_start=0.0015, beta_end=0.0195, beta_schedule="scaled_linear"),
        "animatediff": dict(
            common, beta_start=0.00085, beta_end=0.012, beta_schedule="linear", timestep_spacing="linspace"
        ),
        "sd": dict(
            common, beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", timestep_spacing="leading"
        ),
        "trailing": dict(
            common,
            beta_start=0.00085,
            beta_end=0.012,
            beta_schedule="linear",
            timestep_spacing="trailing",
            set_alpha_to_one=True,
        ),
    }
    kept, runs, prints = Kept(), [], {}
    z, eps, fresh = randn(1, 1, 2, 3, 4), randn(2, 1, 2, 3, 4), randn(3, 1, 2, 3, 4)
    for name, config in configs.items():
        s = DDIMScheduler(**config)
        kept.put(f"{name}.alphas", s.alphas_cumprod, 10**6)
        prints[name] = []
        for n in [*range(1, 81), 125, 200, 250, 333, 500, 999, 1000]:
            s.set_timesteps(n)
            t = s.timesteps.tolist()
            prints[name].append([n, len(t), max(t), f"{fnv(t):016x}"])
        for n in (1, 4, 25, 30, 50):
            s.set_timesteps(n)
            ts = s.timesteps.tolist()
            for t in sorted({ts[0], ts[len(ts) // 2], ts[-1]}):
                for eta in (0.0, 1.0) if n != 25 else (0.4,):
                    key = f"{name}.{n}.{t}.{eta}"
                    kept.put(key, s.step(eps, t, z, eta=eta, variance_noise=fresh if eta else None).prev_sample)
                    runs.append(dict(schedule=name, steps=n, timestep=t, eta=eta, key=key))
    kept.save(f"{out}/schedules.safetensors")
    write_json(f"{out}/schedules.json", dict(configs=configs, timesteps=prints, runs=runs))

    kept = Kept()
    p = randn(5, 3, 4).requires_grad_()
    optimiser = torch.optim.Adam([p], lr=0.1)
    for k in range(4):
        p.grad = randn(60 + k, 3, 4) * 10.0 ** (-4 * k)  # large, then nearly nothing
        p.grad[0, 0] = 0
        optimiser.step()
        kept.put(f"adam.{k}", p)
    kept.save(f"{out}/adam.safetensors")


# ------------------------------------------------------------------------------------------------ inputs
def square_of(img):
    """Short side to 224, middle square; rows first, which Pillow does in one call, but from release 13 on not for tall
    pictures that shrink."""
    from PIL import Image

    h, w = img.shape[:2]
    nw, nh = (224, int(224 * h / w)) if w <= h else (int(224 * w / h), 224)
    im = Image.fromarray(img).resize((nw, h), Image.BICUBIC).resize((nw, nh), Image.BICUBIC)
    top, left = int(round((nh - 224) / 2.0)), int(round((nw - 224) / 2.0))
    return np.asarray(im.crop((left, top, left + 224, top + 224))).copy()


def inputs(out, R, models):
    import ib
    import torchaudio

    kept, pictures = Kept(), []
    for i, (w, h) in enumerate(
        [
            (1, 1),
            (3, 500),
            (500, 3),
            (224, 224),
            (225, 300),
            (300, 225),
            (223, 400),
            (640, 225),
            (97, 61),
            (224, 225),
            (451, 449),
            (2, 2),
            (33, 224),
            (1000, 225),
            (225, 1001),
        ]
    ):
        img = noise_bytes(9000 + i, h, w, 3)
        pixels = torch.from_numpy(square_of(img))
        mean, std = (torch.tensor(v)[:, None, None] for v in (R.MEAN, R.STD))
        x = ((pixels.permute(2, 0, 1).float() / 255 - mean) / std)[None]
        if h <= 2 * w:
            assert torch.equal(x, R.vision_image_uint8(img, torch.float32))
        pictures.append(dict(width=w, height=h, seed=9000 + i, hash=fnv_bytes(pixels)))
        kept.put(f"picture.{w}x{h}", x, 40)
    clips = []
    for i, (w, h) in enumerate(
        [(64, 36), (36, 64), (50, 50), (225, 301), (301, 225), (31, 17), (224, 224), (448, 224), (224, 230)]
    ):
        frames = noise_bytes(500 + i, 3, h, w, 3)
        x = torch.stack(
            [
                R.vision_transform(torch.from_numpy(frames[list(c)]).float().permute(3, 0, 1, 2) / 255.0)
                for c in ((0, 1), (1, 2))
            ]
        ).unsqueeze(0)
        kept.put(f"clips.{w}x{h}", x, 200)
        clips.append(dict(width=w, height=h, seed=500 + i))
        g = torch.from_numpy(frames).float().permute(3, 0, 1, 2) / 255.0
        g.requires_grad_()
        y = R.vision_transform(g)
        (grad,) = torch.autograd.grad((y.transpose(0, 1) * randn(12, 3, 3, 224, 224)).sum(), g)
        kept.put(f"clips.{w}x{h}.gradient", grad.transpose(0, 1), 120)

    def fbank(wave):
        return torchaudio.compliance.kaldi.fbank(
            wave,
            htk_compat=True,
            sample_frequency=16000,
            use_energy=False,
            window_type="hanning",
            num_mel_bins=128,
            dither=0.0,
            frame_length=25,
            frame_shift=10,
        ).T

    t = torch.arange(16000) / 16000
    sounds = dict(
        noise=randn(21, 16000) * 0.1,
        silence=torch.zeros(16000),
        faint=randn(22, 4001) * 1e-7,
        loud=randn(23, 4001) * 3,
        tone=torch.sin(2 * math.pi * 440 * t) * 0.5,
        short=randn(24, 400) * 0.1,
    )
    for name, wave in sounds.items():
        wave = wave[None].requires_grad_()
        y = fbank(wave)
        kept.put(f"fbank.{name}", y, 350)
        (grad,) = torch.autograd.grad((y * randn(25, *y.shape)).sum(), wave)
        kept.put(f"fbank.{name}.gradient", grad, 200)
    waves = []
    for name, channels, samples, n in [
        ("apart", 1, 32000, 2),
        ("overlapping", 1, 40000, 3),
        ("stereo", 2, 40000, 3),
        ("crowded", 1, 20011, 4),
        ("short", 1, 9600, 1),
        ("short twice", 1, 9600, 2),
    ]:
        wave = (randn(30, channels, samples) * 0.1 + 0.02).requires_grad_()
        y = R.audio_clips(wave * 1, 1, n)
        kept.put(f"audio.{name}", y, 300)
        (grad,) = torch.autograd.grad((y * randn(31, *y.shape)).sum(), wave)
        kept.put(f"audio.{name}.gradient", grad, 200)
        waves.append(dict(name=name, channels=channels, samples=samples, clips=n))
    # Sounds as conditions: ceil(seconds) clips and the embedding of the small model, as the tasks that start from sound
    # do.
    bind, conditions = ib.ImageBind.load(f"{models}/imagebind"), []
    for i, samples in enumerate([400, 6400, 16000, 37920, 160000]):
        n = math.ceil(samples / 16000)
        x = R.audio_clips(randn(32 + i, 1, samples) * 0.1 - 0.03, 1, n)
        kept.put(f"condition.{samples}.clips", x, 300)
        kept.put(f"condition.{samples}.embedding", bind.audio(x))
        conditions.append(dict(samples=samples, seed=32 + i, clips=n))
    kept.save(f"{out}/inputs.safetensors")
    write_json(
        f"{out}/inputs.json",
        dict(
            pictures=pictures,
            clips=clips,
            sounds={k: v.numel() for k, v in sounds.items()},
            waves=waves,
            conditions=conditions,
        ),
    )


# ------------------------------------------------------------------------------------------------ mel
def mel(out):
    """AudioLDM's log-mel spectrograms, the map from their bins to Kaldi's, and the binder's clips by it; in double
    precision, from complex tones."""
    import librosa
    from torchaudio.compliance.kaldi import get_mel_banks

    kept, rate, lines = Kept(), 16000, 512
    slaney = torch.from_numpy(librosa.filters.mel(sr=rate, n_fft=1024, n_mels=64, fmin=0, fmax=8000, dtype=np.float64))
    banks, _ = get_mel_banks(128, 512, rate, 20.0, 0.0, 100.0, -500.0, 1.0)
    banks = F.pad(banks.double(), (0, 1))

    frequency = (torch.arange(lines, dtype=torch.float64) + 0.5) * 8000 / lines

    def tones(length):
        return torch.exp(2j * math.pi * frequency[:, None] * torch.arange(length) / rate)

    def powers(windowed, length):
        """Of a real tone, the mean over its phase: half from each of its two complex parts, of half the amplitude."""
        whole = torch.fft.fft(windowed, length).abs().square() / 4
        half = length // 2 + 1
        return whole[:, :half] + whole.roll(-1, 1).flip(1)[:, :half]

    x = tones(400)
    x = x - x.mean(1, keepdim=True)
    x = x - 0.97 * torch.cat([x[:, :1], x[:, :-1]], 1)
    wanted = powers(x * torch.hann_window(400, periodic=False, dtype=torch.float64), 512) @ banks.T
    spectra = powers(tones(1024) * torch.hann_window(1024, dtype=torch.float64), 1024)
    heard = (spectra.sqrt() @ slaney.T) ** 2
    noise_heard = ((math.pi / 4 * spectra.mean(0)).sqrt() @ slaney.T) ** 2
    noise_wanted = wanted.mean(0)
    level = torch.tensor([1e-3, 1e-6]).double().repeat(lines // 2)[:, None]
    m = torch.cat([heard + level * noise_heard, noise_heard[None]])
    p = torch.cat([wanted + level * noise_wanted, noise_wanted[None]])
    w = torch.cat([torch.full((lines,), 1 / lines), torch.tensor([0.3])]).double()[:, None]
    live = p.amax(0) > 0
    a = torch.ones(int(live.sum()), 64, dtype=torch.float64)
    for _ in range(20):
        q = m @ a.T
        a = a * ((w * p[:, live] / q**2).T @ m) / ((w / q).T @ m)
    bins = torch.zeros(128, 64, dtype=torch.float64)
    bins[live] = a
    kept.put("map", bins.T.contiguous(), 2000)

    for name, samples, clips in [("noise", 32000, 2), ("chord", 24077, 2), ("chord", 40000, 3), ("noise", 9600, 1)]:
        t = torch.arange(samples, dtype=torch.float64) / rate
        if name == "noise":
            wave = randn(41, samples, dtype=torch.float64) * 0.1
        else:
            wave = sum(torch.sin(2 * math.pi * f * t) for f in (330.0, 1250.0, 4100.0)) * 0.2 * torch.exp(-2 * t)
        padded = F.pad(wave[None, None], (432, 432), mode="reflect")[0, 0]
        window = torch.hann_window(1024, dtype=torch.float64)
        magnitude = torch.stft(padded, 1024, 160, 1024, window, center=False, return_complex=True).abs()
        log_mel = (slaney @ magnitude).clamp(min=1e-5).log().T  # (frames, 64)
        kept.put(f"log_mel.{name}.{samples}", log_mel)
        made = []
        for k in range(clips):
            first = int((samples - 16000) / max(clips - 1, 1) * k) if clips > 1 else 0
            count = 1 + (min(16000, samples) - 400) // 160
            at = (first + torch.arange(count) * 160 + 199.5 - 80) / 160
            low = at.floor().long()
            share = (at - low)[:, None]
            last = len(log_mel) - 1
            between = log_mel[low.clamp(max=last)] * (1 - share) + log_mel[(low + 1).clamp(max=last)] * share
            features = ((2 * between).exp() @ bins.T).clamp(min=torch.finfo(torch.float32).eps).log().T
            made.append((F.pad(features, (0, 204 - count)) + 4.268) / 9.138)
        kept.put(f"clips.{name}.{samples}", torch.stack(made)[None, :, None], 600)
    kept.save(f"{out}/mel.safetensors")


# ------------------------------------------------------------------------------------------------ networks
def fill(model, seed):
    """Weights from seeds, by the order and shape of the keys."""
    state, keys = {k: t for k, t in model.state_dict().items() if not k.endswith("pos_embed.pe")}, []
    for i, (key, t) in enumerate(state.items()):
        keys.append([key, list(t.shape)])
        w = randn(seed + i, *t.shape)
        if t.ndim > 1:
            w = w * (1 / math.sqrt(t.numel() / t.shape[0]))
        elif key.endswith("weight") or key.endswith("scale"):
            w = w * 0.1 + 1.0
        else:
            w = w * 0.1
        state[key] = w
    missing = model.load_state_dict(state, strict=False)
    assert not missing.unexpected_keys and all(k.endswith("pos_embed.pe") for k in missing.missing_keys)
    return keys


def networks(out):
    """In double precision, on weights that were drawn in single precision."""
    from diffusers import AutoencoderKL, MotionAdapter, UNet2DConditionModel, UNetMotionModel
    from diffusers.loaders.single_file_utils import convert_animatediff_checkpoint_to_diffusers
    from transformers import CLIPTextConfig, CLIPTextModel, SpeechT5HifiGan, SpeechT5HifiGanConfig

    kept, cases = Kept(), []

    def case(name, kind, model, config, shapes, run, parameters=(), limit=250):
        seed = 100_000 * (len(cases) + 1)
        keys = fill(model, seed)
        model = model.double().eval()
        xs = [randn(seed + 90_000 + i, *s).double().requires_grad_() for i, s in enumerate(shapes)]
        y = run(model, *xs)
        w = randn(seed + 95_000, *y.shape).double()
        kept.put(f"{name}.y", y, limit)
        for i, g in enumerate(torch.autograd.grad((y * w).sum(), xs) if xs else []):
            kept.put(f"{name}.gradient.{i}", g, limit)
        cases.append(
            dict(
                name=name,
                kind=kind,
                seed=seed,
                config=config,
                keys=keys,
                inputs=shapes,
                shape=list(y.shape),
                **dict(parameters),
            )
        )

    def unet(name, config, shapes, timestep):
        full = dict(sample_size=16, norm_num_groups=4, **config)
        with_class = "class_embed_type" in config
        case(
            name,
            "unet",
            UNet2DConditionModel(**full),
            full,
            shapes,
            lambda m, z, y: (
                m(
                    z, timestep, encoder_hidden_states=None if with_class else y, class_labels=y if with_class else None
                ).sample
            ),
            dict(timestep=timestep),
        )

    audio = dict(
        in_channels=4,
        out_channels=4,
        class_embed_type="simple_projection",
        projection_class_embeddings_input_dim=6,
        class_embeddings_concat=True,
    )
    unet(
        "unet, 125 frames, heads by level",
        dict(
            audio,
            block_out_channels=[8, 12, 16],
            layers_per_block=1,
            attention_head_dim=[2, 3, 4],
            cross_attention_dim=[8, 12, 16],
            down_block_types=["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
            up_block_types=["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
        ),
        [[1, 4, 125, 6], [1, 6]],
        801,
    )
    unet(
        "unet, 13x10, text, linear projections, layers by level",
        dict(
            in_channels=3,
            out_channels=5,
            block_out_channels=[8, 8, 12, 16],
            layers_per_block=[1, 2, 1, 1],
            transformer_layers_per_block=[1, 2, 1, 1],
            attention_head_dim=4,
            cross_attention_dim=7,
            use_linear_projection=True,
            flip_sin_to_cos=False,
            freq_shift=1,
            norm_eps=1e-4,
            down_block_types=["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
            up_block_types=["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
        ),
        [[2, 3, 13, 10], [2, 5, 7]],
        1,
    )
    unet(
        "unet, label added, two levels, 5x7",
        dict(
            audio,
            class_embeddings_concat=False,
            block_out_channels=[8, 16],
            layers_per_block=1,
            attention_head_dim=8,
            cross_attention_dim=[8, 16],
            down_block_types=["CrossAttnDownBlock2D", "DownBlock2D"],
            up_block_types=["UpBlock2D", "CrossAttnUpBlock2D"],
        )
        | dict(cross_attention_dim=[8, 16]),
        [[1, 4, 5, 7], [1, 6]],
        500,
    )

    def vae(name, shape, **config):
        full = dict(in_channels=config["out_channels"], norm_num_groups=4, **config)
        levels = len(config["block_out_channels"])
        full |= dict(down_block_types=["DownEncoderBlock2D"] * levels, up_block_types=["UpDecoderBlock2D"] * levels)
        model = AutoencoderKL(**full)
        case(name, "vae", model, full, [shape], lambda m, z: m.decode(z / full["scaling_factor"]).sample)

    vae(
        "vae, one channel, 9x5",
        [2, 4, 9, 5],
        out_channels=1,
        latent_channels=4,
        block_out_channels=[4, 8],
        layers_per_block=1,
        scaling_factor=0.9,
    )
    vae(
        "vae, pictures, without quantisation and attention",
        [1, 2, 3, 4],
        out_channels=3,
        latent_channels=2,
        block_out_channels=[4, 4, 8],
        layers_per_block=2,
        scaling_factor=0.18215,
        use_post_quant_conv=False,
        use_quant_conv=False,
        mid_block_add_attention=False,
    )

    def vocoder(name, shape, **config):
        case(name, "vocoder", SpeechT5HifiGan(SpeechT5HifiGanConfig(**config)), config, [shape], lambda m, x: m(x))

    vocoder(
        "vocoder, two kernels, normalised",
        [2, 6, 5],
        model_in_dim=5,
        sampling_rate=16000,
        upsample_initial_channel=8,
        upsample_rates=[3, 2],
        upsample_kernel_sizes=[7, 4],
        resblock_kernel_sizes=[3, 5],
        resblock_dilation_sizes=[[1, 2], [1, 4, 7]],
        leaky_relu_slope=0.2,
        normalize_before=True,
    )
    vocoder(
        "vocoder, one kernel, three levels",
        [1, 4, 3],
        model_in_dim=3,
        sampling_rate=16000,
        upsample_initial_channel=8,
        upsample_rates=[5, 4, 2],
        upsample_kernel_sizes=[16, 8, 4],
        resblock_kernel_sizes=[7],
        resblock_dilation_sizes=[[1, 3, 5]],
        leaky_relu_slope=0.1,
        normalize_before=False,
    )

    def clip_text(name, ids, **config):
        full = dict(vocab_size=40, projection_dim=8, **config)

        def run(m):
            torch.set_default_dtype(torch.float64)  # of the causal mask
            try:
                return m(torch.tensor(ids)).last_hidden_state
            finally:
                torch.set_default_dtype(torch.float32)

        case(name, "clip text", CLIPTextModel(CLIPTextConfig(**full)), full, [], run, dict(ids=ids))

    clip_text(
        "clip text, gelu, three heads",
        [[38, 3, 17, 39, 39, 39], [38, 0, 1, 2, 3, 39]],
        hidden_size=12,
        num_hidden_layers=3,
        num_attention_heads=3,
        intermediate_size=20,
        max_position_embeddings=9,
        hidden_act="gelu",
        layer_norm_eps=1e-3,
    )
    clip_text(
        "clip text, quick gelu, one head",
        [[5, 6, 7, 39]],
        hidden_size=10,
        num_hidden_layers=1,
        num_attention_heads=1,
        intermediate_size=16,
        max_position_embeddings=4,
        hidden_act="quick_gelu",
    )

    def motion(name, config, adapter_config, frames, shapes, timestep, checkpoint=None):
        """The adapter's weights from seed + 50,000, or from a checkpoint in the original layout."""
        full = dict(sample_size=16, **config)
        seed = 100_000 * (len(cases) + 1)
        adapter, found = MotionAdapter(**adapter_config), dict()
        if checkpoint:
            state = {k.removeprefix("module."): v.float() for k, v in torch.load(checkpoint)["state_dict"].items()}
            state = convert_animatediff_checkpoint_to_diffusers(state)
            left = adapter.load_state_dict(state, strict=False)
            assert not left.unexpected_keys and all(k.endswith("pos_embed.pe") for k in left.missing_keys)
            found["checkpoint"] = os.path.basename(checkpoint)
        else:
            found["adapter_keys"] = fill(adapter, seed + 50_000)
        unet = UNet2DConditionModel(**full)

        class Whole(torch.nn.Module):
            """The weights of the UNet are drawn when the case is made; the two are joined after that."""

            def __init__(self):
                super().__init__()
                self.unet, self.adapter = unet, adapter

            def state_dict(self, *a, **k):
                return self.unet.state_dict()

            def load_state_dict(self, state, strict=True):
                return self.unet.load_state_dict(state, strict=strict)

        def run(m, z, y):
            whole = UNetMotionModel.from_unet2d(m.unet, m.adapter).double().eval()
            clips = z.unflatten(0, (-1, frames)).transpose(1, 2)
            out = whole(clips, timestep, encoder_hidden_states=y.repeat_interleave(frames, 0)).sample
            return out.transpose(1, 2).flatten(0, 1)

        case(
            name,
            "motion",
            Whole(),
            full,
            shapes,
            run,
            dict(timestep=timestep, frames=frames, adapter=adapter_config, **found),
        )

    motion(
        "motion, published heads and groups, two samples of 3 frames, 5x4",
        dict(
            in_channels=2,
            out_channels=2,
            block_out_channels=[32, 64],
            norm_num_groups=32,
            layers_per_block=1,
            attention_head_dim=4,
            cross_attention_dim=7,
            down_block_types=["CrossAttnDownBlock2D", "DownBlock2D"],
            up_block_types=["UpBlock2D", "CrossAttnUpBlock2D"],
        ),
        dict(block_out_channels=[32, 64], motion_layers_per_block=1, motion_max_seq_length=24),
        3,
        [[6, 2, 5, 4], [2, 5, 7]],
        801.5,
    )
    motion(
        "motion, heads and layers by level, none in the middle, 5 frames of 5, 7x3",
        dict(
            in_channels=3,
            out_channels=3,
            block_out_channels=[8, 12, 16],
            norm_num_groups=4,
            layers_per_block=[1, 2, 1],
            attention_head_dim=2,
            cross_attention_dim=6,
            down_block_types=["DownBlock2D"] + ["CrossAttnDownBlock2D"] * 2,
            up_block_types=["CrossAttnUpBlock2D"] * 2 + ["UpBlock2D"],
        ),
        dict(
            block_out_channels=[8, 12, 16],
            motion_layers_per_block=[1, 2, 1],
            motion_norm_num_groups=4,
            motion_transformer_layers_per_block=[1, 2, 1],
            motion_num_attention_heads=[4, 6, 2],
            motion_max_seq_length=5,
            use_motion_mid_block=False,
        ),
        5,
        [[5, 3, 7, 3], [1, 4, 6]],
        1,
    )
    # In the original layout. Its tensors are windows of one short storage, to be small.
    adapter_config = dict(block_out_channels=[32], motion_layers_per_block=1, motion_max_seq_length=24)
    store, state = (randn(77, 9001) * 0.2).half(), {}
    for i, (key, t) in enumerate(MotionAdapter(**adapter_config).state_dict().items()):
        key = "module." + key.replace("transformer_blocks", "temporal_transformer.transformer_blocks")
        for kind in ("norm.", "proj_in.", "proj_out."):
            key = key.replace(f"motion_modules.0.{kind}", f"motion_modules.0.temporal_transformer.{kind}")
            key = key.replace(f"motion_modules.1.{kind}", f"motion_modules.1.temporal_transformer.{kind}")
        for new, old in (
            ("norm1", "norms.0"),
            ("norm2", "norms.1"),
            ("norm3", "ff_norm"),
            ("attn1", "attention_blocks.0"),
            ("attn2", "attention_blocks.1"),
        ):
            key = key.replace(f".{new}.", f".{old}.")
        if key.endswith("pos_embed.pe"):
            for block in "01":
                state[key.replace("pos_embed", f"attention_blocks.{block}.pos_encoder")] = t
        else:
            start = 97 * i % (9001 - t.numel())
            state[key] = store[start : start + t.numel()].view(t.shape)
    torch.save({"epoch": 1, "global_step": 2, "state_dict": state}, f"{out}/motion.ckpt")
    motion(
        "motion, original checkpoint, 4 frames, 3x3",
        dict(
            in_channels=2,
            out_channels=2,
            block_out_channels=[32],
            norm_num_groups=32,
            layers_per_block=1,
            attention_head_dim=4,
            cross_attention_dim=5,
            down_block_types=["CrossAttnDownBlock2D"],
            up_block_types=["CrossAttnUpBlock2D"],
        ),
        adapter_config,
        4,
        [[4, 2, 3, 3], [1, 4, 5]],
        250,
        f"{out}/motion.ckpt",
    )
    kept.save(f"{out}/networks.safetensors")
    write_json(f"{out}/networks.json", cases)


def pictures(out, models):
    """The networks of pictures in single precision on the small models, which are stored in half precision."""
    from diffusers import AutoencoderKL, MotionAdapter, UNet2DConditionModel, UNetMotionModel
    from transformers import CLIPTextModel, CLIPTokenizerFast

    kept, folder = Kept(), f"{models}/sd15"
    options = dict(torch_dtype=torch.float32)
    tokenizer = CLIPTokenizerFast.from_pretrained(f"{folder}/tokenizer")
    text = CLIPTextModel.from_pretrained(f"{folder}/text_encoder", **options).eval()
    unet = UNet2DConditionModel.from_pretrained(folder, subfolder="unet", **options).eval()
    vae = AutoencoderKL.from_pretrained(folder, subfolder="vae", **options).eval()
    adapter = MotionAdapter.from_pretrained(f"{models}/motion_adapter", **options).eval()
    with torch.no_grad():
        prompts = ["", "A dog barking in the rain, photo-realistic", "waves " * 90]
        ids = tokenizer(prompts, padding="max_length", truncation=True, return_tensors="pt").input_ids
        kept.put("embed", text(ids).last_hidden_state)
        y = randn(1, 2, 77, unet.config.cross_attention_dim)
        kept.put("still", unet(randn(2, 2, 4, 9, 7), 501, encoder_hidden_states=y).sample)
        clips = randn(3, 16, 4, 9, 7).unflatten(0, (2, 8)).transpose(1, 2)
        whole = UNetMotionModel.from_unet2d(unet, adapter).eval()
        eps = whole(clips, 501, encoder_hidden_states=y.repeat_interleave(8, 0)).sample
        kept.put("clips", eps.transpose(1, 2).flatten(0, 1), 800)
        kept.put("decoded", vae.decode(randn(4, 3, 4, 5, 6) / vae.config.scaling_factor).sample, 800)
    kept.save(f"{out}/pictures.safetensors")


def archive(out):
    """Tensors that are not contiguous, as `torch.save` stores them."""
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    torch.save(
        {
            "transposed": base.t(),
            "columns": base[:, 1::2],
            "row": base[2],
            "expanded": base[:1].expand(3, 6),
            "half": base.half().t(),
            "scalar": base[3, 5],
        },
        f"{out}/strided.pth",
    )


def write_json(path, value):
    with open(path, "w") as f:
        json.dump(value, f, separators=(",", ":"))


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--reference", required=True)
    ap.add_argument("--out", required=True)
    ap.add_argument("--models", required=True)
    ap.add_argument("--only", help="comma-separated parts")
    a = ap.parse_args()
    sys.path.insert(0, a.reference)
    import reference as R

    torch.set_num_threads(1)
    os.makedirs(a.out, exist_ok=True)
    parts = dict(
        torch=lambda: torch_layers(a.out),
        schedules=lambda: schedules(a.out),
        inputs=lambda: inputs(a.out, R, a.models),
        mel=lambda: mel(a.out),
        networks=lambda: networks(a.out),
        pictures=lambda: pictures(a.out, a.models),
        archive=lambda: archive(a.out),
    )
    for name, part in parts.items():
        if not a.only or name in a.only.split(","):
            part()
            print(name)


if __name__ == "__main__":
    main()
