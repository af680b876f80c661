#!/usr/bin/env python3
"""Plants faults into the kernels that the compiler emits, and expects that each
is found: by the emulator's report or by a result that differs.

    faults.py --build FOLDER [--every] [NAME...]

Of each program's kernels: every barrier removed, and a spread of indices
shifted by one and of strides, widths and shuffle distances changed; --every
tries all of them.
"""
import argparse
import collections
import os
import re
import sys
import tempfile

import emulated
import programs

SPREAD = 6


def places(build, arguments, kind):
    outcome = emulated.run(build, arguments, plant=f"{kind}:1000000")
    found = re.search(r"there are (\d+) places", outcome.text)
    if not found:
        sys.exit(f"faults.py: no number of places in: {outcome}")
    return int(found.group(1))


def spread(count, every):
    if every or count <= SPREAD:
        return range(count)
    return sorted({round(k * (count - 1) / (SPREAD - 1))
                   for k in range(SPREAD)})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--every", action="store_true")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    build = os.path.abspath(options.build)
    caught, missed = collections.Counter(), []
    with tempfile.TemporaryDirectory() as folder:
        for program in programs.programs("faults", folder):
            if options.names and program.name not in options.names:
                continue
            path = os.path.join(folder, program.name + ".mlir")
            with open(path, "w", encoding="utf-8") as file:
                file.write(program.text())
            arguments = (["--check", "--strict", "-O1", path] +
                         program.arguments)
            outcome = emulated.run(build, arguments)
            if not outcome.clean():
                sys.exit(f"faults.py: {program.name} without a fault: "
                         f"{outcome}")
            for kind in program.faults:
                count = places(build, arguments, kind)
                every = options.every or kind == "barrier"
                for number in spread(count, every):
                    plant = f"{kind}:{number}"
                    outcome = emulated.run(build, arguments, plant=plant)
                    if outcome.clean():
                        missed.append(f"{program.name} {plant} of {count}")
                    elif (outcome.report or
                          outcome.status == emulated.MISMATCH):
                        caught[kind] += 1
                    else:
                        missed.append(f"{program.name} {plant}: neither a "
                                      f"report nor a difference: {outcome}")
    for line in missed:
        print("MISSED", line)
    print(f"{sum(caught.values())} planted faults caught: "
          f"{caught['barrier']} removed barriers, {caught['index']} shifted "
          f"indices, {caught['swizzle']} changed strides; {len(missed)} missed")
    if not options.names and not options.every:
        emulated.gpu_checks.record(build, "faults", "emulator",
                                   sum(caught.values()))
    sys.exit(1 if missed or len(caught) < 3 else 0)


if __name__ == "__main__":
    main()
