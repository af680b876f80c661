//===- LadderTest.cpp - every step down from a device -----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each step is provoked once: the results are the CPU's, the receipt names the
// step, and under strict it is an error with the same reason.
//
//===----------------------------------------------------------------------===//
#include "Fixture.h"

using namespace noodle;
using namespace noodle::engine;
using namespace noodle::engine::test;

namespace {

class Ladder : public DeviceCalls {
protected:
  /// A new engine compiles kThreeOps and calls it.
  Outcome run(CompileOptions options = DeviceCalls::options()) {
    auto engine = makeEngine();
    std::shared_ptr<Program> program;
    Outcome outcome;
    outcome.status = Program::compile(engine, kThreeOps, options, program);
    if (!outcome.status.ok())
      return outcome;
    return callThreeOps(program);
  }

  /// `config` leads to `step`; `launched`: whether other ops still run there.
  void expectStep(const std::string &config, const std::string &step,
                  bool launched, CompileOptions options) {
    SCOPED_TRACE(config);
    std::string reason;
    expectStepped(config, step, launched, options, reason);
    configure(config);
    options.strict = true;
    Outcome outcome = run(options);
    EXPECT_EQ(outcome.status.code, Code::DeviceFailed) << outcome.status.str();
    EXPECT_NE(outcome.status.message.find(reason), std::string::npos)
        << "expected: " << reason << "\ngot: " << outcome.status.message;
    EXPECT_EQ(outcome.status.str().find('\n'), std::string::npos);
  }
  void expectStepped(const std::string &config, const std::string &step,
                     bool launched, const CompileOptions &options,
                     std::string &reason) {
    configure(config);
    Outcome outcome = run(options);
    expectThreeOps(outcome);
    const auto &used = outcome.receipt.device.used;
    EXPECT_NE((", " + outcome.steps() + ",").find(", " + step + ","),
              std::string::npos)
        << "steps: " << outcome.steps();
    EXPECT_EQ(used.launches > 0, launched);
    for (const rt::DeviceStep &each : used.steps)
      if (each.step == step)
        reason = each.reason;
    EXPECT_NE(reason, "");
    EXPECT_NE(receiptText(outcome.receipt).find(step + ": " + reason),
              std::string::npos);
  }
  void expectStep(const std::string &config, const std::string &step,
                  bool launched = false) {
    expectStep(config, step, launched, options());
  }

  /// Number of the `nth` driver call of that name in an undisturbed run.
  int64_t numberOf(const std::string &name, int nth = 1) {
    configure("devices=1");
    run();
    for (int64_t k = 1; k <= fake().calls(); ++k)
      if (fake().callName(k) == name && --nth == 0)
        return k;
    ADD_FAILURE() << "a run makes no such driver call: " << name;
    return 0;
  }
};

// What the driver says of itself is asked once in a process: a driver that is
// too old is tested with noodle-jit.
TEST_F(Ladder, NoDevice) {
  // The driver itself may say so when it starts.
  configure("devices=0");
  std::string step = run().steps();
  EXPECT_TRUE(step == "driver" || step == "device") << step;
  expectStep("devices=0", step);
}
TEST_F(Ladder, OldDevice) { expectStep("sm=52", "chip"); }

TEST_F(Ladder, CodeForAnotherChip) {
  CompileOptions newer = options();
  newer.chip = "sm_120";
  expectStep("sm=90", "load", false, newer);
}

TEST_F(Ladder, PtxThatTheDriverDoesNotKnow) {
  CompileOptions hopper = options();
  hopper.chip = "sm_90";
  expectStep("driver=11040", "load", false, hopper);
}

TEST_F(Ladder, KernelsThatDoNotLoad) {
  int64_t number = numberOf("cuModuleLoadDataEx");
  expectStep("code=218,fail=" + std::to_string(number), "load");
}

TEST_F(Ladder, ARefusedLaunch) {
  int64_t number = numberOf("cuLaunchKernel", 2);
  std::string config = "code=701,fail=" + std::to_string(number);
  expectStep(config, "launch", true);
  configure(config);
  Outcome outcome = run();
  EXPECT_EQ(outcome.receipt.device.used.fallbacks, 1);
  // Its op is named, and it alone ran on the CPU.
  int64_t site = outcome.receipt.device.used.steps[0].site;
  int there = 0;
  for (const SiteReceipt &each : outcome.receipt.sites) {
    EXPECT_EQ(each.ran == "device", each.site.id != site) << each.site.op;
    there += each.ran == "device";
  }
  EXPECT_EQ(there, 2);
}

TEST_F(Ladder, TooLittleMemory) { expectStep("memory=64", "memory"); }

TEST_F(Ladder, LittleMemoryTakesParts) {
  configure("memory=12K");
  Outcome outcome = run();
  expectThreeOps(outcome);
  EXPECT_NE(outcome.steps().find("split"), std::string::npos)
      << outcome.steps();
  EXPECT_GT(outcome.receipt.device.used.launches, 0);
}

TEST_F(Ladder, MemoryThatATrimFrees) {
  int64_t number = numberOf("cuMemAllocAsync");
  configure("code=2,fail=" + std::to_string(number));
  Outcome outcome = run();
  expectThreeOps(outcome);
  EXPECT_NE(outcome.steps().find("trim"), std::string::npos) << outcome.steps();
  EXPECT_EQ(outcome.receipt.device.used.fallbacks, 0);
}

TEST_F(Ladder, ADeviceThatDies) {
  expectStep("die=2", "lost", true);
  configure("die=2");
  Outcome outcome = run();
  expectThreeOps(outcome);
  EXPECT_TRUE(outcome.receipt.device.redone);
  EXPECT_EQ(outcome.receipt.device.share, 0);
  for (const SiteReceipt &site : outcome.receipt.sites)
    EXPECT_EQ(site.ran, "cpu");
}

TEST_F(Ladder, ALostDeviceIsNotAskedAgain) {
  auto engine = makeEngine();
  auto program = compile(engine, kThreeOps, options());
  Outcome outcome = callThreeOps(program);
  EXPECT_GT(outcome.receipt.device.used.launches, 0);
  ASSERT_EQ(fake().adjust("die=1"), 0);
  outcome = callThreeOps(program);
  expectThreeOps(outcome);
  EXPECT_TRUE(outcome.receipt.device.redone);
  int64_t launches = fake().launches();
  outcome = callThreeOps(program);
  expectThreeOps(outcome);
  EXPECT_FALSE(outcome.receipt.device.redone);
  EXPECT_EQ(outcome.steps(), "lost");
  EXPECT_EQ(fake().launches(), launches);
  // What is compiled from now on is compiled for the CPU.
  CompileOptions other = options();
  other.name = "other";
  program = compile(engine, kThreeOps, other);
  EXPECT_TRUE(program->kernel()->artifact().device.kernels.empty());
  outcome = callThreeOps(program);
  expectThreeOps(outcome);
  EXPECT_EQ(outcome.steps(), "lost");
}

TEST_F(Ladder, IndicesBeyondTheDevicesAreErrors) {
  configure("devices=2");
  auto engine = makeEngine(2);
  std::shared_ptr<Program> program;
  Status status = Program::compile(engine, kThreeOps, options(), program);
  EXPECT_EQ(status.code, Code::InvalidArgument);
  EXPECT_EQ(status.message, "there is no device 2: this machine has 2, "
                            "numbers 0 to 1");
  engine = makeEngine(1);
  Outcome outcome = callThreeOps(compile(engine, kThreeOps, options()));
  expectThreeOps(outcome);
  EXPECT_EQ(outcome.receipt.device.index, 1);
}

// Every driver call of a run fails once in turn, with an error that goes away,
// with a lack of memory, and with one that stays.
TEST_F(Ladder, EveryDriverCallFailsOnce) {
  configure("devices=1");
  run();
  const int64_t calls = fake().calls();
  EXPECT_GT(calls, 20);
  for (const char *how : {"code=999", "code=2", "code=700,sticky=1"}) {
    for (int64_t k = 1; k <= calls; ++k) {
      SCOPED_TRACE(std::string(how) + " at call " + std::to_string(k));
      configure(std::string(how) + ",fail=" + std::to_string(k));
      {
        Outcome outcome = run();
        expectThreeOps(outcome);
      }
      EXPECT_EQ(fake().liveBytes(), 0);
      EXPECT_EQ(fake().liveObjects(), 0);
      if (HasFailure())
        return;
    }
  }
  std::printf("%lld driver calls failed once in turn, each in three ways\n",
              (long long)calls);
}

} // namespace
