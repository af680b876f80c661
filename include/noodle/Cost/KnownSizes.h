//===- KnownSizes.h - extents and entries known when compiling --*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_COST_KNOWNSIZES_H
#define NOODLE_COST_KNOWNSIZES_H

#include "noodle/Cost/SiteCost.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include <utility>

namespace mlir::noodle {

/// Sizes of tensors, from types and from what `#noodle.stats` says of function
/// arguments, through the ops that hand extents on. Loops are taken to keep
/// the sizes of what they carry. Thread-compatible: answers are kept.
class KnownSizes {
public:
  /// Of a dimension.
  std::optional<int64_t> extent(Value tensor, int64_t d);
  /// Of a sparse tensor's stored entries.
  std::optional<int64_t> stored(Value tensor);
  /// An index value.
  std::optional<int64_t> index(Value value);
  /// Bytes of a tensor's buffers.
  std::optional<double> bytes(Value tensor);
  /// The terms' sum, of a site's sizes.
  std::optional<double> sum(const SiteCost &cost, ArrayRef<CostTerm> terms);

  /// Whether some answer since the last call of this was none for want of a
  /// function argument's statistics.
  bool lackedStatistics() { return std::exchange(lacked, false); }

private:
  std::optional<int64_t>
  remember(std::pair<Value, int64_t> key,
           llvm::function_ref<std::optional<int64_t>()> find);
  std::optional<int64_t> findExtent(Value tensor, int64_t d);
  std::optional<int64_t> findStored(Value tensor);

  using Key = std::pair<Value, int64_t>; ///< -1: stored entries
  llvm::DenseMap<Key, std::optional<int64_t>> known;
  llvm::DenseSet<Key> lacking; ///< of those that are not known
  bool lacked = false;
};

} // namespace mlir::noodle

#endif // NOODLE_COST_KNOWNSIZES_H
