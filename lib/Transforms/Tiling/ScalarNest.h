//===- ScalarNest.h - contractions element by element -----------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TRANSFORMS_TILING_SCALARNEST_H
#define NOODLE_TRANSFORMS_TILING_SCALARNEST_H

#include "noodle/Dialect/Noodle.h"

namespace mlir::noodle {

/// Whether an operand or the sums are complex numbers, of which there are no
/// vectors.
bool needsScalarNest(FusedContractOp op);

/// Emits a contraction on buffers as loops over single elements, the outermost
/// one parallel; the op stays. Sums are formed in index order.
void emitScalarNest(FusedContractOp op);

} // namespace mlir::noodle

#endif // NOODLE_TRANSFORMS_TILING_SCALARNEST_H
