//===- PlainProduct.h - a contraction by itself -----------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TRANSFORMS_TILING_PLAINPRODUCT_H
#define NOODLE_TRANSFORMS_TILING_PLAINPRODUCT_H

#include "noodle/Dialect/Noodle.h"

namespace mlir::noodle {

/// The schedule that a site's strategy asks for; empty where there is none.
StringRef scheduleOf(Operation *op);
void setSchedule(Operation *op, StringRef schedule);

/// Takes what is fused to a contraction of two factors on buffers out again:
/// factors that are computed are written to buffers in front of it, and the
/// epilogue becomes a pass behind it. Returns the op in its place, which reads
/// one lhs and one rhs as they are and stores its sums.
FusedContractOp makePlain(FusedContractOp op);

} // namespace mlir::noodle

#endif // NOODLE_TRANSFORMS_TILING_PLAINPRODUCT_H
