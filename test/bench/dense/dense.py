#!/usr/bin/env python3
"""Dense programs beside their peers: `tools/dev bench dense`.

    dense.py --build FOLDER [--set NAME,..] [--quick] [--threads 1,2]
             [--types f32,f64] [--sizes N,..] [--rounds N] [--fastest]
             [--json FILE]

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
        "small": ("small", (), True),
        "transposes": ("squares", (), True),
        "tccg": ("contractions", ("tblis",), False),
        "semirings": ("semirings", ("graphblas",), False),
        "types": ("narrow", ("torch",), True),
        "strassen": ("strassen", (), True),
        "yardsticks": ("yardsticks", (), False),
        "strategies": ("strategies", (), False),
        "programs": ("whole", ("torch", "jax", "iree"), False)}


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
    parser.add_argument("--fastest", action="store_true",
                        help="the fastest round and not the median: for a "
                        "machine that has other work")
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
               os.path.join(peers.packages(), "aoclda.libs"),
               os.path.dirname(peers.find("debian/libopenblas0-pthread/usr/lib/"
                                          "*/*/libopenblas.so.0") or "")]
    return {**os.environ, **ENVIRONMENT, "PYTHONNOUSERSITE": "1",
            "OMP_NUM_THREADS": str(threads), "TF_CPP_MIN_LOG_LEVEL": "3",
            "LD_LIBRARY_PATH": ":".join(folders)}


def run_part(options, peers, name, threads):
    """What one set found; a process that dies is a failure of the run."""
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        words = [peers.python, os.path.abspath(__file__), "--build",
                 options.build, "--set", name, "--part", file.name,
                 "--threads", ",".join(map(str, threads)),
                 "--types", ",".join(options.types)]
        words += ["--quick"] * options.quick
        words += ["--fastest"] * options.fastest
        if options.sizes:
            words += ["--sizes", ",".join(map(str, options.sizes))]
        if options.rounds:
            words += ["--rounds", str(options.rounds)]
        # XLA and IREE count the processors they may use when they start.
        few = sorted(os.sched_getaffinity(0))[-max(threads):]
        done = subprocess.run(
            words, check=False, env=environment(peers, max(threads)),
            preexec_fn=lambda: name == "programs" and
            os.sched_setaffinity(0, few))
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
        from part import part
        part(options, peers, *SETS[options.sets[0]])
    import measure
    about, start = machine(), time.time()
    print(f"{about['cpu']}, {about['cores']} cores, load "
          f"{about['load_before']:.2f}", flush=True)
    whole = {"machine": about, "command": sys.argv, "versions": {},
             "absent": {}, "peaks": {}, "rows": [], "wrong": [], "failed": []}
    parts = [(name, threads) for name in options.sets for threads in (
        [(t,) for t in options.threads] if name == "programs"
        else [options.threads])]
    for name, threads in parts:
        for key, value in run_part(options, peers, name, threads).items():
            if isinstance(value, dict):
                for inner, entry in value.items():
                    old = whole[key].get(inner)
                    whole[key][inner] = ({**old, **entry} if
                                         isinstance(old, dict) else entry)
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
