"""Noodle beside the frozen baseline in naive.cpp; compile and call times."""
import json
import os
import subprocess

import numpy as np

from measure import NOODLE, Contestant, show
from native import aligned, plain, random
from noodle import Failed
from squares import program, verify

HERE = os.path.dirname(os.path.abspath(__file__))
STEPS = 4


def chain_text(n):
    t = f"tensor<{n}xf32>"
    lines = ["  %v0 = arith.addf %x, %y : f32"]
    for i in range(STEPS):
        lines += [f"  %m{i} = arith.mulf %v{i}, %x : f32",
                  f"  %v{i + 1} = arith.addf %m{i}, %y : f32"]
    # One op of the program each, as in the baseline.
    text, last = f"func.func @main(%x: {t}, %y: {t}) -> {t} {{\n", None
    for line in lines:
        name, _, rest = line.strip().partition(" = ")
        op, left, right = rest.split(" : ")[0].replace(",", "").split()
        text += (f"  {name} = noodle.map ({left}, {right}) : ({t}, {t}) -> {t} "
                 f"{{\n  ^bb0(%p: f32, %q: f32):\n    %r = {op} %p, %q : f32\n"
                 "    noodle.yield %r : f32\n  }\n")
        last = name
    return text + f"  return {last} : {t}\n}}\n"


def products(bench):
    n = 256 if bench.options.quick else 1000
    a, b = random((n, n), np.float32, 1), random((n, n), np.float32, 2)
    c = aligned((n, n), np.float32)
    naive = plain(bench.native.naive.naive_product_f32, (n, n, n), (a, b, c))
    names, one_thread = ["baseline", NOODLE], None
    bench.header(f"product {n}x{n} f32 beside plain loops", names)
    for threads in bench.options.threads:
        bound = bench.noodle.bind(program("f32", "NN", n, n, n),
                                  [(a, "f32"), (b, "f32")], threads)
        both = [Contestant("baseline", naive, lambda: c),
                Contestant(NOODLE, bound.call,
                           lambda: bound.result(np.float32))]
        seconds = bench.compete(both, threads)
        for one in both:
            verify(bench, f"{one.name} product {n}", one.value(), a, b)
        row = bench.row(set="yardsticks", shape=f"product {n}", type="f32",
                        threads=threads, seconds=seconds)
        extra = ""
        if threads == 1:
            one_thread = seconds[NOODLE]
        elif one_thread:
            row["speedup"] = one_thread / seconds[NOODLE]
            extra = f" {row['speedup']:.2f} of one thread"
        bench.line(f"{threads} thread{'s' if threads > 1 else ''}", row, names,
                   extra=extra, aim=10)
        bound.release()


def allocations(bench):
    """What allocating costs: time beyond the same loops on given buffers."""
    names = ["baseline", "given", "one loop", NOODLE]
    bench.header("a chain of elementwise ops, f32: a buffer per op, buffers "
                 "given, one loop", names)
    for n in (1000, 30000, 1000000):
        a, b = random((n,), np.float32, 1), random((n,), np.float32, 2)
        out = [aligned((n,), np.float32) for _ in range(5)]
        naive, peaks = bench.native.naive, bench.native.peaks
        bound = bench.noodle.bind(chain_text(n), [(a, "f32"), (b, "f32")], 1)
        given = [Contestant("baseline", plain(naive.naive_chain, (n, STEPS),
                                              (a, b, out[0])), lambda: out[0]),
                 Contestant("given", plain(naive.naive_chain_given, (n, STEPS),
                                           (a, b, out[1], out[3], out[4])),
                            lambda: out[1]),
                 Contestant("one loop", plain(peaks.bench_chain, (n, STEPS),
                                              (a, b, out[2])), lambda: out[2]),
                 Contestant(NOODLE, bound.call,
                            lambda: bound.result(np.float32))]
        seconds = bench.compete(given, 1)
        wanted = a.astype(np.float64) + b
        for _ in range(STEPS):
            wanted = wanted * a + b
        for one in given:
            bench.check(f"{one.name} chain {n}", one.value(), wanted, 1e-5)
        row = bench.row(set="yardsticks", shape=f"chain {n}", type="f32",
                        threads=1, seconds=seconds)
        row["allocating_baseline"] = seconds["baseline"] - seconds["given"]
        row["allocating"] = max(0, seconds[NOODLE] - seconds["one loop"])
        bench.line(f"{n} elements", row, names,
                   extra=f" allocating: {show(row['allocating_baseline'])}, "
                   f"noodle {show(row['allocating'])}", aim=0)
        bound.release()


def latencies(bench):
    """Compile time in process, and a bound call of an 8x8 product."""
    tool = os.path.join(os.path.abspath(bench.options.build), "bin",
                        "noodle-bench")
    text = os.path.join(HERE, "..", "latency", "matmul.mlir")
    done = subprocess.run([tool, "compile", text, "20"], text=True,
                          capture_output=True, check=False)
    fields = {}
    if done.returncode == 0:
        fields["compile_seconds"] = json.loads(
            done.stdout)["median_ns"] * 1e-9
        bench.say(f"\ncompiling a 256x256 product, in process: "
                  f"{show(fields['compile_seconds'])} (aim 15 ms)")
    else:
        bench.failed.append(f"noodle-bench: {done.stderr.strip()}")
    a, b = random((8, 8), np.float32, 1), random((8, 8), np.float32, 2)
    bound = bench.noodle.bind(program("f32", "NN", 8, 8, 8),
                              [(a, "f32"), (b, "f32")], 1)
    seconds = bench.compete([Contestant(NOODLE, bound.call)], 1)
    arithmetic = 2 * 8 ** 3 / bench.peak("f32", 4)
    fields["call_seconds"] = seconds[NOODLE]
    fields["over_arithmetic"] = seconds[NOODLE] - arithmetic
    bench.say(f"a bound call of an 8x8 product: {show(seconds[NOODLE])}, "
              f"{show(fields['over_arithmetic'])} over its arithmetic "
              "(aim 100 ns)")
    bench.row(set="yardsticks", shape="8x8", type="f32", threads=1,
              seconds=seconds, **fields)
    bound.release()


def yardsticks(bench):
    for measure in (products, allocations, latencies):
        try:
            measure(bench)
        except Failed as why:
            bench.failed.append(f"yardsticks, {measure.__name__}: {why}")
