#!/usr/bin/env python3
# Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""solvers.py FOLDER COUNT [SEED]: random closures, powers and linear systems
over every semiring and structure, sparse and dense, with and without a
right-hand side on either side, against the interpreter (--check); and then what
diverges or is singular, which must end with one error, that of the interpreter
with its node or pivot too."""
import os
import subprocess
import sys

import numpy as np

FOLDER, COUNT = sys.argv[1], int(sys.argv[2])
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else int.from_bytes(
    os.urandom(4), "little")
print(f"seed {SEED}", flush=True)
os.makedirs(FOLDER, exist_ok=True)
random = np.random.default_rng(SEED)

ORDERED = ["min_plus", "max_plus", "max_times", "max_min", "min_max"]
DTYPES = {"f32": np.float32, "f64": np.float64, "i8": np.int8, "i32": np.int32,
          "i64": np.int64, "i1": np.bool_}
CSR = ("#csr = #sparse_tensor.encoding<{map = (d0, d1) -> "
       "(d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32}>\n")
USER = """noodle.semiring @lengths : f64
  traits <associative, commutative, distributive, annihilating, idempotent>
  zero {
    %z = arith.constant 0x7FF0000000000000 : f64
    noodle.yield %z : f64
  } one {
    %o = arith.constant 0.0 : f64
    noodle.yield %o : f64
  } add {
  ^bb0(%a: f64, %b: f64):
    %m = arith.minimumf %a, %b : f64
    noodle.yield %m : f64
  } mul {
  ^bb0(%a: f64, %b: f64):
    %m = arith.addf %a, %b : f64
    noodle.yield %m : f64
  }
"""
ZERO = {"min_plus": np.inf, "max_plus": -np.inf, "max_times": 0,
        "max_min": -np.inf, "min_max": np.inf, "or_and": 0, "xor_and": 0,
        "plus_times": 0, "log_plus": -np.inf, "@lengths": np.inf}
EXTENTS = [0, 1, 2, 3, 5, 7, 13, 20]
LARGE = [64, 65, 97, 130]


def zero_of(semiring, element):
    zero = ZERO[semiring]
    if np.isinf(zero) and element.startswith("i"):
        ends = np.iinfo(DTYPES[element])
        return ends.max if zero > 0 else ends.min
    return zero


def weights(semiring, element, n):
    """A matrix whose closure exists, and where it has an entry."""
    some = random.random((n, n)) < random.choice([0.1, 0.3, 0.8])
    upper = np.triu(np.ones((n, n), bool), 1)
    order = random.permutation(n)
    w = random.integers(0, 9, (n, n)).astype(float)
    if element.startswith("f"):
        w += random.integers(0, 4, (n, n)) / 4
    if semiring == "max_plus":
        w = -w
    if semiring == "max_times":
        w = w / 16 if element.startswith("f") else (w > 4).astype(float)
    if semiring in ("max_min", "min_max"):
        w -= 4
    if semiring in ("or_and", "xor_and"):
        w = np.ones((n, n))
    if semiring == "log_plus":
        w = np.log((w + 0.5) / (20.0 * max(n, 1)))
    if semiring == "plus_times" and element.startswith("f"):
        w = (w - 4) / (12.0 * max(n, 1))
    if semiring == "xor_and" or (semiring == "plus_times"
                                 and element.startswith("i")):
        some &= upper[np.ix_(order, order)]
        w = np.minimum(w, 2)
    elif semiring in ("min_plus", "max_plus", "@lengths"):
        # Negative edges that no cycle has: potentials cancel along it.
        p = random.integers(0, 5, n)
        w += (p[:, None] - p[None, :]) * random.integers(0, 2)
    return w, some


def write_matrix(path, w, some, element, sparse):
    if not sparse:
        np.save(path, w.astype(DTYPES[element]))
        return
    field = "real" if element.startswith("f") else "integer"
    rows, columns = np.nonzero(some)
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"%%MatrixMarket matrix coordinate {field} general\n")
        file.write(f"{w.shape[0]} {w.shape[1]} {len(rows)}\n")
        for i, j in zip(rows, columns):
            value = w[i, j] if field == "real" else int(w[i, j])
            file.write(f"{i + 1} {j + 1} {value!r}\n".replace(
                "np.float64(", "").replace(")", ""))


def run(text, files, number, how="--check"):
    program = f"{FOLDER}/p{number}.mlir"
    with open(program, "w", encoding="utf-8") as file:
        file.write(text)
    command = ["noodle-jit", how, program,
               f"--threads={1 + number % 2}"]
    for path in files:
        command += ["--arg", path]
    for k in range(text.count("return") and 1):
        command += ["--out", f"{FOLDER}/out{k}.npy"]
    done = subprocess.run(command, capture_output=True, text=True)
    return done, " ".join(command)


def extent():
    return int(random.choice(LARGE if random.random() < 0.15 else EXTENTS))


def shape_text(shape, element, static, encoding=""):
    dims = [str(e) if static else "?" for e in shape]
    return "tensor<" + "x".join(dims + [element]) + encoding + ">"


def operation(kind, number):
    """The text of a program and its files."""
    n = extent()
    static = random.random() < 0.4
    rhs = random.choice(["", "vector", "matrix"])
    left = bool(rhs) and random.random() < 0.4
    sparse, attributes, user = False, [], ""
    if kind == "solve":
        element = str(random.choice(["f32", "f64"]))
        structure = str(random.choice(["general", "lower", "upper",
                                       "unit_lower", "unit_upper", "spd"]))
        a = random.standard_normal((n, n))
        if structure == "spd":
            a = a @ a.T + n * np.eye(n)
        elif structure == "general":
            a = random.permutation(a + 4 * np.sqrt(max(n, 1)) * np.eye(n))
        else: # what is not read may be anything
            a = a / max(n, 1) + 3 * np.eye(n)
        some = np.ones((n, n), bool)
        attributes.append(f'structure = "{structure}"')
        fill = 0
    else:
        choices = ([("f64", s) for s in ORDERED + ["log_plus", "@lengths"]]
                   + [("f32", s) for s in ORDERED + ["log_plus"]]
                   + [("i32", s) for s in ORDERED + ["plus_times"]]
                   + [("i64", "plus_times"), ("i64", "min_plus"),
                      ("i1", "or_and"), ("i1", "xor_and"),
                      ("f64", "plus_times"), ("f32", "plus_times")])
        element, semiring = choices[random.integers(len(choices))]
        a, some = weights(semiring, element, n)
        fill = zero_of(semiring, element)
        sparse = random.random() < 0.3 and element != "i1"
        if semiring == "@lengths":
            user = USER
        attributes.append(f"semiring = #noodle.semiring<{semiring}>")
        a = np.where(some, a.astype(DTYPES[element]),
                     np.array(fill, DTYPES[element]))
    wide = extent()
    shape = {"": (n, n), "vector": (n,),
             "matrix": (wide, n) if left else (n, wide)}[str(rhs)]
    encoding = ", #csr" if sparse else ""
    matrix = shape_text((n, n), element, static, encoding)
    side = shape_text(shape, element, static)
    arguments, files = [f"%a: {matrix}"], []
    files.append(f"{FOLDER}/a{number}." + ("mtx" if sparse else "npy"))
    write_matrix(files[0], a, some, element, sparse)
    apply = ""
    if rhs:
        b = random.integers(0, 5, shape)
        arguments.append(f"%b: {side}")
        files.append(f"{FOLDER}/b{number}.npy")
        np.save(files[1], b.astype(DTYPES[element]))
        apply = f" apply(%b : {side})"
    if left:
        attributes.append("left")
    to = ""
    if kind == "matrix_power":
        exponent = int(random.integers(0, 7))
        if random.random() < 0.5:
            attributes.append(f"n = {exponent} : i64")
        else:
            arguments.append("%n: i64")
            files.append(str(exponent))
            to = " to(%n)"
    text = (CSR + user + f"func.func @main({', '.join(arguments)}) -> {side} {{\n"
            f"  %x = noodle.{kind} %a{to}{apply} "
            f"{{{', '.join(attributes)}}} : {matrix} -> {side}\n"
            f"  return %x : {side}\n}}\n")
    return text, files


def refused(number):
    """What has no result: the text, the files and a word of the error."""
    n = int(random.integers(2, 90))
    kind = random.choice(["negative", "expanding", "cyclic", "singular",
                          "indefinite", "probable", "thin"])
    element, op, attribute = "f64", "closure", "min_plus"
    rhs = kind == "thin"
    a = np.full((n, n), np.inf)
    cycle = random.permutation(n)[:max(2, n // 2)]
    word = "diverges"
    for i, j in zip(cycle, np.roll(cycle, -1)):
        a[i, j] = 1
    if kind in ("negative", "thin"):
        a[cycle[0], cycle[1]] = -len(cycle)
    elif kind == "expanding":
        attribute, a = "plus_times", np.where(np.isinf(a), 0.0, 1.0)
    elif kind == "cyclic":
        element, attribute = "i64", "plus_times"
        a = np.where(np.isinf(a), 0, 1)
    elif kind == "probable":
        attribute, a = "log_plus", np.where(np.isinf(a), -np.inf, 0.01)
    elif kind == "singular":
        op, word = "solve", "singular"
        a = random.integers(-2, 3, (n, n)).astype(float)
        a[:, random.integers(n)] = 0
    else:
        op, word = "solve", "positive definite"
        a = np.eye(n)
        a[n - 1, n - 1] = -1
    attribute = ('structure = "spd"' if kind == "indefinite" else
                 'structure = "general"' if kind == "singular" else
                 f"semiring = #noodle.semiring<{attribute}>")
    matrix = f"tensor<?x?x{element}>"
    side = f"tensor<?x{element}>" if rhs else matrix
    files = [f"{FOLDER}/a{number}.npy"]
    np.save(files[0], a.astype(DTYPES[element]))
    apply, more = "", ""
    if rhs:
        files.append(f"{FOLDER}/b{number}.npy")
        np.save(files[1], np.zeros(n))
        apply, more = f" apply(%b : {side})", f", %b: {side}"
    text = (f"func.func @main(%a: {matrix}{more}) -> {side} {{\n"
            f"  %x = noodle.{op} %a{apply} {{{attribute}}} "
            f": {matrix} -> {side}\n  return %x : {side}\n}}\n")
    return text, files, word


agreed, ended = 0, 0
for number in range(COUNT):
    kind = str(random.choice(["closure", "closure", "closure", "solve",
                              "matrix_power"]))
    text, files = operation(kind, number)
    done, command = run(text, files, number)
    if done.returncode:
        sys.exit(f"{command}: {done.returncode}\n{done.stderr}\n{text}")
    agreed += 1
for number in range(COUNT, COUNT + COUNT // 6):
    text, files, word = refused(number)
    done, command = run(text, files, number)
    lines = [l for l in done.stderr.splitlines() if "error: " in l]
    if done.returncode != 1 or len(lines) != 1 or word not in lines[0]:
        sys.exit(f"{command}: wanted one error with '{word}', got "
                 f"{done.returncode}\n{done.stderr}\n{text}")
    # Which pivot of a singular matrix rounds to 0 is no property of it.
    interpreted, command = run(text, files, number, "--strategy=reference")
    if word != "singular" and interpreted.stderr != done.stderr:
        sys.exit(f"{command}: interpreted\n{interpreted.stderr}\ncompiled\n"
                 f"{done.stderr}\n{text}")
    ended += 1
print(f"{agreed} results agree with the interpreter, {ended} errors")
