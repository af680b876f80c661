#!/usr/bin/env python3
# Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""functions.py FOLDER [SEED]: chains of large functions against NumPy, composed
from the last back by law 17 where it applies and in order where it does not;
what is read by them gathered, or scattered to where they lead; and values
outside of a codomain, one of which has a place in it in its low 32 bits."""
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
N = 1 << 17
# Extents from the first domain to the last codomain, the elements' types, and
# whether the law applies.
CHAINS = [([N, N, N, N], "i64", True),
          ([N + 9, N + 5, N + 1, 1000], "i64", True),
          ([N, N, N, N, N + 7], "i32", True),
          ([N, N, N], "i64", False),
          ([1000, N, N, N], "i64", False),
          ([N, 1000, N, N], "i64", False)]


def run(name, text, files, *more):
    with open(name + ".mlir", "w", encoding="utf-8") as out:
        out.write(text)
    command = ["noodle-jit", name + ".mlir", "--strict", "--explain", *more]
    for file in files:
        command += ["--arg", file]
    return subprocess.run(command, capture_output=True, text=True)


def program(extents, integer, follow):
    """Functions between the extents, and a vector read by them or sent along
    them."""
    count = len(extents) - 1
    lines, parts, types = [], [], []
    for k in range(count):
        hom = f"!noodle.hom<[{extents[k]}] -> [{extents[k + 1]}], f64>"
        vector = f"tensor<{extents[k]}x{integer}>"
        lines.append(f"  %F{k} = noodle.function %f{k} : {vector} -> {hom}\n")
        parts.append(f"%F{k}")
        types.append(hom)
    size, other = extents[-1 if follow else 0], extents[0 if follow else -1]
    hom = (f"!noodle.hom<[{size}] -> [], f64>" if follow
           else f"!noodle.hom<[] -> [{size}], f64>")
    made = (f"!noodle.hom<[{other}] -> [], f64>" if follow
            else f"!noodle.hom<[] -> [{other}], f64>")
    at = count if follow else 0
    parts.insert(at, "%V")
    types.insert(at, hom)
    parameters = ", ".join(f"%f{k}: tensor<{extents[k]}x{integer}>"
                           for k in range(count))
    return (f"func.func @main({parameters}, %v: tensor<{size}xf64>) -> "
            f"tensor<{other}xf64> {{\n"
            f"  %V = noodle.from_tensor %v : tensor<{size}xf64> -> {hom}\n"
            + "".join(lines) +
            f"  %r = noodle.compose {', '.join(parts)} : ({', '.join(types)})"
            f" -> {made}\n  %t = noodle.to_tensor %r : {made} -> "
            f"tensor<{other}xf64>\n  return %t : tensor<{other}xf64>\n}}\n")


agreed = refused = 0
for number, (extents, integer, applies) in enumerate(CHAINS):
    for follow in (True, False):
        name = f"{FOLDER}/{number}-{follow}"
        text = program(extents, integer, follow)
        functions = [random.integers(0, extents[k + 1], extents[k])
                     for k in range(len(extents) - 1)]
        values = random.integers(-9, 9, extents[-1 if follow else 0])
        files = []
        for k, function in enumerate([*functions, values.astype(float)]):
            files.append(f"{name}-{k}.npy")
            np.save(files[-1], function if k == len(functions) else
                    function.astype(np.int32 if integer == "i32"
                                    else np.int64))
        done = run(name, text, files, "--out", name + "-out.npy")
        if done.returncode:
            sys.exit(f"{name}: exit {done.returncode}\n{done.stderr}{text}")
        fired = "law 17, Function_Associativity" in done.stdout
        if fired != applies:
            sys.exit(f"{name}: law 17 {'' if fired else 'not '}applied\n"
                     f"{done.stdout}{text}")
        along = functions[0]
        for function in functions[1:]:
            along = function[along]
        wanted = values[along].astype(float) if follow else np.bincount(
            along, values.astype(float), extents[-1])
        if not np.array_equal(np.load(name + "-out.npy"), wanted):
            sys.exit(f"{name}: another result than NumPy's\n{text}")
        agreed += 1
        if not applies or integer != "i64":
            continue
        # Where the first function leads, so that composing meets it.
        last = len(functions) - 1
        for k, value in ((last, (1 << 32) + 3), (last, -1), (0, extents[1])):
            bad = functions[k].copy()
            met = np.arange(extents[0])
            for function in functions[:k]:
                met = function[met]
            bad[met[random.integers(len(met))]] = value
            np.save(name + "-bad.npy", bad)
            given = [*files[:k], name + "-bad.npy", *files[k + 1:]]
            done = run(name, text, given)
            lines = done.stderr.splitlines()
            if done.returncode != 1 or len(lines) != 1 or \
                    "range" not in lines[0]:
                sys.exit(f"{name}: function {k} with value {value}: exit "
                         f"{done.returncode}\n{done.stderr}{text}")
            refused += 1
print(f"{agreed} chains agree, {refused} wrong functions refused")
