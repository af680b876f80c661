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
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
# Set -> groups of wheels that it needs besides `blas`.
SETS = {"squares": (), "skinny": (), "transposes": ()}


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


def in_environment(peers):
    """Starts again with the peers' Python and settings, once."""
    import install
    from blas import ENVIRONMENT
    if os.environ.get("NOODLE_BENCH_DENSE") == "1":
        return
    folders = [os.path.join(peers.venv, "lib"),
               os.path.join(peers.packages(), "aoclda.libs")]
    os.environ.update(ENVIRONMENT, NOODLE_BENCH_DENSE="1",
                      PYTHONNOUSERSITE="1", LD_LIBRARY_PATH=":".join(folders))
    sys.stdout.flush()
    os.execv(peers.python, [peers.python, *sys.argv])


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


def main():
    options = parse()
    import install
    groups = sorted({g for name in options.sets for g in SETS[name]})
    peers = install.prepare(options.build, groups)
    in_environment(peers)

    import blas
    import measure
    import squares
    from native import Native
    from noodle import Noodle
    runs = {"squares": squares.squares, "skinny": squares.skinny,
            "transposes": squares.transposes}
    about = machine()
    noodle = Noodle(options.build)
    bench = measure.Bench(options, peers, Native(peers.folder), noodle,
                          blas.load(peers))
    versions = {"noodle": noodle.about,
                **{peer.name: peer.about for peer in bench.blas}}
    bench.say(f"{about['cpu']}, {about['cores']} cores, load "
              f"{about['load_before']:.2f}")
    for name, version in versions.items():
        bench.say(f"  {name:10}{version}")
    for name, why in peers.absent.items():
        bench.say(bench.painted(f"  {name:10}ABSENT: {why}", False))
    start = time.time()
    found = peaks(bench)
    for name in options.sets:
        runs[name](bench)
    bench.summary()
    for text in bench.failed:
        bench.say(bench.painted(f"FAILED {text}", False))
    for text in bench.wrong:
        bench.say(bench.painted(f"WRONG {text}", False))
    with open(options.json, "w", encoding="utf-8") as file:
        json.dump({"machine": about, "versions": versions,
                   "absent": peers.absent, "command": sys.argv,
                   "peaks": found, "rows": bench.rows, "wrong": bench.wrong,
                   "failed": bench.failed,
                   "seconds": time.time() - start}, file, indent=1)
        file.write("\n")
    bench.say(f"\n{time.time() - start:.0f} s; written to "
              f"{os.path.relpath(options.json, ROOT)}")
    # Libraries with threads of their own do not always leave in peace.
    sys.stdout.flush()
    os._exit(1 if bench.wrong or bench.failed else 0)


if __name__ == "__main__":
    main()
