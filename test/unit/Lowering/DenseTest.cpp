//===- DenseTest.cpp - dense programs through the back half ---------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Harness.h"

#include "gtest/gtest.h"
#include <random>

using namespace noodle::test;

namespace {

std::unique_ptr<Program> compile(const std::string &text) {
  std::string error;
  auto program = Program::compile(text, error);
  EXPECT_TRUE(program) << error;
  return program;
}

const char *kPowerLoop = R"(
#v = affine_map<(i) -> (i)>
func.func @main(%a: tensor<?xf64>, %n: i64) -> (tensor<?xf64>, f64) {
  %c0 = arith.constant 0 : index
  %one = arith.constant 1 : i64
  %zero = arith.constant 0 : i64
  %ok = arith.cmpi sge, %n, %zero : i64
  noodle.check %ok, "n must not be negative" loc("loop.mlir":4:3)
  %d = tensor.dim %a, %c0 : tensor<?xf64>
  %r:2 = scf.while (%x = %a, %i = %zero) : (tensor<?xf64>, i64) -> (tensor<?xf64>, i64) {
    noodle.poll
    %c = arith.cmpi slt, %i, %n : i64
    scf.condition(%c) %x, %i : tensor<?xf64>, i64
  } do {
  ^bb0(%x: tensor<?xf64>, %i: i64):
    %e = tensor.empty(%d) : tensor<?xf64>
    %y = linalg.generic {indexing_maps = [#v, #v], iterator_types = ["parallel"]} ins(%x : tensor<?xf64>) outs(%e : tensor<?xf64>) {
    ^bb0(%p: f64, %o: f64):
      %k = arith.constant 0.5 : f64
      %m = arith.mulf %p, %k : f64
      linalg.yield %m : f64
    } -> tensor<?xf64>
    %e2 = tensor.empty(%d) : tensor<?xf64>
    %y2 = linalg.generic {indexing_maps = [#v, #v, #v], iterator_types = ["parallel"]} ins(%y, %a : tensor<?xf64>, tensor<?xf64>) outs(%e2 : tensor<?xf64>) {
    ^bb0(%p: f64, %q: f64, %o: f64):
      %m = arith.addf %p, %q : f64
      linalg.yield %m : f64
    } -> tensor<?xf64>
    %j = arith.addi %i, %one : i64
    scf.yield %y2, %j : tensor<?xf64>, i64
  }
  %s = tensor.extract %r#0[%c0] : tensor<?xf64>
  return %r#0, %s : tensor<?xf64>, f64
}
)";

TEST(Dense, LoopFreesItsIntermediates) {
  auto program = compile(kPowerLoop);
  ASSERT_TRUE(program);
  noodle_rt_entry main = program->entry("main");
  ASSERT_TRUE(main);
  std::vector<double> a(1000, 1.0);
  int64_t n = 100000;
  noodle::rt::CallOptions options;
  options.memoryLimit = 6 * 8 * 1024;
  Call call(options);
  ASSERT_EQ(call(main, {dense(a.data(), {1000}), scalar(&n)}, 2), NOODLE_RT_OK)
      << call.message();
  auto *values = static_cast<double *>(call.results[0].values);
  EXPECT_EQ(call.results[0].extents[0], 1000);
  EXPECT_DOUBLE_EQ(values[0], 2.0);
  EXPECT_DOUBLE_EQ(values[999], 2.0);
  EXPECT_DOUBLE_EQ(*static_cast<double *>(call.results[1].values), 2.0);
  EXPECT_EQ(a[0], 1.0);
  EXPECT_TRUE(call.context.owns(values));
  EXPECT_EQ(call.context.liveBytes(), 8000);
}

TEST(Dense, FailedCheckSaysWhere) {
  auto program = compile(kPowerLoop);
  ASSERT_TRUE(program);
  std::vector<double> a(10, 1.0);
  int64_t n = -1;
  Call call;
  EXPECT_EQ(
      call(program->entry("main"), {dense(a.data(), {10}), scalar(&n)}, 2),
      NOODLE_RT_CHECK_FAILED);
  EXPECT_EQ(call.message(), "loop.mlir:4:3: n must not be negative");
}

TEST(Dense, DeadlineEndsALoop) {
  auto program = compile(kPowerLoop);
  ASSERT_TRUE(program);
  std::vector<double> a(10, 1.0);
  int64_t n = INT64_MAX;
  noodle::rt::CallOptions options;
  options.deadlineMillis = 20;
  Call call(options);
  EXPECT_EQ(
      call(program->entry("main"), {dense(a.data(), {10}), scalar(&n)}, 2),
      NOODLE_RT_DEADLINE);
}

TEST(Dense, EveryAllocationMayFail) {
  auto program = compile(kPowerLoop);
  ASSERT_TRUE(program);
  std::vector<double> a(10, 1.0);
  int64_t n = 3, failures = 0;
  for (int64_t k = 1;; ++k) {
    Call call;
    call.pool.failAllocation(k);
    noodle_rt_status status =
        call(program->entry("main"), {dense(a.data(), {10}), scalar(&n)}, 2);
    if (status == NOODLE_RT_OK)
      break;
    ASSERT_EQ(status, NOODLE_RT_OUT_OF_MEMORY);
    ++failures;
  }
  EXPECT_GE(failures, 3);
}

} // namespace
