//===- ParallelTest.cpp - executors and parallel loops ------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Fixture.h"

#include <algorithm>
#include <chrono>
#include <sched.h>
#include <set>
#include <thread>
#include <vector>

using namespace noodle::rt;

namespace {

/// A host's own executor: a thread for each chunk.
class HostExecutor final : public Executor {
public:
  void run(int64_t chunks, void (*chunk)(void *, int64_t),
           void *data) override {
    ++runs;
    std::vector<std::thread> threads;
    for (int64_t k = 0; k < chunks; ++k)
      threads.emplace_back([=] { chunk(data, k); });
    for (std::thread &thread : threads)
      thread.join();
  }
  int concurrency() const override { return 2; }
  int runs = 0;
};

/// -1 stands for no executor, -2 for the host's, others for a worker pool of
/// that many threads beside the caller.
class ParallelTest : public RuntimeTest,
                     public ::testing::WithParamInterface<int> {
protected:
  void SetUp() override {
    if (GetParam() == -2)
      executor = std::make_unique<HostExecutor>();
    else if (GetParam() >= 0)
      executor = createWorkerPool(GetParam() + 1);
    options.executor = executor.get();
  }
  std::unique_ptr<Executor> executor;
  CallOptions options;
};

struct Touches {
  explicit Touches(int64_t count) : counts(count) {}
  std::vector<std::atomic<int>> counts;
  std::atomic<int64_t> calls{0}, shortest{INT64_MAX};

  static noodle_rt_status body(noodle_rt_context *, int64_t begin, int64_t end,
                               void *captures) {
    auto &self = *static_cast<Touches *>(captures);
    ++self.calls;
    int64_t shortest = self.shortest;
    while (end - begin < shortest && end != int64_t(self.counts.size()) &&
           !self.shortest.compare_exchange_weak(shortest, end - begin)) {
    }
    for (int64_t i = begin; i < end; ++i)
      ++self.counts[i];
    return NOODLE_RT_OK;
  }
  bool allOnce() const {
    return std::all_of(counts.begin(), counts.end(),
                       [](const auto &n) { return n == 1; });
  }
};

TEST_P(ParallelTest, EveryIterationRunsOnce) {
  for (int64_t count : {0, 1, 2, 3, 7, 8, 9, 100, 1001})
    for (int64_t grain : std::initializer_list<int64_t>{INT64_MIN, -64, -3, -1,
                                                        0, 1, 3, 64, 5000}) {
      Context context(pool, options);
      Touches touches(count);
      EXPECT_EQ(noodle_ir_parallel_for(context.handle(), count, grain,
                                       Touches::body, &touches),
                NOODLE_RT_OK);
      EXPECT_TRUE(touches.allOnce()) << count << " by " << grain;
      // Of brief loops it is negative.
      int64_t least = std::abs(std::max<int64_t>(grain, -5000));
      EXPECT_GE(touches.shortest, std::max<int64_t>(least, 1));
      if (count <= least) {
        EXPECT_LE(touches.calls, 1);
      }
      EXPECT_EQ(context.status(), NOODLE_RT_OK);
    }
  Context context(pool, options);
  EXPECT_EQ(
      noodle_ir_parallel_for(context.handle(), -5, 1, Touches::body, nullptr),
      NOODLE_RT_OK);
}

/// Is told of parallel loops.
class TimingHost final : public HostCalls {
public:
  noodle_rt_status reference(noodle_rt_context *, int64_t, noodle_rt_tensor *,
                             int64_t, noodle_rt_tensor *, int64_t) override {
    return NOODLE_RT_OK;
  }
  void mark(int64_t, int64_t, const int64_t *, int64_t) override {}
  bool timesRegions() const override { return wanted; }
  void region(const RegionTimes &times) override { regions.push_back(times); }
  bool wanted = true;
  std::vector<RegionTimes> regions;
};

TEST_P(ParallelTest, LoopsAreTimedWhereTheHostAsks) {
  for (bool wanted : {false, true}) {
    TimingHost host;
    host.wanted = wanted;
    options.hostCalls = &host;
    Context context(pool, options);
    Touches touches(100), few(4);
    noodle_ir_parallel_for(context.handle(), 100, 1, Touches::body, &touches);
    // One thread does so few by itself: no region.
    noodle_ir_parallel_for(context.handle(), 4, 4, Touches::body, &few);
    EXPECT_TRUE(touches.allOnce());
    EXPECT_TRUE(few.allOnce());
    bool several = executor && executor->concurrency() > 1;
    ASSERT_EQ(host.regions.size(), size_t(wanted && several));
    for (const RegionTimes &times : host.regions) {
      EXPECT_EQ(times.body, &Touches::body);
      EXPECT_EQ(times.threads, executor->concurrency());
      EXPECT_EQ(times.chunks, touches.calls);
      EXPECT_GE(times.busy, times.longest);
      EXPECT_GT(times.longest, 0);
      EXPECT_GE(times.seconds, times.longest / double(times.chunks));
    }
  }
}

TEST_P(ParallelTest, VastCountsDoNotOverflow) {
  Context context(pool, options);
  std::atomic<uint64_t> total{0};
  auto body = [](noodle_rt_context *, int64_t begin, int64_t end,
                 void *captures) -> noodle_rt_status {
    EXPECT_LT(begin, end);
    *static_cast<std::atomic<uint64_t> *>(captures) += end - begin;
    return NOODLE_RT_OK;
  };
  EXPECT_EQ(
      noodle_ir_parallel_for(context.handle(), INT64_MAX, 1, body, &total),
      NOODLE_RT_OK);
  EXPECT_EQ(total, static_cast<uint64_t>(INT64_MAX));
}

TEST_P(ParallelTest, NestedLoopsRunOnTheirWorker) {
  Context context(pool, options);
  Touches touches(64 * 64);
  auto outer = [](noodle_rt_context *handle, int64_t begin, int64_t end,
                  void *captures) -> noodle_rt_status {
    struct Inner {
      void *touches;
      int64_t row;
      std::thread::id thread;
    };
    for (int64_t row = begin; row < end; ++row) {
      Inner inner{captures, row, std::this_thread::get_id()};
      auto body = [](noodle_rt_context *, int64_t b, int64_t e,
                     void *data) -> noodle_rt_status {
        auto &inner = *static_cast<Inner *>(data);
        EXPECT_EQ(inner.thread, std::this_thread::get_id());
        for (int64_t i = b; i < e; ++i)
          ++static_cast<Touches *>(inner.touches)->counts[inner.row * 64 + i];
        return NOODLE_RT_OK;
      };
      if (auto status = noodle_ir_parallel_for(handle, 64, 1, body, &inner))
        return status;
    }
    return NOODLE_RT_OK;
  };
  EXPECT_EQ(noodle_ir_parallel_for(context.handle(), 64, 1, outer, &touches),
            NOODLE_RT_OK);
  EXPECT_TRUE(touches.allOnce());
}

TEST_P(ParallelTest, AFailureCancelsTheRest) {
  for (int64_t failing : {0, 1, 500, 999}) {
    Context context(pool, options);
    struct Data {
      int64_t failing;
      std::atomic<int> failures{0}, afterwards{0};
    } data{failing};
    auto body = [](noodle_rt_context *handle, int64_t begin, int64_t end,
                   void *captures) -> noodle_rt_status {
      auto &data = *static_cast<Data *>(captures);
      if (data.failures > 0)
        ++data.afterwards;
      for (int64_t i = begin; i < end; ++i)
        if (i == data.failing) {
          noodle_rt_status status =
              noodle_ir_fail(handle, NOODLE_RT_INDEX_RANGE, "row 7", 5);
          ++data.failures;
          return status;
        }
      return NOODLE_RT_OK;
    };
    noodle_rt_status status =
        noodle_ir_parallel_for(context.handle(), 1000, 1, body, &data);
    EXPECT_EQ(status, NOODLE_RT_INDEX_RANGE);
    EXPECT_EQ(data.failures, 1);
    // Each other thread may have looked just before the failure.
    int others = executor ? executor->concurrency() - 1 : 0;
    EXPECT_LE(data.afterwards, others) << "a chunk began after the failure";
    EXPECT_EQ(context.finish(status), NOODLE_RT_INDEX_RANGE);
    EXPECT_EQ(context.message(), "row 7");
    EXPECT_EQ(noodle_ir_parallel_for(context.handle(), 10, 1, body, &data),
              NOODLE_RT_INDEX_RANGE)
        << "a loop of a failed call must not begin";
  }
}

TEST_P(ParallelTest, AnUnrecordedFailureIsRecorded) {
  Context context(pool, options);
  auto body = [](noodle_rt_context *, int64_t, int64_t, void *) {
    return noodle_rt_status{NOODLE_RT_SHAPE_MISMATCH};
  };
  EXPECT_EQ(noodle_ir_parallel_for(context.handle(), 10, 1, body, nullptr),
            NOODLE_RT_SHAPE_MISMATCH);
  EXPECT_EQ(context.status(), NOODLE_RT_SHAPE_MISMATCH);
  EXPECT_EQ(context.message(), statusText(NOODLE_RT_SHAPE_MISMATCH));
}

noodle_rt_status untilStopped(noodle_rt_context *handle, int64_t, int64_t,
                              void *) {
  for (;;)
    if (noodle_rt_status stop = stopFlag(handle))
      return stop;
}

TEST_P(ParallelTest, TheDeadlineEndsALoop) {
  options.deadlineMillis = 5;
  Context context(pool, options);
  EXPECT_EQ(
      noodle_ir_parallel_for(context.handle(), 100, 1, untilStopped, nullptr),
      NOODLE_RT_DEADLINE);
  EXPECT_EQ(context.message(), "the deadline of 5 ms passed");
}

TEST_P(ParallelTest, CancellingEndsALoop) {
  CancelToken token;
  options.cancel = &token;
  Context context(pool, options);
  std::thread canceller([&] { token.cancel(); });
  EXPECT_EQ(
      noodle_ir_parallel_for(context.handle(), 100, 1, untilStopped, nullptr),
      NOODLE_RT_CANCELLED);
  canceller.join();
}

TEST_P(ParallelTest, BodiesAllocateAndFail) {
  auto body = [](noodle_rt_context *handle, int64_t begin, int64_t end,
                 void *) -> noodle_rt_status {
    for (int64_t i = begin; i < end; ++i) {
      void *scratch = noodle_ir_alloc(handle, 64 * (i % 10));
      void *kept = noodle_ir_alloc(handle, 64);
      if (!scratch || !kept)
        return NOODLE_RT_OUT_OF_MEMORY;
      noodle_ir_free(handle, scratch);
    }
    return NOODLE_RT_OK;
  };
  for (int n = 1; n <= 41; ++n) {
    pool.failAllocation(n);
    Context context(pool, options);
    noodle_rt_status status =
        noodle_ir_parallel_for(context.handle(), 20, 1, body, nullptr);
    EXPECT_EQ(context.finish(status),
              n <= 40 ? NOODLE_RT_OUT_OF_MEMORY : NOODLE_RT_OK)
        << n;
  }
  pool.failAllocation(0);
}

TEST_P(ParallelTest, SeveralHostThreadsShareTheExecutor) {
  if (GetParam() == -2)
    options.executor = nullptr; // the host's is not for several threads
  std::atomic<int> wrong{0};
  std::vector<std::thread> hosts;
  for (int t = 0; t < 4; ++t)
    hosts.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        Context context(pool, options);
        Touches touches(1 + i % 50);
        if (noodle_ir_parallel_for(context.handle(), 1 + i % 50, 1,
                                   Touches::body, &touches) ||
            !touches.allOnce())
          ++wrong;
      }
    });
  for (std::thread &host : hosts)
    host.join();
  EXPECT_EQ(wrong, 0);
}

INSTANTIATE_TEST_SUITE_P(Workers, ParallelTest,
                         ::testing::Values(-2, -1, 0, 1, 2, 4),
                         [](const auto &info) {
                           if (info.param == -2)
                             return std::string("HostExecutor");
                           if (info.param == -1)
                             return std::string("NoExecutor");
                           return std::to_string(info.param);
                         });

//===----------------------------------------------------------------------===//
// The worker pool itself
//===----------------------------------------------------------------------===//

TEST(WorkerPool, SaysHowManyThreadsItHas) {
  for (int threads : {1, 2, 3, 5})
    EXPECT_EQ(createWorkerPool(threads)->concurrency(), threads);
  EXPECT_EQ(createWorkerPool(-3)->concurrency(), 1);
  EXPECT_GE(createWorkerPool(0)->concurrency(), 1);
}

TEST(WorkerPool, AllThreadsTakePart) {
  constexpr int kThreads = 4;
  auto executor = createWorkerPool(kThreads);
  std::atomic<int> inside{0};
  // Every chunk waits for all the others, so each needs a thread of its own.
  auto chunk = [](void *data, int64_t) {
    auto &inside = *static_cast<std::atomic<int> *>(data);
    ++inside;
    while (inside < kThreads)
      std::this_thread::yield();
  };
  executor->run(kThreads, chunk, &inside);
  EXPECT_EQ(inside, kThreads);
}

// As an OpenMP runtime leaves the thread that it has bound.
TEST(WorkerPool, WorkersOfABoundThreadUseTheProcessesCores) {
  cpu_set_t all;
  ASSERT_EQ(sched_getaffinity(0, sizeof(all), &all), 0);
  if (CPU_COUNT(&all) < 2)
    GTEST_SKIP() << "SKIPPED: one core, so a pool of two has no other to use";
  int first = 0;
  while (!CPU_ISSET(first, &all))
    ++first;
  struct Seen {
    std::atomic<int> arrived{0};
    std::thread::id caller;
    cpu_set_t workers{};
  } seen;
  std::thread([&] {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(first, &one);
    ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
    EXPECT_EQ(createWorkerPool(0)->concurrency(), 1);
    std::unique_ptr<Executor> pool = createWorkerPool(2);
    ASSERT_EQ(pool->concurrency(), 2);
    seen.caller = std::this_thread::get_id();
    pool->run(
        2,
        [](void *data, int64_t) {
          auto &seen = *static_cast<Seen *>(data);
          ++seen.arrived;
          while (seen.arrived < 2)
            std::this_thread::yield();
          if (std::this_thread::get_id() != seen.caller)
            sched_getaffinity(0, sizeof(seen.workers), &seen.workers);
        },
        &seen);
  }).join();
  CPU_CLR(first, &seen.workers);
  EXPECT_GE(CPU_COUNT(&seen.workers), 1);
}

TEST(WorkerPool, SleepingWorkersWakeUp) {
  auto executor = createWorkerPool(2);
  for (int i = 0; i < 20; ++i) {
    std::atomic<int> inside{0};
    auto chunk = [](void *data, int64_t) {
      auto &inside = *static_cast<std::atomic<int> *>(data);
      ++inside;
      while (inside < 2)
        std::this_thread::yield();
    };
    executor->run(2, chunk, &inside);
    EXPECT_EQ(inside, 2);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

TEST(WorkerPool, ACallerSleepsUntilASlowChunkIsDone) {
  auto executor = createWorkerPool(3);
  std::atomic<int> done{0};
  auto chunk = [](void *data, int64_t k) {
    if (k > 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(3));
    ++*static_cast<std::atomic<int> *>(data);
  };
  for (int i = 0; i < 5; ++i)
    executor->run(3, chunk, &done);
  EXPECT_EQ(done, 15);
}

TEST(WorkerPool, RunsInsideChunks) {
  auto executor = createWorkerPool(3);
  struct Data {
    Executor *executor;
    std::atomic<int> leaves{0};
  } data{executor.get()};
  auto outer = [](void *captures, int64_t) {
    auto &data = *static_cast<Data *>(captures);
    data.executor->run(
        5, [](void *d, int64_t) { ++static_cast<Data *>(d)->leaves; }, &data);
  };
  for (int i = 0; i < 100; ++i)
    executor->run(20, outer, &data);
  EXPECT_EQ(data.leaves, 100 * 20 * 5);
}

// More callers than loops that workers can join at once.
TEST(WorkerPool, ManyCallersHammer) {
  auto executor = createWorkerPool(3);
  constexpr int kCallers = 12, kLoops = 300, kChunks = 9;
  std::atomic<int64_t> sum{0};
  std::vector<std::thread> callers;
  for (int t = 0; t < kCallers; ++t)
    callers.emplace_back([&] {
      for (int i = 0; i < kLoops; ++i) {
        int64_t own[kChunks] = {};
        executor->run(
            kChunks,
            [](void *data, int64_t k) { static_cast<int64_t *>(data)[k] += k; },
            own);
        for (int64_t value : own) // plain reads: run orders them after chunks
          sum += value;
      }
    });
  for (std::thread &caller : callers)
    caller.join();
  EXPECT_EQ(sum, int64_t{kCallers} * kLoops * (kChunks * (kChunks - 1) / 2));
}

TEST(WorkerPool, ComesAndGoes) {
  for (int i = 0; i < 50; ++i) {
    auto executor = createWorkerPool(4);
    std::atomic<int> count{0};
    if (i % 2)
      executor->run(
          8, [](void *d, int64_t) { ++*static_cast<std::atomic<int> *>(d); },
          &count);
    EXPECT_EQ(count, i % 2 ? 8 : 0);
  }
}

} // namespace
