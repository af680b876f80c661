//===- OpsTest.cpp - map, reduce, movement, conversion --------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Harness.h"

using namespace noodle_test;

TEST(Map, RegionWithScalarAndBroadcast) {
  expectRun(R"(
func.func @main(%x: tensor<?x2xf32>, %y: tensor<1x2xf32>, %k: f32) -> tensor<?x2xf32> {
  %r = noodle.map (%x, %y, %k) : (tensor<?x2xf32>, tensor<1x2xf32>, f32) -> tensor<?x2xf32> {
  ^bb0(%a: f32, %b: f32, %c: f32):
    %m = arith.mulf %a, %c : f32
    %s = arith.addf %m, %b : f32
    noodle.yield %s : f32
  }
  return %r : tensor<?x2xf32>
})",
            {dense<float>({3, 2}, {1, 2, 3, 4, 5, 6}),
             dense<float>({1, 2}, {10, 20}), Scalar(2.0f)},
            dense<float>({3, 2}, {12, 24, 16, 28, 20, 32}));
}

static const char *plusOne = R"(
func.func private @plus_one(%a: i64) -> i64 {
  %one = arith.constant 1 : i64
  %r = arith.addi %a, %one : i64
  return %r : i64
}
)";

TEST(Map, CalleeOverStoredAndAll) {
  Tensor a = csr<int64_t>({2, 2}, {0, 1, 2}, {1, 0}, {5, -1});
  expectRun(std::string(plusOne) + R"(
func.func @main(%x: tensor<?x?xi64, #csr>) -> tensor<?x?xi64, #csr> {
  %r = noodle.map @plus_one (%x) : (tensor<?x?xi64, #csr>) -> tensor<?x?xi64, #csr>
  return %r : tensor<?x?xi64, #csr>
})",
            {a}, csr<int64_t>({2, 2}, {0, 1, 2}, {1, 0}, {6, 0}));
  expectRun(std::string(plusOne) + R"(
func.func @main(%x: tensor<?x?xi64, #csr>) -> tensor<?x?xi64> {
  %r = noodle.map @plus_one (%x) {absent = 40 : i64} : (tensor<?x?xi64, #csr>) -> tensor<?x?xi64>
  return %r : tensor<?x?xi64>
})",
            {a}, dense<int64_t>({2, 2}, {40, 6, 0, 40}));
  expectRun(std::string(plusOne) + R"(
func.func @main(%x: tensor<?x?xi64, #csr>) -> tensor<?x?xi64> {
  %r = noodle.map @plus_one (%x) {over = #noodle.over<all>, absent = 40 : i64} : (tensor<?x?xi64, #csr>) -> tensor<?x?xi64>
  return %r : tensor<?x?xi64>
})",
            {a}, dense<int64_t>({2, 2}, {41, 6, 0, 41}));
}

TEST(Softmax, Rows) {
  StringRef program = R"(
func.func @main(%x: tensor<?x?xf64>) -> tensor<?x?xf64> {
  %r = noodle.softmax %x {axis = 1 : i64} : tensor<?x?xf64>
  return %r : tensor<?x?xf64>
})";
  double e = std::exp(-1.0);
  expectRun(program, {dense<double>({2, 2}, {1000, 999, 0, 0})},
            dense<double>({2, 2}, {1 / (1 + e), e / (1 + e), 0.5, 0.5}),
            {1e-15, 0, std::nullopt});
  expectRun(program, {dense<double>({3, 2}, {-inf, -inf, nan64, 1, inf, 0})},
            dense<double>({3, 2}, {nan64, nan64, nan64, nan64, nan64, nan64}));
  expectRun(program, {dense<double>({1, 2}, {-inf, 3})},
            dense<double>({1, 2}, {0, 1}));
  expectRun(program, {dense<double>({2, 0}, {})}, dense<double>({2, 0}, {}));
}

TEST(LayerNorm, ScaleAndShift) {
  expectRun(R"(
func.func @main(%x: tensor<?x2xf64>, %g: tensor<2xf64>, %b: tensor<2xf64>) -> tensor<?x2xf64> {
  %r = noodle.layer_norm %x scale(%g : tensor<2xf64>) shift(%b : tensor<2xf64>) {epsilon = 0.0 : f64} : tensor<?x2xf64>
  return %r : tensor<?x2xf64>
})",
            {dense<double>({2, 2}, {1, 3, 10, 6}), dense<double>({2}, {1, 2}),
             dense<double>({2}, {0, 10})},
            dense<double>({2, 2}, {-1, 12, 1, 8}));
}

TEST(Reduce, DenseAndEmpty) {
  StringRef program = R"(
func.func @main(%x: tensor<?x?xf64>) -> tensor<?xf64> {
  %r = noodle.reduce %x {dims = array<i64: 1>, semiring = #noodle.semiring<max_plus>} : tensor<?x?xf64> -> tensor<?xf64>
  return %r : tensor<?xf64>
})";
  expectRun(program, {dense<double>({2, 3}, {1, 5, 2, -7, nan64, 0})},
            dense<double>({2}, {5, nan64}));
  expectRun(program, {dense<double>({2, 0}, {})},
            dense<double>({2}, {-inf, -inf}));
}

TEST(Reduce, AbsentCountsOnlyWhenStated) {
  Tensor a = csc<int64_t>({2, 3}, {0, 1, 1, 2}, {1, 0}, {5, 7});
  expectRun(R"(
func.func @main(%x: tensor<?x?xi64, #csc>) -> tensor<?xi64> {
  %r = noodle.reduce %x {dims = array<i64: 0>, semiring = #noodle.semiring<min_plus>} : tensor<?x?xi64, #csc> -> tensor<?xi64>
  return %r : tensor<?xi64>
})",
            {a}, dense<int64_t>({3}, {5, max64, 7}));
  expectRun(R"(
func.func @main(%x: tensor<?x?xi64, #csc>) -> tensor<i64> {
  %r = noodle.reduce %x {dims = array<i64: 0, 1>, absent = 2 : i64} : tensor<?x?xi64, #csc> -> tensor<i64>
  return %r : tensor<i64>
})",
            {a}, dense<int64_t>({}, {20}));
}

TEST(Movement, Transpose) {
  expectRun(R"(
func.func @main(%x: tensor<2x3x1xi32>) -> tensor<3x1x2xi32> {
  %r = noodle.transpose %x {permutation = array<i64: 1, 2, 0>} : tensor<2x3x1xi32> -> tensor<3x1x2xi32>
  return %r : tensor<3x1x2xi32>
})",
            {dense<int32_t>({2, 3, 1}, {1, 2, 3, 4, 5, 6})},
            dense<int32_t>({3, 1, 2}, {1, 4, 2, 5, 3, 6}));
  Tensor a = csr<int32_t>({2, 3}, {0, 2, 3}, {0, 2, 1}, {1, 2, 3});
  expectRun(R"(
func.func @main(%x: tensor<?x?xi32, #csr>) -> tensor<?x?xi32, #csc> {
  %r = noodle.transpose %x {permutation = array<i64: 1, 0>} : tensor<?x?xi32, #csr> -> tensor<?x?xi32, #csc>
  return %r : tensor<?x?xi32, #csc>
})",
            {a}, csc<int32_t>({3, 2}, {0, 2, 3}, {0, 2, 1}, {1, 2, 3}));
  expectRun(R"(
func.func @main(%x: tensor<?x?xi32, #csr>) -> tensor<?x?xi32, #csr> {
  %r = noodle.transpose %x {permutation = array<i64: 1, 0>} : tensor<?x?xi32, #csr> -> tensor<?x?xi32, #csr>
  return %r : tensor<?x?xi32, #csr>
})",
            {a}, csr<int32_t>({3, 2}, {0, 1, 2, 3}, {0, 1, 0}, {1, 3, 2}));
}

TEST(Movement, Concat) {
  expectRun(
      R"(
func.func @main(%x: tensor<2x?xi64>, %y: tensor<2x?xi64>) -> tensor<2x?xi64> {
  %r = noodle.concat (%x, %y) {axis = 1 : i64} : (tensor<2x?xi64>, tensor<2x?xi64>) -> tensor<2x?xi64>
  return %r : tensor<2x?xi64>
})",
      {dense<int64_t>({2, 1}, {1, 2}), dense<int64_t>({2, 2}, {3, 4, 5, 6})},
      dense<int64_t>({2, 3}, {1, 3, 4, 2, 5, 6}));
  expectRun(R"(
func.func @main(%x: tensor<?x2xi64, #csr>, %y: tensor<?x2xi64, #csc>) -> tensor<?x2xi64, #csr> {
  %r = noodle.concat (%x, %y) {axis = 0 : i64} : (tensor<?x2xi64, #csr>, tensor<?x2xi64, #csc>) -> tensor<?x2xi64, #csr>
  return %r : tensor<?x2xi64, #csr>
})",
            {csr<int64_t>({1, 2}, {0, 1}, {1}, {4}),
             csc<int64_t>({2, 2}, {0, 1, 3}, {1, 0, 1}, {5, 6, 7})},
            csr<int64_t>({3, 2}, {0, 1, 2, 4}, {1, 1, 0, 1}, {4, 6, 5, 7}));
}

TEST(Movement, GatherAndScatter) {
  expectRun(R"(
func.func @main(%x: tensor<2x3xi64>, %i: tensor<?xi32>) -> tensor<2x?xi64> {
  %r = noodle.gather %x[%i] {axis = 1 : i64} : tensor<2x3xi64>, tensor<?xi32> -> tensor<2x?xi64>
  return %r : tensor<2x?xi64>
})",
            {dense<int64_t>({2, 3}, {1, 2, 3, 4, 5, 6}),
             dense<int32_t>({4}, {2, 0, 2, 1})},
            dense<int64_t>({2, 4}, {3, 1, 3, 2, 6, 4, 6, 5}));
  expectRun(R"(
func.func @main(%u: tensor<?x2xi64>, %i: tensor<?xi64>, %x: tensor<3x2xi64>) -> tensor<3x2xi64> {
  %r = noodle.scatter %u[%i] into %x {axis = 0 : i64} : tensor<?x2xi64>, tensor<?xi64>, tensor<3x2xi64>
  return %r : tensor<3x2xi64>
})",
            {dense<int64_t>({3, 2}, {1, 2, 3, 4, 5, 6}),
             dense<int64_t>({3}, {2, 0, 2}),
             dense<int64_t>({3, 2}, {100, 100, 100, 100, 100, 100})},
            dense<int64_t>({3, 2}, {103, 104, 100, 100, 106, 108}));
}

TEST(Convert, Elements) {
  expectRun(R"(
func.func @main(%x: tensor<?xf64>) -> tensor<?xi32> {
  %r = noodle.convert %x : tensor<?xf64> -> tensor<?xi32>
  return %r : tensor<?xi32>
})",
            {dense<double>({7}, {1.9, -1.9, nan64, 1e30, -inf, 0, -0.5})},
            dense<int32_t>({7}, {1, -1, 0, max32, min32, 0, 0}));
  expectRun(R"(
func.func @main(%x: tensor<?xf32>) -> tensor<?xi64> {
  %r = noodle.convert %x : tensor<?xf32> -> tensor<?xi64>
  return %r : tensor<?xi64>
})",
            {dense<float>({3}, {9.3e18f, -9.3e18f, 3})},
            dense<int64_t>({3}, {max64, min64, 3}));
  expectRun(R"(
func.func @main(%x: tensor<?xf64>) -> tensor<?xi1> {
  %r = noodle.convert %x : tensor<?xf64> -> tensor<?xi1>
  return %r : tensor<?xi1>
})",
            {dense<double>({4}, {0.25, -0.0, nan64, 2})},
            dense<bool>({4}, {true, false, true, true}));
  expectRun(R"(
func.func @main(%x: tensor<?xi1>) -> tensor<?xf32> {
  %r = noodle.convert %x : tensor<?xi1> -> tensor<?xf32>
  return %r : tensor<?xf32>
})",
            {dense<bool>({2}, {true, false})}, dense<float>({2}, {1, 0}));
  expectRun(R"(
func.func @main(%x: tensor<?xi64>) -> tensor<?xi32> {
  %r = noodle.convert %x : tensor<?xi64> -> tensor<?xi32>
  return %r : tensor<?xi32>
})",
            {dense<int64_t>({2}, {int64_t(1) << 31, -1})},
            dense<int32_t>({2}, {min32, -1}));
}

TEST(Convert, Formats) {
  Tensor a = csr<double>({2, 2}, {0, 2, 2}, {0, 1}, {0, 5});
  expectRun(R"(
func.func @main(%x: tensor<?x?xf64, #csr>) -> tensor<?x?xf64> {
  %r = noodle.convert %x {absent = 0x7FF0000000000000 : f64} : tensor<?x?xf64, #csr> -> tensor<?x?xf64>
  return %r : tensor<?x?xf64>
})",
            {a}, dense<double>({2, 2}, {0, 5, inf, inf}));
  expectRun(R"(
func.func @main(%x: tensor<?x?xf64>) -> tensor<?x?xf64, #csc> {
  %r = noodle.convert %x {absent = 0x7FF0000000000000 : f64} : tensor<?x?xf64> -> tensor<?x?xf64, #csc>
  return %r : tensor<?x?xf64, #csc>
})",
            {dense<double>({2, 2}, {0, 5, inf, nan64})},
            csc<double>({2, 2}, {0, 1, 3}, {0, 0, 1}, {0, 5, nan64}),
            {0, 0, Scalar(inf)});
  expectRun(R"(
func.func @main(%x: tensor<?x?xf64, #csr>) -> tensor<?x?xf64, #csc> {
  %r = noodle.convert %x : tensor<?x?xf64, #csr> -> tensor<?x?xf64, #csc>
  return %r : tensor<?x?xf64, #csc>
})",
            {a}, csc<double>({2, 2}, {0, 1, 2}, {0, 0}, {0, 5}));
  expectRun(R"(
func.func @main(%x: tensor<?x?xf64, #csr>) -> index {
  %r = sparse_tensor.number_of_entries %x : tensor<?x?xf64, #csr>
  return %r : index
})",
            {a}, Scalar(int64_t(2)));
}
