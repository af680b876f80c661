//===- OrderCache.cpp - orders found before -------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Algebra/OrderCache.h"

using namespace mlir;
using namespace mlir::noodle;

/// All that orderContractions looks at, as bytes.
static std::string keyOf(const ContractionNetwork &network,
                         const OrderOptions &options) {
  std::string key;
  auto raw = [&](const auto &value) {
    key.append(reinterpret_cast<const char *>(&value), sizeof value);
  };
  auto list = [&](const auto &values) {
    raw(uint64_t(values.size()));
    for (const auto &value : values)
      raw(value);
  };
  list(network.extents);
  raw(uint64_t(network.operands.size()));
  for (const auto &letters : network.operands)
    list(letters);
  list(network.output);
  list(network.density);
  list(network.whole);
  raw(uint8_t(network.denseResults));
  raw(uint8_t(options.effort));
  raw(options.mostEntries);
  raw(uint8_t(options.neighbours));
  raw(options.seed);
  return key;
}

ContractionOrder OrderCache::order(const ContractionNetwork &network,
                                   const OrderOptions &options) {
  std::string key = keyOf(network, options);
  {
    std::lock_guard lock(mutex);
    if (auto found = byKey.find(key); found != byKey.end()) {
      ++counted.found;
      entries.splice(entries.begin(), entries, found->second);
      return found->second->order;
    }
    ++counted.searched;
  }
  ContractionOrder order = orderContractions(network, options);
  std::lock_guard lock(mutex);
  if (byKey.count(key))
    return order; // another thread was searching too
  entries.push_front({std::move(key), order});
  byKey.emplace(entries.front().key, entries.begin());
  if (entries.size() > kMost) {
    byKey.erase(entries.back().key);
    entries.pop_back();
  }
  return order;
}

OrderCache::Stats OrderCache::stats() const {
  std::lock_guard lock(mutex);
  return counted;
}
