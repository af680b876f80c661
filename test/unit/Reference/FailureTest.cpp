//===- FailureTest.cpp - every failure is an outcome with its place -------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Harness.h"

using namespace noodle_test;

static void expectFailure(StringRef program, std::vector<Value> arguments,
                          noodle_rt_status status, StringRef message,
                          const Options &options = {}) {
  std::vector<Value> results;
  Outcome outcome = tryRun(program, std::move(arguments), results, options);
  EXPECT_EQ(outcome.status, status) << outcome.message << program.str();
  EXPECT_NE(outcome.message.find(message.str()), std::string::npos)
      << outcome.message;
  EXPECT_EQ(outcome.message.find("test.mlir:"), 0u) << outcome.message;
  EXPECT_EQ(outcome.message.find('\n'), std::string::npos);
  EXPECT_TRUE(results.empty());
}

static const char *identity = R"(
func.func @main(%x: tensor<?x2xf64>) -> tensor<?x2xf64> {
  return %x : tensor<?x2xf64>
})";

TEST(Failure, ArgumentsMustHaveTheirTypes) {
  auto refuse = [](std::vector<Value> arguments, StringRef message) {
    expectFailure(identity, std::move(arguments), NOODLE_RT_INVALID_ARGUMENT,
                  message);
  };
  refuse({}, "takes 1 arguments");
  refuse({Scalar(1.0)}, "scalar");
  refuse({dense<float>({1, 2}, {1, 2})}, "element type");
  refuse({dense<double>({1, 3}, {1, 2, 3})}, "1x3");
  refuse({dense<double>({2}, {1, 2})}, "argument #0 is 2");
  refuse({csr<double>({1, 2}, {0, 0}, {}, {})}, "format");
}

TEST(Failure, UndefinedArithmetic) {
  StringRef divide = R"(
func.func @main(%a: i32, %b: i32) -> i32 {
  %r = arith.divsi %a, %b : i32
  return %r : i32
})";
  expectFailure(divide, {Scalar(int64_t(1)), Scalar(int64_t(0))},
                NOODLE_RT_CHECK_FAILED, "division by zero");
  expectFailure(divide, {Scalar(int64_t(min32)), Scalar(int64_t(-1))},
                NOODLE_RT_CHECK_FAILED, "overflows");
  expectFailure(R"(
func.func @main(%n: index) {
  %c0 = arith.constant 0 : index
  scf.for %i = %c0 to %n step %c0 { }
  return
})",
                {Scalar(int64_t(1))}, NOODLE_RT_CHECK_FAILED, "step is 0");
}

TEST(Failure, ShapesAndIndices) {
  expectFailure(R"(
func.func @main(%a: tensor<?x?xf64>, %b: tensor<?xf64>) -> tensor<?xf64> {
  %r = noodle.contract "ij,j->i" (%a, %b) : (tensor<?x?xf64>, tensor<?xf64>) -> tensor<?xf64>
  return %r : tensor<?xf64>
})",
                {dense<double>({1, 2}, {1, 2}), dense<double>({1}, {1})},
                NOODLE_RT_SHAPE_MISMATCH, "('j')");
  expectFailure(R"(
func.func @main(%a: tensor<?xf64>, %i: tensor<?xi64>) -> tensor<?xf64> {
  %r = noodle.gather %a[%i] : tensor<?xf64>, tensor<?xi64> -> tensor<?xf64>
  return %r : tensor<?xf64>
})",
                {dense<double>({2}, {1, 2}), dense<int64_t>({1}, {-1})},
                NOODLE_RT_INDEX_RANGE, "index -1 is out of range");
  expectFailure(R"(
func.func @main(%u: tensor<?xf64>, %i: tensor<?xi64>, %x: tensor<?xf64>) -> tensor<?xf64> {
  %r = noodle.scatter %u[%i] into %x : tensor<?xf64>, tensor<?xi64>, tensor<?xf64>
  return %r : tensor<?xf64>
})",
                {dense<double>({1}, {1}), dense<int64_t>({1}, {2}),
                 dense<double>({2}, {1, 2})},
                NOODLE_RT_INDEX_RANGE, "index 2 is out of range");
  expectFailure(R"(
func.func @main(%x: tensor<?xf64>) -> tensor<3xf64> {
  %r = tensor.cast %x : tensor<?xf64> to tensor<3xf64>
  return %r : tensor<3xf64>
})",
                {dense<double>({2}, {1, 2})}, NOODLE_RT_SHAPE_MISMATCH,
                "'tensor.cast' is 2");
  expectFailure(R"(
func.func @main(%x: tensor<?xf64>, %i: index) -> f64 {
  %r = tensor.extract %x[%i] : tensor<?xf64>
  return %r : f64
})",
                {dense<double>({2}, {1, 2}), Scalar(int64_t(2))},
                NOODLE_RT_INDEX_RANGE, "index 2");
  expectFailure(R"(
func.func @main(%x: tensor<?xf64>, %n: index) -> tensor<?xf64> {
  %r = tensor.extract_slice %x[1] [%n] [1] : tensor<?xf64> to tensor<?xf64>
  return %r : tensor<?xf64>
})",
                {dense<double>({2}, {1, 2}), Scalar(max64)},
                NOODLE_RT_INDEX_RANGE, "leave extent 2");
}

TEST(Failure, Check) {
  expectFailure(R"(
func.func @main(%c: i1) {
  noodle.check %c, "weights must not be negative"
  return
})",
                {Scalar(int64_t(0))}, NOODLE_RT_CHECK_FAILED,
                ": weights must not be negative");
  expectFailure(R"(
func.func @main(%c: i1) {
  noodle.check %c, "extents disagree" {status = 3 : i32}
  return
})",
                {Scalar(int64_t(0))}, NOODLE_RT_SHAPE_MISMATCH, "disagree");
}

TEST(Failure, Memory) {
  StringRef empty = R"(
func.func @main(%n: index) -> tensor<?x?xf64> {
  %r = tensor.empty(%n, %n) : tensor<?x?xf64>
  return %r : tensor<?x?xf64>
})";
  expectFailure(empty, {Scalar(int64_t(1) << 40)}, NOODLE_RT_OUT_OF_MEMORY,
                "too large");
  expectFailure(empty, {Scalar(int64_t(1) << 29)}, NOODLE_RT_OUT_OF_MEMORY,
                "out of memory");
  expectFailure(empty, {Scalar(int64_t(-1))}, NOODLE_RT_SHAPE_MISMATCH,
                "negative");
  Options options;
  options.memoryLimit = 1000;
  expectFailure(empty, {Scalar(int64_t(12))}, NOODLE_RT_OUT_OF_MEMORY,
                "of 1000", options);
  std::vector<Value> results;
  EXPECT_TRUE(tryRun(empty, {Scalar(int64_t(11))}, results, options).ok());
  // Values that are gone are given back: only two live at once here.
  EXPECT_TRUE(tryRun(R"(
func.func @main(%n: index) -> tensor<10xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %a = arith.constant dense<1.0> : tensor<10xf64>
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%p = %a) -> tensor<10xf64> {
    %q = arith.addf %p, %p : tensor<10xf64>
    scf.yield %q : tensor<10xf64>
  }
  return %r : tensor<10xf64>
})",
                     {Scalar(int64_t(100))}, results, options)
                  .ok());
}

TEST(Failure, PollEndsLoopsAndOps) {
  Options options;
  int left = 20;
  options.poll = [&] { return --left < 0 ? NOODLE_RT_DEADLINE : NOODLE_RT_OK; };
  expectFailure(R"(
func.func @main() {
  %true = arith.constant true
  scf.while : () -> () {
    scf.condition(%true)
  } do {
    scf.yield
  }
  return
})",
                {}, NOODLE_RT_DEADLINE, "the deadline passed", options);
  left = 20;
  // 2^40 products in one op.
  std::vector<float> ones(1 << 10, 1);
  expectFailure(R"(
func.func @main(%a: tensor<?xf32>) -> tensor<f32> {
  %r = noodle.contract "i,j,k,l->" (%a, %a, %a, %a) : (tensor<?xf32>, tensor<?xf32>, tensor<?xf32>, tensor<?xf32>) -> tensor<f32>
  return %r : tensor<f32>
})",
                {dense<float>({1 << 10}, ones)}, NOODLE_RT_DEADLINE,
                "the deadline passed", options);
}

TEST(Failure, OpsThatAreNotCoveredAreNamed) {
  expectFailure(R"(
func.func @main(%x: tensor<4xf32>) -> vector<4xf32> {
  %c0 = arith.constant 0 : index
  %r = arith.constant dense<0.0> : vector<4xf32>
  return %r : vector<4xf32>
})",
                {dense<float>({4}, {1, 2, 3, 4})}, NOODLE_RT_INVALID_ARGUMENT,
                "'arith.constant' with a result of type vector<4xf32> is not "
                "covered");
  expectFailure(R"(
func.func private @elsewhere()
func.func @main() {
  func.call @elsewhere() : () -> ()
  return
})",
                {}, NOODLE_RT_INVALID_ARGUMENT, "'elsewhere' has no body");
}

TEST(Failure, InsideUserSemirings) {
  expectFailure(R"(
noodle.semiring @broken : i64
  zero {
    %z = arith.constant 0 : i64
    noodle.yield %z : i64
  } one {
    %o = arith.constant 1 : i64
    noodle.yield %o : i64
  } add {
  ^bb0(%a: i64, %b: i64):
    %m = arith.addi %a, %b : i64
    noodle.yield %m : i64
  } mul {
  ^bb0(%a: i64, %b: i64):
    %m = arith.divsi %a, %b : i64
    noodle.yield %m : i64
  }
func.func @main(%a: tensor<?xi64>) -> tensor<i64> {
  %r = noodle.contract "i,i->" (%a, %a) {semiring = #noodle.semiring<@broken>} : (tensor<?xi64>, tensor<?xi64>) -> tensor<i64>
  return %r : tensor<i64>
})",
                {dense<int64_t>({2}, {1, 0})}, NOODLE_RT_CHECK_FAILED,
                "division by zero");
}
