#!/usr/bin/env python3
# Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""hubs.py FOLDER [SEED]: products of sparse matrices some of whose rows are a
hundred times as long as others, so that masks with short rows search them, and
of more entries than are taken to be in a cache; with masks whose entries are
places or values, and summed up. Each agrees with the interpreter, and two
threads give the bits of one."""
import os
import subprocess
import sys

import numpy as np

FOLDER = sys.argv[1]
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else int.from_bytes(
    os.urandom(4), "little")
print(f"seed {SEED}", flush=True)
os.makedirs(FOLDER, exist_ok=True)
random = np.random.default_rng(SEED)
CSR = ("#csr = #sparse_tensor.encoding<{map = (d0, d1) -> "
       "(d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>\n")


def matrix(name, rows, columns, element, hubs, few, many):
    """Rows of up to `few` entries, `hubs` of them with `many`; some are empty,
    some entries zero."""
    path = f"{FOLDER}/{name}.mtx"
    lines = []
    long = set(random.choice(rows, hubs, replace=False)) if rows else set()
    for i in range(rows):
        count = many if i in long else int(random.integers(0, few + 1))
        for j in np.sort(random.choice(columns, count, replace=False)):
            value = (random.integers(0, 3) if element != "f64"
                     else random.standard_normal())
            lines.append(f"{i + 1} {j + 1} {value}\n")
    field = "real" if element == "f64" else "integer"
    with open(path, "w", encoding="utf-8") as out:
        out.write(f"%%MatrixMarket matrix coordinate {field} general\n"
                  f"{rows} {columns} {len(lines)}\n")
        out.writelines(lines)
    return path


def run(name, text, files, *more):
    with open(f"{FOLDER}/{name}.mlir", "w", encoding="utf-8") as out:
        out.write(text)
    command = ["noodle-jit", f"{FOLDER}/{name}.mlir", "--strict", *more]
    for file in files:
        command += ["--arg", file]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr}"
                 f"{text}")


agreed = 0
FORMS = ["places", "valued", "summed", "plain"]
for number, (semiring, element) in enumerate(
        [("plus_times", "f64"), ("plus_times", "i64"), ("min_plus", "i32"),
         ("or_and", "i1")]):
    for form in FORMS:
        # The last shape's right factor has more than 2^16 entries.
        for m, k, n in ((60, 400, 700), (90, 300, 300), (40, 900, 5000)):
            name = f"{semiring}-{element}-{form}-{m}"
            far = m == 40
            if far and element != "f64":
                continue
            files = [matrix(name + "-a", m, k, element, 2, 6, k // 2),
                     matrix(name + "-b", k, n, element, 20, 100 if far else 3,
                            n // 2),
                     matrix(name + "-m", m, n, "i1" if form == "valued"
                            else element, 1, 3, n // 3)]
            a, b = (f"tensor<{x}x{y}x{element}, #csr>"
                    for x, y in ((m, k), (k, n)))
            mask_type = f"tensor<{m}x{n}x{'i1' if form == 'valued' else element}, #csr>"
            result = (f"tensor<{element}>" if form == "summed"
                      else f"tensor<{m}x{n}x{element}, #csr>")
            equation = "ik,kj->" + ("" if form == "summed" else "ij")
            ring = f"semiring = #noodle.semiring<{semiring}>"
            if form == "summed":
                # As a factor, which has to be met.
                product = (f'noodle.contract "ik,kj,ij->" (%a, %b, %m) '
                           f"{{{ring}}} : ({a}, {b}, {mask_type}) -> {result}")
            else:
                mask = "" if form == "plain" else f" mask(%m : {mask_type})"
                more = ", mask_valued" if form == "valued" else ""
                product = (f'noodle.contract "{equation}" (%a, %b){mask} '
                           f"{{{ring}{more}}} : ({a}, {b}) -> {result}")
            text = (CSR + f"func.func @main(%a: {a}, %b: {b}, %m: {mask_type})"
                    f" -> {result} {{\n  %r = {product}\n"
                    f"  return %r : {result}\n}}\n")
            run(name, text, files, "--check", "--threads=2")
            outs = []
            for threads in (1, 2):
                out = f"{FOLDER}/{name}-{threads}" + (
                    ".npy" if form == "summed" else ".mtx")
                run(name, text, files, f"--threads={threads}", "--out", out)
                with open(out, "rb") as file:
                    outs.append(file.read())
            if outs[0] != outs[1]:
                sys.exit(f"{name}: two threads give other bits than one")
            agreed += 1
print(f"{agreed} products agree")
