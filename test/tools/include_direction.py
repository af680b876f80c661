#!/usr/bin/env python3
"""Includes point one way.

    include_direction.py [--self-test]

Dialect <- Cost <- Algebra <- Strategy <- Conversion, Transforms, Target <-
Pipelines <- Engine <- CAPI <- tools. The interpreter (Reference) knows the
dialect alone and is known to Algebra, Engine and what is above. The compiler
below Engine knows the runtime through noodle-rt/abi.h, ir_symbols.def, the
records of sparse.h and the number formats of narrow.h only.
The runtime knows nothing of the compiler or LLVM, the host API nothing but
itself.
"""
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
LAYERS = {"Dialect": 0, "Reference": 0, "Cost": 1, "Algebra": 2, "Strategy": 3,
          "Conversion": 4, "Transforms": 4, "Target": 4, "Pipelines": 5,
          "InitAll.h": 5, "Engine": 6, "CAPI": 7, "tools": 8}
MAY_USE_REFERENCE = {"Reference", "Algebra", "Engine", "CAPI", "tools"}
COMPILER_RT = {
    "noodle-rt/abi.h",
    "noodle-rt/ir_symbols.def",
    "noodle-rt/narrow.h",  # what numbers of 16 bits mean: no call, no state
    "noodle-rt/blocks.h",  # layouts from one to another: no call
    "noodle-rt/rows.h",  # layouts from one to another: no call
    "noodle-rt/sparse.h",  # what generated code hands over: no call
}
INCLUDE = re.compile(r'^\s*#?\s*include\s+[<"]([^>"]+)[>"]')


def part_of(path):
    """'rt', 'c' or a key of LAYERS for a source path; None: no rule."""
    words = path.split("/")
    if words[0] == "runtime" or words[:2] == ["include", "noodle-rt"]:
        return "rt"
    if words[:2] == ["include", "noodle-c"]:
        return "c"
    if words[0] == "tools":
        return "tools"
    if words[0] == "lib" and len(words) > 2:
        return words[1]
    if words[:2] == ["include", "noodle"] and len(words) > 2:
        return words[2]
    return None


def fault(path, included):
    """Why `path` must not include `included`; None where it may."""
    part, head = part_of(path), included.split("/")[0]
    if part is None:
        return None
    if part == "rt":
        if head in ("llvm", "mlir", "noodle", "noodle-c"):
            return "the runtime includes nothing of the compiler or LLVM"
        return None
    if part == "c":
        if head in ("llvm", "mlir", "noodle", "noodle-rt"):
            return "the host API includes nothing but itself"
        return None
    if part not in LAYERS:
        return f"'{part}' has no layer; name it in {os.path.basename(__file__)}"
    if head == "noodle-rt":
        if LAYERS[part] < LAYERS["Engine"] and included not in COMPILER_RT:
            return ("the compiler knows the runtime through "
                    f"{', '.join(sorted(COMPILER_RT))} alone")
        return None
    if head == "noodle-c" and LAYERS[part] < LAYERS["CAPI"]:
        return "the host API is above this"
    if head != "noodle" or "/" not in included:
        return None
    other = included.split("/")[1]
    if other not in LAYERS:
        return f"'{other}' has no layer; name it in {os.path.basename(__file__)}"
    if part == "Reference" and other not in ("Reference", "Dialect"):
        return "the interpreter knows the dialect alone"
    if other == "Reference" and part not in MAY_USE_REFERENCE:
        return f"{part} must not know the interpreter"
    if LAYERS[other] > LAYERS[part]:
        return f"{other} is above {part}"
    return None


def check(root):
    faults, seen = [], 0
    for top in ("include", "lib", "runtime", "tools"):
        for here, _, files in os.walk(os.path.join(root, top)):
            for name in sorted(files):
                if not name.endswith((".h", ".hpp", ".cpp", ".td", ".def")):
                    continue
                path = os.path.relpath(os.path.join(here, name), root)
                seen += 1
                with open(os.path.join(root, path), encoding="utf-8") as file:
                    for number, line in enumerate(file, 1):
                        match = INCLUDE.match(line)
                        why = match and fault(path, match.group(1))
                        if why:
                            faults.append(f"{path}:{number}: error: includes "
                                          f"{match.group(1)}: {why}")
    return faults, seen


PLANTED = [
    ("lib/Dialect/A.cpp", "noodle/Engine/Engine.h"),
    ("lib/Strategy/A.cpp", "noodle/Transforms/Passes.h"),
    ("lib/Cost/A.cpp", "noodle/Algebra/A.h"),
    ("lib/Conversion/A.cpp", "noodle/Reference/Interpreter.h"),
    ("include/noodle/Reference/A.h", "noodle/Algebra/A.h"),
    ("include/noodle/Dialect/A.td", "noodle/Pipelines/A.td"),
    ("lib/Transforms/Tiling/A.cpp", "noodle-rt/runtime.h"),
    ("runtime/sched/a.cpp", "llvm/ADT/StringRef.h"),
    ("include/noodle-rt/a.h", "noodle/Dialect/Noodle.h"),
    ("include/noodle-c/noodle.h", "noodle-rt/abi.h"),
    ("lib/Engine/A.cpp", "noodle-c/noodle.h"),
    ("lib/Novel/A.cpp", "noodle/Dialect/Noodle.h"),
]
ALLOWED = [
    ("lib/Engine/A.cpp", "noodle/Reference/Interpreter.h"),
    ("lib/Engine/A.cpp", "noodle-rt/runtime.h"),
    ("lib/Strategy/A.cpp", "noodle/Cost/A.h"),
    ("lib/Conversion/A.cpp", "noodle-rt/abi.h"),
    ("lib/CAPI/CAPI.cpp", "noodle-c/noodle.h"),
    ("tools/noodle-jit/a.cpp", "noodle/Engine/Engine.h"),
    ("runtime/io/npy.cpp", "noodle-rt/io.h"),
]


def self_test():
    assert INCLUDE.match('include "noodle/Dialect/NoodleBase.td"')
    assert INCLUDE.match('  # include <llvm/ADT/StringRef.h>')
    for path, included in PLANTED:
        assert fault(path, included), f"missed: {path} includes {included}"
    for path, included in ALLOWED:
        assert not fault(path, included), f"refused: {path} {included}"


def main():
    self_test()
    if "--self-test" in sys.argv:
        print(f"{len(PLANTED)} planted faults found")
        return
    faults, seen = check(ROOT)
    print("\n".join(faults) if faults else f"{seen} files include one way")
    sys.exit(1 if faults or not seen else 0)


if __name__ == "__main__":
    main()
