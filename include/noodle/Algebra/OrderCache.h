//===- OrderCache.h - orders found before -----------------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_ALGEBRA_ORDERCACHE_H
#define NOODLE_ALGEBRA_ORDERCACHE_H

#include "noodle/Algebra/ContractionOrder.h"

#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

namespace mlir::noodle {

/// Remembers what orderContractions found, so that a network of a structure and
/// extents seen before is not searched again. Transparent: equal networks have
/// equal orders anyway. Keeps the `kMost` last used. Thread-safe.
class OrderCache {
public:
  static constexpr size_t kMost = 256;

  ContractionOrder order(const ContractionNetwork &network,
                         const OrderOptions &options);

  struct Stats {
    int64_t found = 0, searched = 0;
  };
  Stats stats() const;

private:
  struct Entry {
    std::string key;
    ContractionOrder order;
  };
  mutable std::mutex mutex; ///< guards all below
  std::list<Entry> entries; ///< the last used first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> byKey;
  Stats counted;
};

} // namespace mlir::noodle

#endif // NOODLE_ALGEBRA_ORDERCACHE_H
