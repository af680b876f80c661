#!/usr/bin/env python3
"""Dense programs beside their peers: `tools/dev bench dense`.

    dense.py --build FOLDER [--set NAME,..] [--quick] [--threads 1,2]
             [--types f32,f64] [--sizes N,..] [--rounds N] [--json FILE]

Peers are installed under FOLDER/bench first. All contestants of a row run in
turn in this process on the same random data, warm; results are compared with a
float64 oracle, and one that is wrong loses its place and fails the run. Figures
are medians. A ratio is the best peer's time over Noodle's. Writes
FOLDER/bench/dense.json with the machine, the versions and every figure.
"""
import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
# Set -> (module, groups of wheels it needs besides `blas`, whether BLAS peers
# take part). Each runs in a process of its own: the OpenMP runtimes of two
# libraries bind to each other's names where both are loaded.
SETS = {"squares": ("squares", (), True), "skinny": ("squares", (), True),
        "transposes": ("squares", (), True),
        "tccg": ("contractions", ("tblis",), False),
        "semirings": ("semirings", ("graphblas",), False),
        "types": ("narrow", ("torch",), True)}


def numbers(text):
    return tuple(int(word) for word in text.split(","))


def words(text):
    return tuple(text.split(","))


def parse():
    parser = argparse.ArgumentParser(prog="tools/dev bench dense")
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("--set", type=words, default=(), dest="sets",
                        help=f"some of {', '.join(SETS)}; all by default")
    parser.add_argument("--quick", action="store_true",
                        help="few sizes, short rounds; squares f32 on one "
                        "thread unless told")
    parser.add_argument("--threads", type=numbers)
    parser.add_argument("--types", type=words)
    parser.add_argument("--sizes", type=numbers)
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--json")
    parser.add_argument("--part", help=argparse.SUPPRESS)
    options = parser.parse_args()
    for name in options.sets:
        if name not in SETS:
            parser.error(f"no set '{name}'; there are: {', '.join(SETS)}")
    options.sets = options.sets or (
        ("squares",) if options.quick else tuple(SETS))
    options.threads = options.threads or ((1,) if options.quick else (1, 2))
    options.types = options.types or (
        ("f32",) if options.quick else ("f32", "f64"))
    options.json = options.json or os.path.join(options.build, "bench",
                                                "dense.json")
    return options


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        cpu = re.search(r"model name\s*: (.*)", file.read())
    return {"cpu": cpu.group(1) if cpu else platform.processor(),
            "cores": len(os.sched_getaffinity(0)),
            "system": platform.platform(),
            "load_before": os.getloadavg()[0]}


def environment(peers, threads):
    from blas import ENVIRONMENT
    folders = [os.path.join(peers.venv, "lib"),
               os.path.join(peers.packages(), "aoclda.libs")]
    return {**os.environ, **ENVIRONMENT, "PYTHONNOUSERSITE": "1",
            "OMP_NUM_THREADS": str(threads), "TF_CPP_MIN_LOG_LEVEL": "3",
            "LD_LIBRARY_PATH": ":".join(folders)}


def peaks(bench):
    import numpy as np
    from native import plain, random
    found = {}
    for threads in bench.options.threads:
        for kind, width in (("f32", 4), ("f64", 8), ("minplus_f32", 4),
                            ("minplus_f64", 8), ("orand_i8", 1), ("bf16", 2),
                            ("i8", 1)):
            found[f"{kind} {threads}t"] = bench.peak(kind, width, threads)
        arrays = [random((1 << 25,), np.float32, i) for i in range(3)]
        call = plain(bench.native.peaks.bench_stream, (1 << 25, threads),
                     arrays)
        best = min(bench.native.time(call, 1) for _ in range(5))
        found[f"stream {threads}t"] = 12 * (1 << 25) / best
    bench.say("peaks, 1e9 a second: " + ", ".join(
        f"{name} {'absent' if rate is None else f'{rate * 1e-9:.1f}'}"
        for name, rate in found.items()))
    return found


def part(options, peers):
    """One set, in this process."""
    import importlib
    import blas
    import measure
    from native import Native
    from noodle import Noodle
    name = options.sets[0]
    module, _, with_blas = SETS[name]
    bench = measure.Bench(options, peers, Native(peers.folder),
                          Noodle(options.build),
                          blas.load(peers) if with_blas else [])
    versions = {peer.name: peer.about for peer in bench.blas}
    bench.say(f"\n== {name}")
    for peer, version in versions.items():
        bench.say(f"  {peer:10}{version}")
    found = peaks(bench)
    getattr(importlib.import_module(module), name)(bench)
    versions["noodle"] = bench.noodle.about
    with open(options.part, "w", encoding="utf-8") as file:
        json.dump({"versions": versions, "peaks": {name: found},
                   "rows": bench.rows, "wrong": bench.wrong,
                   "failed": bench.failed, "absent": peers.absent}, file)
    # Libraries with threads of their own do not always leave in peace.
    sys.stdout.flush()
    os._exit(0)


def run_part(options, peers, name, threads):
    """What one set found; a process that dies is a failure of the run."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        words = [peers.python, os.path.abspath(__file__), "--build",
                 options.build, "--set", name, "--part", file.name,
                 "--threads", ",".join(map(str, threads)),
                 "--types", ",".join(options.types)]
        words += ["--quick"] * options.quick
        if options.sizes:
            words += ["--sizes", ",".join(map(str, options.sizes))]
        if options.rounds:
            words += ["--rounds", str(options.rounds)]
        done = subprocess.run(words, check=False,
                              env=environment(peers, max(threads)))
        try:
            return json.load(file)
        except ValueError:
            return {"failed": [f"{name}: its process ended with "
                               f"{done.returncode}"]}


def main():
    options = parse()
    import install
    groups = sorted({g for name in options.sets for g in SETS[name][1]})
    peers = install.prepare(options.build, groups)
    if options.part:
        part(options, peers)
    import measure
    about, start = machine(), time.time()
    print(f"{about['cpu']}, {about['cores']} cores, load "
          f"{about['load_before']:.2f}", flush=True)
    whole = {"machine": about, "command": sys.argv, "versions": {},
             "absent": {}, "peaks": {}, "rows": [], "wrong": [], "failed": []}
    for name in options.sets:
        for key, value in run_part(options, peers, name,
                                   options.threads).items():
            if isinstance(value, dict):
                whole[key].update(value)
            else:
                whole[key] += value
    whole["absent"].update(peers.absent)
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
