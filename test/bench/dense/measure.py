"""Contestants in turn, medians, checks, the table and the JSON."""
import ctypes
import math
import os
import statistics
import sys
import time

import numpy as np

from native import plain

NOODLE = "noodle"


class Contestant:
    """`call` is timed after `threads(count)`; `value()` is what it computed."""

    def __init__(self, name, call, value=None, threads=None):
        self.name, self.call, self.value = name, call, value
        self.threads = threads or (lambda count: True)


class Bench:
    """What every set needs: peers, options, rows."""

    def __init__(self, options, peers, native, noodle, blas):
        self.options, self.peers, self.native = options, peers, native
        self.noodle, self.blas = noodle, blas
        self.rows, self.wrong, self.failed = [], [], []
        self.color = (sys.stdout.isatty() and not os.environ.get("NO_COLOR"))
        quick = options.quick
        self.rounds = options.rounds or (5 if quick else 9)
        self.batch = 1e-3 if quick else 3e-3

    def say(self, text=""):
        print(text, flush=True)

    def painted(self, text, good):
        if not self.color or good is None:
            return text
        return f"\033[{32 if good else 31}m{text}\033[0m"

    def compete(self, contestants, threads, cpu=False):
        """Name -> median seconds of one call, each in turn, every round."""
        counts, times, busy = {}, {}, {}
        for one in contestants:
            one.threads(threads)
            self.native.time(one.call, 1)
            seconds = max(self.native.time(one.call, 1), 1e-9)
            if seconds < self.batch:
                trial = max(1, int(self.batch / seconds / 4))
                seconds = self.native.time(one.call, trial) / trial
            counts[one.name] = max(1, min(1 << 20, int(self.batch / seconds)))
            times[one.name], busy[one.name] = [], []
            slowest = seconds
        rounds = self.rounds
        if slowest > 0.3:
            rounds = max(3, rounds // 2)
        for i in range(rounds):
            turn = i % len(contestants)
            for one in contestants[turn:] + contestants[:turn]:
                one.threads(threads)
                if threads > 1:
                    time.sleep(0.004)
                count = counts[one.name]
                if count > 1 or threads > 1:
                    self.native.time(one.call, 1)
                used = ctypes.c_double()
                seconds = self.native.time(one.call, count, used)
                times[one.name].append(seconds / count)
                busy[one.name].append(used.value / seconds)
        medians = {n: statistics.median(t) for n, t in times.items()}
        if cpu:
            return medians, {n: statistics.median(b) for n, b in busy.items()}
        return medians

    def peak(self, kind, width, threads=1):
        """Operations a second in registers, the best of some rounds."""
        function = getattr(self.native.peaks, "bench_peak_" + kind, None)
        if not function:
            return None
        steps = 200000
        call = plain(function, (steps, threads))
        best = min(self.native.time(call, 1) for _ in range(12))
        return self.native.peaks.bench_peak_ops(
            ctypes.c_int64(width)) * steps * threads / best

    def check(self, name, got, wanted, tolerance):
        """Records a wrong result; NaN and infinities must agree too."""
        got = np.asarray(got, dtype=np.float64)
        with np.errstate(invalid="ignore"):
            error = np.abs(got - wanted)
        error[(got == wanted) | (np.isnan(got) & np.isnan(wanted))] = 0
        worst = float(np.max(error, initial=0))
        if not worst <= tolerance:
            self.wrong.append(f"{name}: off by {worst:.3g}, "
                              f"allowed {tolerance:.3g}")
            return False
        return True

    def row(self, **fields):
        """fields: set, shape, type, threads, seconds by name, flops, ..."""
        seconds = fields["seconds"]
        peers = {n: s for n, s in seconds.items() if n != NOODLE}
        if NOODLE in seconds and peers:
            best = min(peers, key=peers.get)
            fields["best_peer"] = best
            fields["ratio"] = peers[best] / seconds[NOODLE]
        self.rows.append(fields)
        return fields

    def header(self, title, names, extra=""):
        self.say(f"\n{title}")
        self.say(f"{'':30}" + "".join(f"{n[:9]:>10}" for n in names) +
                 f"{'ratio':>8}  best peer{extra}")

    def line(self, label, row, names, rate=None, extra="", aim=0.97):
        """rate: flops of one call; without it times are shown."""
        cells = ""
        for name in names:
            seconds = row["seconds"].get(name)
            cells += f"{'-' if seconds is None else show(seconds, rate):>10}"
        ratio = row.get("ratio")
        shown = f"{ratio:8.3f}" if ratio else f"{'-':>8}"
        self.say(f"{label:30}{cells}" +
                 self.painted(shown, None if ratio is None else ratio >= aim) +
                 f"  {row.get('best_peer', ''):9}{extra}")

    def summary(self):
        """Geometric means and the worst rows of each set."""
        groups = {}
        for row in self.rows:
            if row.get("ratio"):
                key = (row["set"], row.get("type", ""), row.get("threads", 1))
                groups.setdefault(key, []).append(row)
        if groups:
            self.say("\nnoodle against the best peer of each row "
                     "(ratio above 1: faster)")
            self.say(f"{'':38}{'rows':>5}{'geomean':>9}{'worst':>8}  at")
        for key, rows in groups.items():
            ratios = [row["ratio"] for row in rows]
            worst = min(rows, key=lambda row: row["ratio"])
            self.say(f"{key[0] + ' ' + key[1]:26}{key[2]:>2} "
                     f"thread{'s' if key[2] > 1 else ' '}  {len(rows):>5}"
                     f"{geomean(ratios):9.3f}{worst['ratio']:8.3f}  "
                     f"{worst['shape']} ({worst['best_peer']})")


def geomean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def show(seconds, flops=None):
    """GFLOP/s, or a time."""
    if flops:
        return f"{flops / seconds * 1e-9:.1f}"
    for unit, scale in (("s", 1), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"
