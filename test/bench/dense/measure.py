"""Contestants in turn, medians, checks, the table and the JSON."""
import ctypes
import math
import os
import statistics
import sys
import time

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
        self.peaks, self.seen = {}, None
        self.others()
        quick = options.quick
        self.rounds = options.rounds or (5 if quick else 9)
        self.batch = 1e-3 if quick else 3e-3

    def say(self, text=""):
        print(text, flush=True)

    def compete(self, contestants, threads, cpu=False, rounds=None):
        """Name -> median seconds of one call, each in turn, every round."""
        counts, times, busy, slowest = {}, {}, {}, 0.0
        for one in contestants:
            one.threads(threads)
            seconds = max(self.native.time(one.call, 1), 1e-9)
            times[one.name], busy[one.name] = [], []
            if seconds > 2:  # no round can tell more
                times[one.name], counts[one.name] = [seconds], 0
                continue
            seconds = max(self.native.time(one.call, 1), 1e-9)
            if seconds < self.batch:
                trial = max(1, int(self.batch / seconds / 4))
                seconds = self.native.time(one.call, trial) / trial
            counts[one.name] = max(1, min(1 << 20, int(self.batch / seconds)))
            slowest = max(slowest, seconds)
        rounds = rounds or self.rounds
        if slowest > 0.3:
            rounds = min(rounds, 3)
        for i in range(rounds):
            turn = i % len(contestants)
            for one in contestants[turn:] + contestants[:turn]:
                count = counts[one.name]
                if not count:
                    continue
                one.threads(threads)
                if threads > 1:
                    time.sleep(0.004)
                if threads > 1:  # sleeping workers wake within 10 ms
                    self.native.time(one.call,
                                     max(1, int(count * 0.01 / self.batch)))
                elif count > 1:
                    self.native.time(one.call, 1)
                used = ctypes.c_double()
                seconds = self.native.time(one.call, count, used)
                times[one.name].append(seconds / count)
                busy[one.name].append(used.value / seconds)
        typical = min if self.options.fastest else statistics.median
        medians = {n: typical(t) for n, t in times.items()}
        if cpu:
            return medians, {n: statistics.median(b)
                             for n, b in busy.items() if b}
        return medians

    def peak(self, kind, width, threads=1):
        """Operations a second in registers, the most seen in this run."""
        from native import plain
        function = getattr(self.native.peaks, "bench_peak_" + kind, None)
        if not function:
            return None
        steps = 200000
        call = plain(function, (steps, threads))
        best = min(self.native.time(call, 1) for _ in range(12))
        rate = self.native.peaks.bench_peak_ops(
            ctypes.c_int64(width)) * steps * threads / best
        known = self.peaks.get((kind, threads), 0)
        self.peaks[kind, threads] = max(rate, known)
        return self.peaks[kind, threads]

    def check(self, name, got, wanted, tolerance):
        """Records a wrong result; NaN and infinities must agree too."""
        import numpy as np
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

    def others(self):
        """Cores that other processes kept busy since the last row."""
        with open("/proc/stat", encoding="ascii") as file:
            ticks = [int(word) for word in file.readline().split()[1:9]]
        busy = (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")
        now, before = (time.time(), busy, time.process_time()), self.seen
        self.seen = now
        wall, total, own = (x - y for x, y in zip(now, before or now))
        return max(0.0, total - own) / wall if wall > 0.05 else 0.0

    def row(self, **fields):
        """fields: set, shape, type, threads, seconds by name, flops, ..."""
        fields["others"] = round(self.others(), 2)
        seconds = fields["seconds"]
        peers = {n: s for n, s in seconds.items()
                 if not n.startswith(NOODLE)}
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
                 painted(shown, None if ratio is None else ratio >= aim) +
                 f"  {row.get('best_peer', ''):9}{extra}")


def painted(text, good):
    """Green or red where a person looks on."""
    if (good is None or not sys.stdout.isatty() or os.environ.get("NO_COLOR")):
        return text
    return f"\033[{32 if good else 31}m{text}\033[0m"


def summary(whole):
    """Geometric means and the worst row of each set; what went wrong."""
    groups = {}
    for row in whole["rows"]:
        if row.get("ratio"):
            key = (row["set"], row.get("type", ""), row.get("threads", 1))
            groups.setdefault(key, []).append(row)
    if groups:
        print("\nnoodle against the best peer of each row "
              "(ratio above 1: faster)\n"
              f"{'':38}{'rows':>5}{'geomean':>9}{'worst':>8}  at")
    for key, rows in groups.items():
        worst = min(rows, key=lambda row: row["ratio"])
        print(f"{key[0] + ' ' + key[1]:26}{key[2]:>2} "
              f"thread{'s' if key[2] > 1 else ' '}  {len(rows):>5}"
              f"{geomean([row['ratio'] for row in rows]):9.3f}"
              f"{worst['ratio']:8.3f}  {worst['shape']} "
              f"({worst['best_peer']})")
    beside = [row["others"] for row in whole["rows"] if "others" in row]
    if beside and sum(beside) / len(beside) > 0.1:
        print(painted(f"other processes kept {sum(beside) / len(beside):.2f} "
                      "cores busy meanwhile: figures are not the machine's",
                      False))
    for name, why in whole["absent"].items():
        print(painted(f"ABSENT {name}: {why}", False))
    for text in whole["failed"]:
        print(painted(f"FAILED {text}", False))
    for text in whole["wrong"]:
        print(painted(f"WRONG {text}", False))


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
