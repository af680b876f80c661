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


def betweenness(n, edges, sources):
    near = [[] for _ in range(n)]
    for i, j in edges:
        near[i].append(j)
    total = [0.0] * n
    for s in sources:
        depth, paths, order = {s: 0}, [0] * n, [s]
        paths[s] = 1
        for i in order:
            for j in near[i]:
                if j not in depth:
                    depth[j] = depth[i] + 1
                    order.append(j)
                if depth[j] == depth[i] + 1:
                    paths[j] += paths[i]
        share = [0.0] * n
        for i in reversed(order):
            share[i] = sum(paths[i] / paths[j] * (1 + share[j])
                           for j in near[i] if depth[j] == depth[i] + 1)
            if i != s:
                total[i] += share[i]
    return total


def truss(edges, k):
    """Edge -> the triangles on it in the k-truss."""
    while True:
        near = {}
        for i, j in edges:
            near.setdefault(i, set()).add(j)
        support = {(i, j): len(near[i] & near[j]) for i, j in edges}
        kept = {e for e in edges if support[e] >= k - 2}
        if kept == edges:
            return support
        edges = kept


def distances(n, edges, start):
    """Bellman-Ford over what write() stores; 0 is a cost like others."""
    found = [float("inf")] * n
    found[start] = 0.0
    for _ in range(n):
        before = list(found)
        for i, j in edges:
            found[j] = min(found[j], found[i] + (i + j) % 3)
        if found == before:
            break
    return found


def labels(n, edges, steps):
    """Each node takes the label of most neighbours, the least of several."""
    near = [[] for _ in range(n)]
    for i, j in edges:
        near[i].append(j)
    found = list(range(n))
    for _ in range(steps):
        before = list(found)
        for i in range(n):
            have = [before[j] for j in near[i]]
            if have:
                found[i] = min(set(have), key=lambda k: (-have.count(k), k))
    return found


def entries(path):
    with open(path, encoding="ascii") as file:
        lines = [line.split() for line in file if not line.startswith("%")]
    return {(int(i) - 1, int(j) - 1): int(v) for i, j, v in lines[1:]}


def run(jit, program, arguments, out):
    subprocess.run([jit, *program, "--strict", "--out", out] +
                   [text for a in arguments for text in ("--arg", str(a))],
                   check=True)
    return np.load(out) if out.endswith(".npy") else entries(out)


def expect(what, got, wanted):
    if not np.allclose(got, wanted, rtol=1e-12, atol=0):
        sys.exit(f"{what}: got {got}, not {wanted}")


def main():
    jit, examples, scratch = sys.argv[1:4]
    matrix, given = scratch + ".mtx", scratch + ".given.npy"

    def ask(program, *arguments, out=".out.npy"):
        return run(jit, [os.path.join(examples, program[0]), *program[1:]],
                   arguments, scratch + out)

    seed = 7
    source = random.Random(seed)
    sizes = [(1, 0), (2, 1), (40, 160), (300, 3000)]
    for n, count in sizes:
        what = f"seed {seed}, {n} nodes"
        directed = graph(source, n, count)
        write(matrix, n, directed)
        start = source.randrange(n)
        expect(what + ", levels", ask(["bfs.mlir"], matrix, start),
               levels(n, directed, start))
        for delta in (0.5, 1.0, 7.0):
            expect(what + f", distances by steps of {delta}",
                   ask(["delta.mlir"], matrix, start, delta),
                   distances(n, directed, start))
        with open(scratch + ".own.mtx", "w", encoding="ascii") as out:
            out.write("%%MatrixMarket matrix coordinate integer general\n")
            out.write(f"{n} {n} {n}\n")
            out.writelines(f"{i + 1} {i + 1} 1\n" for i in range(n))
        for steps in (0, 1, 6):
            expect(what + f", labels after {steps} steps",
                   ask(["labels.mlir"], matrix, scratch + ".own.mtx", steps),
                   labels(n, directed, steps))
        expect(what + ", components", ask(["components.mlir"], matrix),
               components(n, directed))
        expect(what + ", clustering",
               ask(["triangles.mlir", "-e", "clustering"], matrix),
               clustering(n, directed))
        some = [source.randrange(n) for _ in range(3)]
        np.save(given, np.array(some, np.int64))
        expect(what + ", betweenness",
               ask(["betweenness.mlir"], matrix, given),
               betweenness(n, directed, some))
        both = directed | {(j, i) for i, j in directed}
        write(matrix, n, both)
        expect(what + ", triangles", ask(["triangles.mlir"], matrix),
               triangles(n, both))
        simple = {(i, j) for i, j in both if i != j}
        write(matrix, n, simple)
        for k in (3, 4, 5):
            got = ask(["ktruss.mlir"], matrix, k, out=".out.mtx")
            if got != truss(simple, k):
                sys.exit(f"{what}, {k}-truss: got {got}")
    print(f"agree: {len(sizes)} random graphs, eight programs each")


if __name__ == "__main__":
    main()
