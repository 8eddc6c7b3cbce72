"""Writes features as other tools leave them, and what numpy makes of the same rows.

    python3 features.py FOLDER

Writes NAME.npy in three precisions and three versions, NAME.txt beside each, and arrays that are no features.
Prints one line of JSON with the values of statistics. Nothing of seehear is used.
"""

import json
import pathlib
import sys

import numpy as np


def write(folder, name, array, names, version=None):
    with open(folder / f"{name}.npy", "wb") as file:
        np.lib.format.write_array(file, array, version=version)
    (folder / f"{name}.txt").write_text("".join(f"{n}\n" for n in names))
    return array.astype(np.float64)


def frechet(x, y):
    s, t = np.cov(x.T), np.cov(y.T)
    cross = np.sqrt(np.maximum(np.linalg.eigvals(s @ t).real, 0)).sum()
    return ((x.mean(0) - y.mean(0)) ** 2).sum() + np.trace(s) + np.trace(t) - 2 * cross


def kernel(x, y):
    def k(a, b):
        return (a @ b.T / x.shape[1] + 1) ** 3

    n, m = len(x), len(y)
    within_x = (k(x, x).sum() - np.trace(k(x, x))) / (n * (n - 1))
    within_y = (k(y, y).sum() - np.trace(k(y, y))) / (m * (m - 1))
    return within_x + within_y - 2 * k(x, y).mean()


def divergences(generated, reference):
    def logarithms(x):
        x = x - x.max(1, keepdims=True)
        return x - np.log(np.exp(x).sum(1, keepdims=True))

    p, q = logarithms(reference), logarithms(generated)
    return (np.exp(p) * (p - q)).sum(1)


def main():
    folder = pathlib.Path(sys.argv[1])
    random = np.random.RandomState(7)
    names = [f"clip{i:02d}" for i in range(40)]
    x, y = random.randn(40, 8), random.randn(30, 8) * 1.5 + 0.25
    half = write(folder, "half", x.astype(np.float16), names, (3, 0))
    single = write(folder, "single", x.astype(np.float32), names)
    real = write(folder, "real", y, names[:30], (2, 0))
    reference = random.randn(40, 5) * 3
    a, b = reference + random.randn(40, 5), reference + random.randn(40, 5) * 2
    logits = {
        name: write(folder, name, values.astype(np.float32), names)
        for name, values in {"logits": reference, "a": a, "b": b}.items()
    }
    write(folder, "fortran", np.asfortranarray(x), names)
    write(folder, "big", x.astype(">f4"), names)
    np.save(folder / "objects.npy", np.array([x, y], dtype=object), allow_pickle=True)
    kl = {name: divergences(logits[name], logits["logits"]) for name in "ab"}
    print(
        json.dumps(
            {
                "frechet": [frechet(half, real), frechet(single, real)],
                "kernel": [kernel(half, real), kernel(single, real)],
                "kl": [kl["a"].mean(), kl["b"].mean()],
                "third": kl["b"][2],
            }
        )
    )


main()
