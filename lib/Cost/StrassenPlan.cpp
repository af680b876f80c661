//===- StrassenPlan.cpp - how often a product is halved -------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Cost/StrassenPlan.h"

#include <algorithm>
#include <cmath>

using namespace mlir::noodle;

/// One core of Zen 4, GFLOP/s of the plain product, then with halving from
/// 4096, 2048 and 1024 on. f32: 105, -, 119, 119 at 2048 (a second level
/// changes nothing but the error); 107, 100, 134, 137 at 4096; 104, 114, 130 at
/// 8192 (three levels); 113 and 117 at 1024 with one level. f64: 55, -, 58, 35
/// at 2048; 52, 58, 60, 51 at 4096. Of 16 bytes: a guess.
int64_t mlir::noodle::strassenFrom(int64_t elementBytes) {
  return elementBytes > 8 ? 4096 : 2048;
}

int64_t mlir::noodle::strassenLevels(int64_t smallest, int64_t from) {
  int64_t levels = 0;
  for (; smallest >= std::max<int64_t>(from, 2) && levels < kMostStrassenLevels;
       smallest /= 2)
    ++levels;
  return levels;
}

double mlir::noodle::strassenErrorFactor(int64_t levels, int64_t inner) {
  double n = double(inner);
  if (levels == 0)
    return n * n;
  // What is peeled off counts as if it were halved too.
  double unit = double(int64_t(1) << levels);
  double least = std::ceil(n / unit);
  n = least * unit;
  return std::pow(18.0, double(levels)) * (least * least + 6 * least) - 6 * n;
}

/// Quarters that additions read and write: of a level that is not the innermost
/// and of the innermost, where those of lhs and most of out are part of packing
/// and of epilogues.
static constexpr double kOuterPasses = 45, kInnerPasses = 32;

StrassenPlan mlir::noodle::planStrassen(const ProductShape &shape,
                                        const MachineModel &machine,
                                        int64_t from) {
  StrassenPlan plan;
  if (!shape.known())
    return plan;
  plan.levels =
      strassenLevels(std::min({shape.rows, shape.columns, shape.inner}), from);
  plan.errorFactor = strassenErrorFactor(plan.levels, shape.inner);
  if (plan.levels == 0)
    return plan;
  ProductShape part = shape;
  part.batch = 1;
  double products = double(shape.batch);
  for (int64_t level = 0; level < plan.levels; ++level) {
    part.rows /= 2;
    part.columns /= 2;
    part.inner /= 2;
    bool innermost = level + 1 == plan.levels;
    // A third of what three matrices of this size take is one quarter's pass.
    plan.seconds += products * (innermost ? kInnerPasses : kOuterPasses) *
                    part.bytes() / 3 / machine.bytesPerSecond;
    products *= 7;
  }
  plan.seconds += products * planProduct(part, machine).seconds;
  return plan;
}
