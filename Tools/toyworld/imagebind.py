"""ImageBind at a small size, for training: three towers under the published names, so that its state dict is the
published file."""

import functools
import gzip
import json
import math
import os
import tempfile

import torch
import torch.nn.functional as F
from torch import nn
from transformers import CLIPTokenizer
from transformers.models.clip.tokenization_clip import bytes_to_unicode

CONFIG = dict(
    vision_embed_dim=64,
    vision_num_blocks=3,
    vision_num_heads=2,
    text_embed_dim=64,
    text_num_blocks=2,
    text_num_heads=2,
    audio_embed_dim=64,
    audio_num_blocks=3,
    audio_num_heads=2,
    depth_embed_dim=8,
    depth_num_blocks=1,
    depth_num_heads=2,
    thermal_embed_dim=8,
    thermal_num_blocks=1,
    thermal_num_heads=2,
    imu_embed_dim=8,
    imu_num_blocks=1,
    imu_num_heads=2,
    out_embed_dim=64,
    vocab_size=1514,
)
CONTEXT = 77
MEAN = (0.48145466, 0.4578275, 0.40821073)
DEVIATION = (0.26862954, 0.26130258, 0.27577711)


@functools.cache
def _enlarging(size):
    """[224, size]: bilinear enlarging of one side without antialiasing, as a product: many times faster on a CPU."""
    eye = torch.eye(size)[:, None]  # a line for each source pixel
    return F.interpolate(eye, 224, mode="linear", align_corners=False)[:, 0].T.contiguous()


def vision_input(frames):
    """Frames [n, T, 3, 64, 64] to [n, 3, T, 224, 224]: bilinear without antialiasing, normalised as CLIP's."""
    mean, deviation = (torch.tensor(v, device=frames.device)[:, None, None] for v in (MEAN, DEVIATION))
    weight = _enlarging(frames.shape[-1]).to(frames)
    return (weight @ ((frames - mean) / deviation) @ weight.T).transpose(1, 2)


class Attention(nn.Module):
    def __init__(self, width, heads, causal, extra):
        super().__init__()
        self.heads, self.causal = heads, causal
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)
        nn.init.xavier_uniform_(self.in_proj_weight)
        nn.init.zeros_(self.out_proj.bias)
        if extra:  # one key and value that every token may look at
            self.bias_k = nn.Parameter(0.02 * torch.randn(1, 1, width))
            self.bias_v = nn.Parameter(0.02 * torch.randn(1, 1, width))
        self.extra = extra

    def forward(self, x):
        n, length, width = x.shape
        q, k, v = F.linear(x, self.in_proj_weight, self.in_proj_bias).chunk(3, -1)
        if self.extra:
            k = torch.cat([k, self.bias_k.expand(n, 1, width)], 1)
            v = torch.cat([v, self.bias_v.expand(n, 1, width)], 1)

        def split(t):
            return t.reshape(n, -1, self.heads, width // self.heads).transpose(1, 2)

        x = F.scaled_dot_product_attention(split(q), split(k), split(v), is_causal=self.causal)
        return self.out_proj(x.transpose(1, 2).reshape(n, length, width))


class Block(nn.Module):
    def __init__(self, width, heads, causal, extra):
        super().__init__()
        self.attn = Attention(width, heads, causal, extra)
        self.norm_1, self.norm_2 = nn.LayerNorm(width, 1e-6), nn.LayerNorm(width, 1e-6)
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(width, 4 * width), "fc2": nn.Linear(4 * width, width)})

    def forward(self, x):
        x = x + self.attn(self.norm_1(x))
        return x + self.mlp["fc2"](F.gelu(self.mlp["fc1"](self.norm_2(x))))


class Trunk(nn.Module):
    def __init__(self, width, blocks, heads, causal=False, extra=True, before=False):
        super().__init__()
        if before:
            self.pre_transformer_layer = nn.ModuleList([nn.LayerNorm(width, 1e-6)])
        self.blocks = nn.ModuleList([Block(width, heads, causal, extra) for _ in range(blocks)])

    def forward(self, x):
        if hasattr(self, "pre_transformer_layer"):
            x = self.pre_transformer_layer[0](x)
        for block in self.blocks:
            x = block(x)
        return x


class Positions(nn.Module):
    def __init__(self, table):
        super().__init__()
        self.pos_embed = nn.Parameter(table)


class Stem(nn.Module):
    """A patch embedding, a first token, and positions."""

    def __init__(self, width, proj, grid, norm=None, name="rgbt_stem"):
        super().__init__()
        self.cls_token = nn.Parameter(0.02 * torch.randn(1, 1, width))
        inner = nn.Module()
        inner.proj = proj
        if norm:
            inner.norm_layer = norm
        self.add_module(name, inner)
        self.pos_embedding_helper = Positions(_grid_positions(width, *grid))

    def tokens(self, x):
        x = torch.cat([self.cls_token.expand(len(x), -1, -1), x], 1)
        return x + self.pos_embedding_helper.pos_embed


def _grid_positions(width, rows, columns):
    """Where training of positions begins: sines of row and column."""
    quarter = width // 4
    rate = 1 / 100 ** (torch.arange(quarter) / max(quarter, 1))

    def wave(n):
        return torch.cat([torch.sin(torch.arange(n)[:, None] * rate), torch.cos(torch.arange(n)[:, None] * rate)], 1)

    r, c = wave(rows)[:, None].expand(rows, columns, -1), wave(columns)[None].expand(rows, columns, -1)
    table = torch.cat([r, c], 2).reshape(rows * columns, -1)
    return 0.3 * F.pad(table, (0, width - table.shape[1], 1, 0))[None].contiguous()


class ImageBind(nn.Module):
    """The towers; vision, audio and text give unit vectors [n, out_embed_dim], since the published scales cancel in a
    cosine."""

    def __init__(self, c=CONFIG):
        super().__init__()

        def width(m):
            return c[f"{m}_embed_dim"]

        def conv(m):
            return nn.Conv2d(1, width(m), 16, 10 if m == "audio" else 16, bias=False)

        pre, trunks, heads = {}, {}, {}
        # The published stem is a pair of which the second is the convolution.
        pre["vision"] = Stem(
            width("vision"),
            nn.ModuleList([nn.Identity(), nn.Conv3d(3, width("vision"), (2, 14, 14), (2, 14, 14), bias=False)]),
            (16, 16),
        )
        text = nn.Module()
        text.pos_embed = nn.Parameter(0.01 * torch.randn(1, CONTEXT, width("text")))
        text.register_buffer("mask", torch.full((CONTEXT, CONTEXT), float("-inf")).triu_(1))
        text.token_embedding = nn.Embedding(c["vocab_size"], width("text"))
        nn.init.normal_(text.token_embedding.weight, std=0.05)
        pre["text"] = text
        grids = {"audio": (12, 19), "depth": (14, 14), "thermal": (14, 14)}
        for m, grid in grids.items():
            pre[m] = Stem(
                width(m), conv(m), grid, nn.LayerNorm(width(m)), "depth_stem" if m == "depth" else "rgbt_stem"
            )
        imu = nn.Module()
        imu.pos_embed = nn.Parameter(torch.zeros(1, 251, width("imu")))
        imu.cls_token = nn.Parameter(torch.zeros(1, 1, width("imu")))
        imu.imu_stem = nn.Module()
        imu.imu_stem.proj = nn.Linear(48, width("imu"), bias=False)
        imu.imu_stem.norm_layer = nn.LayerNorm(width("imu"))
        pre["imu"] = imu
        for m in ("vision", "text", "audio", "depth", "thermal", "imu"):
            trunks[m] = Trunk(
                width(m),
                c[f"{m}_num_blocks"],
                c[f"{m}_num_heads"],
                m == "text",
                m not in ("vision", "text"),
                m == "vision",
            )
            norm, out = nn.LayerNorm(width(m), 1e-6), nn.Linear(width(m), c["out_embed_dim"], bias=False)
            if m == "text":
                heads[m] = nn.Module()
                heads[m].proj = nn.Sequential(norm, out)
            else:
                heads[m] = nn.Sequential(norm, *[nn.Identity()] * (2 if m == "imu" else 1), out)
        post = {}
        for m, s in {"text": 1 / 0.07, "audio": 20.0, "depth": 5.0, "thermal": 10.0, "imu": 5.0}.items():
            scale = nn.Module()
            scale.log_logit_scale = nn.Parameter(torch.tensor(math.log(s)), requires_grad=m == "text")
            post[m] = nn.ModuleList([nn.Identity(), scale])
        self.modality_preprocessors = nn.ModuleDict(pre)
        self.modality_trunks = nn.ModuleDict(trunks)
        self.modality_heads = nn.ModuleDict(heads)
        self.modality_postprocessors = nn.ModuleDict(post)

    def vision(self, x):
        """[n, 3, T, 224, 224]; one frame is shown twice."""
        if x.shape[2] == 1:
            x = x.repeat(1, 1, 2, 1, 1)
        stem = self.modality_preprocessors["vision"]
        x = stem.tokens(stem.rgbt_stem.proj[1](x).flatten(2).transpose(1, 2))
        return F.normalize(self.modality_heads["vision"](self.modality_trunks["vision"](x)[:, 0]), dim=-1)

    def audio(self, x):
        """[n, 1, 128, 204]."""
        stem = self.modality_preprocessors["audio"]
        x = stem.tokens(stem.rgbt_stem.norm_layer(stem.rgbt_stem.proj(x).flatten(2).transpose(1, 2)))
        return F.normalize(self.modality_heads["audio"](self.modality_trunks["audio"](x)[:, 0]), dim=-1)

    def text(self, tokens):
        """[n, 77], padded with zeros; read at the end token, which has the highest number."""
        stem = self.modality_preprocessors["text"]
        x = self.modality_trunks["text"](stem.token_embedding(tokens) + stem.pos_embed)
        return F.normalize(self.modality_heads["text"].proj(x[torch.arange(len(x)), tokens.argmax(1)]), dim=-1)

    def clips_of_video(self, frames):
        """Mean over one-second clips of a video [n, 16, 3, 64, 64], two frames each, as the program embeds it."""
        pairs = [frames[:, [0, 7]], frames[:, [8, 15]]]
        return F.normalize(torch.stack([self.vision(vision_input(p)) for p in pairs]).mean(0), dim=-1)


class Tokenizer:
    """CLIP's byte-pair encoding, by the same file that lies beside the weights."""

    def __init__(self, path):
        lines = gzip.open(path, "rt", encoding="utf-8").read().split("\n")[1:]
        merges = [line for line in lines if line.strip()]
        keep = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
        order = keep + [b for b in range(256) if b not in keep]
        units = [bytes_to_unicode()[b] for b in order]
        words = (
            units
            + [u + "</w>" for u in units]
            + ["".join(m.split()) for m in merges]
            + ["<|startoftext|>", "<|endoftext|>"]
        )
        with tempfile.TemporaryDirectory() as folder:
            json.dump({w: i for i, w in enumerate(words)}, open(os.path.join(folder, "vocab.json"), "w"))
            open(os.path.join(folder, "merges.txt"), "w", encoding="utf-8").write(
                "#version: 0.2\n" + "\n".join(merges) + "\n"
            )
            self.inner = CLIPTokenizer(os.path.join(folder, "vocab.json"), os.path.join(folder, "merges.txt"))

    def __call__(self, texts):
        rows = [self.inner(t, truncation=True, max_length=CONTEXT)["input_ids"] for t in texts]
        return torch.tensor([r + [0] * (CONTEXT - len(r)) for r in rows])
