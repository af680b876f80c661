//===- Help.cpp - what noodle-jit can do ------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Options.h"

namespace noodle::jit {

const char *const kHelp =
    R"(usage: noodle-jit [options] program.mlir|-

Compiles a program for this machine and calls one of its functions.

Input and output
  -e NAME              function to call (default: main)
  --arg VALUE          one argument, in parameter order:
                         x.npy         a dense array of the parameter's type
                         A.mtx         a matrix, in the parameter's format
                                       (a dense one up to 64 MiB)
                         3.5, inf, -2, true, 1-2i   a scalar
                         zeros, ones, rand:SEED   where the type has the shape,
                         else with one: zeros:4x5, rand:7:4x5
  --out FILE           one result, in order: .npy, or .mtx for a matrix. No file
                       appears unless all can be written. Without --out a
                       summary is printed.
  --duplicates HOW     entries of a .mtx file at the same place: sum, min, max,
                       or; default: error

Compilation
  --strategy NAME      auto, reference, loops, tiled, strassen, sparse, gpu,
                       library (OpenBLAS; on a device cuBLAS, cuSPARSE): for
                       ops that name none (default: auto)
  --fp POLICY          strict, reassoc, fast: for programs that state none
                       (default: strict)
  --cpu LEVEL          native, x86-64, avx2, avx512 (default: native)
  --target TARGET      cpu; cuda: on a CUDA device whatever has a kernel; auto:
                       each op where it is predicted to be done first (default:
                       cpu). What the device cannot do, the CPU does.
  --chip NAME          what device code is made for: native, or such as sm_90
                       (default: native; sm_80 where there is no device)
  --device N           which CUDA device (default: 0)
  --blas LIBRARY       file or name of the BLAS of strategy library (default:
                       libopenblas.so.0, else libblas.so.3)
  --strassen-from N    least extent that strategy strassen halves (default: as
                       measured)
  --tier TIER          optimised; 0: compiled as fast as possible, which runs
                       slower; auto: first 0, then optimised when hot, with the
                       same bits (default: auto for a single call, unless -O,
                       --cache-dir, --explain or --metrics is given)
  -O0 .. -O3           optimisation of machine code (default: -O2)
  --strict             an op that only the interpreter can execute is an error,
                       and so is one that was to run on a device, or by a
                       BLAS, and did not
  --cache-dir DIR      keep compiled kernels in DIR
  --isolate            compile in a child process with limits of its own
  --emit PHASE         print the program after a phase and stop: elaborated,
                       planned, selected, structured, scheduled, buffers, llvm,
                       llvm-ir, asm; of device code: gpu, nvvm, ptx
  --reproducer FILE    write program and pipeline for `noodle-opt
                       --run-reproducer` before compiling

Execution
  --threads N          threads of parallel loops (default: one per core)
  --mem-limit BYTES    memory of the host alive in the call at once; suffixes K,
                       M, G, also KiB, MiB, GiB. Products are planned to keep
                       within it. A device's memory is its own.
  --deadline MS        end the call after so many milliseconds
  --repeat N           call N times; the fastest and the median are printed
  --check              run the interpreter too and compare: integers and
                       booleans exactly, bf16 within 3e-2, f16 4e-3, f32
                       and complex<f32> 1e-4, f64 and complex<f64> 1e-9, each
                       times max(1, |a|, |b|)

Reports
  --explain[=json]     how each op was executed, where and why, measured time,
                       flops, bytes, what went to a device and each step back
                       from it, which laws fired, in which order products were
                       made, and what a permission not given would have bought
  --report FILE        the same as a page of HTML, with trees of products drawn
  --metrics=json       times and memory as one line of JSON
  --help, --version

Exit status: 0 ok, 1 program or input error, 2 usage, 3 --check found a
difference. Errors are one line on standard error.
)";

} // namespace noodle::jit
