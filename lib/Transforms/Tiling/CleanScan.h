//===- CleanScan.h - factors that the fast step takes wrongly ---*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TRANSFORMS_TILING_CLEANSCAN_H
#define NOODLE_TRANSFORMS_TILING_CLEANSCAN_H

#include "Packing.h"

namespace mlir::noodle {

/// Emits the search for unclean factors. Every answer is an i1.
class CleanScan {
public:
  CleanScan(ContractionLoops &loops, TileEmitter &tile, int64_t lanes);

  /// Of `count` packed factors, whole vectors of `lanes`.
  Value ofBuffer(const FlatOperand &buffer, Value from, Value count,
                 int64_t lanes);
  /// The same of rows `stride` factors apart.
  Value ofRows(const FlatOperand &buffer, Value rows, Value stride, Value count,
               int64_t lanes);
  /// Of a side's factors where they lie, at positions `first` to `last` of its
  /// own axis.
  Value ofSide(const Side &side, const Axis &axis, Value first, Value last,
               const PackRange &range, ArrayRef<Value> origins);

private:
  Value nothing(int64_t lanes);
  Value look(Value found, Value factor);
  Value any(Value found);

  ContractionLoops &loops;
  TileEmitter &tile;
  IndexBuilder &b;
  int64_t lanes;
  Type word;
};

} // namespace mlir::noodle

#endif // NOODLE_TRANSFORMS_TILING_CLEANSCAN_H
