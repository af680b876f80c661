"""What `tools/dev bench sparse` measures: Noodle's text, data and the answer."""
import numpy as np
import scipy.sparse as sp

import matrices

ENCODINGS = """#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, \
d1 : compressed), posWidth = 32, crdWidth = 32}>
#csc = #sparse_tensor.encoding<{map = (d0, d1) -> (d1 : dense, \
d0 : compressed), posWidth = 32, crdWidth = 32}>
!s = tensor<?x?xf64, #csr>
!c = tensor<?x?xf64, #csc>
"""
V = "tensor<?xf64>"
R = "tensor<1x?xf64, #csr>"


def program(arguments, result, body):
    given = ", ".join(f"%{n}: {t}" for n, t in arguments)
    return (f"{ENCODINGS}func.func @main({given}) -> {result} {{\n{body}\n"
            f"  return %r : {result}\n}}\n")


def product(equation, names, types, result, more=""):
    given = ", ".join("%" + n for n in names)
    return program(sorted(set(zip(names, types))), result,
                   f'  %r = noodle.contract "{equation}" ({given}) {more} : '
                   f'({", ".join(types)}) -> {result}')


def merge(how, op):
    return program([("a", "!s"), ("b", "!s")], "!s", f"""
  %r = noodle.merge {how} (%a, %b) : (!s, !s) -> !s {{
  ^bb0(%x: f64, %y: f64):
    %m = arith.{op} %x, %y : f64
    noodle.entry %m : f64
  }}""")


def wide(columns):
    return f"tensor<?x{columns}xf64>"


def spmm(columns):
    return product("ij,jk->ik", "ax", ["!s", wide(columns)], wide(columns))


# max(A (X W) + b, 0), the bias along columns.
GCN = program([("a", "!s"), ("x", wide(64)), ("w", "tensor<64x32xf64>"),
               ("b", "tensor<1x32xf64>")], wide(32), f"""
  %h = noodle.matmul %x, %w : {wide(64)}, tensor<64x32xf64> -> {wide(32)}
  %p = noodle.matmul %a, %h : !s, {wide(32)} -> {wide(32)}
  %r = noodle.map (%p, %b) : ({wide(32)}, tensor<1x32xf64>) -> {wide(32)} {{
  ^bb0(%v: f64, %c: f64):
    %zero = arith.constant 0.0 : f64
    %t = arith.addf %v, %c : f64
    %m = arith.maximumf %t, %zero : f64
    noodle.yield %m : f64
  }}""")
PAGERANK = f"""{ENCODINGS}
func.func @main(%a: !s, %x: {V}) -> ({V}, tensor<f64>) {{
  %p = noodle.contract "ij,j->i" (%a, %x) : (!s, {V}) -> {V}
  %y = noodle.map (%p) : ({V}) -> {V} {{
  ^bb0(%v: f64):
    %d = arith.constant 0.85 : f64
    %f = arith.constant 1.0e-6 : f64
    %m = arith.mulf %v, %d : f64
    %s = arith.addf %m, %f : f64
    noodle.yield %s : f64
  }}
  %e = noodle.map (%y, %x) : ({V}, {V}) -> {V} {{
  ^bb0(%v: f64, %w: f64):
    %d = arith.subf %v, %w : f64
    %m = math.absf %d : f64
    noodle.yield %m : f64
  }}
  %n = noodle.reduce %e {{dims = array<i64: 0>}} : {V} -> tensor<f64>
  return %y, %n : {V}, tensor<f64>
}}
"""
DNN = program([("a", "!s"), ("w", "!s")], "!s", """
  %p = noodle.matmul %a, %w : !s, !s -> !s
  %t = noodle.map (%p) {over = #noodle.over<stored>} : (!s) -> !s {
  ^bb0(%v: f64):
    %bias = arith.constant -0.3 : f64
    %most = arith.constant 32.0 : f64
    %s = arith.addf %v, %bias : f64
    %m = arith.minimumf %s, %most : f64
    noodle.yield %m : f64
  }
  %r = noodle.select (%t) : (!s) -> !s {
  ^bb0(%v: f64, %i: i64, %j: i64):
    %zero = arith.constant 0.0 : f64
    %keep = arith.cmpf ogt, %v, %zero : f64
    noodle.keep %keep
  }""")
SPMV = product("ij,j->i", "ax", ["!s", V], V)
TEXTS = {
    "spmv": SPMV, "reuse": SPMV,
    "minplus": product("ij,j->i", "ax", ["!s", V], V,
                       "{semiring = #noodle.semiring<min_plus>}"),
    "spmm8": spmm(8), "spmm32": spmm(32), "spmm128": spmm(128),
    "sddmm": product("ij,ik,jk->ij", "axy", ["!s", wide(32), wide(32)], "!s"),
    "spgemm": product("ij,jk->ik", "aa", ["!s", "!s"], "!s"),
    "masked": product("ij,jk->ik", "aa", ["!s", "!s"], "!s",
                      "mask(%a : !s)"),
    "add": merge("union", "addf"), "mul": merge("intersection", "mulf"),
    "convert": program([("a", "!s")], "!c",
                       "  %r = noodle.convert %a : !s -> !c"),
    "push": product("ij,jk->ik", "fm", [R, "!s"], R),
    "triangles": product("ij,jk,ik->", "aaa", ["!s"] * 3, "tensor<f64>"),
    "gcn": GCN, "pagerank": PAGERANK, "dnn": DNN,
}
REUSED = 20
# Work and memory beyond which a matrix is left out, which is counted.
MOST_TERMS, MOST_DENSE = 60_000_000, 1 << 29


def terms(a):
    return int(np.diff(a.indptr)[a.indices].sum())


def pushes():
    """A step of a search from so many of a million nodes: name -> case."""
    a = matrices.random_values(matrices.plain(
        matrices.uniform(1_000_000, 16)), 3)
    return {f"from {k}": Case("push", a, k)
            for k in (1, 10, 100, 1000, 10_000, 100_000)}


def workspace(a):
    """What a product of a with itself takes beside its result, on one thread:
    terms by row; a mark, a sum and a bit for each column."""
    return 8 * (a.shape[0] + 1) + a.shape[1] * (4 + 8) + a.shape[1] // 8


class Case:
    """One op on one matrix: the data that all use, and the answer."""

    def __init__(self, op, a, frontier=0):
        rng = np.random.default_rng(4)
        n = a.shape[0]

        def random(*shape):
            return rng.uniform(0.5, 1.5, shape)
        self.op, self.why = op, None
        if op in ("triangles",):
            a = matrices.lower(a)
        self.a, self.inputs, self.columns = a, [a], 0
        if op in ("spmv", "reuse", "minplus", "pagerank"):
            self.inputs = [a, random(n)]
        elif op.startswith("spmm"):
            self.columns = int(op[4:])
            self.inputs = [a, random(n, self.columns)]
        elif op == "sddmm":
            self.inputs = [a, random(n, 32), random(n, 32)]
        elif op == "gcn":
            self.inputs = [a, random(n, 64), random(64, 32) - 1,
                           random(1, 32)]
        elif op in ("add", "mul"):
            self.inputs = [a, matrices.plain(a.T)]
        elif op == "push":
            x = sp.random(1, n, frontier / n, "csr", random_state=7)
            self.inputs = [matrices.plain(x), a]
        elif op == "dnn":
            w = matrices.weights(1024, 32)
            shape = (min(n, 4096), 1024)
            y = sp.random(*shape, 0.3, random_state=6, data_rvs=np.ones)
            self.a = matrices.plain(y)
            self.inputs = [self.a, w]
        if op in ("spgemm", "masked", "triangles") and terms(a) > MOST_TERMS:
            self.why = f"{terms(a)} terms"
        if n * self.columns * 16 > MOST_DENSE:
            self.why = f"{n * self.columns * 16 >> 20} MB of dense data"

    def answer(self):
        op, a, rest = self.op, self.a, self.inputs[1:]
        if op in ("spmv", "reuse") or op.startswith("spmm"):
            return a @ rest[0]
        if op == "minplus":
            out = np.full(a.shape[0], np.inf)
            full = np.diff(a.indptr) > 0
            out[full] = np.minimum.reduceat(
                a.data + rest[0][a.indices], a.indptr[:-1][full])
            return out
        if op == "sddmm":
            rows = np.repeat(np.arange(a.shape[0]), np.diff(a.indptr))
            sums = np.concatenate([
                np.einsum("ik,ik->i", rest[0][rows[s:s + 100000]],
                          rest[1][a.indices[s:s + 100000]])
                for s in range(0, a.nnz, 100000)] or [np.zeros(0)])
            out = a.copy()
            out.data = a.data * sums
            return out
        if op == "spgemm":
            return a @ a
        if op == "push":
            return self.inputs[0] @ a
        if op == "masked":
            return (a @ a).multiply(a != 0).tocsr()
        if op == "triangles":
            return np.array((a @ a).multiply(a).sum())
        if op == "gcn":
            return np.maximum(a @ (rest[0] @ rest[1]) + rest[2], 0)
        if op == "pagerank":
            y = 0.85 * (a @ rest[0]) + 1e-6
            return [y, np.array(np.abs(y - rest[0]).sum())]
        if op == "dnn":
            out = a @ rest[0]
            out.data = np.minimum(out.data - 0.3, 32)
            out.data[out.data <= 0] = 0
            out.eliminate_zeros()
            return out
        if op == "convert":
            return a.tocsc()
        return a + rest[0] if op == "add" else a.multiply(rest[0]).tocsr()
