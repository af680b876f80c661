//===- TileNest.h - loops around a register tile --------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TRANSFORMS_TILING_TILENEST_H
#define NOODLE_TRANSFORMS_TILING_TILENEST_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include <optional>

namespace mlir::noodle {

/// How a contraction is cut. Dimensions are those of the linalg op.
struct TilePlan {
  std::optional<unsigned> vector; ///< runs along the lanes
  bool alongReduction = false;    ///< that dimension is a reduction
  std::optional<unsigned> row;    ///< unrolled in the register tile
  SmallVector<unsigned> outer;    ///< other parallel dimensions
  SmallVector<unsigned> reductions;
  Operation *combiner = nullptr; ///< adds lanes up, if alongReduction
  int64_t lanes = 0, vectors = 1, rows = 1;
  int64_t blockRows = 0, blockColumns = 0;
  bool parallel = false; ///< blocks may run at once
};

/// Emits the nest before `op`, which works on buffers.
void emitTileNest(linalg::GenericOp op, const TilePlan &plan);

} // namespace mlir::noodle

#endif // NOODLE_TRANSFORMS_TILING_TILENEST_H
