"""MM-Diffusion of the toy world: one network that makes a video and its sound together, in pixels and samples, from
nothing.

The keys are those of the published files. Videos are 16 frames of 24×24 at 10 a second, sounds 1.6 s at 16 kHz, twice
as loud as the world's, so that less of what makes them is below the last steps' noise.
"""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import world
from diffusion import Noise
from training import Training

FRAMES, FPS, SIDE, SAMPLES = 16, 10, 24, 25_600
LOUDER = 2.0
CHANNELS, MULTIPLIERS, BLOCKS = 32, (1, 1, 2, 2), 1
HEADS, HEAD_CHANNELS, WINDOWS = 4, 16, {2: 4, 3: 8}  # windows by level


class Norm(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.GroupNorm = nn.GroupNorm(32, channels)

    def forward(self, x):
        return self.GroupNorm(x)


class VideoConv(nn.Module):
    """Of each frame, then of each pixel over time; [B, C, F, H, W]."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.video_conv_spatial = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.video_conv_temporal = nn.Conv1d(outputs, outputs, 3, padding=1)

    def forward(self, x):
        kernel = self.video_conv_spatial.weight.unsqueeze(2)
        x = F.conv3d(x, kernel, self.video_conv_spatial.bias, padding=(0, 1, 1))
        kernel = self.video_conv_temporal.weight[..., None, None]
        return F.conv3d(x, kernel, self.video_conv_temporal.bias, padding=(1, 0, 0))


class Wrapped(nn.Module):
    """A layer under the key that the published files have it under."""

    def __init__(self, name, layer):
        super().__init__()
        self.name = name
        self.add_module(name, layer)

    def forward(self, x):
        return getattr(self, self.name)(x)


def video(layer):
    return Wrapped("video_conv", layer)


def audio(layer):
    return Wrapped("audio_conv", layer)


class Attention(nn.Module):
    """Of the tokens of a row, [N, C, T]."""

    def __init__(self, channels):
        super().__init__()
        self.norm, self.qkv = Norm(channels), nn.Conv1d(channels, 3 * channels, 1)
        self.proj_out = nn.Conv1d(channels, channels, 1)
        nn.init.zeros_(self.proj_out.weight)

    def forward(self, x):
        n, c, t = x.shape
        q, k, v = self.qkv(self.norm(x)).reshape(n, 3, HEADS, c // HEADS, t).transpose(3, 4).unbind(1)
        y = F.scaled_dot_product_attention(q, k, v).transpose(2, 3).reshape(n, c, t)
        return x + self.proj_out(y)


class Residual(nn.Module):
    def __init__(self, inputs, outputs, width, dilation, looks=False, listens=False, way=None):
        super().__init__()
        self.way = way
        self.video_in_layers = nn.Sequential(Norm(inputs), nn.SiLU(), VideoConv(inputs, outputs))
        self.audio_in_layers = nn.Sequential(
            Norm(inputs), nn.SiLU(), audio(nn.Conv1d(inputs, outputs, 3, padding=dilation, dilation=dilation))
        )
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(width, 2 * outputs))
        self.video_out_layers = nn.Sequential(
            Norm(outputs), nn.SiLU(), nn.Identity(), video(nn.Conv3d(outputs, outputs, 1))
        )
        self.audio_out_layers = nn.Sequential(
            Norm(outputs), nn.SiLU(), nn.Identity(), audio(nn.Conv1d(outputs, outputs, 1))
        )
        for out in (self.video_out_layers[3].video_conv, self.audio_out_layers[3].audio_conv):
            nn.init.zeros_(out.weight)
        if inputs != outputs:
            self.video_skip_connection = video(nn.Conv3d(inputs, outputs, 1))
            self.audio_skip_connection = audio(nn.Conv1d(inputs, outputs, 1))
        if looks:
            self.spatial_attention_block, self.temporal_attention_block = Attention(outputs), Attention(outputs)
        if listens:
            self.audio_attention_block = Attention(outputs)

    def resampled(self, v, a):
        if self.way == "down":
            return F.avg_pool3d(v, (1, 2, 2)), F.avg_pool1d(a, 4)
        if self.way == "up":
            return F.interpolate(v, scale_factor=(1, 2, 2)), F.interpolate(a, scale_factor=4)
        return v, a

    def forward(self, v, a, time):
        hv, ha = self.resampled(self.video_in_layers(v), self.audio_in_layers(a))
        v, a = self.resampled(v, a)
        scale, shift = self.emb_layers(time).chunk(2, 1)

        def told(x, layers):
            shape = scale.shape + (1,) * (x.dim() - 2)
            return layers[3](F.silu(layers[0](x) * (1 + scale.view(shape)) + shift.view(shape)))

        hv, ha = told(hv, self.video_out_layers), told(ha, self.audio_out_layers)
        if hasattr(self, "video_skip_connection"):
            v, a = self.video_skip_connection(v), self.audio_skip_connection(a)
        v, a = v + hv, a + ha
        if hasattr(self, "spatial_attention_block"):
            b, c, f, h, w = v.shape
            x = self.spatial_attention_block(v.transpose(1, 2).reshape(b * f, c, h * w))
            x = x.view(b, f, c, h * w).permute(0, 3, 2, 1).reshape(b * h * w, c, f)
            v = self.temporal_attention_block(x).view(b, h, w, c, f).permute(0, 3, 4, 1, 2)
        if hasattr(self, "audio_attention_block"):
            a = self.audio_attention_block(a)
        return v, a


class Cross(nn.Module):
    """Frame i looks at the sound of the frames i + shift …, the sound of frame i at their pixels, cyclically."""

    def __init__(self, channels, window, shifted=True):
        super().__init__()
        self.window, self.shifted, self.heads = window, shifted, channels // HEAD_CHANNELS
        self.v_norm, self.a_norm = Norm(channels), Norm(channels)
        self.v_qkv, self.a_qkv = nn.Conv1d(channels, 3 * channels, 1), nn.Conv1d(channels, 3 * channels, 1)
        self.video_proj_out = video(nn.Conv3d(channels, channels, 1))
        self.audio_proj_out = audio(nn.Conv1d(channels, channels, 1))
        for out in (self.video_proj_out.video_conv, self.audio_proj_out.audio_conv):
            nn.init.zeros_(out.weight)

    def forward(self, v, a, shift):
        b, c, f = v.shape[:3]

        def parts(x, norm, qkv):
            """Query, key and value of each frame, [B, F, heads, tokens, width]."""
            y = qkv(norm(x)).reshape(b, 3, self.heads, c // self.heads, f, -1)
            return y.permute(1, 0, 4, 2, 5, 3)

        frame, places = torch.arange(f, device=v.device), torch.arange(self.window, device=v.device)
        near = (frame[None, :, None] + shift[:, None, None] + places) % f  # [B, F, window]
        row = torch.arange(b, device=v.device)[:, None, None]

        def around(x):
            return x[row, near].transpose(2, 3).flatten(3, 4)

        qv, kv, uv = parts(v.flatten(2), self.v_norm, self.v_qkv)
        qa, ka, ua = parts(a, self.a_norm, self.a_qkv)

        def attended(q, k, u, like):
            y = F.scaled_dot_product_attention(q, around(k), around(u))
            return y.permute(0, 2, 4, 1, 3).reshape(like.shape)

        return (
            v + self.video_proj_out(attended(qv, ka, ua, v)),
            a + self.audio_proj_out(attended(qa, kv, uv, a)),
        )


class First(nn.Module):
    def __init__(self, outputs):
        super().__init__()
        self.video_conv = VideoConv(3, outputs)
        self.audio_conv = audio(nn.Conv1d(1, outputs, 3, padding=1))


class CoupledUNet(nn.Module):
    """The noise in videos [B, F, 3, H, W] and in their sounds [B, 1, L]."""

    def __init__(self):
        super().__init__()
        width = CHANNELS
        self.time_embed = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))
        levels = range(len(MULTIPLIERS))
        of = [CHANNELS * m for m in MULTIPLIERS]

        def block(inputs, level, depth):
            layers = [Residual(inputs, of[level], width, 1 << depth % 10, looks=level in WINDOWS)]
            return layers + ([Cross(of[level], WINDOWS[level])] if level in WINDOWS else [])

        self.input_blocks = nn.ModuleList([nn.ModuleList([First(of[0])])])
        channels, skips, depth = of[0], [of[0]], 1
        for level in levels:
            for _ in range(BLOCKS):
                self.input_blocks.append(nn.ModuleList(block(channels, level, depth)))
                channels, depth = of[level], depth + 1
                skips.append(channels)
            if level < levels[-1]:
                self.input_blocks.append(
                    nn.ModuleList([Residual(channels, channels, width, 1 << depth % 10, way="down")])
                )
                skips.append(channels)
                depth += 1

        def middle():
            return Residual(channels, channels, width, 1 << depth % 10, looks=True, listens=True)

        self.middle_blocks = nn.ModuleList([middle(), Cross(channels, FRAMES, shifted=False), middle()])
        depth -= 1
        self.output_blocks = nn.ModuleList()
        for level in reversed(levels):
            for place in range(BLOCKS + 1):
                layers = block(channels + skips.pop(), level, depth)
                channels, depth = of[level], depth - 1
                if level and place == BLOCKS:
                    layers.append(Residual(channels, channels, width, 1 << depth % 10, way="up"))
                self.output_blocks.append(nn.ModuleList(layers))
        self.video_out = nn.Sequential(Norm(channels), nn.SiLU(), video(nn.Conv3d(channels, 3, 3, padding=1)))
        self.audio_out = nn.Sequential(Norm(channels), nn.SiLU(), audio(nn.Conv1d(channels, 1, 3, padding=1)))

    @property
    def shift_ranges(self):
        blocks = [*self.input_blocks, self.middle_blocks, *self.output_blocks]
        return [FRAMES - x.window + 1 for b in blocks for x in b if isinstance(x, Cross) and x.shifted]

    def forward(self, v, a, t, shifts):
        """t [B], 0 … 999; shifts [B, len(shift_ranges)]."""
        half = CHANNELS // 2
        angle = t[:, None].float() * torch.exp(-math.log(10_000) * torch.arange(half, device=t.device) / half)
        time = self.time_embed(torch.cat([angle.cos(), angle.sin()], 1))
        x, number, skips = (v.transpose(1, 2), a), 0, []

        def run(x, block):
            nonlocal number
            for layer in block:
                if isinstance(layer, First):
                    x = layer.video_conv(x[0]), layer.audio_conv(x[1])
                elif isinstance(layer, Residual):
                    x = layer(*x, time)
                else:
                    x = layer(*x, shifts[:, number] if layer.shifted else torch.zeros_like(t))
                    number += layer.shifted
            return x

        for block in self.input_blocks:
            x = run(x, block)
            skips.append(x)
        x = run(x, self.middle_blocks)
        for block in self.output_blocks:
            x = run([torch.cat(pair, 1) for pair in zip(x, skips.pop(), strict=True)], block)
        return self.video_out(x[0]).transpose(1, 2), self.audio_out(x[1])


def scenes_as_media(scenes):
    """Videos [B, 16, 3, 24, 24] and their sounds [B, 1, 25600], both −1…1."""
    frames = torch.from_numpy(scenes.pictures(np.arange(FRAMES) / FPS))
    small = F.interpolate(frames.flatten(0, 1), size=SIDE, mode="bilinear", antialias=True)
    small = small.unflatten(0, frames.shape[:2])
    sounds = torch.from_numpy(scenes.sounds(FRAMES / FPS)).unsqueeze(1)
    return small * 2 - 1, (sounds * LOUDER).clamp(-1, 1)


def train_coupled(a):
    """The noise in both, with attention between them shifted at random."""
    net = CoupledUNet()
    training = Training("coupled", a, {"net": net}, a.steps or 6_000, a.rate or 1e-3, average=0.999)
    noise, batch = Noise(1e-4, 0.02, scaled=False), a.batch or 4
    ranges = torch.tensor(net.shift_ranges)

    def loss(step):
        g = training.generator()
        v, s = scenes_as_media(world.training(a.seed, step, batch))
        noisy_v, t, noise_v = noise.add(v, g)
        noise_s = torch.randn(s.shape, generator=g)
        level = noise.alphas[t].view(-1, 1, 1)
        noisy_s = level.sqrt() * s + (1 - level).sqrt() * noise_s
        shifts = (torch.rand(batch, len(ranges), generator=g) * ranges).long()
        out_v, out_s = net(*(x.to(training.device) for x in (noisy_v, noisy_s, t, shifts)))
        errors = [
            (o - n.to(training.device)).square().flatten(1).mean(1) for o, n in ((out_v, noise_v), (out_s, noise_s))
        ]
        weight = noise.weight(t).to(training.device)
        return sum((e * weight).mean() for e in errors), {"video": errors[0].mean(), "audio": errors[1].mean()}

    training.run(loss)
