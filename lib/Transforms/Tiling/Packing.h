//===- Packing.h - factors copied in the order tiles read them ------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The bodies of lhs and rhs run here, once for each element. The right side
// becomes panels of `width` columns, step by step of the sum; the left side
// rows, where it is contiguous along the sum (transposing it costs more than
// reading rows side by side), or panels of `height` rows.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TRANSFORMS_TILING_PACKING_H
#define NOODLE_TRANSFORMS_TILING_PACKING_H

#include "RegisterTile.h"

namespace mlir::noodle {

/// A part of a side: `rows` or columns from `first` on, up to `last`, steps of
/// the sum from `innerFirst` on.
struct PackRange {
  Value first, last;
  Value innerFirst, innerCount;
};

/// A buffer of `size` elements, aligned to a line. `optional`: memory may be
/// refused.
FlatOperand allocateFlat(ContractionLoops &loops, Type element, Value size,
                         bool optional = true);
/// i1: whether it was not.
Value isGranted(IndexBuilder &b, const FlatOperand &buffer);
/// Swaps rows and columns of as many vectors as each has lanes.
void transpose(IndexBuilder &b, MutableArrayRef<Value> vectors);

/// `groups`: words of several steps are packed (ScalarOps), and steps of the
/// buffers are those words. `scans`: says whether factors are clean.
class RightPacker {
public:
  RightPacker(ContractionLoops &loops, TileEmitter &tile, int64_t width,
              bool groups = false, bool scans = false);

  /// Elements of a buffer for so many columns and steps.
  Value size(Value columns, Value steps);
  /// i1: whether there is memory.
  Value allocate(Value columns, Value steps);
  /// Packs the panel of columns from `column` on into its place. `range.first`
  /// is the column that the buffer begins with.
  void panel(Value column, const PackRange &range, ArrayRef<Value> origins,
             bool ends = false);
  /// Packs the panels of columns [column, last) of at most `kPanels` panels.
  void panels(Value column, Value last, const PackRange &range,
              ArrayRef<Value> origins);
  static constexpr int64_t kPanels = 8;
  /// Packs the panels of a group of segments that are neighbours in the right
  /// operand, from `column` on.
  void group(Value column, const PackRange &range, ArrayRef<Value> origins);
  /// Offset of the panel that holds `column`, a multiple of the width behind
  /// the buffer's first column, which is `columns` before it.
  Value panelAt(Value columnsBefore, Value steps);
  /// i1: whether the panel at so many columns holds an unclean factor.
  Value isUnclean(Value columnsBefore);

  FlatOperand buffer;
  /// What each column's sums begin with, where ScalarOps corrects them.
  FlatOperand columnSums;
  int64_t width;
  /// Elements from a step to the next: the width, in whole vectors.
  int64_t pitch;

private:
  Value units(Value steps);
  int64_t groupLanes() const;
  bool ragged() const;
  Value paddedSteps(Value steps);
  void fillPanel(Value place, Value column, const PackRange &range,
                 ArrayRef<Value> offsets, bool ends);
  void groupPanel(Value place, Value column, const PackRange &range,
                  ArrayRef<Value> offsets, bool tail);
  void transposeGroups(Value place, Value column, const PackRange &range,
                       ArrayRef<Value> offsets);
  void transposeBits(Value place, Value column, const PackRange &range,
                     ArrayRef<Value> offsets);
  void copyPanel(Value place, Value column, const PackRange &range,
                 ArrayRef<Value> offsets, bool tail);
  void transposePanel(Value place, Value column, const PackRange &range,
                      ArrayRef<Value> offsets);
  void copyRows(Value column, Value last, const PackRange &range,
                ArrayRef<Value> offsets);
  void copySegment(Value place, Value column, const PackRange &range,
                   ArrayRef<Value> offsets);
  void markUnclean(Value place, Value column, const PackRange &range);

  ContractionLoops &loops;
  TileEmitter &tile;
  IndexBuilder &b;
  bool transposes = false, groups, scans;
  FlatOperand flags; ///< a byte for each panel
  int64_t lanes;
};

class LeftPacker {
public:
  LeftPacker(ContractionLoops &loops, TileEmitter &tile, int64_t height,
             bool groups = false);

  /// i1: whether there is memory.
  Value allocate(Value rows, Value steps);
  void pack(const PackRange &range, ArrayRef<Value> origins);
  /// Offset of the factor of a tile's row `row` at step k; `rowsBefore` rows of
  /// the buffer lie before the tile.
  Value at(Value rowsBefore, int64_t row, Value k, Value steps);
  /// i1: whether the packed rows hold an unclean factor.
  Value isUnclean(const PackRange &range);

  FlatOperand buffer;
  int64_t height;

private:
  Value units(Value steps);
  Value stride(Value steps);
  void packGroups(const PackRange &range, ArrayRef<Value> offsets);

  ContractionLoops &loops;
  TileEmitter &tile;
  IndexBuilder &b;
  bool keepsRows = false, ragged = false, groups;
  int64_t lanes;
};

} // namespace mlir::noodle

#endif // NOODLE_TRANSFORMS_TILING_PACKING_H
