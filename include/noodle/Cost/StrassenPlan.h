//===- StrassenPlan.h - how often a product is halved -----------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Winograd's form of Strassen's product: seven products of half the extents and
// fifteen additions. The selection predicts with this and the lowering halves
// by it.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_COST_STRASSENPLAN_H
#define NOODLE_COST_STRASSENPLAN_H

#include "noodle/Cost/DensePlan.h"

namespace mlir::noodle {

/// The least extent that is halved, of matrices of `elementBytes`.
int64_t strassenFrom(int64_t elementBytes);

/// Extents are halved no more often: each level multiplies the error bound by
/// 4.5, and 8192 has three.
inline constexpr int64_t kMostStrassenLevels = 3;

/// How often a product is halved whose extents are at least `smallest`; 0: it
/// does not pay. `from` as above.
int64_t strassenLevels(int64_t smallest, int64_t from);

/// f, where no element of the computed product is farther from the exact one
/// than f * u * max|lhs| * max|rhs| (u: the unit roundoff), to first order.
/// Higham, "Accuracy and Stability of Numerical Algorithms", 2nd edition,
/// theorem 23.3; no levels: of the ordinary product, its (3.13).
double strassenErrorFactor(int64_t levels, int64_t inner);

/// A product that is halved so often.
struct StrassenPlan {
  int64_t levels = 0; ///< 0: it does not pay, or extents are unknown
  double seconds = 0; ///< predicted, as DensePlan::seconds is
  double errorFactor = 0;
};
StrassenPlan planStrassen(const ProductShape &shape,
                          const MachineModel &machine, int64_t from);

} // namespace mlir::noodle

#endif // NOODLE_COST_STRASSENPLAN_H
