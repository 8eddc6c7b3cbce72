#!/usr/bin/env python3
"""The Fréchet distance of two large sets of features, beside scipy's matrix root on the same threads.

  frechet.py [--rows 3000] [--width 2048] [--threads 2] [--rounds 3] [--bin .build/release]

Both read the same `.npy` files; seehear's time is that of the whole command, scipy's begins once it is imported.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.normpath(os.path.join(HERE, "..", ".."))

THEIRS = """
import sys, time
import numpy as np
from scipy import linalg
began = time.perf_counter()
x, y = (np.load(p).astype(np.float64) for p in sys.argv[1:])
a, b = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
root = linalg.sqrtm(a @ b)
value = np.square(x.mean(0) - y.mean(0)).sum() + np.trace(a) + np.trace(b) - 2 * np.trace(root.real)
print(time.perf_counter() - began, value)
"""


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--rows", type=int, default=3000)
    ap.add_argument("--width", type=int, default=2048)
    ap.add_argument("--threads", type=int, default=2)
    ap.add_argument("--rounds", type=int, default=3)
    ap.add_argument("--bin", default=f"{ROOT}/.build/release")
    a = ap.parse_args()
    import numpy as np

    environment = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}
    environment["OPENBLAS_NUM_THREADS"] = str(a.threads)
    with tempfile.TemporaryDirectory() as folder:
        rng = np.random.default_rng(1)
        # As features are: correlated, of falling variance, not negative.
        mix = rng.standard_normal((a.width, a.width)) * np.geomspace(1, 1e-3, a.width)[:, None] / np.sqrt(a.width)
        for name, shift in (("made", 0.1), ("real", 0)):
            rows = np.maximum(rng.standard_normal((a.rows, a.width)) @ mix + 0.1 + shift, 0)
            np.save(f"{folder}/{name}.npy", rows.astype(np.float32))
            with open(f"{folder}/{name}.txt", "w") as file:
                file.writelines(f"{i:06d}\n" for i in range(a.rows))
        ours, theirs = [], []
        for number in range(a.rounds):
            began = time.perf_counter()
            command = [f"{a.bin}/seehear", "eval", f"{folder}/made.npy", "--names", f"{folder}/made.txt"]
            command += ["--reference", f"{folder}/real.npy", "--reference-names", f"{folder}/real.txt"]
            command += ["--metrics", "frechet", "-o", f"{folder}/out{number}"]
            told = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
            ours.append(time.perf_counter() - began)
            command = [sys.executable, "-c", THEIRS, f"{folder}/made.npy", f"{folder}/real.npy"]
            found = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.split()
            theirs.append(float(found[0]))
        print(told.strip())
        print(f"scipy: {float(found[1]):.6f}")
        print(f"{a.rows} rows of {a.width}, {a.threads} threads: seehear {min(ours):.2f} s, scipy {min(theirs):.2f} s")


if __name__ == "__main__":
    main()
