"""Compiles driver.cpp and peaks.cpp, and calls through them."""
import ctypes
import os
import subprocess
import sys
import time

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
CBLAS_S, CBLAS_D, ONEDNN, SMALL, NOODLE, PLAIN, PRIMITIVE = range(7)


class Call(ctypes.Structure):
    _fields_ = [("kind", ctypes.c_int32), ("letters", ctypes.c_char * 4),
                ("function", ctypes.c_void_p), ("sizes", ctypes.c_int64 * 8),
                ("pointers", ctypes.c_void_p * 8),
                ("factors", ctypes.c_double * 2)]


def address(function):
    return ctypes.cast(function, ctypes.c_void_p)


def compiled(folder, source, *flags):
    """A shared library of one source, made again when the source is newer."""
    source = os.path.join(HERE, source)
    target = os.path.join(folder, "lib" + os.path.basename(source)[:-4] + ".so")
    if (not os.path.exists(target) or
            os.path.getmtime(target) < os.path.getmtime(source)):
        words = ["clang++-22", "-O2", "-std=c++20", "-shared", "-fPIC", source,
                 "-o", target, *flags]
        done = subprocess.run(words, text=True, capture_output=True,
                              check=False)
        if done.returncode:
            sys.exit(f"dense: {' '.join(words)}\n{done.stderr}")
    return ctypes.CDLL(target)


class Native:
    def __init__(self, folder):
        self.driver = compiled(folder, "driver.cpp")
        self.peaks = compiled(folder, "peaks.cpp", "-march=native", "-pthread")
        self.naive = compiled(folder, "naive.cpp")
        self.driver.bench_time.restype = ctypes.c_double
        self.peaks.bench_peak_ops.restype = ctypes.c_int64

    def time(self, call, count, cpu=None):
        """Seconds of `count` calls; cpu is a c_double or None. A Python
        function costs its interpreter's call too: for long ones only."""
        if not isinstance(call, Call):
            used, start = time.process_time(), time.perf_counter()
            for _ in range(count):
                call()
            seconds = time.perf_counter() - start
            if cpu is not None:
                cpu.value = time.process_time() - used
            return seconds
        status = ctypes.c_void_p()
        seconds = self.driver.bench_time(
            ctypes.byref(call), ctypes.c_int64(count),
            ctypes.byref(cpu) if cpu is not None else None,
            ctypes.byref(status))
        if status.value:
            raise RuntimeError(f"status {status.value:#x}")
        return seconds


def plain(function, sizes=(), arrays=()):
    """A call of a `void (const int64_t *, void *const *)`."""
    call = Call(kind=PLAIN, function=address(function))
    for i, size in enumerate(sizes):
        call.sizes[i] = size
    for i, array in enumerate(arrays):
        call.pointers[i] = array.ctypes.data
    call.keep = arrays
    return call


places = iter(range(1 << 60))


def aligned(shape, dtype):
    """Uninitialised, on a cache line's border; each at another place of its
    page, since equal ones make every contestant's loads wait for stores."""
    count = int(np.prod(shape, dtype=np.int64))
    dtype = np.dtype(dtype)
    raw = np.empty(count * dtype.itemsize + 8192, np.uint8)
    start = -raw.ctypes.data % 4096 + next(places) * 832 % 4096
    return raw[start:start + count * dtype.itemsize].view(dtype).reshape(shape)


def random(shape, dtype, seed):
    """In [-1, 1]; whole numbers where the type is one."""
    generator = np.random.default_rng(seed)
    array = aligned(shape, dtype)
    if np.issubdtype(array.dtype, np.floating):
        array[...] = generator.random(shape, np.float32) * 2 - 1
    elif array.dtype == np.bool_:
        array[...] = generator.random(shape) < 0.5
    else:
        array[...] = generator.integers(-9, 9, shape)
    return array
