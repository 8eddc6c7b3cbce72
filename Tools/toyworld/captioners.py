"""Trains what captions: a small Florence-2 that tells of pictures, and a small Whisper that tells of sounds.

Both are transformers' own classes at small sizes, so that they are saved in the published layouts. Their tokenizers are
byte-level byte-pair encodings of the world's captions, trained here.
"""

import os
import tempfile

import numpy as np
import torch

import world
from training import Training

PROMPTS = {
    "brief": "What does the image describe?",
    "detailed": "Describe in detail what is shown in the image.",
    "paragraph": "Describe with a paragraph what is shown in the image.",
}
STYLES = ["clotho > caption: ", "audiocaps > caption: ", "audioset > keywords: "]
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
BEGIN, PAD, END = 0, 1, 2  # their numbers
WHISPER_SPECIAL = ["<|startoftranscript|>", "<|en|>", "<|translate|>", "<|transcribe|>", "<|notimestamps|>"]
MERGES = 96  # beside the 256 bytes and the special tokens
SECONDS = 2  # that Whisper hears: the length of a scene
HEARD = {"shape", "colour", "kind"}  # what a sound tells


# ---- what is said ----------------------------------------------------------------------------------------------------
def told_of_picture(scenes, i, detail):
    everything = scenes.told(i, set(world.ATTRIBUTES))
    if detail == "brief":
        return scenes.told(i, HEARD)
    if detail == "detailed":
        return everything
    ground = {"night": "dark", "dusk": "a sky at dusk", "grid": "a grid of lines"}[world.GROUNDS[scenes.ground[i]]]
    return f"{everything}. the background is {ground}."


def told_of_sound(scenes, i, style):
    if style == STYLES[0]:
        colour, shape = world.COLOURS[scenes.colour[i]], world.SHAPES[scenes.shape[i]]
        return f"a {colour} {shape} is {['bouncing', 'flashing', 'pulsing'][scenes.kind[i]]}"
    if style == STYLES[1]:
        return scenes.told(i, HEARD)
    return f"{world.SHAPES[scenes.shape[i]]}, {world.COLOURS[scenes.colour[i]]}, {world.KINDS[scenes.kind[i]]}"


def sentences():
    scenes = world.training(0, 0, 400)
    return [
        *PROMPTS.values(),
        *STYLES,
        *(told_of_picture(scenes, i, detail) for i in range(400) for detail in PROMPTS),
        *(told_of_sound(scenes, i, style) for i in range(400) for style in STYLES),
    ]


def byte_pairs(folder, special):
    from tokenizers import ByteLevelBPETokenizer

    tokenizer = ByteLevelBPETokenizer()
    tokenizer.train_from_iterator(
        sentences(),
        vocab_size=256 + len(special) + MERGES,
        min_frequency=2,
        show_progress=False,
        special_tokens=special,
    )
    tokenizer.save_model(folder)


def picture_processor():
    from transformers import AddedToken, BartTokenizerFast, CLIPImageProcessor, Florence2Processor

    with tempfile.TemporaryDirectory() as folder:
        byte_pairs(folder, SPECIAL)
        tokenizer = BartTokenizerFast(f"{folder}/vocab.json", f"{folder}/merges.txt", model_max_length=128)
    tokenizer.add_tokens(AddedToken("<image>", special=True, normalized=False), special_tokens=True)
    tokenizer.image_token, tokenizer.image_token_id = "<image>", tokenizer.convert_tokens_to_ids("<image>")
    tokenizer.extra_special_tokens = {"image_token": "<image>"}
    side = world.SIDE
    images = CLIPImageProcessor(
        do_resize=True,
        size={"height": side, "width": side},
        resample=3,
        do_center_crop=False,
        do_convert_rgb=None,
        image_mean=[0.485, 0.456, 0.406],
        image_std=[0.229, 0.224, 0.225],
        image_seq_length=17,
    )
    return Florence2Processor(image_processor=images, tokenizer=tokenizer)


def picture_model(processor):
    from transformers import BartConfig, Florence2Config, Florence2ForConditionalGeneration, GenerationConfig
    from transformers.models.florence2.configuration_florence2 import Florence2VisionConfig

    vision = Florence2VisionConfig(
        depths=(1, 1, 2, 1),
        embed_dim=(24, 48, 64, 96),
        num_heads=(2, 3, 4, 6),
        num_groups=(2, 3, 4, 6),
        patch_size=(7, 3, 3, 3),
        patch_stride=(2, 2, 2, 2),
        patch_padding=(3, 1, 1, 1),
        window_size=4,
        projection_dim=80,
        max_temporal_embeddings=4,
        max_position_embeddings=8,
        drop_path_rate=0.0,
    )
    size = len(processor.tokenizer)
    numbers = {"pad_token_id": PAD, "bos_token_id": BEGIN, "eos_token_id": END, "decoder_start_token_id": END}
    text = BartConfig(
        vocab_size=size,
        d_model=80,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=160,
        decoder_ffn_dim=160,
        max_position_embeddings=128,
        scale_embedding=False,
        dropout=0.0,
        forced_bos_token_id=BEGIN,
        forced_eos_token_id=END,
        **numbers,
    )
    config = Florence2Config(
        text_config=text,
        vision_config=vision,
        image_token_id=processor.tokenizer.image_token_id,
        **{k: numbers[k] for k in ("pad_token_id", "bos_token_id", "eos_token_id")},
    )
    model = Florence2ForConditionalGeneration(config)
    model.generation_config = GenerationConfig(
        num_beams=3,
        no_repeat_ngram_size=0,
        early_stopping=True,
        forced_bos_token_id=BEGIN,
        forced_eos_token_id=END,
        **numbers,
    )
    return model


def wide(model):
    """The vision tower with weights that carry a picture's differences through: transformers' own 0.02 fits widths of
    1024, and at these widths every picture comes out the same."""
    for module in model.model.vision_tower.modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.Linear):
            torch.nn.init.normal_(module.weight, std=module.weight[0].numel() ** -0.5)
    return model


def heads():
    """What a picture shows, told from its tokens' mean, while the captioner is trained: without them the captions'
    grammar is learned first, and the pictures' features die meanwhile."""
    return torch.nn.ModuleDict(
        {
            "shape": torch.nn.Linear(80, len(world.SHAPES)),
            "colour": torch.nn.Linear(80, len(world.COLOURS)),
            "kind": torch.nn.Linear(80, len(world.KINDS)),
            "ground": torch.nn.Linear(80, len(world.GROUNDS)),
        }
    )


def sound_tokenizer():
    from transformers import WhisperTokenizer

    with tempfile.TemporaryDirectory() as folder:
        byte_pairs(folder, [])
        tokenizer = WhisperTokenizer(f"{folder}/vocab.json", f"{folder}/merges.txt", model_max_length=128)
    tokenizer.add_special_tokens({"additional_special_tokens": WHISPER_SPECIAL})
    return tokenizer


def sound_features():
    from transformers import WhisperFeatureExtractor

    return WhisperFeatureExtractor(
        feature_size=80, sampling_rate=world.RATE, hop_length=160, chunk_length=SECONDS, n_fft=400
    )


def sound_model(tokenizer):
    from transformers import GenerationConfig, WhisperConfig, WhisperForConditionalGeneration

    end = tokenizer.convert_tokens_to_ids("<|endoftext|>")
    numbers = {
        "pad_token_id": end,
        "bos_token_id": end,
        "eos_token_id": end,
        "decoder_start_token_id": tokenizer.convert_tokens_to_ids("<|startoftranscript|>"),
    }
    config = WhisperConfig(
        vocab_size=len(tokenizer),
        num_mel_bins=80,
        d_model=96,
        encoder_layers=2,
        decoder_layers=2,
        encoder_attention_heads=4,
        decoder_attention_heads=4,
        encoder_ffn_dim=192,
        decoder_ffn_dim=192,
        max_source_positions=SECONDS * 50,
        max_target_positions=64,
        suppress_tokens=[],
        begin_suppress_tokens=[],
        **numbers,
    )
    model = WhisperForConditionalGeneration(config)
    model.generation_config = GenerationConfig(max_length=60, begin_suppress_tokens=[end], **numbers)
    return model


# ---- training --------------------------------------------------------------------------------------------------------
def spoiled(pictures, rng):
    """Noise, and a blur now and then: what is captioned may be a frame of a compressed video."""
    x = torch.from_numpy(pictures)
    blurred = torch.nn.functional.avg_pool2d(torch.nn.functional.pad(x, (1, 1, 1, 1), mode="replicate"), 3, 1)
    share = torch.from_numpy(np.where(rng.random(len(x)) < 0.4, rng.uniform(0, 1, len(x)), 0)).float()
    x = x.lerp(blurred, share[:, None, None, None])
    noise = torch.from_numpy(rng.uniform(0, 0.04, len(x))).float()[:, None, None, None]
    return (x + noise * torch.from_numpy(rng.standard_normal(x.shape, np.float32))).clamp(0, 1)


def padded(rows, value):
    longest = max(map(len, rows))
    return torch.tensor([[*row, *[value] * (longest - len(row))] for row in rows])


def train_image_captioner(a):
    torch.manual_seed(a.seed)
    processor = picture_processor()
    tokenizer = processor.tokenizer
    training = Training(
        "image_captioner",
        a,
        {"model": wide(picture_model(processor)), "heads": heads()},
        a.steps or 6000,
        a.rate or 1e-3,
        average=0.999,
    )
    model, told = training.modules["model"], training.modules["heads"]
    mean, deviation = (
        torch.tensor(v)[None, :, None, None]
        for v in (processor.image_processor.image_mean, processor.image_processor.image_std)
    )
    prompts = {d: tokenizer(p).input_ids for d, p in PROMPTS.items()}
    image = [tokenizer.image_token_id] * 17

    def loss_of(step):
        rng = np.random.default_rng([5, a.seed, step])
        scenes = world.training(a.seed, step, a.batch or 32)
        detail = list(PROMPTS)[rng.integers(len(PROMPTS))]
        pictures = spoiled(scenes.pictures(rng.uniform(0, world.SECONDS, (len(scenes), 1)))[:, 0], rng)
        said = [tokenizer(told_of_picture(scenes, i, detail)).input_ids for i in range(len(scenes))]
        labels = padded(said, -100).to(training.device)
        pixels = ((pictures - mean) / deviation).to(training.device)
        seen = []
        hook = model.model.multi_modal_projector.register_forward_hook(lambda _, __, out: seen.append(out))
        out = model(
            pixel_values=pixels,
            input_ids=torch.tensor([image + prompts[detail]] * len(scenes), device=training.device),
            decoder_input_ids=padded([[END, *row[:-1]] for row in said], PAD).to(training.device),
        )
        hook.remove()
        # Not the loss that transformers 4.57 gives for `labels`: it shifts them twice, to the token after the next.
        caption = torch.nn.functional.cross_entropy(out.logits.flatten(0, 1), labels.flatten())
        attributes = sum(
            torch.nn.functional.cross_entropy(
                head(seen[0].mean(1)), torch.from_numpy(getattr(scenes, name)).to(training.device)
            )
            for name, head in told.items()
        )
        return caption + 0.2 * attributes, {"caption": caption.item(), "attributes": attributes.item()}

    training.run(loss_of)


def train_sound_captioner(a):
    torch.manual_seed(a.seed)
    tokenizer, features = sound_tokenizer(), sound_features()
    training = Training(
        "sound_captioner", a, {"model": sound_model(tokenizer)}, a.steps or 6000, a.rate or 1e-3, average=0.999
    )
    model = training.modules["model"]
    end = tokenizer.convert_tokens_to_ids("<|endoftext|>")

    def loss_of(step):
        rng = np.random.default_rng([6, a.seed, step])
        scenes = world.training(a.seed, step, a.batch or 32)
        style = STYLES[rng.integers(len(STYLES))]
        waves = scenes.sounds(SECONDS, rng.uniform(0, 1, len(scenes)))
        waves = waves + (10 ** rng.uniform(-4.5, -2, (len(waves), 1))) * rng.standard_normal(waves.shape)
        mel = features(list(waves.astype(np.float32)), sampling_rate=world.RATE, return_tensors="pt").input_features
        before = prompt(tokenizer, style)
        said = [
            [*before, *tokenizer(told_of_sound(scenes, i, style), add_special_tokens=False).input_ids, end]
            for i in range(len(scenes))
        ]
        labels = padded([[*[-100] * (len(before) - 1), *row[len(before) :]] for row in said], -100)
        out = model(
            input_features=mel.to(training.device),
            decoder_input_ids=padded([row[:-1] for row in said], end).to(training.device),
            labels=labels.to(training.device),
        )
        return out.loss

    training.run(loss_of)


def prompt(tokenizer, style):
    fixed = ["<|startoftranscript|>", "<|en|>", "<|transcribe|>", "<|notimestamps|>"]
    return tokenizer.convert_tokens_to_ids(fixed) + tokenizer(style, add_special_tokens=False).input_ids


# ---- what is published -----------------------------------------------------------------------------------------------
def save(a, folder, load_trained):
    """Those of both that were trained, each a folder as transformers writes it, in half precision."""
    for part in ("image", "sound"):
        if not os.path.exists(f"{a.out}/{part}_captioner/checkpoint.pt"):
            continue
        processor = picture_processor() if part == "image" else sound_tokenizer()
        model = picture_model(processor) if part == "image" else sound_model(processor)
        generation = model.generation_config
        modules = {"model": model, "heads": heads()} if part == "image" else {"model": model}
        model = load_trained(a, f"{part}_captioner", modules)["model"]
        model.generation_config = generation
        out = f"{folder}/{'image' if part == 'image' else 'audio'}"
        model.half().save_pretrained(out, safe_serialization=True)
        processor.save_pretrained(out)
        if part == "sound":
            sound_features().save_pretrained(out)
