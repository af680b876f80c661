#!/usr/bin/env python3
"""rows.py DIRECTORY SEED COUNT

Seeded random chains of maps, reductions, softmax, layer norm, transposes and
products: each agrees with the interpreter (noodle-jit --check) on some CPU level,
and one and two threads, optimised or not, give the same bits. Sizes are odd,
even, one, none and larger than a cache; some rows hold NaN and infinities.
"""
import math
import os
import random
import struct
import subprocess
import sys

BINARY = ["%s = arith.addf %x, %y : T", "%s = arith.mulf %x, %y : T",
          "%s = arith.subf %x, %y : T", "%s = arith.maximumf %x, %y : T",
          "%d = arith.subf %x, %y : T\n    %s = arith.mulf %d, %d : T"]
UNARY = ["%s = arith.addf %x, %x : T", "%s = math.absf %x : T",
         "%s = math.tanh %x : T",
         "%n = arith.negf %x : T\n    %s = math.exp %n : T"]


class Chain:
    """One program: its text, its arguments as arrays, its results."""

    def __init__(self, rng):
        self.rng, self.lines, self.arguments, self.live = rng, [], [], []
        self.results, self.names = [], 0
        self.element = rng.choice(["f32", "f32", "f64"])
        self.dynamic = rng.random() < 0.3
        self.large = rng.random() < 0.4

    def extent(self):
        if self.large:
            return self.rng.choice([257, 333, 512, 700])
        return self.rng.choice([0, 1, 1, 2, 3, 5, 8, 16, 17, 33, 64, 100, 131])

    def type(self, shape, fixed=()):
        dims = [str(e) if k in fixed or not self.dynamic or e == 1 else "?"
                for k, e in enumerate(shape)]
        return "tensor<" + "x".join(dims + [self.element]) + ">"

    def name(self):
        self.names += 1
        return f"%v{self.names}"

    def argument(self, shape):
        name = f"%a{len(self.arguments)}"
        self.arguments.append((name, shape))
        return name

    def make(self, shape, text):
        name = self.name()
        self.lines.append(f"  {name} = {text}")
        self.live.append((name, shape))

    def map(self, operands, shape, body):
        names = ", ".join(n for n, _ in operands)
        types = ", ".join(self.type(s) for _, s in operands)
        args = ", ".join(f"{v}: {self.element}"
                         for v, _ in zip(("%x", "%y"), operands))
        body = body.replace("T", self.element)
        self.make(shape, f"noodle.map ({names}) : ({types}) -> "
                  f"{self.type(shape)} {{\n  ^bb0({args}):\n    {body}\n"
                  f"    noodle.yield %s : {self.element}\n  }}")

    def step(self):
        rng = self.rng
        x, shape = rng.choice(self.live[-3:])
        rank, t = len(shape), self.type(shape)
        kind = rng.choice(["unary", "binary", "broadcast", "softmax", "norm",
                           "transpose", "reduce", "product", "softmax", "norm"])
        if kind == "unary":
            self.map([(x, shape)], shape, rng.choice(UNARY))
        elif kind == "binary":
            others = [v for v in self.live if v[1] == shape]
            self.map([(x, shape), rng.choice(others)], shape,
                     rng.choice(BINARY))
        elif kind == "broadcast":
            small = [1] * rank
            k = rng.randrange(rank)
            small[k] = shape[k]
            self.map([(x, shape), (self.argument(small), small)], shape,
                     rng.choice(BINARY))
        elif kind == "softmax":
            axis = rng.choice([rank - 1, rank - 1, rng.randrange(rank)])
            self.make(shape, f"noodle.softmax {x} {{axis = {axis} : i64}} : {t}")
        elif kind == "norm":
            v = [shape[-1]]
            scale = self.argument(v)
            self.make(shape, f"noodle.layer_norm {x} scale({scale} : "
                      f"{self.type(v)}) : {t}")
        elif kind == "transpose":
            order = list(range(rank))
            rng.shuffle(order)
            to = [shape[k] for k in order]
            self.make(to, f"noodle.transpose {x} {{permutation = "
                      f"array<i64: {', '.join(map(str, order))}>}} : {t} -> "
                      f"{self.type(to)}")
        elif kind == "reduce":
            dims = sorted(rng.sample(range(rank), rng.randint(1, rank)))
            to = [e for k, e in enumerate(shape) if k not in dims]
            name = self.name()
            ring = rng.choice(["plus_times", "max_plus", "min_plus"])
            self.lines.append(
                f"  {name} = noodle.reduce {x} {{dims = array<i64: "
                f"{', '.join(map(str, dims))}>, semiring = #noodle.semiring"
                f"<{ring}>}} : {t} -> {self.type(to)}")
            self.results.append((name, to))
        elif rank == 2 and math.prod(shape) < 100000:
            w = [shape[1], rng.choice([1, 7, 16, 40])]
            self.make([shape[0], w[1]], f"noodle.matmul {x}, "
                      f"{self.argument(w)} : {t}, {self.type(w)} -> "
                      f"{self.type([shape[0], w[1]])}")

    def build(self):
        rank = 2 if self.large else self.rng.choice([1, 2, 2, 2, 3])
        shape = [self.extent() for _ in range(rank)]
        self.live.append((self.argument(shape), shape))
        for _ in range(self.rng.randint(2, 7)):
            self.step()
        self.results.append(self.live[-1])
        if self.rng.random() < 0.4:
            self.results.append(self.rng.choice(self.live))
        text = ", ".join(f"{n}: {self.type(s)}" for n, s in self.arguments)
        types = ", ".join(self.type(s) for _, s in self.results)
        names = ", ".join(n for n, _ in self.results)
        return (f"func.func @main({text}) -> ({types}) {{\n"
                + "\n".join(self.lines) + f"\n  return {names} : {types}\n}}\n")


def save(path, shape, values, element):
    code = {"f32": "f", "f64": "d"}[element]
    dims = "(" + "".join(f"{e}, " for e in shape) + ")"
    header = (f"{{'descr': '<f{struct.calcsize(code)}', 'fortran_order': False, "
              f"'shape': {dims}, }}")
    header += " " * (-(len(header) + 11) % 64) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header))
                   + header.encode() + struct.pack(f"<{len(values)}{code}",
                                                   *values))


def values(rng, count):
    special = rng.random() < 0.2
    result = [rng.uniform(-2, 2) for _ in range(count)]
    if special and count:
        for value in (math.nan, math.inf, -math.inf):
            result[rng.randrange(count)] = value
    return result


def bits_of(path, element):
    """The file's values as integers, with one NaN: which one is not promised."""
    code, size = {"f32": ("I", 4), "f64": ("Q", 8)}[element]
    with open(path, "rb") as file:
        data = file.read()
    start = 10 + struct.unpack_from("<H", data, 8)[0]
    words = struct.unpack(f"<{(len(data) - start) // size}{code}", data[start:])
    top = 0x7F800000 if element == "f32" else 0x7FF0000000000000
    mask = (1 << (8 * size - 1)) - 1
    return [None if w & mask > top else w for w in words]


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def main():
    directory, seed, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    os.makedirs(directory, exist_ok=True)
    for k in range(count):
        rng = random.Random(f"{seed}.{k}")
        chain = Chain(rng)
        program = os.path.join(directory, f"{k}.mlir")
        with open(program, "w", encoding="utf-8") as file:
            file.write(chain.build())
        arguments = []
        for i, (_, shape) in enumerate(chain.arguments):
            path = os.path.join(directory, f"{k}.{i}.npy")
            save(path, shape, values(rng, math.prod(shape)), chain.element)
            arguments += ["--arg", path]
        level = rng.choice(["native", "native", "avx2", "x86-64"])
        bits = []
        for n, flags in enumerate((["--threads", "1", "-O0"],
                                   ["--threads", "1"],
                                   ["--threads", "2", "--check"])):
            outs = []
            for i in range(len(chain.results)):
                outs.append(os.path.join(directory, f"{k}.out{n}.{i}.npy"))
                flags += ["--out", outs[-1]]
            command = ["noodle-jit", "--cpu", level, "--strict"]
            status, text = run(command + arguments + flags + [program])
            if status:
                sys.exit(f"seed {seed}, program {k} ({program}), {level}, "
                         f"{flags}: exit {status}\n{text}")
            bits.append([bits_of(out, chain.element) for out in outs])
        if bits[0] != bits[1] or bits[1] != bits[2]:
            sys.exit(f"seed {seed}, program {k} ({program}), {level}: "
                     f"{'-O0' if bits[0] != bits[1] else 'two threads'} gives "
                     "other bits")
    print(f"agrees: {count} chains from seed {seed}")


if __name__ == "__main__":
    main()
