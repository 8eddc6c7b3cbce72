#!/usr/bin/env python3
"""Goldens of the captioners, from transformers: tiny models in the published layouts, and what they tell of inputs.

  captioners.py --reference DIR --out Tests/Fixtures/Data/captioners

DIR holds captioners.py, the reference, which makes tokenizers and configurations. Weights are not stored: they are
drawn as `weights` in models.json says, by the tests too. Neither are inputs: pictures are noise
(`units.noise_bytes`), sounds the evaluation's `wave_of`. Needs transformers 4.57, tokenizers and Pillow, below
version 13: that resizes tall pictures in another order.
"""

import argparse
import importlib.util
import json
import os
import shutil
import sys
import tempfile

import numpy as np
import torch
from units import Kept, noise_bytes, randn

# Height and width; noise that is enlarged has shapes, noise that is shrunk is grey.
PICTURES = ((12, 16), (20, 15), (9, 27), (96, 96), (333, 71))
# Seconds, and the rate that the sound is drawn for: it is played at 16 kHz.
SOUNDS = ((3, 16000), (5, 9000), (7, 24000), (31, 12000))
SMALL = ("config.json", "generation_config.json", "preprocessor_config.json", "vocab.json", "merges.txt")
SMALL += ("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
LIMIT = 16


def load(folder, name):
    spec = importlib.util.spec_from_file_location(f"reference_{name}", f"{folder}/{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def pictures():
    from PIL import Image

    return [Image.fromarray(noise_bytes(50 + i, h, w, 3)) for i, (h, w) in enumerate(PICTURES)]


def sounds(evaluation):
    return [evaluation.wave_of(60 + i, 16000 * s, rate).astype(np.float32) for i, (s, rate) in enumerate(SOUNDS)]


class Recipe:
    """How each tensor of a model is drawn: a seed, a factor, an offset, and rows that are multiplied once more."""

    def __init__(self, seed):
        self.seed, self.rows = seed, []

    def draw(self, model, keep=()):
        """Every tensor anew, so that nothing is zero."""
        self.rows = []
        state = model.state_dict()
        buffers = [(name, p) for name, p in model.named_buffers() if name in state]
        for i, (name, p) in enumerate([*model.named_parameters(), *buffers]):
            seed, offset = self.seed * 1000 + i, 0.0
            if any(k in name for k in keep):
                # Waves, as they are published; drawn, they would do as well.
                factor = 0.3
            elif p.dim() == 1:
                factor, offset = 0.1, 1.0 if name.endswith("weight") else 0.0
            elif "embed" in name or "shared" in name:
                factor = 0.6
            else:
                factor = 1.4 * p[0].numel() ** -0.5
            factor = float(np.float32(factor))
            p.copy_(randn(seed, *p.shape) * factor + offset)
            self.rows.append([name, list(p.shape), seed, factor, offset, []])

    def scale(self, model, name, first, end, factor):
        model.get_parameter(name)[first:end] *= factor
        next(r for r in self.rows if r[0] == name)[5].append([first, end, factor])


def look_closer(recipe, model, decoder, config):
    """Else what is read is a mean over all places, and the same for all inputs."""
    for i in range(config.decoder_layers):
        recipe.scale(model, f"{decoder}.layers.{i}.encoder_attn.q_proj.weight", 0, config.d_model, 5)
        recipe.scale(model, f"{decoder}.layers.{i}.encoder_attn.out_proj.weight", 0, config.d_model, 3)


def copy_small(source, out):
    os.makedirs(out, exist_ok=True)
    for name in SMALL:
        if os.path.exists(f"{source}/{name}"):
            shutil.copy(f"{source}/{name}", f"{out}/{name}")


def florence(R, made, out, description):
    from transformers import AutoProcessor, Florence2ForConditionalGeneration

    d = f"{made}/florence2"
    model = Florence2ForConditionalGeneration.from_pretrained(d).eval()
    processor = AutoProcessor.from_pretrained(d, use_fast=False)
    text_size = len(processor.tokenizer) - 1  # <image> is the last
    base = json.load(open(f"{d}/vocab.json"))
    shared = "model.language_model.shared.weight"
    images = pictures()
    inputs = processor(text=["<CAPTION>"] * len(images), images=images, return_tensors="pt")
    for trial in range(1, 200):
        recipe = Recipe(trial)
        recipe.draw(model)
        # Numbers without a token are never the best; words rather than single bytes.
        recipe.scale(model, shared, text_size, model.config.text_config.vocab_size, 0.01)
        recipe.scale(model, shared, len(base), text_size, 0.2)
        recipe.scale(model, shared, 5, 261, 0.5)
        for token in (0, 1, 3, 4):
            recipe.scale(model, shared, token, token + 1, 0.3)
        recipe.scale(model, shared, 2, 3, 1.4)
        look_closer(recipe, model, "model.language_model.decoder", model.config.text_config)
        found = [model.generate(**inputs, num_beams=k, max_length=LIMIT) for k in (1, 3)]
        lengths = [[int((row != 1).sum()) for row in rows] for rows in found]
        different = min(len({tuple(row.tolist()) for row in rows}) for rows in found)
        # Some end by themselves, some at the limit, and not all say the same.
        if all(min(n) < LIMIT - 2 and max(n) == LIMIT for n in lengths) and different >= 3:
            break
    else:
        raise SystemExit("no seed with texts of all kinds")
    print(f"florence2: seed {trial}, lengths {lengths}")
    model.tie_weights()
    copy_small(d, f"{out}/florence2")
    copy_small(f"{made}/florence2-original", f"{out}/florence2-original")
    # The other layout's keys, each with the tensor that it holds.
    R.original(model, processor, f"{made}/again", text_size)
    state = torch.load(f"{made}/again/pytorch_model.bin", map_location="cpu", weights_only=True)
    ours = R.renamed(state)
    names = {**dict(model.named_buffers()), **dict(model.named_parameters())}
    original = []
    for key, value in state.items():
        if key.endswith(("lm_head.weight", "embed_tokens.weight")):
            original.append([key, shared, text_size, False])
        elif key.endswith("final_logits_bias"):
            original.append([key, None, text_size, False])
        else:
            (name,) = [n for n, v in ours.items() if v.data_ptr() == value.data_ptr()]
            rows = value.shape[0] if value.shape[0] != names[name].shape[0] and key != "image_projection" else None
            original.append([key, name, rows, key == "image_projection"])
    description["florence2"] = {"weights": recipe.rows, "original": original, "pictures": PICTURES}

    kept, document = Kept(), {}
    document["prompts"] = {task: processor.tokenizer(text).input_ids for task, text in R.PROMPTS.items()}
    kept.put("pixel_values", inputs.pixel_values, 4000)
    vision = model.model.vision_tower(inputs.pixel_values)
    kept.put("vision", vision.permute(0, 2, 3, 1), 4000)
    seen = model.model.multi_modal_projector(vision)
    kept.put("image_features", seen, 4000)
    e = model.get_input_embeddings()(inputs.input_ids)
    mask = (inputs.input_ids == model.config.image_token_id)[..., None].expand_as(e)
    kept.put(
        "encoder",
        model.model.language_model.encoder(inputs_embeds=e.masked_scatter(mask, seen)).last_hidden_state,
        4000,
    )
    cases(
        R.CASES,
        lambda **s: model.generate(**inputs, do_sample=False, **s),
        0,
        LIMIT,
        kept,
        document,
        lambda ids: processor.batch_decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False),
    )
    kept.save(f"{out}/florence2.safetensors")
    return document


def whisper(R, evaluation, made, out, description):
    from transformers import WhisperFeatureExtractor, WhisperForConditionalGeneration, WhisperTokenizer

    d = f"{made}/whisper-captioner"
    model = WhisperForConditionalGeneration.from_pretrained(d).eval()
    tokenizer = WhisperTokenizer.from_pretrained(d, language="en", task="transcribe")
    features = WhisperFeatureExtractor.from_pretrained(d)
    waves = sounds(evaluation)
    mel = features(waves, sampling_rate=16000, return_tensors="pt").input_features
    prompt = R.whisper_prompt(tokenizer)
    end, count = model.config.eos_token_id, len(prompt)
    table = "model.decoder.embed_tokens.weight"
    for trial in range(1, 400):
        recipe = Recipe(trial)
        recipe.draw(model)
        recipe.scale(model, table, 0, 256, 0.5)
        recipe.scale(model, table, end, end + 1, 1.7)
        look_closer(recipe, model, "model.decoder", model.config)
        found = [R.whisper_generate(model, mel, prompt, num_beams=k, max_length=count + 14) for k in (1, 3)]
        lengths = [[int((row != end).sum()) for row in rows] for rows in found]
        different = min(len({tuple(row.tolist()) for row in rows}) for rows in found)
        if all(min(n) < count + 13 and max(n) == count + 14 for n in lengths) and different >= 3:
            break
    else:
        raise SystemExit("no seed with texts of all kinds")
    print(f"whisper: seed {trial}, lengths {lengths}")
    copy_small(d, f"{out}/whisper")
    description["whisper"] = {"weights": recipe.rows, "sounds": SOUNDS}
    kept, document = Kept(), {"prefix": R.PREFIX, "prompt": prompt}
    kept.put("input_features", mel, 4000)
    kept.put("encoder", model.model.encoder(mel).last_hidden_state, 4000)
    cases(
        R.CASES,
        lambda **s: R.whisper_generate(model, mel, prompt, **s),
        count,
        count + 14,
        kept,
        document,
        lambda ids: tokenizer.batch_decode(
            [row[count:] for row in ids], skip_special_tokens=True, clean_up_tokenization_spaces=False
        ),
    )
    kept.save(f"{out}/whisper.safetensors")
    return document


def cases(settings, generate, prompt, limit, kept, document, decode):
    document["cases"] = []
    for i, each in enumerate(settings):
        r = generate(max_length=limit, return_dict_in_generate=True, output_logits=True, output_scores=True, **each)
        case = {"settings": each, "length": limit, "tokens": r.sequences.tolist(), "texts": decode(r.sequences)}
        if each["num_beams"] > 1:
            case["scores"] = r.sequences_scores.tolist()
        if i == 0:  # what each greedy step saw: [step, row, vocabulary]
            kept.put("logits", torch.stack(r.logits), 8000)
        document["cases"].append(case)


@torch.inference_mode()
def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--reference", required=True)
    ap.add_argument("--out", required=True)
    a = ap.parse_args()
    torch.set_num_threads(1)
    R, evaluation = load(a.reference, "captioners"), load(a.reference, "evaluation")
    os.makedirs(a.out, exist_ok=True)
    description = {}
    with tempfile.TemporaryDirectory() as made:
        R.make_florence(made, 0)
        R.make_whisper(made, 0)
        documents = {
            "florence2": florence(R, made, a.out, description),
            "whisper": whisper(R, evaluation, made, a.out, description),
        }
    for name, value in {"models": description, **documents}.items():
        with open(f"{a.out}/{name}.json", "w") as file:
            json.dump(value, file, separators=(",", ":"))


if __name__ == "__main__":
    main()
