//===- ComplexProduct.h - complex contractions as real ones -----*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TRANSFORMS_TILING_COMPLEXPRODUCT_H
#define NOODLE_TRANSFORMS_TILING_COMPLEXPRODUCT_H

#include "noodle/Dialect/Noodle.h"

namespace mlir::noodle {

/// The contraction of real numbers that a sum of complex products on buffers is
/// the same as, in its place; null where the op is none or does not repay it.
FusedContractOp makeReal(FusedContractOp op);

} // namespace mlir::noodle

#endif // NOODLE_TRANSFORMS_TILING_COMPLEXPRODUCT_H
