//===- ControlTest.cpp - calls, loops, branches ---------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Harness.h"

using namespace noodle_test;

TEST(Control, ForCarriesTensors) {
  expectRun(R"(
func.func @main(%a: tensor<2x2xi64>, %n: index) -> tensor<2x2xi64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%p = %a) -> tensor<2x2xi64> {
    %q = noodle.matmul %p, %a : tensor<2x2xi64>, tensor<2x2xi64> -> tensor<2x2xi64>
    scf.yield %q : tensor<2x2xi64>
  }
  return %r : tensor<2x2xi64>
})",
            {dense<int64_t>({2, 2}, {1, 1, 1, 0}), Scalar(int64_t(9))},
            dense<int64_t>({2, 2}, {89, 55, 55, 34}));
}

TEST(Control, ForBounds) {
  StringRef program = R"(
func.func @main(%lo: i32, %hi: i32, %step: i32) -> i32 {
  %z = arith.constant 0 : i32
  %one = arith.constant 1 : i32
  %r = scf.for %i = %lo to %hi step %step iter_args(%n = %z) -> i32 : i32 {
    %m = arith.addi %n, %one : i32
    scf.yield %m : i32
  }
  return %r : i32
})";
  auto expect = [&](int64_t lo, int64_t hi, int64_t step, int64_t expected) {
    expectRun(program, {Scalar(lo), Scalar(hi), Scalar(step)},
              Scalar(expected));
  };
  expect(0, 10, 3, 4);
  expect(5, 5, 1, 0);
  expect(7, 5, 1, 0);
  expect(max32 - 3, max32, 2, 2); // the last step would wrap
}

TEST(Control, WhileIfSwitch) {
  // Collatz steps from 27.
  expectRun(R"(
func.func @main(%n: i64) -> i64 {
  %c0 = arith.constant 0 : i64
  %c1 = arith.constant 1 : i64
  %c2 = arith.constant 2 : i64
  %c3 = arith.constant 3 : i64
  %r:2 = scf.while (%x = %n, %k = %c0) : (i64, i64) -> (i64, i64) {
    %go = arith.cmpi ne, %x, %c1 : i64
    scf.condition(%go) %x, %k : i64, i64
  } do {
  ^bb0(%x: i64, %k: i64):
    %odd = arith.trunci %x : i64 to i1
    %y = scf.if %odd -> i64 {
      %t = arith.muli %x, %c3 : i64
      %u = arith.addi %t, %c1 : i64
      scf.yield %u : i64
    } else {
      %t = arith.divsi %x, %c2 : i64
      scf.yield %t : i64
    }
    %l = arith.addi %k, %c1 : i64
    scf.yield %y, %l : i64, i64
  }
  return %r#1 : i64
})",
            {Scalar(int64_t(27))}, Scalar(int64_t(111)));
  StringRef choose = R"(
func.func @main(%i: index) -> i64 {
  %r = scf.index_switch %i -> i64
  case 2 {
    %a = arith.constant 20 : i64
    scf.yield %a : i64
  }
  case 5 {
    %a = arith.constant 50 : i64
    scf.yield %a : i64
  }
  default {
    %a = arith.constant -1 : i64
    scf.yield %a : i64
  }
  return %r : i64
})";
  expectRun(choose, {Scalar(int64_t(5))}, Scalar(int64_t(50)));
  expectRun(choose, {Scalar(int64_t(3))}, Scalar(int64_t(-1)));
}

TEST(Control, ForallAndParallel) {
  expectRun(R"(
func.func @main(%x: tensor<4xi64>) -> tensor<4xi64> {
  %o = tensor.empty() : tensor<4xi64>
  %r = scf.forall (%i) = (0) to (4) step (2) shared_outs(%s = %o) -> tensor<4xi64> {
    %t = tensor.extract_slice %x[%i] [2] [1] : tensor<4xi64> to tensor<2xi64>
    %u = arith.addi %t, %t : tensor<2xi64>
    scf.forall.in_parallel {
      tensor.parallel_insert_slice %u into %s[%i] [2] [1] : tensor<2xi64> into tensor<4xi64>
    }
  }
  return %r : tensor<4xi64>
})",
            {dense<int64_t>({4}, {1, 2, 3, 4})},
            dense<int64_t>({4}, {2, 4, 6, 8}));
  expectRun(R"(
func.func @main(%n: index) -> index {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %r = scf.parallel (%i, %j) = (%c0, %c0) to (%n, %n) step (%c1, %c1) init (%c0) -> index {
    %p = arith.muli %i, %j : index
    scf.reduce(%p : index) {
    ^bb0(%a: index, %b: index):
      %s = arith.addi %a, %b : index
      scf.reduce.return %s : index
    }
  }
  return %r : index
})",
            {Scalar(int64_t(4))}, Scalar(int64_t(36)));
}

TEST(Control, RecursiveCalls) {
  StringRef program = R"(
func.func @main(%n: i64) -> i64 {
  %c0 = arith.constant 0 : i64
  %c1 = arith.constant 1 : i64
  %last = arith.cmpi eq, %n, %c0 : i64
  %r = scf.if %last -> i64 {
    scf.yield %c1 : i64
  } else {
    %m = arith.subi %n, %c1 : i64
    %p = func.call @main(%m) : (i64) -> i64
    %q = arith.muli %p, %n : i64
    scf.yield %q : i64
  }
  return %r : i64
})";
  expectRun(program, {Scalar(int64_t(10))}, Scalar(int64_t(3628800)));
  std::vector<Value> results;
  Outcome outcome = tryRun(program, {Scalar(int64_t(-1))}, results);
  EXPECT_EQ(outcome.status, NOODLE_RT_INVALID_ARGUMENT);
  EXPECT_NE(outcome.message.find("500 deep"), std::string::npos)
      << outcome.message;
}
