"""Peers of sparse programs. Each maker takes a case and returns a call whose
result `value` understands, or None where the library has no such op."""
import ctypes

import numpy as np
import scipy.sparse as sp

from ops import REUSED

VECTORS = ("spmv", "reuse")


def scipy_peer(case):
    """minplus and sddmm would be NumPy's indexing, no library's op."""
    if case.op in ("minplus", "sddmm"):
        return None
    if case.op == "reuse":
        return lambda: [case.answer() for _ in range(REUSED)][-1]
    return case.answer


class GraphBLAS:
    """SuiteSparse through its C functions, results made anew in each call."""

    def __init__(self, threads):
        import suitesparse_graphblas as suite
        suite.initialize(blocking=True)
        self.version = suite.__version__
        self.lib, self.ffi = suite.lib, suite.ffi
        self.do("Global_set_INT32", self.lib.GrB_GLOBAL, threads,
                self.lib.GxB_NTHREADS)

    def do(self, name, *arguments):
        code = getattr(self.lib, "GrB_" + name)(*arguments)
        if code:
            raise RuntimeError(f"GrB_{name}: {code}")

    def new(self, *shape):
        kind = "Matrix" if len(shape) == 2 else "Vector"
        held = self.ffi.new(f"GrB_{kind}*")
        self.do(kind + "_new", held, self.lib.GrB_FP64, *shape)
        return held

    def pointer(self, kind, array):
        return self.ffi.cast(kind + "*", self.ffi.from_buffer(array))

    def given(self, x):
        if sp.issparse(x):
            held = self.ffi.new("GrB_Matrix*")
            starts, columns = (v.astype(np.uint64) for v in (x.indptr,
                                                             x.indices))
            self.do("Matrix_import_FP64", held, self.lib.GrB_FP64, *x.shape,
                    self.pointer("GrB_Index", starts),
                    self.pointer("GrB_Index", columns),
                    self.pointer("double", x.data), starts.size, columns.size,
                    x.data.size, self.lib.GrB_CSR_FORMAT)
        else:
            held = self.new(*x.shape)
            places = [np.ascontiguousarray(v.ravel(), np.uint64)
                      for v in np.indices(x.shape)]
            kind = "Matrix" if x.ndim == 2 else "Vector"
            self.do(kind + "_build_FP64", held[0],
                    *(self.pointer("GrB_Index", v) for v in places),
                    self.pointer("double", x), x.size, self.lib.GrB_PLUS_FP64)
            self.do(kind + "_set_INT32", held[0], self.lib.GxB_FULL,
                    self.lib.GxB_SPARSITY_CONTROL)
        self.do("Matrix_wait" if len(x.shape) == 2 else "Vector_wait",
                held[0], self.lib.GrB_MATERIALIZE)
        return held

    def value(self, held, wanted):
        """A handle as what the answer is."""
        if not isinstance(held, self.ffi.CData):
            return np.asarray(held)
        count = self.ffi.new("GrB_Index*")
        vector = self.ffi.typeof(held) is self.ffi.typeof("GrB_Vector*")
        kind = "Vector" if vector else "Matrix"
        self.do(kind + "_nvals", count, held[0])
        places = [np.zeros(count[0], np.uint64)
                  for _ in range(1 if vector else 2)]
        values = np.zeros(count[0])
        self.do(kind + "_extractTuples_FP64",
                *(self.pointer("GrB_Index", v) for v in places),
                self.pointer("double", values), count, held[0])
        if sp.issparse(wanted):
            places = [v.astype(np.int64) for v in places]
            if vector:  # a row
                places.insert(0, np.zeros_like(places[0]))
            if wanted.format == "csc":  # the call transposed
                places.reverse()
            return sp.csr_matrix((values, places), wanted.shape)
        full = np.full(wanted.shape,
                       np.inf if np.isinf(wanted).any() else 0.0)
        full[tuple(v.astype(np.int64) for v in places)] = values
        return full

    def peer(self, case):
        if case.op in ("gcn", "pagerank"):
            return None
        lib, null, n = self.lib, self.ffi.NULL, case.a.shape[0]
        given = [self.given(x) for x in case.inputs]
        a, b = given[0][0], given[-1][0]
        plus = lib.GrB_PLUS_TIMES_SEMIRING_FP64
        kept = [None]

        def fresh(*shape):
            if kept[0] is not None:
                free = ("GrB_Matrix_free" if len(shape) == 2 else
                        "GrB_Vector_free")
                getattr(lib, free)(kept[0])
            kept[0] = self.new(*shape)
            return kept[0]

        def multiply(semiring, mask=null, descriptor=null, right=b):
            held = fresh(n, case.inputs[-1].shape[1])
            self.do("mxm", held[0], mask, null, semiring, a, right,
                    descriptor)
            return held

        def vector(semiring):
            held = fresh(n)
            self.do("mxv", held[0], null, null, semiring, a, b, null)
            return held

        def row(x):
            held = self.new(x.shape[1])
            places = np.ascontiguousarray(x.indices, np.uint64)
            self.do("Vector_build_FP64", held[0],
                    self.pointer("GrB_Index", places),
                    self.pointer("double", x.data), x.nnz,
                    lib.GrB_PLUS_FP64)
            self.do("Vector_wait", held[0], lib.GrB_MATERIALIZE)
            return held

        frontier = row(case.inputs[0]) if case.op == "push" else None

        def push():
            held = fresh(n)
            self.do("vxm", held[0], null, null, plus, frontier[0], b, null)
            self.do("Vector_wait", held[0], lib.GrB_MATERIALIZE)
            return held

        def total(mask, right, descriptor):
            held = fresh(n, n)
            self.do("mxm", held[0], mask, null, plus, a, right, descriptor)
            self.do("Matrix_eWiseMult_BinaryOp", held[0], null, null,
                    lib.GrB_TIMES_FP64, held[0], mask, null)
            sum_of = self.ffi.new("double*")
            self.do("Matrix_reduce_FP64", sum_of, null,
                    lib.GrB_PLUS_MONOID_FP64, held[0], null)
            return sum_of[0]

        def sampled():
            held = fresh(n, n)
            self.do("mxm", held[0], a, null, plus, given[1][0], b,
                    lib.GrB_DESC_ST1)
            self.do("Matrix_eWiseMult_BinaryOp", held[0], null, null,
                    lib.GrB_TIMES_FP64, held[0], a, null)
            return held

        def both(name, op):
            held = fresh(n, n)
            self.do(name, held[0], null, null, op, a, b, null)
            return held

        def transposed():
            held = fresh(n, n)
            self.do("transpose", held[0], null, null, a, null)
            return held

        def layer():
            held = multiply(plus)
            self.do("Matrix_apply_BinaryOp2nd_FP64", held[0], null, null,
                    lib.GrB_MINUS_FP64, held[0], 0.3, null)
            self.do("Matrix_select_FP64", held[0], null, null,
                    lib.GrB_VALUEGT_FP64, held[0], 0.0, null)
            self.do("Matrix_apply_BinaryOp2nd_FP64", held[0], null, null,
                    lib.GrB_MIN_FP64, held[0], 32.0, null)
            return held
        runs = {
            "spmv": lambda: vector(plus),
            "reuse": lambda: [vector(plus) for _ in range(REUSED)][-1],
            "minplus": lambda: vector(lib.GrB_MIN_PLUS_SEMIRING_FP64),
            "push": push,
            "sddmm": sampled, "convert": transposed, "dnn": layer,
            "spgemm": lambda: multiply(plus, right=a),
            "masked": lambda: multiply(plus, a, lib.GrB_DESC_S, right=a),
            "triangles": lambda: total(a, a, lib.GrB_DESC_S),
            "add": lambda: both("Matrix_eWiseAdd_BinaryOp",
                                lib.GrB_PLUS_FP64),
            "mul": lambda: both("Matrix_eWiseMult_BinaryOp",
                                lib.GrB_TIMES_FP64),
        }
        return runs.get(case.op, lambda: multiply(plus))


class Descriptor(ctypes.Structure):
    _fields_ = [(n, ctypes.c_int) for n in ("type", "mode", "diagonal")]


class MKL:
    """Its inspector-executor interface."""
    PLAIN, ROWS = Descriptor(20, 0, 0), 101

    def __init__(self, path, threads):
        self.library = ctypes.CDLL(path)
        self.library.MKL_Set_Num_Threads(threads)

    def do(self, name, *arguments):
        code = getattr(self.library, "mkl_sparse_" + name)(*arguments)
        if code:
            raise RuntimeError(f"mkl_sparse_{name}: {code}")

    def handle(self, m):
        made, starts = ctypes.c_void_p(), m.indptr.ctypes.data
        self.do("d_create_csr", ctypes.byref(made), 0, *m.shape,
                *map(ctypes.c_void_p, (starts, starts + 4,
                                       m.indices.ctypes.data,
                                       m.data.ctypes.data)))
        return made

    def value(self, held, wanted):
        if not isinstance(held, ctypes.c_void_p):
            return held
        rows, columns, base = (ctypes.c_int() for _ in range(3))
        parts = [ctypes.c_void_p() for _ in range(4)]
        self.do("d_export_csr", held, *map(ctypes.byref, (
            base, rows, columns, *parts)))

        def copied(start, count, kind):
            size = count * np.dtype(kind).itemsize
            return np.frombuffer((ctypes.c_char * size).from_address(
                start.value), kind).copy() if size else np.zeros(0, kind)
        ends = copied(parts[1], rows.value, np.int32)
        count = ends[-1] if rows.value else 0
        starts = np.concatenate(([0], ends)).astype(np.int32)
        made = sp.csr_matrix((copied(parts[3], count, np.float64),
                              copied(parts[2], count, np.int32), starts),
                             (rows.value, columns.value))
        return made.T.tocsc() if wanted.format == "csc" else made

    def peer(self, case):
        one, none = ctypes.c_double(1.0), ctypes.c_double(0.0)
        a, rest = self.handle(case.a), case.inputs[1:]
        if case.op in ("spmv", "reuse", "pagerank"):
            x, out = rest[0], np.zeros(case.a.shape[0])
            px, py = (ctypes.c_void_p(v.ctypes.data) for v in (x, out))

            def prepare(a, calls):
                self.do("set_mv_hint", a, 10, self.PLAIN, calls)
                self.do("optimize", a)

            def multiply(a=a):
                self.do("d_mv", 10, one, a, self.PLAIN, px, none, py)
                return out

            def reuse():
                fresh = self.handle(case.a)
                prepare(fresh, REUSED)
                for _ in range(REUSED):
                    multiply(fresh)
                self.do("destroy", fresh)
                return out

            def step():
                y = multiply() * 0.85
                y += 1e-6
                return [y, np.abs(y - x).sum()]
            if case.op == "reuse":
                return reuse
            prepare(a, 1000)
            return multiply if case.op == "spmv" else step
        if case.op.startswith("spmm") or case.op == "gcn":
            x = rest[0] @ rest[1] if case.op == "gcn" else rest[0]
            out, width = np.zeros_like(x), x.shape[1]

            def wide(x=x):
                self.do("d_mm", 10, one, a, self.PLAIN, self.ROWS,
                        ctypes.c_void_p(x.ctypes.data), width, width, none,
                        ctypes.c_void_p(out.ctypes.data), width)
                return out

            def layer():
                t = wide(rest[0] @ rest[1])
                t += rest[2]
                return np.maximum(t, 0, out=t)
            return layer if case.op == "gcn" else wide
        calls = {"spgemm": ("spmm", 10, a, a), "convert": ("convert_csr", a, 11)}
        if case.op == "add":
            calls["add"] = ("d_add", 10, a, one, self.handle(rest[0]))
        if case.op not in calls:
            return None
        kept = [None]

        def run():
            if kept[0]:
                self.do("destroy", kept[0])
            kept[0] = ctypes.c_void_p()
            self.do(*calls[case.op], ctypes.byref(kept[0]))
            if case.op == "spgemm":
                self.do("order", kept[0])
            return kept[0]
        return run
