"""Random programs of ops on stored entries, compiled beside the interpreter.

sparse_random.py NOODLE_JIT FOLDER COUNT [SEED]
"""
import os
import random
import subprocess
import sys

FORMATS = {
    "r32": "(d0 : dense, d1 : compressed), posWidth = 32, crdWidth = 32",
    "r64": "(d0 : dense, d1 : compressed)",
    "r48": "(d0 : dense, d1 : compressed), posWidth = 64, crdWidth = 32",
    "c32": "(d1 : dense, d0 : compressed), posWidth = 32, crdWidth = 32",
    "c64": "(d1 : dense, d0 : compressed), posWidth = 32, crdWidth = 64",
}
HEAD = "".join(
    f"#{name} = #sparse_tensor.encoding<{{map = (d0, d1) -> {text}}}>\n"
    for name, text in FORMATS.items())
LARGEST = 4000  # entries of a dense matrix of the shape


class Value:
    def __init__(self, name, shape, form, element):
        self.name, self.shape = name, shape
        self.form, self.element = form, element

    def type(self):
        return f"tensor<?x?x{self.element}, #{self.form}>"


class Program:
    def __init__(self, seed, folder):
        self.random = random.Random(seed)
        self.seed, self.folder = seed, folder
        self.lines, self.values, self.files = [], [], []
        self.element = self.random.choice(["f64", "f64", "f32", "i64", "i32"])
        m, n, p = (self.random.choice([0, 1, 2, 5, 9, 30]) for _ in range(3))
        for shape in ((m, n), (m, n), (m, n), (n, p)):
            self.argument(shape)
        self.parameters = ", ".join(
            f"{v.name}: {v.type()}" for v in self.values)
        for _ in range(self.random.randint(3, 7)):
            self.random.choice([
                self.convert, self.transpose, self.merge, self.merge,
                self.merge, self.select, self.select, self.kron, self.extract,
                self.extract, self.assign, self.concat, self.through_dense])()

    def form(self):
        return self.random.choice(list(FORMATS))

    def argument(self, shape):
        m, n = shape
        density = self.random.choice([0, 0.05, 0.3, 0.7, 1])
        entries = [(i, j) for i in range(m) for j in range(n)
                   if self.random.random() < density and i % 5 != 3]
        path = os.path.join(self.folder,
                            f"{self.seed}_{len(self.files)}.mtx")
        number = self.random.choice
        real = self.element[0] == "f"
        values = ["0", "1", "-2", "3", "7"]
        if real:
            values += ["0.5", "-0.25", "nan", "inf"]
        with open(path, "w", encoding="utf-8") as file:
            file.write("%%MatrixMarket matrix coordinate "
                       f"{'real' if real else 'integer'} general\n"
                       f"{m} {n} {len(entries)}\n")
            for i, j in entries:
                file.write(f"{i + 1} {j + 1} {number(values)}\n")
        self.files.append(path)
        self.values.append(Value(f"%a{len(self.values)}", shape, self.form(),
                                 self.element))

    def new(self, shape):
        return Value(f"%v{len(self.values)}", shape, self.form(),
                     self.element)

    def put(self, value, text):
        self.lines.append(f"  {value.name} = {text}")
        self.values.append(value)

    def pick(self, shape=None):
        fitting = [v for v in self.values if shape in (None, v.shape)]
        return self.random.choice(fitting)

    def constant(self, number):
        return f"{number}.0" if self.element[0] == "f" else str(number)

    def convert(self):
        a = self.pick()
        r = self.new(a.shape)
        self.put(r, f"noodle.convert {a.name} : {a.type()} -> {r.type()}")

    def transpose(self):
        a = self.pick()
        r = self.new(a.shape[::-1])
        self.put(r, f"noodle.transpose {a.name} {{permutation = "
                    f"array<i64: 1, 0>}} : {a.type()} -> {r.type()}")

    def merge(self):
        first = self.pick()
        inputs = [first] + [self.pick(first.shape)
                            for _ in range(self.random.randint(0, 3))]
        r = self.new(first.shape)
        union = self.random.random() < 0.6
        absent = ""
        if union and self.random.random() < 0.5:
            absent = (f" {{absent = {self.constant(3)} : {self.element}}}")
        kind = "f" if self.element[0] == "f" else "i"
        lines = [f"noodle.merge {'union' if union else 'intersection'} ("
                 f"{', '.join(v.name for v in inputs)}){absent} : ("
                 f"{', '.join(v.type() for v in inputs)}) -> {r.type()} {{"]
        names = [f"%x{k}" for k in range(len(inputs))]
        lines.append("  ^bb0(" + ", ".join(
            f"{name}: {self.element}" for name in names) + "):")
        last = names[0]
        for k, name in enumerate(names[1:]):
            verb = self.random.choice(
                ["addf", "subf", "minimumf"] if kind == "f" else
                ["addi", "subi", "minsi"])
            lines.append(f"    %y{k} = arith.{verb} {last}, {name} : "
                         f"{self.element}")
            last = f"%y{k}"
        lines += [f"    noodle.entry {last} : {self.element}", "  }"]
        self.put(r, "\n".join(lines))

    def select(self):
        a = self.pick()
        r = self.new(a.shape)
        if self.random.random() < 0.5:
            part = self.random.choice(
                ["lower", "upper", "diagonal", "off_diagonal"])
            self.put(r, f"noodle.select ({a.name}) {{part = \"{part}\", "
                        f"diagonal = {self.random.randint(-3, 3)} : i64}} : "
                        f"({a.type()}) -> {r.type()}")
            return
        compare = ("cmpf ogt" if self.element[0] == "f" else "cmpi sgt")
        self.put(r, f"""noodle.select ({a.name}) : ({a.type()}) -> {r.type()} {{
  ^bb0(%x: {self.element}, %i: i64, %j: i64):
    %one = arith.constant {self.constant(1)} : {self.element}
    %p = arith.{compare}, %x, %one : {self.element}
    %q = arith.cmpi sle, %i, %j : i64
    %k = arith.xori %p, %q : i1
    noodle.keep %k
  }}""")

    def kron(self):
        a, b = self.pick(), self.pick()
        shape = (a.shape[0] * b.shape[0], a.shape[1] * b.shape[1])
        if shape[0] * shape[1] > LARGEST:
            return
        r = self.new(shape)
        semiring = self.random.choice(["plus_times", "max_plus", "min_plus"])
        self.put(r, f"noodle.kron {a.name}, {b.name} {{semiring = "
                    f"#noodle.semiring<{semiring}>}} : {a.type()}, "
                    f"{b.type()} -> {r.type()}")

    def indices(self, extent, increasing):
        """Text of a constant and how many indices it has."""
        if extent == 0:
            return None, 0
        count = self.random.randint(1, 6)
        if increasing:
            chosen = sorted(self.random.sample(range(extent),
                                               min(count, extent)))
        else:
            chosen = [self.random.randrange(extent) for _ in range(count)]
        name = f"%i{len(self.lines)}"
        self.lines.append(f"  {name} = arith.constant dense<{chosen}> : "
                          f"tensor<{len(chosen)}xi64>")
        return (f"({name} : tensor<{len(chosen)}xi64>)", len(chosen))

    def submatrix(self, shape, increasing):
        texts, extents = [], []
        for d, word in enumerate(("rows", "columns")):
            if self.random.random() < 0.3:
                extents.append(shape[d])
                continue
            text, count = self.indices(shape[d], increasing)
            extents.append(count if text else shape[d])
            if text:
                texts.append(f" {word}{text}")
        return "".join(texts), tuple(extents)

    def extract(self):
        a = self.pick()
        text, shape = self.submatrix(a.shape, False)
        r = self.new(shape)
        self.put(r, f"noodle.extract {a.name}{text} : {a.type()} -> "
                    f"{r.type()}")

    def assign(self):
        init, other = self.pick(), self.pick()
        text, shape = self.submatrix(init.shape, True)
        rows, columns = ([k % max(other.shape[d], 1) for k in range(shape[d])]
                         for d in (0, 1))
        if 0 in other.shape or 0 in shape:
            return
        s = self.new(shape)
        names = []
        for k, chosen in enumerate((rows, columns)):
            names.append(f"%s{len(self.lines)}")
            self.lines.append(
                f"  {names[k]} = arith.constant dense<{chosen}> : "
                f"tensor<{len(chosen)}xi64>")
        self.put(s, f"noodle.extract {other.name} rows({names[0]} : "
                    f"tensor<{len(rows)}xi64>) columns({names[1]} : "
                    f"tensor<{len(columns)}xi64>) : {other.type()} -> "
                    f"{s.type()}")
        r = Value(f"%v{len(self.values)}", init.shape, init.form,
                  self.element)
        self.put(r, f"noodle.assign {s.name} into {init.name}{text} : "
                    f"{s.type()}, {init.type()}")

    def concat(self):
        first = self.pick()
        axis = self.random.randint(0, 1)
        inputs = [first] + [
            self.random.choice([v for v in self.values
                                if v.shape[1 - axis] == first.shape[1 - axis]])
            for _ in range(self.random.randint(0, 2))]
        shape = list(first.shape)
        shape[axis] = sum(v.shape[axis] for v in inputs)
        r = self.new(tuple(shape))
        self.put(r, f"noodle.concat ({', '.join(v.name for v in inputs)}) "
                    f"{{axis = {axis}}} : ("
                    f"{', '.join(v.type() for v in inputs)}) -> {r.type()}")

    def through_dense(self):
        a = self.pick()
        name = f"%d{len(self.lines)}"
        dense = f"tensor<?x?x{self.element}>"
        self.lines.append(
            f"  {name} = noodle.convert {a.name} {{absent = "
            f"{self.constant(1)} : {self.element}}} : {a.type()} -> {dense}")
        r = self.new(a.shape)
        absent = self.random.choice([0, 1, 3])
        self.put(r, f"noodle.convert {name} {{absent = "
                    f"{self.constant(absent)} : {self.element}}} : {dense} -> "
                    f"{r.type()}")

    def text(self):
        made = self.values[4:] or self.values[:1]
        types = ", ".join(v.type() for v in made)
        return (f"{HEAD}func.func @main({self.parameters}) -> ({types}) {{\n" +
                "\n".join(self.lines) +
                f"\n  return {', '.join(v.name for v in made)} : {types}\n}}\n")


def main():
    jit, folder, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    first = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    os.makedirs(folder, exist_ok=True)
    for seed in range(first, first + count):
        program = Program(seed, folder)
        path = os.path.join(folder, f"{seed}.mlir")
        with open(path, "w", encoding="utf-8") as file:
            file.write(program.text())
        words = [jit, path, "--check", "--strict", "--threads",
                 str(1 + seed % 3)]
        for name in program.files:
            words += ["--arg", name]
        done = subprocess.run(words, text=True, capture_output=True,
                              check=False)
        if done.returncode:
            sys.exit(f"seed {seed}: {' '.join(words)} ended with "
                     f"{done.returncode}\n{done.stderr[-2000:]}\n"
                     f"{program.text()}")
        for name in [path, *program.files]:
            os.remove(name)
    print(f"{count} programs from seed {first} on agree")


if __name__ == "__main__":
    main()
