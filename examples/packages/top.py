#!/usr/bin/env python3
"""top.py VECTOR.npy NAMES [COUNT]: the names with the greatest values."""
import ast
import math
import struct
import sys


def load(path):
    """Values of a vector, from .npy; no library needed."""
    with open(path, "rb") as file:
        data = file.read()
    start, size = (10, "<H") if data[6] == 1 else (12, "<I")
    length = struct.unpack_from(size, data, 8)[0]
    header = ast.literal_eval(data[start:start + length].decode("latin1"))
    code = {"<f8": "d", "<f4": "f", "<i8": "q", "<i4": "i"}[header["descr"]]
    count = math.prod(header["shape"])
    return struct.unpack_from(f"<{count}{code}", data, start + length)


def top(vector, names_file, count):
    """Lines of rank, value and name."""
    with open(names_file, encoding="utf-8") as file:
        names = file.read().splitlines()
    values = load(vector)
    if len(values) != len(names):
        sys.exit(f"top.py: {len(values)} values for {len(names)} names")
    best = sorted(range(len(values)), key=lambda i: (-values[i], names[i]))
    for place, i in enumerate(best[:count], 1):
        yield f"{place:3}. {values[i]:<12.6g} {names[i]}"


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    wanted = int(sys.argv[3]) if len(sys.argv) == 4 else 10
    print("\n".join(top(sys.argv[1], sys.argv[2], wanted)))
