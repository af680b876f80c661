"""C = A B: squares, skinny shapes, transposes."""
import json

import numpy as np

from measure import NOODLE, Contestant, show
from native import aligned, plain, random
from noodle import Failed

SIZES = (8, 16, 24, 32, 48, 64, 100, 128, 200, 256, 333, 512, 777, 1000, 1024,
         1536, 2048, 3000, 4096)
QUICK = (16, 64, 100, 256, 333, 512, 1000)
# m, n, k
SKINNY = ((1, 1024, 1024), (1, 4096, 4096), (1024, 1, 1024), (4096, 1, 4096),
          (1024, 1024, 16), (4096, 4096, 16), (1024, 16, 1024),
          (4096, 16, 4096), (17, 63, 129), (200, 1000, 10), (200, 10, 1000),
          (100000, 32, 32))
TRANSPOSED = (16, 64, 333, 512, 1000, 1024, 2048)
NUMPY = {"f32": np.float32, "f64": np.float64}


def program(kind, letters, m, n, k):
    a = (k, m) if letters[0] == "T" else (m, k)
    b = (n, k) if letters[1] == "T" else (k, n)
    types = [f"tensor<{x}x{y}x{kind}>" for x, y in (a, b, (m, n))]
    if letters == "NN":
        op = "noodle.matmul %a, %b : {}, {} -> {}"
    else:
        op = (f'noodle.contract "{"ki" if letters[0] == "T" else "ik"},'
              f'{"jk" if letters[1] == "T" else "kj"}->ij" '
              '(%a, %b) : ({}, {}) -> {}')
    return (f"func.func @main(%a: {types[0]}, %b: {types[1]}) -> {types[2]} {{"
            f"\n  %c = {op.format(*types)}\n  return %c : {types[2]}\n}}\n")


def verify(bench, name, got, a, b):
    """Some rows exactly against float64, all of it by a random vector."""
    m, k = a.shape
    n = b.shape[1]
    unit = np.finfo(got.dtype).eps
    generator = np.random.default_rng(5)
    rows = np.unique(np.append(generator.integers(0, m, 24), [0, m - 1]))
    wide = b.astype(np.float64)
    tolerance = unit * (k + 2)
    vector = generator.random(n) - 0.5
    ok = bench.check(name, got[rows], a[rows].astype(np.float64) @ wide,
                     tolerance)
    return ok and bench.check(
        name + " (all rows)", got.astype(np.float64) @ vector,
        a.astype(np.float64) @ (wide @ vector), tolerance * n)


def balance(bound):
    """What the receipt of a warm call says of its parallel loops: the share of
    the threads' time in chunks, and the busiest thread's over the mean."""
    bound.receipt()
    regions = json.loads(bound.receipt())["regions"]
    seconds = sum(region["seconds"] for region in regions) or 1
    return {name: sum(region[key] * region["seconds"] for region in regions) /
            seconds for name, key in (("busy_share", "busy"),
                                      ("imbalance", "imbalance"))}


def product(bench, which, kind, letters, m, n, k, threads, names, noodle=None):
    """One row. `noodle`: options of Noodle's compilation."""
    dtype = NUMPY[kind]
    a = random((k, m) if letters[0] == "T" else (m, k), dtype, 1)
    b = random((n, k) if letters[1] == "T" else (k, n), dtype, 2)
    label = f"{m}x{n}x{k} {kind}" + ("" if letters == "NN" else f" {letters}")
    contestants, bound = [], None
    for peer in bench.blas:
        if not peer.threads(threads):
            continue
        c = aligned((m, n), dtype)
        call = peer.product(kind, letters, m, n, k, a, b, c)
        if call:
            c[...] = np.nan
            contestants.append(Contestant(peer.name, call,
                                          lambda c=c: c, peer.threads))
    try:
        bound = bench.noodle.bind(program(kind, letters, m, n, k),
                                  [(a, kind), (b, kind)], threads,
                                  **(noodle or {}))
        contestants.append(Contestant(NOODLE, bound.call,
                                      lambda: bound.result(dtype)))
    except Failed as why:
        bench.failed.append(f"{label}: {why}")
    seconds, busy = bench.compete(contestants, threads, cpu=True)
    left = a.T if letters[0] == "T" else a
    right = b.T if letters[1] == "T" else b
    for one in list(contestants):
        if not verify(bench, f"{one.name} {label} {threads}t", one.value(),
                      left, right):
            seconds.pop(one.name)
    flops = 2.0 * m * n * k
    row = bench.row(set=which, shape=f"{m}x{n}x{k}" +
                    ("" if letters == "NN" else " " + letters), type=kind,
                    threads=threads, seconds=seconds, flops=flops,
                    busy=busy.get(NOODLE))
    extra = ""
    if min(m, n, k) >= 512 and NOODLE in seconds:
        peak = bench.peak(kind, dtype(0).nbytes, threads)
        row["of_peak"] = flops / seconds[NOODLE] / peak
        extra = f" {row['of_peak']:6.1%} of peak"
        if threads > 1:
            row.update(balance(bound))
            extra += (f", {row['busy_share']:.0%} busy, imbalance "
                      f"{row['imbalance']:.1%}")
    bench.line(label, row, names, flops, extra)
    if bound:
        bound.release()
    return row


def names_of(bench):
    return [peer.name for peer in bench.blas] + [NOODLE]


def run_products(bench, which, title, cases):
    names = names_of(bench)
    for threads in bench.options.threads:
        for kind in bench.options.types:
            bench.header(f"{title}, {kind}, {threads} "
                         f"thread{'s' if threads > 1 else ''}: GFLOP/s", names)
            for letters, m, n, k in cases:
                product(bench, which, kind, letters, m, n, k, threads, names)


def squares(bench):
    sizes = bench.options.sizes or (QUICK if bench.options.quick else SIZES)
    run_products(bench, "squares", "C = A B, squares",
                 [("NN", n, n, n) for n in sizes])
    speedup(bench)


def speedup(bench):
    """Two threads over one, where both were run."""
    found = {(r["type"], r["shape"], r["threads"]): r["seconds"]
             for r in bench.rows if r["set"] == "squares"}
    for (kind, shape, threads), seconds in found.items():
        one = found.get((kind, shape, 1))
        if threads < 2 or not one or int(shape.split("x")[0]) < 1024:
            continue
        both = [f"{name} {one[name] / seconds[name]:.2f}"
                for name in seconds if name in one]
        bench.say(f"{threads} threads over one, {shape} {kind}: " +
                  ", ".join(both))


def skinny(bench):
    cases = SKINNY[::3] if bench.options.quick else SKINNY
    run_products(bench, "skinny", "C = A B, m x n x k",
                 [("NN", *case) for case in cases])


def transposes(bench):
    sizes = bench.options.sizes or (
        (64, 333) if bench.options.quick else TRANSPOSED)
    run_products(bench, "transposes", "C = op(A) op(B)",
                 [(letters, n, n, n) for n in sizes
                  for letters in ("NN", "NT", "TN", "TT")])
