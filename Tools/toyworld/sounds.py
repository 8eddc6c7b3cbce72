"""Trains AudioLDM's parts on the toy world's sounds: the VAE of spectrograms, the vocoder, the denoiser with its text
tower."""

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import (
    ClapTextConfig,
    ClapTextModelWithProjection,
    RobertaTokenizerFast,
    SpeechT5HifiGan,
    SpeechT5HifiGanConfig,
)

import world
from diffusion import Noise, Tokens, caption, latents_of, told
from sound import BINS, HOP, log_mel
from training import Training, load_trained

CHANNELS = [48, 64, 48, 48]
VAE = dict(
    in_channels=1,
    out_channels=1,
    down_block_types=["DownEncoderBlock2D"] * 4,
    up_block_types=["UpDecoderBlock2D"] * 4,
    block_out_channels=[8, 24, 48, 48],
    layers_per_block=1,
    latent_channels=8,
    norm_num_groups=8,
    sample_size=world.SECONDS * 100,
)
UNET = dict(
    sample_size=world.SECONDS * 100 // 8,
    in_channels=8,
    out_channels=8,
    down_block_types=["DownBlock2D"] + ["CrossAttnDownBlock2D"] * 3,
    up_block_types=["CrossAttnUpBlock2D"] * 3 + ["UpBlock2D"],
    block_out_channels=CHANNELS,
    layers_per_block=1,
    norm_num_groups=8,
    cross_attention_dim=CHANNELS,
    attention_head_dim=4,
    class_embed_type="simple_projection",
    projection_class_embeddings_input_dim=64,
    class_embeddings_concat=True,
)
TEXT = dict(
    vocab_size=1024,
    hidden_size=64,
    num_hidden_layers=2,
    num_attention_heads=2,
    intermediate_size=128,
    hidden_act="gelu",
    max_position_embeddings=514,
    type_vocab_size=1,
    layer_norm_eps=1e-12,
    projection_dim=64,
    projection_hidden_act="relu",
    pad_token_id=1,
    bos_token_id=0,
    eos_token_id=2,
    hidden_dropout_prob=0.0,
    attention_probs_dropout_prob=0.0,
)
VOCODER = dict(
    model_in_dim=BINS,
    sampling_rate=world.RATE,
    upsample_initial_channel=128,
    upsample_rates=[5, 4, 2, 2, 2],
    upsample_kernel_sizes=[16, 16, 8, 4, 4],
    resblock_kernel_sizes=[3, 7],
    resblock_dilation_sizes=[[1, 3, 5]] * 2,
    leaky_relu_slope=0.1,
    normalize_before=False,
)
SCHEDULE = dict(
    num_train_timesteps=1000,
    beta_start=0.0015,
    beta_end=0.0195,
    beta_schedule="scaled_linear",
    clip_sample=False,
    set_alpha_to_one=False,
    steps_offset=1,
    prediction_type="epsilon",
)
NOISE = Noise(SCHEDULE["beta_start"], SCHEDULE["beta_end"], scaled=True)


def vae_model():
    vae = AutoencoderKL(**VAE)
    torch.nn.init.constant_(vae.decoder.conv_out.bias, -7.0)  # the mean of the spectrograms
    return vae


def train_sound_vae(arguments):
    torch.manual_seed(arguments.seed)
    training = Training("sound_vae", arguments, {"vae": vae_model()}, arguments.steps or 1200, 3e-3, average=0.995)
    vae, device = training.modules["vae"], training.device

    def loss_of(step):
        scenes = world.training(arguments.seed, step, arguments.batch or 12)
        x = log_mel(torch.from_numpy(scenes.sounds()).to(device))[:, None]
        posterior = vae.encode(x).latent_dist
        z = posterior.mean + posterior.std * torch.randn(posterior.mean.shape, generator=training.generator()).to(
            device
        )
        out = vae.decode(z).sample
        # A tone's loud bins are few; they carry pitch and timbre.
        weight = 1 + ((x + 9) / 4).clamp(0, 3)
        error = (weight * (out - x).abs()).mean()
        spread = 0.5 * (posterior.mean.square() + posterior.var - 1 - posterior.logvar).mean()
        return error + 0.01 * spread, {
            "error": (out - x).abs().mean().item(),
            "spread": spread.item(),
            "z": posterior.mean.std().item(),
        }

    training.run(loss_of)


def latents(arguments):
    """Latents [scenes, 8, 25, 8] of whole sounds, their scenes, and the scale that makes their deviation one."""
    if arguments.begin_with:
        vae = AutoencoderKL.from_pretrained(f"{arguments.begin_with}/audioldm/vae").float().eval()
        vae = vae.to(arguments.device)
    else:
        vae = load_trained(arguments, "sound_vae", {"vae": AutoencoderKL(**VAE)})["vae"]

    def encode(scenes):
        mel = log_mel(torch.from_numpy(scenes.sounds()).to(arguments.device))[:, None]
        return torch.cat([vae.encode(m).latent_dist.mean for m in mel.split(16)])

    z, scenes = latents_of(arguments, "sound", 12800, encode)
    scale = 1 / z[:1280].float().std().item()
    return z, scenes, scale


def denoiser():
    return {"unet": UNet2DConditionModel(**UNET)}


HEARD = {"shape": world.SHAPES, "colour": world.COLOURS, "kind": world.KINDS}  # what a sound depends on


def text_tower():
    return {
        "text": ClapTextModelWithProjection(ClapTextConfig(**TEXT)),
        "heads": torch.nn.ModuleDict({a: torch.nn.Linear(64, len(names) + 1) for a, names in HEARD.items()}),
    }


def tokens(arguments):
    return Tokens(RobertaTokenizerFast.from_pretrained(f"{arguments.tokenizers}/audioldm/tokenizer"), 48)


def embedding(text, ids):
    """AudioLDM's condition: a unit vector [n, 64]."""
    return F.normalize(text(ids, attention_mask=ids.ne(1).long()).text_embeds, dim=-1)


def train_clap(arguments):
    """CLAP's text tower, by what its embedding tells of each attribute; "not said" is one of the answers."""
    tokenize = tokens(arguments)
    torch.manual_seed(arguments.seed)
    training = Training("clap", arguments, text_tower(), arguments.steps or 1500, 1e-3, average=0.99)
    text, heads, device = training.modules["text"], training.modules["heads"], training.device

    def loss_of(step):
        rng = np.random.default_rng([8, arguments.seed, step])
        scenes = world.training(arguments.seed, step, arguments.batch or 64)
        captions = [told(scenes, k, rng) for k in range(len(scenes))]
        y = 16 * embedding(text, tokenize([c for c, _ in captions]).to(device))
        loss, right = 0, []
        for name, values in HEARD.items():
            want = torch.tensor(
                [getattr(scenes, name)[k] if name in said else len(values) for k, (_, said) in enumerate(captions)]
            )
            out = heads[name](y)
            loss = loss + F.cross_entropy(out, want.to(device))
            right.append((out.argmax(1).cpu() == want).float().mean().item())
        return loss, {"right": min(right)}

    training.run(loss_of)


def sound_parts(arguments):
    """The denoiser and the text tower that it listens to: those of a model set, or a new one and that of `clap`."""
    if arguments.begin_with:
        unet = UNet2DConditionModel.from_pretrained(f"{arguments.begin_with}/audioldm/unet").float().train()
        text = ClapTextModelWithProjection.from_pretrained(f"{arguments.begin_with}/audioldm/text_encoder").float()
        return {"unet": unet}, text.eval().requires_grad_(False).to(arguments.device)
    return denoiser(), load_trained(arguments, "clap", text_tower())["text"]


def train_sound_unet(arguments):
    z, scenes, scale = latents(arguments)
    tokenize = tokens(arguments)
    torch.manual_seed(arguments.seed)
    parts, text = sound_parts(arguments)
    training = Training(
        "sound_unet", arguments, parts, arguments.steps or 2400, arguments.rate or 1.2e-3, average=0.999
    )
    unet, device = training.modules["unet"], training.device

    def loss_of(step):
        rng = np.random.default_rng([6, arguments.seed, step])
        i = rng.integers(len(z), size=arguments.batch or 32)
        noisy, t, noise = NOISE.add(z[i].float() * scale, training.generator())
        with torch.no_grad():
            y = embedding(text, tokenize([caption(scenes, k, rng) for k in i]).to(device))
        out = unet(noisy.to(device), t.to(device), None, class_labels=y).sample
        error = (out - noise.to(device)).square().mean((1, 2, 3))
        return (NOISE.weight(t).to(device) * error).mean(), {"error": error.mean().item()}

    training.run(loss_of)


def spectral(a, b):
    """Distance of two waveforms' magnitudes at four resolutions, compressed. What lies below −60 dB is noise, which
    cannot be matched bin by bin, and does not count."""
    loss = 0.0
    for size in (256, 512, 1024, 2048):
        window = torch.hann_window(size, device=a.device)
        x, y = (
            (torch.stft(w, size, size // 8, size, window, return_complex=True).abs() / size**0.5).clamp(min=1e-3)
            for w in (a, b)
        )
        loss = (
            loss
            + (x.sqrt() - y.sqrt()).abs().mean() * 4
            + (x - y).norm() / y.norm()
            + 0.2 * (x.log() - y.log()).abs().mean()
        )
    return loss / 4


def vocoder_model():
    model = SpeechT5HifiGan(SpeechT5HifiGanConfig(**VOCODER))
    for m in model.modules():  # the library's beginning is so small that nothing comes through
        if isinstance(m, (torch.nn.Conv1d, torch.nn.ConvTranspose1d)):
            m.reset_parameters()
    return model


def train_vocoder(arguments):
    torch.manual_seed(arguments.seed)
    training = Training(
        "vocoder",
        arguments,
        {"vocoder": vocoder_model()},
        arguments.steps or 2500,
        1.5e-3,
        average=0.995,
        beta=(0.8, 0.99),
    )
    vocoder, device = training.modules["vocoder"], training.device
    frames = 50

    def loss_of(step):
        rng = np.random.default_rng([7, arguments.seed, step])
        scenes = world.training(arguments.seed, step, arguments.batch or 8)
        wave = torch.from_numpy(scenes.sounds(0.7, rng.uniform(0, 1, len(scenes)))).to(device)
        first = 10  # away from the edges' reflection
        mel = log_mel(wave)[:, first : first + frames]
        # Decoded spectrograms are not exact; the vocoder must not depend on what they miss.
        g = training.generator()
        mel = mel + 0.15 * torch.rand(len(mel), 1, 1, generator=g).to(device) * torch.randn(mel.shape, generator=g).to(
            device
        )
        out = vocoder(mel)[:, : frames * HOP]
        want = wave[:, first * HOP : (first + frames) * HOP]
        loss = spectral(out, want)
        return loss

    training.run(loss_of)
