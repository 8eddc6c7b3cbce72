"""Trains Stable Diffusion's parts on the toy world's pictures, and AnimateDiff's motion modules on its videos."""

import math

import numpy as np
import torch
from diffusers import AutoencoderKL, MotionAdapter, UNet2DConditionModel, UNetMotionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

import world
from diffusion import Noise, Tokens, caption, latents_of
from training import Training, load_trained

CHANNELS = [48, 64, 48, 48]
VAE = dict(
    in_channels=3,
    out_channels=3,
    down_block_types=["DownEncoderBlock2D"] * 4,
    up_block_types=["UpDecoderBlock2D"] * 4,
    block_out_channels=[16, 32, 48, 64],
    layers_per_block=1,
    latent_channels=4,
    norm_num_groups=8,
    sample_size=world.SIDE,
)
UNET = dict(
    sample_size=world.SIDE // 8,
    in_channels=4,
    out_channels=4,
    down_block_types=["CrossAttnDownBlock2D"] * 3 + ["DownBlock2D"],
    up_block_types=["UpBlock2D"] + ["CrossAttnUpBlock2D"] * 3,
    block_out_channels=CHANNELS,
    layers_per_block=1,
    norm_num_groups=8,
    cross_attention_dim=64,
    attention_head_dim=4,
)
TEXT = dict(
    vocab_size=1514,
    hidden_size=64,
    intermediate_size=256,
    num_hidden_layers=2,
    num_attention_heads=2,
    max_position_embeddings=77,
    hidden_act="quick_gelu",
    projection_dim=64,
    bos_token_id=0,
    eos_token_id=2,
    pad_token_id=1,
)
MOTION = dict(
    block_out_channels=CHANNELS,
    motion_layers_per_block=1,
    motion_mid_block_layers_per_block=1,
    motion_num_attention_heads=4,
    motion_norm_num_groups=8,
    motion_max_seq_length=32,
    use_motion_mid_block=True,
)
# One schedule for stills and videos, AnimateDiff's.
SCHEDULE = dict(
    num_train_timesteps=1000,
    beta_start=0.00085,
    beta_end=0.012,
    beta_schedule="linear",
    clip_sample=False,
    set_alpha_to_one=False,
    steps_offset=1,
    prediction_type="epsilon",
)
NOISE = Noise(SCHEDULE["beta_start"], SCHEDULE["beta_end"], scaled=False)


def train_picture_vae(arguments):
    torch.manual_seed(arguments.seed)
    training = Training(
        "picture_vae", arguments, {"vae": AutoencoderKL(**VAE)}, arguments.steps or 1600, 3e-3, average=0.995
    )
    vae, device = training.modules["vae"], training.device

    def loss_of(step):
        scenes = world.training(arguments.seed, step, arguments.batch or 24)
        times = np.random.default_rng([3, arguments.seed, step]).uniform(0, 1, (len(scenes), 1))
        x = torch.from_numpy(scenes.pictures(times)[:, 0]).to(device) * 2 - 1
        posterior = vae.encode(x).latent_dist
        z = posterior.mean + posterior.std * torch.randn(posterior.mean.shape, generator=training.generator()).to(
            device
        )
        out = vae.decode(z).sample
        # What is coloured counts more than the large background.
        weight = 1 + 4 * (x.amax(1, keepdim=True) - x.amin(1, keepdim=True))
        error = (out - x).abs()
        edges = sum(((out - x).diff(dim=d)).abs().mean() for d in (2, 3))
        loss = (weight * (error + (out - x).square())).mean() + edges
        spread = 0.5 * (posterior.mean.square() + posterior.var - 1 - posterior.logvar).mean()
        return loss + 1e-3 * spread, {
            "error": error.mean().item(),
            "spread": spread.item(),
            "z": posterior.mean.std().item(),
        }

    training.run(loss_of)


def latents(arguments):
    """Latents [scenes, 16, 4, 8, 8] of whole videos, their scenes, and the scale that gives them unit deviation."""
    if arguments.begin_with:
        vae = AutoencoderKL.from_pretrained(f"{arguments.begin_with}/sd15/vae").float().eval().to(arguments.device)
    else:
        vae = load_trained(arguments, "picture_vae", {"vae": AutoencoderKL(**VAE)})["vae"]

    def encode(scenes):
        frames = torch.from_numpy(scenes.pictures()).flatten(0, 1).to(arguments.device) * 2 - 1
        return torch.cat([vae.encode(f).latent_dist.mean for f in frames.split(64)]).unflatten(
            0, (len(scenes), world.FRAMES)
        )

    z, scenes = latents_of(arguments, "picture", 12800, encode)
    scale = 1 / z[:640].float().std().item()
    return z, scenes, scale


def denoisers():
    return {"unet": UNet2DConditionModel(**UNET), "text": CLIPTextModel(CLIPTextConfig(**TEXT))}


def tokens(arguments):
    return Tokens(CLIPTokenizer.from_pretrained(f"{arguments.tokenizers}/sd15/tokenizer"), 77)


def train_picture_unet(arguments):
    z, scenes, scale = latents(arguments)
    tokenize = tokens(arguments)
    torch.manual_seed(arguments.seed)
    training = Training("picture_unet", arguments, denoisers(), arguments.steps or 2600, 1.2e-3, average=0.999)
    unet, text, device = training.modules["unet"], training.modules["text"], training.device

    def loss_of(step):
        rng = np.random.default_rng([4, arguments.seed, step])
        i, frame = (
            rng.integers(len(z), size=arguments.batch or 64),
            rng.integers(world.FRAMES, size=arguments.batch or 64),
        )
        noisy, t, noise = NOISE.add(z[i, frame].float() * scale, training.generator())
        context = text(tokenize([caption(scenes, k, rng) for k in i]).to(device)).last_hidden_state
        out = unet(noisy.to(device), t.to(device), context).sample
        return (out - noise.to(device)).square().mean()

    training.run(loss_of)


def stills_of(model):
    """The UNet of single pictures inside a motion UNet: the same parameters, without the motion modules."""
    still = UNet2DConditionModel(**UNET)
    for name, _ in list(still.named_parameters()):
        at, _, leaf = name.rpartition(".")
        setattr(still.get_submodule(at), leaf, model.get_parameter(name))
    return still


class SharedContext:
    """Cross attention in which all frames of a video share their one caption: its keys and values are computed once
    a video and not once a frame."""

    def __call__(self, attn, hidden_states, encoder_hidden_states=None, attention_mask=None, **_):
        shape, videos = hidden_states.shape, len(encoder_hidden_states)
        query = attn.to_q(hidden_states.reshape(videos, -1, shape[-1]))
        key, value = attn.to_k(encoder_hidden_states), attn.to_v(encoder_hidden_states)
        query, key, value = (x.unflatten(-1, (attn.heads, -1)).transpose(1, 2) for x in (query, key, value))
        out = torch.nn.functional.scaled_dot_product_attention(query, key, value)
        return attn.to_out[0](out.transpose(1, 2).reshape(shape))


def with_shared_context(unet):
    """The UNet, which takes contexts [videos, tokens, width] from now on."""
    for name, module in unet.named_modules():
        if name.endswith("attn2") and "motion_modules" not in name:
            module.set_processor(SharedContext())
    return unet


def positions(frames, width):
    """What tells frames apart, [1, frames, width]: AnimateDiff's waves, but in place of its eight slowest, which hardly
    change within a video, those that go round 1, 2, … 8 times in 16 frames. AnimateDiff's fastest takes 6.3 frames,
    and what pulses does so every four."""
    rates = torch.exp(torch.arange(0, width, 2) * (-math.log(10000.0) / width))
    rates[-8:] = 2 * math.pi / world.FRAMES * torch.arange(1, 9)
    angles = torch.arange(frames)[:, None] * rates
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(1)[None]


def with_positions(model):
    for module in model.modules():
        if hasattr(module, "pe"):
            module.pe.copy_(positions(module.pe.shape[1], module.pe.shape[2]))
    return model


def motion_parts(arguments):
    """The UNet with motion modules and its text tower, to go on from: those of a model set, or those of `picture_unet`
    with new motion modules."""
    if arguments.begin_with:
        unet = UNet2DConditionModel.from_pretrained(f"{arguments.begin_with}/sd15/unet").float()
        text = CLIPTextModel.from_pretrained(f"{arguments.begin_with}/sd15/text_encoder").float()
        motion = MotionAdapter.from_pretrained(f"{arguments.begin_with}/motion_adapter").float()
    else:
        known = load_trained(arguments, "picture_unet", denoisers())
        unet, text, motion = known["unet"], known["text"], MotionAdapter(**MOTION)
    # The table is a buffer of the published layout, so that whoever loads the weights loads it too.
    model = with_positions(UNetMotionModel.from_unet2d(unet, motion))
    return {"unet": with_shared_context(model).requires_grad_(True).train(), "text": text.requires_grad_(True).train()}


def train_motion(arguments):
    """Motion modules, and with them all of the UNet and its text tower, on videos and stills alike: with so few
    channels, a UNet that knows stills alone decides each frame's colour and shape for itself, and modules around it
    cannot undo that."""
    z, scenes, scale = latents(arguments)
    tokenize = tokens(arguments)
    torch.manual_seed(arguments.seed)
    training = Training(
        "motion", arguments, motion_parts(arguments), arguments.steps or 16000, arguments.rate or 8e-4, average=0.9995
    )
    unet, text, device = training.modules["unet"], training.modules["text"], training.device
    still = with_shared_context(stills_of(unet))
    videos = arguments.batch or 4
    stills = 2 * videos

    def loss_of(step):
        rng, generator = np.random.default_rng([5, arguments.seed, step]), training.generator()
        i, j = rng.integers(len(z), size=videos), rng.integers(len(z), size=stills)
        frame = rng.integers(world.FRAMES, size=stills)
        told = tokenize([caption(scenes, k, rng) for k in np.concatenate([i, j])])
        context = text(told.to(device)).last_hidden_state
        noisy, t, noise = NOISE.add(z[i].float().transpose(1, 2) * scale, generator)
        out = unet(noisy.to(device), t.to(device), context[:videos]).sample
        # When things happen is decided where there is nearly nothing but noise.
        weight = NOISE.weight(t, most=5).to(device)
        moving = (weight * (out - noise.to(device)).square().flatten(1).mean(1)).mean()
        noisy, t, noise = NOISE.add(z[j, frame].float() * scale, generator)
        one = (still(noisy.to(device), t.to(device), context[videos:]).sample - noise.to(device)).square().mean()
        return moving + 0.5 * one, {"moving": moving.item(), "still": one.item()}

    training.run(loss_of)
