"""Programs of the algebra document with their peers.

A peer is a function that plans, or compiles, and returns the call to run. Those
in `written` do what the program says, step by step; the others order well."""
import dataclasses
import sqlite3

import numpy as np
import scipy.sparse as sp
import scipy.sparse.csgraph

from data import csr, dense, mixed, pairs

CSR = ("#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : "
       "compressed), posWidth = 32, crdWidth = 32}>\n")


@dataclasses.dataclass
class Program:
    name: str
    what: str
    text: str
    inputs: list
    peers: dict
    written: tuple = ()
    element: str = "f64"
    slow: tuple = ()  # seconds a call: run once
    absent: dict = dataclasses.field(default_factory=dict)

    def peer(self, name, make, needs=()):
        """Adds a peer whose modules are there."""
        for module in needs:
            try:
                __import__(module)
            except ImportError as error:
                self.absent[name] = str(error)
                return
        self.peers[name] = make


def einsum_peers(program, equation, operands):
    """Libraries that take the whole equation."""
    def planned():
        import opt_einsum
        call = opt_einsum.contract_expression(
            equation, *[x.shape for x in operands])
        return lambda: call(*operands)

    def cotengra():
        import cotengra as ctg
        call = ctg.einsum_expression(equation, *[x.shape for x in operands])
        return lambda: call(*operands)

    def jitted():
        import jax
        jax.config.update("jax_enable_x64", True)
        jax.clear_caches()
        given = [jax.numpy.asarray(x) for x in operands]
        call = jax.jit(lambda *xs: jax.numpy.einsum(
            equation, *xs, optimize="optimal"))
        return lambda: np.asarray(call(*given))

    def torched():
        import torch
        given = [torch.from_numpy(x) for x in operands]
        return lambda: torch.einsum(equation, *given).numpy()
    program.peer("opt_einsum", planned, ["opt_einsum"])
    program.peer("cotengra", cotengra, ["cotengra"])
    program.peer("jax", jitted, ["jax"])
    program.peer("torch", torched, ["torch"])


def torch_compiled(program, function, operands):
    def make():
        import torch
        torch._dynamo.reset()
        given = [torch.from_numpy(x) for x in operands]
        call = torch.compile(function)
        return lambda: call(*given).numpy()
    program.peer("torch.compile", make, ["torch"])


def attention():
    q, k, v = (dense((4096, 64), seed, 5, 2) for seed in (1, 2, 3))
    text = """
!m = !noodle.hom<[4096] -> [64], f64>
!n = !noodle.hom<[64] -> [4096], f64>
func.func @main(%q: tensor<4096x64xf64>, %k: tensor<4096x64xf64>, \
%v: tensor<4096x64xf64>) -> tensor<4096x64xf64> {
  %Q = noodle.from_tensor %q : tensor<4096x64xf64> -> !m
  %K = noodle.from_tensor %k : tensor<4096x64xf64> -> !m
  %V = noodle.from_tensor %v : tensor<4096x64xf64> -> !m
  %Kt = noodle.dagger %K : !m -> !n
  %o = noodle.compose %Q, %Kt, %V : (!m, !n, !m) -> !m
  %t = noodle.to_tensor %o : !m -> tensor<4096x64xf64>
  return %t : tensor<4096x64xf64>
}"""
    made = Program("B01", "Q K^T V, 4096 x 64", text, [q, k, v], {
        "numpy": lambda: lambda: q @ k.T @ v}, ("numpy", "torch.compile"))
    einsum_peers(made, "ik,jk,jl->il", [q, k, v])
    torch_compiled(made, lambda a, b, c: a @ b.T @ c, [q, k, v])
    return made


def convolution(graphblas):
    n = 20000
    rows, columns = pairs(11, 1000000, n)
    a = csr(rows, columns, np.ones(rows.size), n)
    a.data[:] = 1
    x, w = dense((n, 512), 12, 3, 1), dense((512, 16), 13, 3, 1)
    text = CSR + """
!a = !noodle.hom<[20000] -> [20000], f64>
!x = !noodle.hom<[20000] -> [512], f64>
!w = !noodle.hom<[512] -> [16], f64>
!h = !noodle.hom<[20000] -> [16], f64>
func.func @main(%a: tensor<20000x20000xf64, #csr>, %x: tensor<20000x512xf64>, \
%w: tensor<512x16xf64>) -> tensor<20000x16xf64> {
  %A = noodle.from_tensor %a : tensor<20000x20000xf64, #csr> -> !a
  %X = noodle.from_tensor %x : tensor<20000x512xf64> -> !x
  %W = noodle.from_tensor %w : tensor<512x16xf64> -> !w
  %H = noodle.compose %A, %X, %W : (!a, !x, !w) -> !h
  %t = noodle.to_tensor %H : !h -> tensor<20000x16xf64>
  return %t : tensor<20000x16xf64>
}"""

    def torched():
        import torch
        sparse = torch.sparse_csr_tensor(
            *map(torch.from_numpy, (a.indptr, a.indices, a.data)), a.shape)
        given = torch.from_numpy(x), torch.from_numpy(w)
        return lambda: (sparse @ (given[0] @ given[1])).numpy()
    made = Program("B02", "A X W, a graph of 20000 nodes", text, [a, x, w], {
        "scipy": lambda: lambda: a @ x @ w,
        "scipy, A(XW)": lambda: lambda: a @ (x @ w)}, ("scipy",),
        slow=("scipy",))
    made.peer("torch, A(XW)", torched, ["torch"])
    if graphblas:
        made.peers["graphblas+numpy"] = lambda: graphblas.convolution(a, x, w)
    return made


def kronecker():
    factors = [dense((64, 64), seed, 3, 1) for seed in (21, 22, 23)]
    x = dense((64, 64, 64), 24, 3, 1)
    text = """
!f = !noodle.hom<[64] -> [64], f64>
!x = !noodle.hom<[] -> [64, 64, 64], f64>
!k = !noodle.hom<[64, 64, 64] -> [64, 64, 64], f64>
func.func @main(%x: tensor<64x64x64xf64>, %a: tensor<64x64xf64>, \
%b: tensor<64x64xf64>, %c: tensor<64x64xf64>) -> tensor<64x64x64xf64> {
  %X = noodle.from_tensor %x : tensor<64x64x64xf64> -> !x
  %A = noodle.from_tensor %a : tensor<64x64xf64> -> !f
  %B = noodle.from_tensor %b : tensor<64x64xf64> -> !f
  %C = noodle.from_tensor %c : tensor<64x64xf64> -> !f
  %K = noodle.tensor %A, %B, %C : (!f, !f, !f) -> !k
  %y = noodle.compose %X, %K : (!x, !k) -> !x
  %t = noodle.to_tensor %y : !x -> tensor<64x64x64xf64>
  return %t : tensor<64x64x64xf64>
}"""

    def by_hand():
        """Each factor along its axis, as matrix products of reshapes."""
        a, b, c = factors

        def call():
            y = (x.reshape(4096, 64) @ c).reshape(64, 64, 64)
            y = np.matmul(b.T, y)
            return (a.T @ y.reshape(64, 4096)).reshape(64, 64, 64)
        return call
    made = Program("B03", "x (A (x) B (x) C), 64^3", text, [x, *factors],
                   {"by hand": by_hand})
    einsum_peers(made, "abc,ai,bj,ck->ijk", [x, *factors])

    def string_diagram():
        from discopy import tensor
        boxes = [tensor.Box(name, tensor.Dim(64), tensor.Dim(64), m)
                 for name, m in zip("ABC", factors)]
        state = tensor.Box("x", tensor.Dim(1), tensor.Dim(64, 64, 64), x)
        diagram = state >> boxes[0] @ boxes[1] @ boxes[2]
        return lambda: np.asarray(diagram.eval().array)
    made.peer("discopy", string_diagram, ["discopy"])
    return made


def trace():
    a, b = dense((2048, 2048), 41, 7, 3), dense((2048, 2048), 42, 7, 3)
    text = """
!m = !noodle.hom<[2048] -> [2048], f64>
!s = !noodle.hom<[] -> [], f64>
module attributes {noodle.fp = #noodle.fp<reassoc>} {
func.func @main(%a: tensor<2048x2048xf64>, %b: tensor<2048x2048xf64>) \
-> tensor<f64> {
  %A = noodle.from_tensor %a : tensor<2048x2048xf64> -> !m
  %B = noodle.from_tensor %b : tensor<2048x2048xf64> -> !m
  %AB = noodle.compose %A, %B : (!m, !m) -> !m
  %r = noodle.trace %AB : !m -> !s
  %t = noodle.to_tensor %r : !s -> tensor<f64>
  return %t : tensor<f64>
}
}"""
    made = Program("B05", "tr(A B), 2048", text, [a, b], {
        "numpy": lambda: lambda: np.trace(a @ b),
        "numpy.einsum": lambda: lambda: np.einsum("ij,ji->", a, b)},
        ("numpy", "torch.compile"))
    einsum_peers(made, "ij,ji->", [a, b])
    torch_compiled(made, lambda x, y: (x @ y).trace(), [a, b])
    return made


def paths(graphblas):
    n = 512
    rows, columns = pairs(51, 4096, n)
    weights = (mixed(52, 4096) % np.uint64(100)).astype(float)
    least = np.full((n, n), np.inf)
    np.minimum.at(least, (rows, columns), weights)
    at = np.nonzero(np.isfinite(least))
    a = csr(*at, least[at], n)
    text = CSR + """
!a = !noodle.hom<[512] -> [512], f64, #noodle.semiring<min_plus>>
func.func @main(%a: tensor<512x512xf64, #csr>) -> tensor<512x512xf64> {
  %A = noodle.from_tensor %a : tensor<512x512xf64, #csr> -> !a
  %D = noodle.star %A : !a
  %t = noodle.to_tensor %D : !a -> tensor<512x512xf64>
  return %t : tensor<512x512xf64>
}"""
    graph = sp.csgraph
    made = Program("B06", "all shortest paths, 512 nodes", text, [a], {
        "scipy, Floyd-Warshall":
            lambda: lambda: graph.floyd_warshall(a),
        "scipy, Dijkstra": lambda: lambda: graph.dijkstra(a)})
    if graphblas:
        made.peers["graphblas"] = lambda: graphblas.star(a)
    return made


def join():
    tables = [pairs(70 + k, 100000, 1000) for k in range(3)]
    relations = [csr(x, y, np.ones(x.size), 1000) for x, y in tables]
    parameters = ", ".join(f"%r{k}: tensor<1000x1000xf64, #csr>"
                           for k in range(3))
    text = CSR + """
!r = !noodle.hom<[1000] -> [1000], f64>
!d = !noodle.hom<[1000] -> [], f64>
!b = !noodle.hom<[] -> [1000], f64>
!s = !noodle.hom<[] -> [], f64>
module attributes {noodle.fp = #noodle.fp<reassoc>} {
func.func @main(""" + parameters + """) -> tensor<f64> {
""" + "".join(f"  %R{k} = noodle.from_tensor %r{k} : "
              "tensor<1000x1000xf64, #csr> -> !r\n" for k in range(3)) + """
  %end = noodle.wires discard : !d
  %begin = noodle.dagger %end : !d -> !b
  %s = noodle.compose %begin, %R0, %R1, %R2, %end : (!b, !r, !r, !r, !d) -> !s
  %t = noodle.to_tensor %s : !s -> tensor<f64>
  return %t : tensor<f64>
}
}"""
    joined = ("select count(*) from r0 join r1 on r0.b = r1.a "
              "join r2 on r1.b = r2.a")
    pushed = ("with c as (select a, count(*) n from r2 group by a), "
              "d as (select r1.a, sum(n) n from r1 join c on r1.b = c.a "
              "group by r1.a) select sum(n) from r0 join d on r0.b = d.a")

    def duck(query):
        def make():
            import duckdb
            base = duckdb.connect()
            for k, (x, y) in enumerate(tables):
                base.execute(f"create table r{k} as select unnest(?) a, "
                             "unnest(?) b", [x, y])
            return lambda: float(base.execute(query).fetchone()[0])
        return make

    def lite():
        base = sqlite3.connect(":memory:")
        for k, (x, y) in enumerate(tables):
            base.execute(f"create table r{k} (a integer, b integer)")
            base.executemany(f"insert into r{k} values (?, ?)",
                             zip(x.tolist(), y.tolist()))
            base.execute(f"create index i{k} on r{k} (a)")
        return lambda: float(base.execute(pushed).fetchone()[0])
    ones = np.ones(1000)
    made = Program("B09", "rows of a join of three, 1e9", text, relations, {
        "scipy, pushed": lambda: lambda: ones @ (
            relations[0] @ (relations[1] @ (relations[2] @ ones))),
        "sqlite, pushed": lite}, ("duckdb",), slow=("duckdb",))
    made.peer("duckdb", duck(joined), ["duckdb"])
    made.peer("duckdb, pushed", duck(pushed), ["duckdb"])
    return made


def functions():
    n, count = 1000000, 16
    maps = [(mixed(200 + k, n) % np.uint64(n)).astype(np.int64)
            for k in range(count)]
    types = ", ".join(["!f"] * count)
    names = ", ".join(f"%F{k}" for k in range(count))
    text = """
!f = !noodle.hom<[1000000] -> [1000000], i64>
!v = !noodle.hom<[1000000] -> [], i64>
func.func @main(""" + "".join(
        f"%f{k}: tensor<1000000xi64>, " for k in range(count)) + """\
%v: tensor<1000000xi64>) -> tensor<1000000xi64> {
""" + "".join(f"  %F{k} = noodle.function %f{k} : tensor<1000000xi64> -> !f\n"
              for k in range(count)) + f"""
  %V = noodle.from_tensor %v : tensor<1000000xi64> -> !v
  %r = noodle.compose {names}, %V : ({types}, !v) -> !v
  %t = noodle.to_tensor %r : !v -> tensor<1000000xi64>
  return %t : tensor<1000000xi64>
}}"""
    values = np.arange(n)

    def chain(at, take):
        for f in reversed(maps):
            at = take(at, f)
        return at

    def plain():
        lists, start = [f.tolist() for f in maps], values.tolist()

        def call():
            at = start
            for f in reversed(lists):
                at = [at[i] for i in f]
            return at
        return call

    def torched():
        import torch
        given, start = list(map(torch.from_numpy, maps)), torch.arange(n)

        def call():
            at = start
            for f in reversed(given):
                at = at[f]
            return at.numpy()
        return call
    made = Program("B14", "16 functions of a million", text,
                   [*maps, values], {
                       "numpy": lambda: lambda: chain(
                           values, lambda at, f: at[f]),
                       "numpy.take": lambda: lambda: chain(values, np.take),
                       "python": plain}, ("python",), "i64", ("python",))
    made.peer("torch", torched, ["torch"])
    return made


def all_programs(graphblas):
    return {"B01": attention, "B02": lambda: convolution(graphblas),
            "B03": kronecker, "B05": trace, "B06": lambda: paths(graphblas),
            "B09": join, "B14": functions}
