//===- ExpressionTest.cpp - noodle.hpp's expressions ----------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "noodle-c/noodle.hpp"

#include <gtest/gtest.h>

namespace {

using Doubles = std::vector<double>;

Doubles doubles(const noodle::Array &array) {
  auto values = array.values<double>();
  return Doubles(values.begin(), values.end());
}

class Expression : public ::testing::Test {
protected:
  noodle::Engine engine;
  std::vector<int32_t> positions{0, 2, 3, 4}, columns{1, 2, 2, 0};
  Doubles weights{2, 7, 3, 1}, x{5, 1, 0};
};

TEST_F(Expression, SparseContraction) {
  auto A = engine.csr(3, 3, positions, columns, weights);
  noodle::Array y =
      noodle::contract("ij,j->i", A, engine.dense(x, {3}), noodle::min_plus);
  EXPECT_EQ(doubles(y), (Doubles{3, 3, 6}));
  noodle::Array z = noodle::contract("ij,j->i", A, engine.dense(x, {3}));
  EXPECT_EQ(doubles(z), (Doubles{2, 0, 5}));
}

TEST_F(Expression, SharedPartsAndArithmetic) {
  auto a = engine.dense(x, {3});
  auto sum = a + a;
  noodle::Array y = sum * sum - a;
  EXPECT_EQ(doubles(y), (Doubles{95, 3, 0}));
}

TEST_F(Expression, ScalarResults) {
  auto a = engine.dense(x, {3});
  noodle::Array dot = noodle::contract("i,i->", a, a);
  EXPECT_EQ(dot.rank(), 0u);
  EXPECT_EQ(doubles(dot), (Doubles{26}));
}

TEST_F(Expression, NamesOfLetters) {
  Doubles m{1, 2, 3, 4, 5, 6};
  noodle::Array t =
      noodle::contract("row column -> column row", engine.dense(m, {2, 3}));
  EXPECT_EQ(doubles(t), (Doubles{1, 4, 2, 5, 3, 6}));
}

TEST_F(Expression, SameFormNewSizes) {
  for (int64_t n : {1, 2, 5, 17}) {
    Doubles ones(n * n, 1), v(n, 2);
    noodle::Array y = noodle::contract("ij,j->i", engine.dense(ones, {n, n}),
                                       engine.dense(v, {n}));
    EXPECT_EQ(doubles(y), Doubles(n, 2.0 * double(n)));
  }
}

TEST_F(Expression, NarrowAndComplexElements) {
  std::vector<noodle::f16> halves{{0x3c00}, {0x4000}, {0xc200}}; // 1, 2, -3
  noodle::Array h = noodle::contract("i,i->", engine.dense(halves, {3}),
                                     engine.dense(halves, {3}));
  EXPECT_EQ(h.values<noodle::f16>()[0].bits, 0x4b00); // 14
  std::vector<noodle::bf16> brains{{0x3f80}, {0x4000}, {0xc040}};
  auto b = engine.dense(brains, {3});
  noodle::Array sum = b + b;
  EXPECT_EQ(sum.values<noodle::bf16>()[2].bits, 0xc0c0); // -6
  std::vector<int8_t> bytes{100, 100, 1};
  auto i = engine.dense(bytes, {3});
  noodle::Array wrapped = noodle::contract("i,i->", i, i);
  EXPECT_EQ(wrapped.values<int8_t>()[0], int8_t(20001));
  using C = std::complex<float>;
  std::vector<C> numbers{{1, 2}, {0, -1}};
  auto z = engine.dense(numbers, {2});
  noodle::Array square = noodle::contract("i,i->", z, z);
  EXPECT_EQ(square.values<C>()[0], C(-4, 4));
  noodle::Array twice = z + z;
  EXPECT_EQ(twice.values<C>()[1], C(0, -2));
  EXPECT_THROW(square.values<std::complex<double>>(), noodle::Error);
  noodle::Array ordered;
  EXPECT_THROW(ordered =
                   noodle::contract("i,i->", z, z, noodle::min_plus).evaluate(),
               noodle::Error);
}

TEST_F(Expression, ErrorsNameWhatIsWrong) {
  auto a = engine.dense(x, {3});
  EXPECT_THROW(engine.dense(x, {4}), noodle::Error);
  EXPECT_THROW(noodle::contract("i,i", a, a), noodle::Error);
  EXPECT_THROW(noodle::contract("ij->i", a).evaluate(), noodle::Error);
  noodle::Engine other;
  EXPECT_THROW(a + other.dense(x, {3}), noodle::Error);
  std::vector<int64_t> integers{1, 2, 3};
  EXPECT_THROW(a + engine.dense(integers, {3}), noodle::Error);
  noodle::Array y = a + a;
  EXPECT_THROW(y.values<float>(), noodle::Error);
  try {
    Doubles two{1, 2};
    (a + engine.dense(two, {2})).evaluate();
    FAIL() << "extents 3 and 2 were added";
  } catch (const noodle::Error &error) {
    EXPECT_EQ(error.code(), NOODLE_SHAPE_MISMATCH) << error.what();
  }
}

} // namespace
