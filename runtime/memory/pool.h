//===- pool.h - the pool's inside ---------------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_RUNTIME_MEMORY_POOL_H
#define NOODLE_RUNTIME_MEMORY_POOL_H

#include "memory/block.h"
#include "sched/watchdog.h"

#include <array>
#include <mutex>

namespace noodle::rt {

// Sizes of 64..512 bytes have a class each 64 bytes, larger ones four classes
// per doubling (at most 25 % unused), up to 1 GiB. What is larger goes
// straight to the system and back. Keeping blocks of some MiB saves the page
// faults: 8 MiB, filled and released, take 93 us kept and 562 us not, 32 MiB
// 1.2 and 3.9 ms (two cores of an AMD EPYC 9004, virtual).
inline constexpr int64_t kUnit = NOODLE_RT_ALIGNMENT;
inline constexpr uint32_t kLinearClasses = 8;
inline constexpr uint32_t kClasses = kLinearClasses + 4 * 21;
inline constexpr int64_t kMaxClassBytes = int64_t{1} << 30;
// Larger blocks are kept beside the others, and their pages may be taken by the
// system when it needs them. So there may be more of them: this many times
// the pool's limit. A guess: with the usual limit four results of 8192x8192
// floats.
inline constexpr int64_t kLargeBytes = int64_t{32} << 20;
inline constexpr int64_t kLargeShare = 16;
// From here on blocks are mapped with huge pages advised. A guess: two huge
// pages.
inline constexpr int64_t kMappedBytes = int64_t{4} << 20;
// Independent free lists, chosen by thread. A guess.
inline constexpr uint32_t kShards = 8;

/// Class of a rounded size up to kMaxClassBytes, and the bytes of a class.
uint32_t sizeClassOf(int64_t bytes);
int64_t bytesOfClass(uint32_t sizeClass);

struct Pool::Impl {
  struct alignas(64) Shard {
    std::mutex mutex;
    std::array<BlockHeader *, kClasses> cached{};
    int64_t allocations = 0;
    int64_t reuses = 0;
    /// Blocks taken less those given back here: below 0 where others took them.
    int64_t live = 0;
  };

  explicit Impl(int64_t cacheLimit) : cacheLimit(cacheLimit) {}
  Shard &shardOfThread();
  bool refusedByInjection();
  BlockHeader *takeFromOtherShards(uint32_t sizeClass, const Shard &own);
  void account(int64_t bytes);
  bool reserveCache(int64_t capacity);
  /// What the cache of blocks of this capacity holds.
  std::atomic<int64_t> &cachedOf(int64_t capacity) {
    return capacity > kLargeBytes ? cachedLargeBytes : cachedBytes;
  }

  const int64_t cacheLimit;
  std::array<Shard, kShards> shards;
  alignas(64) std::atomic<int64_t> liveBytes{0};
  std::atomic<int64_t> peakBytes{0};
  alignas(64) std::atomic<int64_t> cachedBytes{0};
  std::atomic<int64_t> cachedLargeBytes{0};
  std::atomic<int64_t> failAt{0};
  Watchdog watchdog;
};

} // namespace noodle::rt

#endif // NOODLE_RUNTIME_MEMORY_POOL_H
