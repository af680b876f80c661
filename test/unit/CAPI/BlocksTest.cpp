//===- BlocksTest.cpp - BSR views through the C API -----------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "noodle-c/noodle.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace {

// 4 x 6 in blocks of 2 x 3:
//   1 2 3 . . .
//   4 5 6 . . .
//   7 0 0 0 0 8
//   0 0 0 9 0 0
template <typename I> struct Matrix {
  std::vector<I> positions{0, 1, 3}, coordinates{0, 0, 1};
  std::vector<double> values{1, 2, 3, 4, 5, 6, 7, 0, 0,
                             0, 0, 0, 0, 0, 8, 9, 0, 0};
  noodle_tensor view() const {
    return noodle_tensor_bsr(
        NOODLE_F64, 4, 6, 2, 3, int64_t(coordinates.size()), sizeof(I),
        positions.data(), coordinates.data(), values.data());
  }
};

template <typename I> void product() {
  noodle::Engine engine;
  Matrix<I> a;
  std::vector<double> x{1, 10, 100, 1000, 10000, 100000};
  auto matrix = engine.bsr(4, 6, 2, 3, a.positions, a.coordinates, a.values);
  noodle::Array y = noodle::contract("ij,j->i", matrix, engine.dense(x, {6}));
  auto values = y.values<double>();
  EXPECT_EQ(std::vector<double>(values.begin(), values.end()),
            (std::vector<double>{321, 654, 800007, 9000}));
}

TEST(Blocks, Product) {
  product<int32_t>();
  product<int64_t>();
}

TEST(Blocks, RefusedViews) {
  noodle::Engine engine;
  noodle::Program program = engine.compile(
      "#bsr = #sparse_tensor.encoding<{map = (i, j) -> (i floordiv 2 : dense, "
      "j floordiv 3 : compressed, i mod 2 : dense, j mod 3 : dense), posWidth "
      "= 32, crdWidth = 32}>\n"
      "func.func @main(%a: tensor<?x?xf64, #bsr>) -> tensor<?x?xf64, #bsr> {\n"
      "  return %a : tensor<?x?xf64, #bsr>\n}\n");
  noodle_type type{};
  type.struct_size = sizeof type;
  noodle::check(noodle_program_parameter(program.get(), 0, &type));
  EXPECT_EQ(type.layout, NOODLE_BSR);
  EXPECT_EQ(type.block_rows, 2);
  EXPECT_EQ(type.block_columns, 3);

  Matrix<int32_t> good;
  noodle::Array same = program({good.view()})[0];
  EXPECT_EQ(same.view().layout, NOODLE_BSR);
  EXPECT_EQ(same.view().block_columns, 3);
  EXPECT_EQ(same.view().stored, 18);
  auto values = same.values<double>();
  EXPECT_EQ(std::vector<double>(values.begin(), values.end()), good.values);

  auto refusal = [&](auto change) -> std::string {
    Matrix<int32_t> matrix;
    noodle_tensor view = matrix.view();
    change(matrix, view);
    try {
      program({view});
    } catch (const noodle::Error &error) {
      EXPECT_EQ(error.code(), NOODLE_INVALID_ARGUMENT);
      return error.what();
    }
    return "accepted";
  };
  using M = Matrix<int32_t>;
  using V = noodle_tensor;
  EXPECT_NE(refusal([](M &, V &v) {
              v.block_rows = 3;
            }).find("expected blocks of 2 x 3, got 3 x 3"),
            std::string::npos);
  EXPECT_NE(refusal([](M &, V &v) { v.extents[0] = 5; })
                .find("extents 5 x 6 and 18 stored entries are not whole "
                      "blocks of 2 x 3"),
            std::string::npos);
  EXPECT_NE(refusal([](M &, V &v) { v.stored = 17; }).find("not whole blocks"),
            std::string::npos);
  EXPECT_NE(refusal([](M &m, V &) { m.coordinates[2] = 2; })
                .find("coordinate 2 of entry 2 in row of blocks 1 is outside "
                      "[0, 2)"),
            std::string::npos);
  EXPECT_NE(refusal([](M &m, V &) {
              m.coordinates[2] = 0;
            }).find("in row of blocks 1 is not greater"),
            std::string::npos);
  EXPECT_NE(refusal([](M &m, V &) {
              m.positions[2] = 2;
            }).find("positions end with 2 but 3"),
            std::string::npos);
  EXPECT_NE(refusal([](M &, V &v) { v.values = nullptr; }).find("null"),
            std::string::npos);
}

} // namespace
