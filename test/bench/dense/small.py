"""Many small products in one call, as programs have them: what is timed is the
code and not the call. The peers are called once per product, from C++; all fits
the second-level cache."""
import numpy as np

from measure import NOODLE, Contestant
from native import aligned, random
from noodle import Failed
from squares import NUMPY

SIZES = (4, 8, 16, 24, 32, 48, 64)
BYTES = 256 << 10


def products(bench, kind, n, names):
    dtype = NUMPY[kind]
    width = dtype(0).nbytes
    batch = max(1, BYTES // (3 * n * n * width))
    a, b = random((batch, n, n), dtype, 1), random((batch, n, n), dtype, 2)
    contestants, bound, label = [], None, f"{batch} of {n}x{n}x{n} {kind}"
    for peer in bench.blas:
        c = aligned((batch, n, n), dtype)
        call = peer.threads(1) and peer.product(kind, "NN", n, n, n, a[0],
                                                b[0], c[0])
        if call:
            call.sizes[:3] = [n] * 3
            call.sizes[6:8] = [batch, width]
            contestants.append(Contestant(peer.name, call, lambda c=c: c,
                                          peer.threads))
    t = f"tensor<{batch}x{n}x{n}x{kind}>"
    text = (f"func.func @main(%a: {t}, %b: {t}) -> {t} {{\n"
            f"  %c = noodle.matmul %a, %b : {t}, {t} -> {t}\n"
            f"  return %c : {t}\n}}\n")
    try:
        bound = bench.noodle.bind(text, [(a, kind), (b, kind)], 1)
        contestants.append(Contestant(NOODLE, bound.call,
                                      lambda: bound.result(dtype)))
    except Failed as why:
        bench.failed.append(f"{label}: {why}")
    seconds = bench.compete(contestants, 1)
    wanted = a.astype(np.float64) @ b.astype(np.float64)
    for one in contestants:
        if not bench.check(f"{one.name} {label}", one.value(), wanted,
                           np.finfo(dtype).eps * (n + 2)):
            seconds.pop(one.name)
    flops = 2.0 * batch * n ** 3
    row = bench.row(set="small", shape=f"{n}x{n}x{n}", type=kind, threads=1,
                    seconds=seconds, flops=flops, batch=batch)
    bench.line(label, row, names, flops, aim=1.0)
    if bound:
        bound.release()


def small(bench):
    names = [peer.name for peer in bench.blas] + [NOODLE]
    for kind in bench.options.types:
        bench.header(f"many small products, {kind}, 1 thread: GFLOP/s", names)
        for n in bench.options.sizes or SIZES:
            products(bench, kind, n, names)
