//===- pinned.h - page-locked host memory, pooled -------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_RUNTIME_DEVICE_PINNED_H
#define NOODLE_RUNTIME_DEVICE_PINNED_H

#include "driver.h"

#include <cstdint>
#include <mutex>
#include <vector>

namespace noodle::rt {

struct PinnedBlock {
  char *data = nullptr;
  int64_t bytes = 0;
};

/// Page-locking costs 1-2 GB/s, which is slower than the copies it speeds up:
/// blocks are locked once and kept. Thread-safe; the device's context must be
/// current.
class PinnedPool {
public:
  /// The unit of pageable transfers. A 4 MiB copy takes about 80 us at PCIe 5's
  /// speed, ten times what enqueuing it costs.
  static constexpr int64_t kLargeBytes = int64_t{4} << 20;
  /// For small transfers.
  static constexpr int64_t kSmallBytes = int64_t{64} << 10;
  /// Kept beyond this are freed. A guess: 16 queues with four large blocks.
  static constexpr int64_t kKeptBytes = int64_t{256} << 20;

  explicit PinnedPool(const Driver &driver) : driver(driver) {}

  /// A block of one of the two sizes.
  CUresult take(int64_t bytes, PinnedBlock &block);
  void give(PinnedBlock block) noexcept;
  void trim() noexcept;

private:
  const Driver &driver;
  std::mutex mutex;
  std::vector<PinnedBlock> kept;
  int64_t keptBytes = 0;
};

} // namespace noodle::rt

#endif // NOODLE_RUNTIME_DEVICE_PINNED_H
