"""Programs of every kernel kind, on sizes that leave tails.

Each is a function whose ops have parameters of their own, so that one compile
checks many of them. Static extents choose the tile; dynamic ones get the
largest.
"""
import os
import random

EVERY_FAULT = ("barrier", "index", "swizzle")
FLOAT_TYPES = ("f32", "f64")
TYPES = ("f32", "f64", "i32", "i64")

CSR = ("#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, "
       "d1 : compressed), posWidth = 32, crdWidth = 32}>\n")
CSR64 = ("#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, "
         "d1 : compressed)}>\n")
BOTTLENECK = """noodle.semiring @bottleneck : {type}
  traits <associative, commutative, distributive, annihilating, idempotent>
  zero {{
    %z = arith.constant {least} : {type}
    noodle.yield %z : {type}
  }} one {{
    %o = arith.constant {most} : {type}
    noodle.yield %o : {type}
  }} add {{
  ^bb0(%a: {type}, %b: {type}):
    %m = arith.maximumf %a, %b : {type}
    noodle.yield %m : {type}
  }} mul {{
  ^bb0(%a: {type}, %b: {type}):
    %m = arith.minimumf %a, %b : {type}
    noodle.yield %m : {type}
  }}
"""
INFINITE = {"f32": ("0xFF800000", "0x7F800000"),
            "f64": ("0xFFF0000000000000", "0x7FF0000000000000")}


def tensor(shape, element, encoding=""):
    inner = "x".join([str(n) for n in shape] + [element])
    return f"tensor<{inner}{encoding}>"


class Program:
    """Text, with the arguments for its parameters."""

    def __init__(self, name, head="", seed=1):
        self.name, self.head = name, head
        self.parameters, self.arguments = [], []
        self.body, self.results = [], []
        self.seed = seed
        self.faults = EVERY_FAULT

    def parameter(self, shape, element, encoding="", argument=None,
                  dynamic=False):
        value = f"%p{len(self.parameters)}"
        declared = ["?" if dynamic else n for n in shape]
        kind = tensor(declared, element, encoding)
        self.parameters.append(f"{value}: {kind}")
        if argument is None:
            self.seed += 1
            argument = f"rand:{self.seed}"
            if dynamic and shape:
                argument += ":" + "x".join(map(str, shape))
        self.arguments += ["--arg", argument]
        return value, kind

    def result(self, kind, text):
        value = f"%r{len(self.results)}"
        self.body.append(f"  {value} = {text}")
        self.results.append((value, kind))
        return value

    def text(self):
        kinds = ", ".join(kind for _, kind in self.results)
        values = ", ".join(value for value, _ in self.results)
        body = "\n".join(self.body)
        return (f"{self.head}func.func @main({', '.join(self.parameters)}) -> "
                f"({kinds}) {{\n{body}\n  return {values} : {kinds}\n}}\n")


def semiring_text(semiring):
    if semiring == "plus_times":
        return ""
    return f" {{semiring = #noodle.semiring<{semiring}>}}"


def contraction(program, equation, shapes, element, semiring="plus_times",
                dynamic=False):
    """Adds a contraction of two operands; the extents are by letter."""
    inputs, output = equation.split("->")
    operands, kinds = [], []
    for letters in inputs.split(","):
        value, kind = program.parameter([shapes[c] for c in letters], element,
                                        dynamic=dynamic)
        operands.append(value)
        kinds.append(kind)
    kind = tensor(["?" if dynamic else shapes[c] for c in output], element)
    return program.result(
        kind, f'noodle.contract "{equation}" ({", ".join(operands)})'
        f'{semiring_text(semiring)} : ({", ".join(kinds)}) -> {kind}')


def extents(letters, *sizes):
    return dict(zip(letters, sizes))


def contract_programs():
    """Every tile of every type: blocks enough for the largest, extents behind
    its half for the middle one, small ones for the last."""
    made = []
    semirings = {"f32": ("plus_times", "min_plus"),
                 "f64": ("plus_times", "max_plus"),
                 "i32": ("plus_times", "min_plus"),
                 "i64": ("plus_times", "max_min")}
    for element in TYPES:
        for semiring in semirings[element]:
            program = Program(f"contract-{element}-{semiring}")
            for sizes in ((34, 129, 130, 5), (34, 67, 65, 9), (1, 33, 37, 41),
                          (3, 5, 7, 1), (2, 1, 3, 130), (2, 36, 40, 24)):
                contraction(program, "bik,bkj->bij",
                            extents("bikj", sizes[0], sizes[1], sizes[3],
                                    sizes[2]), element, semiring)
            made.append(program)
    for element in FLOAT_TYPES:
        low, high = INFINITE[element]
        program = Program(
            f"contract-{element}-user",
            BOTTLENECK.format(type=element, least=low, most=high))
        for sizes in ((34, 65, 66, 7), (1, 33, 31, 19)):
            contraction(program, "bik,bkj->bij",
                        extents("bikj", sizes[0], sizes[1], sizes[3],
                                sizes[2]), element, "@bottleneck")
        made.append(program)
    program = Program("contract-log")
    contraction(program, "ik,kj->ij", extents("ikj", 33, 9, 35), "f32",
                "log_plus")
    made.append(program)
    # How operands lie, and one of the groups of letters empty.
    program = Program("contract-forms")
    for equation, sizes in (("ki,kj->ij", (17, 35, 37)),
                            ("ik,jk->ij", (35, 17, 37)),
                            ("ki,jk->ij", (17, 35, 33)),
                            ("ik,kj->ji", (35, 18, 37)),
                            ("ik,kj->ij", (36, 20, 64))):
        letters = dict.fromkeys(c for c in equation if c.isalpha())
        contraction(program, equation, extents(letters, *sizes), "f32")
    contraction(program, "ij,j->i", extents("ij", 131, 67), "f32")
    contraction(program, "i,ij->j", extents("ij", 131, 67), "f64")
    contraction(program, "ij,j->i", extents("ij", 5, 1031), "f64", "min_plus")
    contraction(program, "bik,bk->bi", extents("bik", 3, 9, 70), "f32")
    made.append(program)
    # Nothing known when compiled: the largest tile, whatever the size.
    program = Program("contract-dynamic")
    for element, sizes in (("f32", (131, 70, 129)), ("f64", (67, 33, 70)),
                           ("f32", (128, 64, 128)), ("i32", (5, 300, 7)),
                           ("f32", (1, 1, 1))):
        contraction(program, "ik,kj->ij", extents("ikj", *sizes), element,
                    dynamic=True)
    made.append(program)
    # What is computed behind the product runs in its kernel.
    program = Program("contract-epilogue")
    for element, rows, columns in (("f32", 67, 45), ("f64", 36, 64)):
        product = contraction(program, "ik,kj->ij",
                              extents("ikj", rows, 21, columns), element)
        bias, bias_kind = program.parameter([1, columns], element)
        factor, factor_kind = program.parameter([rows, columns], element)
        kind = tensor([rows, columns], element)
        # Only the map's result leaves the function.
        hidden = program.results.pop()
        value = hidden[0] + "_mapped"
        program.results.append((value, kind))
        program.body.append(
            f"  {value} = noodle.map ({product}, {bias}, {factor}) : ({kind}, "
            f"{bias_kind}, {factor_kind}) -> {kind} {{\n"
            f"  ^bb0(%a: {element}, %b: {element}, %c: {element}):\n"
            f"    %0 = arith.addf %a, %b : {element}\n"
            f"    %z = arith.constant 0.0 : {element}\n"
            f"    %1 = arith.maximumf %0, %z : {element}\n"
            f"    %2 = arith.mulf %1, %c : {element}\n"
            f"    noodle.yield %2 : {element}\n  }}")
    made.append(program)
    return made


def row_programs():
    made = []
    for element in FLOAT_TYPES:
        program = Program(f"rows-{element}")
        for shape in ((3, 1), (5, 7), (7, 33), (4, 130), (3, 1031), (2, 5003),
                      (2, 4096)):
            value, kind = program.parameter(shape, element)
            program.result(kind, f"noodle.softmax {value} {{axis = 1 : i64}} "
                           f": {kind}")
            scale, scale_kind = program.parameter(shape[1:], element)
            shift, shift_kind = program.parameter(shape[1:], element)
            program.result(kind, f"noodle.layer_norm {value} scale({scale} : "
                           f"{scale_kind}) shift({shift} : {shift_kind}) : "
                           f"{kind}")
        made.append(program)
    for element in TYPES:
        program = Program(f"reduce-{element}")
        semirings = ("plus_times", "max_plus", "min_plus")
        for k, shape in enumerate(((3, 1), (5, 33), (2, 3, 257), (3, 4100),
                                   (300, 5))):
            value, kind = program.parameter(shape, element)
            for axes in ([len(shape) - 1], [0]):
                rest = [n for d, n in enumerate(shape) if d not in axes]
                to = tensor(rest, element)
                semiring = semirings[k % 3]
                name = ("" if semiring == "plus_times" else
                        f", semiring = #noodle.semiring<{semiring}>")
                program.result(
                    to, f"noodle.reduce {value} {{dims = array<i64: "
                    f"{', '.join(map(str, axes))}>{name}}} : {kind} -> {to}")
        made.append(program)
    program = Program("rows-dynamic")
    for element, shape in (("f32", (9, 77)), ("f64", (3, 2050))):
        value, kind = program.parameter(shape, element, dynamic=True)
        program.result(kind, f"noodle.softmax {value} {{axis = 1 : i64}} : "
                       f"{kind}")
        program.result(kind, f"noodle.layer_norm {value} : {kind}")
    made.append(program)
    return made


def elementwise_programs():
    made = []
    for element in FLOAT_TYPES:
        program = Program(f"map-{element}")
        for shape in ((1,), (33,), (1027,), (4096,), (7, 13), (64, 64),
                      (3, 5, 31)):
            value, kind = program.parameter(shape, element)
            other, _ = program.parameter(shape, element)
            broadcast, broadcast_kind = program.parameter(
                [1] * (len(shape) - 1) + [shape[-1]], element)
            program.result(
                kind, f"noodle.map ({value}, {other}, {broadcast}) : ({kind}, "
                f"{kind}, {broadcast_kind}) -> {kind} {{\n"
                f"  ^bb0(%a: {element}, %b: {element}, %c: {element}):\n"
                f"    %0 = math.exp %a : {element}\n"
                f"    %1 = arith.mulf %0, %b : {element}\n"
                f"    %2 = arith.addf %1, %c : {element}\n"
                f"    noodle.yield %2 : {element}\n  }}")
        made.append(program)
    program = Program("move")
    for element, shape in (("f32", (33, 65)), ("f64", (130, 7)),
                           ("i32", (64, 96)), ("f32", (1, 257)),
                           ("i64", (35, 31))):
        value, kind = program.parameter(shape, element)
        to = tensor(shape[::-1], element)
        program.result(to, f"noodle.transpose {value} {{permutation = "
                       f"array<i64: 1, 0>}} : {kind} -> {to}")
    for source, target in (("f32", "f64"), ("f64", "f32"), ("i32", "f32"),
                           ("i64", "i32"), ("i32", "i64")):
        value, kind = program.parameter((17, 31), source)
        to = tensor((17, 31), target)
        program.result(to, f"noodle.convert {value} : {kind} -> {to}")
    made.append(program)
    return made


def write_matrix(path, rows, columns, longest, seed):
    """A sparse matrix with empty rows, short ones, and one that is longest."""
    generator = random.Random(seed)
    entries = []
    for row in range(rows):
        count = (longest if row == rows // 2 else
                 generator.choice((0, 0, 1, 2, 5, min(40, longest))))
        for column in sorted(generator.sample(range(columns),
                                              min(count, columns))):
            entries.append((row, column, generator.randint(-8, 8) / 4 + 0.125))
    with open(path, "w", encoding="ascii") as file:
        file.write("%%MatrixMarket matrix coordinate real general\n"
                   f"{rows} {columns} {len(entries)}\n")
        for row, column, value in entries:
            file.write(f"{row + 1} {column + 1} {value}\n")


def sparse_programs(folder):
    made = []
    cases = (("f32", CSR, ("plus_times", "min_plus")),
             ("f64", CSR, ("plus_times", "max_plus", "min_plus")),
             ("f64", CSR64, ("plus_times", "max_min")))
    for number, (element, encoding, semirings) in enumerate(cases):
        program = Program(f"sparse-{number}-{element}", encoding)
        for rows, columns, longest, width in (
                (1, 1, 1, 1), (37, 41, 33, 3), (130, 300, 257, 33),
                (65, 1030, 1029, 1), (9, 9, 0, 40)):
            path = os.path.join(folder, f"{number}-{rows}x{columns}.mtx")
            write_matrix(path, rows, columns, longest, rows + columns)
            matrix, kind = program.parameter((rows, columns), element, ", #csr",
                                             path)
            vector, vector_kind = program.parameter((columns,), element)
            block, block_kind = program.parameter((columns, width), element)
            for semiring in semirings:
                program.result(
                    tensor((rows,), element),
                    f"noodle.matmul {matrix}, {vector}"
                    f"{semiring_text(semiring)} : {kind}, {vector_kind} -> "
                    f"{tensor((rows,), element)}")
                program.result(
                    tensor((rows, width), element),
                    f"noodle.matmul {matrix}, {block}"
                    f"{semiring_text(semiring)} : {kind}, {block_kind} -> "
                    f"{tensor((rows, width), element)}")
        made.append(program)
    return made


def fault_programs(folder):
    """One kernel or two of each kind, small; with sizes such that a fault is no
    other way to the same result. `faults` says what to plant: a softmax is the
    same whichever maximum is taken off first, so that only its barriers can be
    checked by their results."""
    made = []
    program = Program("contract-large")
    # 33 and 129 are multiples of 3, which a test for 4 must not take.
    for sizes in ((131, 33, 132), (130, 16, 129), (132, 16, 128)):
        contraction(program, "ik,kj->ij", extents("ikj", *sizes), "f32",
                    dynamic=True)
    made.append(program)
    program = Program("contract-small")
    for sizes in ((33, 41, 37), (36, 24, 40)):
        contraction(program, "ik,kj->ij", extents("ikj", *sizes), "f64")
    made.append(program)
    program = Program("softmax")
    for shape in ((3, 2051), (3, 2048), (5, 33), (5, 64)):
        value, kind = program.parameter(shape, "f32")
        program.result(kind, f"noodle.softmax {value} {{axis = 1 : i64}} : "
                       f"{kind}")
    program.faults = ("barrier",)
    made.append(program)
    program = Program("layer-norm")
    for shape in ((3, 2051), (3, 2048), (5, 33), (5, 64)):
        value, kind = program.parameter(shape, "f32")
        scale, scale_kind = program.parameter(shape[1:], "f32")
        program.result(kind, f"noodle.layer_norm {value} scale({scale} : "
                       f"{scale_kind}) shift({scale} : {scale_kind}) : {kind}")
    made.append(program)
    program = Program("transpose")
    for rows, columns in ((65, 67), (96, 96)):
        value, kind = program.parameter((rows, columns), "f32")
        to = tensor((columns, rows), "f32")
        program.result(to, f"noodle.transpose {value} {{permutation = "
                       f"array<i64: 1, 0>}} : {kind} -> {to}")
    made.append(program)
    program = Program("sparse", CSR)
    path = os.path.join(folder, "fault.mtx")
    write_matrix(path, 37, 90, 70, 5)
    matrix, kind = program.parameter((37, 90), "f64", ", #csr", path)
    vector, vector_kind = program.parameter((90,), "f64")
    program.result("tensor<37xf64>", f"noodle.matmul {matrix}, {vector} : "
                   f"{kind}, {vector_kind} -> tensor<37xf64>")
    made.append(program)
    return made


def programs(kind, folder):
    return {"contract": contract_programs, "rows": row_programs,
            "elementwise": elementwise_programs,
            "sparse": lambda: sparse_programs(folder),
            "faults": lambda: fault_programs(folder)}[kind]()
