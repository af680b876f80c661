//===- RunTest.cpp - calls that run on a device -----------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Fixture.h"

#include <thread>

using namespace noodle;
using namespace noodle::engine;
using namespace noodle::engine::test;

TEST_F(DeviceCalls, AllOpsRunThereAndTheReceiptSaysSo) {
  auto engine = makeEngine();
  CompileOptions profiled = options();
  profiled.profile = true;
  auto program = compile(engine, kThreeOps, profiled);
  const Artifact &artifact = program->kernel()->artifact();
  EXPECT_EQ(artifact.deviceFailure, "");
  EXPECT_EQ(artifact.device.chip, "sm_90");
  EXPECT_EQ(artifact.device.image, "") << "the image is kept twice";
  Outcome outcome = callThreeOps(program);
  expectThreeOps(outcome);
  const DeviceSection &device = outcome.receipt.device;
  EXPECT_EQ(outcome.steps(), "");
  EXPECT_EQ(device.target, "cuda");
  EXPECT_NE(device.name, "");
  EXPECT_EQ(device.index, 0);
  EXPECT_EQ(device.chip, "sm_90");
  EXPECT_EQ(device.code, "sm_90");
  EXPECT_EQ(device.used.launches, fake().launches());
  EXPECT_GE(device.used.launches, 3);
  EXPECT_EQ(device.used.fallbacks, 0);
  // The arguments go there, the results come back, what is between stays.
  EXPECT_EQ(device.used.bytesIn, (33 * 65 + 65 * 47) * 4 + 1001 * 8);
  EXPECT_EQ(device.used.bytesOut, 33 * 47 * 4 + 1001 * 8);
  EXPECT_DOUBLE_EQ(device.share, 1);
  EXPECT_FALSE(device.redone);
  EXPECT_GT(device.used.kernelSeconds, 0);
  ASSERT_EQ(outcome.receipt.sites.size(), 3u);
  for (const SiteReceipt &site : outcome.receipt.sites) {
    EXPECT_EQ(site.site.strategy, "gpu") << site.site.op;
    EXPECT_EQ(site.ran, "device") << site.site.op;
    EXPECT_GT(site.deviceSeconds, 0) << site.site.op;
    EXPECT_GT(site.predictedSeconds, 0) << site.site.op;
  }
  std::string text = receiptText(outcome.receipt);
  EXPECT_NE(text.find("100 % of the program's operations ran on the device"),
            std::string::npos)
      << text;
}

TEST_F(DeviceCalls, BoundCallsRunAgain) {
  auto engine = makeEngine();
  auto program = compile(engine, kThreeOps, options());
  HostTensor a = floats({17, 9}, 4), b = floats({9, 33}, 5);
  std::vector<int64_t> n(5, 21);
  noodle_rt_tensor views[3] = {a.view, b.view, {}};
  views[2].layout = NOODLE_RT_DENSE;
  views[2].type = NOODLE_RT_I64;
  views[2].rank = 1;
  views[2].values = n.data();
  views[2].extents[0] = 5;
  views[2].strides[0] = 1;
  BoundCall bound;
  ASSERT_TRUE(program->bind(views, {}, bound).ok());
  for (int64_t k = 0; k < 5; ++k) {
    n[3] = k;
    rt::Region region(engine->pool());
    noodle_rt_tensor results[2];
    Status status = bound.run(region, results);
    ASSERT_TRUE(status.ok()) << status.str();
    EXPECT_EQ(static_cast<int64_t *>(results[1].values)[3], 2 * k);
    EXPECT_EQ(static_cast<int64_t *>(results[1].values)[4], 42);
  }
  EXPECT_GE(fake().launches(), 15);
}

TEST_F(DeviceCalls, StridedViewsGiveTheSameResults) {
  auto engine = makeEngine();
  auto program = compile(engine, kThreeOps, options());
  auto host = compile(engine, kThreeOps, {});
  HostTensor a = floats({40, 30}, 4), b = floats({20, 30}, 5);
  std::vector<int64_t> n(9);
  for (int64_t k = 0; k < 9; ++k)
    n[k] = k;
  // Every other row of a; b transposed; n backwards.
  noodle_rt_tensor views[3] = {a.view, b.view, {}};
  views[0].extents[0] = 20;
  views[0].strides[0] = 60;
  views[1].extents[0] = 30;
  views[1].extents[1] = 20;
  views[1].strides[0] = 1;
  views[1].strides[1] = 30;
  views[2].layout = NOODLE_RT_DENSE;
  views[2].type = NOODLE_RT_I64;
  views[2].rank = 1;
  views[2].values = &n[8];
  views[2].extents[0] = 9;
  views[2].strides[0] = -1;
  Outcome there = call(program, views), here = call(host, views);
  ASSERT_TRUE(there.status.ok()) << there.status.str();
  ASSERT_TRUE(here.status.ok()) << here.status.str();
  EXPECT_GE(there.receipt.device.used.launches, 3);
  for (size_t k = 0; k < 2; ++k)
    EXPECT_EQ(compareResults(there.results[k], here.results[k], 1e-4), "");
  EXPECT_EQ(static_cast<int64_t *>(there.results[1].values)[0], 16);
}

TEST_F(DeviceCalls, ThreadsShareAProgram) {
  auto engine = makeEngine(0, 2);
  auto program = compile(engine, kThreeOps, options());
  callThreeOps(program); // makes the arguments
  std::vector<Outcome> outcomes(4 * 5);
  std::vector<std::thread> threads;
  for (size_t t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (size_t k = 0; k < 5; ++k)
        outcomes[t * 5 + k] = callThreeOps(program);
    });
  for (std::thread &thread : threads)
    thread.join();
  for (const Outcome &outcome : outcomes) {
    expectThreeOps(outcome);
    EXPECT_EQ(outcome.steps(), "");
  }
}

TEST_F(DeviceCalls, CachedKernelsRunThereToo) {
  std::string folder = "/tmp/noodle-device-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  for (const char *source : {"compiled", "disk cache"}) {
    EngineOptions given;
    given.threads = 1;
    given.cacheDirectory = folder;
    given.extender = emulated();
    std::shared_ptr<Engine> engine;
    ASSERT_TRUE(Engine::create(given, engine).ok());
    auto program = compile(engine, kThreeOps, options());
    EXPECT_EQ(program->report().source, source);
    Outcome outcome = callThreeOps(program);
    expectThreeOps(outcome);
    EXPECT_GE(outcome.receipt.device.used.launches, 3);
  }
  EXPECT_EQ(std::system(("rm -r '" + folder + "'").c_str()), 0);
}

TEST_F(DeviceCalls, AWorkerCompilesForTheDevice) {
  auto engine = makeEngine();
  std::shared_ptr<Program> program;
  Status status = Program::compile(engine, kThreeOps, options(), program, true);
  ASSERT_TRUE(status.ok()) << status.str();
  Outcome outcome = callThreeOps(program);
  expectThreeOps(outcome);
  EXPECT_GE(outcome.receipt.device.used.launches, 3);
}

TEST_F(DeviceCalls, CallsAreCancelled) {
  auto engine = makeEngine();
  auto program = compile(engine, kThreeOps, options());
  callThreeOps(program);
  HostTensor a = floats({3, 3}, 4);
  std::vector<int64_t> n(5);
  noodle_rt_tensor views[3] = {a.view, a.view, {}};
  views[2].layout = NOODLE_RT_DENSE;
  views[2].type = NOODLE_RT_I64;
  views[2].rank = 1;
  views[2].values = n.data();
  views[2].extents[0] = 5;
  views[2].strides[0] = 1;
  // Two extents disagree: the program's own failure, not the device's.
  views[1].extents[0] = 2;
  Outcome outcome = call(program, views);
  EXPECT_EQ(outcome.status.code, Code::ShapeMismatch) << outcome.status.str();
  EXPECT_FALSE(outcome.receipt.device.redone);
}
