//===- RowGroups.h - ops that may run row by row together -------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_TRANSFORMS_ROWS_ROWGROUPS_H
#define NOODLE_LIB_TRANSFORMS_ROWS_ROWGROUPS_H

#include "mlir/IR/AffineMap.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/MapVector.h"
#include <vector>

namespace mlir::noodle {

/// The caches that groups are made for, in bytes.
struct RowCaches {
  int64_t first = 32 << 10;
  int64_t second = 1 << 20;
};

/// A linalg.generic or a noodle.fused_contract on dense tensors, as loops over
/// operands.
struct LoopView {
  Operation *op;
  SmallVector<AffineMap> maps; ///< per shaped operand
  SmallVector<OpOperand *> operands;
  unsigned firstOut; ///< operands from here on are written

  static std::optional<LoopView> of(Operation *op);
  unsigned loops() const { return maps.front().getNumDims(); }
  /// Whether all outputs have the loop, so that none sums over it.
  bool isParallel(unsigned loop) const;
  bool sums() const;
};

struct RowMember {
  LoopView view;
  SmallVector<unsigned> rows; ///< the loop of each row dimension
};

/// Ops in program order that share row dimensions: no op sums over them, and
/// what one op passes to another stays in its row.
struct RowGroup {
  SmallVector<RowMember> members;
  /// Dimensions of produced values that are rows, in the order of row
  /// dimensions.
  llvm::MapVector<Value, SmallVector<unsigned>> values;
  bool open = true;

  unsigned rows() const { return members.front().rows.size(); }
  bool has(Value value) const { return values.contains(value); }
  /// Whether an op outside uses the value.
  bool escapes(Value value) const;
  /// Keeps the row dimensions that `kept` says.
  void restrict(const llvm::SmallBitVector &kept);
};

/// The groups of a block whose intermediates would not stay in a cache, each
/// with at least two members. Uses of a group's values by other ops all come
/// behind its last member.
std::vector<RowGroup> findRowGroups(Block &block, const RowCaches &caches);

/// Iterations of the last row dimension that a block of rows takes; the others
/// take one.
int64_t rowsPerBlock(const RowGroup &group, const RowCaches &caches);

/// The tensor.empty that an init is, or that is filled to make it; else null.
Operation *emptyBehind(Value init);

} // namespace mlir::noodle

#endif // NOODLE_LIB_TRANSFORMS_ROWS_ROWGROUPS_H
