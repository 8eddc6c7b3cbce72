"""Writes Whisper's real vocabulary as a folder of transformers has it, and what tiktoken makes of some texts.

  whisper_vocabulary.py FOLDER

FOLDER gets vocab.json, merges.txt and added_tokens.json, out of the ranks that the openai-whisper package has, and
texts.json: a list of [text, numbers].
"""

import base64
import importlib.util
import json
import os
import random
import sys

import tiktoken

# Source: openai/whisper, whisper/tokenizer.py, get_encoding: special tokens in the order of their numbers, from the
# first after the ranks on. Which language is which matters to nobody here but for English, the first.
TASKS = ["translate", "transcribe", "startoflm", "startofprev", "nospeech", "notimestamps"]
LANGUAGES = 99
PATTERN = r"""'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""
TEXTS = [
    "clotho > caption: ",
    "audiocaps > caption: ",
    "audioset > keywords: ",
    "A dog barks twice, then a car's horn honks.",
    "Rain is falling on a tin roof while people are talking in the background",
    "they're here; it'll rain, he'd said: DON'T",
    "1 12 123 1234 12345 3.14159",
    "  two  spaces   three\n\nlines\tand a tab ",
    "Zürich, naïve café, Ελληνικά, русский, 日本語のテキスト, العربية, हिन्दी",
    "\U0001f415 woof \U0001f697\U0001f4a8 \u200d\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "",
    " ",
    "e\u0301 and \u00e9 \u00a0 non-breaking",
]


def visible():
    """The letters that GPT-2's files write bytes with."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [b for b in range(256) if b not in printable]
    return {b: chr(b) for b in printable} | {b: chr(256 + i) for i, b in enumerate(others)}


def halves(token, ranks):
    """The two tokens that a token is merged of: what is left of its bytes when only lower ranks have been merged."""
    parts = [token[i : i + 1] for i in range(len(token))]
    while len(parts) > 2:
        known = [(ranks.get(a + b, len(ranks)), i) for i, (a, b) in enumerate(zip(parts, parts[1:], strict=False))]
        _, place = min((rank, i) for rank, i in known if rank < ranks[token])
        parts[place : place + 2] = [parts[place] + parts[place + 1]]
    return parts


def main():
    folder = sys.argv[1]
    package = os.path.dirname(importlib.util.find_spec("whisper").origin)
    lines = [line.split() for line in open(f"{package}/assets/multilingual.tiktoken", "rb")]
    ranks = {base64.b64decode(token): int(rank) for token, rank in lines}
    special = ["endoftext", "startoftranscript", "en", *(f"l{i}" for i in range(1, LANGUAGES)), *TASKS]
    special = {f"<|{name}|>": len(ranks) + i for i, name in enumerate(special)}
    letters = visible()

    def text(token):
        return "".join(letters[b] for b in token)

    merged = sorted((token for token in ranks if len(token) > 1), key=ranks.get)
    with open(f"{folder}/vocab.json", "w") as file:
        json.dump({text(token): rank for token, rank in ranks.items()}, file)
    with open(f"{folder}/merges.txt", "w") as file:
        file.write("#version: 0.2\n" + "".join(" ".join(map(text, halves(t, ranks))) + "\n" for t in merged))
    with open(f"{folder}/added_tokens.json", "w") as file:
        json.dump(special, file)

    # Words and letters of the vocabulary itself, at random, beside the texts above.
    rng = random.Random(5)
    words = [token.decode() for token in ranks if token.isascii() and token.decode().isprintable()]
    texts = TEXTS + ["".join(rng.choices(words, k=30)) for _ in range(200)]
    texts += ["".join(chr(rng.choice([*range(32, 127), *range(0xC0, 0x250)])) for _ in range(60)) for _ in range(50)]
    encoding = tiktoken.Encoding("whisper", pat_str=PATTERN, mergeable_ranks=ranks, special_tokens=special)
    with open(f"{folder}/texts.json", "w") as file:
        json.dump([[t, encoding.encode(t, disallowed_special=())] for t in texts], file)
    print(len(ranks), "tokens,", len(merged), "merges")


if __name__ == "__main__":
    main()
