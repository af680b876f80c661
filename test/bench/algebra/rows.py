"""Each program with its peers, on one number of threads."""
import json
import time

import numpy as np

import algebra
import install
import measure
import noodle
import programs
from contest import Sparse
from native import Native


def timed(make):
    start = time.perf_counter()
    made = make()
    return time.perf_counter() - start, made


class Row:
    def __init__(self, bench, library, program, threads):
        self.bench, self.library = bench, library
        self.program, self.threads = program, threads
        self.texts = 0

    def bind(self):
        """Compiled from text: each text is new to the engine."""
        self.texts += 1
        program = self.program
        return Sparse(self.library, program.text + f"\n// {self.texts}\n",
                      [(x, program.element) for x in program.inputs],
                      self.threads, {"tier": "auto"})

    def value(self, bound):
        dtype = {"f64": np.float64, "i64": np.int64}[self.program.element]
        return bound.result(dtype, 0).copy()

    def run(self):
        program, bench = self.program, self.bench
        calls, first, plans = {}, {}, {}
        bound = self.bind()
        bound.run()
        got = self.value(bound)
        wanted = None
        for name, make in program.peers.items():
            try:
                plans[name], call = timed(make)
                once, value = timed(call)
            except Exception as error:  # a peer's own failure is its own
                bench.say(f"ABSENT {program.name} {name}: "
                          f"{type(error).__name__}: {error}")
                continue
            wanted = np.asarray(value) if wanted is None else wanted
            if not same(np.asarray(value), wanted):
                bench.wrong.append(f"{program.name} {name}")
                continue
            calls[name], first[name] = call, plans[name] + once
        if not same(got, wanted):
            bench.wrong.append(f"{program.name} noodle")
            return

        def anew():
            """Until it is bound, and until it has run."""
            bind, once = timed(self.bind)
            run = timed(once.run)[0]
            once.release()
            return bind, bind + run
        plans["noodle"], first["noodle"] = (
            sorted(times)[1] for times in zip(*(anew() for _ in range(3))))
        contestants = [measure.Contestant("noodle", bound.run)]
        contestants += [measure.Contestant(n, c) for n, c in calls.items()
                        if n not in program.slow]
        seconds = bench.compete(contestants, self.threads)
        for name in program.slow:
            if name in calls:
                seconds[name] = timed(calls[name])[0]
        row = bench.row(set=program.name, shape=program.what,
                        type=program.element, threads=self.threads,
                        seconds=seconds, first=first, plans=plans,
                        phases=json.loads(bound.receipt())["phases"])
        for key, times in (("warm", seconds), ("first", first)):
            for kind in ("ordered", "written"):
                best = [(t, n) for n, t in times.items() if n != "noodle" and
                        (n in program.written) == (kind == "written")]
                if best:
                    row[f"{key}_{kind}"] = min(best)[0] / times["noodle"]
        self.show(row)
        bound.release()

    def show(self, row):
        say = self.bench.say
        say(f"\n{self.program.name}: {self.program.what}, {self.threads} "
            f"thread{'s' if self.threads > 1 else ''}")
        say(f"  {'':24}{'to plan':>12}{'first call':>12}{'warm':>12}")
        for name in sorted(row["first"], key=lambda n: row["seconds"][n]):
            note = "  as written" if name in self.program.written else ""
            say(f"  {name:24}{measure.show(row['plans'][name]):>12}"
                f"{measure.show(row['first'][name]):>12}"
                f"{measure.show(row['seconds'][name]):>12}{note}")
        for key in ("warm_ordered", "first_ordered", "warm_written",
                    "first_written"):
            if key in row:
                time_of, kind = key.split("_")
                say(f"  {row[key]:.2f} of the best peer "
                    + ("that orders well" if kind == "ordered" else
                       "that goes as written")
                    + (", from the first call" if time_of == "first" else ""))


def same(got, wanted):
    got = np.asarray(got)
    return got.size == wanted.size and np.allclose(
        got.ravel(), wanted.ravel(), rtol=1e-12, atol=0)


def part(options):
    threads = int(options.threads[0])
    found = install.Peers(options.build)
    library = noodle.Noodle(options.build)
    bench = measure.Bench(options, found, Native(found.folder), library, None)
    absent = {}
    try:
        from suite import GraphBLAS
        suite = GraphBLAS(threads)
    except ImportError as error:
        suite, absent["graphblas"] = None, str(error)
    try:
        import torch
        torch.set_num_threads(threads)
    except ImportError as error:
        absent["torch"] = str(error)
    for name, make in programs.all_programs(suite).items():
        if name not in options.only:
            continue
        program = make()
        absent.update({f"{name} {k}": v for k, v in program.absent.items()})
        try:
            Row(bench, library, program, threads).run()
        except noodle.Failed as error:
            bench.failed.append(f"{name}: {error}")
    versions = {w.split("==")[0]: found.version(w) for w in
                algebra.WHEELS + algebra.DISCOPY + install.WHEELS["jax"]
                + install.WHEELS["torch"]}
    with open(options.part, "w", encoding="utf-8") as file:
        json.dump({"rows": bench.rows, "wrong": bench.wrong,
                   "failed": bench.failed, "absent": absent,
                   "versions": {k: v for k, v in versions.items() if v}},
                  file)
    return 0
