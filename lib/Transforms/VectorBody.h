//===- VectorBody.h - scalar code on vectors --------------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_TRANSFORMS_VECTORBODY_H
#define NOODLE_LIB_TRANSFORMS_VECTORBODY_H

#include "mlir/IR/Builders.h"

namespace mlir::noodle {

/// A vector of `lanes` elements; the element itself for one.
Type wideType(Type element, int64_t lanes);
/// The scalar in every lane; a vector as it is.
Value splat(OpBuilder &b, Location loc, Value value, int64_t lanes);

/// Whether the region hands on its first argument.
bool handsOn(Region &region);

/// Clones the region's one block, of arith and math ops, for `arguments`, which
/// are scalars or vectors of `lanes` elements; what depends on scalars alone
/// stays scalar. Returns what its terminator yields, with as many lanes.
Value cloneWide(OpBuilder &b, Location loc, Region &region,
                ValueRange arguments, int64_t lanes);

} // namespace mlir::noodle

#endif // NOODLE_LIB_TRANSFORMS_VECTORBODY_H
