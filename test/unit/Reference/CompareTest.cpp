//===- CompareTest.cpp - comparing, showing, borrowing --------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Harness.h"

using namespace noodle_test;

TEST(Compare, Dense) {
  Tensor a = dense<double>({2, 2}, {1, nan64, inf, 4});
  EXPECT_EQ(compare(a, a), "");
  EXPECT_EQ(compare(a, dense<double>({2, 2}, {1, nan64, inf, 5})),
            "element [1, 1] is 4, expected 5");
  EXPECT_EQ(compare(a, dense<double>({2, 2}, {1, nan64, inf, 4.0001}),
                    {1e-3, 0, std::nullopt}),
            "");
  EXPECT_NE(
      compare(a, dense<double>({2, 2}, {1, 2, inf, 4}), {1, 1, std::nullopt}),
      "");
  EXPECT_NE(compare(a, dense<double>({2, 2}, {1, nan64, -inf, 4}),
                    {1, 1, std::nullopt}),
            "");
  EXPECT_EQ(compare(a, dense<double>({4}, {1, nan64, inf, 4})),
            "the shape is 2x2, expected 4");
  EXPECT_EQ(compare(dense<int64_t>({1}, {1}), dense<int32_t>({1}, {1})),
            "elements are i64, expected i32");
  EXPECT_NE(compare(dense<int64_t>({1}, {1}), dense<int64_t>({1}, {2}),
                    {1, 1, std::nullopt}),
            "");
  EXPECT_NE(compare(Scalar(1.0), dense<double>({}, {1})), "");
}

TEST(Compare, Sparse) {
  Tensor a = csr<double>({2, 2}, {0, 1, 2}, {0, 1}, {1, 2});
  Tensor b = csc<double>({2, 2}, {0, 1, 3}, {0, 0, 1}, {1, 0, 2});
  EXPECT_EQ(compare(a, b), "");
  EXPECT_EQ(compare(a, b, {0, 0, Scalar(inf)}),
            "element [0, 1] is inf, expected 0");
  EXPECT_EQ(compare(a, dense<double>({2, 2}, {1, 0, 0, 2})), "");
  EXPECT_EQ(compare(dense<double>({2, 2}, {1, 0, 3, 2}), a),
            "element [1, 0] is 3, expected 0");
}

TEST(Compare, Text) {
  EXPECT_EQ(toString(Scalar(int64_t(-3))), "-3");
  EXPECT_EQ(toString(dense<int32_t>({2, 2}, {1, 2, 3, 4}), 3),
            "2x2 i32 [1, 2, 3, ... 1 more]");
  EXPECT_EQ(toString(csr<double>({2, 2}, {0, 0, 1}, {1}, {0.5})),
            "2x2 f64 csr [(1, 1) 0.5]");
}

TEST(Value, FromRuntime) {
  float data[] = {0, 1, 2, 3, 4, 5};
  noodle_rt_tensor view = {};
  view.layout = NOODLE_RT_DENSE;
  view.type = NOODLE_RT_F32;
  view.rank = 2;
  view.values = data;
  view.extents[0] = 3;
  view.extents[1] = 2;
  view.strides[0] = 1; // transposed
  view.strides[1] = 3;
  EXPECT_EQ(
      compare(fromRuntime(view), dense<float>({3, 2}, {0, 3, 1, 4, 2, 5})), "");

  int32_t positions[] = {0, 1, 2}, coordinates[] = {1, 0};
  int64_t values[] = {7, 8};
  noodle_rt_tensor sparse = {};
  sparse.layout = NOODLE_RT_CSR;
  sparse.type = NOODLE_RT_I64;
  sparse.rank = 2;
  sparse.position_width = sparse.coordinate_width = 4;
  sparse.stored = 2;
  sparse.values = values;
  sparse.positions = positions;
  sparse.coordinates = coordinates;
  sparse.extents[0] = sparse.extents[1] = 2;
  EXPECT_EQ(compare(fromRuntime(sparse), dense<int64_t>({2, 2}, {0, 7, 8, 0})),
            "");

  int64_t number = -5;
  noodle_rt_tensor scalar = {};
  scalar.layout = NOODLE_RT_SCALAR;
  scalar.type = NOODLE_RT_INDEX;
  scalar.values = &number;
  EXPECT_EQ(compare(fromRuntime(scalar), Scalar(number)), "");
}
