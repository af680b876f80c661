"""BLAS-like peers through their C interfaces."""
import ctypes
import os
import subprocess

from native import (CBLAS_D, CBLAS_S, ONEDNN, SMALL, Call, address)

# Idle workers of one library must not spin beside the next contestant: each
# stops after about 2 ms, and two-thread rounds start with a longer pause.
ENVIRONMENT = {
    "KMP_DUPLICATE_LIB_OK": "TRUE",  # AOCL brings an OpenMP runtime of its own
    "KMP_BLOCKTIME": "2", "GOMP_SPINCOUNT": "100000",
    "OPENBLAS_THREAD_TIMEOUT": "22", "MKL_THREADING_LAYER": "INTEL",
    "MKL_DYNAMIC": "FALSE", "OMP_DYNAMIC": "FALSE",
    "OPENBLAS_NUM_THREADS": str(os.cpu_count()),
}


class Blas:
    """A library with cblas_?gemm; `threads` sets how many it uses."""

    def __init__(self, name, path, prefix, threads, about):
        self.name = name
        self.library = ctypes.CDLL(path, mode=os.RTLD_LOCAL)
        self.functions = {"f32": getattr(self.library, prefix + "sgemm"),
                          "f64": getattr(self.library, prefix + "dgemm")}
        self.setter = getattr(self.library, threads)
        self.about = about(self.library)

    def threads(self, count):
        self.setter(count)
        return True

    def product(self, kind, letters, m, n, k, a, b, c):
        """The call for C = op(A) op(B), or None where it has none."""
        function = self.functions.get(kind)
        if not function:
            return None
        call = Call(kind=CBLAS_S if kind == "f32" else CBLAS_D,
                    letters=letters.encode(), function=address(function))
        call.sizes[:6] = [m, n, k, a.shape[1], b.shape[1], n]
        call.pointers[:3] = [x.ctypes.data for x in (a, b, c)]
        return call


class OneDnn:
    """dnnl_sgemm. Its OpenMP runtime is MKL's, preloaded."""

    def __init__(self, path, runtime):
        self.name = "oneDNN"
        self.library = ctypes.CDLL(path, mode=os.RTLD_LOCAL)
        self.runtime = runtime
        self.library.dnnl_version.restype = ctypes.POINTER(ctypes.c_int)
        v = self.library.dnnl_version()
        self.about = f"{v[0]}.{v[1]}.{v[2]}"

    def threads(self, count):
        self.runtime.omp_set_num_threads(count)
        return True

    def product(self, kind, letters, m, n, k, a, b, c):
        if kind != "f32":
            return None
        call = Call(kind=ONEDNN, letters=letters.encode(),
                    function=address(self.library.dnnl_sgemm))
        call.sizes[:6] = [m, n, k, a.shape[1], b.shape[1], n]
        call.pointers[:3] = [x.ctypes.data for x in (a, b, c)]
        return call


class Xsmm:
    """Kernels for one small shape; one thread only."""

    def __init__(self, folder, archives):
        target = os.path.join(folder, "libxsmm-shared.so")
        if not os.path.exists(target):
            subprocess.run(["clang++-22", "-shared", "-o", target,
                            "-Wl,--whole-archive", *archives,
                            "-Wl,--no-whole-archive", "-lpthread", "-ldl",
                            "-lrt", "-lm"], check=True, capture_output=True)
        self.name = "libxsmm"
        self.library = ctypes.CDLL(target)
        self.library.libxsmm_get_target_arch.restype = ctypes.c_char_p
        self.library.libxsmm_init()
        self.about = "1.17 " + self.library.libxsmm_get_target_arch().decode()
        self.dispatch = {"f32": self.library.libxsmm_smmdispatch,
                         "f64": self.library.libxsmm_dmmdispatch}

    def threads(self, count):
        return count == 1

    def product(self, kind, letters, m, n, k, a, b, c):
        if letters != "NN" or max(m, n, k) > 64 or kind not in self.dispatch:
            return None
        dispatch = self.dispatch[kind]
        dispatch.restype = ctypes.c_void_p
        real = ctypes.c_float if kind == "f32" else ctypes.c_double
        one, zero = real(1), real(0)
        function = dispatch(n, m, k, None, None, None, ctypes.byref(one),
                            ctypes.byref(zero), None, None)
        if not function:
            return None
        call = Call(kind=SMALL, function=function)
        call.pointers[:3] = [x.ctypes.data for x in (a, b, c)]
        return call


class NumPy:
    """NumPy's own OpenBLAS, so that its threads can be set."""

    def __init__(self, peers):
        path = peers.find("peers/lib/python3*/site-packages/numpy.libs/"
                          "libscipy_openblas*")
        self.setter = path and ctypes.CDLL(
            path).scipy_openblas_set_num_threads64_

    def threads(self, count):
        if self.setter:
            self.setter(count)
        return True


def text_of(function, *arguments):
    function.restype = ctypes.c_char_p
    return function(*arguments).decode()


def blis_kernel(library):
    return text_of(library.bli_info_get_version_str) + " " + text_of(
        library.bli_arch_string, library.bli_arch_query_id())


def mkl_version(library):
    text = ctypes.create_string_buffer(200)
    library.mkl_get_version_string(text, 200)
    return text.value.decode().replace(
        "Intel(R) oneAPI Math Kernel Library ", "").strip()


def load(peers):
    """Every peer that can be had; the others are added to peers.absent."""
    find = peers.find
    runtime_path = find("peers/lib/libiomp5.so")
    runtime = (ctypes.CDLL(runtime_path, mode=os.RTLD_GLOBAL)
               if runtime_path else None)
    xsmm = [find("debian/libxsmm-dev/usr/lib/" + name)
            for name in ("libxsmm.a", "libxsmmnoblas.a")]
    makers = {
        "OpenBLAS": (find("peers/lib/python3*/site-packages/scipy_openblas32/"
                          "lib/libscipy_openblas.so"),
                     lambda p: Blas("OpenBLAS", p, "scipy_cblas_",
                                    "scipy_openblas_set_num_threads",
                                    lambda x: text_of(
                                        x.scipy_openblas_get_config))),
        "MKL": (find("peers/lib/libmkl_rt.so.*"),
                lambda p: Blas("MKL", p, "cblas_", "MKL_Set_Num_Threads",
                               mkl_version)),
        "AOCL": (find("peers/lib/python3*/site-packages/aoclda.libs/"
                      "libblis-mt-*"),
                 lambda p: Blas("AOCL", p, "cblas_",
                                "bli_thread_set_num_threads", blis_kernel)),
        "BLIS": (find("debian/libblis4-openmp/usr/lib/*/blis-openmp/"
                      "libblis.so.4"),
                 lambda p: Blas("BLIS", p, "cblas_",
                                "bli_thread_set_num_threads", blis_kernel)),
        "oneDNN": (find("peers/lib/libdnnl.so.3"),
                   lambda p: OneDnn(p, runtime)),
        "libxsmm": (all(xsmm), lambda p: Xsmm(peers.folder, xsmm)),
    }
    loaded = []
    for name, (path, make) in makers.items():
        if not path:
            peers.absent.setdefault(name, "not installed")
            continue
        try:
            loaded.append(make(path))
        except (OSError, AttributeError, subprocess.CalledProcessError) as why:
            peers.absent[name] = str(why)
    return loaded
