#!/usr/bin/env python3
"""unknown_extents.py DIRECTORY

Contractions of unknown extents against the interpreter (noodle-jit --check).
"""
import os
import subprocess
import sys

import numpy as np

# The equation, types of the operands and the result, shapes of the operands.
# The first runs on x86-64, where a run of 7 columns is no whole vectors.
CASES = [
    ("ijs,mns->mjin", "3x?x70", "4x7x70", "4x?x3x7", (3, 6, 70), (4, 7, 70)),
    ("sit,stm->im", "?x?x366", "?x366x1", "?x1", (4, 190, 366), (4, 366, 1)),
    ("sit,stm->im", "?x?x1300", "?x1300x9", "?x9", (2, 5, 1300), (2, 1300, 9)),
    ("bijs,mbsn->bijmn", "1x?x?x?", "?x1x?x32", "1x?x?x?x32", (1, 4, 5, 7),
     (3, 1, 7, 32)),
    ("bijs,mbsn->bijmn", "1x4x5x7", "?x1x7x32", "1x4x5x?x32", (1, 4, 5, 7),
     (3, 1, 7, 32))]

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
random = np.random.default_rng(1)
for number, (equation, *shapes, lhs, rhs) in enumerate(CASES):
    kind, dtype = (("f64", np.float64), ("complex<f64>", np.complex128))[
        number >= 3]
    a, b, c = (f"tensor<{shape}x{kind}>" for shape in shapes)
    words = ["noodle-jit", "--strategy", "tiled", "--strict", "--check"]
    words += ["--cpu", "x86-64"] if number == 0 else []
    for at, shape in enumerate((lhs, rhs)):
        path = os.path.join(folder, f"{number}.{at}.npy")
        array = random.integers(-3, 4, shape).astype(dtype)
        if number >= 3:
            array = array + 1j * random.integers(-3, 4, shape)
        np.save(path, array)
        words += ["--arg", path]
    path = os.path.join(folder, f"{number}.mlir")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f'func.func @main(%a: {a}, %b: {b}) -> {c} {{\n'
                   f'  %c = noodle.contract "{equation}" (%a, %b) : '
                   f'({a}, {b}) -> {c}\n  return %c : {c}\n}}\n')
    done = subprocess.run(words + [path], capture_output=True, text=True,
                          check=False)
    if done.returncode:
        sys.exit(f"{equation} of {lhs} and {rhs}: exit {done.returncode}\n"
                 f"{done.stderr}")
print(f"{len(CASES)} contractions agree with the interpreter")
