#!/usr/bin/env python3
# Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""laws.py FOLDER ROUNDS [SEED]: the laws of properties executed. Programs to
which a law applies run on small random integers, over every semiring and element
type for which it is claimed, and agree with the interpreter; integers exactly.
Each program says which law it wants, and that law must have fired. Then promises
that do not hold, which --check must refuse."""
import os
import subprocess
import sys

import numpy as np

FOLDER, ROUNDS = sys.argv[1], int(sys.argv[2])
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else int.from_bytes(
    os.urandom(4), "little")
print(f"seed {SEED}", flush=True)
os.makedirs(FOLDER, exist_ok=True)
random = np.random.default_rng(SEED)
DTYPES = {"f32": np.float32, "f64": np.float64, "i8": np.int8, "i32": np.int32,
          "i64": np.int64, "i1": np.bool_}
NUMBERS = [("plus_times", t) for t in ("f32", "f64", "i32", "i64")] + [
    ("or_and", "i1"), ("xor_and", "i1")]
FLOATS = [("plus_times", "f32"), ("plus_times", "f64")]
ALL = NUMBERS + [(s, t) for t in ("f64", "i32") for s in
                 ("min_plus", "max_plus", "max_times", "max_min", "min_max")]


def entries(shape):
    return random.integers(0, 4, shape).astype(float)


def matrix(properties, n, m=None):
    m = n if m is None else m
    a = entries((n, m)) - (2 if "signed" in properties else 0)
    if "zero" in properties:
        return np.zeros((n, m))
    if "identity" in properties:
        return np.eye(n)
    if "permutation" in properties or "orthogonal" in properties:
        return np.eye(n)[random.permutation(n)]
    if "function" in properties:
        return np.eye(m)[random.integers(0, m, n)]
    if "row_stochastic" in properties:
        return (a + 1) / (a + 1).sum(axis=1, keepdims=True)
    if "diagonal" in properties:
        a = np.diag(np.diag(a))
    if "lower" in properties:
        a = np.tril(a)
    if "upper" in properties:
        a = np.triu(a)
    if "spd" in properties:
        a = a @ a.T + n * np.eye(n)
    elif "nonsingular" in properties:
        a += np.diag(9.0 + np.abs(a).sum(axis=1))
    if "unit_diag" in properties:
        np.fill_diagonal(a, 1)
    return a


class Program:
    def __init__(self, semiring, element, policy):
        self.semiring, self.element = semiring, element
        self.policy = policy
        self.arguments, self.arrays, self.lines, self.names = [], [], [], 0

    def type(self, shape):
        return "tensor<" + "".join(f"{e}x" for e in shape) + self.element + ">"

    def argument(self, array):
        name = f"%a{len(self.arrays)}"
        self.arguments.append(f"{name}: {self.type(array.shape)}")
        self.arrays.append(array.astype(DTYPES[self.element]))
        return name, array.shape

    def line(self, text, shape):
        self.names += 1
        self.lines.append(f"  %v{self.names} = {text}")
        return f"%v{self.names}", shape

    def assume(self, value, *properties):
        names = ", ".join(f'"{p}"' for p in properties)
        return self.line(f"noodle.assume {value[0]} {{props = [{names}]}} "
                         f": {self.type(value[1])}", value[1])

    def contract(self, equation, *values):
        inputs, output = equation.split("->")
        extents = {}
        for letters, value in zip(inputs.split(","), values):
            extents.update(zip(letters, value[1]))
        shape = tuple(extents[l] for l in output)
        types = ", ".join(self.type(v[1]) for v in values)
        names = ", ".join(v[0] for v in values)
        return self.line(f'noodle.contract "{equation}" ({names}) {{semiring = '
                         f"#noodle.semiring<{self.semiring}>}} : ({types}) -> "
                         f"{self.type(shape)}", shape)

    def square(self, op, value, attributes="", rhs=None):
        if op != "solve":
            attributes += f", semiring = #noodle.semiring<{self.semiring}>"
        shape = rhs[1] if rhs else value[1]
        apply = f" apply({rhs[0]} : {self.type(rhs[1])})" if rhs else ""
        return self.line(f"noodle.{op} {value[0]}{apply} "
                         f"{{{attributes.lstrip(', ')}}} : "
                         f"{self.type(value[1])} -> {self.type(shape)}", shape)

    def run(self, number, *results):
        types = ", ".join(self.type(r[1]) for r in results)
        text = (f"module attributes {{noodle.fp = #noodle.fp<{self.policy}>}} {{\n"
                f"func.func @main({', '.join(self.arguments)}) -> ({types}) {{\n"
                + "\n".join(self.lines)
                + f"\n  return {', '.join(r[0] for r in results)} : {types}\n"
                "}\n}\n")
        path = f"{FOLDER}/l{number}.mlir"
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        command = ["noodle-jit", "--check", path]
        for k, array in enumerate(self.arrays):
            np.save(f"{FOLDER}/l{number}.{k}.npy", array)
            command += ["--arg", f"{FOLDER}/l{number}.{k}.npy"]
        for k in range(len(results)):
            command += ["--out", f"{FOLDER}/out{k}.npy"]
        done = subprocess.run(command, capture_output=True, text=True)
        plan = subprocess.run(["noodle-opt", "--noodle-apply-laws", path],
                              capture_output=True, text=True).stdout
        return done, plan, " ".join(command) + "\n" + text


def pick(choices):
    return choices[random.integers(len(choices))]


def program_for(law):
    """A program that the law applies to."""
    n, m, k = (int(e) for e in random.integers(2, 9, 3))
    fast = "fast" if law == 9 else "reassoc"
    element = {3: NUMBERS, 4: NUMBERS, 5: NUMBERS, 7: FLOATS, 8: ALL,
               9: NUMBERS[:4], 14: ALL, 15: ALL}.get(law, FLOATS)
    semiring, kind = pick(element)
    if law in (8, 14, 15) and kind == "i32" and semiring.endswith("_plus"):
        kind = "f64" # sums that saturate are not grouped anew
    p = Program(semiring, kind, fast)
    if law in (3, 4, 5):
        name = {3: "identity", 4: "zero", 5: "diagonal"}[law]
        a = p.assume(p.argument(matrix(name, n)), name)
        x = p.argument(entries((n, m)))
        equation = pick(["ij,jk->ik", "ji,jk->ik", "ij,jk->ki", "ij,jk->i"])
        y = p.argument(entries((m, n)))
        return p, [p.contract(equation, a, x), p.contract("ki,ij->kj", y, a)]
    if law == 7:
        name = pick(["function", "row_stochastic"])
        a = p.assume(p.argument(matrix(name, n, m)), name)
        return p, [p.contract("ij->i", a)]
    if law == 8:
        a, b = p.argument(entries((n, m))), p.argument(entries((m, n)))
        c = p.contract("ij,jk->ik", a, b)
        return p, [p.contract(pick(["ii->", "ii->i"]), c)]
    if law == 9:
        n, m = n + 20, m + 20
        u, v = p.argument(entries((n, 2))), p.argument(entries((2, m)))
        a, x = p.argument(entries((n, m))), p.argument(entries((m,)))
        y = p.argument(entries((n,)))
        product = p.contract("ir,rj->ij", u, v)
        t = p.type((n, m))
        add = "addi" if kind.startswith("i") else "addf"
        s = p.line(f"noodle.map ({a[0]}, {product[0]}) : ({t}, {t}) -> {t} {{\n"
                   f"  ^bb0(%x: {kind}, %y: {kind}):\n"
                   f"    %z = arith.{add} %x, %y : {kind}\n"
                   f"    noodle.yield %z : {kind}\n  }}", (n, m))
        return p, [p.contract("ij,j->i", s, x) if random.random() < 0.5
                   else p.contract("i,ij->j", y, s)]
    if law == 10:
        names = pick([["lower"], ["upper"], ["spd"], ["lower", "unit_diag"],
                      ["upper", "unit_diag"], ["diagonal"]])
        a = p.argument(matrix(names + ["nonsingular"], n))
        a = p.assume(a, *names)
        b = p.argument(pick([entries((n,)), entries((n, n))]))
        left = pick(["", "left"])
        return p, [p.square("solve", a, left, b), p.square("solve", a)]
    if law == 11:
        a = p.assume(p.argument(matrix("orthogonal", n)), "orthogonal")
        b = p.argument(pick([entries((n,)), entries((n, n))]))
        return p, [p.square("solve", a, pick(["", "left"]), b),
                   p.square("solve", a)]
    if law == 12:
        i = p.square("solve", p.argument(matrix("nonsingular", n)))
        if random.random() < 0.5:
            return p, [p.contract("ij,jk->ik", i, p.argument(entries((n, m))))]
        return p, [p.contract("ki,ij->kj", p.argument(entries((m, n))), i)]
    if law == 13:
        a = p.argument(matrix("nonsingular", n))
        b = p.argument(matrix("nonsingular", k))
        c = p.line(f"noodle.kron {a[0]}, {b[0]} : {p.type(a[1])}, "
                   f"{p.type(b[1])} -> {p.type((n * k, n * k))}", (n * k, n * k))
        return p, [p.square("solve", c)]
    a = entries((n, n))
    b = p.argument(entries((n,)))
    if law == 14:
        if semiring == "plus_times":
            a = a / (9.0 * n) if kind.startswith("f") else np.triu(a, 1)
        elif semiring == "xor_and":
            a = np.triu(a % 2, 1)
        elif semiring == "max_plus":
            a = -a
        elif semiring == "max_times":
            a = a > 2
        c = p.square("closure", p.argument(a))
    else:
        c = p.square("matrix_power", p.argument(a % 2), "n = 2 : i64")
    return p, [p.contract(*pick([("ij,j->i", c, b), ("i,ij->j", b, c)]))]


ran = 0
for _ in range(ROUNDS):
    for law in (3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15):
        program, results = program_for(law)
        done, plan, what = program.run(ran, *results)
        if done.returncode:
            sys.exit(f"law {law}: {what}{done.stderr}")
        if f"law {law}, " not in plan:
            sys.exit(f"law {law} did not fire: {what}{plan}")
        ran += 1
refused = 0
for name in ("zero", "identity", "diagonal", "lower", "upper", "unit_diag",
             "symmetric", "spd", "orthogonal", "permutation", "function",
             "row_stochastic", "nonneg", "nonsingular", "toeplitz",
             "circulant"):
    program = Program("plus_times", "f64", "reassoc")
    n = int(random.integers(2, 6))
    wrong = -np.arange(1.0, n * n + 1).reshape(n, n) ** 2
    if name == "nonsingular":
        wrong[:] = 1
    done, _, what = program.run(
        ran, program.assume(program.argument(wrong), name))
    ran += 1
    lines = [l for l in done.stderr.splitlines() if "error: " in l]
    if not done.returncode or len(lines) != 1 or (
            f"assumed to be {name}, but entry (" not in lines[0]):
        sys.exit(f"{what}: {done.returncode}\n{done.stderr}")
    refused += 1
print(f"{ran - refused} programs agree, {refused} wrong promises refused")
