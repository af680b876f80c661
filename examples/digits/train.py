#!/usr/bin/env python3
"""Trains the digits classifier and writes its weights and test images.

    train.py [digits.csv.gz]

Data: scikit-learn's handwritten digits (1797 images of 8 x 8, from the UCI
repository): from the file given (scikit-learn ships it as
sklearn/datasets/data/digits.csv.gz) or from an installed scikit-learn. Every
fifth image is kept for testing. The seed is fixed: the same weights come out
on the same NumPy.
"""
import gzip
import os
import sys

import numpy as np

HIDDEN, EPOCHS, BATCH, RATE, SEED = 48, 120, 32, 2e-3, 20
EPSILON = 1e-5
HERE = os.path.dirname(os.path.abspath(__file__))


def load(path):
    if path:
        with gzip.open(path, "rt") as file:
            table = np.loadtxt(file, delimiter=",")
        return table[:, :-1], table[:, -1].astype(np.int64)
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        sys.exit("train.py: give digits.csv.gz, or install scikit-learn")
    data = load_digits()
    return data.data, data.target.astype(np.int64)


def normalise(x):
    centred = x - x.mean(axis=1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + EPSILON)


def forward(p, x):
    """digits.mlir in NumPy; also returns what training needs."""
    n = normalise(x)
    h = n * p["scale"] + p["shift"]
    a = np.maximum(h @ p["w1"] + p["b1"], 0)
    z = a @ p["w2"] + p["b2"]
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True), (n, h, a)


def gradients(p, x, labels):
    probability, (n, h, a) = forward(p, x)
    z = probability.copy()
    z[np.arange(len(labels)), labels] -= 1
    z /= len(labels)
    hidden = (z @ p["w2"].T) * (a > 0)
    back = hidden @ p["w1"].T
    return {"w2": a.T @ z, "b2": z.sum(axis=0, keepdims=True),
            "w1": h.T @ hidden, "b1": hidden.sum(axis=0, keepdims=True),
            "scale": (back * n).sum(axis=0), "shift": back.sum(axis=0)}


def train(x, labels):
    rng = np.random.default_rng(SEED)
    p = {"scale": np.ones(64), "shift": np.zeros(64),
         "w1": rng.normal(0, (2 / 64) ** 0.5, (64, HIDDEN)),
         "b1": np.zeros((1, HIDDEN)),
         "w2": rng.normal(0, (1 / HIDDEN) ** 0.5, (HIDDEN, 10)),
         "b2": np.zeros((1, 10))}
    first = {k: np.zeros_like(v) for k, v in p.items()}
    second = {k: np.zeros_like(v) for k, v in p.items()}
    step = 0
    for _ in range(EPOCHS):
        order = rng.permutation(len(x))
        for at in range(0, len(x), BATCH):
            pick, step = order[at:at + BATCH], step + 1
            for k, g in gradients(p, x[pick], labels[pick]).items():
                if k.startswith("w"):
                    g = g + 1e-4 * p[k]
                first[k] = 0.9 * first[k] + 0.1 * g
                second[k] = 0.999 * second[k] + 0.001 * g * g
                p[k] = p[k] - RATE * (first[k] / (1 - 0.9**step)) / (
                    np.sqrt(second[k] / (1 - 0.999**step)) + 1e-8)
    return p


def main():
    images, labels = load(sys.argv[1] if len(sys.argv) > 1 else None)
    held = np.arange(len(images)) % 5 == 4
    p = train(images[~held], labels[~held])
    weights = {k: v.astype(np.float32) for k, v in p.items()}
    test = images[held].astype(np.float32)
    answer, _ = forward(weights, test)
    right = (answer.argmax(axis=1) == labels[held]).mean()
    print(f"{len(test)} test images, {100 * right:.2f} % right")
    for name, value in {**weights, "images": test,
                        "labels": labels[held]}.items():
        np.save(os.path.join(HERE, name + ".npy"), np.ascontiguousarray(value))


if __name__ == "__main__":
    main()
