#!/usr/bin/env python3
"""What Noodle costs besides the arithmetic: `tools/dev bench latency`.

    latency.py --build FOLDER [--rounds N]

Prints a table and writes FOLDER/bench/latency.json with the machine, the
versions and every figure. Medians; a run beside other work measures that work.
"""
import argparse
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))


def output(*command):
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"latency: {' '.join(command)}\n{done.stderr.strip()}")
    return done.stdout


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        cpu = re.search(r"model name\s*: (.*)", file.read())
    clang = output("clang-22", "--version").splitlines()[0]
    return {"cpu": cpu.group(1) if cpu else platform.processor(),
            "cores": len(os.sched_getaffinity(0)),
            "system": platform.platform(), "compiler": clang,
            "load_before": os.getloadavg()[0]}


def engine(bench, what, program, rounds):
    text = output(bench, what, os.path.join(HERE, program), str(rounds))
    return json.loads(text)["median_ns"]


def process(command, rounds):
    """Median wall time of a whole process in nanoseconds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter_ns()
        output(*command)
        times.append(time.perf_counter_ns() - start)
    return statistics.median(times)


def readable(nanoseconds):
    for unit, scale in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if nanoseconds >= scale:
            return f"{nanoseconds / scale:.3g} {unit}"
    return f"{nanoseconds:.3g} ns"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default="build")
    parser.add_argument("--rounds", type=int, default=30)
    options = parser.parse_args()
    bin_folder = os.path.join(ROOT, options.build, "bin")
    bench, jit, region = (os.path.join(bin_folder, name) for name in (
        "noodle-bench", "noodle-jit", "noodle-bench-parallel-region"))
    run = [jit, os.path.join(HERE, "matmul.mlir"), "--arg", "ones",
           "--arg", "ones"]
    work = tempfile.mkdtemp(prefix="noodle-latency-")
    cached = run + ["--cache-dir", os.path.join(work, "cache")]
    about = machine()

    rows = [("compile a 256x256 f32 matmul, in process",
             engine(bench, "compile", "matmul.mlir", options.rounds)),
            ("the same to tier-0",
             engine(bench, "tier0", "matmul.mlir", options.rounds)),
            ("load it from the disk cache, in process",
             engine(bench, "load", "matmul.mlir", options.rounds)),
            ("process to first result, optimised",
             process(run + ["--tier", "optimised"], options.rounds)),
            ("process to first result, by tier-0",
             process(run + ["--tier", "auto"], options.rounds))]
    output(*cached)
    rows += [("process to first result, from the cache",
              process(cached, options.rounds)),
             ("a bound call", engine(bench, "call", "call.mlir",
                                     options.rounds))]
    regions = os.path.join(work, "regions.json")
    output(region, "--rounds", "10", "--json", regions)
    with open(regions, encoding="utf-8") as file:
        parallel = json.load(file)["results"]
    shutil.rmtree(work)

    print(f"{about['cpu']}, {about['cores']} cores, load {about['load_before']}"
          f"\n{about['compiler']}\n")
    for name, value in rows:
        print(f"{name:48}{readable(value):>10}")
    cases = ("empty", "together", "cold")
    print(f"\n{'parallel region on two threads':48}" +
          "".join(f"{case:>10}" for case in cases))
    for peer in parallel:
        print(f"  {peer['name']:46}" +
              "".join(f"{readable(peer[case]):>10}" for case in cases))
    folder = os.path.join(ROOT, options.build, "bench")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "latency.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"machine": about, "nanoseconds": dict(rows),
                   "parallel_region": parallel}, file, indent=1)
        file.write("\n")
    print(f"\nwritten to {os.path.relpath(path, ROOT)}")


if __name__ == "__main__":
    main()
