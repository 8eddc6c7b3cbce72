#!/usr/bin/env python3
"""What does it cost that a run is distributed, supervised and published? Measured on the toy world.

  overhead.py --out runs/overhead [--samples 48] [--ranks 3] [--set key=value …]

Makes sounds for videos of the toy world. Of each rank that computes, the time between the publications of its first
and its last batch is compared with the time in which those after the first were computed, as the rows say; what is
left, the rank waited: for inputs, for its next batch, or for the one before to be encoded and published. It may fall a
little below zero, since the first batch is published while the second is computed, and the last with nothing beside.
The CPU time of ranks that compute nothing (the coordinator, and the supervisors beside the processes that compute) is
read from /proc.
"""

import argparse
import glob
import json
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))
sys.path.insert(0, os.path.join(ROOT, "Benchmarks"))
# Found by the path alone.
from start import environment, model_settings  # noqa: E402

TICK = os.sysconf("SC_CLK_TCK")


def idle_processes(folder):
    """The ranks of a run by process, without what computes for them: their CPU seconds so far."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = open(f"/proc/{pid}/cmdline").read().split("\0")
            if words[0].endswith("seehear-worker") and folder in words and "compute" not in words:
                fields = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
                found[pid] = (int(fields[11]) + int(fields[12])) / TICK
        except OSError:
            pass
    return found


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--out", default="runs/overhead")
    ap.add_argument("--models", default=f"{ROOT}/Models/toyworld")
    ap.add_argument("--bin", default=f"{ROOT}/.build/release")
    ap.add_argument("--samples", type=int, default=48)
    ap.add_argument("--ranks", type=int, default=3)
    ap.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    a = ap.parse_args()
    run, manifest = os.path.abspath(f"{a.out}/run"), os.path.abspath(f"{a.out}/clips.jsonl")
    if os.path.exists(run):
        sys.exit(f"{run} is there already; give another --out")
    os.makedirs(a.out, exist_ok=True)
    clips = sorted(glob.glob(f"{ROOT}/demo/scenes/*.mp4"))
    with open(manifest, "w") as file:
        for i in range(a.samples):
            file.write(json.dumps({"id": f"{i:04d}", "video": clips[i % len(clips)], "prompt": "something"}) + "\n")
    subprocess.run(
        [
            f"{a.bin}/seehear",
            "plan",
            f"{ROOT}/Benchmarks/claim/claim.yaml",
            "--out",
            run,
            *model_settings(a.models),
            *[w for s in [f"manifest={manifest}", *a.set] for w in ("--set", s)],
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    started = time.monotonic()
    process = subprocess.Popen(
        ["mpirun", "-n", str(a.ranks), f"{a.bin}/seehear-worker", run], env=environment(), stderr=subprocess.DEVNULL
    )
    begin = end = None
    there = {}  # when each batch was published
    while process.poll() is None:
        now = idle_processes(run)
        if len(now) == a.ranks:
            # From when models are loaded: starting costs once, whatever the length of a run.
            if begin is None and any(os.scandir(f"{run}/segments")):
                begin = (time.monotonic(), now)
            end = (time.monotonic(), now)
        for entry in os.scandir(f"{run}/segments"):
            if entry.name.startswith("batch-") and entry.name.endswith(".json"):
                try:
                    there.setdefault(int(entry.name[6:12]), entry.stat().st_mtime)
                except FileNotFoundError:
                    pass  # its shard was made just now
        time.sleep(0.1)
    if process.returncode:
        sys.exit(f"the run ended with {process.returncode}")
    print(f"{a.samples} samples in {time.monotonic() - started:.0f} s with the start, on {a.ranks} ranks")
    if begin is None or end[0] - begin[0] < 5:
        sys.exit("the run was too short to measure; give more --samples")
    wall = end[0] - begin[0]
    for number, pid in enumerate(sorted(begin[1], key=int)):
        print(
            f"rank {number}, without what computes for it: {100 * (end[1][pid] - begin[1][pid]) / wall:.2f} % "
            f"of a core over {wall:.0f} s"
        )
    rows = [
        json.loads(line)
        for line in subprocess.run(
            ["zstd", "-dcq", f"{run}/samples.jsonl.zst"], capture_output=True, check=True
        ).stdout.splitlines()
    ]
    report(run, rows, there)


def report(run, rows, there):
    size = json.load(open(f"{run}/run.json"))["recipe"]["job"]["batch"]
    batches = {}
    for row in rows:
        batches[row["index"] // size] = (row["rank"], row["seconds"])
    for rank in sorted({r for r, _ in batches.values()}):
        own = sorted((there[b], s) for b, (r, s) in batches.items() if r == rank and b in there)
        if len(own) < 2:
            sys.exit(f"rank {rank} did {len(own)} batches, too few to measure; give more --samples")
        wall, computed = own[-1][0] - own[0][0], sum(s for _, s in own[1:])
        print(
            f"rank {rank}: {len(own)} batches, {computed:.2f} s of {wall:.2f} s computing; "
            f"{100 * (wall - computed) / wall:.2f} % not, {1000 * (wall - computed) / (len(own) - 1):.0f} ms a batch"
        )


if __name__ == "__main__":
    main()
