"""One set in the process that is its own."""
import importlib
import json
import os
import sys

import numpy as np

import blas
import measure
from native import Native, plain, random
from noodle import Noodle


def peaks(bench):
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


def part(options, peers, module, _, with_blas):
    """Runs options.sets[0] and ends the process."""
    name = options.sets[0]
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
