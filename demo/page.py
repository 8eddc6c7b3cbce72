"""Writes index.html into a folder: each sample of the demo beside what it was made from, without the aligner and with
it."""

import html
import json
import os
import sys

scenes, look = sys.argv[1:]
truth = json.load(open(os.path.join(scenes, "truth.json")))
rows = [json.loads(line) for line in open(os.path.join(scenes, "manifest.jsonl"))]
TITLES = {
    "v2a": "Sound for a video",
    "i2a": "Sound for a picture",
    "a2v": "A video for a sound",
    "a2i": "A picture for a sound",
    "joint": "A video and its sound from text",
}


def element(path, sound=False):
    """A file as something to see or hear; a spectrogram would not tell a person what an ear does."""
    if not os.path.exists(os.path.join(look, path)):
        return "<em>not made</em>"
    if path.endswith(".mp4"):
        return f'<video src="{path}" controls loop playsinline{"" if sound else " muted autoplay"}></video>'
    return f'<img src="{path}">' if path.endswith(".png") else f'<audio src="{path}" controls></audio>'


def made(row, arm):
    base = f"{arm}/{row['id']}"
    if row["task"] == "i2a":
        return element(row["image"]) + element(base + ".flac")
    return element(base + ".png") if row["task"] == "a2i" else element(base + ".mp4", sound=True)


out = []
for task, title in TITLES.items():
    out.append(
        f"<h2>{title} <code>{task}</code></h2>"
        "<table><tr><th>given<th>the scene is<th>without the aligner<th>with it</tr>"
    )
    for row in rows:
        if row["task"] != task:
            continue
        source = next((row[k] for k in ("video", "image", "audio") if k in row), None)
        fact = truth[os.path.splitext(source)[0]] if source else None
        told = (
            f"{html.escape(fact['caption'])}<br>{fact['pitch']}<br>"
            f"events at {', '.join(f'{t:.2f}' for t in fact['events'])} s"
            if fact
            else "–"
        )
        given = (element(source) if source else "") + f"<p>“{html.escape(row['prompt'])}”</p>"
        out.append(f"<tr><td>{given}<td>{told}<td>{made(row, 'vanilla')}<td>{made(row, 'aligned')}</tr>")
    out.append("</table>")
with open(os.path.join(look, "index.html"), "w") as file:
    file.write(
        """<!doctype html><meta charset="utf-8"><title>seehear: the demo</title>
<style>body{font:15px/1.4 sans-serif;margin:2em;max-width:70em;background:#17181c;color:#ddd}\
table{border-spacing:1em}th{text-align:left;color:#999}
td{vertical-align:top}video,img{width:192px;height:192px;image-rendering:pixelated;display:block}\
audio{width:192px}p{max-width:192px}</style>
<h1>What is seen and what is heard</h1><p style="max-width:50em">The toy world: colour is pitch, shape is timbre, \
and each bounce, flash or pulse begins a
tone. Captions leave most of it out; what is missing can only come from the other sense.</p>"""
        + "\n".join(out)
    )
print(f"wrote {os.path.join(look, 'index.html')}")
