#!/usr/bin/env python3
"""Sparse programs beside their peers: `tools/dev bench sparse`.

    sparse.py --build FOLDER [--set spmv,..] [--only MATRIX,..] [--quick]
              [--threads 1,2] [--rounds N] [--fastest] [--matrices FOLDER]
              [--json FILE]

Peers are installed under FOLDER/bench first: SuiteSparse:GraphBLAS, MKL, SciPy.
All contestants of a row run in turn in this process on the same data, warm.
Every result is compared with SciPy's, or NumPy's where SciPy has no such op;
who is wrong loses its place and fails the run. Figures are medians and count
what a call from Python costs, 1 to 2 us for each contestant. A ratio is the
best peer's time over Noodle's. A program without compiled code is a failure.
Writes FOLDER/bench/sparse.json.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
sys.path.insert(1, os.path.join(HERE, "../dense"))
SETS = ("spmv", "reuse", "minplus", "spmm8", "spmm32", "spmm128", "sddmm",
        "spgemm", "masked", "push", "add", "mul", "convert", "triangles", "gcn",
        "pagerank", "dnn")
# Pinned beside those of the dense benchmark, whose NumPy and MKL these use.
WHEELS = ["scipy==1.17.1", "suitesparse-graphblas==10.5.1.1", "cffi==2.1.1",
          "pycparser==3.0"]


def words(text):
    return tuple(text.split(","))


def parse():
    parser = argparse.ArgumentParser(prog="tools/dev bench sparse")
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("--set", type=words, default=SETS, dest="sets",
                        help=f"some of {', '.join(SETS)}; all by default")
    parser.add_argument("--only", type=words, default=(),
                        help="matrices, by their names")
    parser.add_argument("--quick", action="store_true",
                        help="no matrix that leaves the caches, short rounds")
    parser.add_argument("--threads", type=words, default=("1", "2"))
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--fastest", action="store_true",
                        help="the fastest round and not the median: for a "
                        "machine that has other work")
    parser.add_argument("--matrices",
                        default=os.path.join(ROOT, "../shared/data/matrices"))
    parser.add_argument("--json")
    parser.add_argument("--part", help=argparse.SUPPRESS)
    options = parser.parse_args()
    for name in options.sets:
        if name not in SETS:
            parser.error(f"no set '{name}'; there are: {', '.join(SETS)}")
    options.json = options.json or os.path.join(options.build, "bench",
                                                "sparse.json")
    return options


def run_part(options, peers, threads):
    """Everything on so many threads, in a process of its own."""
    import blas
    environment = {**os.environ, **blas.ENVIRONMENT, "PYTHONNOUSERSITE": "1",
                   "OMP_NUM_THREADS": threads,
                   "OPENBLAS_NUM_THREADS": threads,
                   "LD_LIBRARY_PATH": os.path.join(peers.venv, "lib")}
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        line = [peers.python, os.path.abspath(__file__), *sys.argv[1:],
                "--threads", threads, "--part", file.name]
        done = subprocess.run(line, check=False, env=environment)
        try:
            return json.load(file)
        except ValueError:
            return {"failed": [f"{threads} threads: the process ended with "
                               f"{done.returncode}"]}


def main():
    options = parse()
    if options.part:
        from contest import part
        return part(options)
    import dense
    import install
    import measure
    install.WHEELS["sparse"] = WHEELS
    peers = install.Peers(options.build)
    why = peers.make()
    if why:
        sys.exit(f"sparse: no virtual environment: {why}\n"
                 "Install Debian's python3-venv.")
    if not (peers.wheels("blas") and peers.wheels("sparse")):
        sys.exit(f"sparse: peers are missing: {peers.absent}")
    whole = {"machine": dense.machine(), "command": sys.argv, "versions": {},
             "absent": {}, "peaks": {}, "rows": [], "wrong": [], "failed": []}
    start = time.time()
    for threads in options.threads:
        for key, value in run_part(options, peers, threads).items():
            if isinstance(value, dict):
                whole[key].update(value)
            else:
                whole[key] += value
    whole["seconds"] = time.time() - start
    measure.summary(whole)
    with open(options.json, "w", encoding="utf-8") as file:
        json.dump(whole, file, indent=1)
        file.write("\n")
    print(f"\n{whole['seconds']:.0f} s; written to "
          f"{os.path.relpath(options.json, ROOT)}")
    return 1 if whole["wrong"] or whole["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
