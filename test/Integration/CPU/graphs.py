"""Runs examples/graphs on random graphs beside plain Python.

  graphs.py NOODLE_JIT EXAMPLES SCRATCH
"""
import os
import random
import subprocess
import sys

import numpy as np


def write(path, n, edges):
    with open(path, "w", encoding="ascii") as out:
        out.write("%%MatrixMarket matrix coordinate real general\n")
        out.write(f"{n} {n} {len(edges)}\n")
        for i, j in sorted(edges):
            out.write(f"{i + 1} {j + 1} {(i + j) % 3}\n")


def graph(source, n, edges):
    """Edges at random; the weights, 0 among them, mean nothing here."""
    return {(source.randrange(n), source.randrange(n)) for _ in range(edges)}


def levels(n, edges, start):
    found = [-1] * n
    found[start] = 0
    frontier = [start]
    while frontier:
        reached = {j for i, j in edges if i in frontier and found[j] < 0}
        for j in reached:
            found[j] = found[frontier[0]] + 1
        frontier = list(reached)
    return found


def components(n, edges):
    least = list(range(n))
    changed = True
    while changed:
        changed = False
        for i, j in edges:
            low = min(least[i], least[j])
            changed |= least[i] != low or least[j] != low
            least[i] = least[j] = low
    return least


def neighbours(n, edges):
    near = [set() for _ in range(n)]
    for i, j in edges:
        if i != j:
            near[i].add(j)
    return near


def triangles(n, edges):
    near = neighbours(n, edges)
    return sum(
        1 for i in range(n) for j in near[i] if j < i for k in near[j]
        if k < j and k in near[i])


def clustering(n, edges):
    near = neighbours(n, edges | {(j, i) for i, j in edges})
    shares = []
    for i in range(n):
        pairs = len(near[i]) * (len(near[i]) - 1)
        closed = sum((j, k) in edges for j in near[i] for k in near[i]
                     if j != k)
        shares.append(closed / pairs if pairs else 0.0)
    return shares


def run(jit, program, arguments, out):
    subprocess.run([jit, *program, "--strict", "--out", out] +
                   [text for a in arguments for text in ("--arg", str(a))],
                   check=True)
    return np.load(out)


def expect(what, got, wanted):
    if not np.allclose(got, wanted, rtol=1e-12, atol=0):
        sys.exit(f"{what}: got {got}, not {wanted}")


def main():
    jit, examples, scratch = sys.argv[1:4]
    matrix, out = scratch + ".mtx", scratch + ".npy"

    def ask(program, *arguments):
        return run(jit, [os.path.join(examples, program[0]), *program[1:]],
                   arguments, out)

    seed = 7
    source = random.Random(seed)
    sizes = [(1, 0), (2, 1), (40, 60), (300, 2000)]
    for n, count in sizes:
        what = f"seed {seed}, {n} nodes"
        directed = graph(source, n, count)
        write(matrix, n, directed)
        start = source.randrange(n)
        expect(what + ", levels", ask(["bfs.mlir"], matrix, start),
               levels(n, directed, start))
        expect(what + ", components", ask(["components.mlir"], matrix),
               components(n, directed))
        expect(what + ", clustering",
               ask(["triangles.mlir", "-e", "clustering"], matrix),
               clustering(n, directed))
        both = directed | {(j, i) for i, j in directed}
        write(matrix, n, both)
        expect(what + ", triangles", ask(["triangles.mlir"], matrix),
               triangles(n, both))
    print(f"agree: {len(sizes)} random graphs, four programs each")


if __name__ == "__main__":
    main()
