//===- CoherenceTest.cpp - random calls against a simple model ------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Random launches, reads, writes and frees over overlapping ranges of a few
// blocks. The model is the same program on plain vectors.
//
//===----------------------------------------------------------------------===//
#include "FakeCuda.h"
#include "Harness.h"

#include <random>

using namespace noodle::rt;
using namespace noodle::rt::test;

namespace {

/// One random call. Memory that launches write is the call's; arguments are
/// only read.
class RandomCall {
public:
  RandomCall(DeviceModule &module, uint32_t seed)
      : call(module), random(seed) {}

  void run(int steps) {
    for (int k = 0; k < 3; ++k)
      addArgument();
    for (int k = 0; k < 3; ++k)
      addBlock();
    for (int k = 0; k < steps && !ended; ++k)
      step();
    status = call.session.finish();
    if (ended || status != NOODLE_RT_OK) {
      ended = true;
      return;
    }
    for (Block &block : blocks)
      for (size_t i = 0; i < block.model.size(); ++i)
        ASSERT_EQ(block.host[i], block.model[i])
            << "element " << i << " after the call\n"
            << call.story();
  }

  Call call;
  noodle_rt_status status = NOODLE_RT_OK;
  bool ended = false; ///< by a failure of the device

private:
  struct Block {
    int64_t *host;
    std::vector<int64_t> model;
    bool argument;
  };

  int64_t upTo(int64_t most) {
    return std::uniform_int_distribution<int64_t>(0, most)(random);
  }
  int64_t someSize() { return upTo(3) ? 1 + upTo(700) : 1 + upTo(20); }

  void addArgument() {
    auto &memory = arguments.emplace_back(size_t(someSize()));
    for (int64_t &each : memory)
      each = upTo(1000);
    blocks.push_back({memory.data(), memory, true});
  }
  void addBlock() {
    auto count = size_t(someSize());
    Block block{call.allocate(int64_t(count)), {}, false};
    ASSERT_NE(block.host, nullptr);
    if (!did(call.access(block.host, true)))
      return;
    block.model.resize(count);
    for (size_t i = 0; i < count; ++i)
      block.host[i] = block.model[i] = upTo(1000);
    blocks.push_back(block);
  }
  /// False where the call has ended.
  bool did(noodle_rt_status result) {
    if (result == NOODLE_RT_OK)
      return true;
    EXPECT_EQ(result, NOODLE_RT_DEVICE_FAILED) << call.message();
    ended = true;
    return false;
  }

  struct Range {
    size_t block;
    int64_t first;
  };
  /// A place for `count` elements; often one that was used before.
  Range someRange(int64_t count, bool written) {
    for (;;) {
      size_t k = size_t(upTo(int64_t(blocks.size()) - 1));
      int64_t room = int64_t(blocks[k].model.size()) - count;
      if ((written && blocks[k].argument) || room < 0)
        continue;
      int64_t first = upTo(2) == 0 ? 0 : upTo(room);
      if (upTo(2) == 0) // as allocations and slices of many rows are aligned
        first = first / 32 * 32;
      return {k, first};
    }
  }
  static bool overlap(Range a, Range b, int64_t count) {
    return a.block == b.block && a.first < b.first + count &&
           b.first < a.first + count;
  }

  void launch() {
    int64_t most = 0;
    for (Block &block : blocks)
      if (!block.argument)
        most = std::max(most, int64_t(block.model.size()));
    int64_t count = upTo(20) ? 1 + upTo(most - 1) : 0;
    Range out = someRange(count, true), a, b;
    // Inputs beside the output: a kernel has no order among its elements.
    int tries = 0;
    do {
      if (++tries > 20)
        return;
      a = someRange(count, false);
      b = someRange(count, false);
    } while (overlap(a, out, count) || overlap(b, out, count));
    Block &from = blocks[a.block], &with = blocks[b.block],
          &to = blocks[out.block];
    int64_t shift = upTo(9);
    if (!did(call.combine(from.host + a.first, with.host + b.first,
                          to.host + out.first, count, shift, to.host)))
      return;
    for (int64_t i = 0; i < count; ++i)
      to.model[size_t(out.first + i)] = 3 * from.model[size_t(a.first + i)] +
                                        with.model[size_t(b.first + i)] + shift;
  }

  void step() {
    int64_t what = upTo(99);
    size_t k = size_t(upTo(int64_t(blocks.size()) - 1));
    Block &block = blocks[k];
    if (what < 60)
      return launch();
    if (what < 80) {
      if (did(call.access(block.host, false))) {
        ASSERT_EQ(std::vector(block.host, block.host + block.model.size()),
                  block.model)
            << "read by the host\n"
            << call.story();
      }
      return;
    }
    if (block.argument)
      return;
    if (what < 93) {
      if (!did(call.access(block.host, true)))
        return;
      auto size = int64_t(block.model.size());
      int64_t first = upTo(size - 1), last = first + upTo(size - 1 - first);
      for (int64_t i = first; i <= last; ++i)
        block.host[i] = block.model[size_t(i)] = upTo(1000);
      return;
    }
    call.release(block.host);
    blocks.erase(blocks.begin() + int64_t(k));
    addBlock();
  }

  std::mt19937 random;
  std::vector<std::vector<int64_t>> arguments;
  std::vector<Block> blocks;
};

uint32_t freshSeed() { return std::random_device()(); }

TEST(Coherence, AsTheModelOnTheCpuDevice) {
  uint32_t seed = freshSeed();
  int64_t reused = 0;
  for (int k = 0; k < 150; ++k, ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    auto device = std::make_shared<CpuDevice>(cpuKernels(), 1 << 20);
    {
      DeviceModule module(device, code());
      RandomCall call(module, seed);
      call.run(120);
      ASSERT_FALSE(call.ended) << call.call.story();
      EXPECT_EQ(call.call.story(), "");
      reused += call.call.session.receipt().bytesReused;
    }
    ASSERT_EQ(device->liveBlocks(), 0);
    if (HasFailure())
      return;
  }
  EXPECT_GT(reused, 0);
}

TEST(Coherence, WithTooLittleMemory) {
  uint32_t seed = freshSeed();
  std::map<std::string, int> seen;
  int64_t launches = 0;
  for (int k = 0; k < 150; ++k, ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    auto device =
        std::make_shared<CpuDevice>(cpuKernels(), 1000 + int64_t(k) * 150);
    {
      DeviceModule module(device, code());
      RandomCall call(module, seed);
      call.run(120);
      ASSERT_FALSE(call.ended) << call.call.story();
      for (const DeviceStep &step : call.call.session.receipt().steps)
        ++seen[step.step];
      EXPECT_LE(call.call.session.receipt().peakBytes, device->info().memory);
      launches += call.call.session.receipt().launches;
    }
    ASSERT_EQ(device->liveBlocks(), 0);
    if (HasFailure())
      return;
  }
  EXPECT_GT(launches, 0);
  for (const char *step : {"trim", "evict", "split", "memory"})
    EXPECT_GT(seen[step], 0) << step;
}

TEST(Coherence, WithFailuresNowAndThen) {
  uint32_t seed = freshSeed();
  int ended = 0, right = 0;
  for (int k = 0; k < 300; ++k, ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    // Some with parts, some without.
    int64_t memory = k % 2 ? 1 << 20 : 2000 + int64_t(k) * 40;
    auto device = std::make_shared<CpuDevice>(cpuKernels(), memory);
    {
      DeviceModule module(device, code());
      RandomCall call(module, seed);
      for (int n = 0; n < 3; ++n) {
        auto what = CpuDevice::Operation(random() % CpuDevice::kOperations);
        Fault fault = random() % 8 == 0   ? Fault::Lost
                      : random() % 2 == 0 ? Fault::Memory
                                          : Fault::Refused;
        device->fail(what, 1 + random() % 30, fault);
      }
      call.run(120);
      // A failure that goes away costs no more than fallbacks.
      EXPECT_TRUE(!call.ended || device->lost()) << call.call.story();
      EXPECT_EQ(call.call.session.deviceLost(), call.ended);
      ++(call.ended ? ended : right);
    }
    if (!device->lost()) {
      ASSERT_EQ(device->liveBlocks(), 0);
    }
    if (HasFailure())
      return;
  }
  EXPECT_GT(ended, 0);
  EXPECT_GT(right, 0);
}

TEST(Coherence, AsTheModelOnTheFakeDriver) {
  uint32_t seed = freshSeed();
  for (const char *memory : {"memory=1G", "memory=64K", "memory=16K",
                             "memory=1G,pools=0", "memory=200K,pools=0"}) {
    ASSERT_EQ(fake_cuda_configure(memory), 0);
    for (int k = 0; k < 12; ++k, ++seed) {
      SCOPED_TRACE(std::string(memory) + ", seed " + std::to_string(seed));
      DeviceStep whyNot;
      auto device = openCudaDevice(0, whyNot);
      ASSERT_NE(device, nullptr) << whyNot.reason;
      {
        DeviceModule module(device, code());
        RandomCall call(module, seed);
        call.run(60);
        ASSERT_FALSE(call.ended) << call.call.story();
      }
      device.reset();
      EXPECT_EQ(fake_cuda_live_objects(), 0);
      EXPECT_EQ(fake_cuda_live_bytes(), 0);
      ASSERT_EQ(fake_cuda_faults(), 0) << fake_cuda_fault_text();
      if (HasFailure())
        return;
    }
  }
}

} // namespace
