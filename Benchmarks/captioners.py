#!/usr/bin/env python3
"""Captions on the CPU, beside transformers on the same threads: seconds a caption, and the most memory.

  captioners.py [--only image,audio] [--captions 4] [--tokens 20] [--beams 3] [--threads 2] [--rounds 2]
                [--bin .build/release]

Florence-2-base and Whisper-small in their published dimensions and layouts, with random weights in half precision,
which both compute with in single precision; with random weights nothing is the end, so every caption is as long as it
may be. seehear's seconds are those of `seehear-worker caption` on that many rows less those on one, so without loading;
transformers' are taken in its process after loading and one caption. They take turns; each figure is the least of its
rounds. Memory is the most that one process had resident, with everything. Needs torch, transformers, tiktoken,
openai-whisper (its vocabulary alone), pillow and soundfile, and ffmpeg.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
PROMPT, STYLE = "What does the image describe?", "audiocaps > caption: "


def florence(folder, a):
    from transformers import (
        AddedToken,
        BartConfig,
        BartTokenizerFast,
        CLIPImageProcessor,
        Florence2Config,
        Florence2ForConditionalGeneration,
        Florence2Processor,
        GenerationConfig,
    )
    from transformers.models.florence2.configuration_florence2 import Florence2VisionConfig

    vocabulary = json.load(open(f"{folder}/vocab.json"))
    tokens = ["<s>", "<pad>", "</s>", "<unk>", *sorted(vocabulary, key=vocabulary.get)][:50264] + ["<mask>"]
    json.dump({token: i for i, token in enumerate(tokens)}, open(f"{folder}/bart.json", "w"))
    known = set(tokens)
    with open(f"{folder}/bart.txt", "w") as file:
        for line in open(f"{folder}/merges.txt"):
            if line.startswith("#") or line.strip().replace(" ", "") in known:
                file.write(line)
    tokenizer = BartTokenizerFast(f"{folder}/bart.json", f"{folder}/bart.txt", model_max_length=1024)
    tokenizer.add_tokens([AddedToken(f"<loc_{i}>", normalized=False) for i in range(1024 - 1)])
    tokenizer.add_tokens(AddedToken("<image>", special=True, normalized=False), special_tokens=True)
    tokenizer.image_token, tokenizer.image_token_id = "<image>", tokenizer.convert_tokens_to_ids("<image>")
    tokenizer.extra_special_tokens = {"image_token": "<image>"}
    images = CLIPImageProcessor(
        size={"height": 768, "width": 768},
        resample=3,
        do_center_crop=False,
        do_convert_rgb=None,
        image_mean=[0.485, 0.456, 0.406],
        image_std=[0.229, 0.224, 0.225],
        image_seq_length=577,
    )
    numbers = {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2, "decoder_start_token_id": 2}
    forced = {"forced_bos_token_id": 0, "forced_eos_token_id": 2}
    config = Florence2Config(
        text_config=BartConfig(
            vocab_size=len(tokenizer),
            d_model=768,
            encoder_layers=6,
            decoder_layers=6,
            encoder_attention_heads=12,
            decoder_attention_heads=12,
            encoder_ffn_dim=3072,
            decoder_ffn_dim=3072,
            **numbers,
            **forced,
        ),
        vision_config=Florence2VisionConfig(projection_dim=768),
        image_token_id=tokenizer.image_token_id,
        **{k: numbers[k] for k in ("pad_token_id", "bos_token_id", "eos_token_id")},
    )
    model = Florence2ForConditionalGeneration(config)
    model.generation_config = GenerationConfig(
        num_beams=a.beams,
        no_repeat_ngram_size=3,
        early_stopping=a.beams > 1,
        max_length=a.tokens,
        **numbers,
        **forced,
    )
    model.half().save_pretrained(f"{folder}/image")
    Florence2Processor(image_processor=images, tokenizer=tokenizer).save_pretrained(f"{folder}/image")
    return sum(p.numel() for p in model.parameters())


def whisper(folder, a):
    from transformers import GenerationConfig, WhisperConfig, WhisperFeatureExtractor, WhisperForConditionalGeneration

    added = json.load(open(f"{folder}/added_tokens.json"))
    numbers = {
        "pad_token_id": added["<|endoftext|>"],
        "bos_token_id": added["<|endoftext|>"],
        "eos_token_id": added["<|endoftext|>"],
        "decoder_start_token_id": added["<|startoftranscript|>"],
    }
    config = WhisperConfig(
        vocab_size=50257 + len(added),
        d_model=768,
        encoder_layers=12,
        decoder_layers=12,
        encoder_attention_heads=12,
        decoder_attention_heads=12,
        encoder_ffn_dim=3072,
        decoder_ffn_dim=3072,
        **numbers,
    )
    model = WhisperForConditionalGeneration(config)
    model.generation_config = GenerationConfig(num_beams=a.beams, max_length=448, **numbers)
    model.half().save_pretrained(f"{folder}/audio")
    WhisperFeatureExtractor(feature_size=80).save_pretrained(f"{folder}/audio")
    for name in ("vocab.json", "merges.txt", "added_tokens.json"):
        os.link(f"{folder}/{name}", f"{folder}/audio/{name}")
    return sum(p.numel() for p in model.parameters())


def theirs(part, folder, a):
    """Seconds a caption, the most memory in MiB, and the captions, of transformers."""
    import torch

    torch.set_num_threads(a.threads)
    captions, began = [], 0.0
    with torch.inference_mode():
        if part == "image":
            from PIL import Image
            from transformers import AutoProcessor, Florence2ForConditionalGeneration

            processor = AutoProcessor.from_pretrained(f"{folder}/image", use_fast=False)
            model = Florence2ForConditionalGeneration.from_pretrained(f"{folder}/image", dtype=torch.float32)
            words = processor.tokenizer(PROMPT).input_ids
            ids = torch.tensor([[processor.tokenizer.image_token_id] * 577 + words])
        else:
            import soundfile
            from transformers import (
                GenerationMixin,
                WhisperFeatureExtractor,
                WhisperForConditionalGeneration,
                WhisperTokenizer,
            )

            features = WhisperFeatureExtractor.from_pretrained(f"{folder}/audio")
            tokenizer = WhisperTokenizer(f"{folder}/audio/vocab.json", f"{folder}/audio/merges.txt")
            added = json.load(open(f"{folder}/audio/added_tokens.json"))
            begin = ["startoftranscript", "en", "transcribe", "notimestamps"]
            prompt = [added[f"<|{name}|>"] for name in begin] + tokenizer(STYLE, add_special_tokens=False).input_ids
            model = WhisperForConditionalGeneration.from_pretrained(f"{folder}/audio", dtype=torch.float32)
        for number in range(a.captions):
            if number == 1:
                began = time.perf_counter()
            if part == "image":
                picture = Image.open(f"{folder}/{number}.png").convert("RGB")
                pixels = processor.image_processor(picture, return_tensors="pt").pixel_values
                out = model.generate(input_ids=ids, pixel_values=pixels)
                captions.append(processor.tokenizer.decode(out[0], skip_special_tokens=True))
            else:
                sound, rate = soundfile.read(f"{folder}/{number}.wav", dtype="float32")
                mel = features(sound, sampling_rate=rate, return_tensors="pt").input_features
                out = GenerationMixin.generate(
                    model,
                    input_features=mel,
                    decoder_input_ids=torch.tensor([prompt]),
                    max_length=len(prompt) + a.tokens,
                )
                captions.append(tokenizer.decode(out[0, len(prompt) :], skip_special_tokens=True))
    seconds = (time.perf_counter() - began) / (a.captions - 1)
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, captions


def ours(part, folder, a, number):
    """The same of seehear."""
    kind, task = ("image", "i2a") if part == "image" else ("audio", "a2i")
    ending, seconds, captions = "png" if part == "image" else "wav", [], []
    for rows in (1, a.captions):
        with open(f"{folder}/rows.jsonl", "w") as file:
            for row in range(rows):
                file.write(json.dumps({"id": f"r{row}", "task": task, kind: f"{row}.{ending}"}) + "\n")
        with open(f"{folder}/job.yaml", "w") as file:
            file.write(
                f"task: i2a\nmanifest: rows.jsonl\nmodels: {{binder: {ROOT}/Models/toyworld/imagebind}}\n"
                f"caption: model\ncaptioner: {{{part}: {folder}/{part}, style: '{STYLE}', max_tokens: {a.tokens}}}\n"
                f"threads: {a.threads}\nbatch: {a.captions}\ninput_hash: stat\n"
            )
        out = f"{folder}/{part}-{number}-{rows}.jsonl"
        began = time.perf_counter()
        subprocess.run(
            [f"{a.bin}/seehear-worker", "caption", f"{folder}/job.yaml", "--out", out],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        seconds.append(time.perf_counter() - began)
        captions = [json.loads(line)["prompt"] for line in open(out)]
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return (seconds[1] - seconds[0]) / (a.captions - 1), peak, captions


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--only", default="image,audio")
    ap.add_argument("--captions", type=int, default=4)
    ap.add_argument("--tokens", type=int, default=20)
    ap.add_argument("--beams", type=int, default=3)
    ap.add_argument("--threads", type=int, default=2)
    ap.add_argument("--rounds", type=int, default=2)
    ap.add_argument("--bin", default=f"{ROOT}/.build/release")
    ap.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    a = ap.parse_args()
    if a.one:
        who, part, folder = a.one
        print(json.dumps(theirs(part, folder, a) if who == "theirs" else ours(part, folder, a, os.getpid())))
        return
    settings = [f"--{name}={getattr(a, name)}" for name in ("captions", "tokens", "beams", "threads", "bin")]
    with tempfile.TemporaryDirectory() as folder:
        script = f"{ROOT}/Tests/Integration/whisper_vocabulary.py"
        subprocess.run([sys.executable, script, folder], check=True, stdout=subprocess.DEVNULL)
        make = ["ffmpeg", "-y", "-nostdin", "-v", "error", "-f", "lavfi", "-i"]
        for number in range(a.captions):
            view = f"mandelbrot=s=640x480:start_scale={3 / (1 + number)}:start_x={-0.7 - 0.01 * number}"
            subprocess.run([*make, view, "-frames:v", "1", f"{folder}/{number}.png"], check=True)
            tone = f"0.4*sin(2*PI*{200 + 70 * number}*t)*exp(-5*mod(t\\,0.7))"
            subprocess.run([*make, f"aevalsrc='{tone}':s=16000:d=10", f"{folder}/{number}.wav"], check=True)
        for part in a.only.split(","):
            parameters = (florence if part == "image" else whisper)(folder, a)
            found = {"ours": [], "theirs": []}
            for _ in range(a.rounds):
                for who in found:
                    command = [sys.executable, __file__, *settings, "--one", who, part, folder]
                    found[who].append(json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout))
            pairs = zip(found["ours"][0][2], found["theirs"][0][2], strict=True)
            # White space is collapsed in ours.
            same = sum("".join(x.split()) == "".join(y.split()) for x, y in pairs)
            best = {who: [min(f[i] for f in found[who]) for i in range(2)] for who in found}
            print(
                f"{part}, {parameters / 1e6:.1f} M parameters, {a.tokens} tokens, {a.beams} beams, "
                f"{a.threads} threads: "
                f"{best['ours'][0]:.2f} s and {best['ours'][1]:.0f} MiB, transformers {best['theirs'][0]:.2f} s and "
                f"{best['theirs'][1]:.0f} MiB: {best['ours'][0] / best['theirs'][0]:.2f}, "
                f"{best['ours'][1] / best['theirs'][1]:.2f}; {same} of {a.captions} captions are alike",
                flush=True,
            )


if __name__ == "__main__":
    main()
