#!/usr/bin/env python3
"""Runs the programs of one kernel kind under the emulator, beside the
interpreter.

    kernels.py --build FOLDER --kind contract|rows|elementwise|sparse [NAME...]
    kernels.py --device ...      the same on this machine's GPU

Every op must run as a kernel (--strict), give the interpreter's values, and
leave the fake driver nothing to report. For contractions, every tile of
ChipTable.cpp must have been used.
"""
import argparse
import os
import re
import sys
import tempfile

import emulated
import programs


def tiles_of_table():
    """Tiles named in the compiler's table, as kernels print them."""
    path = os.path.join(emulated.ROOT, "lib", "Transforms", "GPU",
                        "ChipTable.cpp")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    rows = re.findall(r"\{(\d+), (\d+), (\d+), \d+, \d+, \d+\}", text)
    return {"x".join(row) for row in rows}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--kind", required=True)
    parser.add_argument("--device", action="store_true")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    build = os.path.abspath(options.build)
    run = emulated.run_on_device if options.device else emulated.run
    where = "on the device" if options.device else "under the emulator"
    checks, launches, failures, tiles = 0, 0, [], set()
    with tempfile.TemporaryDirectory() as folder:
        for program in programs.programs(options.kind, folder):
            if options.names and program.name not in options.names:
                continue
            path = os.path.join(folder, program.name + ".mlir")
            with open(path, "w", encoding="utf-8") as file:
                file.write(program.text())
            outcome = run(
                build, ["--check", "--strict", path] + program.arguments)
            count = len(program.results)
            checks += count
            launches += outcome.launches
            # The machine's own driver does not count launches; --strict does.
            if not outcome.clean() or (not options.device and
                                       outcome.launches < count):
                failures.append(program.name)
                print(f"FAILED {program.name}: {outcome}", flush=True)
            if options.kind == "contract":
                shown = run(build, ["--emit", "structured", path])
                tiles.update(re.findall(r"tile (\d+x\d+x\d+)", shown.text))
    if options.kind == "contract" and not options.names:
        missing = tiles_of_table() - tiles
        if missing or not tiles:
            failures.append("tiles")
            print("no contraction used tile " + ", ".join(sorted(missing)))
        print(f"tiles used: {', '.join(sorted(tiles))}")
    if not options.names:
        emulated.gpu_checks.record(build, "kernels-" + options.kind,
                                   "device" if options.device else "emulator",
                                   checks)
    print(f"{checks} checks of {options.kind} kernels {where}, "
          f"{launches} launches, {len(failures)} programs failed")
    sys.exit(1 if failures or not checks else 0)


if __name__ == "__main__":
    main()
