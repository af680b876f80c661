//===- CudaTest.cpp - the CUDA device on the fake driver ------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "FakeCuda.h"
#include "Harness.h"
#include "cuda_api.h"

#include <algorithm>
#include <cstdio>
#include <numeric>
#include <set>
#include <thread>

extern "C" CUresult cuMemHostAlloc(void **address, size_t bytes,
                                   unsigned flags);
extern "C" CUresult cuMemFreeHost(void *address);
extern "C" CUresult cuCtxPushCurrent_v2(CUcontext context);
extern "C" CUresult cuCtxPopCurrent_v2(CUcontext *context);
extern "C" CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice);
extern "C" CUresult cuDevicePrimaryCtxRelease_v2(CUdevice);
extern "C" CUresult cuMemAlloc_v2(CUdeviceptr *address, size_t bytes);
extern "C" CUresult cuMemFree_v2(CUdeviceptr address);

using namespace noodle::rt;
using namespace noodle::rt::test;

namespace {

class Cuda : public testing::Test {
protected:
  void SetUp() override { configure("report=/dev/null"); }
  void TearDown() override {
    EXPECT_EQ(fake_cuda_faults(), 0) << fake_cuda_fault_text();
    expectNothingLives();
    configure("");
  }
  static void configure(const std::string &text) {
    ASSERT_EQ(fake_cuda_configure(text.c_str()), 0) << text;
  }
  static void expectNothingLives() {
    EXPECT_EQ(fake_cuda_live_objects(), 0);
    EXPECT_EQ(fake_cuda_live_bytes(), 0);
  }
  static std::shared_ptr<Device> open() {
    DeviceStep whyNot;
    auto device = openCudaDevice(0, whyNot);
    EXPECT_NE(device, nullptr) << whyNot.step << ": " << whyNot.reason;
    return device;
  }
};

std::vector<int64_t> counting(int64_t count) {
  std::vector<int64_t> values(static_cast<size_t>(count));
  std::iota(values.begin(), values.end(), 0);
  return values;
}

//===----------------------------------------------------------------------===//
// Devices
//===----------------------------------------------------------------------===//

TEST_F(Cuda, WhatADeviceIs) {
  configure("devices=2,memory=3M,sm=80,driver=12040");
  DeviceStep whyNot;
  EXPECT_EQ(countCudaDevices(whyNot), 2);
  auto device = openCudaDevice(1, whyNot);
  ASSERT_NE(device, nullptr) << whyNot.reason;
  const DeviceInfo &info = device->info();
  EXPECT_EQ(info.kind, "cuda");
  EXPECT_EQ(info.index, 1);
  EXPECT_EQ(info.major * 10 + info.minor, 80);
  EXPECT_EQ(info.driverVersion, 12040);
  EXPECT_EQ(info.memory, 3 << 20);
  EXPECT_EQ(info.threadsPerBlock, 1024);
  EXPECT_EQ(info.uuid.size(), 32u);
  EXPECT_FALSE(device->lost());
  EXPECT_GT(device->freeBytes(), 0);
  for (int index : {-1, 2, 1000}) {
    EXPECT_EQ(openCudaDevice(index, whyNot), nullptr);
    EXPECT_EQ(whyNot.step, "device");
    EXPECT_NE(whyNot.reason.find(std::to_string(index)), std::string::npos);
    EXPECT_NE(whyNot.reason.find("offers 2"), std::string::npos);
  }
}

TEST_F(Cuda, NoneOrTooOld) {
  DeviceStep whyNot;
  configure("devices=0");
  EXPECT_EQ(countCudaDevices(whyNot), 0);
  EXPECT_EQ(openCudaDevice(0, whyNot), nullptr);
  EXPECT_NE(whyNot.reason, "");
  configure("driver=11010");
  EXPECT_EQ(openCudaDevice(0, whyNot), nullptr);
  EXPECT_EQ(whyNot.step, "driver");
  EXPECT_NE(whyNot.reason.find("11.1"), std::string::npos) << whyNot.reason;
  EXPECT_NE(whyNot.reason.find("update"), std::string::npos) << whyNot.reason;
}

TEST_F(Cuda, WhyCodeDoesNotLoadIsTold) {
  auto refused = [&](const char *configuration,
                     std::shared_ptr<const DeviceCode> given,
                     const char *what) {
    configure(configuration);
    auto device = open();
    DeviceModule module(device, std::move(given));
    Call call(module);
    auto a = counting(10);
    int64_t *out = call.allocate(10);
    EXPECT_EQ(call.launch(combine(a.data(), a.data(), out, 10, 0)),
              NOODLE_RT_FALLBACK);
    EXPECT_EQ(call.session.finish(), NOODLE_RT_OK);
    EXPECT_EQ(call.steps("load"), 1) << call.story();
    EXPECT_NE(call.story().find(what), std::string::npos) << call.story();
  };
  refused("sm=70", code(), "the code is for sm_80");
  auto newer = std::make_shared<DeviceCode>(*code());
  newer->image.replace(newer->image.find("7.0"), 3, "9.9");
  refused("", newer, "PTX version");
  auto broken = std::make_shared<DeviceCode>(*code());
  broken->image = "//\nnothing\n";
  broken->image += '\0';
  refused("", broken, "no .version");
  auto unknown = std::make_shared<DeviceCode>(*code());
  unknown->kernels[0].name = "combined";
  refused("", unknown, "combined");
}

//===----------------------------------------------------------------------===//
// Host memory
//===----------------------------------------------------------------------===//

TEST_F(Cuda, RegisteredMemoryIsMovedWithoutStaging) {
  configure("");
  auto device = open();
  std::vector<int64_t> a = counting(100000);
  std::string whyNot;
  EXPECT_FALSE(device->registerHost(nullptr, 8, whyNot));
  EXPECT_FALSE(device->registerHost(a.data(), -8, whyNot));
  ASSERT_TRUE(device->registerHost(a.data(), 800000, whyNot)) << whyNot;
  EXPECT_FALSE(device->registerHost(a.data() + 10, 80, whyNot));
  EXPECT_NE(whyNot.find("already"), std::string::npos) << whyNot;
  {
    DeviceModule module(device, code());
    Call call(module);
    int64_t *out = call.allocate(1000);
    int64_t live = fake_cuda_live_bytes();
    ASSERT_EQ(call.launch(combine(a.data(), a.data() + 1000, out, 1000, 0)),
              NOODLE_RT_OK);
    // Three copies on the device and nothing that is page-locked.
    EXPECT_LE(fake_cuda_live_bytes() - live, 3 * 8192);
    ASSERT_EQ(call.session.finish(), NOODLE_RT_OK);
    EXPECT_EQ(out[77], 3 * 77 + 1077);
  }
  EXPECT_FALSE(device->unregisterHost(a.data() + 10));
  EXPECT_TRUE(device->unregisterHost(a.data()));
  EXPECT_FALSE(device->unregisterHost(a.data()));
}

TEST_F(Cuda, RegisteredMemoryIsFreeAgainWhenTheHostWrites) {
  configure("");
  auto device = open();
  {
    DeviceModule module(device, code());
    Call call(module);
    int64_t *x = call.allocate(5000), *out = call.allocate(5000);
    std::fill_n(x, 5000, 1);
    std::string whyNot;
    ASSERT_TRUE(device->registerHost(x, 40000, whyNot)) << whyNot;
    ASSERT_EQ(call.launch(combine(x, x, out, 5000, 0)), NOODLE_RT_OK);
    ASSERT_EQ(call.access(x, true), NOODLE_RT_OK);
    std::fill_n(x, 5000, 100); // the launch has what was there before
    ASSERT_EQ(call.access(out, false), NOODLE_RT_OK);
    EXPECT_EQ(out[4999], 4);
    ASSERT_EQ(call.launch(combine(x, x, out, 5000, 0)), NOODLE_RT_OK);
    ASSERT_EQ(call.session.finish(), NOODLE_RT_OK);
    EXPECT_EQ(out[4999], 400);
    ASSERT_TRUE(device->unregisterHost(x));
  }
}

TEST_F(Cuda, DevicePointersAreRefused) {
  configure("");
  auto device = open();
  CUcontext context;
  ASSERT_EQ(cuDevicePrimaryCtxRetain(&context, 0), CUDA_SUCCESS);
  ASSERT_EQ(cuCtxPushCurrent_v2(context), CUDA_SUCCESS);
  CUdeviceptr address;
  ASSERT_EQ(cuMemAlloc_v2(&address, 4096), CUDA_SUCCESS);
  auto *there = reinterpret_cast<int64_t *>(address);
  EXPECT_TRUE(device->isDeviceMemory(there));
  std::vector<int64_t> a = counting(100);
  EXPECT_FALSE(device->isDeviceMemory(a.data()));
  std::string whyNot;
  EXPECT_FALSE(device->registerHost(there, 4096, whyNot));
  EXPECT_NE(whyNot.find("host"), std::string::npos) << whyNot;
  EXPECT_EQ(ResidentBuffer::create(device, there, 4096, whyNot), nullptr);
  EXPECT_NE(whyNot.find("device"), std::string::npos) << whyNot;
  {
    DeviceModule module(device, code());
    Call call(module);
    int64_t *out = call.allocate(100);
    // The host could not do it either.
    EXPECT_EQ(call.launch(combine(there, a.data(), out, 100, 0)),
              NOODLE_RT_INVALID_ARGUMENT);
    EXPECT_NE(call.message().find("memory is on a device"), std::string::npos)
        << call.message();
    EXPECT_FALSE(call.session.deviceLost());
  }
  EXPECT_EQ(cuMemFree_v2(address), CUDA_SUCCESS);
  CUcontext popped;
  cuCtxPopCurrent_v2(&popped);
  cuDevicePrimaryCtxRelease_v2(0);
}

TEST_F(Cuda, PinnedMemoryIsPooled) {
  configure("");
  auto device = open();
  DeviceModule module(device, code());
  std::vector<int64_t> a = counting(50000);
  int64_t after[4];
  for (int64_t &calls : after) {
    int64_t before = fake_cuda_calls();
    Call call(module);
    int64_t *out = call.allocate(50000);
    ASSERT_EQ(call.launch(combine(a.data(), a.data(), out, 50000, 0)),
              NOODLE_RT_OK);
    ASSERT_EQ(call.session.finish(), NOODLE_RT_OK);
    calls = 0;
    for (int64_t k = before + 1; k <= fake_cuda_calls(); ++k) {
      std::string name = fake_cuda_call_name(k);
      calls += name == "cuMemHostAlloc" || name == "cuStreamCreate";
    }
  }
  // Two staging buffers each way, taken in turn.
  EXPECT_GT(after[0], 0);
  EXPECT_EQ(after[2], 0);
  EXPECT_EQ(after[3], 0);
}

//===----------------------------------------------------------------------===//
// Failures
//===----------------------------------------------------------------------===//

/// A call with every kind of thing in it: large and small transfers, reuse, a
/// host's step in between, a free, a resident copy. Results are right whatever
/// the device does; false where the call must be made again without it.
bool varied(Device &device, DeviceModule &module, const int64_t *lasting,
            std::string &story, bool &launched) {
  constexpr int64_t kLarge = 1200, kSmall = 70;
  static const std::vector<int64_t> a = counting(kLarge);
  Call call(module, {.strict = false, .profile = true});
  int64_t *x = call.allocate(kLarge), *y = call.allocate(kLarge),
          *z = call.allocate(kSmall);
  bool done = [&] {
    if (call.combine(a.data(), lasting, x, kLarge, 1, x) != NOODLE_RT_OK ||
        call.combine(x, a.data(), y, kLarge, 2, y) != NOODLE_RT_OK ||
        call.access(y, true) != NOODLE_RT_OK)
      return false;
    y[3] += 1;
    if (call.combine(y + 1, x + 32, z, kSmall, 3, z) != NOODLE_RT_OK)
      return false;
    call.release(x);
    x = nullptr;
    return call.combine(z, lasting, y + 64, kSmall, 4, y) == NOODLE_RT_OK &&
           call.session.finish() == NOODLE_RT_OK;
  }();
  story = call.story();
  launched = call.session.receipt().launches > 0;
  if (!done) {
    EXPECT_TRUE(call.session.deviceLost()) << story << call.message();
    return false;
  }
  auto wantX = [&](int64_t i) { return 3 * a[i] + lasting[i] + 1; };
  auto wantY = [&](int64_t i) { return 3 * wantX(i) + a[i] + 2 + (i == 3); };
  auto wantZ = [&](int64_t i) { return 3 * wantY(i + 1) + wantX(i + 32) + 3; };
  for (int64_t i = 0; i < kSmall; ++i)
    EXPECT_EQ(z[i], wantZ(i)) << i << "\n" << story;
  for (int64_t i = 0; i < kLarge; ++i)
    EXPECT_EQ(y[i], i >= 64 && i < 64 + kSmall
                        ? 3 * wantZ(i - 64) + lasting[i - 64] + 4
                        : wantY(i))
        << i << "\n"
        << story;
  return true;
}

struct Outcomes {
  int64_t calls = 0, right = 0, redone = 0, without = 0;
};

/// Everything from opening the device to giving it back, with driver call
/// `number` failing. False where there is no such call.
bool failAt(int64_t number, const std::string &how, Outcomes &outcomes,
            std::set<std::string> *names = nullptr) {
  EXPECT_EQ(fake_cuda_configure(how.c_str()), 0);
  fake_cuda_adjust(("fail=" + std::to_string(number)).c_str());
  static const std::vector<int64_t> lasting = counting(1200);
  std::string story;
  {
    DeviceStep whyNot;
    auto device = openCudaDevice(0, whyNot);
    if (!device) {
      EXPECT_NE(whyNot.reason, "");
      ++outcomes.without;
    } else {
      std::string refused;
      auto resident = ResidentBuffer::create(
          device, const_cast<int64_t *>(lasting.data()), 9600, refused);
      DeviceModule module(device, code());
      bool launched = false;
      bool right = varied(*device, module, lasting.data(), story, launched);
      ++(right ? outcomes.right : outcomes.redone);
      device->trim();
    }
  }
  bool reached = fake_cuda_calls() >= number;
  const char *name = fake_cuda_call_name(number);
  EXPECT_EQ(fake_cuda_faults(), 0) << fake_cuda_fault_text() << story;
  EXPECT_EQ(fake_cuda_live_objects(), 0) << name << "\n" << story;
  EXPECT_EQ(fake_cuda_live_bytes(), 0) << name << "\n" << story;
  if (reached && names)
    names->insert(name);
  outcomes.calls += reached;
  return reached;
}

TEST_F(Cuda, EveryCallFailsOnceInTurn) {
  // The last with so little memory that copies are evicted and launches split.
  for (const char *kind :
       {"code=2", "code=1", "code=999", "code=999,memory=28000"}) {
    Outcomes outcomes;
    std::set<std::string> names;
    std::string how = std::string("report=/dev/null,") + kind;
    for (int64_t number = 1;; ++number) {
      SCOPED_TRACE("call " + std::to_string(number) + " fails, " + kind);
      if (!failAt(number, how, outcomes, &names) || HasFailure())
        break;
    }
    std::printf("%lld driver calls of %zu functions failed in turn (%s): %lld "
                "times right on the spot, %lld times to be made again on the "
                "CPU, %lld times no device\n",
                static_cast<long long>(outcomes.calls), names.size(), kind,
                static_cast<long long>(outcomes.right),
                static_cast<long long>(outcomes.redone),
                static_cast<long long>(outcomes.without));
    EXPECT_GT(outcomes.calls, 100);
    EXPECT_GT(outcomes.without, 5);
    EXPECT_EQ(outcomes.redone, 0) << "what goes away needs no second call";
  }
}

TEST_F(Cuda, AlsoWithoutStreamOrderedMemory) {
  Outcomes outcomes;
  for (int64_t number = 1;; ++number) {
    SCOPED_TRACE("call " + std::to_string(number) + " fails");
    if (!failAt(number, "report=/dev/null,pools=0,code=2", outcomes) ||
        HasFailure())
      break;
  }
  EXPECT_GT(outcomes.calls, 100);
  EXPECT_EQ(outcomes.redone, 0);
}

TEST_F(Cuda, SizesBeyondAnyDevice) {
  for (const char *how : {"", "pools=0"}) {
    configure(how);
    auto device = open();
    DeviceModule module(device, code());
    Call call(module);
    int64_t a[8] = {};
    Launch huge(Combine, 8);
    huge.read(a, int64_t(1) << 58).read(a, 8).write(a + 4, 4);
    EXPECT_EQ(call.launch(huge.scalar(8).scalar(0)), NOODLE_RT_FALLBACK);
    EXPECT_EQ(call.session.finish(), NOODLE_RT_OK);
    EXPECT_EQ(call.steps("memory"), 1) << call.story();
  }
}

TEST_F(Cuda, ADeviceThatDiesAnywhereLosesNothing) {
  for (int error : {700, 719, 214}) {
    Outcomes outcomes;
    std::string how = "report=/dev/null,sticky=1,code=" + std::to_string(error);
    for (int64_t number = 1;; ++number) {
      SCOPED_TRACE("dead from call " + std::to_string(number) + " on");
      if (!failAt(number, how, outcomes) || HasFailure())
        break;
    }
    std::printf("device dead from each of %lld driver calls on with error %d: "
                "%lld calls to be made again on the CPU\n",
                static_cast<long long>(outcomes.calls), error,
                static_cast<long long>(outcomes.redone));
    EXPECT_GT(outcomes.redone, 20);
  }
}

TEST_F(Cuda, AKernelThatKillsTheDevice) {
  for (int64_t launch = 1; launch <= 4; ++launch) {
    configure("report=/dev/null,die=" + std::to_string(launch));
    auto device = open();
    std::vector<int64_t> lasting = counting(1200);
    {
      DeviceModule module(device, code());
      std::string story;
      bool launched = false;
      EXPECT_FALSE(varied(*device, module, lasting.data(), story, launched));
      EXPECT_NE(story.find("lost"), std::string::npos) << story;
      EXPECT_NE(story.find("CUDA_ERROR_LAUNCH_FAILED"), std::string::npos)
          << story;
      EXPECT_TRUE(device->lost());
      // It is not asked again.
      int64_t before = fake_cuda_calls();
      EXPECT_FALSE(varied(*device, module, lasting.data(), story, launched));
      EXPECT_FALSE(launched);
      EXPECT_EQ(fake_cuda_calls(), before);
    }
  }
}

TEST_F(Cuda, TheLadderOfMemory) {
  // 3 x 96000 bytes are asked for, twice.
  struct {
    const char *memory;
    std::vector<std::string_view> steps;
  } cases[] = {{"memory=1M", {}},
               {"memory=512000", {"trim", "evict"}},
               {"memory=200000", {"trim", "split"}},
               {"memory=1024", {"trim", "memory"}}};
  std::vector<int64_t> a = counting(60000);
  for (auto &each : cases) {
    configure(each.memory);
    auto device = open();
    DeviceModule module(device, code());
    Call call(module);
    int64_t *x = call.allocate(12000), *y = call.allocate(12000);
    ASSERT_EQ(call.combine(a.data(), a.data() + 12000, x, 12000, 0, x),
              NOODLE_RT_OK);
    ASSERT_EQ(call.combine(a.data() + 24000, a.data() + 36000, y, 12000, 0, y),
              NOODLE_RT_OK);
    ASSERT_EQ(call.session.finish(), NOODLE_RT_OK);
    for (int64_t i = 0; i < 12000; i += 11) {
      ASSERT_EQ(x[i], 4 * i + 12000);
      ASSERT_EQ(y[i], 3 * (24000 + i) + 36000 + i);
    }
    std::string story = call.story();
    std::printf("%s:\n%s", each.memory, story.c_str());
    for (const char *step : {"trim", "evict", "split", "memory"}) {
      int64_t wanted = std::count(each.steps.begin(), each.steps.end(),
                                  std::string_view(step));
      EXPECT_EQ(call.steps(step), wanted) << step << " with " << each.memory;
    }
    EXPECT_LE(call.session.receipt().peakBytes, device->info().memory);
  }
}

TEST_F(Cuda, WithoutStagingTransfersStillWork) {
  std::vector<int64_t> a = counting(5000);
  // The first transfer page-locks memory for its staging, and the second.
  for (int64_t number : {1, 2}) {
    configure("report=/dev/null");
    auto device = open();
    DeviceModule module(device, code());
    int64_t before = fake_cuda_calls();
    fake_cuda_adjust(
        ("code=2,of=cuMemHostAlloc,fail=" + std::to_string(number)).c_str());
    Call call(module);
    int64_t *out = call.allocate(5000);
    ASSERT_EQ(call.launch(combine(a.data(), a.data(), out, 5000, 0)),
              NOODLE_RT_OK);
    ASSERT_EQ(call.session.finish(), NOODLE_RT_OK);
    EXPECT_EQ(out[4999], 4 * 4999);
    EXPECT_EQ(call.story(), "");
    int64_t asked = 0;
    for (int64_t k = before + 1; k <= fake_cuda_calls(); ++k)
      asked += fake_cuda_call_name(k) == std::string("cuMemHostAlloc");
    EXPECT_GE(asked, number);
  }
}

//===----------------------------------------------------------------------===//
// Time
//===----------------------------------------------------------------------===//

TEST_F(Cuda, TransfersOverlapKernels) {
  // Kernels take about as long as their transfers.
  constexpr int64_t kCount = 1 << 16, kStages = 64;
  configure("memory=256M,call=0.1,kernel=30");
  auto device = open();
  DeviceModule module(device, code());
  std::vector<int64_t> inputs = counting(2 * kCount * kStages);
  // The driver's first page-locking is no part of a pipeline.
  for (int round = 0; round < 2; ++round) {
    fake_cuda_times before, after;
    fake_cuda_clock(&before);
    Call call(module, {.strict = false, .profile = true});
    std::vector<int64_t *> outs;
    for (int64_t k = 0; k < kStages; ++k) {
      outs.push_back(call.allocate(kCount));
      const int64_t *in = inputs.data() + 2 * k * kCount;
      ASSERT_EQ(call.launch(combine(in, in + kCount, outs.back(), kCount, k)),
                NOODLE_RT_OK);
      // The host takes an earlier result while later kernels run.
      if (k >= 2) {
        ASSERT_EQ(call.access(outs[size_t(k) - 2], false), NOODLE_RT_OK);
      }
    }
    ASSERT_EQ(call.session.finish(), NOODLE_RT_OK);
    fake_cuda_clock(&after);
    for (int64_t k = 0; k < kStages; ++k)
      ASSERT_EQ(outs[size_t(k)][7], 4 * (2 * k * kCount + 7) + kCount + k);
    double in = after.in - before.in, out = after.out - before.out,
           kernels = after.kernels - before.kernels,
           overlap = after.overlap - before.overlap;
    double shorter = std::min(in + out, kernels);
    std::printf("transfers in %.3f ms, out %.3f ms, kernels %.3f ms, at once "
                "%.3f ms: %.1f %% of the shorter\n",
                in * 1e3, out * 1e3, kernels * 1e3, overlap * 1e3,
                100 * overlap / shorter);
    if (round == 0)
      continue;
    EXPECT_GE(overlap, 0.9 * shorter);
    // And the receipt says so.
    const DeviceReceipt &receipt = call.session.receipt();
    EXPECT_NEAR(receipt.overlapSeconds, overlap, 0.1 * overlap);
    EXPECT_NEAR(receipt.kernelSeconds, kernels, 0.1 * kernels);
    EXPECT_NEAR(receipt.secondsIn + receipt.secondsOut, in + out,
                0.2 * (in + out));
  }
}

TEST_F(Cuda, CallsShareADevice) {
  configure("");
  auto device = open();
  DeviceModule module(device, code());
  std::vector<int64_t> lasting = counting(1200);
  std::string whyNot;
  auto resident = ResidentBuffer::create(device, lasting.data(), 9600, whyNot);
  ASSERT_NE(resident, nullptr) << whyNot;
  std::vector<std::thread> threads;
  for (int k = 0; k < 4; ++k)
    threads.emplace_back([&] {
      for (int round = 0; round < 5; ++round) {
        std::string story;
        bool launched = false;
        EXPECT_TRUE(varied(*device, module, lasting.data(), story, launched))
            << story;
        EXPECT_TRUE(launched);
      }
    });
  for (std::thread &thread : threads)
    thread.join();
}

} // namespace
