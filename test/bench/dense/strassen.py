"""Large products under `--fp fast` beside the strict one and the best peers."""
import re

import numpy as np

from measure import NOODLE, Contestant
from native import aligned, random
from noodle import Failed
from squares import program

SIZES = (2048, 4096, 8192)


def stated_bound(receipt):
    """The error bound in the receipt's text, relative to max|A| max|B|."""
    found = re.search(r"bound[^0-9]{0,40}([0-9.]+e[-+]?[0-9]+|[0-9.]+)",
                      receipt)
    return float(found.group(1)) if found else None


def error(got, a, b):
    """The greatest error in some rows, in float64."""
    rows = np.unique(np.random.default_rng(7).integers(0, len(a), 32))
    wanted = a[rows].astype(np.float64) @ b.astype(np.float64)
    return float(np.max(np.abs(got[rows] - wanted)))


def product(bench, kind, n, threads, names, peers):
    dtype = {"f32": np.float32, "f64": np.float64}[kind]
    a, b = random((n, n), dtype, 1), random((n, n), dtype, 2)
    contestants, bounds, label = [], {}, f"{n}x{n}x{n} {kind}"
    for peer in peers:
        c = aligned((n, n), dtype)
        call = peer.threads(threads) and peer.product(kind, "NN", n, n, n, a,
                                                      b, c)
        if call:
            contestants.append(Contestant(peer.name, call, lambda c=c: c,
                                          peer.threads))
    for name, policy in ((NOODLE, "fast"), ("noodle strict", "strict")):
        try:
            bounds[name] = bench.noodle.bind(
                program(kind, "NN", n, n, n), [(a, kind), (b, kind)], threads,
                fp=policy)
            contestants.append(Contestant(
                name, bounds[name].call,
                lambda name=name: bounds[name].result(dtype)))
        except Failed as why:
            bench.failed.append(f"{label} {policy}: {why}")
    seconds = bench.compete(contestants, threads,
                            rounds=2 if n > 4096 else None)
    errors = {one.name: error(one.value(), a, b) for one in contestants}
    unit = np.finfo(dtype).eps
    row = bench.row(set="strassen", shape=label, type=kind, threads=threads,
                    seconds=seconds, flops=2.0 * n ** 3, errors=errors)
    if NOODLE in bounds:
        explained = bench.noodle.bind(
            program(kind, "NN", n, n, n), [(a, kind), (b, kind)], threads,
            fp="fast", profile=1)
        receipt = explained.receipt()
        explained.release()
        row["bound"] = stated_bound(receipt)
        row["strategy"] = re.findall(r'"strategy": "(\w+)"', receipt)
    for name, value in errors.items():
        # Strict sums obey the classical bound; fast ones what is stated.
        allowed = unit * (n + 2) if name != NOODLE else row.get("bound") or (
            unit * 18 ** 4 * n)
        if value > allowed:
            bench.wrong.append(f"{name} {label}: off by {value:.3g}, allowed "
                               f"{allowed:.3g}")
    bound = row.get("bound")
    bench.line(label, row, names, row["flops"],
               f" error {errors.get(NOODLE, 0):.2g}, bound "
               f"{'not stated' if bound is None else f'{bound:.2g}'}, best "
               f"peer's {min(errors.get(p.name, 9) for p in peers):.2g}; "
               f"{', '.join(row.get('strategy', []))}", aim=1.1)
    for bound in bounds.values():
        bound.release()
    return seconds


def strassen(bench):
    sizes = bench.options.sizes or (
        SIZES[:1] if bench.options.quick else SIZES)
    names = [peer.name for peer in bench.blas if peer.name != "libxsmm"]
    names += ["noodle strict", NOODLE]
    for threads in bench.options.threads:
        for kind in bench.options.types:
            bench.header(f"--fp fast, {kind}, {threads} "
                         f"thread{'s' if threads > 1 else ''}: 2 n^3 flops a "
                         "second, 1e9", names)
            peers = list(bench.blas)
            for n in sizes:
                if n > 4096 and (kind != "f32" or
                                 threads < max(bench.options.threads)):
                    continue  # minutes, and no other answer
                seconds = product(bench, kind, n, threads, names, peers)
                # The two best are enough at the next size.
                peers = sorted((p for p in peers if p.name in seconds),
                               key=lambda p: seconds[p.name])[:2]
