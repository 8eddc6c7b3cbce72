#!/usr/bin/env python3
"""Writes the tokenizer fixtures: texts, the token ids that the Python tokenizers give them with the vocabularies of the
toy world's models, and these vocabularies as single files.

    python3 Tools/goldens/tokenizer_ids.py --models Models/toyworld --reference REFERENCE \\
        --out Tests/Fixtures/Data/tokenizers

REFERENCE is the folder with the Python reference (ib.py). Needs transformers, tokenizers, regex and ftfy. RoBERTa's ids
come from transformers' RobertaTokenizerFast, CLIP's from ib.py, which agrees with the tokenizer of ImageBind, and
Stable Diffusion's (`sd`, where they differ from those) from transformers' CLIPTokenizerFast, also with the files in
other states (`variants`).
"""

import argparse
import json
import pathlib
import shutil
import sys
import tempfile

parser = argparse.ArgumentParser()
parser.add_argument("--models", required=True)
parser.add_argument("--reference", required=True)
parser.add_argument("--out", required=True)
arguments = parser.parse_args()
# Not this script's folder, where the name of this file would hide the package `tokenizers`.
sys.path[0] = arguments.reference

# Found by that path, or after it.
import ib  # noqa: E402
from transformers import CLIPTokenizerFast, RobertaTokenizerFast  # noqa: E402

TEXTS = [
    "",
    " ",
    "   ",
    "a",
    "A dog barking in the rain",
    "a dog barking in the rain",
    " leading space",
    "trailing space ",
    "two  spaces",
    "three   spaces   here",
    "tab\there",
    "tab \t mixed",
    "line\nbreak",
    "line\r\nbreak",
    "old\rmac",
    "\n\nblank lines\n\n",
    "end with newline\n",
    "end with spaces   ",
    "waves crashing against the rocks",
    "playing the violin",
    "A hammer hitting a wooden surface",
    "water flowing in a river, birds chirping",
    "UPPER CASE TEXT",
    "MiXeD cAsE",
    "don't",
    "DON'T",
    "we're they've I'm you'll he'd it's isn't",
    "WE'RE THEY'VE I'M",
    "rock 'n' roll",
    "'s",
    "s'",
    "''",
    "'tis",
    "it’s curly",
    "“curly” ‘quotes’",
    "„low quotes‟",
    "ʼn apostrophe ʼ",
    "1",
    "12",
    "123",
    "2024-01-31",
    "3.14159",
    "1,000,000",
    "a1b2c3",
    "½ cup",
    "²³¹",
    "Ⅷ roman Ⅳ",
    "١٢٣ arabic digits",
    "hello, world!",
    "what?!",
    "...",
    "…",
    "a.b.c",
    "e-mail: someone@example.org",
    "https://example.org/a?b=c&d=e#f",
    "C++ & C#",
    "50% off",
    "$5.00 €10 £20 ¥30",
    "#hashtag @mention",
    "(parentheses) [brackets] {braces}",
    "under_score",
    "back\\slash",
    "pipe|pipe",
    "tilde ~ caret ^",
    "«guillemets»",
    "em—dash en–dash",
    "café",
    "cafe\u0301",
    "naïve coöperation",
    "Ångström",
    "A\u030angstro\u0308m",
    "Übergröße Straße",
    "ßẞ",
    "ſtrange 'ſ",
    "İstanbul",
    "ISTANBUL",
    "Iıİi",
    "ΣΊΣΥΦΟΣ",
    "ΟΔΟΣ ΣΑΣ",
    "Σ",
    "ΑΣ.",
    "Привет, мир",
    "ПРИВЕТ",
    "żółć",
    "Đặng Việt",
    "日本語のテキスト",
    "中文字符",
    "한국어 텍스트",
    "ｆｕｌｌｗｉｄｔｈ　ｔｅｘｔ",
    "ｶﾀｶﾅ ﾊﾟ",
    "العربية نص",
    "עברית",
    "हिन्दी पाठ",
    "ไทย",
    "עִבְרִית",
    "ก็",
    "😀",
    "😀😃😄",
    "👨‍👩‍👧‍👦 family",
    "👍🏽 tone",
    "🇩🇪 flag",
    "❤️ heart",
    "x😀y",
    "🎵 music 🎶",
    "ﬁne ﬂow eﬀect oﬃce baﬄe ﬆ ﬅ",
    "Ǆ ǅ ǆ Ǳ ĳ",
    "zero\u200bwidth",
    "join\u200dner",
    "soft\u00adhyphen",
    "no\u00a0break",
    "\ufeffbom",
    "ideographic\u3000space",
    "thin\u2009space",
    "line\u2028sep\u2029para",
    "next\u0085line",
    "\U00010399\u0301 \U00011099\U000110ba \U0002f800 \U0001f600\u0301e\u0301",
    "nul\u0000char",
    "bell\u0007char",
    "esc\u001b[31mred\u001b[0m",
    "esc\u001b[no",
    "del\u007f",
    "c1 \u0093quoted\u0094",
    "object\ufffcreplacement",
    "replacement \ufffd",
    "vertical\u000btab",
    "form\u000cfeed",
    "unit\u001fsep",
    "&amp;",
    "&amp;amp;amp;",
    "&lt;b&gt;bold&lt;/b&gt;",
    "<b>&amp;</b>",
    "<i>&amp;lt;</i>",
    "fish &amp; chips",
    "&eacute;t&eacute;",
    "&EACUTE;",
    "&NTILDE; &ntilde; &nTILDE;",
    "&SZLIG;",
    "&hellip;",
    "&#39;quoted&#39;",
    "&#x27;hex&#X27;",
    "&#0; &#128; &#x80; &#xD800; &#x110000; &#1; &#xFFFE;",
    "&notit; &not &notin;",
    "this&not that",
    "&copy2024",
    "&unknown;",
    "&;",
    "&#;",
    "&#x;",
    "& alone",
    "&amp",
    "&lt no semicolon",
    "&frac12; &NotEqualTilde;",
    "AT&T",
    "a&b;c",
    "line one <\n&amp; line two",
    "&amp; one\n< two\n&amp; three",
    "<s>",
    "</s>",
    "<pad>",
    "<unk>",
    "<mask>",
    "a <mask> b",
    "a  <mask>  b",
    "a<mask>b",
    "\t<mask>\t",
    "<mask><mask>",
    "<s>text</s>",
    "x <s> y",
    " </s> ",
    "<S>",
    "< mask>",
    "<mask",
    "<|startoftext|>",
    "<|endoftext|>",
    "a <|endoftext|> b",
    "x!<|startoftext|>y",
    "<|ENDOFTEXT|>",
    "a<|endoftext|><|startoftext|>b",
    "antidisestablishmentarianism",
    "supercalifragilisticexpialidocious",
    "a" * 60,
    "ab" * 40,
    "!" * 50,
    "0" * 90,
    "A cinematic shot of a steam train crossing a viaduct at dawn, volumetric light, 35mm, highly detailed, trending. "
    * 6,
    "rain🌧️" * 40,
    "the quick brown fox jumps over the lazy dog " * 12,
    "waves " * 75,
    "waves " * 76,
    "é" * 80,
    "日本" * 50,
]

out = pathlib.Path(arguments.out)
roberta = RobertaTokenizerFast.from_pretrained(f"{arguments.models}/audioldm/tokenizer")
assert not roberta.add_prefix_space
fast_folder = out / "roberta-fast"
fast_folder.mkdir(parents=True, exist_ok=True)
document = json.loads(roberta.backend_tokenizer.to_str())
(fast_folder / "tokenizer.json").write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n")

clip_vocabulary = f"{arguments.models}/imagebind/bpe_simple_vocab_16e6.txt.gz"
upstream = ib.Tokenizer(clip_vocabulary, truncate="upstream")


def strip(row):
    """Without the zeros at the end, which the test puts back."""
    row = row.tolist()
    while row and row[-1] == 0:
        row.pop()
    return row


sd_files = pathlib.Path(arguments.models) / "sd15/tokenizer"
sd = CLIPTokenizerFast.from_pretrained(str(sd_files))
document = json.loads(sd.backend_tokenizer.to_str())
(out / "clip-fast").mkdir(exist_ok=True)
(out / "clip-fast/tokenizer.json").write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n")


def row(tokenizer, text):
    """As Stable Diffusion asks for it, without the padding, which the test puts back."""
    ids = tokenizer(text, padding="max_length", truncation=True, max_length=77)
    return [i for i, seen in zip(ids["input_ids"], ids["attention_mask"], strict=True) if seen]


def variant(config, special, texts):
    """The numbers with other configurations beside the same vocabulary; None leaves a file out."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("vocab.json", "merges.txt"):
            shutil.copy(sd_files / name, folder)
        files = {"tokenizer_config.json": config, "special_tokens_map.json": special}
        files = {name: json.dumps(value) for name, value in files.items() if value is not None}
        for name, value in files.items():
            (pathlib.Path(folder) / name).write_text(value)
        tokenizer = CLIPTokenizerFast.from_pretrained(folder)
        return dict(files=files, padding=tokenizer.pad_token_id, texts=texts, ids=[row(tokenizer, t) for t in texts])


def added(content, **rules):
    return dict(content=content, single_word=False, lstrip=False, rstrip=False, normalized=False, special=True) | rules


sd_config = json.loads((sd_files / "tokenizer_config.json").read_text())
sd_special = json.loads((sd_files / "special_tokens_map.json").read_text())
words = dict(bos_token="<|startoftext|>", eos_token="<|endoftext|>", unk_token="<|endoftext|>")
ends = {"1512": added("<|startoftext|>", normalized=True), "1513": added("<|endoftext|>", normalized=True)}
samples = ["wow! a dog!!", "a <|ENDOFTEXT|> b<|startoftext|>", "a <cat-toy> b", "a  <Cat-Toy>  <Dog>  b", "<dog>"]
variants = [
    variant(None, None, samples),
    variant(None, sd_special, samples),
    variant(sd_config | words, None, samples),
    # Stable Diffusion 2.1: the second file has another padding than the first.
    variant(sd_config, sd_special | dict(pad_token="!"), samples),
    variant(
        sd_config | words | dict(pad_token="!", added_tokens_decoder=ends | {"0": added("!")}),
        sd_special | dict(pad_token="<|endoftext|>"),
        samples,
    ),
    variant(
        sd_config
        | dict(
            added_tokens_decoder=ends
            | {
                "1513": added("<|endoftext|>"),
                "1514": added("<Cat-Toy>", normalized=True, special=False),
                "1515": added("<Dog>", lstrip=True, rstrip=True),
            }
        ),
        None,
        samples,
    ),
]

cases = []
for text in TEXTS:
    case = {"text": text, "roberta": roberta(text)["input_ids"], "clip": strip(upstream(text)[0])}
    if row(sd, text) != case["clip"]:
        case["sd"] = row(sd, text)
    cases.append(case)

batch = ["a dog", "", "waves crashing against the rocks " * 4]
longest = roberta(batch, padding=True, truncation=True, max_length=20)
fixed = roberta(batch, padding="max_length", truncation=True, max_length=12)
golden = {
    "cases": cases,
    "variants": variants,
    "batch": {"texts": batch, "longest": dict(longest), "fixed": dict(fixed)},
}
(out / "golden.json").write_text(
    '{"cases": [\n'
    + ",\n".join(json.dumps(c, ensure_ascii=True, separators=(",", ":")) for c in cases)
    + '\n],\n"variants": [\n'
    + ",\n".join(json.dumps(v, separators=(",", ":")) for v in variants)
    + '\n],\n"batch": '
    + json.dumps(golden["batch"], separators=(",", ":"))
    + "}\n"
)
print(len(cases), "texts,", (out / "golden.json").stat().st_size, "bytes")
