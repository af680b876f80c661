//===- MachineModel.h - what a machine can do per second --------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_COST_MACHINEMODEL_H
#define NOODLE_COST_MACHINEMODEL_H

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

  /// Operations per second under a strategy's name.
  double flopsPerSecond(const char *strategy) const;
  /// The greater of computing and moving, after `callSeconds`.
  double seconds(const char *strategy, double flops, double bytes) const;
};

} // namespace mlir::noodle

#endif // NOODLE_COST_MACHINEMODEL_H
