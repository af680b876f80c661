//===- ChipTable.h - what kernels are shaped by, chip by chip ---*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_TRANSFORMS_GPU_CHIPTABLE_H
#define NOODLE_LIB_TRANSFORMS_GPU_CHIPTABLE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include <cstdint>

namespace mlir::noodle {

/// What a block of a contraction computes. All are powers of two.
struct ContractionTile {
  int64_t rows, columns;             ///< of the output, by one block
  int64_t inner;                     ///< steps of the sum between two barriers
  int64_t threadRows, threadColumns; ///< of the output, by one thread
  /// Steps of the sum that stand in the code one after another.
  int64_t unroll;

  /// Threads of a warp down and across its part of the output.
  static constexpr int64_t laneRows = 4, laneColumns = 8;
  constexpr int64_t threads() const {
    return (rows / threadRows) * (columns / threadColumns);
  }
  bool operator==(const ContractionTile &) const = default;
};

/// How dear one product and sum is: some tiles hold too much code otherwise.
enum class ContractionCost {
  Instruction, ///< one or two instructions
  Several,     ///< up to a dozen, such as a saturating addition
  Function     ///< a user's semiring, or one with exp and log
};

/// A compute capability.
struct Chip {
  llvm::StringRef name;    ///< "sm_90"
  int64_t multiprocessors; ///< of the largest product sold
  int64_t registers;       ///< 32-bit ones of a multiprocessor
  int64_t threads;         ///< of a multiprocessor, at most
  int64_t sharedPerBlock;  ///< bytes without opting in to more
  int64_t sharedPerChip;   ///< bytes of a multiprocessor
  int64_t warp;            ///< threads
};

/// The entry of a chip; that of the newest chip before it where it has none.
/// Suffixes that name a variant ("sm_90a") do not count.
const Chip &chipNamed(llvm::StringRef name);
llvm::ArrayRef<Chip> allChips();

/// Tiles for elements of so many bytes (4 or 8), from the largest down.
llvm::ArrayRef<ContractionTile> contractionTiles(int64_t elementBytes,
                                                 ContractionCost cost);

/// The largest tile that gives most multiprocessors a block, for extents of
/// which a negative one is unknown.
const ContractionTile &chooseTile(const Chip &chip, int64_t elementBytes,
                                  ContractionCost cost, int64_t rows,
                                  int64_t columns, int64_t batch);

} // namespace mlir::noodle

#endif // NOODLE_LIB_TRANSFORMS_GPU_CHIPTABLE_H
