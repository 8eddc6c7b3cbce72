"""Writes index.html into the folder of the demo's media: what was given, and what each arm made of it.

  page.py LOOK ARM=SECONDS …

LOOK has judged.json, of judged.py. The page names files below its own folder and nothing else, so that the folder
can be sent.
"""

import html
import json
import os
import sys

import agreement

TITLES = {
    "v2a": ("Sound for a silent video", "The video is given; its sound is made."),
    "i2a": ("Sound for a picture", "One still is given; two seconds of sound are made."),
    "a2v": ("A video for a sound", "The sound is given; the video is made."),
    "a2i": ("A picture for a sound", "The sound is given; one picture is made."),
    "joint": (
        "Video and sound from words",
        "Only the caption is given; what is seen and what is heard have to fit each other.",
    ),
}
ARMS = {
    "vanilla": ("Without guidance", "the plain models, which know the caption that is given and nothing else"),
    "captioned": (
        "From a model’s caption",
        "the plain models, told by others that looked or listened: the paper’s “vanilla”, with captioners that know "
        "this world by heart",
    ),
    "aligner": ("The paper’s aligner", "gradients of ImageBind’s distance move the result at each step"),
    "search": (
        "Search",
        "ImageBind weighs a list of captions, and chooses among several beginnings of a sound or picture",
    ),
}
NAMES = {
    "v2a": {"pitch": "pitch", "timbre": "timbre", "onsets": "rhythm"},
    "i2a": {"pitch": "pitch", "timbre": "timbre", "onsets": "rhythm"},
    "joint": {"pitch": "pitch", "timbre": "timbre", "onsets": "rhythm"},
    "a2v": {"pitch": "colour", "timbre": "shape", "onsets": "rhythm"},
    "a2i": {"pitch": "colour", "timbre": "shape"},
}
SECONDS = 2


def text(value):
    return html.escape(str(value))


def hertz(value):
    return f"{float(value):.0f}\N{NO-BREAK SPACE}Hz"


def percent(value):
    return f"{100 * value:.0f}\N{NO-BREAK SPACE}%"


# ---- media -----------------------------------------------------------------------------------------------------------
def video(path, silent=False):
    how = "muted autoplay" if silent else "preload=metadata"
    return f'<video src="{text(path)}#t=0.01" controls loop playsinline {how}></video>'


def picture(path, kind=""):
    return f'<img class="{kind}" src="{text(path)}" alt="" loading=lazy>'


def sound(path, spectrogram):
    return picture(spectrogram, "spectrogram") + f'<audio src="{text(path)}" controls preload=none></audio>'


def rhythm(fact, found=None):
    """When something happens: what counts above, what was found below."""

    def marks(times, kind):
        return "".join(f'<i class="{kind}" style="left:{100 * t / SECONDS:.1f}%"></i>' for t in times)

    below = "" if found is None else f"<div>{marks(found, 'found')}</div>"
    title = f"when something happens, from 0 to {SECONDS} seconds"
    return f'<div class=rhythm title="{title}"><div>{marks(fact, "fact")}</div>{below}</div>'


# ---- a scene ---------------------------------------------------------------------------------------------------------
def given(scene):
    fact = scene["given"]
    out = "<figure><figcaption>Given</figcaption>"
    if fact:
        media = {
            "video": lambda: video(fact["file"], silent=True),
            "image": lambda: picture(fact["file"]),
            "audio": lambda: sound(fact["file"], fact["spectrogram"]),
        }
        out += media[fact["medium"]]()
        if fact["medium"] != "image":
            out += rhythm(fact["events"])
    out += f"<blockquote>{text(scene['prompt'])}</blockquote>"
    if fact:
        out += f"<p class=quiet>in truth: {text(fact['caption'])}, {hertz(fact['pitch'].split()[1])}</p>"
    return out + "</figure>"


def marks(scene, made):
    """What the judge found, as ticks and crosses."""
    found = []
    for key, name in NAMES[scene["task"]].items():
        value = made["agreement"][key]
        kind, sign = ("good", "✓") if value > 0.99 else ("bad", "✗") if value < 0.01 else ("half", percent(value))
        found.append(f"<span class={kind}>{name} {sign}</span>")
    return f"<p class=marks>{' '.join(found)}</p>"


def judged(scene, made):
    """The judge's findings in words."""
    seen, heard = made["seen"], made["heard"]
    hears = f"sounds like a {heard['colour']} {heard['shape']}, {hertz(heard['hertz'])}"
    sees = f"shows a {seen['colour']} {seen['shape']}"
    words = {"a2v": sees, "a2i": sees, "joint": f"{sees}; {hears}"}.get(scene["task"], hears)
    return f"<p class=quiet>{text(words)}</p>"


def found(made, arm):
    """What the binder found, and how well it finds the result to fit."""
    out = ""
    if arm == "captioned":
        out += f"<p class=words>the captioner: {text(made['prompt'])}</p>"
    if made.get("definite_caption"):
        out += f"<p class=words>caption made definite: {text(made['definite_caption'])}</p>"
    words = sorted(made.get("words") or [], key=lambda w: -w["weight"])[:2]
    if words:
        told = ", ".join(f"{text(w['text'])} <b>{percent(w['weight'])}</b>" for w in words)
        out += f"<p class=words>ImageBind’s words: {told}</p>"
    if made.get("score") is not None:
        out += f"<p class=words>ImageBind’s score: {made['score']:.2f}</p>"
    return out


def result(scene, arm):
    made, task, base = scene["arms"].get(arm), scene["task"], f"{arm}/{scene['id']}"
    out = f'<figure class="{arm}"><figcaption>{ARMS[arm][0]}</figcaption>'
    if made is None:
        why = {
            "aligner": "left out: it takes longest",
            "captioned": "nothing to look at or listen to" if scene["given"] is None else None,
        }.get(arm) or "this sample failed"
        return out + f'<p class="quiet none">{why}</p></figure>'
    if task == "a2i":
        out += picture(base + ".png")
    elif task == "a2v":
        out += video(base + ".mp4")
    elif task == "i2a":
        out += sound(base + ".flac", made["spectrogram"])
    else:
        out += video(base + ".mp4") + picture(made["spectrogram"], "spectrogram")
    if "onsets" in made["agreement"]:
        shown, heard = made["seen"]["events"], made["heard"]["events"]
        out += rhythm(heard, shown) if task == "a2v" else rhythm(shown, heard)
    return out + marks(scene, made) + judged(scene, made) + found(made, arm) + "</figure>"


# ---- the page --------------------------------------------------------------------------------------------------------
def totals(scenes, seconds):
    both = agreement.common(scenes, ARMS)
    out = ["<section class=totals>"]
    for arm, (title, what) in ARMS.items():
        value, made = agreement.mean(both, arm), agreement.common(scenes, [arm])
        count = f"{len(made)} scene{'' if len(made) == 1 else 's'}"
        per = f"{seconds[arm]} s for {count}"
        out.append(
            f'<div class="{arm}"><h3>{title}</h3><p class=quiet>{what}</p>'
            f'<div class=bar><span style="width:{100 * value:.0f}%"></span></div>'
            f"<p class=figure>{percent(value)}</p><p class=quiet>took {per}</p></div>"
        )
    plain = agreement.common(scenes, ["vanilla", "search"])
    out.append("</section>")
    out.append(
        f"<p class=quiet>Agreement over the {len(both)} scenes that all four made. "
        + (
            f"Over all {len(plain)}: without guidance {percent(agreement.mean(plain, 'vanilla'))}, "
            f"search {percent(agreement.mean(plain, 'search'))}; the aligner, which takes longest, made fewer. "
            if len(plain) > len(both)
            else ""
        )
        + "So few scenes show what happens and prove nothing: docs/toyworld.md of the project has it for 64 a task, "
        "with intervals.</p>"
    )
    return "".join(out)


INTRODUCTION = """<header><h1>What is seen and what is heard</h1>
<p class=story>A silent video, a picture or a sound is given, with a caption that leaves most of it out; a program
makes the other half, and below you see and hear whether the two belong together. Each row is one scene, made four
times from the same seed: without guidance, from what a captioner says of it, with the aligner of the paper “Seeing and
Hearing”, and with seehear’s search.</p></header>"""

RULES = """<section class=rules><h2>How to tell</h2>
<p>In this toy world <b>colour is pitch</b>, from red, 500 Hz, to magenta, 1700 Hz. <b>Shape is timbre</b>: a circle
is nearly a pure tone, a square hollow, a triangle bright, a star a breathy octave. <b>Each bounce, flash or pulse
begins a tone.</b> Captions such as “something is happening” say none of it, so what is right can only come from the
other sense.</p>
<p>Ticks and crosses are a judge’s that uses image and signal processing alone. <em>ImageBind’s words and score</em>
are what search itself goes by, so a high score is no proof; the ticks are. In the strips below pictures, lines above
are when something happens in what counts, lines below when it was found in what was made. Spectrograms have time to
the right and pitch upwards, to 8 kHz.</p></section>"""

STYLE = """
:root{color-scheme:light dark;--ink:#1c1b22;--quiet:#66636f;--ground:#f6f4f0;--card:#fff;--line:#e2ddd4;--good:#1b7f4b;
--half:#96690c;--bad:#b3362c;--vanilla:#8b8795;--captioned:#7d8a3c;--aligner:#3c78b4;--search:#c2541b}
@media(prefers-color-scheme:dark){:root{--ink:#eceaf2;--quiet:#a09cab;--ground:#131217;--card:#1d1b23;--line:#322f3b;
--good:#5fd39a;--half:#e6b450;--bad:#f08a7e;--vanilla:#9a96a6;--captioned:#b9c66a;--aligner:#74aee6;--search:#f39a5f}}
*{box-sizing:border-box}
body{margin:0 auto;padding:1.5rem 1rem 4rem;max-width:80rem;background:var(--ground);color:var(--ink);
font:16px/1.5 system-ui,sans-serif}
h1{font-size:clamp(1.8rem,6vw,3rem);line-height:1.1;letter-spacing:-.02em;margin:.5em 0 .4em}
h2{font-size:1.35rem;margin:3rem 0 .2rem}h3{font-size:1rem;margin:0}
.story{font-size:1.12rem;max-width:46rem}.rules p{max-width:46rem}
.quiet{color:var(--quiet);font-size:.85rem;margin:.25rem 0}
.totals{display:grid;grid-template-columns:repeat(auto-fit,minmax(14rem,1fr));gap:1rem;margin-top:2rem}
.totals>div,article{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:1rem}
.totals>div{display:flex;flex-direction:column}.totals h3+p{margin-bottom:.7rem}
.bar{height:.6rem;border-radius:.3rem;background:var(--line);margin-top:auto;overflow:hidden}
.bar span{display:block;height:100%}
.vanilla .bar span{background:var(--vanilla)}.aligner .bar span{background:var(--aligner)}
.captioned .bar span{background:var(--captioned)}.search .bar span{background:var(--search)}
.figure{font-size:2rem;font-weight:700;margin:.2rem 0 0;letter-spacing:-.02em}
article{display:grid;grid-template-columns:repeat(5,minmax(0,1fr));gap:1rem;margin:1rem 0}
figure{margin:0;min-width:0}
figcaption{font-size:.78rem;font-weight:650;letter-spacing:.03em;margin-bottom:.4rem;padding-bottom:.3rem;
border-bottom:2px solid var(--line)}
.vanilla figcaption{border-color:var(--vanilla)}.aligner figcaption{border-color:var(--aligner)}
.captioned figcaption{border-color:var(--captioned)}.search figcaption{border-color:var(--search)}
video,img{display:block;width:100%;aspect-ratio:1;border-radius:8px;background:#000;object-fit:fill;image-rendering:pixelated}
img.spectrogram{aspect-ratio:5/2;image-rendering:auto;margin-top:.4rem}
audio{width:100%;height:2.2rem;margin-top:.4rem}
.rhythm{margin-top:.4rem;border-bottom:1px solid var(--line);border-top:1px solid var(--line)}
.rhythm div{position:relative;height:8px}
.rhythm i{position:absolute;top:0;bottom:0;width:2px;background:var(--ink)}
.rhythm i.found{background:var(--search)}
blockquote{margin:.7rem 0 .3rem;font-size:1.02rem;font-style:italic}
blockquote:before{content:"“"}blockquote:after{content:"”"}
.marks{margin:.5rem 0 .2rem;display:flex;flex-wrap:wrap;gap:.1rem .8rem;font-weight:600;font-size:.9rem}
.good{color:var(--good)}.half{color:var(--half)}.bad{color:var(--bad)}
.words{font-size:.8rem;margin:.3rem 0;color:var(--quiet)}.words b{color:var(--ink)}
.none{padding:1rem 0}
@media(max-width:46rem){article{grid-template-columns:repeat(2,minmax(0,1fr));padding:.7rem;gap:1rem .7rem}}
"""


def page(scenes, seconds):
    out = [
        "<!doctype html><html lang=en><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width,initial-scale=1">'
        f"<title>seehear: what is seen and what is heard</title><style>{STYLE}</style>",
        INTRODUCTION,
        totals(scenes, seconds),
        RULES,
    ]
    for task, (title, what) in TITLES.items():
        out.append(f"<h2>{title}</h2><p class=quiet>{what} (<code>{task}</code>)</p>")
        for scene in scenes:
            if scene["task"] == task:
                out.append(f"<article>{given(scene)}{''.join(result(scene, arm) for arm in ARMS)}</article>")
    return "\n".join(out) + "\n"


def main():
    look, *times = sys.argv[1:]
    seconds = dict(t.split("=") for t in times)
    with open(os.path.join(look, "judged.json")) as file:
        scenes = json.load(file)
    path = os.path.join(look, "index.html")
    with open(path, "w") as file:
        file.write(page(scenes, seconds))
    print(f"wrote {path}")


main()
