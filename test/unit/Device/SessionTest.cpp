//===- SessionTest.cpp - what a call moves, keeps and gives back ----------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Harness.h"

#include <functional>
#include <numeric>
#include <thread>

using namespace noodle::rt;
using namespace noodle::rt::test;

namespace {

std::vector<int64_t> counting(int64_t count, int64_t from = 0) {
  std::vector<int64_t> values(static_cast<size_t>(count));
  std::iota(values.begin(), values.end(), from);
  return values;
}

class Session : public testing::Test {
protected:
  void SetUp() override { open(); }
  void TearDown() override {
    module.reset();
    if (!device->lost()) {
      EXPECT_EQ(device->liveBlocks(), 0);
      EXPECT_EQ(device->liveBytes(), 0);
    }
  }
  void open(int64_t memory = 1 << 20) {
    device = std::make_shared<CpuDevice>(cpuKernels(), memory);
    module = std::make_unique<DeviceModule>(device, code());
  }
  std::shared_ptr<CpuDevice> device;
  std::unique_ptr<DeviceModule> module;
  const std::vector<int64_t> a = counting(200), b = counting(200, 1000);
};

TEST_F(Session, ResultsStayOnTheDeviceUntilTheHostAsks) {
  Call call(*module);
  int64_t *out = call.allocate(200), *next = call.allocate(200);
  std::fill_n(out, 200, -1);
  ASSERT_EQ(call.launch(combine(a.data(), b.data(), out, 200, 5)),
            NOODLE_RT_OK);
  ASSERT_EQ(call.launch(combine(out, a.data(), next, 200, 0)), NOODLE_RT_OK);
  EXPECT_EQ(device->count(CpuDevice::CopyIn), 2);
  EXPECT_EQ(device->count(CpuDevice::CopyOut), 0);
  EXPECT_EQ(out[3], -1);
  ASSERT_EQ(call.access(next, false), NOODLE_RT_OK);
  EXPECT_EQ(next[3], 3 * (3 * 3 + 1003 + 5) + 3);
  EXPECT_EQ(device->count(CpuDevice::CopyOut), 1);
  // What both sides have is read again for nothing.
  ASSERT_EQ(call.access(next, false), NOODLE_RT_OK);
  ASSERT_EQ(call.launch(combine(next, next, out, 200, 0)), NOODLE_RT_OK);
  EXPECT_EQ(device->count(CpuDevice::CopyIn), 2);
  EXPECT_EQ(device->count(CpuDevice::CopyOut), 1);
  ASSERT_EQ(call.session.finish(), NOODLE_RT_OK);
  EXPECT_EQ(out[3], 4 * next[3]);
  const DeviceReceipt &receipt = call.session.receipt();
  EXPECT_EQ(receipt.device, "host memory");
  EXPECT_EQ(receipt.launches, 3);
  EXPECT_EQ(receipt.fallbacks, 0);
  EXPECT_EQ(receipt.bytesIn, 2 * 1600);
  EXPECT_EQ(receipt.bytesOut, 2 * 1600);
  EXPECT_EQ(receipt.bytesReused, 3 * 1600);
  EXPECT_EQ(receipt.peakBytes, 4 * 1600);
  ASSERT_EQ(receipt.sites.size(), 1u);
  EXPECT_EQ(receipt.sites[0].site, 7);
  EXPECT_EQ(receipt.sites[0].launches, 3);
}

TEST_F(Session, WhatTheHostWritesIsMovedAgain) {
  Call call(*module);
  int64_t *x = call.allocate(100), *out = call.allocate(100);
  std::fill_n(x, 100, 1);
  ASSERT_EQ(call.launch(combine(x, x, out, 100, 0)), NOODLE_RT_OK);
  ASSERT_EQ(call.access(x, true), NOODLE_RT_OK);
  x[10] = 50; // after the launch, which does not see it
  ASSERT_EQ(call.access(out, false), NOODLE_RT_OK);
  EXPECT_EQ(out[10], 4);
  ASSERT_EQ(call.launch(combine(x, x, out, 100, 0)), NOODLE_RT_OK);
  ASSERT_EQ(call.access(out, false), NOODLE_RT_OK);
  EXPECT_EQ(out[10], 200);
}

TEST_F(Session, APartOfABlockIsFoundByTheBlock) {
  Call call(*module);
  int64_t *x = call.allocate(200);
  std::fill_n(x, 200, 7);
  // Neither part begins where the block does.
  ASSERT_EQ(call.launch(combine(a.data(), b.data(), x + 64, 32, 0)),
            NOODLE_RT_OK);
  ASSERT_EQ(call.launch(combine(a.data(), b.data(), x + 133, 32, 0)),
            NOODLE_RT_OK);
  ASSERT_EQ(call.access(x, false), NOODLE_RT_OK);
  EXPECT_EQ(x[0], 7);
  EXPECT_EQ(x[64 + 9], 3 * 9 + 1009);
  EXPECT_EQ(x[133 + 9], 3 * 9 + 1009);
  EXPECT_EQ(x[199], 7);
}

TEST_F(Session, PartsOfACopyAreReused) {
  Call call(*module);
  int64_t *x = call.allocate(200), *out = call.allocate(200);
  ASSERT_EQ(call.launch(combine(a.data(), b.data(), x, 200, 0)), NOODLE_RT_OK);
  // 256 bytes further, and 8.
  ASSERT_EQ(call.launch(combine(x + 32, x + 33, out, 100, 0)), NOODLE_RT_OK);
  EXPECT_EQ(device->count(CpuDevice::CopyIn), 2);
  ASSERT_EQ(call.session.finish(), NOODLE_RT_OK);
  EXPECT_EQ(out[5], 3 * x[37] + x[38]);
  EXPECT_EQ(x[37], 3 * 37 + 1037);
}

TEST_F(Session, OverlappingPartsOfOneLaunch) {
  Call call(*module);
  int64_t *out = call.allocate(200);
  ASSERT_EQ(call.launch(combine(a.data(), a.data() + 1, out, 150, 0)),
            NOODLE_RT_OK);
  ASSERT_EQ(call.launch(combine(a.data() + 32, a.data() + 5, out, 150, 0)),
            NOODLE_RT_OK);
  ASSERT_EQ(call.session.finish(), NOODLE_RT_OK);
  EXPECT_EQ(out[100], 3 * 132 + 105);
}

TEST_F(Session, PartsThatKernelsWriteJoinTheRest) {
  Call call(*module);
  int64_t *x = call.allocate(200), *out = call.allocate(200);
  ASSERT_EQ(call.launch(combine(a.data(), b.data(), x, 200, 0)), NOODLE_RT_OK);
  for (int64_t at : {32, 75}) // aligned and not
    ASSERT_EQ(call.launch(combine(a.data(), a.data(), x + at, 20, 1)),
              NOODLE_RT_OK);
  ASSERT_EQ(call.launch(combine(x, x, out, 200, 0)), NOODLE_RT_OK);
  ASSERT_EQ(call.session.finish(), NOODLE_RT_OK);
  for (int64_t i = 0; i < 200; ++i) {
    int64_t want = i >= 32 && i < 52   ? 4 * (i - 32) + 1
                   : i >= 75 && i < 95 ? 4 * (i - 75) + 1
                                       : 3 * i + 1000 + i;
    ASSERT_EQ(x[i], want) << i;
    ASSERT_EQ(out[i], 4 * want) << i;
  }
}

TEST_F(Session, NothingIsLaunchedWithoutBlocksOrElements) {
  Call call(*module);
  int64_t *out = call.allocate(10);
  out[0] = 42;
  ASSERT_EQ(call.launch(combine(nullptr, nullptr, out, 0, 0)), NOODLE_RT_OK);
  Launch empty = combine(a.data(), b.data(), out, 10, 0);
  empty.grid[1] = 0;
  ASSERT_EQ(call.launch(empty), NOODLE_RT_OK);
  EXPECT_EQ(device->count(CpuDevice::Launch), 0);
  EXPECT_EQ(device->count(CpuDevice::CopyIn), 0);
  // A buffer without elements beside one with: the sum over nothing.
  ASSERT_EQ(call.launch(rowSum(a.data(), out, 10, 0)), NOODLE_RT_OK);
  ASSERT_EQ(call.session.finish(), NOODLE_RT_OK);
  EXPECT_EQ(device->count(CpuDevice::Launch), 1);
  EXPECT_EQ(out[0], 0);
}

TEST_F(Session, OtherKernelsAndWidths) {
  Call call(*module);
  const std::vector<int64_t> positions = {0, 3, 3, 10, 200};
  auto *narrowed = reinterpret_cast<int32_t *>(call.allocate(100));
  int64_t *sums = call.allocate(20), *spans = call.allocate(4);
  ASSERT_EQ(call.launch(narrow(a.data(), narrowed, 200)), NOODLE_RT_OK);
  ASSERT_EQ(call.launch(rowSum(a.data(), sums, 20, 10)), NOODLE_RT_OK);
  ASSERT_EQ(call.launch(spanSum(positions.data(), b.data(), 200, spans, 4)),
            NOODLE_RT_OK);
  ASSERT_EQ(call.session.finish(), NOODLE_RT_OK);
  EXPECT_EQ(narrowed[199], 398);
  EXPECT_EQ(sums[1], 145);
  EXPECT_EQ(spans[0], 3003);
  EXPECT_EQ(spans[1], 0);
  EXPECT_EQ(spans[2], 7 * 1000 + 42);
}

TEST_F(Session, FreedBlocksAreForgotten) {
  Call call(*module);
  int64_t *out = call.allocate(200);
  ASSERT_EQ(call.launch(combine(a.data(), b.data(), out + 64, 64, 0)),
            NOODLE_RT_OK);
  ASSERT_EQ(call.launch(combine(a.data(), b.data(), out, 50, 0)), NOODLE_RT_OK);
  EXPECT_EQ(device->liveBlocks(), 4 + 2 - 2);
  call.release(out);
  EXPECT_EQ(device->liveBlocks(), 2);
  EXPECT_EQ(device->count(CpuDevice::CopyOut), 0);
  // The same addresses, with other contents.
  int64_t *again = call.allocate(200);
  ASSERT_EQ(again, out);
  std::fill_n(again, 200, 1);
  int64_t *result = call.allocate(200);
  ASSERT_EQ(call.launch(combine(again, again, result, 200, 0)), NOODLE_RT_OK);
  ASSERT_EQ(call.session.finish(), NOODLE_RT_OK);
  EXPECT_EQ(result[100], 4);
}

TEST_F(Session, ResultsAreHandedOverAfterFinish) {
  Pool pool;
  Region region(pool);
  int64_t *out;
  {
    DeviceSession session(*module, {});
    noodle::rt::CallOptions options;
    options.deviceCalls = &session;
    Context context(pool, options);
    out = static_cast<int64_t *>(noodle_ir_alloc(context.handle(), 1600));
    noodle_rt_launch launch;
    Launch built = combine(a.data(), b.data(), out, 200, 0);
    launch = built.get();
    ASSERT_EQ(noodle_ir_launch(context.handle(), &launch), NOODLE_RT_OK);
    ASSERT_EQ(session.finish(), NOODLE_RT_OK);
    ASSERT_TRUE(context.adopt(out, region));
  }
  EXPECT_EQ(out[20], 60 + 1020);
}

TEST_F(Session, ResidentsAreNotMovedAgain) {
  std::vector<int64_t> lasting = counting(150);
  std::string whyNot;
  auto resident =
      ResidentBuffer::create(device, lasting.data(), 150 * 8, whyNot);
  ASSERT_NE(resident, nullptr) << whyNot;
  EXPECT_EQ(ResidentBuffer::create(device, lasting.data() + 10, 8, whyNot),
            nullptr);
  EXPECT_NE(whyNot, "");
  EXPECT_EQ(ResidentBuffer::create(device, nullptr, 8, whyNot), nullptr);
  EXPECT_EQ(ResidentBuffer::create(device, lasting.data(), -8, whyNot),
            nullptr);
  auto run = [&](int64_t first, int64_t count) {
    Call call(*module);
    int64_t *out = call.allocate(150);
    EXPECT_EQ(
        call.launch(combine(lasting.data() + first, a.data(), out, count, 0)),
        NOODLE_RT_OK);
    EXPECT_EQ(call.session.finish(), NOODLE_RT_OK);
    EXPECT_EQ(out[5], 3 * lasting[size_t(first) + 5] + 5);
    return call.session.receipt().bytesIn;
  };
  EXPECT_EQ(run(0, 150), 150 * 8 + 150 * 8);
  EXPECT_EQ(run(0, 150), 150 * 8);
  EXPECT_EQ(run(64, 20), 20 * 8);
  lasting[5] = 999;
  resident->update();
  EXPECT_EQ(run(0, 150), 150 * 8 + 150 * 8);
  resident.reset();
  EXPECT_EQ(run(0, 150), 150 * 8 + 150 * 8);
}

TEST_F(Session, ResidentsFromAnyPlaceInThem) {
  std::vector<int64_t> lasting = counting(150);
  std::string whyNot;
  auto resident =
      ResidentBuffer::create(device, lasting.data(), 150 * 8, whyNot);
  ASSERT_NE(resident, nullptr) << whyNot;
  Call call(*module);
  int64_t *out = call.allocate(150);
  for (int64_t first : {1, 33, 0}) {
    ASSERT_EQ(
        call.launch(combine(lasting.data() + first, a.data(), out, 60, 0)),
        NOODLE_RT_OK);
    ASSERT_EQ(call.access(out, false), NOODLE_RT_OK);
    EXPECT_EQ(out[50], 3 * (first + 50) + 50);
  }
  ASSERT_EQ(call.session.finish(), NOODLE_RT_OK);
}

TEST_F(Session, AProfileHasTimes) {
  Call call(*module, {.strict = false, .profile = true});
  int64_t *out = call.allocate(200);
  ASSERT_EQ(call.launch(combine(a.data(), b.data(), out, 200, 0)),
            NOODLE_RT_OK);
  ASSERT_EQ(call.session.finish(), NOODLE_RT_OK);
  const DeviceReceipt &receipt = call.session.receipt();
  EXPECT_GT(receipt.kernelSeconds, 0);
  EXPECT_GT(receipt.secondsIn, 0);
  EXPECT_GT(receipt.secondsOut, 0);
  ASSERT_EQ(receipt.sites.size(), 1u);
  EXPECT_EQ(receipt.sites[0].seconds, receipt.kernelSeconds);
}

TEST_F(Session, WorkersLaunchAtOnce) {
  constexpr int kThreads = 4, kRounds = 50;
  auto workers = createWorkerPool(kThreads);
  Call call(*module, {}, workers.get());
  std::vector<int64_t *> outs;
  for (int k = 0; k < kThreads; ++k)
    outs.push_back(call.allocate(200));
  std::function<void(int)> work = [&](int k) {
    for (int round = 0; round < kRounds; ++round) {
      EXPECT_EQ(call.launch(combine(a.data(), b.data(), outs[size_t(k)], 200,
                                    k * 1000 + round, k)),
                NOODLE_RT_OK);
      if (round % 8 == k) {
        EXPECT_EQ(call.access(outs[size_t(k)], round % 16 == k), NOODLE_RT_OK);
        EXPECT_EQ(outs[size_t(k)][9], 27 + 1009 + k * 1000 + round);
      }
      int64_t *passing = call.allocate(20);
      EXPECT_EQ(call.launch(combine(a.data(), outs[size_t(k)], passing, 20, 0)),
                NOODLE_RT_OK);
      call.release(passing);
    }
  };
  // A call is several threads in its parallel loops alone.
  auto body = [](noodle_rt_context *, int64_t begin, int64_t end, void *work) {
    for (int64_t k = begin; k < end; ++k)
      (*static_cast<std::function<void(int)> *>(work))(int(k));
    return noodle_rt_status(NOODLE_RT_OK);
  };
  ASSERT_EQ(noodle_ir_parallel_for(call.handle(), kThreads, 1, body, &work),
            NOODLE_RT_OK);
  ASSERT_EQ(call.session.finish(), NOODLE_RT_OK);
  for (int k = 0; k < kThreads; ++k)
    EXPECT_EQ(outs[size_t(k)][9], 27 + 1009 + k * 1000 + kRounds - 1);
  EXPECT_EQ(call.session.receipt().launches, 2 * kThreads * kRounds);
}

TEST_F(Session, CallsShareADevice) {
  std::vector<int64_t> lasting = counting(200);
  std::string whyNot;
  auto resident = ResidentBuffer::create(device, lasting.data(), 1600, whyNot);
  std::vector<std::thread> threads;
  for (int k = 0; k < 4; ++k)
    threads.emplace_back([&, k] {
      for (int round = 0; round < 30; ++round) {
        Call call(*module);
        int64_t *out = call.allocate(200);
        EXPECT_EQ(call.launch(combine(lasting.data(), b.data(), out, 200, k)),
                  NOODLE_RT_OK);
        EXPECT_EQ(call.session.finish(), NOODLE_RT_OK);
        EXPECT_EQ(out[150], 450 + 1150 + k);
      }
    });
  for (std::thread &thread : threads)
    thread.join();
  // The code was loaded once, by whoever came first.
  EXPECT_EQ(device->count(CpuDevice::Load), 1);
}

} // namespace
