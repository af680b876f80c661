//===- RegionTest.cpp - nesting, budgets, release order -----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Fixture.h"

#include <memory>
#include <string>
#include <thread>
#include <vector>

using namespace noodle::rt;

namespace {

class RegionTest : public RuntimeTest {};

TEST_F(RegionTest, EndsWithAllItsBlocks) {
  {
    Region region(pool);
    for (int i = 0; i < 10; ++i)
      EXPECT_TRUE(isAligned(region.allocate(i * 100)));
    EXPECT_EQ(pool.stats().liveBlocks, 10);
  }
  EXPECT_EQ(pool.stats().liveBlocks, 0);
}

TEST_F(RegionTest, BudgetRefusesWhatDoesNotFit) {
  Region region(pool, 640);
  EXPECT_EQ(region.budget(), 640);
  void *block = region.allocate(600); // rounded up to 640
  ASSERT_NE(block, nullptr);
  EXPECT_EQ(region.usedBytes(), 640);
  EXPECT_EQ(region.allocate(1), nullptr);
  EXPECT_EQ(region.allocate(0), nullptr); // a block of one unit
  EXPECT_EQ(region.usedBytes(), 640);
  EXPECT_TRUE(region.release(block));
  EXPECT_EQ(region.usedBytes(), 0);
  EXPECT_NE(region.allocate(1), nullptr);
}

TEST_F(RegionTest, ParentsCountTheirChildren) {
  Region parent(pool, 1024);
  Region child(pool, 0, &parent);
  Region grandchild(pool, 512, &child);
  EXPECT_NE(grandchild.allocate(512), nullptr);
  EXPECT_EQ(grandchild.allocate(64), nullptr); // its own budget
  EXPECT_EQ(child.usedBytes(), 512);
  EXPECT_EQ(parent.usedBytes(), 512);
  EXPECT_NE(child.allocate(448), nullptr);
  EXPECT_EQ(child.allocate(128), nullptr); // the parent's budget
  EXPECT_EQ(child.usedBytes(), 960);       // a refusal leaves no trace
  EXPECT_EQ(parent.usedBytes(), 960);
  grandchild.clear();
  EXPECT_EQ(parent.usedBytes(), 448);
  EXPECT_NE(child.allocate(128), nullptr);
  parent.clear(); // has no blocks of its own
  EXPECT_EQ(parent.usedBytes(), 576);
}

TEST_F(RegionTest, AChildsEndGivesItsShareBack) {
  Region parent(pool, 1024);
  for (int i = 0; i < 5; ++i) {
    Region child(pool, 0, &parent);
    EXPECT_NE(child.allocate(1024), nullptr);
    EXPECT_EQ(parent.allocate(64), nullptr);
  }
  EXPECT_EQ(parent.usedBytes(), 0);
}

TEST_F(RegionTest, ForeignBlocksAreNotReleased) {
  Region region(pool), other(pool);
  void *block = other.allocate(64);
  alignas(64) char local[192];
  EXPECT_FALSE(region.release(block));
  EXPECT_FALSE(region.release(local + 64));
  EXPECT_FALSE(region.release(nullptr));
  EXPECT_FALSE(region.release(reinterpret_cast<void *>(64)));
  EXPECT_FALSE(region.owns(block));
  EXPECT_TRUE(other.owns(block));
  EXPECT_FALSE(other.owns(static_cast<char *>(block) + 64));
  EXPECT_EQ(other.usedBytes(), 64);
}

TEST_F(RegionTest, BlocksGoInReverseOrder) {
  void *first, *last;
  {
    Region region(pool);
    first = region.allocate(64);
    region.allocate(64);
    last = region.allocate(64);
  }
  // The pool hands the newest free block out first: `first` was freed last.
  Region region(pool);
  EXPECT_EQ(region.allocate(64), first);
  region.allocate(64);
  EXPECT_EQ(region.allocate(64), last);
}

TEST_F(RegionTest, ImpossibleSizesAreRefused) {
  Region region(pool);
  for (int64_t bytes : {int64_t{-1}, INT64_MIN, INT64_MAX, INT64_MAX - 63})
    EXPECT_EQ(region.allocate(bytes), nullptr) << bytes;
  EXPECT_EQ(region.usedBytes(), 0);
}

TEST_F(RegionTest, AFailedAllocationLeavesNoTrace) {
  Region parent(pool), region(pool, 4096, &parent);
  pool.failAllocation(1);
  EXPECT_EQ(region.allocate(128), nullptr);
  EXPECT_EQ(region.usedBytes(), 0);
  EXPECT_EQ(parent.usedBytes(), 0);
  EXPECT_NE(region.allocate(128), nullptr);
}

TEST_F(RegionTest, ServesStandardContainers) {
  Region region(pool, 1 << 20);
  {
    std::pmr::vector<std::pmr::string> words(region.resource());
    for (int i = 0; i < 200; ++i)
      words.emplace_back("a word that is too long for its own buffer");
    EXPECT_EQ(words[199], words[0]);
    EXPECT_GT(region.usedBytes(), 200 * 64);
  }
  EXPECT_EQ(region.usedBytes(), 0);
  Region other(pool);
  EXPECT_TRUE(region.resource()->is_equal(*region.resource()));
  EXPECT_FALSE(region.resource()->is_equal(*other.resource()));
  EXPECT_THROW((void)region.resource()->allocate(2 << 20), std::bad_alloc);
  EXPECT_THROW((void)region.resource()->allocate(64, 128), std::bad_alloc);
  EXPECT_THROW((void)region.resource()->allocate(SIZE_MAX), std::bad_alloc);
}

TEST_F(RegionTest, SiblingsMayLiveOnDifferentThreads) {
  constexpr int64_t kBudget = 64 * 100;
  Region parent(pool, kBudget);
  std::atomic<int64_t> seen{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        Region child(pool, 0, &parent);
        for (int k = 0; k < 40; ++k)
          child.allocate(64);
        int64_t used = child.usedBytes();
        int64_t before = seen.load();
        while (used > before && !seen.compare_exchange_weak(before, used)) {
        }
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_GT(seen, 0);
  EXPECT_EQ(parent.usedBytes(), 0);
}

} // namespace
