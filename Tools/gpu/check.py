#!/usr/bin/env python3
"""Everything that is to be known of a GPU, in one call of eight minutes.

    Tools/gpu/check [--out gpu-check] [--reference DIR]     on a machine with an NVIDIA GPU
    Tools/gpu/check --device cpu --small                    the same on a CPU, with small models and few steps
    Tools/gpu/check --table gpu-check/result.json           Benchmarks/gpu.md from what was found

The programs are those on PATH, or in the folder SEEHEAR_BIN. Parts run one after the other, the most important first,
each with a limit of time, as long as --seconds lasts; OUT/result.json and OUT/result.md are written after each, and
OUT/logs has what the programs said. Models of the published dimensions are drawn at random on this machine, in a folder
for temporary files (Tools/gpu/models.py, which needs torch and 16 GB of disk), unless --models names some.

With the folder of the Python reference, its step runs in PyTorch's eager mode beside ours, where --python has what it
needs (Tools/gpu/reference_step.py).

Ends with 0 where each part that began did what it should, else with 1; parts that no time was left for do not count.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from report import page

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SCHEMA = "seehear.gpu-check/1"


@dataclasses.dataclass
class Part:
    """Something that is found out, in a process or several."""

    name: str
    # Seconds that it may take.
    limit: float
    work: object


class Failed(Exception):
    """What a part says that did not do what it should."""


class Skipped(Exception):
    """What a part says that has nothing to do."""


class Utilization:
    """How much of the time a kernel runs on the GPU, as its driver tells it several times a second."""

    def __init__(self):
        self.samples = []
        self.process = None
        if shutil.which("nvidia-smi") is None:
            return
        query = ["--query-gpu=utilization.gpu,memory.used,clocks.sm", "--format=csv,noheader,nounits"]
        self.process = subprocess.Popen(
            ["nvidia-smi", *query, "--loop-ms=200", "--id=0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            words = [word.strip() for word in line.split(",")]
            if len(words) == 3 and all(word.isdigit() for word in words):
                self.samples.append((time.time(), *map(int, words)))

    def between(self, began, ended):
        """The mean of what the driver told between two times, without the first second, which tells of before."""
        told = [sample for sample in list(self.samples) if began + 1 <= sample[0] <= ended]
        if len(told) < 5:
            return None
        return {
            "busy": sum(sample[1] for sample in told) / len(told) / 100,
            "memory_mib": max(sample[2] for sample in told),
            "clock_mhz": sum(sample[3] for sample in told) / len(told),
            "samples": len(told),
        }

    def stop(self):
        if self.process is not None:
            self.process.terminate()
            self.process.wait()


class Check:
    def __init__(self, options):
        self.options = options
        self.out = options.out.resolve()
        self.logs = self.out / "logs"
        self.logs.mkdir(parents=True, exist_ok=True)
        self.device = options.device
        self.deadline = time.monotonic() + options.seconds
        self.part_deadline = self.deadline
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="seehear-gpu-check-"))
        self.models = options.models or (ROOT / "Models" / "toyworld" if options.small else self.scratch)
        self.draws = options.models is None and not options.small
        self.drawn = set()
        # Why nothing more need be tried.
        self.useless = None
        self.utilization = Utilization() if self.device == "cuda" else None
        self.result = {
            "schema": SCHEMA,
            "device": self.device,
            "small": options.small,
            "began": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "host": {"machine": platform.machine(), "processors": os.cpu_count(), "processor": processor()},
            "parts": [],
        }

    # ---- Programs -----------------------------------------------------------------------------------------------

    def program(self, name):
        folder = os.environ.get("SEEHEAR_BIN")
        path = str(pathlib.Path(folder) / name) if folder else shutil.which(name)
        if path is None or not os.access(path, os.X_OK):
            raise Failed(f"there is no {name} {'in ' + folder if folder else 'on PATH'}")
        return path

    def run(self, log, command, allowed=(0,), **more):
        """Runs a program to its end or to that of the part's time, and gives its output."""
        left = self.part_deadline - time.monotonic()
        with open(self.logs / f"{log}.log", "ab") as errors:
            errors.write(f"$ {' '.join(map(str, command))}\n".encode())
            errors.flush()
            process = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
                **more,
            )
            try:
                output, _ = process.communicate(timeout=max(left, 1))
            except BaseException:
                # Its time is over, or this script's: what it has started ends with it.
                os.killpg(process.pid, signal.SIGKILL)
                output, _ = process.communicate()
                errors.write(output)
                raise
            errors.write(output)
        if process.returncode not in allowed:
            raise Failed(f"{pathlib.Path(command[0]).name} ended with {process.returncode}: {self.last_words(log)}")
        return output.decode(errors="replace")

    def last_words(self, log):
        lines = (self.logs / f"{log}.log").read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""

    # ---- Parts --------------------------------------------------------------------------------------------------

    def doctor(self):
        found = json.loads(self.run("doctor", [self.program("seehear-worker"), "doctor"]))
        if self.device == "cuda":
            cuda = found["libtorch"]["cuda"]
            if not cuda["available"]:
                raise Failed(f"libtorch finds no CUDA device: {cuda.get('reason')}")
            if shutil.which("nvidia-smi"):
                query = ["--query-gpu=name,driver_version,memory.total,power.limit", "--format=csv,noheader"]
                found["nvidia_smi"] = self.run("doctor", ["nvidia-smi", *query]).strip()
        return found

    def draw(self, *names):
        """Models of the published dimensions, once."""
        missing = [name for name in names if name not in self.drawn]
        if not self.draws:
            raise Skipped(f"the models are those in {self.models}")
        words = [sys.executable, HERE / "models.py", "--out", self.models, "--only", ",".join(missing)]
        said = self.run("models", [*words, "--device", self.device])
        self.drawn |= set(missing)
        return {"said": said.strip()}

    def selftest(self):
        worker = self.program("seehear-worker")
        if " selftest " not in self.run("selftest", [worker, "--help"]):
            raise Skipped("this seehear-worker has no selftest")
        return {"said": self.run("selftest", [worker, "selftest", "--device", self.device]).strip().splitlines()}

    def bench(self, name, task, batches, precision="fp32", tf32=False, graphs=False, samples="", low=False):
        self.need(task)
        report = self.out / f"{name}.json"
        report.unlink(missing_ok=True)
        words = [self.program("seehear-worker"), "bench", "--task", task, "--preset", "official"]
        words += ["--device", self.device, "--precision", precision, "--batch", batches, "--report", report]
        words += self.steps(task)
        words += ["--tf32", "on"] if tf32 else []
        words += ["--graphs", "on"] if graphs else []
        words += ["--samples", samples] if samples else []
        words += ["--set", "memory=low"] if low else []
        for setting in self.settings():
            words += ["--set", setting]
        return self.kept(report, lambda: self.run(name, words), self.watched)

    def watched(self, report):
        for sample in report.get("samples", []):
            sample["gpu"] = self.utilization.between(sample["began"], sample["ended"]) if self.utilization else None
        return report

    def reference(self, name, task, batches, precision):
        if self.options.reference is None:
            raise Skipped("no --reference was given")
        self.need(task)
        if task in ("a2v", "joint") and not (self.models / "sd15" / "scheduler_animatediff").is_dir():
            raise Skipped(f"the reference reads sd15/scheduler_animatediff, which {self.models} lacks")
        report = self.out / f"{name}.json"
        report.unlink(missing_ok=True)
        words = [self.options.python, HERE / "reference_step.py", "--reference", self.options.reference.resolve()]
        words += ["--models", self.models, "--task", task, "--device", self.device, "--precision", precision]
        words += ["--batch", batches, "--report", report]
        words += self.steps(task)
        words += ["--seconds", 2, "--size", 64, "--frames", 4] if self.options.small else ["--seconds", 8]
        return self.kept(report, lambda: self.run(name, words))

    @staticmethod
    def kept(report, work, also=lambda report: report):
        """What a program reported, also where it was ended for want of time."""
        try:
            work()
        except (subprocess.TimeoutExpired, Failed) as error:
            error.report = also(json.loads(report.read_text())) if report.exists() else None
            raise
        return also(json.loads(report.read_text()))

    def need(self, task):
        """Refuses what has no models yet."""
        names = {"imagebind"}
        names |= {"mm"} if task == "mm" else set()
        names |= {"audioldm"} if task in ("v2a", "i2a", "joint") else set()
        names |= {"sd15"} if task in ("a2v", "a2i", "joint") else set()
        names |= {"motion_adapter"} if task in ("a2v", "joint") else set()
        missing = sorted(names - self.drawn) if self.draws else []
        if missing:
            raise Skipped(f"{', '.join(missing)} {'were' if len(missing) > 1 else 'was'} not drawn")

    def steps(self, task):
        """How many are measured: few where one takes seconds."""
        few = self.options.small or task in ("a2v", "joint")
        return ["--steps", 2 if few else 5, "--warm-up", 1 if few else 2]

    def settings(self):
        """Of the job that is measured: the official ones of a clip of 8 seconds, or small ones."""
        names = {
            "audio": "audioldm",
            "image": "sd15",
            "motion": "motion_adapter",
            "binder": "imagebind",
            "mm": "mm/landscape.safetensors",
        }
        settings = [f"models.{role}={self.models / name}" for role, name in names.items()]
        settings.append("tasks.mm.sampling.mm.scheduler=ddim")
        if self.options.small:
            small = {"steps": 4, "duration": 2, "width": 64, "height": 64, "frames": 4}
            settings += ["tasks.mm.sampling.mm." + word for word in ("size=16", "head_channels=16", "windows=[1, 4]")]
            return [*settings, *(f"sampling.{key}={value}" for key, value in small.items())]
        return [*settings, "sampling.duration=8"]

    def demo(self):
        """The demo's job in one process, and whether its shards are whole."""
        run = self.out / "demo"
        shutil.rmtree(run, ignore_errors=True)
        words = [self.program("seehear-worker"), ROOT / "demo" / "world.yaml", "--out", run]
        words += ["--set", f"device={self.device}"]
        if self.options.small:
            # A row of each task.
            rows, tasks = [], set()
            for line in (ROOT / "demo" / "scenes" / "manifest.jsonl").read_text().splitlines():
                task = json.loads(line).get("task", "v2a")
                if task not in tasks:
                    rows.append(line)
                tasks.add(task)
            manifest = self.out / "demo.jsonl"
            manifest.write_text("\n".join(rows) + "\n")
            words += ["--set", f"manifest={manifest}", "--set", f"root={ROOT / 'demo' / 'scenes'}"]
            words += ["--set", "sampling.steps=2", "--set", "sampling.frames=4"]
        begun = time.monotonic()
        environment = os.environ | {"OMPI_MCA_ess_singleton_isolated": "1"}
        # A sample may fail by itself, as with 3; how many were made is told below.
        self.run("demo", words, allowed=(0, 3), env=environment)
        seconds = time.monotonic() - begun
        verified = self.run("demo", [self.program("seehear"), "verify", "--deep", run])
        status = json.loads(self.run("demo", [self.program("seehear"), "status", "--json", run], allowed=(0, 3)))
        return {"seconds": seconds, "verify": verified.strip().splitlines(), "status": status}

    def parts(self):
        small = self.options.small
        batches = "1,2" if small else "1,4,8,16"

        def bench(task, kind, limit, which=batches, samples=""):
            name = f"{task}-{kind}"
            precision = "bf16" if "bf16" in kind else "fp16" if "fp16" in kind else "fp32"
            more = {word: word in kind for word in ("tf32", "graphs", "low")} | {"samples": samples}
            return Part(name, limit, lambda: self.bench(name, task, which, precision, **more))

        def reference(task, precision, limit, which=batches):
            name = f"reference-{task}-{precision}"
            return Part(name, limit, lambda: self.reference(name, task, which, precision))

        if self.device == "cpu":
            tasks = ("v2a", "a2v", "a2i", "i2a", "joint")
            return [
                Part("doctor", 30, self.doctor),
                Part("models-audio", 600, lambda: self.draw("audioldm", "imagebind")),
                bench("v2a", "fp32", 600, samples="1"),
                Part("selftest", 240, self.selftest),
                Part("demo", 600, self.demo),
                reference("v2a", "fp32", 600),
                Part("models-video", 600, lambda: self.draw("sd15", "motion_adapter")),
                *(bench(task, "fp32", 600) for task in tasks[1:]),
                *(reference(task, "fp32", 600) for task in tasks[1:]),
                Part("models-mm", 600, lambda: self.draw("mm")),
                bench("mm", "fp32", 600),
                *(bench(task, "bf16", 600) for task in tasks),
            ]
        return [
            Part("doctor", 30, self.doctor),
            Part("models-audio", 120, lambda: self.draw("audioldm", "imagebind")),
            bench("v2a", "tf32", 90, samples="1,8"),
            Part("selftest", 200, self.selftest),
            Part("demo", 75, self.demo),
            reference("v2a", "tf32", 45),
            bench("v2a", "tf32-graphs", 45, samples="1"),
            Part("models-video", 90, lambda: self.draw("sd15", "motion_adapter")),
            bench("a2v", "tf32", 75, which="1,4"),
            # The size that a card of 24 GB is to have room for.
            bench("a2v", "tf32-low", 45, which="1"),
            bench("v2a", "bf16", 40),
            bench("v2a", "bf16-graphs", 40, samples="1"),
            bench("v2a", "fp32", 45),
            reference("a2v", "tf32", 45, which="1,4"),
            bench("a2v", "bf16", 45, which="1,4,8"),
            bench("a2i", "tf32", 40),
            bench("joint", "tf32", 45, which="1,4"),
            bench("i2a", "tf32", 30),
            Part("models-mm", 30, lambda: self.draw("mm")),
            bench("mm", "tf32", 40, which="1,4"),
            reference("v2a", "bf16", 40),
            reference("a2i", "tf32", 40),
            bench("a2v", "tf32-graphs", 45, which="1,4"),
            bench("a2i", "bf16", 40),
            bench("joint", "bf16", 45, which="1,4,8"),
            bench("a2v", "fp32", 45, which="1,4"),
            bench("a2i", "fp32", 40),
            bench("i2a", "bf16", 30),
            bench("joint", "tf32-graphs", 45, which="1,4"),
            bench("a2i", "tf32-graphs", 40),
            reference("joint", "tf32", 45, which="1,4"),
            bench("i2a", "tf32-graphs", 30),
            bench("joint", "fp32", 45, which="1,4"),
            bench("i2a", "fp32", 30),
            bench("v2a", "fp16", 40),
            *(bench(task, "bf16-graphs", 45) for task in ("a2v", "a2i", "i2a", "joint")),
            *(bench(task, "fp32-graphs", 45) for task in ("v2a", "a2v", "a2i", "i2a", "joint")),
        ]

    # ---- The loop -----------------------------------------------------------------------------------------------

    def one(self, part):
        entry = {"name": part.name, "status": "done", "seconds": 0, "reason": None, "report": None}
        begun = time.monotonic()
        left = self.deadline - begun
        if self.useless:
            entry |= {"status": "skipped", "reason": self.useless}
            return entry
        if left < 10:
            entry |= {"status": "skipped", "reason": "no time was left"}
            return entry
        self.part_deadline = begun + min(part.limit, left)
        try:
            entry["report"] = part.work()
        except Skipped as reason:
            entry |= {"status": "skipped", "reason": str(reason)}
        except subprocess.TimeoutExpired as error:
            reason = f"it took longer than {min(part.limit, left):.0f} s"
            entry |= {"status": "timeout", "reason": reason, "report": getattr(error, "report", None)}
        except Failed as error:
            entry |= {"status": "failed", "reason": str(error), "report": getattr(error, "report", None)}
        except (OSError, ValueError, KeyError) as error:
            entry |= {"status": "failed", "reason": f"{type(error).__name__}: {error}"}
        entry["seconds"] = round(time.monotonic() - begun, 1)
        return entry

    def write(self):
        for name, text in (("result.json", json.dumps(self.result, indent=2)), ("result.md", page(self.result))):
            partial = self.out / f".{name}"
            partial.write_text(text, encoding="utf-8")
            partial.replace(self.out / name)

    def all(self):
        parts = self.parts()
        names = [part.name for part in parts]
        wanted = self.options.parts.split(",") if self.options.parts else names
        try:
            for name in wanted:
                if name not in names:
                    raise SystemExit(f"check: there is no part {name} on {self.device}; there are {', '.join(names)}")
            self.write()
            for part in parts:
                if part.name not in wanted:
                    continue
                entry = self.one(part)
                if part.name == "doctor" and entry["status"] != "done":
                    self.useless = f"the doctor says: {entry['reason']}"
                self.result["parts"].append(entry)
                self.write()
                reason = f": {entry['reason']}" if entry["reason"] else ""
                print(f"{part.name}: {entry['status']} in {entry['seconds']} s{reason}", flush=True)
        finally:
            if self.utilization:
                self.utilization.stop()
            shutil.rmtree(self.scratch, ignore_errors=True)
        print(f"\n{self.out}/result.json\n{self.out}/result.md")
        return 1 if any(entry["status"] in ("failed", "timeout") for entry in self.result["parts"]) else 0


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text(errors="replace").splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.processor()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=["cuda", "cpu"], default="cuda")
    parser.add_argument("--small", action="store_true", help="the toy world's models, small samples, few steps")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("gpu-check"))
    parser.add_argument("--models", type=pathlib.Path, help="audioldm, sd15, motion_adapter and imagebind in a folder")
    parser.add_argument("--reference", type=pathlib.Path, help="the folder of the Python reference")
    parser.add_argument("--python", default=sys.executable, help="the Python that can run the reference")
    parser.add_argument("--seconds", type=float, default=480, help="for all parts together")
    parser.add_argument("--parts", help="these alone, separated by commas")
    parser.add_argument(
        "--table",
        type=pathlib.Path,
        nargs="?",
        const=pathlib.Path(),
        help="print the page of a result, or what it says while there is none",
    )
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    if options.table is not None:
        print(page(None if options.table == pathlib.Path() else json.loads(options.table.read_text())), end="")
        return 0
    if options.models is not None:
        options.models = options.models.resolve()
    return Check(options).all()


if __name__ == "__main__":
    sys.exit(main())
