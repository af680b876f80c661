#!/usr/bin/env python3
# Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""crossed_sums.py FOLDER: sums of A[i,j] * B[j,i], large enough to be split into
tiles, of extents that tiles do not divide, over integers, floats and min_plus,
known when compiling or not. Small integers: every order gives the same bits."""
import os
import subprocess
import sys

import numpy as np

FOLDER = sys.argv[1]
os.makedirs(FOLDER, exist_ok=True)
random = np.random.default_rng(5)
KINDS = [("plus_times", "f64", np.float64), ("plus_times", "i32", np.int32),
         ("min_plus", "f32", np.float32)]
agreed = 0
for semiring, element, dtype in KINDS:
    for rows, columns, known in ((333, 257, True), (129, 700, False),
                                 (1000, 65, True)):
        shape = [f"{rows}x{columns}", f"{columns}x{rows}"]
        if not known:
            shape = ["?x?", "?x?"]
        a, b = (f"tensor<{s}x{element}>" for s in shape)
        name = f"{FOLDER}/{semiring}-{element}-{rows}"
        with open(name + ".mlir", "w") as out:
            out.write(f"""func.func @main(%a: {a}, %b: {b}) -> tensor<{element}> {{
  %t = noodle.contract "ij,ji->" (%a, %b)
      {{semiring = #noodle.semiring<{semiring}>}} : ({a}, {b}) -> tensor<{element}>
  return %t : tensor<{element}>
}}
""")
        np.save(name + "-a.npy",
                random.integers(-9, 9, (rows, columns)).astype(dtype))
        np.save(name + "-b.npy",
                random.integers(-9, 9, (columns, rows)).astype(dtype))
        said = set()
        for threads in "1", "2":
            made = subprocess.run(
                ["noodle-jit", name + ".mlir", "--arg", name + "-a.npy",
                 "--arg", name + "-b.npy", "--check", "--strict", "--threads",
                 threads], capture_output=True, text=True)
            if made.returncode:
                sys.exit(f"{name}: {made.stdout}{made.stderr}")
            said.add(made.stdout)
        if len(said) != 1:
            sys.exit(f"{name}: {said}")
        agreed += 1
print(f"{agreed} sums agree")
