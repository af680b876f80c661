//===- LadderTest.cpp - what happens where the device cannot --------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Harness.h"

#include <limits>
#include <numeric>

using namespace noodle::rt;
using namespace noodle::rt::test;

namespace {

class Ladder : public testing::Test {
protected:
  void TearDown() override {
    module.reset();
    if (device && !device->lost()) {
      EXPECT_EQ(device->liveBlocks(), 0);
    }
  }
  void open(int64_t memory,
            std::shared_ptr<const DeviceCode> kernels = code()) {
    device = std::make_shared<CpuDevice>(cpuKernels(), memory);
    module = std::make_unique<DeviceModule>(device, std::move(kernels));
    a.resize(1000);
    std::iota(a.begin(), a.end(), 0);
  }
  static int64_t count(const DeviceReceipt &receipt, const char *step) {
    for (const DeviceStep &each : receipt.steps)
      if (each.step == step)
        return each.count;
    return 0;
  }
  std::shared_ptr<CpuDevice> device;
  std::unique_ptr<DeviceModule> module;
  std::vector<int64_t> a;
};

TEST_F(Ladder, TrimThenAgain) {
  open(1 << 20);
  Call call(*module);
  int64_t *out = call.allocate(100);
  device->fail(CpuDevice::Allocate, 2, Fault::Memory);
  ASSERT_EQ(call.launch(combine(a.data(), a.data() + 200, out, 100, 0)),
            NOODLE_RT_OK);
  EXPECT_EQ(device->trims(), 1);
  ASSERT_EQ(call.session.finish(), NOODLE_RT_OK);
  EXPECT_EQ(out[3], 9 + 203);
  const DeviceReceipt &receipt = call.session.receipt();
  ASSERT_EQ(receipt.steps.size(), 1u) << call.story();
  EXPECT_EQ(receipt.steps[0].step, "trim");
  EXPECT_EQ(receipt.steps[0].site, 7);
  EXPECT_EQ(receipt.steps[0].count, 1);
  EXPECT_NE(receipt.steps[0].reason.find("made to fail"), std::string::npos);
  EXPECT_EQ(receipt.fallbacks, 0);
}

TEST_F(Ladder, CleanCopiesGoFirst) {
  open(5 * 800);
  Call call(*module);
  int64_t *out = call.allocate(100), *other = call.allocate(100);
  ASSERT_EQ(call.launch(combine(a.data(), a.data() + 200, out, 100, 0)),
            NOODLE_RT_OK);
  // 2400 bytes are in use, 800 of them nowhere else; 2400 are asked for.
  ASSERT_EQ(call.launch(combine(a.data() + 400, a.data() + 600, other, 100, 0)),
            NOODLE_RT_OK);
  EXPECT_EQ(device->count(CpuDevice::CopyOut), 0);
  EXPECT_EQ(call.steps("evict"), 1) << call.story();
  ASSERT_EQ(call.session.finish(), NOODLE_RT_OK);
  EXPECT_EQ(out[5], 15 + 205);
  EXPECT_EQ(other[5], 3 * 405 + 605);
  EXPECT_EQ(call.session.receipt().fallbacks, 0);
  EXPECT_LE(call.session.receipt().peakBytes, 5 * 800);
}

TEST_F(Ladder, ThenResultsAreMovedHome) {
  open(3 * 800);
  Call call(*module);
  int64_t *out = call.allocate(100), *other = call.allocate(100);
  ASSERT_EQ(call.launch(combine(a.data(), a.data() + 200, out, 100, 0)),
            NOODLE_RT_OK);
  ASSERT_EQ(call.launch(combine(a.data() + 400, a.data() + 600, other, 100, 0)),
            NOODLE_RT_OK);
  EXPECT_EQ(device->count(CpuDevice::CopyOut), 1);
  EXPECT_EQ(out[5], 15 + 205);
  ASSERT_EQ(call.session.finish(), NOODLE_RT_OK);
  EXPECT_EQ(other[5], 3 * 405 + 605);
  EXPECT_EQ(call.steps("evict"), 1) << call.story();
  EXPECT_EQ(call.session.receipt().fallbacks, 0);
}

TEST_F(Ladder, ThenTheRowsArePartedUntilTheyFit) {
  for (int64_t memory : {24000, 20000, 9000, 5000, 3100, 2000, 1536}) {
    SCOPED_TRACE(memory);
    open(memory);
    Call call(*module);
    int64_t *out = call.allocate(1000);
    ASSERT_EQ(call.launch(combine(a.data(), a.data(), out, 1000, 2)),
              NOODLE_RT_OK);
    ASSERT_EQ(call.session.finish(), NOODLE_RT_OK);
    for (int64_t i = 0; i < 1000; ++i)
      ASSERT_EQ(out[i], 4 * i + 2);
    bool fits = memory >= 16000; // both inputs are one
    EXPECT_EQ(call.steps("split"), fits ? 0 : 1) << call.story();
    EXPECT_EQ(call.session.receipt().fallbacks, 0);
    EXPECT_EQ(call.session.receipt().launches, 1);
    EXPECT_LE(call.session.receipt().peakBytes, memory);
  }
}

TEST_F(Ladder, PartsOfCompressedRows) {
  open(8000);
  Call call(*module);
  std::vector<int64_t> positions(501);
  for (size_t r = 0; r < positions.size(); ++r)
    positions[r] = int64_t(r);
  int64_t *out = call.allocate(500);
  // 4008 + 4000 + 4000 bytes; x is needed by every part.
  ASSERT_EQ(call.launch(spanSum(positions.data(), a.data(), 500, out, 500)),
            NOODLE_RT_OK);
  ASSERT_EQ(call.session.finish(), NOODLE_RT_OK);
  for (int64_t i = 0; i < 500; ++i)
    ASSERT_EQ(out[i], i);
  EXPECT_EQ(call.steps("split"), 1) << call.story();
  EXPECT_EQ(call.session.receipt().fallbacks, 0);
}

TEST_F(Ladder, PartsReadWhatTheDeviceHasNewest) {
  open(2 * 8000 + 100);
  Call call(*module);
  int64_t *x = call.allocate(1000), *out = call.allocate(1000);
  ASSERT_EQ(call.launch(combine(a.data(), a.data(), x, 1000, 1)), NOODLE_RT_OK);
  ASSERT_EQ(call.launch(combine(x, a.data(), out, 1000, 0)), NOODLE_RT_OK);
  ASSERT_EQ(call.session.finish(), NOODLE_RT_OK);
  for (int64_t i = 0; i < 1000; ++i)
    ASSERT_EQ(out[i], 3 * (4 * i + 1) + i);
  EXPECT_EQ(call.steps("split"), 1) << call.story();
}

TEST_F(Ladder, AndAtLastTheHostDoesIt) {
  open(1000); // less than 64 rows take
  Call call(*module);
  int64_t *out = call.allocate(1000);
  EXPECT_EQ(call.launch(combine(a.data(), a.data(), out, 1000, 2)),
            NOODLE_RT_FALLBACK);
  EXPECT_EQ(call.launch(combine(a.data(), a.data(), out, 1000, 2)),
            NOODLE_RT_FALLBACK);
  // What cannot be cut is not.
  Launch whole(Combine, 200);
  whole.read(a.data(), 200).read(a.data(), 200).write(out, 200);
  EXPECT_EQ(call.launch(whole.scalar(200).scalar(0)), NOODLE_RT_FALLBACK);
  ASSERT_EQ(call.session.finish(), NOODLE_RT_OK);
  const DeviceReceipt &receipt = call.session.receipt();
  EXPECT_EQ(receipt.fallbacks, 3);
  EXPECT_EQ(receipt.launches, 0);
  EXPECT_EQ(count(receipt, "memory"), 3) << call.story();
  EXPECT_EQ(call.steps("memory"), 1) << "one step a site";
  ASSERT_EQ(receipt.sites.size(), 1u);
  EXPECT_EQ(receipt.sites[0].fallbacks, 3);
}

TEST_F(Ladder, AFallbackFindsWhatTheDeviceHad) {
  open(1 << 20);
  Call call(*module);
  int64_t *x = call.allocate(100), *out = call.allocate(100);
  ASSERT_EQ(call.launch(combine(a.data(), a.data(), x, 100, 0)), NOODLE_RT_OK);
  device->fail(CpuDevice::Launch, 1, Fault::Refused);
  ASSERT_EQ(call.combine(x, a.data(), out, 100, 1, out), NOODLE_RT_OK);
  EXPECT_EQ(out[6], 3 * 24 + 6 + 1);
  // And the device what the host computed.
  ASSERT_EQ(call.launch(combine(out, out, x, 100, 0)), NOODLE_RT_OK);
  ASSERT_EQ(call.session.finish(), NOODLE_RT_OK);
  EXPECT_EQ(x[6], 4 * out[6]);
  EXPECT_EQ(call.steps("launch"), 1) << call.story();
  EXPECT_EQ(call.session.receipt().fallbacks, 1);
}

TEST_F(Ladder, CodeThatDoesNotLoadIsAskedForOnce) {
  open(1 << 20);
  device->fail(CpuDevice::Load, 1, Fault::Refused);
  for (int k = 0; k < 2; ++k) {
    Call call(*module);
    int64_t *out = call.allocate(10);
    EXPECT_EQ(call.launch(combine(a.data(), a.data(), out, 10, 0)),
              NOODLE_RT_FALLBACK);
    EXPECT_EQ(call.launch(combine(a.data(), a.data(), out, 10, 0)),
              NOODLE_RT_FALLBACK);
    ASSERT_EQ(call.session.finish(), NOODLE_RT_OK);
    EXPECT_EQ(call.steps("load"), 1) << call.story();
  }
  EXPECT_EQ(device->count(CpuDevice::Load), 1);
}

TEST_F(Ladder, LaunchesThatNoDeviceTakes) {
  auto kernels = std::make_shared<DeviceCode>(*code());
  kernels->kernels[RowSum].threads = 2048;
  kernels->kernels[SpanSum].sharedBytes = 1 << 20;
  open(1 << 20, kernels);
  Call call(*module);
  int64_t *out = call.allocate(10);
  auto refused = [&](Launch launch, const char *why) {
    EXPECT_EQ(call.launch(launch), NOODLE_RT_FALLBACK) << why;
    EXPECT_NE(call.story().find(why), std::string::npos) << call.story();
  };
  Launch launch = combine(a.data(), a.data(), out, 10, 0);
  launch.grid[0] = int64_t(1) << 31;
  refused(launch, "blocks");
  auto at = [&](int64_t site) {
    return combine(a.data(), a.data(), out, 10, 0, site);
  };
  launch = at(1);
  launch.grid[2] = 65536;
  refused(launch, "65535");
  launch = at(2);
  launch.grid[0] = -1;
  refused(launch, "-1");
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  Launch huge(Combine, 10, 3);
  huge.read(a.data(), kMost / 4).read(a.data(), 10).write(out, 10);
  refused(huge.scalar(10).scalar(0), "overflow");
  Launch negative(Combine, 10, 4);
  negative.read(a.data(), -1).read(a.data(), 10).write(out, 10);
  refused(negative.scalar(10).scalar(0), "negative");
  Launch unknown(Kernel(17), 10, 5);
  refused(unknown, "17");
  Launch threads(RowSum, 1, 6), shared(SpanSum, 1, 8);
  refused(threads, "2048");
  refused(shared, "shared memory");
  EXPECT_EQ(device->count(CpuDevice::Launch), 0);
  ASSERT_EQ(call.session.finish(), NOODLE_RT_OK);
}

TEST_F(Ladder, StrictEndsTheCallWithTheReason) {
  open(100);
  Call call(*module, {.strict = true, .profile = false});
  int64_t *out = call.allocate(100);
  EXPECT_EQ(call.launch(combine(a.data(), a.data(), out, 100, 0)),
            NOODLE_RT_DEVICE_FAILED);
  EXPECT_EQ(call.message().find("memory: "), 0u) << call.message();
  EXPECT_NE(call.message().find("bytes free"), std::string::npos)
      << call.message();
  EXPECT_EQ(call.context->status(), NOODLE_RT_DEVICE_FAILED);
  EXPECT_FALSE(call.session.deviceLost());
}

TEST_F(Ladder, StrictTakesTheStepsThatStayOnTheDevice) {
  open(9000);
  Call call(*module, {.strict = true, .profile = false});
  int64_t *out = call.allocate(1000);
  EXPECT_EQ(call.launch(combine(a.data(), a.data(), out, 1000, 0)),
            NOODLE_RT_OK);
  ASSERT_EQ(call.session.finish(), NOODLE_RT_OK);
  EXPECT_EQ(call.steps("split"), 1);
  EXPECT_EQ(out[999], 4 * 999);
}

TEST_F(Ladder, ADeviceThatDiesEndsTheCall) {
  for (auto operation :
       {CpuDevice::Load, CpuDevice::Allocate, CpuDevice::CopyIn,
        CpuDevice::Launch, CpuDevice::CopyOut, CpuDevice::Wait}) {
    SCOPED_TRACE(operation);
    open(1 << 20);
    device->fail(operation, 1, Fault::Lost);
    {
      Call call(*module);
      int64_t *out = call.allocate(100);
      noodle_rt_status status =
          call.launch(combine(a.data(), a.data(), out, 100, 0));
      bool later =
          operation == CpuDevice::CopyOut || operation == CpuDevice::Wait;
      EXPECT_EQ(status, later ? NOODLE_RT_OK : NOODLE_RT_DEVICE_FAILED);
      if (later)
        EXPECT_EQ(call.session.finish(), NOODLE_RT_DEVICE_FAILED);
      else
        EXPECT_EQ(call.message().find("lost: "), 0u) << call.message();
      EXPECT_TRUE(call.session.deviceLost());
      EXPECT_TRUE(device->lost());
      EXPECT_EQ(call.launch(combine(a.data(), a.data(), out, 100, 0)),
                NOODLE_RT_DEVICE_FAILED);
      EXPECT_EQ(call.access(out, false), NOODLE_RT_DEVICE_FAILED);
      EXPECT_EQ(call.session.finish(), NOODLE_RT_DEVICE_FAILED);
      EXPECT_EQ(call.steps("lost"), 1) << call.story();
    }
    // The next call is told at once.
    Call call(*module);
    int64_t *out = call.allocate(100);
    EXPECT_EQ(call.launch(combine(a.data(), a.data(), out, 100, 0)),
              NOODLE_RT_DEVICE_FAILED);
    EXPECT_TRUE(call.session.deviceLost());
  }
}

TEST_F(Ladder, ResultsThatCannotBeMovedAreLost) {
  open(1 << 20);
  device->fail(CpuDevice::CopyOut, 1, Fault::Refused, /*lasting=*/true);
  Call call(*module);
  int64_t *out = call.allocate(100);
  ASSERT_EQ(call.launch(combine(a.data(), a.data(), out, 100, 0)),
            NOODLE_RT_OK);
  EXPECT_EQ(call.access(out, false), NOODLE_RT_DEVICE_FAILED);
  EXPECT_TRUE(call.session.deviceLost());
  EXPECT_FALSE(device->lost());
  EXPECT_EQ(call.session.finish(), NOODLE_RT_DEVICE_FAILED);
  device->fail(CpuDevice::CopyOut, 0, Fault::None);
}

} // namespace
