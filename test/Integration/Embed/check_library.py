#!/usr/bin/env python3
"""What libnoodle.so shows and needs, and whether its ABI is the recorded one.

  check_library.py LIBRARY BINDIR abi.txt layouts-program [--record]

Exports must be noodle_* alone, needed libraries among the few below, and the
list of functions and struct layouts that of abi.txt. Functions and fields may
be added under one NOODLE_API_VERSION (record them with --record); one that is
gone or moved needs a new version.
"""
import pathlib
import subprocess
import sys

# zlib and zstd: LLVM compresses debug sections with them.
ALLOWED = {"libc.so.6", "libm.so.6", "libz.so.1", "libzstd.so.1",
           "ld-linux-x86-64.so.2"}


def run(*command):
    return subprocess.run(command, check=True, capture_output=True,
                          text=True).stdout


def main():
    arguments = [a for a in sys.argv[1:] if a != "--record"]
    library, bindir, record, layouts = arguments
    faults = []
    symbols = run(f"{bindir}/llvm-nm", "-D", "--defined-only", library)
    exported = sorted(line.split()[-1] for line in symbols.splitlines())
    exported = [name.split("@")[0] for name in exported]
    faults += [f"exports {n}, which is not noodle_*" for n in exported
               if not n.startswith("noodle_")]
    dynamic = run(f"{bindir}/llvm-readelf", "-d", library)
    needed = [line.split("[")[1].rstrip("]")
              for line in dynamic.splitlines() if "(NEEDED)" in line]
    faults += [f"needs {n}, which is not on the list" for n in needed
               if n not in ALLOWED]
    lines = [f"function {name}" for name in exported]
    lines += run(layouts).splitlines()
    if "--record" in sys.argv:
        pathlib.Path(record).write_text("\n".join(lines) + "\n")
    known = pathlib.Path(record).read_text().splitlines()
    faults += [f"gone or changed since recorded: {line}" for line in known
               if line not in lines]
    faults += [f"not recorded (run with --record): {line}" for line in lines
               if line not in known]
    for fault in faults:
        print(f"{library}: {fault}")
    print(f"{len(exported)} functions exported, {len(needed)} libraries "
          f"needed: {' '.join(sorted(needed))}")
    return 1 if faults else 0


sys.exit(main())
