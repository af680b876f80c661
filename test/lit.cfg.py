# Lit configuration. Programs come from build/bin and LLVM's own bin folder.
import os

import lit.formats

config.name = "Noodle"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.test_source_root = os.path.join(config.source_dir, "test")
config.test_exec_root = os.path.join(config.binary_dir, "test")
# GoogleTest programs, benchmarks and corpora are not lit tests.
config.excludes = ["unit", "fuzz", "bench", "Inputs", "gpu"]

bin_dir = os.path.join(config.binary_dir, "bin")
config.environment["PATH"] = os.pathsep.join(
    [bin_dir, config.llvm_bindir, os.environ.get("PATH", "")])
config.environment["NO_COLOR"] = "1"
if lit_config.params.get("emulated"):
    # Integration/CUDA/suites.py: noodle-jit runs kernels under the emulator.
    config.test_exec_root = os.path.join(config.binary_dir, "test", "emulated")
    config.environment["PATH"] = os.pathsep.join(
        [os.path.join(config.source_dir, "test", "Integration", "CUDA", "bin"),
         config.environment["PATH"]])
    for name in ("NOODLE_BUILD", "NOODLE_EMULATED_SUMMARY"):
        config.environment[name] = os.environ[name]

config.substitutions += [
    ("%noodle_lib", os.path.join(
        config.binary_dir, "lib", "libnoodle" + config.shared_library_suffix)),
    ("%noodle_src", config.source_dir),
    ("%noodle_build", config.binary_dir),
    ("%llvm_include", config.llvm_includedir),
    ("%llvm_bin", config.llvm_bindir),
    ("%python", config.python),
]

# Data shared between checkouts; tests that need it require `shared-data`.
shared_data = os.path.join(os.path.dirname(config.source_dir), "shared", "data")
if os.path.isdir(shared_data):
    config.available_features.add("shared-data")
    config.substitutions.append(("%shared_data", shared_data))
for tool in ("noodle-jit", "noodle-bench", "noodle-lsp-server",
             "noodle-gpu-check"):
    if os.path.exists(os.path.join(bin_dir, tool)):
        config.available_features.add(tool)

# A driver for machines without a GPU, and noodle-jit whose kernels it runs.
fake_cuda = os.path.join(config.binary_dir, "test", "lib", "fakecuda")
emulated = os.path.join(config.binary_dir, "test", "bin")
if (os.path.exists(os.path.join(fake_cuda, "libcuda.so.1")) and
        os.path.exists(os.path.join(emulated, "noodle-jit-emulated"))):
    config.available_features.add("fake-cuda")
    config.environment["PATH"] += os.pathsep + emulated
    config.substitutions.append(
        ("%fake_cuda", "env LD_LIBRARY_PATH=" + fake_cuda))

# The assembler of PTX that tools/dev puts there.
if os.path.exists(os.path.join(config.binary_dir, "ptxas", "ptxas")):
    config.available_features.add("ptxas")

# Headers of cuBLAS and cuSPARSE, to compare our declarations with.
cuda_include = "/usr/local/cuda/include"
if os.path.exists(os.path.join(cuda_include, "cusparse.h")):
    config.available_features.add("cuda-headers")
    config.substitutions.append(("%cuda_include", cuda_include))

# Another LLVM to load beside libnoodle.so: the one Debian 12 itself uses.
other_llvm = "/usr/lib/x86_64-linux-gnu/libLLVM-14.so.1"
if os.path.exists(other_llvm):
    config.available_features.add("other-llvm")
    config.substitutions.append(("%other_llvm", other_llvm))
