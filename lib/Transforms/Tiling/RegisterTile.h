//===- RegisterTile.h - elements, factors and the tile of sums ------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TRANSFORMS_TILING_REGISTERTILE_H
#define NOODLE_TRANSFORMS_TILING_REGISTERTILE_H

#include "ContractionLoops.h"
#include "ScalarOps.h"

namespace mlir::noodle {

/// Rows and vectors of a tile of sums. Vectors may differ in width; one lane
/// means a scalar.
struct TileForm {
  int64_t rows = 1;
  SmallVector<int64_t> widths;
  Value mask;               ///< of the last vector; null: all of its lanes
  SmallVector<Value> masks; ///< of each vector where any of them may be cut

  int64_t columns() const { return llvm::sum_of(widths); }
  int64_t sums() const { return rows * widths.size(); }
  Value maskOf(unsigned vector) const {
    if (!masks.empty())
      return masks[vector];
    return vector + 1 == widths.size() ? mask : Value();
  }
};

/// Where a tile's sums belong.
struct TilePlace {
  Value row, column;       ///< flat positions
  ArrayRef<Value> origins; ///< per operand, of the batch's positions
  Value rowCount;          ///< rows that exist; null: all of the tile's
  int64_t columnRun = 0;   ///< columns of the nest's tiles
};

/// What sums go through before they are stored.
struct TileFinish {
  bool merge = false;   ///< they are added to what out holds ..
  Value mergeIf;        ///< .. under this condition; null: always
  bool selects = false; ///< less code rather than loads that may be left out
  bool epilogue = true;
  Value epilogueIf; ///< null: always
  /// Bytes that full vectors of out are aligned to where their stores pass the
  /// caches by; 0: they do not.
  int64_t streamAlignment = 0;
};

/// Emits what a register tile is made of, at the nest's insertion point.
class TileEmitter {
public:
  TileEmitter(ContractionLoops &loops, const MachineModel &machine);

  /// The type of `lanes` elements: the element itself for one.
  static Type wide(Type element, int64_t lanes);
  Value splat(Value scalar, int64_t lanes);
  Value allLanes(int64_t lanes);
  /// A mask of the first `count` lanes; null where that is all of them.
  Value firstLanes(Value count, int64_t lanes);

  Value load(const FlatOperand &from, Value at, int64_t lanes,
             Value mask = Value());
  void store(const FlatOperand &to, Value value, Value at, int64_t lanes,
             Value mask = Value(), int64_t streamAlignment = 0);

  /// Elements of an operand at `lanes` positions of an axis from `position` on.
  /// `at` is the offset of the first, `neighbours` whether they are adjacent.
  Value read(unsigned operand, Value at, const Axis &axis, Value position,
             int64_t lanes, bool neighbours, Value mask = Value());

  /// The side's operands' offsets, moved along an axis.
  SmallVector<Value> moved(const Side &side, ArrayRef<Value> offsets,
                           const Axis &axis, Value position);
  /// The side's part of per-operand offsets.
  SmallVector<Value> of(const Side &side, ArrayRef<Value> origins);
  /// Factors at `lanes` positions of an axis; offsets are those of the first.
  Value factor(const Side &side, ArrayRef<Value> offsets, const Axis &axis,
               Value position, int64_t lanes, Value mask = Value(),
               int64_t group = 0);

  /// The factors that elements of the side's operands make.
  Value factorOf(const Side &side, ArrayRef<Value> elements, int64_t lanes);

  /// sum (+) left (x) right.
  Value step(Value left, Value right, Value sum, int64_t lanes) {
    return ops.step(b, left, right, sum, lanes);
  }
  bool canAddSums() const { return ops.canAddSums(); }
  Value addSums(Value x, Value y) { return ops.addSums(b, x, y); }
  /// All lanes added up, pairwise, in an order that depends on `lanes` alone.
  Value foldLanes(Value sums, int64_t lanes);
  Value zero(int64_t lanes);

  using LeftAt = llvm::function_ref<Value(int64_t row, Value k)>;
  using RightAt = llvm::function_ref<Value(unsigned vector, Value k)>;
  /// The tile after `count` steps from `sums` on. `unclean`: whether a factor
  /// may be; null where that is unknown or nothing depends on it. With `groups`
  /// factors are groups.
  SmallVector<Value> accumulate(const TileForm &form, Value count,
                                int64_t unroll, SmallVector<Value> sums,
                                LeftAt left, RightAt right,
                                Value unclean = Value(), bool groups = false);

  /// What out holds, as sums.
  SmallVector<Value> heldSums(const TileForm &form, const TilePlace &place);
  /// Adds, applies the epilogue, stores.
  void finish(const TileForm &form, const TilePlace &place,
              SmallVector<Value> sums, const TileFinish &how);
  /// Asks for the lines of out that the tile will add to.
  void prefetchOut(const TileForm &form, const TilePlace &place);

  bool plainEpilogue() const { return plain; }
  int64_t vectorBytes;
  ScalarOps ops;

private:
  SmallVector<Value>
  accumulateBy(const TileForm &form, Value count, int64_t unroll,
               SmallVector<Value> sums, LeftAt left, RightAt right,
               llvm::function_ref<Value(Value, Value, Value, int64_t)> step);
  Value apply(Region &body, ArrayRef<Value> elements, int64_t lanes);
  Value applyEpilogue(const TileForm &form, const TilePlace &place, int64_t row,
                      unsigned vector, Value sum);
  /// Per row, the offset of the operand's element in the tile's first column.
  Value rowOrigin(const TilePlace &place, unsigned operand, int64_t row);
  bool neighbours(const TilePlace &place, unsigned operand, int64_t before,
                  int64_t width);
  void storeTile(const TileForm &form, const TilePlace &place,
                 ArrayRef<Value> values, int64_t streamAlignment);
  Value readTile(const TileForm &form, const TilePlace &place, unsigned operand,
                 int64_t row, unsigned vector);

  ContractionLoops &loops;
  IndexBuilder &b;
  bool plain = false;
};

} // namespace mlir::noodle

#endif // NOODLE_TRANSFORMS_TILING_REGISTERTILE_H
