"""Runs examples/graphs/layer.mlir 30 times beside the published categories.

  layers.py NOODLE_JIT LAYER FOLDER SCRATCH

FOLDER holds sparse_dnn_1024.tar.xz and expected.json. Categories, and the last
layer's entries and sum, must be the published ones. Numbers of entries between
are compared and told, not required: sums of f32 that end at 0 or beside it
depend on the order of their terms. With rows in order SciPy has the same bits
as Noodle in layers 1 to 6, 30464 entries after layer 6; with the rows as its own
product leaves them it has the published 30592.
"""
import json
import os
import shutil
import subprocess
import sys
import tarfile


def read(path):
    """Rows that have entries, the number of entries, their sum."""
    with open(path, encoding="ascii") as file:
        lines = [line for line in file if not line.startswith("%")]
    words = [line.split() for line in lines[1:]]
    return {int(w[0]) for w in words}, len(words), sum(float(w[2]) for w in words)


def valued(path, out):
    """A pattern has the value 1 everywhere."""
    with open(path, encoding="ascii") as file, \
            open(out, "w", encoding="ascii") as made:
        lines = [line for line in file if not line.startswith("%")]
        made.write("%%MatrixMarket matrix coordinate real general\n" + lines[0])
        made.writelines(line.rstrip() + " 1\n" for line in lines[1:])


def main():
    jit, layer, folder, scratch = sys.argv[1:5]
    shutil.rmtree(scratch, ignore_errors=True)
    os.makedirs(scratch)
    with tarfile.open(os.path.join(folder, "sparse_dnn_1024.tar.xz")) as packed:
        packed.extractall(scratch)
    with open(os.path.join(folder, "expected.json"), encoding="utf-8") as file:
        expected = json.load(file)
    at = [os.path.join(scratch, name) for name in ("even.mtx", "odd.mtx")]
    valued(os.path.join(scratch, "sparse-images-1024_subset.mtx"), at[0])
    apart = 0
    for i, count in enumerate(expected["nnz_after_layer"]):
        weights = os.path.join(scratch, f"n1024-l{i + 1}.mtx")
        subprocess.run(
            [jit, layer, "--strict", "--cache-dir",
             os.path.join(scratch, "cache"), "--arg", at[i % 2], "--arg",
             weights, "--out", at[(i + 1) % 2]], check=True)
        rows, stored, total = read(at[(i + 1) % 2])
        apart += stored != count
    if sorted(rows) != expected["categories_1based"]:
        sys.exit(f"categories {sorted(rows)}")
    if stored != count or total != expected["sum_Y_final"]:
        sys.exit(f"last layer: {stored} entries, sum {total}")
    shutil.rmtree(scratch)
    print(f"{i + 1} layers: {len(rows)} categories, entries and sum as published"
          f"; {apart} layers between have other numbers of entries")


if __name__ == "__main__":
    main()
