//===- PoolTest.cpp - size classes, reuse, refusal ----------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "memory/pool.h"
#include "Fixture.h"

#include "gtest/gtest-spi.h"

#include <cstring>
#include <random>
#include <thread>
#include <vector>

using namespace noodle::rt;

namespace {

class PoolTest : public RuntimeTest {};

TEST(SizeClasses, CoverEverySizeTightly) {
  for (uint32_t c = 0; c < kClasses; ++c) {
    EXPECT_EQ(sizeClassOf(bytesOfClass(c)), c);
    if (c + 1 < kClasses) {
      EXPECT_LT(bytesOfClass(c), bytesOfClass(c + 1));
      EXPECT_EQ(sizeClassOf(bytesOfClass(c) + kUnit), c + 1);
    }
  }
  EXPECT_EQ(bytesOfClass(kClasses - 1), kMaxClassBytes);
  for (int64_t bytes = kUnit; bytes <= (int64_t{1} << 20); bytes += kUnit) {
    int64_t capacity = bytesOfClass(sizeClassOf(bytes));
    ASSERT_GE(capacity, bytes);
    ASSERT_LE(capacity, bytes + bytes / 4 + kUnit) << bytes;
  }
}

TEST_F(PoolTest, BlocksAreAlignedDistinctAndWritable) {
  std::vector<void *> blocks;
  for (int64_t bytes :
       {0, 1, 63, 64, 65, 511, 512, 513, 4096, 70001, 5 << 20, 33 << 20}) {
    void *block = pool.allocate(bytes);
    ASSERT_NE(block, nullptr);
    EXPECT_TRUE(isAligned(block));
    EXPECT_GE(Pool::sizeOf(block), bytes);
    std::memset(block, 0xab, Pool::sizeOf(block));
    blocks.push_back(block);
  }
  EXPECT_EQ(pool.stats().liveBlocks, static_cast<int64_t>(blocks.size()));
  for (void *block : blocks)
    pool.release(block);
  pool.release(nullptr);
}

TEST_F(PoolTest, FreedBlocksAreReused) {
  void *first = pool.allocate(1000);
  pool.release(first);
  void *second = pool.allocate(980);
  EXPECT_EQ(first, second);
  EXPECT_EQ(pool.stats().reuses, 1);
  EXPECT_EQ(pool.stats().allocations, 2);
  pool.release(second);
  EXPECT_GT(pool.stats().cachedBytes, 0);
}

TEST_F(PoolTest, ALoopOfAllocationsDoesNotGrow) {
  for (int i = 0; i < 1000; ++i) {
    void *block = pool.allocate(300'000);
    pool.release(block);
  }
  EXPECT_EQ(pool.stats().reuses, 999);
  EXPECT_LT(pool.stats().cachedBytes, 400'000);
  EXPECT_LT(pool.stats().peakBytes, 400'000);
}

TEST_F(PoolTest, AnotherThreadsFreeIsReused) {
  void *block = pool.allocate(1 << 16);
  std::thread([&] { pool.release(block); }).join();
  void *again = pool.allocate(1 << 16);
  EXPECT_EQ(again, block);
  pool.release(again);
}

TEST_F(PoolTest, CacheLimitIsKept) {
  Pool small(4096);
  std::vector<void *> blocks;
  for (int i = 0; i < 100; ++i)
    blocks.push_back(small.allocate(1024));
  for (void *block : blocks)
    small.release(block);
  EXPECT_EQ(small.stats().cachedBytes, 4096);
  expectNothingLive(small);
}

TEST_F(PoolTest, LargeBlocksGoStraightBack) {
  void *block = pool.allocate(kMaxClassBytes + 1);
  ASSERT_NE(block, nullptr);
  pool.release(block);
  EXPECT_EQ(pool.stats().cachedBytes, 0);
}

TEST_F(PoolTest, LargeBlocksHaveALimitOfTheirOwn) {
  constexpr int64_t bytes = kLargeBytes + 64;
  Pool two((2 * bytesOfClass(sizeClassOf(bytes)) + kLargeShare - 1) /
               kLargeShare +
           kLargeBytes);
  void *first = two.allocate(bytes);
  ASSERT_NE(first, nullptr);
  std::memset(first, 1, bytes);
  two.release(first);
  EXPECT_EQ(two.stats().cachedBytes, bytesOfClass(sizeClassOf(bytes)));
  void *again = two.allocate(bytes);
  EXPECT_EQ(again, first);
  EXPECT_EQ(two.stats().reuses, 1);
  EXPECT_EQ(two.stats().cachedBytes, 0);
  std::memset(again, 2, bytes); // the header is where it was
  two.release(again);
  two.trim();
  EXPECT_EQ(two.stats().cachedBytes, 0);

  std::vector<void *> many;
  for (int i = 0; i < 64; ++i)
    many.push_back(two.allocate(bytes));
  for (void *block : many)
    two.release(block);
  EXPECT_LT(two.stats().cachedBytes, 64 * bytes);
  expectNothingLive(two);

  Pool small(4096);
  small.release(small.allocate(bytes));
  EXPECT_EQ(small.stats().cachedBytes, 0);
  expectNothingLive(small);
}

TEST_F(PoolTest, ImpossibleSizesAreRefused) {
  for (int64_t bytes : {int64_t{-1}, INT64_MIN, INT64_MAX, INT64_MAX - 63,
                        kMaxBlockBytes + 1, kMaxBlockBytes})
    EXPECT_EQ(pool.allocate(bytes), nullptr) << bytes;
  EXPECT_EQ(pool.stats().allocations, 0);
}

TEST_F(PoolTest, InjectionFailsTheNthAllocationOnce) {
  for (int64_t n : {1, 2, 5}) {
    pool.failAllocation(n);
    for (int64_t i = 1; i <= 8; ++i) {
      void *block = pool.allocate(64);
      EXPECT_EQ(block == nullptr, i == n) << "n " << n << ", i " << i;
      pool.release(block);
    }
  }
  pool.failAllocation(1);
  pool.failAllocation(0);
  void *block = pool.allocate(64);
  EXPECT_NE(block, nullptr);
  pool.release(block);
}

TEST_F(PoolTest, PeakIsTheGreatestLiveCount) {
  void *a = pool.allocate(640), *b = pool.allocate(1280);
  pool.release(a);
  void *c = pool.allocate(64);
  EXPECT_EQ(pool.stats().peakBytes, 1920);
  EXPECT_EQ(pool.stats().liveBytes, 1344);
  pool.release(b);
  pool.release(c);
}

// The fixture's own check must be able to fail.
TEST_F(PoolTest, TheLeakCheckSeesALeak) {
  static Pool *leaky; // EXPECT_NONFATAL_FAILURE takes no locals
  Pool local;
  leaky = &local;
  void *block = local.allocate(100);
  EXPECT_NONFATAL_FAILURE(EXPECT_EQ(leaky->stats().liveBlocks, 0), "0");
  local.release(block);
}

TEST_F(PoolTest, SeveralThreadsHammer) {
  constexpr uint64_t kSeed = 20240607;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  std::mutex mutex;
  std::vector<std::pair<unsigned char *, unsigned char>> shared;
  std::atomic<int> corrupted{0};
  auto work = [&](uint64_t seed) {
    std::mt19937_64 random(seed);
    std::vector<std::pair<unsigned char *, unsigned char>> mine;
    auto drop = [&](std::pair<unsigned char *, unsigned char> entry) {
      int64_t last = Pool::sizeOf(entry.first) - 1;
      if (entry.first[0] != entry.second || entry.first[last] != entry.second)
        ++corrupted;
      pool.release(entry.first);
    };
    for (int i = 0; i < 4000; ++i) {
      int64_t bytes = 1 + random() % (random() % 50 == 0 ? 200'000 : 2000);
      auto *block = static_cast<unsigned char *>(pool.allocate(bytes));
      auto mark = static_cast<unsigned char>(random());
      std::memset(block, mark, Pool::sizeOf(block));
      mine.push_back({block, mark});
      if (random() % 4 == 0) { // another thread frees it
        std::lock_guard lock(mutex);
        shared.push_back(mine.back());
        mine.pop_back();
      }
      if (random() % 4 == 0) {
        std::lock_guard lock(mutex);
        if (!shared.empty()) {
          drop(shared.back());
          shared.pop_back();
        }
      }
      while (mine.size() > 32) {
        drop(mine.front());
        mine.erase(mine.begin());
      }
      if (i % 1000 == 0)
        pool.trim();
    }
    for (auto &entry : mine)
      drop(entry);
  };
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back(work, kSeed + t);
  for (std::thread &thread : threads)
    thread.join();
  for (auto &entry : shared)
    pool.release(entry.first);
  EXPECT_EQ(corrupted, 0);
  EXPECT_EQ(pool.stats().allocations, 16'000);
  EXPECT_GT(pool.stats().reuses, 0);
}

} // namespace
