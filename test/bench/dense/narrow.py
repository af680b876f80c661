"""Products of bf16 (sums and results f32) and of i8 (i32): the set `types`."""
import ctypes
import os

import numpy as np

from measure import NOODLE, Contestant
from native import (CBLAS_S, PRIMITIVE, Call, address, aligned, compiled,
                    random)
from noodle import Failed

SIZES = (1024, 2048)
# oneDNN's numbers of bf16, f32, i32, i8
DNNL = {"bf16": 2, "f32": 3, "i32": 4, "i8": 5}
RESULT = {"bf16": ("f32", np.float32), "i8": ("i32", np.int32)}


def narrowed(kind, shape, seed):
    """(array as stored, its values in float64)."""
    if kind == "i8":
        array = aligned(shape, np.int8)
        array[...] = np.random.default_rng(seed).integers(-128, 128, shape)
        return array, array.astype(np.float64)
    bits = random(shape, np.float32, seed).view(np.uint32)
    stored = aligned(shape, np.uint16)
    stored[...] = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16
    return stored, (stored.astype(np.uint32) << 16).view(
        np.float32).astype(np.float64)


def onednn(bench, peer, kind, n, threads, a, b, c):
    library = compiled(
        bench.peers.folder, "onednn.cpp",
        "-I" + os.path.join(bench.peers.venv, "include"),
        bench.peers.find("peers/lib/libdnnl.so.3"))
    peer.threads(threads)
    out = (ctypes.c_void_p * 5)()
    size = [ctypes.c_int64(n)] * 3
    if library.onednn_product(
            DNNL[kind], DNNL[RESULT[kind][0]], *size,
            *[ctypes.c_void_p(x.ctypes.data) for x in (a, b, c)], out):
        return None
    call = Call(kind=PRIMITIVE, function=out[3])
    call.sizes[0] = 3
    call.pointers[:4] = [out[0], out[1], out[2], out[4]]
    return call


def aocl(library, kind, n, a, b, c):
    if kind == "bf16":
        function, factor = library.aocl_gemm_bf16bf16f32of32, ctypes.c_float
    else:
        function, factor = library.aocl_gemm_s8s8s32os32, ctypes.c_int32
    function.restype = None
    size, char = ctypes.c_int64(n), ctypes.c_char
    pointers = [ctypes.c_void_p(x.ctypes.data) for x in (a, b, c)]
    arguments = (char(b"r"), char(b"n"), char(b"n"), size, size, size,
                 factor(1), pointers[0], size, char(b"n"), pointers[1], size,
                 char(b"n"), factor(0), pointers[2], size, None)
    return lambda: function(*arguments)


def mkl(library, kind, n, a, b, c):
    if kind != "bf16":
        return None
    call = Call(kind=CBLAS_S, letters=b"NN",
                function=address(library.cblas_gemm_bf16bf16f32))
    call.sizes[:6] = [n] * 6
    call.pointers[:3] = [x.ctypes.data for x in (a, b, c)]
    return call


def torch_product(kind, a, b):
    """Another, newer oneDNN is in it. Its product of bf16 rounds to bf16."""
    try:
        import torch
    except (ImportError, OSError):
        return None
    if kind == "bf16":
        left, right = (torch.from_numpy(x.view(np.int16)).view(torch.bfloat16)
                       for x in (a, b))
        out = torch.empty_like(left)
        return Contestant("torch", lambda: torch.mm(left, right, out=out),
                          lambda: out.float().numpy(), torch.set_num_threads)
    left, right = torch.from_numpy(a), torch.from_numpy(b)
    kept = []

    def run():
        kept[:] = [torch._int_mm(left, right)]
    return Contestant("torch", run, lambda: kept[0].numpy(),
                      torch.set_num_threads)


def product(bench, kind, n, threads, names):
    (a, wide_a), (b, wide_b) = (narrowed(kind, (n, n), i) for i in (1, 2))
    wide, dtype = RESULT[kind]
    contestants, bound, label = [], None, f"{n}x{n}x{n} {kind}->{wide}"
    for peer in bench.blas:
        c = aligned((n, n), dtype)
        call = {"oneDNN": lambda: onednn(bench, peer, kind, n, threads, a, b,
                                         c),
                "AOCL": lambda: aocl(peer.library, kind, n, a, b, c),
                "MKL": lambda: mkl(peer.library, kind, n, a, b, c),
                }.get(peer.name, lambda: None)()
        if call:
            contestants.append(Contestant(peer.name, call, lambda c=c: c,
                                          peer.threads))
    other = torch_product(kind, a, b)
    contestants += [other] if other else []
    t, r = f"tensor<{n}x{n}x{kind}>", f"tensor<{n}x{n}x{wide}>"
    text = (f"func.func @main(%a: {t}, %b: {t}) -> {r} {{\n  %c = noodle.matmul"
            f" %a, %b {{accumulator = {wide}}} : {t}, {t} -> {r}\n"
            f"  return %c : {r}\n}}\n")
    try:
        bound = bench.noodle.bind(text, [(a, kind), (b, kind)], threads)
        contestants.append(Contestant(NOODLE, bound.call,
                                      lambda: bound.result(dtype)))
    except (Failed, KeyError) as why:
        bench.failed.append(f"{label}: {why}")
    seconds = bench.compete(contestants, threads)
    wanted = wide_a @ wide_b
    unit = 0 if kind == "i8" else np.finfo(np.float32).eps * (n + 2)
    for one in contestants:
        allowed = np.max(np.abs(wanted)) / 256 if (
            one.name == "torch" and kind == "bf16") else unit
        if not bench.check(f"{one.name} {label} {threads}t", one.value(),
                           wanted, allowed):
            seconds.pop(one.name)
    flops, extra = 2.0 * n ** 3, ""
    row = bench.row(set="types", shape=f"{n}", type=kind, threads=threads,
                    seconds=seconds, flops=flops)
    peak = bench.peak(kind, 2 if kind == "bf16" else 1, threads)
    if peak and NOODLE in seconds:
        row["of_peak"] = flops / seconds[NOODLE] / peak
        extra = f" {row['of_peak']:6.1%} of peak {peak * 1e-9:.0f}"
    bench.line(label, row, names, flops, extra, aim=1.0)
    if bound:
        bound.release()


def types(bench):
    names = ["oneDNN", "AOCL", "MKL", "torch", NOODLE]
    for threads in bench.options.threads:
        bench.header(f"narrow products, {threads} "
                     f"thread{'s' if threads > 1 else ''}: 1e9 operations a "
                     "second (torch: bf16 results of bf16)", names)
        for kind in ("bf16", "i8"):
            for n in bench.options.sizes or (
                    SIZES[:1] if bench.options.quick else SIZES):
                product(bench, kind, n, threads, names)
