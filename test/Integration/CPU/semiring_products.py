#!/usr/bin/env python3
# Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""semiring_products.py FOLDER [SEED]: tiled products over every semiring and
element type, at each CPU level that works here, on odd shapes and all
transposes, against the interpreter (--check). Factors hold NaN, infinities,
signed zeros and the ends of the integers' range; in some programs only one of
the two sides does, in some neither, so that both kinds of steps run."""
import os
import subprocess
import sys

import numpy as np

FOLDER = sys.argv[1]
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else int.from_bytes(
    os.urandom(4), "little")
print(f"seed {SEED}")
os.makedirs(FOLDER, exist_ok=True)
random = np.random.default_rng(SEED)

ORDERED = ["min_plus", "max_plus", "max_times", "max_min", "min_max"]
SEMIRINGS = {kind: ["plus_times", "log_plus"] + ORDERED
             for kind in ("f32", "f64", "f16", "bf16")}
SEMIRINGS.update({kind: ["plus_times"] + ORDERED
                  for kind in ("i8", "i32", "i64")})
SEMIRINGS["i1"] = ["or_and", "xor_and"]
SEMIRINGS["complex<f32>"] = SEMIRINGS["complex<f64>"] = ["plus_times"]
DTYPES = {"f32": np.float32, "f64": np.float64, "f16": np.float16,
          "i8": np.int8, "i32": np.int32, "i64": np.int64, "i1": np.bool_,
          "complex<f32>": np.complex64, "complex<f64>": np.complex128}
SHAPES = [(37, 50, 197), (9, 129, 33), (70, 33, 300), (8, 16, 64), (5, 7, 3),
          (13, 40, 0)]
FORMS = [("ik", "kj"), ("ik", "jk"), ("ki", "kj"), ("ki", "jk")]
# A semiring of the user's, whose minimum orders zeros.
USER = """noodle.semiring @clamped : f32 zero {
  %z = arith.constant 0x7F800000 : f32
  noodle.yield %z : f32
} one {
  %o = arith.constant 0.0 : f32
  noodle.yield %o : f32
} add {
^bb0(%a: f32, %b: f32):
  %m = arith.minimumf %a, %b : f32
  noodle.yield %m : f32
} mul {
^bb0(%a: f32, %b: f32):
  %s = arith.addf %a, %b : f32
  noodle.yield %s : f32
}
"""


def levels():
    flags = open("/proc/cpuinfo").read().split()
    yield "x86-64"
    if "avx2" in flags and "f16c" in flags:
        yield "avx2"
    if "avx512bw" in flags and "avx512vl" in flags:
        yield "avx512"
    yield "native"


def values(kind, shape, wild):
    """Quarters and small integers, and where `wild` what is seldom right."""
    size = shape[0] * shape[1]
    if kind == "i1":
        return (random.random(shape) < 0.1)
    if kind.startswith("complex"):
        real, other = random.integers(-8, 9, (2, *shape)) / 4
        return (real + 1j * other).astype(DTYPES[kind])
    if kind[0] == "i":
        info = np.iinfo(DTYPES[kind])
        low, high = (info.min, info.max) if kind == "i8" else (-100, 101)
        array = random.integers(low, high, shape).astype(DTYPES[kind])
        rare = [info.max, info.min, info.max - 1, info.min + 1, info.max // 2]
    else:
        array = random.integers(-8, 9, shape) / 4
        rare = [np.nan, np.inf, -np.inf, -0.0, np.inf, -np.inf]
        array = array.astype(np.float32 if kind == "bf16" else DTYPES[kind])
    if wild and size:
        for place in random.integers(0, size, 1 + size // 200):
            array.flat[place] = rare[random.integers(len(rare))]
    if kind == "bf16":  # quarters are exact
        return (array.view(np.uint32) >> 16).astype(np.uint16).view("V2")
    return array


def save(name, array):
    path = os.path.join(FOLDER, name + ".npy")
    np.save(path, array)
    return path


def program(kind, shape, turn):
    """One function with all the type's semirings, in one of four forms each."""
    m, n, k = shape
    t = {"ik": f"tensor<{m}x{k}x{kind}>", "ki": f"tensor<{k}x{m}x{kind}>",
         "kj": f"tensor<{k}x{n}x{kind}>", "jk": f"tensor<{n}x{k}x{kind}>",
         "ij": f"tensor<{m}x{n}x{kind}>"}
    names = {"ik": "%a", "ki": "%at", "kj": "%b", "jk": "%bt"}
    lines, results = [], []
    names_of = SEMIRINGS[kind] + (["@clamped"] if kind == "f32" else [])
    for at, semiring in enumerate(names_of):
        lhs, rhs = FORMS[(turn + at) % 4]
        result = t["ij"]
        attributes = f"semiring = #noodle.semiring<{semiring}>"
        if kind == "i8" and semiring == "plus_times":
            result = result.replace("xi8>", "xi32>")
            attributes += ", accumulator = i32"
        name = f"%r{len(results)}"
        lines.append(
            f'  {name} = noodle.contract "{lhs},{rhs}->ij" ({names[lhs]}, '
            f"{names[rhs]}) {{{attributes}}} : ({t[lhs]}, {t[rhs]}) -> "
            f"{result}\n")
        results.append((name, result))
    types = ", ".join(r for _, r in results)
    return ((USER if kind == "f32" else "") +
            f"func.func @main(%a: {t['ik']}, %at: {t['ki']}, %b: {t['kj']}, "
            f"%bt: {t['jk']}) -> ({types}) {{\n" + "".join(lines) +
            "  return " + ", ".join(n for n, _ in results) + f" : {types}\n}}\n",
            len(results))


checked = 0
for kind in SEMIRINGS:
    order = random.permutation(len(SHAPES))
    for at, level in enumerate(levels()):
        shape = SHAPES[order[at]]
        text, count = program(kind, shape, random.integers(4))
        name = f"{kind.strip('<>').replace('<', '')}-{level}"
        path = os.path.join(FOLDER, name + ".mlir")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        m, n, k = shape
        wild = random.integers(4)
        a, b = (values(kind, s, wild >> bit & 1)
                for bit, s in enumerate(((m, k), (k, n))))
        command = ["noodle-jit", "--cpu", level, "--strategy", "tiled",
                   "-O1", "--check", "--strict", path]
        for letter, array in (("a", a), ("at", a.T), ("b", b),
                              ("bt", b.T)):
            command += ["--arg", save(f"{name}-{letter}",
                                      np.ascontiguousarray(array))]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{kind} {level} {shape} wild {wild}: "
                     f"{done.stderr or done.stdout}\n{' '.join(command)}")
        checked += count
print(f"{checked} products on {len(list(levels()))} CPU levels agree with the "
      "interpreter")
