//===- Fixture.h - every runtime test ends with no live blocks ----------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_UNITTEST_RUNTIME_FIXTURE_H
#define NOODLE_UNITTEST_RUNTIME_FIXTURE_H

#include "noodle-rt/ir.h"
#include "noodle-rt/runtime.h"

#include "gtest/gtest.h"

namespace noodle::rt {

/// Adds a failure for everything that `pool` still counts as handed out or,
/// after a trim, as cached.
inline void expectNothingLive(Pool &pool) {
  PoolStats stats = pool.stats();
  EXPECT_EQ(stats.liveBlocks, 0) << "live blocks at the end of the test";
  EXPECT_EQ(stats.liveBytes, 0);
  pool.trim();
  EXPECT_EQ(pool.stats().cachedBytes, 0);
}

class RuntimeTest : public ::testing::Test {
protected:
  void TearDown() override { expectNothingLive(pool); }
  Pool pool;
};

/// As generated code reads it, but visible to the thread sanitizer.
inline noodle_rt_status stopFlag(noodle_rt_context *context) {
  auto *head = reinterpret_cast<noodle_rt_context_head *>(context);
  return __atomic_load_n(&head->stop, __ATOMIC_ACQUIRE);
}

inline bool isAligned(const void *address) {
  return reinterpret_cast<uintptr_t>(address) % NOODLE_RT_ALIGNMENT == 0;
}

} // namespace noodle::rt

#endif // NOODLE_UNITTEST_RUNTIME_FIXTURE_H
