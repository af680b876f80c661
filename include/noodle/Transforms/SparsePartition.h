//===- SparsePartition.h - how sparse work is cut into chunks ---*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The numbers by which generated code cuts sparse work, and the same cut on the
// host, for tests that count what each worker gets. Chunks depend on the matrix
// alone, never on the number of workers; workers take them one by one.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TRANSFORMS_SPARSEPARTITION_H
#define NOODLE_TRANSFORMS_SPARSEPARTITION_H

#include <algorithm>
#include <cstdint>

namespace mlir::noodle::partition {

/// Chunks of a path of rows and entries come in multiples of this, so that as
/// many workers as divide it get the same number of equal chunks.
inline constexpr int64_t kParts = 64;
/// Rows and entries of a chunk, at most, for results of one column: 15 to 40 us
/// of work. With more columns fewer, so that a chunk's work stays about the
/// same, but not fewer than kWideChunk. No chunk is shorter than kLeastChunk:
/// beginning one takes 30 ns (Zen 5), a tenth of that.
inline constexpr int64_t kChunk = 1 << 15, kWideChunk = 1 << 11,
                         kLeastChunk = 1 << 9;

/// A row of less than this part of a chunk is not cut.
inline constexpr int64_t kRowShare = 16;

/// Rows and entries of a chunk on a path of so many.
inline int64_t pathChunk(int64_t path, int64_t most) {
  auto ceilDiv = [](int64_t x, int64_t y) { return (x + y - 1) / y; };
  int64_t rounds = std::max<int64_t>(ceilDiv(path, most * kParts), 1);
  return std::max(ceilDiv(path, rounds * kParts), kLeastChunk);
}

/// Terms of a product of two sparse matrices are cut into so many chunks, but
/// none is longer than kChunkTerms. Rows are not cut: chunks that are many and
/// short even out what long rows leave.
inline constexpr int64_t kTermChunks = 1 << 9, kChunkTerms = 1 << 16;
/// Nor shorter than this: some 20 us.
inline constexpr int64_t kLeastTerms = 1 << 13;

/// Terms of a chunk of a product of so many.
inline int64_t termChunk(int64_t total) {
  return std::clamp((total + kTermChunks - 1) / kTermChunks, kLeastTerms,
                    kChunkTerms);
}

} // namespace mlir::noodle::partition

#endif // NOODLE_TRANSFORMS_SPARSEPARTITION_H
