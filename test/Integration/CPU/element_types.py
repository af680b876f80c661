#!/usr/bin/env python3
# Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""element_types.py PROGRAM FOLDER: runs the program's functions at each CPU
level that works here and compares what they return with NumPy. Products hold
small numbers, so that sums are exact and one rounding is left."""
import os
import subprocess
import sys

import numpy as np

PROGRAM, FOLDER = sys.argv[1:]
os.makedirs(FOLDER, exist_ok=True)
random = np.random.default_rng(7)


def path(name):
    return os.path.join(FOLDER, name)


def to_brain(array):
    """The bits of the nearest bf16, ties to even; the numbers are finite."""
    bits = np.asarray(array, np.float32).view(np.uint32).astype(np.uint64)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) >> 16).astype(np.uint16)


def from_brain(bits):
    return (bits.astype(np.uint32) << 16).view(np.float32)


def save(name, array):
    np.save(path(name), array)
    return path(name)


def save_brain(name, array):
    # NumPy writes two bytes without a meaning as |V2.
    return save(name, to_brain(array).view("V2"))


def run(cpu, function, arguments, results):
    outputs = [path(f"{function}-{k}.npy") for k in range(results)]
    command = ["noodle-jit", "-e", function, "--cpu", cpu, "--check", "--strict"]
    for argument in arguments:
        command += ["--arg", argument]
    for output in outputs:
        command += ["--out", output]
    subprocess.run(command + [PROGRAM], check=True)
    return [np.load(output) for output in outputs]


checked = 0


def expect(what, ours, theirs):
    global checked
    checked += 1
    if ours.dtype != theirs.dtype or ours.shape != theirs.shape:
        sys.exit(f"{what}: {ours.dtype} {ours.shape} for {theirs.dtype} "
                 f"{theirs.shape}")
    if ours.tobytes() != theirs.tobytes():
        sys.exit(f"{what} differs:\n{ours}\n{theirs}")


def levels():
    flags = open("/proc/cpuinfo").read().split()
    yield "x86-64"
    if "avx2" in flags and "f16c" in flags:
        yield "avx2"
    yield "native"


small = random.integers(-8, 9, (37, 29)) / 4
other = random.integers(-8, 9, (29, 45)) / 4
tall = small.astype(np.float16)
wide = other.astype(np.float16)
product = small @ other
thirds = tall / np.float16(3) + tall
large = random.integers(-128, 128, (33, 50)).astype(np.int8)
more = random.integers(-128, 128, (50, 17)).astype(np.int8)
numbers = (random.integers(-5, 6, (9, 31))
           + 1j * random.integers(-5, 6, (9, 31))).astype(np.complex128)
count = 0
for cpu in levels():
    count += 1
    half = run(cpu, "half", [save("a.npy", tall), save("b.npy", wide)], 4)
    expect(cpu + " f16 product", half[0], product.astype(np.float16))
    expect(cpu + " f16 product in f32", half[1], product.astype(np.float32))
    expect(cpu + " f16 sums", half[2],
           tall.astype(np.float32).sum(axis=1).astype(np.float16))
    expect(cpu + " f16 map", half[3], thirds)
    brain = run(cpu, "brain",
                [save_brain("c.npy", small), save_brain("d.npy", other)], 2)
    expect(cpu + " bf16 product", brain[0].view(np.uint16), to_brain(product))
    expect(cpu + " bf16 as f32", brain[1], from_brain(to_brain(product)))
    result = run(cpu, "bytes", [save("e.npy", large), save("f.npy", more)], 2)
    expect(cpu + " i8 product", result[0], large @ more)
    expect(cpu + " i8 product in i32", result[1],
           large.astype(np.int32) @ more.astype(np.int32))
    result = run(cpu, "complex", [save("g.npy", numbers), "2-1i"], 1)
    expect(cpu + " complex product", result[0],
           numbers @ (numbers.conj() * (2 - 1j)).T)
if count != 3:
    print("SKIPPED: this CPU has no AVX2 with F16C, so that level did not run")
print(f"{count} CPU levels, {checked} results agree with NumPy")
