//===- TensorTest.cpp - tensor and linalg ---------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Harness.h"

using namespace noodle_test;

TEST(Tensor, ElementsAndShapes) {
  expectRun(R"(
func.func @main(%x: tensor<?x3xi64>) -> tensor<?xindex> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %m = tensor.dim %x, %c0 : tensor<?x3xi64>
  %n = tensor.dim %x, %c1 : tensor<?x3xi64>
  %k = tensor.rank %x : tensor<?x3xi64>
  %v = tensor.extract %x[%c1, %c1] : tensor<?x3xi64>
  %i = arith.index_cast %v : i64 to index
  %r = tensor.from_elements %m, %n, %k, %i : tensor<4xindex>
  %d = tensor.cast %r : tensor<4xindex> to tensor<?xindex>
  return %d : tensor<?xindex>
})",
            {dense<int64_t>({2, 3}, {1, 2, 3, 4, 5, 6})}, [] {
              Tensor t = dense<int64_t>({4}, {2, 3, 2, 5});
              t.type = NOODLE_RT_INDEX;
              return t;
            }());
}

TEST(Tensor, InsertDoesNotTouchItsOperand) {
  expectRun(R"(
func.func @main(%x: tensor<2xi64>) -> tensor<2xi64> {
  %c0 = arith.constant 0 : index
  %v = arith.constant 9 : i64
  %y = tensor.insert %v into %x[%c0] : tensor<2xi64>
  %r = arith.addi %x, %y : tensor<2xi64>
  return %r : tensor<2xi64>
})",
            {dense<int64_t>({2}, {1, 2})}, dense<int64_t>({2}, {10, 4}));
}

TEST(Tensor, Slices) {
  expectRun(R"(
func.func @main(%x: tensor<4x4xi64>) -> tensor<2xi64> {
  %r = tensor.extract_slice %x[1, 0] [1, 2] [1, 3] : tensor<4x4xi64> to tensor<2xi64>
  return %r : tensor<2xi64>
})",
            {dense<int64_t>({4, 4}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
                                     13, 14, 15})},
            dense<int64_t>({2}, {4, 7}));
  expectRun(
      R"(
func.func @main(%s: tensor<2xi64>, %x: tensor<2x3xi64>) -> tensor<2x3xi64> {
  %r = tensor.insert_slice %s into %x[0, 1] [2, 1] [1, 1] : tensor<2xi64> into tensor<2x3xi64>
  return %r : tensor<2x3xi64>
})",
      {dense<int64_t>({2}, {7, 8}), dense<int64_t>({2, 3}, {0, 0, 0, 0, 0, 0})},
      dense<int64_t>({2, 3}, {0, 7, 0, 0, 8, 0}));
}

TEST(Tensor, ReshapesGenerateAndPad) {
  expectRun(R"(
func.func @main(%x: tensor<?x2xi64>) -> tensor<?xi64> {
  %r = tensor.collapse_shape %x [[0, 1]] : tensor<?x2xi64> into tensor<?xi64>
  return %r : tensor<?xi64>
})",
            {dense<int64_t>({2, 2}, {1, 2, 3, 4})},
            dense<int64_t>({4}, {1, 2, 3, 4}));
  expectRun(R"(
func.func @main(%x: tensor<?xi64>, %n: index) -> tensor<?x2xi64> {
  %r = tensor.expand_shape %x [[0, 1]] output_shape [%n, 2] : tensor<?xi64> into tensor<?x2xi64>
  return %r : tensor<?x2xi64>
})",
            {dense<int64_t>({4}, {1, 2, 3, 4}), Scalar(int64_t(2))},
            dense<int64_t>({2, 2}, {1, 2, 3, 4}));
  expectRun(R"(
func.func @main(%n: index) -> tensor<?x2xi64> {
  %r = tensor.generate %n {
  ^bb0(%i: index, %j: index):
    %s = arith.addi %i, %j : index
    %v = arith.index_cast %s : index to i64
    tensor.yield %v : i64
  } : tensor<?x2xi64>
  return %r : tensor<?x2xi64>
})",
            {Scalar(int64_t(3))}, dense<int64_t>({3, 2}, {0, 1, 1, 2, 2, 3}));
  expectRun(R"(
func.func @main(%x: tensor<2xi64>) -> tensor<5xi64> {
  %v = arith.constant 9 : i64
  %r = tensor.pad %x low[1] high[2] {
  ^bb0(%i: index):
    tensor.yield %v : i64
  } : tensor<2xi64> to tensor<5xi64>
  return %r : tensor<5xi64>
})",
            {dense<int64_t>({2}, {1, 2})},
            dense<int64_t>({5}, {9, 1, 2, 9, 9}));
}

TEST(Linalg, GenericAndFill) {
  expectRun(R"(
func.func @main(%a: tensor<?x?xi64>, %o: tensor<?xi64>) -> tensor<?xi64> {
  %z = arith.constant 0 : i64
  %f = linalg.fill ins(%z : i64) outs(%o : tensor<?xi64>) -> tensor<?xi64>
  %r = linalg.generic {
    indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>],
    iterator_types = ["parallel", "reduction"]}
    ins(%a : tensor<?x?xi64>) outs(%f : tensor<?xi64>) {
  ^bb0(%x: i64, %s: i64):
    %j = linalg.index 1 : index
    %w = arith.index_cast %j : index to i64
    %p = arith.muli %x, %w : i64
    %t = arith.addi %s, %p : i64
    linalg.yield %t : i64
  } -> tensor<?xi64>
  return %r : tensor<?xi64>
})",
            {dense<int64_t>({2, 3}, {1, 2, 3, 4, 5, 6}),
             dense<int64_t>({2}, {77, 77})},
            dense<int64_t>({2}, {8, 17}));
}

TEST(Linalg, Matmul) {
  expectRun(R"(
func.func @main(%a: tensor<2x3xf64>, %b: tensor<3x1xf64>, %c: tensor<2x1xf64>) -> tensor<2x1xf64> {
  %r = linalg.matmul ins(%a, %b : tensor<2x3xf64>, tensor<3x1xf64>) outs(%c : tensor<2x1xf64>) -> tensor<2x1xf64>
  return %r : tensor<2x1xf64>
})",
            {dense<double>({2, 3}, {1, 2, 3, 4, 5, 6}),
             dense<double>({3, 1}, {1, 1, 2}), dense<double>({2, 1}, {10, 20})},
            dense<double>({2, 1}, {19, 41}));
}

/// A whole op: its operands, maps and bodies are given.
static std::string fusedContract(StringRef head, StringRef lhs, StringRef rhs,
                                 StringRef epilogue, StringRef result) {
  return (head + " lhs_body {\n" + lhs + "\n} rhs_body {\n" + rhs +
          R"(
} combine {
^bb0(%x: i64, %y: i64, %s: i64):
  %p = arith.muli %x, %y : i64
  %t = arith.addi %s, %p : i64
  noodle.yield %t : i64
} epilogue {
)" + epilogue +
          "\n} : " + result + "\n  return %r : " + result + "\n}\n")
      .str();
}

TEST(FusedContract, BodiesExtrasAndScalars) {
  // (a - k) b + bias, with a stored transposed and bias a row.
  expectRun(fusedContract(R"(
func.func @main(%a: tensor<?x?xi64>, %b: tensor<?x?xi64>, %e: tensor<1x?xi64>, %o: tensor<?x?xi64>) -> tensor<?x?xi64> {
  %k = arith.constant 1 : i64
  %r = noodle.fused_contract lhs(%a : tensor<?x?xi64>) rhs(%b : tensor<?x?xi64>)
    extras(%e : tensor<1x?xi64>) scalars(%k : i64) outs(%o : tensor<?x?xi64>)
    {indexing_maps = [affine_map<(i, j, k) -> (k, i)>, affine_map<(i, j, k) -> (k, j)>,
                      affine_map<(i, j, k) -> (0, j)>, affine_map<(i, j, k) -> (i, j)>],
     zero = 0 : i64}
)",
                          R"(^bb0(%x: i64, %k1: i64):
  %v = arith.subi %x, %k1 : i64
  noodle.yield %v : i64)",
                          "^bb0(%x: i64, %k1: i64):\n  noodle.yield %x : i64",
                          R"(^bb0(%s: i64, %bias: i64, %k1: i64):
  %v = arith.addi %s, %bias : i64
  noodle.yield %v : i64)",
                          "tensor<?x?xi64>"),
            {dense<int64_t>({3, 1}, {2, 3, 4}),
             dense<int64_t>({3, 2}, {1, 10, 1, 10, 1, 10}),
             dense<int64_t>({1, 2}, {1000, 2000}),
             dense<int64_t>({1, 2}, {9, 9})},
            dense<int64_t>({1, 2}, {1006, 2060}));
}

TEST(FusedContract, DiagonalAccumulatedWithoutRhs) {
  std::string program = fusedContract(
      R"(
func.func @main(%a: tensor<?x?xi64>, %o: tensor<i64>) -> tensor<i64> {
  %r = noodle.fused_contract lhs(%a : tensor<?x?xi64>) outs(%o : tensor<i64>)
    {accumulate, indexing_maps = [affine_map<(i) -> (i, i)>, affine_map<(i) -> ()>],
     zero = 0 : i64}
)",
      "^bb0(%x: i64):\n  noodle.yield %x : i64",
      "^bb0:\n  %one = arith.constant 1 : i64\n  noodle.yield %one : i64",
      "^bb0(%s: i64):\n  noodle.yield %s : i64", "tensor<i64>");
  expectRun(
      program,
      {dense<int64_t>({2, 2}, {1, 10, 100, 5}), dense<int64_t>({}, {1000})},
      dense<int64_t>({}, {1006}));
  // Nothing to add.
  expectRun(program, {dense<int64_t>({0, 0}, {}), dense<int64_t>({}, {1000})},
            dense<int64_t>({}, {1000}));
  std::vector<Value> results;
  Outcome outcome = tryRun(
      program, {dense<int64_t>({1, 2}, {1, 2}), dense<int64_t>({}, {1000})},
      results);
  EXPECT_EQ(outcome.status, NOODLE_RT_SHAPE_MISMATCH);
  EXPECT_NE(outcome.message.find("operand 0 has extent 2 in dimension 1, but "
                                 "another has 1"),
            std::string::npos)
      << outcome.message;
}
