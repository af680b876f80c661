#!/usr/bin/env python3
"""Algebraic programs beside their peers: `tools/dev bench algebra`.

    algebra.py --build FOLDER [--only B01,..,memory,networks] [--threads 1,2]
               [--quick] [--rounds N] [--fastest] [--search SECONDS]
               [--json FILE]

Peers are installed under FOLDER/bench first. All contestants of a program run
in turn in this process on the same data; every result is compared with the
first peer's, and who is wrong loses its place and fails the run. Three times
each: `to plan` is planning and compiling alone; `first call` everything from
the text, or the expression, to the first result; `warm` the median of later
calls. A ratio is the best peer's time over Noodle's, over those that order well
and over those that do the program step by step as it is written. Networks:
multiplications of the orders found, beside cotengra's after --search seconds
(60) on each. Memory: a network under a limit, its peak announced and measured.
Writes FOLDER/bench/algebra.json.
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
for folder in ("../sparse", "../dense"):
    sys.path.insert(1, os.path.join(HERE, folder))
PARTS = ("B01", "B02", "B03", "B05", "B06", "B09", "B14", "memory",
         "networks")
WHEELS = ["scipy==1.17.1", "suitesparse-graphblas==10.5.1.1", "cffi==2.1.1",
          "pycparser==3.0", "opt_einsum==3.4.0", "cotengra==0.8.3",
          "cotengrust==0.2.1", "autoray==0.11.0", "duckdb==2.0.0"]
DISCOPY = ["discopy==1.2.2", "matplotlib==3.10.7"]


def words(text):
    return tuple(text.split(","))


def parse():
    parser = argparse.ArgumentParser(prog="tools/dev bench algebra")
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("--only", type=words, default=PARTS,
                        help=f"some of {', '.join(PARTS)}; all by default")
    parser.add_argument("--quick", action="store_true", help="short rounds")
    parser.add_argument("--threads", type=words, default=("1", "2"))
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--fastest", action="store_true",
                        help="the fastest round and not the median: for a "
                        "machine that has other work")
    parser.add_argument("--search", type=float, default=60,
                        help="seconds of cotengra's search a network")
    parser.add_argument("--json")
    parser.add_argument("--part", help=argparse.SUPPRESS)
    options = parser.parse_args()
    for name in options.only:
        if name not in PARTS:
            parser.error(f"no program '{name}'; there are: {', '.join(PARTS)}")
    options.json = options.json or os.path.join(options.build, "bench",
                                                "algebra.json")
    return options


def run_part(options, peers, threads):
    """Everything on so many threads, in a process of its own."""
    import blas
    environment = {**os.environ, **blas.ENVIRONMENT, "PYTHONNOUSERSITE": "1",
                   "OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads,
                   "OPENBLAS_NUM_THREADS": threads,
                   "XLA_FLAGS": "--xla_cpu_multi_thread_eigen="
                   + ("false" if threads == "1" else "true"),
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
        from rows import part
        return part(options)
    import dense
    import install
    import measure
    install.WHEELS.update(algebra=WHEELS, discopy=DISCOPY)
    install.WITH_DEPENDENCIES += ("discopy",)
    peers = install.Peers(options.build)
    why = peers.make()
    if why:
        sys.exit(f"algebra: no virtual environment: {why}\n"
                 "Install Debian's python3-venv.")
    if not (peers.wheels("blas") and peers.wheels("algebra")):
        sys.exit(f"algebra: peers are missing: {peers.absent}")
    for group in ("jax", "torch", "discopy"):
        peers.wheels(group)
    whole = {"machine": dense.machine(), "command": sys.argv, "versions": {},
             "absent": dict(peers.absent), "peaks": {}, "rows": [],
             "networks": [], "wrong": [], "failed": []}
    start = time.time()
    programs = [x for x in options.only if x not in ("memory", "networks")]
    for threads in options.threads if programs else ():
        for key, value in run_part(options, peers, threads).items():
            if isinstance(value, dict):
                whole[key].update(value)
            else:
                whole[key] += value
    if "networks" in options.only:
        import networks
        whole["networks"] = networks.compare(options, peers)
    if "memory" in options.only:
        import memory
        row = whole["memory"] = memory.measure(options, peers)
        for kind in ("wrong", "failed"):
            if kind in row:
                whole[kind].append(f"memory: {row[kind]}")
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
