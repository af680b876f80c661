//===- MachineModel.h - what a machine can do per second --------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_COST_MACHINEMODEL_H
#define NOODLE_COST_MACHINEMODEL_H

#include <cstdint>
#include <string_view>

namespace mlir::noodle {

/// Rates of one core. Thread-safe: a value. The measured ones are of a Zen 5
/// core with AVX-512, a guess for others.
struct MachineModel {
  /// Tiled and vectorised loops over floats: half of what a register-blocked
  /// f32 kernel reached there (241-301 GFLOP/s peak). A guess.
  double tiledFlopsPerSecond = 1.0e11;
  /// Scalar loops, one multiply and add per cycle and a half. A guess.
  double loopFlopsPerSecond = 4.0e9;
  /// Gathered multiply-adds of a sparse row: 12 bytes of a stored entry at the
  /// bandwidth below, two operations each.
  double sparseFlopsPerSecond = 7.0e9;
  /// The interpreter: about 50 ns for an entry. A guess.
  double referenceFlopsPerSecond = 4.0e7;
  /// One core from DRAM: measured 42-45 GB/s.
  double bytesPerSecond = 4.2e10;
  /// Enter and leave a kernel: measured 2e-7 s as the aim of a bound call.
  double callSeconds = 2.0e-7;

  // What dense tiles are made for. The defaults are those of a Zen 4 core.

  /// Bytes of a vector register, and how many there are.
  int64_t vectorBytes = 64, vectorRegisters = 32;
  /// Whether products and sums are one instruction.
  bool fma = true;
  /// Whether sums of bf16 or i8 products have an instruction: AVX512-BF16 and
  /// AVX512-VNNI.
  bool dotBf16 = false, dotI8 = false;
  /// Caches of one core, and what all cores share.
  int64_t l1Bytes = 32 << 10, l2Bytes = 1 << 20, l3Bytes = 32 << 20;
  /// Cores that a call may use.
  int64_t cores = 1;
  /// Vector multiply-adds in a second on full registers: 3.7e9 measured on
  /// Zen 4, which issues one of 512 bits in a cycle.
  double vectorStepsPerSecond = 3.7e9;
  /// From a shared cache: a guess.
  double cacheBytesPerSecond = 9.0e10;

  /// A model of a CPU level: 64, 32 or 16 bytes of vector.
  static MachineModel ofVectorBytes(int64_t bytes);
  /// The same with the features that a list of LLVM's names holds, such as
  /// "avx512bf16,avx512vnni", and the bytes of caches: "l2=1048576".
  static MachineModel of(int64_t vectorBytes, std::string_view features);

  /// Operations per second under a strategy's name.
  double flopsPerSecond(const char *strategy) const;
  /// The greater of computing and moving, after `callSeconds`.
  double seconds(const char *strategy, double flops, double bytes) const;
};

} // namespace mlir::noodle

#endif // NOODLE_COST_MACHINEMODEL_H
