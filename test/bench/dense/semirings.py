"""Products over other semirings beside SuiteSparse:GraphBLAS, NumPy, and code
written by hand; and beside what this core can do at most."""
import ctypes

import numpy as np

from measure import NOODLE, Contestant
from native import aligned, compiled, plain, random
from noodle import Failed

# semiring, type, NumPy's, GraphBLAS' semiring and type, the peak's name
CASES = (
    ("min_plus", "f32", np.float32, "GrB_MIN_PLUS_SEMIRING_FP32", "GrB_FP32",
     "minplus_f32"),
    ("max_plus", "f32", np.float32, "GrB_MAX_PLUS_SEMIRING_FP32", "GrB_FP32",
     "minplus_f32"),
    ("or_and", "i1", np.bool_, "GrB_LOR_LAND_SEMIRING_BOOL", "GrB_BOOL",
     "orand_i8"),
    ("min_plus", "f64", np.float64, "GrB_MIN_PLUS_SEMIRING_FP64", "GrB_FP64",
     "minplus_f64"),
    ("max_plus", "f64", np.float64, "GrB_MAX_PLUS_SEMIRING_FP64", "GrB_FP64",
     "minplus_f64"),
)
GXB_NTHREADS = 7086


class GraphBlas:
    """Through its C interface, on full matrices."""

    def __init__(self, peers):
        path = peers.find("peers/lib/python3*/site-packages/"
                          "suitesparse_graphblas.libs/libgraphblas*")
        if not path:
            raise OSError("not installed")
        self.library = ctypes.CDLL(path)
        self.malloc = ctypes.CDLL(None).malloc
        self.malloc.restype = ctypes.c_void_p
        self.library.GrB_init(0)

    def threads(self, count):
        self.library.GxB_Global_Option_set_INT32(GXB_NTHREADS,
                                                 ctypes.c_int32(count))
        return True

    def named(self, name):
        return ctypes.c_void_p.in_dll(self.library, name)

    def matrix(self, array, kind):
        made, size = ctypes.c_void_p(), ctypes.c_uint64(array.nbytes)
        n = ctypes.c_uint64(array.shape[0])
        self.library.GrB_Matrix_new(ctypes.byref(made), self.named(kind), n, n)
        # The library takes the memory over.
        memory = ctypes.c_void_p(self.malloc(size))
        ctypes.memmove(memory, array.ctypes.data, array.nbytes)
        self.library.GxB_Matrix_pack_FullR(made, ctypes.byref(memory), size,
                                           ctypes.c_bool(False), None)
        return made

    def product(self, semiring, kind, a, b):
        left, right = self.matrix(a, kind), self.matrix(b, kind)
        out = self.matrix(np.zeros_like(a), kind)
        semiring = self.named(semiring)

        def run():
            if (self.library.GrB_mxm(out, None, None, semiring, left, right,
                                     None) or
                    self.library.GrB_Matrix_wait(out, 1)):
                raise RuntimeError("GrB_mxm failed")

        def value():
            memory, size = ctypes.c_void_p(), ctypes.c_uint64()
            self.library.GxB_Matrix_unpack_FullR(
                out, ctypes.byref(memory), ctypes.byref(size),
                ctypes.byref(ctypes.c_bool()), None)
            buffer = (ctypes.c_char * size.value).from_address(memory.value)
            return np.frombuffer(buffer, a.dtype).reshape(a.shape)
        return Contestant("GraphBLAS", run, value, self.threads)


def oracle(semiring, a, b, out):
    """Row by row in NumPy, which is the NumPy contestant too."""
    if semiring == "or_and":
        np.matmul(a, b, out=out)
        return out
    best = np.min if semiring == "min_plus" else np.max
    for i in range(a.shape[0]):
        best(a[i][:, None] + b, axis=0, out=out[i])
    return out


def product(bench, entry, n, threads, names, peers):
    semiring, kind, dtype, theirs, grb_type, peak = entry
    graphblas, tropical = peers
    a, b = random((n, n), dtype, 1), random((n, n), dtype, 2)
    if kind == "i1":  # so sparse that both values occur in the result
        generator = np.random.default_rng(3)
        a[...], b[...] = generator.random((2, n, n)) < n ** -0.5
    contestants = []
    if graphblas:
        contestants.append(graphblas.product(theirs, grb_type, a, b))
    by_hand, room = aligned((n, n), dtype), aligned((1 << 16,), np.uint64)
    if n % 128 == 0:
        contestants.append(Contestant(
            "by hand", plain(getattr(tropical, f"{semiring}_{kind}"), (n,),
                             (a, b, by_hand, room)), lambda: by_hand))
    slow = aligned((n, n), dtype)
    contestants.append(Contestant(
        "NumPy", lambda: oracle(semiring, a, b, slow), lambda: slow))
    t = f"tensor<{n}x{n}x{kind}>"
    text = (f"func.func @main(%a: {t}, %b: {t}) -> {t} {{\n"
            "  %c = noodle.matmul %a, %b "
            f"{{semiring = #noodle.semiring<{semiring}>}} : {t}, {t} -> {t}\n"
            f"  return %c : {t}\n}}\n")
    bound, label = None, f"{semiring} {n} {kind}"
    try:
        bound = bench.noodle.bind(text, [(a, kind), (b, kind)], threads)
        contestants.append(Contestant(NOODLE, bound.call,
                                      lambda: bound.result(dtype)))
    except Failed as why:
        bench.failed.append(f"{label}: {why}")
    seconds = bench.compete(contestants, threads, rounds=3)
    wanted = oracle(semiring, a, b, aligned((n, n), dtype)).astype(np.float64)
    for one in contestants:
        if not bench.check(f"{one.name} {label} {threads}t", one.value(),
                           wanted, 0):
            seconds.pop(one.name)
    flops, extra = 2.0 * n ** 3, ""
    row = bench.row(set="semirings", shape=f"{semiring} {n}", type=kind,
                    threads=threads, seconds=seconds, flops=flops)
    rate = bench.peak(peak, dtype(0).nbytes, threads)
    if NOODLE in seconds and rate:
        row["of_peak"] = flops / seconds[NOODLE] / rate
        extra = f" {row['of_peak']:6.1%} of peak {rate * 1e-9:.0f}"
    bench.line(label, row, names, flops, extra)
    if bound:
        bound.release()


def semirings(bench):
    try:
        graphblas = GraphBlas(bench.peers)
    except (OSError, AttributeError) as why:
        graphblas = None
        bench.peers.absent["GraphBLAS"] = str(why)
    tropical = compiled(bench.peers.folder, "tropical.cpp", "-march=native",
                        "-O3")
    names = (["GraphBLAS"] if graphblas else []) + ["by hand", "NumPy", NOODLE]
    cases = CASES[:3] if bench.options.quick else CASES
    for threads in bench.options.threads:
        bench.header(f"products over semirings, {threads} "
                     f"thread{'s' if threads > 1 else ''}: 1e9 operations a "
                     "second (by hand and NumPy: one thread)", names)
        for entry in cases:
            for n in bench.options.sizes or (
                    (512,) if bench.options.quick else (1024,)):
                product(bench, entry, n, threads, names, (graphblas, tropical))
