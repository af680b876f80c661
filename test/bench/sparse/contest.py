"""Every op on every matrix, on one number of threads."""
import ctypes
import json
import time

import numpy as np
import scipy
import scipy.sparse as sp

import install
import matrices
import measure
import noodle
import ops
import peers
from native import Native, plain, random


NONE = ctypes.c_size_t(0)


class Sparse(noodle.Bound):
    """A bound call that takes CSR views as well, without copies."""

    def describe(self, tensor, array, element):
        if isinstance(array, np.ndarray):
            return super().describe(tensor, array, element)
        tensor.layout, tensor.rank = 2, 2
        tensor.element = self.noodle.elements[element]
        tensor.position_width = tensor.coordinate_width = 4
        tensor.stored = array.nnz
        tensor.values = array.data.ctypes.data
        tensor.positions = array.indptr.ctypes.data
        tensor.coordinates = array.indices.ctypes.data
        tensor.extents[0], tensor.extents[1] = array.shape

    def run(self):
        if self.into:
            self.noodle.do("call_run", self.handle, None, None, NONE)
            return
        self.noodle.library.noodle_region_clear(self.region)
        self.noodle.do("call_run", self.handle, self.region, self.results,
                       ctypes.c_size_t(self.count))

    def repeat(self):
        for _ in range(ops.REUSED):
            self.run()

    def value(self, index=0):
        tensor = self.results[index]
        if tensor.layout < 2:
            return self.result(np.float64, index).copy()

        def copied(start, count, dtype):
            size = count * np.dtype(dtype).itemsize
            if not size:
                return np.zeros(0, dtype)
            data = (ctypes.c_char * size).from_address(start)
            return np.frombuffer(data, dtype).copy()
        shape, count = tuple(tensor.extents[:2]), tensor.stored
        form = sp.csr_matrix if tensor.layout == 2 else sp.csc_matrix
        return form((copied(tensor.values, count, np.float64),
                     copied(tensor.coordinates, count, np.int32),
                     copied(tensor.positions, shape[tensor.layout - 2] + 1,
                            np.int32)), shape)


def same(got, wanted):
    if isinstance(wanted, list):
        return all(map(same, got, wanted))
    if sp.issparse(wanted):
        if not sp.issparse(got) or got.shape != wanted.shape:
            return False
        apart = abs(got - wanted)
        scale = max(1, abs(wanted).max()) if wanted.nnz else 1
        return not apart.nnz or apart.max() <= 1e-9 * scale
    got = np.asarray(got)
    return (got.shape == wanted.shape and
            np.allclose(got, wanted, rtol=1e-9, atol=1e-12))


def stream(bench, threads):
    """Bytes a second that a triad over 3 x 256 MB moves."""
    count = 1 << 25
    arrays = [random((2 * count,), np.float32, i) for i in range(3)]
    call = plain(bench.native.peaks.bench_stream, (2 * count, threads), arrays)
    return 24 * count / min(bench.native.time(call, 1) for _ in range(5))


class Contest:
    def __init__(self, options):
        self.threads = int(options.threads[0])
        found = install.Peers(options.build)
        self.library = noodle.Noodle(options.build)
        self.bench = measure.Bench(options, found, Native(found.folder),
                                   self.library, None)
        self.graphblas = peers.GraphBLAS(self.threads)
        mkl = found.find("peers/lib/libmkl_rt.so*")
        self.mkl = peers.MKL(mkl, self.threads) if mkl else None
        self.absent = {} if mkl else {"mkl": "no libmkl_rt.so"}
        self.stream = stream(self.bench, self.threads)
        self.compiled = {}

    def bind(self, case):
        start = time.perf_counter()
        bound = Sparse(self.library, ops.TEXTS[case.op],
                       [(x, "f64") for x in case.inputs], self.threads, {})
        self.compiled.setdefault(case.op, time.perf_counter() - start)
        return bound

    def contestants(self, case, bound, wanted):
        """Those who have the op and are right, Noodle first."""
        many = isinstance(wanted, list)
        run = bound.repeat if case.op == "reuse" else bound.run
        calls = {"noodle": (run, lambda _: [
            bound.value(k) for k in range(2)] if many else bound.value())}
        for name, make, value in (
                ("scipy", peers.scipy_peer, None),
                ("graphblas", self.graphblas.peer, self.graphblas.value),
                ("mkl", self.mkl and self.mkl.peer,
                 self.mkl and self.mkl.value)):
            call = make and make(case)
            if call:
                calls[name] = (call, lambda out, value=value: value(
                    out, wanted) if value else out)
        right = []
        for name, (call, value) in calls.items():
            if same(value(call()), wanted):
                right.append(measure.Contestant(name, call))
            else:
                self.bench.wrong.append(f"{case.op} {name}")
        return right

    def row(self, case, shape):
        bench, a = self.bench, case.a
        try:
            bound = self.bind(case)
            bound.run()
        except noodle.Failed as error:
            bench.failed.append(f"{case.op} {shape}: {error}")
            return
        right = self.contestants(case, bound, case.answer())
        seconds = bench.compete(right, self.threads)
        row = bench.row(set=case.op, shape=shape, type="f64",
                        threads=self.threads, n=a.shape[0], stored=a.nnz,
                        seconds=seconds)
        extra = ""
        if case.op == "spmv" and "noodle" in seconds:
            moved = 12 * a.nnz + 20 * a.shape[0]
            row["of_stream"] = moved / seconds["noodle"] / self.stream
            extra = f"  {row['of_stream']:.2f} of the stream"
        if case.op == "spgemm" and self.threads == 1:
            result = bound.results[0]
            held = 12 * result.stored + 4 * (a.shape[0] + 1)
            peak = json.loads(bound.receipt())["memory_peak"]
            row["peak"] = peak / (held + ops.workspace(a))
            row["peak_bytes"], row["result_bytes"] = peak, held
            extra = f"  peak {row['peak']:.3f} of result and workspace"
        bench.line(f"{case.op} {shape} {a.nnz}", row,
                   ("noodle", "scipy", "graphblas", "mkl"), extra=extra,
                   aim=1.0)
        bound.release()


def part(options):
    contest = Contest(options)
    bench = contest.bench
    bench.say(f"\n{contest.library.about}, {contest.threads} thread(s), "
              f"stream {contest.stream * 1e-9:.1f} GB/s, SciPy "
              f"{scipy.__version__}, GraphBLAS {contest.graphblas.version}")
    given = matrices.all_matrices(options.quick, options.matrices,
                                  options.only)
    skipped = 0
    for op in options.sets:
        bench.header(op, ("noodle", "scipy", "graphblas", "mkl"))
        cases = ops.pushes() if op == "push" else {
            name: ops.Case(op, a) for name, a in given.items()}
        for name, case in cases.items():
            if case.why:
                bench.say(f"{op} {name}: skipped, {case.why}")
                skipped += 1
                continue
            contest.row(case, name)
            if op == "dnn":  # the network is the same whatever the matrix
                break
        bench.say(f"{op}: compiled in {contest.compiled.get(op, 0) * 1e3:.0f}"
                  " ms, binding included")
    bench.say(f"{skipped} rows skipped")
    with open(options.part, "w", encoding="utf-8") as file:
        json.dump({"rows": bench.rows, "wrong": bench.wrong,
                   "failed": bench.failed, "absent": contest.absent,
                   "versions": {"GraphBLAS": contest.graphblas.version,
                                "SciPy": scipy.__version__},
                   "peaks": {f"{contest.threads} threads": {
                       "stream": contest.stream,
                       "compile": contest.compiled}}}, file)
    return 0
