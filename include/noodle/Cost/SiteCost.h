//===- SiteCost.h - flops and bytes of an op --------------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_COST_SITECOST_H
#define NOODLE_COST_SITECOST_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/Operation.h"
#include <string>

namespace mlir::noodle {

/// Where a size of a site comes from when it runs.
struct SizeSource {
  std::string name;
  Value tensor;
  int64_t dimension; ///< -1: the number of stored entries
  /// Where set, the terms of tensor * other, both sparse rows: for each entry
  /// of the one the entries of the other's row that it meets.
  Value other = {};
};

/// coefficient * sizes[factors[0]] * ...
struct CostTerm {
  int64_t coefficient;
  SmallVector<unsigned> factors;
};

/// Flops and bytes as sums of products of sizes. Flops count the additions and
/// multiplications of a semiring alike; those of two sparse matrices multiplied
/// row by row are counted when it runs. Bytes are those of operands and result,
/// each moved once.
struct SiteCost {
  SmallVector<SizeSource> sizes;
  SmallVector<CostTerm> flops, bytes;
  /// Of a contraction: the number of each letter's size, ~0 where every tensor
  /// has extent 1.
  SmallVector<unsigned> letterSizes;
};

/// Of an op that a strategy executes.
SiteCost siteCost(Operation *op);

/// The sizes as index values in front of the op, for `noodle.mark`.
SmallVector<Value> emitSizes(OpBuilder &builder, Location loc,
                             const SiteCost &cost);

/// [[coefficient, factor, ...], ...]
ArrayAttr termsAttr(Builder &builder, ArrayRef<CostTerm> terms);

} // namespace mlir::noodle

#endif // NOODLE_COST_SITECOST_H
