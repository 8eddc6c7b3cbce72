#!/usr/bin/env python3
"""Writes the first held-out scenes as files: clips, sounds, stills, a manifest of all five tasks, and the truth.

scenes.py demo/scenes [--count 16]
"""

import argparse
import json
import os

import media
import world


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("folder")
    ap.add_argument("--count", type=int, default=16)
    a = ap.parse_args()
    os.makedirs(a.folder, exist_ok=True)
    scenes = world.held_out(a.count)
    rows, truth = [], {}
    for i in range(len(scenes)):
        name = f"scene-{i:02d}"
        frames = scenes[i].pictures()[0]
        media.write_video(f"{a.folder}/{name}.mp4", frames)
        media.write_picture(f"{a.folder}/{name}.png", frames[0])
        media.write_sound(f"{a.folder}/{name}.wav", scenes[i].sounds()[0])
        truth[name] = {
            "caption": scenes.told(i, set(world.ATTRIBUTES)),
            "shape": world.SHAPES[scenes.shape[i]],
            "colour": world.COLOURS[scenes.colour[i]],
            "kind": world.KINDS[scenes.kind[i]],
            "pitch": f"{world.PITCH_CLASS[scenes.colour[i]]}, {world.PITCH[scenes.colour[i]]:.2f} Hz",
            "events": [round(float(t), 3) for t in scenes.events(i)],
        }
        # One of the tasks by turns; what the caption leaves out is for picture and sound to tell.
        said = scenes.told(i, [set(), {"kind"}, {"shape"}, {"ground"}][(i // 5) % 4])
        task = ["v2a", "a2v", "i2a", "a2i", "joint"][i % 5]
        source = {
            "v2a": {"video": f"{name}.mp4"},
            "i2a": {"image": f"{name}.png"},
            "a2v": {"audio": f"{name}.wav"},
            "a2i": {"audio": f"{name}.wav"},
            "joint": {},
        }[task]
        rows.append({"id": f"{task}-{i:02d}", "task": task, **source, "prompt": said})
    with open(f"{a.folder}/manifest.jsonl", "w") as file:
        file.writelines(json.dumps(r) + "\n" for r in rows)
    with open(f"{a.folder}/truth.json", "w") as file:
        json.dump(truth, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    main()
