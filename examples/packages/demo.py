#!/usr/bin/env python3
"""Which packages does everything rest on? `tools/dev demo` runs this.

    demo.py BUILD-FOLDER

PageRank over the dependency graph of the packages this machine knows; where it
has no package lists, over the includes of the project itself. Compiled and
interpreted runs print their times side by side.
"""
import glob
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)
import graph
import top

PROGRAM = os.path.join("examples", "pagerank.mlir")


def newest(paths):
    return max((os.path.getmtime(p) for p in paths), default=0)


def make_graph(folder):
    """The graph's path without ending, and what it is of."""
    out = os.path.join(folder, "packages")
    made = newest(glob.glob(out + ".mtx"))
    if made and made > newest(glob.glob(graph.LISTS) + [graph.__file__]):
        return out, "packages"
    done = subprocess.run([sys.executable, graph.__file__, "packages", out],
                          check=False)
    if done.returncode == 0:
        return out, "packages"
    if done.returncode != 3:
        sys.exit(done.returncode)
    print("This machine has no package lists: ranking the project's own files.")
    return os.path.join(HERE, "includes"), "files"


def jit(folder, links, *options):
    """Standard output of one run of the program."""
    command = [os.path.join(folder, os.pardir, "bin", "noodle-jit"), PROGRAM,
               "--arg", links + ".mtx", *options]
    done = subprocess.run(command, cwd=ROOT, text=True, check=False,
                          stdout=subprocess.PIPE)
    if done.returncode:
        sys.exit(done.returncode)
    return done.stdout


def milliseconds(seconds):
    return f"{1e3 * seconds:,.1f} ms"


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = os.path.join(os.path.abspath(sys.argv[1]), "demo")
    os.makedirs(folder, exist_ok=True)
    links, what = make_graph(folder)
    with open(links + ".mtx", encoding="utf-8") as file:
        size = next(l for l in file if not l.startswith("%")).split()
    print(f"\n{int(size[0]):,} {what}, {int(size[2]):,} dependencies\n")

    ranks = os.path.join(folder, "ranks.npy")
    compiled = json.loads(jit(folder, links, "--metrics=json", "--repeat", "5",
                              "--out", ranks))
    for line in top.top(ranks, links + ".names", 10):
        print(line)
    interpreted = json.loads(jit(folder, links, "--metrics=json", "--strategy",
                                 "reference", "--out", ranks + ".ref.npy"))
    fast, slow = (run["call_seconds_median"] for run in (compiled, interpreted))
    print(f"\ncompiled for this CPU  {milliseconds(fast):>12}   "
          f"(and {milliseconds(compiled['compile_seconds'])} to compile)")
    print(f"interpreted            {milliseconds(slow):>12}   "
          f"{slow / fast:,.0f} times as long")
    apart = max(abs(a - b) for a, b in zip(top.load(ranks),
                                           top.load(ranks + ".ref.npy")))
    print(f"the two agree to       {apart:>12.1g}\n")
    if not apart < 1e-9:
        sys.exit("demo: error: compiled and interpreted ranks disagree")
    print("Receipt of a run that measures each op:\n")
    print(jit(folder, links, "--explain", "--out", ranks))
    print(f"Again, by hand:\n  build/bin/noodle-jit {PROGRAM} --arg "
          f"{os.path.relpath(links, ROOT)}.mtx --explain")


if __name__ == "__main__":
    main()
