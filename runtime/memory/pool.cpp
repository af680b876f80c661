//===- pool.cpp - size classes over the system allocator ----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "memory/pool.h"

#include <bit>
#include <cassert>
#include <cstdlib>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

// Under the address sanitizer a cached payload is poisoned, so that use after
// free and use beyond the size asked for are reported as for malloc.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define NOODLE_ASAN 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define NOODLE_ASAN 1
#endif
#ifdef NOODLE_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address))
#endif

namespace noodle::rt {

//===----------------------------------------------------------------------===//
// Size classes
//===----------------------------------------------------------------------===//

uint32_t sizeClassOf(int64_t bytes) {
  uint64_t units = static_cast<uint64_t>(bytes) / kUnit;
  if (units <= kLinearClasses)
    return static_cast<uint32_t>(units - 1);
  // units lies in (2^(width - 1), 2^width], cut into four steps.
  uint32_t width = std::bit_width(units - 1);
  uint64_t low = uint64_t{1} << (width - 1), step = low / 4;
  return kLinearClasses + (width - 4) * 4 +
         static_cast<uint32_t>((units - low - 1) / step);
}

int64_t bytesOfClass(uint32_t sizeClass) {
  if (sizeClass < kLinearClasses)
    return (sizeClass + 1) * kUnit;
  uint32_t width = (sizeClass - kLinearClasses) / 4 + 4;
  uint64_t low = uint64_t{1} << (width - 1);
  return static_cast<int64_t>(
             low + low / 4 * ((sizeClass - kLinearClasses) % 4 + 1)) *
         kUnit;
}

//===----------------------------------------------------------------------===//
// The system below
//===----------------------------------------------------------------------===//

static std::size_t mappedSize(int64_t capacity) {
  std::size_t page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  std::size_t total = sizeof(BlockHeader) + static_cast<std::size_t>(capacity);
  return (total + page - 1) / page * page;
}

/// Starts on a huge page's border, so that all but the ends can be huge.
static void *mapPages(std::size_t total) {
  constexpr std::size_t kHuge = std::size_t{2} << 20;
  void *area = mmap(nullptr, total + kHuge, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (area == MAP_FAILED)
    return nullptr;
  char *begin = static_cast<char *>(area);
  std::size_t skip =
      (kHuge - reinterpret_cast<uintptr_t>(begin) % kHuge) % kHuge;
  if (skip)
    munmap(begin, skip);
  if (skip < kHuge)
    munmap(begin + skip + total, kHuge - skip);
  madvise(begin + skip, total, MADV_HUGEPAGE); // advice: may be unavailable
  return begin + skip;
}

static BlockHeader *takeFromSystem(Pool &pool, uint32_t sizeClass,
                                   int64_t capacity) {
  void *memory =
      capacity >= kMappedBytes
          ? mapPages(mappedSize(capacity))
          : std::aligned_alloc(NOODLE_RT_ALIGNMENT,
                               sizeof(BlockHeader) +
                                   static_cast<std::size_t>(capacity));
  if (!memory)
    return nullptr;
  auto *block = new (memory) BlockHeader{};
  block->sizeClass = sizeClass;
  block->capacity = capacity;
  block->pool = &pool;
  ASAN_POISON_MEMORY_REGION(block->payload(), capacity);
  return block;
}

static void giveToSystem(BlockHeader *block) {
  int64_t capacity = block->capacity;
  ASAN_UNPOISON_MEMORY_REGION(block->payload(), capacity);
  block->magic = 0;
  if (capacity >= kMappedBytes)
    munmap(block, mappedSize(capacity));
  else
    std::free(block);
}

//===----------------------------------------------------------------------===//
// Pool
//===----------------------------------------------------------------------===//

Pool::Pool(int64_t cacheLimit) : impl(std::make_unique<Impl>(cacheLimit)) {}

Pool::~Pool() {
  assert(stats().liveBlocks == 0 && "a block outlives its pool");
  trim();
}

Pool::Impl::Shard &Pool::Impl::shardOfThread() {
  // Thread descriptors are at least a page apart; the multiplication spreads
  // their addresses.
  uint64_t thread = static_cast<uint64_t>(pthread_self()) >> 12;
  return shards[(thread * 0x9e3779b97f4a7c15u) >> 61];
}
static_assert(kShards == 8, "shardOfThread takes three bits");

bool Pool::Impl::refusedByInjection() {
  if (failAt.load(std::memory_order_relaxed) == 0) [[likely]]
    return false;
  // Counts down to 0, where injection is off again; -1 cannot be reached.
  int64_t n = failAt.load();
  while (n > 0 && !failAt.compare_exchange_weak(n, n - 1)) {
  }
  return n == 1;
}

void Pool::Impl::account(int64_t bytes) {
  int64_t live = liveBytes.fetch_add(bytes, std::memory_order_relaxed) + bytes;
  int64_t peak = peakBytes.load(std::memory_order_relaxed);
  while (live > peak && !peakBytes.compare_exchange_weak(
                            peak, live, std::memory_order_relaxed)) {
  }
}

/// A block freed by another thread lies in that thread's shard.
BlockHeader *Pool::Impl::takeFromOtherShards(uint32_t sizeClass,
                                             const Shard &own) {
  int64_t capacity = bytesOfClass(sizeClass);
  if (cachedOf(capacity).load(std::memory_order_relaxed) < capacity)
    return nullptr;
  for (Shard &shard : shards) {
    if (&shard == &own)
      continue;
    std::unique_lock lock(shard.mutex, std::try_to_lock);
    if (!lock || !shard.cached[sizeClass])
      continue;
    BlockHeader *block = shard.cached[sizeClass];
    shard.cached[sizeClass] = block->next;
    return block;
  }
  return nullptr;
}

// A reused block costs one lock, without contention, and two relaxed atomic
// additions.
void *Pool::allocate(int64_t bytes) {
  if (!isBlockSize(bytes) || impl->refusedByInjection())
    return nullptr;
  bytes = roundToAlignment(bytes);
  bool large = bytes > kMaxClassBytes;
  uint32_t sizeClass = large ? BlockHeader::kLargeClass : sizeClassOf(bytes);
  Impl::Shard &shard = impl->shardOfThread();
  BlockHeader *block = nullptr;
  {
    std::lock_guard lock(shard.mutex);
    if (!large && (block = shard.cached[sizeClass])) {
      shard.cached[sizeClass] = block->next;
      ++shard.reuses;
    }
    ++shard.allocations;
    ++shard.live;
  }
  if (block) [[likely]] {
    impl->cachedOf(block->capacity)
        .fetch_sub(block->capacity, std::memory_order_relaxed);
  } else if (!(block = allocateSlowly(sizeClass, bytes))) {
    return nullptr;
  }
  block->magic = BlockHeader::kLive;
  block->bytes = bytes;
  block->owner = nullptr;
  ASAN_UNPOISON_MEMORY_REGION(block->payload(), bytes);
  impl->account(bytes);
  return block->payload();
}

BlockHeader *Pool::allocateSlowly(uint32_t sizeClass, int64_t bytes) {
  Impl::Shard &shard = impl->shardOfThread();
  bool large = sizeClass == BlockHeader::kLargeClass;
  if (!large) {
    if (BlockHeader *block = impl->takeFromOtherShards(sizeClass, shard)) {
      impl->cachedOf(block->capacity)
          .fetch_sub(block->capacity, std::memory_order_relaxed);
      std::lock_guard lock(shard.mutex);
      ++shard.reuses;
      return block;
    }
  }
  int64_t capacity = large ? bytes : bytesOfClass(sizeClass);
  BlockHeader *block = takeFromSystem(*this, sizeClass, capacity);
  if (!block) {
    trim(); // the cache may be what the system lacks
    block = takeFromSystem(*this, sizeClass, capacity);
  }
  if (!block) {
    std::lock_guard lock(shard.mutex);
    --shard.allocations;
    --shard.live;
  }
  return block;
}

/// Adds to what is cached, unless that would be too much.
bool Pool::Impl::reserveCache(int64_t capacity) {
  bool large = capacity > kLargeBytes;
  if (large && cacheLimit < kLargeBytes)
    return false; // a host that asks for little memory
  int64_t limit = large ? cacheLimit * kLargeShare : cacheLimit;
  std::atomic<int64_t> &cached = cachedOf(capacity);
  int64_t before = cached.load(std::memory_order_relaxed);
  while (before <= limit - capacity)
    if (cached.compare_exchange_weak(before, before + capacity,
                                     std::memory_order_relaxed))
      return true;
  return false;
}

/// Lets the system take the pages of a cached block, should it need them, but
/// for the first huge page, where the header is. Until then a write costs
/// nothing; whole huge pages stay what they are.
static void offerPages(BlockHeader *block) {
  constexpr std::size_t kHuge = std::size_t{2} << 20;
  std::size_t total = mappedSize(block->capacity);
  if (total >= 2 * kHuge)
    madvise(reinterpret_cast<char *>(block) + kHuge,
            total / kHuge * kHuge - kHuge, MADV_FREE);
}

void Pool::release(void *payload) {
  if (!payload)
    return;
  BlockHeader *block = BlockHeader::of(payload);
  assert(block->magic == BlockHeader::kLive && block->pool == this &&
         "released twice, or not a block of this pool");
  impl->liveBytes.fetch_sub(block->bytes, std::memory_order_relaxed);
  int64_t capacity = block->capacity;
  Impl::Shard &shard = impl->shardOfThread();
  if (block->sizeClass == BlockHeader::kLargeClass ||
      !impl->reserveCache(capacity)) {
    {
      std::lock_guard lock(shard.mutex);
      --shard.live;
    }
    return giveToSystem(block);
  }
  block->magic = BlockHeader::kFree;
  if (capacity > kLargeBytes)
    offerPages(block);
  ASAN_POISON_MEMORY_REGION(payload, capacity);
  std::lock_guard lock(shard.mutex);
  --shard.live;
  block->next = shard.cached[block->sizeClass];
  shard.cached[block->sizeClass] = block;
}

void Pool::trim() {
  for (Impl::Shard &shard : impl->shards) {
    std::array<BlockHeader *, kClasses> lists{};
    {
      std::lock_guard lock(shard.mutex);
      lists.swap(shard.cached);
    }
    for (BlockHeader *block : lists)
      while (block) {
        BlockHeader *next = block->next;
        assert(block->magic == BlockHeader::kFree && "cache overwritten");
        impl->cachedOf(block->capacity)
            .fetch_sub(block->capacity, std::memory_order_relaxed);
        giveToSystem(block);
        block = next;
      }
  }
}

PoolStats Pool::stats() const {
  PoolStats stats;
  stats.liveBytes = impl->liveBytes.load(std::memory_order_relaxed);
  stats.peakBytes = impl->peakBytes.load(std::memory_order_relaxed);
  stats.cachedBytes = impl->cachedBytes.load(std::memory_order_relaxed) +
                      impl->cachedLargeBytes.load(std::memory_order_relaxed);
  for (Impl::Shard &shard : impl->shards) {
    std::lock_guard lock(shard.mutex);
    stats.allocations += shard.allocations;
    stats.reuses += shard.reuses;
    stats.liveBlocks += shard.live;
  }
  return stats;
}

int64_t Pool::sizeOf(const void *block) {
  return BlockHeader::of(block)->bytes;
}

void Pool::failAllocation(int64_t n) { impl->failAt.store(n > 0 ? n : 0); }

} // namespace noodle::rt
