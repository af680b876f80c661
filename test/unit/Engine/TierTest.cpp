//===- TierTest.cpp - tier-0 and what takes its place -----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "TestPrograms.h"
#include "Tiers.h"

#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>

using namespace noodle;
using namespace noodle::engine;
using namespace noodle::engine::test;

namespace {

const char *const kProduct = R"(
func.func @main(%a: tensor<?x?xf32>, %b: tensor<?x?xf32>, %c: tensor<?x?xf32>)
    -> (tensor<?x?xf32>, tensor<?x?xf32>, f32) {
  %p = noodle.matmul %a, %b
      : tensor<?x?xf32>, tensor<?x?xf32> -> tensor<?x?xf32>
  %m = noodle.matmul %a, %b {semiring = #noodle.semiring<min_plus>}
      : tensor<?x?xf32>, tensor<?x?xf32> -> tensor<?x?xf32>
  %s = noodle.map (%p, %c) : (tensor<?x?xf32>, tensor<?x?xf32>)
      -> tensor<?x?xf32> {
  ^bb0(%x: f32, %y: f32):
    %z = arith.mulf %x, %y : f32
    %w = arith.addf %z, %x : f32
    %e = math.exp %w : f32
    %t = math.tanh %e : f32
    noodle.yield %t : f32
  }
  %i = arith.constant 0 : index
  %f = tensor.extract %p[%i, %i] : tensor<?x?xf32>
  return %s, %m, %f : tensor<?x?xf32>, tensor<?x?xf32>, f32
})";

/// Arguments of kProduct with sums that round.
struct Arguments {
  Arguments(int64_t m, int64_t n, int64_t k) : a(m * k), b(k * n), c(m * n) {
    uint32_t state = 1;
    for (auto *all : {&a, &b, &c})
      for (float &value : *all) {
        state = state * 1664525u + 1013904223u;
        value = float(int32_t(state) >> 8) * 0x1p-23f;
      }
    views = {dense(NOODLE_RT_F32, a.data(), {m, k}),
             dense(NOODLE_RT_F32, b.data(), {k, n}),
             dense(NOODLE_RT_F32, c.data(), {m, n})};
  }
  std::vector<float> a, b, c;
  std::vector<noodle_rt_tensor> views;
};

std::string bytesOf(std::span<const noodle_rt_tensor> results) {
  std::string bytes;
  for (const noodle_rt_tensor &result : results) {
    int64_t count = 1;
    for (int k = 0; k < result.rank; ++k)
      count *= result.extents[k];
    bytes.append(static_cast<const char *>(result.values),
                 size_t(count * noodle_rt_element_bytes(result.type)));
  }
  return bytes;
}

std::string runOnce(Engine &engine, BoundCall &call) {
  rt::Region region(engine.pool());
  noodle_rt_tensor results[3];
  Status status = call.run(region, results);
  EXPECT_TRUE(status.ok()) << status.str();
  return status.ok() ? bytesOf(results) : std::string();
}

std::shared_ptr<Program> compile(std::shared_ptr<Engine> engine,
                                 const char *tier, const char *cpu = "native") {
  CompileOptions options;
  options.tier = tier;
  options.cpu = cpu;
  options.strict = true;
  std::shared_ptr<Program> program;
  Status status =
      Program::compile(std::move(engine), kProduct, options, program);
  EXPECT_TRUE(status.ok()) << status.str();
  return program;
}

/// The bits of the results, and what the receipt says.
std::string callOnce(Program &program, const Arguments &arguments,
                     Receipt *receipt = nullptr) {
  CallOptions options;
  options.receipt = receipt;
  rt::Region region(program.engine().pool());
  noodle_rt_tensor results[3];
  Status status = program.call(arguments.views, region, results, options);
  EXPECT_TRUE(status.ok()) << status.str();
  return status.ok() ? bytesOf(results) : std::string();
}

/// Until the background has optimised something; a test hangs no longer than
/// a minute.
bool waitForPromotion(Engine &engine) {
  for (int k = 0; k < 6000 && engine.stats().promoted == 0; ++k)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  return engine.stats().promoted == 1;
}

EngineOptions twoThreads() {
  EngineOptions options;
  options.threads = 2;
  return options;
}

std::shared_ptr<Engine> engineOf(const EngineOptions &options) {
  std::shared_ptr<Engine> engine;
  Status status = Engine::create(options, engine);
  EXPECT_TRUE(status.ok()) << status.str();
  return engine;
}

} // namespace

TEST(Tiers, GiveTheSameBits) {
  int levels = 0;
  Arguments arguments(37, 29, 53), small(3, 5, 7);
  for (const char *cpu : {"native", "avx512", "avx2", "x86-64"}) {
    CompileOptions options;
    options.cpu = cpu;
    if (!checkOptions(options).ok()) {
      std::printf("1 CPU level skipped: no %s here\n", cpu);
      continue;
    }
    ++levels;
    auto engine = engineOf(twoThreads());
    auto lowest = compile(engine, "0", cpu);
    auto best = compile(engine, "optimised", cpu);
    ASSERT_TRUE(lowest && best);
    EXPECT_NE(lowest->kernel(), best->kernel());
    for (const Arguments *each : {&arguments, &small}) {
      Receipt first, second;
      std::string one = callOnce(*lowest, *each, &first);
      EXPECT_FALSE(one.empty());
      EXPECT_TRUE(one == callOnce(*best, *each, &second)) << cpu;
      EXPECT_EQ(first.tier, "0");
      EXPECT_EQ(second.tier, "optimised");
    }
  }
  EXPECT_GE(levels, 2);
}

TEST(Tiers, OptimisedCodeTakesOverWhileThreadsCall) {
  auto engine = engineOf(twoThreads());
  auto program = compile(engine, "auto");
  ASSERT_TRUE(program);
  Arguments arguments(17, 19, 23);
  Receipt receipt;
  std::string expected = callOnce(*program, arguments, &receipt);
  EXPECT_EQ(receipt.tier, "0");
  EXPECT_EQ(engine->stats().promoted, 0);
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int k = 0; k < 4; ++k)
    threads.emplace_back([&] {
      BoundCall call;
      ASSERT_TRUE(program->bind(arguments.views, {}, call).ok());
      while (!done)
        wrong += runOnce(*engine, call) != expected;
      for (int i = 0; i < 20; ++i) // by optimised code
        wrong += runOnce(*engine, call) != expected;
    });
  EXPECT_TRUE(waitForPromotion(*engine));
  done = true;
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_TRUE(expected == callOnce(*program, arguments, &receipt));
  EXPECT_EQ(receipt.tier, "optimised");
  // Compiled again, it is what the memory has.
  auto again = compile(engine, "auto");
  EXPECT_EQ(again->report().source, "memory cache");
  callOnce(*again, arguments, &receipt);
  EXPECT_EQ(receipt.tier, "optimised");
  EXPECT_EQ(engine->stats().compiled, 1);
}

TEST(Tiers, TheReceiptTellsWhenItHappened) {
  auto engine = engineOf(twoThreads());
  auto program = compile(engine, "auto");
  ASSERT_TRUE(program);
  Arguments arguments(5, 5, 5);
  Receipt receipt;
  CallOptions options;
  options.receipt = &receipt;
  BoundCall call;
  ASSERT_TRUE(program->bind(arguments.views, options, call).ok());
  for (int k = 0; k < 100000 && engine->stats().promoted == 0; ++k)
    runOnce(*engine, call);
  ASSERT_TRUE(waitForPromotion(*engine));
  runOnce(*engine, call);
  EXPECT_EQ(receipt.tier, "optimised");
  EXPECT_GT(receipt.tierZeroCalls, 0);
  EXPECT_NE(receiptText(receipt).find("calls of tier-0"), std::string::npos);
  EXPECT_NE(receiptJson(receipt).find("\"tier\": \"optimised\""),
            std::string::npos);
}

TEST(Tiers, CanBeTurnedOff) {
  Arguments arguments(5, 6, 7);
  EngineOptions without = twoThreads(), alone;
  without.background = false;
  alone.threads = 1;
  for (const EngineOptions &options : {without, alone}) {
    auto engine = engineOf(options);
    auto program = compile(engine, "auto");
    ASSERT_TRUE(program);
    Receipt receipt;
    callOnce(*program, arguments, &receipt);
    EXPECT_EQ(receipt.tier, "optimised");
    EXPECT_EQ(receipt.tierZeroCalls, -1);
  }
  CompileOptions options;
  options.tier = "1";
  EXPECT_EQ(checkOptions(options).code, Code::InvalidArgument);
}

TEST(Tiers, LargeArgumentsAreWorthOptimisedCode) {
  auto engine = engineOf(twoThreads());
  auto program = compile(engine, "auto");
  ASSERT_TRUE(program);
  Arguments arguments(400, 400, 400);
  Receipt receipt;
  callOnce(*program, arguments, &receipt);
  EXPECT_EQ(receipt.tier, "optimised");
  EXPECT_EQ(engine->stats().promoted, 1);
}

TEST(Tiers, TheDiskKeepsOptimisedCode) {
  Folder folder;
  EngineOptions options = twoThreads();
  options.cacheDirectory = folder.path + "/cache";
  Arguments arguments(5, 6, 7);
  {
    auto engine = engineOf(options);
    auto program = compile(engine, "auto");
    ASSERT_TRUE(program && program->kernel());
    BoundCall call;
    ASSERT_TRUE(program->bind(arguments.views, {}, call).ok());
    while (engine->stats().promoted == 0)
      runOnce(*engine, call);
  }
  auto engine = engineOf(options);
  auto program = compile(engine, "auto");
  ASSERT_TRUE(program);
  EXPECT_EQ(program->report().source, "disk cache");
  Receipt receipt;
  callOnce(*program, arguments, &receipt);
  EXPECT_EQ(receipt.tier, "optimised");
}

TEST(Tiers, FailureInTheBackgroundLeavesTierZero) {
  auto engine = engineOf(twoThreads());
  CompileOptions options;
  options.strict = true;
  Artifact artifact;
  std::unique_ptr<PendingCompile> pending;
  ASSERT_TRUE(compileTierZero(kProduct, options, artifact, pending).ok());
  ASSERT_TRUE(pending);
  auto background = std::make_shared<Background>();
  auto promotion = std::make_shared<Promotion>(
      background,
      [](std::shared_ptr<const Kernel> &) {
        return Status::error(Code::Internal, "planted");
      },
      [] { FAIL() << "promoted to nothing"; });
  std::shared_ptr<const Kernel> kernel;
  ASSERT_TRUE(Kernel::load(std::move(artifact), kernel, promotion).ok());
  Arguments arguments(5, 6, 7);
  Receipt receipt;
  CallOptions how;
  how.receipt = &receipt;
  BoundCall call;
  ASSERT_TRUE(BoundCall::bind(engine->pool(), kernel, "main", arguments.views,
                              how, call)
                  .ok());
  std::string expected = runOnce(*engine, call);
  while (promotion->failure().empty())
    EXPECT_TRUE(runOnce(*engine, call) == expected);
  EXPECT_TRUE(runOnce(*engine, call) == expected);
  EXPECT_EQ(receipt.tier, "0");
  EXPECT_NE(receipt.tierNote.find("planted"), std::string::npos);
  EXPECT_NE(receiptText(receipt).find("planted"), std::string::npos);
  background->stop();
}

TEST(Tiers, AStoppedThreadTakesNoWork) {
  Background background;
  std::atomic<int> ran{0};
  ASSERT_TRUE(background.enqueue([&] { ++ran; }));
  while (ran == 0)
    std::this_thread::yield();
  background.stop();
  EXPECT_FALSE(background.enqueue([&] { ++ran; }));
  EXPECT_EQ(ran, 1);
}

TEST(Tiers, EnginesEndWhileTheyCompile) {
  Arguments arguments(5, 6, 7);
  for (int round = 0; round < 20; ++round) {
    auto engine = engineOf(twoThreads());
    auto program = compile(engine, "auto");
    ASSERT_TRUE(program);
    BoundCall call;
    ASSERT_TRUE(program->bind(arguments.views, {}, call).ok());
    // Past what makes it hot, by a little or more.
    for (int k = 0; k < 990 + 5 * round; ++k)
      runOnce(*engine, call);
  }
}

TEST(Tiers, FinishedCompilesOnlyOnce) {
  Artifact artifact, optimised;
  std::unique_ptr<PendingCompile> pending;
  CompileOptions options;
  options.strict = true;
  ASSERT_TRUE(compileTierZero(kProduct, options, artifact, pending).ok());
  ASSERT_TRUE(pending);
  EXPECT_TRUE(pending->finish(optimised).ok());
  EXPECT_EQ(optimised.id, artifact.id);
  EXPECT_NE(optimised.object, artifact.object);
  EXPECT_EQ(pending->finish(optimised).code, Code::Internal);
  options.optLevel = 0; // nothing would be gained
  ASSERT_TRUE(compileTierZero(kProduct, options, artifact, pending).ok());
  EXPECT_FALSE(pending);
}
