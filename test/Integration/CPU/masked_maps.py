#!/usr/bin/env python3
# Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""masked_maps.py FOLDER [SEED]: maps that multiply the stored entries of a sparse
matrix by a dense product, over the element types and semirings of law 16, stored
by rows and by columns, the factor on either side, with empty rows and matrices.
Each agrees with the interpreter under --strict, and law 16 has fired."""
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
KINDS = [("plus_times", "f32", np.float32, "arith.mulf"),
         ("plus_times", "f64", np.float64, "arith.mulf"),
         ("plus_times", "i32", np.int32, "arith.muli"),
         ("plus_times", "i64", np.int64, "arith.muli"),
         ("or_and", "i1", np.bool_, "arith.andi")]
DENSE, COMPRESSED = "d{0} : dense", "d{0} : compressed"


def sparse(path, shape, element):
    """A Matrix Market file with about a tenth of the entries."""
    places = np.argwhere(random.random(shape) < 0.1)
    field = "real" if element[0] == "f" else "integer"
    with open(path, "w") as out:
        out.write(f"%%MatrixMarket matrix coordinate {field} general\n"
                  f"{shape[0]} {shape[1]} {len(places)}\n")
        for i, j in places:
            out.write(f"{i + 1} {j + 1} {random.integers(0, 2)}\n")


agreed = 0
for semiring, element, dtype, multiply in KINDS:
    for by, (rows, columns, inner) in enumerate(
            [(37, 29, 17), (5, 64, 33), (40, 3, 0), (2, 50, 8)]):
        first, second = ("d0", "d1") if by % 2 == 0 else ("d1", "d0")
        form = (f"#sparse_tensor.encoding<{{map = (d0, d1) -> ({first} : dense,"
                f" {second} : compressed)}}>")
        matrix = f"tensor<?x?x{element}, #s>"
        dense = f"tensor<?x?x{element}>"
        x, y = ("%x", "%y") if by < 2 else ("%y", "%x")
        text = f"""#s = {form}
func.func @main(%s: {matrix}, %a: {dense}, %b: {dense}) -> {matrix} {{
  %p = noodle.contract "ik,jk->ij" (%a, %b)
      {{semiring = #noodle.semiring<{semiring}>}} : ({dense}, {dense}) -> {dense}
  %d = noodle.map ({"%s, %p" if by < 3 else "%p, %s"}) :
      ({matrix + ", " + dense if by < 3 else dense + ", " + matrix}) -> {matrix} {{
  ^bb0(%x: {element}, %y: {element}):
    %z = {multiply} {x}, {y} : {element}
    noodle.yield %z : {element}
  }}
  return %d : {matrix}
}}
"""
        name = f"{FOLDER}/{semiring}-{element}-{by}"
        with open(name + ".mlir", "w") as out:
            out.write(text)
        sparse(name + ".mtx", (rows, columns), element)
        np.save(name + "-a.npy", random.integers(
            -2 if element != "i1" else 0, 2, (rows, inner)).astype(dtype))
        np.save(name + "-b.npy", random.integers(
            -2 if element != "i1" else 0, 2, (columns, inner)).astype(dtype))
        made = subprocess.run(
            ["noodle-jit", name + ".mlir", "--arg", name + ".mtx", "--arg",
             name + "-a.npy", "--arg", name + "-b.npy", "--check", "--strict",
             "--explain"], capture_output=True, text=True)
        said = made.stdout + made.stderr
        if made.returncode or "law 16, Contract_Mask" not in said:
            sys.exit(f"{name}: exit {made.returncode}\n{text}\n{said}")
        agreed += 1
print(f"{agreed} programs agree, by law 16")
