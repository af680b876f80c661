"""A network of 40 tensors that as written is larger than memory, under a limit:
the peak that planning announces beside the one measured, the sum checked by
NumPy, which goes column by column."""
import json
import os
import re
import subprocess
import sys
import tempfile
import time

import numpy as np

import networks

ROWS, COLUMNS, LIMIT = 5, 8, 1 << 30
UNITS = {"bytes": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


def expected(tensors, letters):
    sums, bound = np.array(1.0), []
    for column in range(COLUMNS):
        for row in range(ROWS):
            at = row * COLUMNS + column
            shared = [x for x in letters[at] if x in bound]
            sums = np.tensordot(sums, tensors[at], (
                [bound.index(x) for x in shared],
                [letters[at].index(x) for x in shared]))
            bound = [x for x in bound + letters[at] if x not in shared]
    return float(sums)


def call(build, folder, network, tensors, threads):
    """The receipt, the sum and the seconds, or what went wrong."""
    def path(name):
        return os.path.join(folder, name)
    with open(path("lattice.mlir"), "w", encoding="utf-8") as file:
        file.write(networks.program(network))
    line = [os.path.join(build, "bin", "noodle-jit"), path("lattice.mlir"),
            "--mem-limit", str(LIMIT), "--threads", threads, "--explain=json",
            "--out", path("sum.npy")]
    for k, tensor in enumerate(tensors):
        np.save(path(f"{k}.npy"), tensor)
        line += ["--arg", path(f"{k}.npy")]
    start = time.perf_counter()
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    took = time.perf_counter() - start
    if done.returncode:
        return done.stderr.strip()
    return json.loads(done.stdout), float(np.load(path("sum.npy"))), took


def row_of(build, threads, extent):
    extent = int(extent)
    network = networks.lattice(ROWS, COLUMNS, extent=extent)
    chance = np.random.default_rng(5)
    tensors = [chance.standard_normal([extent] * len(x))
               / extent ** (len(x) / 2)
               for x in network[1]]
    with tempfile.TemporaryDirectory() as folder:
        made = call(build, folder, network, tensors, threads)
    row = {"name": f"lattice {ROWS}x{COLUMNS}, {extent} values a letter",
           "threads": int(threads), "limit": LIMIT}
    if isinstance(made, str):
        return {**row, "failed": made}
    receipt, value, took = made
    text = [s["plan"]["text"] for s in receipt["sites"]
            if s["plan"]["nodes"]][-1]
    number, unit = re.search(r"([\d.]+) (\w+) alive at most", text).groups()
    row.update(announced=float(number) * UNITS[unit],
               measured=receipt["memory_peak"], seconds=took,
               call=receipt["call_seconds"])
    wanted = expected(tensors, network[1])
    if not np.isclose(value, wanted, rtol=1e-9, atol=0):
        row["wrong"] = f"{value} and not {wanted}"
    return row


def measure(options, peers):
    """A row, whose `wrong` or `failed` says what is amiss. The virtual
    environment's NumPy checks it: Debian's may have a BLAS of plain loops."""
    done = subprocess.run(
        [peers.python, os.path.abspath(__file__), options.build,
         options.threads[-1], "16" if options.quick else "20"],
        capture_output=True, text=True, check=False)
    try:
        row = json.loads(done.stdout)
    except ValueError:
        return {"failed": done.stderr.strip()[-300:]}
    if "measured" in row:
        print(f"\n{row['name']}, under {LIMIT >> 20} MiB: announced "
              f"{row['announced'] / UNITS['MiB']:.1f} MiB, measured "
              f"{row['measured'] / UNITS['MiB']:.1f} MiB, {row['call']:.1f} s "
              f"on {row['threads']} thread(s)")
    return row


if __name__ == "__main__":
    print(json.dumps(row_of(*sys.argv[1:])))
