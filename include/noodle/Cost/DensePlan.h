//===- DensePlan.h - how a dense contraction is cut -------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The one model of dense contractions: strategy selection predicts with it, and
// the emitter cuts by it, so that what is explained is what runs. Nothing here
// depends on the number of threads: sums are formed in the same order whatever
// it is.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_COST_DENSEPLAN_H
#define NOODLE_COST_DENSEPLAN_H

#include "noodle/Cost/MachineModel.h"

#include "llvm/ADT/StringRef.h"
#include <string>

namespace mlir::noodle {

/// A contraction as a batch of products of `rows` x `inner` and `inner` x
/// `columns`: each group of loops counts as one. Columns are the loops that
/// vectors run along, so that rows and columns may have changed places.
/// Thread-safe: a value.
struct ProductShape {
  /// An extent that only the run knows.
  static constexpr int64_t kUnknown = -1;
  int64_t batch = 1, rows = 1, columns = 1, inner = 1;
  /// Bytes of an element as stored, and of a sum.
  int64_t lhsBytes = 4, rhsBytes = 4, outBytes = 4, sumBytes = 4;
  /// Which loops neighbours in memory belong to.
  bool lhsInnerContiguous = true; ///< else rows, where lhsRowsContiguous
  bool lhsRowsContiguous = false;
  bool rhsColumnsContiguous = true; ///< else inner, where rhsInnerContiguous
  bool rhsInnerContiguous = false;
  bool outColumnsContiguous = true;
  /// Columns that are neighbours in the output where not all of them are, or
  /// are not for an operand: tiles are then as wide. 0: no such runs.
  int64_t columnRun = 0;
  /// Columns that are packed together where neighbours of the right operand are
  /// columns of different runs; 0: there are none.
  int64_t columnGroup = 0;
  /// Steps of the sum that lie in runs of memory; blocks keep them whole.
  int64_t innerRun = 1;
  /// Operands take work or tables to read, so that packing them pays earlier.
  bool lhsComputed = false, rhsComputed = false;
  /// The epilogue or the type makes `out` unfit to hold partial sums.
  bool outHoldsSums = true;
  bool accumulate = false;
  /// Vector instructions of one step of the sum: 1 for a multiply-add.
  double stepCost = 1;
  /// Sums are formed by a fused multiply-add or by lanes that may be folded.
  bool lanesMayFold = true;

  bool known() const {
    return batch >= 0 && rows >= 0 && columns >= 0 && inner >= 0;
  }
  double flops() const;
  double bytes() const;
};

enum class ProductClass {
  Row,      ///< one row: the vector times a matrix, by rows of the matrix
  Dot,      ///< few columns, both operands contiguous along the sum
  Tiny,     ///< rows and columns under 32: no packing, no threads
  Unpacked, ///< register tiles straight from the operands
  PackRhs,  ///< the right operand packed
  PackBoth  ///< both packed
};

/// How the emitter cuts.
struct DensePlan {
  ProductClass kind = ProductClass::Unpacked;
  /// Lanes of a full vector of sums.
  int64_t lanes = 16;
  /// Register tile: rows, and columns in lanes (a multiple of `lanes` but in
  /// tiny products).
  int64_t tileRows = 8, tileColumns = 32;
  /// Block of the sum, of rows and of columns.
  int64_t innerBlock = 0, rowBlock = 64, columnBlock = 0;
  bool packLhs = false, packRhs = false;
  /// Where extents are unknown: elements of the right operand from which the
  /// run packs it; 0: always.
  int64_t packRhsFrom = 0;
  /// Columns that are packed together; 0: those of a tile.
  int64_t columnGroup = 0;
  /// Steps of the sum in the unrolled body.
  int64_t unroll = 2;
  /// Parts that the sum is cut into, each of which may run at once; 1: none.
  int64_t splitInner = 1;
  /// Whether blocks may run at once, and whether the batch does.
  bool parallel = false, parallelBatch = false;
  /// Whether it is over before a sleeping thread would have woken.
  bool brief = false;
  /// Stores that go past the caches.
  bool streamOut = false;
  /// Predicted, on `MachineModel::cores` cores.
  double seconds = 0;

  /// Such as "packed both, tile 8x32, blocks 64x2048x1024".
  std::string text() const;
};

llvm::StringRef productClassName(ProductClass kind);

/// How wide tiles of runs of so many neighbouring columns are, so that no tile
/// leaves its run. The last one may be narrower where stores have masks, but
/// has as many vectors. 0 where lanes would be wasted.
int64_t runWidth(int64_t run, int64_t lanes, const MachineModel &machine);

DensePlan planProduct(const ProductShape &shape, const MachineModel &machine);

} // namespace mlir::noodle

#endif // NOODLE_COST_DENSEPLAN_H
