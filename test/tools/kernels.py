#!/usr/bin/env python3
"""Assembles every kind of kernel for several chips, and tells what each takes.

    kernels.py [--build FOLDER] (--check | --write | --self-test)

Fails where a program below gets no kernel, ptxas refuses one, or a main tile
spills: those of a contraction by plus_times or min_plus of f32, f64 or i32;
whole numbers of 64 bits take several instructions a product. --check also
fails where docs/generated/Kernels.md differs from what is found;
--write writes it. Exits with 77 where there is no ptxas of the pinned version,
since registers differ between versions.
"""
import argparse
import os
import re
import subprocess
import sys

import gpu_checks
import ptxas

ROOT = ptxas.ROOT
PAGE = os.path.join("docs", "generated", "Kernels.md")
# The oldest and the newest that tiles are made for, and the newest that LLVM 22
# knows.
CHIPS = ("sm_80", "sm_90", "sm_121")
SKIPPED = 77

HEAD = """\
#csr32 = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>
#csr64 = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 64, crdWidth = 64}>
func.func private @gelu(%x: f32) -> f32 {
  %half = arith.constant 0.5 : f32
  %one = arith.constant 1.0 : f32
  %root = arith.constant 0.70710678 : f32
  %s = arith.mulf %x, %root : f32
  %e = math.erf %s : f32
  %p = arith.addf %e, %one : f32
  %h = arith.mulf %x, %half : f32
  %y = arith.mulf %h, %p : f32
  return %y : f32
}
func.func private @logistic(%x: f64) -> f64 {
  %one = arith.constant 1.0 : f64
  %n = arith.negf %x : f64
  %e = math.exp %n : f64
  %d = arith.addf %e, %one : f64
  %y = arith.divf %one, %d : f64
  return %y : f64
}
"""
FLOATS = ("plus_times", "min_plus", "max_plus", "max_times", "max_min",
          "min_max", "log_plus")
WHOLE = ("plus_times", "min_plus", "max_plus", "max_min")


def semiring(name):
    return f"semiring = #noodle.semiring<{name}>"


def product(rows, inner, columns, element, name):
    a, b, c = (f"tensor<{m}x{n}x{element}>" for m, n in (
        (rows, inner), (inner, columns), (rows, columns)))
    return (f"(%a: {a}, %b: {b}) -> {c}",
            f"noodle.matmul %a, %b {{{semiring(name)}}} : {a}, {b} -> {c}", c)


def one(op, argument, result=None):
    """An op of one operand."""
    result = result or argument
    arrow = "" if result == argument else f" -> {result}"
    return (f"(%a: {argument}) -> {result}", f"{op} : {argument}{arrow}",
            result)


def sparse(encoding, element, name, columns):
    a = f"tensor<?x?x{element}, #{encoding}>"
    b = f"tensor<?{columns}x{element}>"
    return (f"(%a: {a}, %b: {b}) -> {b}",
            f"noodle.matmul %a, %b {{{semiring(name)}}} : {a}, {b} -> {b}", b)


def functions():
    """Signature, op and result type of each function, one op in each."""
    types = [(e, names) for e, names in (("f32", FLOATS), ("f64", FLOATS),
                                         ("i32", WHOLE), ("i64", WHOLE))]
    for element, names in types:
        for name in names:
            yield product(4096, 4096, 4096, element, name)
        # Smaller tiles, masks on every side, and a vector.
        for extent in (300, 40):
            yield product(extent, extent + 1, extent + 3, element, names[0])
        yield product("?", "?", "?", element, "min_plus")
        vector = f"tensor<?x{element}>"
        matrix = f"tensor<?x?x{element}>"
        yield (f"(%a: {matrix}, %b: {vector}) -> {vector}",
               f"noodle.matmul %a, %b : {matrix}, {vector} -> {vector}", vector)
        yield one(f"noodle.reduce %a {{dims = array<i64: 1>, "
                  f"{semiring('max_plus')}}}", matrix, vector)
        yield one(f"noodle.reduce %a {{dims = array<i64: 0>, "
                  f"{semiring('plus_times')}}}", matrix, vector)
        yield (f"(%a: {matrix}) -> {matrix}",
               "noodle.transpose %a {permutation = array<i64: 1, 0>} : "
               f"{matrix} -> {matrix}", matrix)
        for encoding in ("csr32", "csr64"):
            yield sparse(encoding, element, "plus_times", "")
        yield sparse("csr32", element, "min_plus", "")
        yield sparse("csr32", element, "plus_times", "x?")
        yield sparse("csr32", element, "max_plus", "x?")
    for element in ("f32", "f64"):
        batch = f"tensor<?x256x256x{element}>"
        yield (f"(%a: {batch}, %b: {batch}) -> {batch}",
               f"noodle.matmul %a, %b : {batch}, {batch} -> {batch}", batch)
        for width in (64, 1024, 4096, "?"):
            rows = f"tensor<?x{width}x{element}>"
            yield one("noodle.softmax %a {axis = 1 : i64}", rows)
            row = f"tensor<{width}x{element}>"
            yield (f"(%a: {rows}, %g: {row}, %b: {row}) -> {rows}",
                   f"noodle.layer_norm %a scale(%g : {row}) shift(%b : {row}) "
                   f"{{epsilon = 1.0e-5 : f64}} : {rows}", rows)
    for function, element in (("gelu", "f32"), ("logistic", "f64")):
        a = f"tensor<?x?x{element}>"
        yield (f"(%a: {a}) -> {a}", f"noodle.map @{function} (%a) : ({a}) -> {a}",
               a)


def program():
    text, count = HEAD, 0
    for count, (signature, op, result) in enumerate(functions(), 1):
        text += (f"func.func @f{count}{signature} {{\n  %r = {op}\n"
                 f"  return %r : {result}\n}}\n")
    return text, count


def run(*command, **options):
    return subprocess.run(command, text=True, capture_output=True, check=False,
                          cwd=ROOT, **options)


class Failed(Exception):
    pass


def kernels_of(build, chip, text):
    """The module with its kernels packed, and what each does by its name."""
    pipeline = f"--noodle-schedule-pipeline=target=cuda strategy=gpu chip={chip}"
    done = run(os.path.join(build, "bin", "noodle-opt"), pipeline, "-",
               input=text)
    if done.returncode:
        raise Failed(f"{chip}: noodle-opt: {done.stderr.strip()[:2000]}")
    # Every function launches one.
    for body in re.split(r"\n  func\.func ", done.stdout)[1:]:
        if body.startswith("@f") and "noodle.launch" not in body:
            raise Failed(f"{chip}: no kernel for {body.splitlines()[0]}")
    listed = re.search(r"noodle\.kernels = \[(.*?)\]", done.stdout)
    texts = {}
    for entry in re.findall(r"\{(.*?)\}", listed.group(1) if listed else ""):
        fields = dict(re.findall(r'(\w+) = "([^"]*)"', entry))
        texts[fields["name"]] = fields["text"]
    return done.stdout, texts


def resources(build, chip, kernels):
    """Numbers of each kernel by its name."""
    done = run(os.path.join(build, "test", "lib", "noodle-ptx"),
               f"--chip={chip}", "--emit=resources",
               "--ptxas=" + os.path.join(build, "ptxas", "ptxas"), "-",
               input=kernels)
    if done.returncode:
        raise Failed(f"{chip}: {done.stderr.strip()[:2000]}")
    found = {}
    for line in done.stdout.splitlines():
        name, *numbers = line.split()
        found[name] = {k: int(v) for k, v in
                       (number.split("=") for number in numbers)}
    return found


def measure(build):
    """Rows of the table: text of a kernel to its numbers by chip."""
    text, count = program()
    table, faults, total, tiles, spilling = {}, [], 0, 0, 0
    for chip in CHIPS:
        kernels, texts = kernels_of(build, chip, text)
        found = resources(build, chip, kernels)
        if set(found) != set(texts):
            raise Failed(f"{chip}: ptxas reports "
                         f"{sorted(set(found) ^ set(texts))} or leaves it out")
        for name, numbers in found.items():
            total += 1
            kind = name.rstrip("0123456789").rstrip("_").replace("_", "-")
            key = (kind, texts[name])
            while chip in table.get(key, {}):  # the same words for two kernels
                key = (kind, key[1] + " *")
            table.setdefault(key, {})[chip] = numbers
            tiles += is_main(texts[name])
            spilling += bool(numbers["spills"])
            faults += spills(f"{chip}: {name}", texts[name], numbers)
    print(f"kernels: {count} programs, {total} kernels assembled for "
          f"{', '.join(CHIPS)}; {tiles} main tiles, {len(faults)} spill; "
          f"of all kernels {spilling} do")
    return table, faults


def is_main(text):
    return bool(re.search(r"(plus_times|min_plus) (f32|f64|i32), tile", text))


def spills(name, text, numbers):
    """A fault where a main tile does not fit its registers."""
    if is_main(text) and (numbers["spills"] or numbers["stack"]):
        yield (f"{name} ({text}): {numbers['spills']} bytes spilled, "
               f"{numbers['stack']} bytes of a thread's own memory")


def cell(numbers):
    spilled = f" ({numbers['spills']} B)" if numbers["spills"] else ""
    return f"{numbers['registers']}{spilled}"


def page(table):
    head = f"""<!-- Written by tools/dev docs; do not edit. -->

# Kernels

What ptxas {ptxas.VERSION} says of each kind of kernel: 32-bit registers of a
thread on each chip, and bytes of shared memory of a block. A second number are
bytes that a thread stores and loads because its registers do not suffice; ptxas
prefers a few of them to fewer blocks at a time.

| kind | what it computes | shared | {' | '.join(CHIPS)} |
|---|---|---|{'---|' * len(CHIPS)}
"""
    lines = []
    for (kind, text), chips in sorted(table.items()):
        shared = max(numbers["shared"] for numbers in chips.values())
        cells = [cell(chips[c]) if c in chips else "" for c in CHIPS]
        what = text.replace("|", "\\|").replace("*", "\\*")
        lines.append(f"| {kind} | {what} | {shared} | {' | '.join(cells)} |\n")
    return head + "".join(lines)


def self_test(build):
    """What must be refused: a program without a kernel, a tile that spills."""
    tile = "mk,kn->mn min_plus f32, tile 128x128x8"
    spilling, fitting = {"spills": 8, "stack": 0}, {"spills": 0, "stack": 0}
    assert list(spills("x", tile, spilling))
    assert not list(spills("x", tile, fitting))
    assert not list(spills("x", tile.replace("min_plus", "log_plus"), spilling))
    try:
        kernels_of(build, CHIPS[0], HEAD + "func.func @f1(%a: tensor<4xf32>) -> "
                   "tensor<4xf32> {\n  return %a : tensor<4xf32>\n}\n")
    except Failed as missing:
        assert "no kernel for @f1" in str(missing), missing
    else:
        raise AssertionError("a program without a kernel passes")
    print("planted faults found")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    if ptxas.version(os.path.join(options.build, "ptxas", "ptxas")) != (
            ptxas.VERSION):
        print(f"kernels: skipped, {len(list(functions()))} programs for "
              f"{len(CHIPS)} chips: no ptxas {ptxas.VERSION}")
        sys.exit(SKIPPED)
    if options.self_test:
        self_test(options.build)
        return
    try:
        table, faults = measure(options.build)
    except Failed as failed:
        sys.exit(f"kernels: error: {failed}")
    path = os.path.join(ROOT, PAGE)
    text = page(table)
    if options.write:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        print(f"kernels: wrote {PAGE}")
    elif options.check:
        old = ""
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                old = file.read()
        if old != text:
            faults.append(f"{PAGE} is stale: run tools/dev docs")
        gpu_checks.record(os.path.join(ROOT, options.build), "kernels", "ptx",
                          sum(len(chips) for chips in table.values()))
    for fault in faults:
        print(f"kernels: error: {fault}")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
