"""Every strategy on the benchmark's shapes beside what `auto` chose, and its
predicted time beside the measured one."""
import json
import statistics

import numpy as np

from contractions import SUITE, case
from contractions import program as contraction
from measure import Contestant, show
from native import random
from noodle import Failed
from squares import NUMPY, QUICK, SIZES, SKINNY, program

# (name, fp policy). `loops` is left out where it would take seconds.
STRICT = (("loops", "strict"), ("tiled", "strict"), ("library", "strict"))
FAST = STRICT[1:] + (("strassen", "fast"),)
MOST_OF_LOOPS = 3e8
WITHIN = 1.03
NAMES = ("auto", "loops", "tiled", "library", "strassen")


def shapes(bench):
    """(label, text, shapes of operands, flops, type)."""
    quick = bench.options.quick
    for kind in bench.options.types:
        sizes = bench.options.sizes or (
            QUICK if quick else [n for n in SIZES if n <= 2048])
        products = [(n, n, n) for n in sizes]
        if not bench.options.sizes:
            products += SKINNY[::3] if quick else SKINNY
        for m, n, k in products:
            yield (f"{m}x{n}x{k} {kind}", program(kind, "NN", m, n, k),
                   [(m, k), (k, n)], 2.0 * m * n * k, kind)
    for entry in () if quick or bench.options.sizes else SUITE:
        equation, *dims, flops = case(entry)
        yield (entry[0], contraction(equation, dims), dims[:2], flops, "f32")


def explained(bench, text, arrays, threads, policy):
    """(strategy, class, blocking, predicted seconds) of a profiled call."""
    bound = bench.noodle.bind(text, arrays, threads, fp=policy, profile=1)
    sites = json.loads(bound.receipt()).get("sites", [])
    bound.release()
    if not sites:
        return "?", "", "", None
    predicted = sum(max(0.0, site["predicted_seconds"]) for site in sites)
    return (sites[0]["strategy"], sites[0].get("class", ""),
            sites[0].get("blocking", ""), predicted or None)


def compare(bench, shape, policy, threads, refused):
    label, text, dims, flops, kind = shape
    arrays = [(random(d, NUMPY[kind], i), kind) for i, d in enumerate(dims)]
    bound, contestants = {}, []
    others = STRICT if policy == "strict" else FAST
    for name, fp in (("auto", policy),) + others:
        if name == "loops" and flops > MOST_OF_LOOPS:
            continue
        try:
            bound[name] = bench.noodle.bind(text, arrays, threads, fp=fp,
                                            strategy=name)
            # A BLAS sees strides first when it is called.
            bench.native.time(bound[name].call, 1)
            contestants.append(Contestant(name, bound[name].call))
        except (Failed, RuntimeError) as why:
            if isinstance(why, RuntimeError):
                bound.pop(name).release()
                why = "its call failed"
            if name == "auto":
                bench.failed.append(f"{label}: {why}")
            refused.setdefault(f"{name}: {why}", label)
    if "auto" not in bound:
        return
    seconds = bench.compete(contestants, threads)
    chosen, kind_of, blocking, predicted = explained(bench, text, arrays,
                                                     threads, policy)
    single = {n: s for n, s in seconds.items() if n != "auto"}
    row = {"set": "strategies", "shape": label, "type": kind, "policy": policy,
           "threads": threads, "seconds": seconds, "chosen": chosen,
           "predicted": predicted, "flops": flops, "class": kind_of,
           "blocking": blocking}
    bench.rows.append(row)
    if single:
        best = min(single, key=single.get)
        # The chosen one and auto run the same code: what differs is noise.
        row["over_best"] = min(seconds["auto"], seconds.get(
            chosen, seconds["auto"])) / single[best]
        row["best"] = best
    cells = "".join(f"{show(seconds[n]) if n in seconds else '-':>10}"
                    for n in NAMES)
    ratio = predicted / seconds["auto"] if predicted else None
    bench.say(f"{label:30}{cells}{row.get('over_best', 1):8.3f}"
              f"{'-' if ratio is None else f'{ratio:.2f}':>10}  {chosen}, {kind_of}")
    for one in bound.values():
        one.release()


def strategies(bench):
    refused = {}
    for policy in ("strict", "fast"):
        for threads in bench.options.threads:
            bench.say(f"\nstrategies, {policy}, {threads} thread"
                      f"{'s' if threads > 1 else ''}\n{'':30}" +
                      "".join(f"{n:>10}" for n in NAMES) +
                      f"{'to best':>8}{'predicted':>10}  auto's")
            for shape in shapes(bench):
                if policy == "strict" or shape[3] > 1e9:
                    compare(bench, shape, policy, threads, refused)
    for why, label in refused.items():
        bench.say(f"refused, first at {label}: {why}")
    over = [row["over_best"] for row in bench.rows if "over_best" in row]
    if over:
        good = sum(x <= WITHIN for x in over)
        bench.say(f"\nauto within {WITHIN - 1:.0%} of the best on {good} of "
                  f"{len(over)} ({good / len(over):.1%}; aim 98%), worst "
                  f"{max(over):.2f}")
    ratios = [row["predicted"] / row["seconds"]["auto"] for row in bench.rows
              if row.get("predicted")]
    if ratios:
        near = sum(1 / 1.2 <= r <= 1.2 for r in ratios)
        bench.say(f"predicted over measured: median "
                  f"{statistics.median(ratios):.2f} of {len(ratios)}, within "
                  f"20% on {near}; median distance "
                  f"{np.median(np.abs(np.log(ratios))):.2f} (log)")
