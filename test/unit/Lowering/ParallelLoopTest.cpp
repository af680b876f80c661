//===- ParallelLoopTest.cpp - outlined loops on several threads -----------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Harness.h"

#include "gtest/gtest.h"
#include <atomic>
#include <random>

using namespace noodle::test;

namespace {

const char *kProgram = R"(
#A = affine_map<(i, j, k) -> (i, k)>
#B = affine_map<(i, j, k) -> (k, j)>
#C = affine_map<(i, j, k) -> (i, j)>
#M = affine_map<(i, j) -> (i, j)>
func.func @main(%a: tensor<?x?xf32>, %b: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %m = tensor.dim %a, %c0 : tensor<?x?xf32>
  %n = tensor.dim %b, %c1 : tensor<?x?xf32>
  %z = arith.constant 0.0 : f32
  %e = tensor.empty(%m, %n) : tensor<?x?xf32>
  %f = linalg.fill ins(%z : f32) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  %c = linalg.generic {indexing_maps = [#A, #B, #C], iterator_types = ["parallel", "parallel", "reduction"], noodle.schedule = "tiled"} ins(%a, %b : tensor<?x?xf32>, tensor<?x?xf32>) outs(%f : tensor<?x?xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %p = arith.mulf %x, %y : f32
    %s = arith.addf %o, %p : f32
    linalg.yield %s : f32
  } -> tensor<?x?xf32>
  %g = tensor.empty(%m, %n) : tensor<?x?xf32>
  %d = linalg.generic {indexing_maps = [#M, #M], iterator_types = ["parallel", "parallel"]} ins(%c : tensor<?x?xf32>) outs(%g : tensor<?x?xf32>) {
  ^bb0(%x: f32, %o: f32):
    %t = math.tanh %x : f32
    linalg.yield %t : f32
  } -> tensor<?x?xf32>
  return %d : tensor<?x?xf32>
}
)";

/// Runs chunks in descending order, so that code that relies on an order shows.
struct Backwards final : noodle::rt::Executor {
  void run(int64_t chunks, void (*chunk)(void *, int64_t),
           void *data) override {
    regions++;
    most = std::max(most, chunks);
    for (int64_t k = chunks; k-- > 0;)
      chunk(data, k);
  }
  int concurrency() const override { return 8; }
  int64_t regions = 0, most = 0;
};

TEST(ParallelLoop, SameBitsOnAnyExecutor) {
  std::string error;
  auto program = Program::compile(kProgram, error);
  ASSERT_TRUE(program) << error;
  const int64_t m = 300, k = 170, n = 700;
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> a(m * k), b(k * n);
  for (float &x : a)
    x = normal(random) / 8;
  for (float &x : b)
    x = normal(random) / 8;
  auto workers = noodle::rt::createWorkerPool(3);
  Backwards backwards;
  std::vector<std::vector<float>> results;
  for (noodle::rt::Executor *executor :
       {static_cast<noodle::rt::Executor *>(nullptr), workers.get(),
        static_cast<noodle::rt::Executor *>(&backwards)}) {
    noodle::rt::CallOptions options;
    options.executor = executor;
    Call call(options);
    ASSERT_EQ(call(program->entry("main"),
                   {dense(a.data(), {m, k}), dense(b.data(), {k, n})}, 1),
              NOODLE_RT_OK)
        << call.message();
    auto *values = static_cast<float *>(call.results[0].values);
    results.emplace_back(values, values + m * n);
  }
  EXPECT_EQ(results[0], results[1]);
  EXPECT_EQ(results[0], results[2]);
  // The fill, the product and the map ran in pieces.
  EXPECT_EQ(backwards.regions, 3);
  EXPECT_GT(backwards.most, 1);
}

TEST(ParallelLoop, SmallLoopsStayWhole) {
  std::string error;
  auto program = Program::compile(kProgram, error);
  ASSERT_TRUE(program) << error;
  std::vector<float> a(16, 1), b(16, 1);
  Backwards executor;
  noodle::rt::CallOptions options;
  options.executor = &executor;
  Call call(options);
  ASSERT_EQ(call(program->entry("main"),
                 {dense(a.data(), {4, 4}), dense(b.data(), {4, 4})}, 1),
            NOODLE_RT_OK);
  EXPECT_LE(executor.most, 1);
}

TEST(ParallelLoop, StopReachesItsBody) {
  std::string error;
  auto program = Program::compile(kProgram, error);
  ASSERT_TRUE(program) << error;
  const int64_t n = 256;
  std::vector<float> a(n * n, 1), b(n * n, 1);
  noodle::rt::CancelToken cancel;
  cancel.cancel();
  noodle::rt::CallOptions options;
  options.cancel = &cancel;
  Call call(options);
  EXPECT_EQ(call(program->entry("main"),
                 {dense(a.data(), {n, n}), dense(b.data(), {n, n})}, 1),
            NOODLE_RT_CANCELLED);
}

} // namespace
