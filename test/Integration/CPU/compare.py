#!/usr/bin/env python3
"""compare.py FILE.npy TOLERANCE VALUES|@FILE

Exits with 1 unless the file holds these values: numbers separated by commas,
or one per line of a text file. Prints the greatest difference.
"""
import ast
import math
import struct
import sys


def load(path):
    """Values of a C-ordered .npy file, flat."""
    with open(path, "rb") as file:
        data = file.read()
    assert data[:6] == b"\x93NUMPY", "not a .npy file"
    start, size = (10, "<H") if data[6] == 1 else (12, "<I")
    length = struct.unpack_from(size, data, 8)[0]
    header = ast.literal_eval(data[start:start + length].decode("latin1"))
    assert not header["fortran_order"]
    code = {"<f8": "d", "<f4": "f", "<i8": "q", "<i4": "i",
            "|b1": "?"}[header["descr"]]
    count = math.prod(header["shape"])
    return struct.unpack_from(f"<{count}{code}", data, start + length)


def main():
    path, tolerance, wanted = sys.argv[1:]
    if wanted.startswith("@"):
        with open(wanted[1:], encoding="utf-8") as file:
            words = [l for l in file if l.strip() and not l.startswith("#")]
    else:
        words = wanted.split(",")
    expected, values = [float(w) for w in words], load(path)
    if len(values) != len(expected):
        sys.exit(f"{len(values)} values, {len(expected)} expected")
    worst = 0.0
    for i, (value, answer) in enumerate(zip(values, expected)):
        apart = 0.0 if value == answer else abs(value - answer)
        if not apart <= float(tolerance): # NaN is never close
            sys.exit(f"value {i} is {value}, expected {answer}")
        worst = max(worst, apart)
    print(f"agrees: {len(values)} values, at most {worst:.3g} apart")


if __name__ == "__main__":
    main()
