//===- CheckExtents.h - runtime extents that a kernel relies on -*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_TRANSFORMS_GPU_CHECKEXTENTS_H
#define NOODLE_LIB_TRANSFORMS_GPU_CHECKEXTENTS_H

#include "mlir/IR/Builders.h"

namespace mlir::noodle {

/// Emits a noodle.check, of status 3, for every pair of dynamic extents of an
/// offloaded op that must agree.
void checkExtents(Operation *op, OpBuilder &builder);

/// Where a dynamic extent of an offloaded op's result comes from: an operand
/// and its dimension.
std::pair<Value, int64_t> extentSource(Operation *op, int64_t d);

} // namespace mlir::noodle

#endif // NOODLE_LIB_TRANSFORMS_GPU_CHECKEXTENTS_H
