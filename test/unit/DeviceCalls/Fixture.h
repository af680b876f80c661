//===- Fixture.h - an engine over the fake driver ---------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_TEST_DEVICECALLS_FIXTURE_H
#define NOODLE_TEST_DEVICECALLS_FIXTURE_H

#include "noodle/Engine/Binding.h"
#include "noodle/Engine/DeviceImage.h"
#include "noodle/Engine/Engine.h"

#include "FakeCuda.h"

#include <cstring>
#include <gtest/gtest.h>

namespace noodle::engine::test {

/// Appends the emulator's code for the kernels.
std::shared_ptr<const DeviceImageExtender> emulated();

/// The fake driver's own functions, from the library that the runtime opens.
struct Fake {
  decltype(&fake_cuda_configure) configure;
  decltype(&fake_cuda_adjust) adjust;
  decltype(&fake_cuda_calls) calls;
  decltype(&fake_cuda_call_name) callName;
  decltype(&fake_cuda_launches) launches;
  decltype(&fake_cuda_live_bytes) liveBytes;
  decltype(&fake_cuda_live_objects) liveObjects;
  decltype(&fake_cuda_faults) faults;
  decltype(&fake_cuda_fault_text) faultText;
};
const Fake &fake();

/// A product, a map and a softmax; then integers that never touch floats.
extern const char *const kThreeOps;

/// Row-major random floats.
HostTensor floats(std::vector<int64_t> extents, uint64_t seed);

/// What a call gave and told.
struct Outcome {
  Status status;
  Receipt receipt;
  std::vector<noodle_rt_tensor> results; ///< owned by `region`
  std::shared_ptr<Program> program;      ///< whose engine owns its memory
  std::shared_ptr<rt::Region> region;
  /// "step, step", in order.
  std::string steps() const;
};

class DeviceCalls : public ::testing::Test {
protected:
  /// Every test starts with a device that works.
  void SetUp() override { configure("devices=1"); }
  /// Nothing stays in the driver, and no kernel did what it may not.
  void TearDown() override;

  void configure(const std::string &text);
  std::shared_ptr<Engine> makeEngine(int device = 0, int threads = 1);
  /// Options for a device; what has a kernel runs there.
  static CompileOptions options();
  /// Compiles `text` (a program that is at fault fails the test).
  std::shared_ptr<Program> compile(std::shared_ptr<Engine> engine,
                                   const char *text,
                                   const CompileOptions &options);
  Outcome call(std::shared_ptr<Program> program,
               std::span<const noodle_rt_tensor> arguments,
               CallOptions options = {});
  /// kThreeOps on fixed arguments: with a device, and what the CPU says.
  Outcome callThreeOps(std::shared_ptr<Program> program);
  void expectThreeOps(const Outcome &outcome);

private:
  std::vector<HostTensor> arguments;
  Outcome expected;
};

} // namespace noodle::engine::test

#endif // NOODLE_TEST_DEVICECALLS_FIXTURE_H
