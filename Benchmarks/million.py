#!/usr/bin/env python3
"""Time and peak memory of planning, listing and starting a run of a million rows.

    python3 Benchmarks/million.py --bin .build/release [--bin OTHER] [--rows 1000000] [--clips 1000] [--made]

The rows name `--clips` small clips in turn, each row with a start, a caption and an id of its own. Several --bin are
measured in turn on the same manifest. The worker is the simulated one
(`swift build -c release --product seehear-simulated-worker`), so that what it holds is the run and not the models; it
is asked to stop once it has been at work for --work seconds.

With --made the samples are made as well, of a few bytes each, by one process; then the run is verified and its last
sample extracted.
"""

import argparse
import json
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time


def peak(process: int) -> int:
    """Peak resident megabytes of a process so far."""
    for line in pathlib.Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) // 1024
    return 0


def measured(command: list[str], **options: int) -> tuple[float, int]:
    """Seconds and peak resident megabytes of a program, without what it starts."""
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, **options)
    memory = 0
    while process.poll() is None:
        memory = max(memory, peak(process.pid))
        time.sleep(0.001)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return time.monotonic() - start, memory


def children(process: int) -> list[int]:
    tasks = pathlib.Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def worker(program: str, run: str, work: float) -> tuple[float, int, int]:
    """Seconds until a rank computes, and the peaks of the rank and of the process that computes for it."""
    start = time.monotonic()
    process = subprocess.Popen([program, run], stderr=subprocess.DEVNULL)
    log = pathlib.Path(run, "logs", "rank-0000.log")
    while not (log.exists() and "working on" in log.read_text()):
        if process.poll() is not None:
            raise SystemExit(f"{program} ended with {process.returncode}")
        time.sleep(0.05)
    ready = time.monotonic() - start
    time.sleep(work)
    peaks = (peak(process.pid), max((peak(child) for child in children(process.pid)), default=0))
    process.send_signal(signal.SIGTERM)
    process.wait()
    return ready, *peaks


def made(programs: list[str], job: str, run: str, last: str) -> None:
    """Makes every sample with the first programs, and reads the run with each of them."""
    subprocess.run([f"{programs[0]}/seehear", "plan", job, "--out", run], check=True, stdout=subprocess.DEVNULL)
    seconds, memory = measured([f"{programs[0]}/seehear-simulated-worker", run], stderr=subprocess.DEVNULL)
    print(f"| {programs[0]} | a rank to the end of the run | {seconds:.1f} | {memory} |", flush=True)
    for folder in programs:
        for words, arguments in (
            (["verify"], [run]),
            (["verify", "--deep"], [run]),
            (["extract"], [run, last, "-o", f"{run}/files"]),
        ):
            seconds, memory = measured([f"{folder}/seehear", *words, *arguments])
            print(f"| {folder} | {' '.join(words)} | {seconds:.1f} | {memory} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", action="append", required=True)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--clips", type=int, default=1000)
    parser.add_argument("--work", type=float, default=5)
    parser.add_argument("--made", action="store_true")
    options = parser.parse_args()
    models = pathlib.Path(__file__).parent.parent / "Models" / "toyworld"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        first = folder / "clips" / "clip-000000.mp4"
        first.parent.mkdir()
        subprocess.run(
            ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=64x48:r=8:d=4", "-c:v", "mpeg4", str(first)],
            check=True,
        )
        for number in range(1, options.clips):
            shutil.copyfile(first, folder / "clips" / f"clip-{number:06}.mp4")
        with open(folder / "rows.jsonl", "w") as rows:
            for number in range(options.rows):
                row = {
                    "id": f"sample-{number:08}",
                    "video": f"clips/clip-{number % options.clips:06}.mp4",
                    "start": number % 3,
                    "prompt": f"number {number} of a great many sounds that nobody will ever hear",
                }
                rows.write(json.dumps(row) + "\n")
        (folder / "job.yaml").write_text(
            "task: v2a\nmanifest: rows.jsonl\n"
            f"models: {{audio: {models}/audioldm, binder: {models}/imagebind}}\n"
            "sampling: {duration: 1}\nmembers: [json]\nbatch: 8\nshard: 1000\n"
        )
        print("| programs | command | seconds | peak MB |\n|---|---|---|---|")
        for number, programs in enumerate(options.bin):
            run = str(folder / f"run-{number}")
            seehear = f"{programs}/seehear"
            job = str(folder / "job.yaml")
            for words in (["plan", job, "--out", run], ["ls", run], ["status", run]):
                seconds, memory = measured([seehear, *words])
                print(f"| {programs} | {words[0]} | {seconds:.1f} | {memory} |", flush=True)
            ready, rank, computing = worker(f"{programs}/seehear-simulated-worker", run, options.work)
            print(f"| {programs} | a rank, rank 0 | {ready:.1f} | {rank} |")
            print(f"| {programs} | what computes for it | | {computing} |", flush=True)
        if options.made:
            with open(folder / "quick.jsonl", "w") as rows:
                for number in range(options.rows):
                    clip = f"clips/clip-{number % options.clips:06}.mp4"
                    rows.write(json.dumps({"id": f"sample-{number:08}", "video": clip, "prompt": "quick"}) + "\n")
            text = (
                (folder / "job.yaml")
                .read_text()
                .replace("rows.jsonl", "quick.jsonl")
                .replace("batch: 8", "batch: 1000")
            )
            (folder / "quick.yaml").write_text(text)
            made(options.bin, str(folder / "quick.yaml"), str(folder / "made"), f"sample-{options.rows - 1:08}")


if __name__ == "__main__":
    main()
