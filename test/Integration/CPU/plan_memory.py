#!/usr/bin/env python3
"""Networks that as written are larger than any memory, under a limit.

    plan_memory.py FOLDER

A lattice of ROWS x COLUMNS tensors, each joined to its neighbours by letters of
EXTENT values, is contracted to a number. The peak that planning announced is
compared with the one that the receipt measured, and the number with a sum over
columns by NumPy. Prints a line for each case.
"""
import json
import os
import re
import subprocess
import sys

import numpy

FOLDER = sys.argv[1]
UNITS = {"bytes": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


def letters_of(rows, columns):
    """Of each tensor, row by row: left, up, right, down where there is one."""
    def name(*ends):
        return "b" + "_".join(map(str, ends))
    return [[([name(r, c - 1, r, c)] if c else [])
             + ([name(r - 1, c, r, c)] if r else [])
             + ([name(r, c, r, c + 1)] if c + 1 < columns else [])
             + ([name(r, c, r + 1, c)] if r + 1 < rows else [])
             for c in range(columns)] for r in range(rows)]


def expected(tensors, letters):
    """Column by column."""
    boundary, bound = numpy.array(1.0), []
    for c in range(len(letters[0])):
        for r, row in enumerate(letters):
            shared = [name for name in row[c] if name in bound]
            boundary = numpy.tensordot(
                boundary, tensors[r][c],
                ([bound.index(name) for name in shared],
                 [row[c].index(name) for name in shared]))
            bound = [name for name in bound + row[c] if name not in shared]
    return float(boundary)


def run(rows, columns, extent, limit):
    generator = numpy.random.default_rng(rows * 100 + columns)
    letters = letters_of(rows, columns)
    tensors = [[generator.standard_normal([extent] * len(each))
                / extent ** (len(each) / 2) for each in row]
               for row in letters]
    flat = [(t, n) for trow, nrow in zip(tensors, letters)
            for t, n in zip(trow, nrow)]
    types = ["tensor<" + "x".join(map(str, t.shape)) + "xf64>"
             for t, _ in flat]
    program = os.path.join(FOLDER, f"lattice{rows}x{columns}x{extent}.mlir")
    with open(program, "w", encoding="utf-8") as file:
        file.write(
            "func.func @main("
            + ", ".join(f"%a{k}: {t}" for k, t in enumerate(types))
            + ") -> tensor<f64> {\n  %s = noodle.contract \""
            + ", ".join(" ".join(n) for _, n in flat) + " -> \" ("
            + ", ".join(f"%a{k}" for k in range(len(flat))) + ") : ("
            + ", ".join(types) + ") -> tensor<f64>\n"
            "  return %s : tensor<f64>\n}\n")
    command = ["noodle-jit", program, "--mem-limit", limit, "--explain=json",
               "--out", os.path.join(FOLDER, "sum.npy")]
    for k, (tensor, _) in enumerate(flat):
        path = os.path.join(FOLDER, f"a{k}.npy")
        numpy.save(path, tensor)
        command += ["--arg", path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stderr}")
    receipt = json.loads(done.stdout)
    plan = [s["plan"] for s in receipt["sites"] if s["plan"]["nodes"]][-1]
    number, unit = re.search(r"([0-9.]+) (\w+) alive at most",
                             plan["text"]).groups()
    announced = float(number) * UNITS[unit]
    measured = receipt["memory_peak"]
    value = float(numpy.load(os.path.join(FOLDER, "sum.npy")))
    want = expected(tensors, letters)
    if not numpy.isclose(value, want, rtol=1e-9, atol=1e-12):
        sys.exit(f"{rows}x{columns}x{extent}: {value}, not {want}")
    return announced, measured, re.search(r"in (\S+) slices", plan["text"])


def main():
    os.makedirs(FOLDER, exist_ok=True)
    # 40 tensors: by rows, as written, 8 letters of 12 would be held at once.
    announced, measured, slices = run(5, 8, 12, "1GiB")
    if slices or abs(measured / announced - 1) > 0.05:
        sys.exit(f"announced {announced:.0f}, measured {measured}")
    print("40 tensors: the peak is within 5 % of the announced one")
    # What would be alive at once is 16 MiB.
    announced, measured, slices = run(3, 4, 32, "14M")
    if not slices or measured > 14 << 20:
        sys.exit(f"announced {announced:.0f}, measured {measured}, {slices}")
    print(f"12 tensors: {slices.group(1)} slices keep within the limit")


main()
