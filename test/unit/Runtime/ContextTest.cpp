//===- ContextTest.cpp - blocks, failures, deadlines, cancelling --------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Fixture.h"

#include <chrono>
#include <cstring>
#include <thread>
#include <vector>

using namespace noodle::rt;

namespace {

class ContextTest : public RuntimeTest {
protected:
  /// What a generated loop does: runs until the stop flag is up.
  static noodle_rt_status spin(noodle_rt_context *context) {
    for (;;)
      if (noodle_rt_status stop = stopFlag(context))
        return stop;
  }
};

TEST_F(ContextTest, TheHandleBeginsWithTheHead) {
  Context context(pool, {});
  auto *head = reinterpret_cast<noodle_rt_context_head *>(context.handle());
  EXPECT_EQ(head->stop, NOODLE_RT_OK);
  EXPECT_EQ(head->abi_version, NOODLE_RT_ABI_VERSION);
  EXPECT_EQ(Context::from(context.handle()), &context);
  EXPECT_EQ(context.message(), "");
}

TEST_F(ContextTest, FreesWhatTheKernelForgot) {
  {
    Context context(pool, {});
    void *a = noodle_ir_alloc(context.handle(), 100);
    void *b = noodle_ir_alloc(context.handle(), 0);
    EXPECT_TRUE(isAligned(a) && isAligned(b));
    EXPECT_NE(a, b);
    noodle_ir_free(context.handle(), a);
    noodle_ir_free(context.handle(), nullptr);
    EXPECT_EQ(context.liveBytes(), 64);
    EXPECT_EQ(context.peakBytes(), 192);
  }
  EXPECT_EQ(pool.stats().liveBlocks, 0);
}

TEST_F(ContextTest, KnowsItsBlocks) {
  Context context(pool, {}), other(pool, {});
  void *mine = noodle_ir_alloc(context.handle(), 100);
  void *theirs = noodle_ir_alloc(other.handle(), 100);
  alignas(64) char local[192];
  EXPECT_TRUE(context.owns(mine));
  EXPECT_FALSE(context.owns(theirs));
  EXPECT_FALSE(context.owns(local + 64));
  EXPECT_FALSE(context.owns(static_cast<char *>(mine) + 8));
  EXPECT_FALSE(context.owns(nullptr));
  noodle_ir_free(context.handle(), mine);
  EXPECT_FALSE(context.owns(mine));
}

TEST_F(ContextTest, AdoptionMovesABlockWithoutCopying) {
  Region region(pool, 1024);
  void *result;
  {
    Context context(pool, {});
    noodle_ir_alloc(context.handle(), 64);
    result = noodle_ir_alloc(context.handle(), 512);
    std::memset(result, 0x5a, 512);
    noodle_ir_alloc(context.handle(), 64);
    EXPECT_TRUE(context.adopt(result, region));
    EXPECT_FALSE(context.owns(result));
    EXPECT_EQ(context.liveBytes(), 128);
    EXPECT_FALSE(context.adopt(result, region)) << "adopted twice";
  }
  EXPECT_TRUE(region.owns(result));
  EXPECT_EQ(region.usedBytes(), 512);
  EXPECT_EQ(static_cast<unsigned char *>(result)[511], 0x5a);
  EXPECT_EQ(pool.stats().liveBlocks, 1);
}

TEST_F(ContextTest, AdoptionKeepsTheRegionsBudget) {
  Region parent(pool, 256), region(pool, 0, &parent);
  Context context(pool, {});
  void *block = noodle_ir_alloc(context.handle(), 512);
  EXPECT_FALSE(context.adopt(block, region));
  EXPECT_TRUE(context.owns(block)); // told apart from a foreign block
  EXPECT_EQ(region.usedBytes(), 0);
  char foreign;
  EXPECT_FALSE(context.adopt(&foreign, region));
  EXPECT_FALSE(context.owns(&foreign));
}

TEST_F(ContextTest, TheFirstFailureWins) {
  Context context(pool, {});
  noodle_rt_context *handle = context.handle();
  EXPECT_EQ(noodle_ir_fail(handle, NOODLE_RT_CHECK_FAILED, "firstX", 5),
            NOODLE_RT_CHECK_FAILED);
  EXPECT_EQ(noodle_ir_fail(handle, NOODLE_RT_INDEX_RANGE, "second", 6),
            NOODLE_RT_INDEX_RANGE);
  EXPECT_EQ(context.status(), NOODLE_RT_CHECK_FAILED);
  EXPECT_EQ(context.message(), "first");
  EXPECT_EQ(stopFlag(handle), NOODLE_RT_CHECK_FAILED);
  EXPECT_EQ(context.finish(NOODLE_RT_INDEX_RANGE), NOODLE_RT_CHECK_FAILED);
}

TEST_F(ContextTest, EveryStatusHasAMessage) {
  for (noodle_rt_status s = NOODLE_RT_OUT_OF_MEMORY; s <= NOODLE_RT_INTERNAL;
       ++s) {
    Context context(pool, {});
    EXPECT_EQ(context.finish(s), s);
    EXPECT_EQ(context.message(), statusText(s));
    EXPECT_STRNE(statusText(s), statusText(999));
  }
  Context context(pool, {});
  noodle_ir_fail(context.handle(), NOODLE_RT_OK, "success is no failure", 21);
  EXPECT_EQ(context.finish(NOODLE_RT_OK), NOODLE_RT_INTERNAL);
}

TEST_F(ContextTest, MessagesMayBeEmptyHugeOrNull) {
  std::string huge(100'000, 'x');
  {
    Context context(pool, {});
    noodle_ir_fail(context.handle(), NOODLE_RT_CHECK_FAILED, huge.data(),
                   huge.size());
    EXPECT_EQ(context.message().size(), 4096u);
  }
  for (int64_t length : {0, -5}) {
    Context context(pool, {});
    noodle_ir_fail(context.handle(), NOODLE_RT_CHECK_FAILED, nullptr, length);
    EXPECT_EQ(context.message(), statusText(NOODLE_RT_CHECK_FAILED));
  }
}

TEST_F(ContextTest, MessagesNameValues) {
  auto text = [&](const std::string &message, std::vector<int64_t> values) {
    Context context(pool, {});
    noodle_ir_fail_at(context.handle(), NOODLE_RT_CHECK_FAILED, message.data(),
                      message.size(), values.data(), values.size());
    EXPECT_EQ(context.status(), NOODLE_RT_CHECK_FAILED);
    return std::string(context.message());
  };
  EXPECT_EQ(text("node {0}: {1} is {0}", {7, -12}), "node 7: -12 is 7");
  EXPECT_EQ(text("{2} {a} {0", {1, 2}), "{2} {a} {0");
  EXPECT_EQ(text("{0}", {std::numeric_limits<int64_t>::min()}),
            "-9223372036854775808");
  EXPECT_EQ(text(std::string(1023, 'x') + "{0}", {123}).size(), 1024u);
}

TEST_F(ContextTest, MemoryLimitCountsWhatIsLive) {
  CallOptions options;
  options.memoryLimit = 256;
  Context context(pool, options);
  noodle_rt_context *handle = context.handle();
  for (int i = 0; i < 10; ++i) {
    void *block = noodle_ir_alloc(handle, 256);
    ASSERT_NE(block, nullptr);
    noodle_ir_free(handle, block);
  }
  EXPECT_EQ(context.status(), NOODLE_RT_OK);
  EXPECT_EQ(noodle_ir_alloc(handle, 257), nullptr);
  EXPECT_EQ(context.status(), NOODLE_RT_OUT_OF_MEMORY);
  EXPECT_NE(context.message().find("limit of 256"), std::string::npos)
      << context.message();
}

/// Learns of memory that was refused.
class ShortHost final : public HostCalls {
public:
  explicit ShortHost(noodle_rt_status answer) : answer(answer) {}
  noodle_rt_status reference(noodle_rt_context *, int64_t, noodle_rt_tensor *,
                             int64_t, noodle_rt_tensor *, int64_t) override {
    return NOODLE_RT_OK;
  }
  void mark(int64_t, int64_t, const int64_t *, int64_t) override {}
  noodle_rt_status shortage(noodle_rt_context *, int64_t site,
                            int64_t bytes) override {
    sites.push_back(site);
    sizes.push_back(bytes);
    return answer;
  }
  const noodle_rt_status answer;
  std::vector<int64_t> sites, sizes;
};

TEST_F(ContextTest, MemoryThatCanBeDoneWithout) {
  for (noodle_rt_status answer : {NOODLE_RT_OK, NOODLE_RT_OUT_OF_MEMORY}) {
    ShortHost host(answer);
    CallOptions options;
    options.memoryLimit = 256;
    options.hostCalls = &host;
    Context context(pool, options);
    noodle_rt_context *handle = context.handle();
    void *block = noodle_ir_try_alloc(handle, 200, 3);
    ASSERT_NE(block, nullptr);
    EXPECT_TRUE(host.sites.empty());
    EXPECT_EQ(context.liveBytes(), 256);
    EXPECT_EQ(noodle_ir_try_alloc(handle, 64, 4), nullptr);
    EXPECT_EQ(context.status(), answer);
    EXPECT_EQ(noodle_ir_try_alloc(handle, -1, 5), nullptr);
    EXPECT_EQ(host.sites, (std::vector<int64_t>{4, 5}));
    EXPECT_EQ(host.sizes, (std::vector<int64_t>{64, -1}));
    EXPECT_EQ(context.liveBytes(), 256);
    noodle_ir_free(handle, block);
    EXPECT_EQ(context.liveBytes(), 0);
  }
  // The system refuses, and nobody listens.
  pool.failAllocation(1);
  Context context(pool, {});
  EXPECT_EQ(noodle_ir_try_alloc(context.handle(), 64, 0), nullptr);
  EXPECT_EQ(context.status(), NOODLE_RT_OK);
  EXPECT_EQ(context.liveBytes(), 0);
}

TEST_F(ContextTest, ImpossibleSizesFailTheCall) {
  for (int64_t bytes : {int64_t{-1}, INT64_MIN, INT64_MAX, INT64_MAX - 63}) {
    Context context(pool, {});
    EXPECT_EQ(noodle_ir_alloc(context.handle(), bytes), nullptr);
    EXPECT_EQ(context.status(), NOODLE_RT_OUT_OF_MEMORY);
    EXPECT_EQ(context.liveBytes(), 0);
  }
}

TEST_F(ContextTest, EveryAllocationMayFail) {
  constexpr int kAllocations = 12;
  for (int n = 1; n <= kAllocations + 1; ++n) {
    pool.failAllocation(n);
    Context context(pool, {});
    std::vector<void *> held;
    noodle_rt_status status = NOODLE_RT_OK;
    for (int i = 0; i < kAllocations && status == NOODLE_RT_OK; ++i) {
      void *block = noodle_ir_alloc(context.handle(), 100 * (i + 1));
      if (!block)
        status = NOODLE_RT_OUT_OF_MEMORY;
      else if (i % 3 == 0)
        noodle_ir_free(context.handle(), block);
      else
        held.push_back(block);
    }
    bool fails = n <= kAllocations;
    EXPECT_EQ(context.finish(status),
              fails ? NOODLE_RT_OUT_OF_MEMORY : NOODLE_RT_OK);
    EXPECT_EQ(context.message().empty(), !fails);
    EXPECT_EQ(held.empty(), n <= 2) << n;
  }
  pool.failAllocation(0);
}

//===----------------------------------------------------------------------===//
// Stop requests
//===----------------------------------------------------------------------===//

TEST_F(ContextTest, TheDeadlineEndsALoop) {
  CallOptions options;
  options.deadlineMillis = 5;
  for (int i = 0; i < 3; ++i) {
    Context context(pool, options);
    EXPECT_EQ(context.finish(spin(context.handle())), NOODLE_RT_DEADLINE);
    EXPECT_EQ(context.message(), "the deadline of 5 ms passed");
  }
}

TEST_F(ContextTest, DeadlinesExpireInTheirOwnOrder) {
  CallOptions longer, shorter;
  longer.deadlineMillis = 3'600'000;
  shorter.deadlineMillis = 3;
  Context patient(pool, longer);
  Context hasty(pool, shorter); // becomes the earliest after the watch began
  EXPECT_EQ(spin(hasty.handle()), NOODLE_RT_DEADLINE);
  EXPECT_EQ(stopFlag(patient.handle()), NOODLE_RT_OK);
}

TEST_F(ContextTest, EarlierCallsMayEndInAnyOrder) {
  CallOptions options;
  std::vector<std::unique_ptr<Context>> contexts;
  for (int64_t millis : {60'000, 20'000, 40'000, 20'000, INT32_MAX}) {
    options.deadlineMillis = millis;
    contexts.push_back(std::make_unique<Context>(pool, options));
  }
  for (int i : {2, 0, 4, 1, 3})
    contexts[i].reset();
  options.deadlineMillis = 1;
  Context context(pool, options);
  EXPECT_EQ(spin(context.handle()), NOODLE_RT_DEADLINE);
}

TEST_F(ContextTest, APassedDeadlineAndAVastOne) {
  CallOptions options;
  options.deadlineMillis = -1;
  Context late(pool, options);
  EXPECT_EQ(stopFlag(late.handle()), NOODLE_RT_DEADLINE);
  EXPECT_EQ(late.message(), statusText(NOODLE_RT_DEADLINE));
  options.deadlineMillis = INT64_MAX;
  Context patient(pool, options);
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  EXPECT_EQ(stopFlag(patient.handle()), NOODLE_RT_OK);
}

TEST_F(ContextTest, AStopAfterTheEndIsNoFailure) {
  CancelToken token;
  CallOptions options;
  options.cancel = &token;
  Context context(pool, options);
  token.cancel();
  EXPECT_EQ(context.status(), NOODLE_RT_CANCELLED);
  EXPECT_EQ(context.finish(NOODLE_RT_OK), NOODLE_RT_OK);
}

TEST_F(ContextTest, CancellingReachesAttachedAndLaterCalls) {
  CancelToken token;
  CallOptions options;
  options.cancel = &token;
  auto first = std::make_unique<Context>(pool, options);
  Context second(pool, options), independent(pool, {});
  auto third = std::make_unique<Context>(pool, options);
  first.reset();
  third.reset();
  EXPECT_FALSE(token.cancelled());
  token.cancel();
  EXPECT_TRUE(token.cancelled());
  Context later(pool, options);
  EXPECT_EQ(stopFlag(second.handle()), NOODLE_RT_CANCELLED);
  EXPECT_EQ(stopFlag(later.handle()), NOODLE_RT_CANCELLED);
  EXPECT_EQ(stopFlag(independent.handle()), NOODLE_RT_OK);
  EXPECT_EQ(second.message(), statusText(NOODLE_RT_CANCELLED));
}

TEST_F(ContextTest, CancelFromAnotherThreadEndsALoop) {
  CancelToken token;
  CallOptions options;
  options.cancel = &token;
  Context context(pool, options);
  std::thread canceller([&] { token.cancel(); });
  EXPECT_EQ(spin(context.handle()), NOODLE_RT_CANCELLED);
  canceller.join();
}

TEST_F(ContextTest, CallsComeAndGoWhileOthersCancelAndExpire) {
  CancelToken token;
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 300; ++i) {
        CallOptions options;
        options.cancel = &token;
        options.deadlineMillis = 1 + (i + t) % 3;
        Context context(pool, options);
        noodle_ir_alloc(context.handle(), 64);
        if (i % 50 == 0 && spin(context.handle()) == NOODLE_RT_OK)
          ++wrong;
        if (t == 0 && i == 250)
          token.cancel();
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(wrong, 0);
}

//===----------------------------------------------------------------------===//
// Host calls
//===----------------------------------------------------------------------===//

struct TestHost final : HostCalls {
  noodle_rt_status reference(noodle_rt_context *context, int64_t site,
                             noodle_rt_tensor *, int64_t,
                             noodle_rt_tensor *results, int64_t) override {
    if (site == 1)
      return noodle_ir_fail(context, NOODLE_RT_CHECK_FAILED, "told", 4);
    if (site == 2)
      return NOODLE_RT_SHAPE_MISMATCH; // without recording it
    if (site == 3)
      throw 1;
    results[0].values = noodle_ir_alloc(context, 128);
    return NOODLE_RT_OK;
  }
  void mark(int64_t site, int64_t phase, const int64_t *, int64_t) override {
    marks += site * 10 + phase;
  }
  int64_t marks = 0;
};

TEST_F(ContextTest, ReferenceCallsReachTheHost) {
  TestHost host;
  CallOptions options;
  options.hostCalls = &host;
  noodle_rt_tensor result{};
  auto call = [&](Context &context, int64_t site) {
    return noodle_ir_reference_call(context.handle(), site, nullptr, 0, &result,
                                    1);
  };
  {
    Context context(pool, options);
    EXPECT_EQ(call(context, 0), NOODLE_RT_OK);
    EXPECT_TRUE(context.owns(result.values));
    noodle_ir_mark(context.handle(), 4, 1, nullptr, 0);
    EXPECT_EQ(host.marks, 41);
  }
  struct {
    noodle_rt_status status;
    const char *message;
  } expected[] = {
      {NOODLE_RT_CHECK_FAILED, "told"},
      {NOODLE_RT_SHAPE_MISMATCH, "reference site 2: shapes do not match"},
      {NOODLE_RT_HOST_CALL_FAILED,
       "reference site 3: a call back into the engine failed"}};
  for (int64_t site : {1, 2, 3}) {
    Context context(pool, options);
    EXPECT_EQ(call(context, site), expected[site - 1].status);
    EXPECT_EQ(context.status(), expected[site - 1].status);
    EXPECT_EQ(context.message(), expected[site - 1].message);
  }
}

TEST_F(ContextTest, WithoutAHostReferenceCallsFailClearly) {
  Context context(pool, {});
  EXPECT_EQ(
      noodle_ir_reference_call(context.handle(), 7, nullptr, 0, nullptr, 0),
      NOODLE_RT_HOST_CALL_FAILED);
  EXPECT_EQ(context.message(), "reference site 7 needs the engine's "
                               "interpreter, and this call was made without "
                               "one");
  noodle_ir_mark(context.handle(), 7, 0, nullptr, 0); // has no effect
}

} // namespace
