//===- ProductNest.h - the loops around register tiles ----------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TRANSFORMS_TILING_PRODUCTNEST_H
#define NOODLE_TRANSFORMS_TILING_PRODUCTNEST_H

#include "CleanScan.h"

namespace mlir::noodle {

/// Emits the loops of one contraction at the builder's place.
class ProductNest {
public:
  /// `serial`: the op already runs inside a parallel loop.
  ProductNest(ContractionLoops &loops, TileEmitter &tile, const DensePlan &plan,
              bool serial);
  void run();

private:
  /// One product of the batch, between these offsets.
  void product(ArrayRef<Value> origins);
  void tiledProduct(ArrayRef<Value> origins);
  /// Parts of the sum, each at once with others, and then their sum.
  void splitProduct(ArrayRef<Value> origins);
  /// The steps of the sum, or of the part of it that is formed.
  Value innerFirst() { return partFirst ? partFirst : b.at(0); }
  Value innerEnd() { return partFirst ? partEnd : loops.inner.extent; }
  /// Whether sums are added to what out holds.
  bool merges() { return !partFirst && loops.op.getAccumulate(); }
  /// Whether tiles may read the right operand where it is.
  bool readsRightInPlace();
  void rowProduct(ArrayRef<Value> origins);
  void dotProduct(ArrayRef<Value> origins);

  /// Loops whose iterations may run at once, if the plan says so.
  void spread(ArrayRef<Value> from, ArrayRef<Value> to, ArrayRef<int64_t> step,
              bool atOnce, llvm::function_ref<void(ValueRange)> body);
  /// Vectors for `columns` columns that fill no tile.
  TileForm tailForm(int64_t columns);
  TileForm fullForm();
  /// Whether tiles at the end are the others, with masks: less code where
  /// extents are unknown.
  bool masksEnds() const { return tile.vectorBytes >= 64; }
  /// What streaming stores may take full vectors of out to be aligned to.
  int64_t outAlignment();

  /// A block of rows, columns and steps, and where its factors are.
  struct Block {
    PackRange rows, columns; ///< with the same inner range
    Value columnFrom, columnTo;
    Value unclean; ///< whether a factor may be, beside packed right ones
    RightPacker *right = nullptr;
    Value packed; ///< whether `right` holds the factors; null: if it is given
    LeftPacker *left = nullptr;
    TileFinish finish;
    ArrayRef<Value> origins;
  };
  void tiles(const Block &block);
  /// The same without packed factors, in less code.
  void smallTiles(Block block);
  void rowsOf(const Block &block, const TileForm &form, Value column,
              Value panelColumn);
  void tileAt(const Block &block, TileForm form, Value row, Value column,
              Value panelColumn, Value rowCount);
  /// Offsets moved to step `k` of a block; `offsets` are at its first.
  SmallVector<Value> atStep(const Side &side, ArrayRef<Value> offsets,
                            const PackRange &range, Value k);
  SmallVector<Value> atFirstStep(const Side &side, ArrayRef<Value> offsets,
                                 const PackRange &range);

  ContractionLoops &loops;
  TileEmitter &tile;
  DensePlan plan;
  IndexBuilder &b;
  bool serial;
  Value partFirst, partEnd; ///< null: the whole sum
  bool groups;              ///< steps are of groups
  bool scans;               ///< steps of clean factors are told from others
};

} // namespace mlir::noodle

#endif // NOODLE_TRANSFORMS_TILING_PRODUCTNEST_H
