#!/usr/bin/env python3
# Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""write FOLDER: saves arrays of every type, order, version and shape.
check FOLDER: compares each NAME.npy with NAME.npy.back, written by Noodle."""
import glob
import itertools
import os
import sys
import warnings

import numpy as np

DTYPES = ["|b1", "|i1", "<i4", "<i8", "<f2", "<f4", "<f8", "<c8", "<c16",
          ">i4", ">i8", ">f2", ">f4", ">f8", ">c8", ">c16"]
SHAPES = [(), (1,), (7,), (0,), (3, 4), (4, 0, 2), (2, 3, 4), (1, 5, 1)]


def values(dtype, shape):
    count = int(np.prod(shape))
    array = np.arange(count).astype(np.float64) * 1.7 - 3
    if dtype[1] == "b":
        array = np.arange(count) % 3 == 0
    if dtype[1] == "f" and count > 4:
        array[:4] = [np.inf, -np.inf, np.nan, -0.0]
    if dtype[1] == "c":
        array = array + 1j * (array[::-1] + 0.5)
    return array.astype(dtype).reshape(shape)


def write(folder):
    warnings.simplefilter("ignore")  # versions 2 and 3 are announced as new
    cases = itertools.product(DTYPES, SHAPES, "CF", [(1, 0), (2, 0), (3, 0)])
    for number, (dtype, shape, order, version) in enumerate(cases):
        with open(os.path.join(folder, f"{number}.npy"), "wb") as file:
            array = np.asarray(values(dtype, shape), order=order)
            np.lib.format.write_array(file, array, version)


def check(folder):
    paths = glob.glob(os.path.join(folder, "*.npy"))
    for path in paths:
        ours, theirs = np.load(path + ".back"), np.load(path)
        little = theirs.dtype.newbyteorder("<")
        same = (ours.dtype == little and ours.shape == theirs.shape
                and ours.tobytes() == theirs.astype(little).tobytes()
                and ours.flags.c_contiguous == theirs.flags.c_contiguous)
        if not same:
            sys.exit(f"{path} differs: {ours!r} for {theirs!r}")
    if not paths:
        sys.exit("nothing to check")
    print(len(paths), "arrays agree with NumPy", np.__version__)


{"write": write, "check": check}[sys.argv[1]](sys.argv[2])
