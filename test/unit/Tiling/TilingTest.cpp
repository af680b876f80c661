//===- TilingTest.cpp - tiled contractions against plain loops ------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "../Lowering/Harness.h"
#include "ContractionText.h"

#include "gtest/gtest.h"
#include <chrono>
#include <cmath>
#include <random>

using namespace noodle::test;

namespace {

template <typename T>
std::vector<T> randomValues(std::mt19937 &random, int64_t count) {
  std::vector<T> values(std::max<int64_t>(count, 1));
  for (T &value : values)
    value =
        T(int64_t(random() % 17) - 8) / (std::is_floating_point_v<T> ? 4 : 1);
  return values;
}

template <typename T> void check(const Contraction &c, std::mt19937 &random) {
  std::string error;
  auto program = Program::compile(c.text(), error);
  ASSERT_TRUE(program) << c.describe() << "\n" << error;
  std::string last = c.out.empty() ? "" : c.out.substr(c.out.size() - 1);
  auto a = randomValues<T>(random, c.count(c.lhs)),
       b = randomValues<T>(random, c.count(c.rhs)),
       bias = randomValues<T>(random, c.count(last)),
       old = randomValues<T>(random, c.count(c.out));
  // Its zero is 0, the least of what there is.
  if (c.semiring == "max_times")
    for (auto *values : {&a, &b, &old})
      for (T &value : *values)
        value = value < 0 ? -value : value;
  using Sum = std::conditional_t<std::is_floating_point_v<T>, double, T>;
  std::vector<T> expected = c.run<T, Sum>(a, b, bias, old);
  Call call;
  ASSERT_EQ(
      call(program->entry("main"),
           {dense(a.data(), c.shape(c.lhs)), dense(b.data(), c.shape(c.rhs)),
            dense(bias.data(), c.shape(last)),
            dense(old.data(), c.shape(c.out))},
           1),
      NOODLE_RT_OK)
      << c.describe() << call.message();
  auto *values = static_cast<T *>(call.results[0].values);
  for (size_t k = 0; k < expected.size(); ++k) {
    // Values are quarters, so that sums of floats are exact.
    ASSERT_EQ(values[k], expected[k])
        << c.describe() << ": element " << k << " of " << expected.size();
  }
}

void check(const Contraction &c, std::mt19937 &random) {
  if (c.type == "f32")
    check<float>(c, random);
  else if (c.type == "f64")
    check<double>(c, random);
  else if (c.type == "i32")
    check<int32_t>(c, random);
  else
    check<int64_t>(c, random);
}

Contraction product(int64_t m, int64_t n, int64_t k, const char *lhs = "ik",
                    const char *rhs = "kj") {
  Contraction c;
  c.lhs = lhs, c.rhs = rhs, c.out = "ij";
  c.extents = {{'i', m}, {'j', n}, {'k', k}};
  return c;
}

TEST(Tiling, ProductsOfAllClassesAndTransposes) {
  std::mt19937 random(1);
  const int64_t shapes[][3] = {
      {1, 1, 1},    {8, 8, 8},    {7, 5, 3},     {17, 129, 63},   {33, 40, 100},
      {1, 300, 40}, {300, 1, 40}, {40, 3, 70},   {100, 100, 100}, {0, 5, 3},
      {5, 0, 3},    {5, 3, 0},    {65, 70, 530}, {24, 24, 24}};
  for (auto &[m, n, k] : shapes)
    for (const char *lhs : {"ik", "ki"})
      for (const char *rhs : {"kj", "jk"})
        for (bool dynamic : {false, true}) {
          Contraction c = product(m, n, k, lhs, rhs);
          c.dynamic = dynamic;
          check(c, random);
          if (HasFatalFailure())
            return;
        }
}

TEST(Tiling, LargeProductsArePackedAndCut) {
  std::mt19937 random(2);
  for (const char *lhs : {"ik", "ki"})
    for (const char *rhs : {"kj", "jk"})
      for (bool bias : {false, true}) {
        Contraction c = product(70, 333, 711, lhs, rhs);
        c.bias = bias;
        check(c, random);
        c = product(33, 2100, 530, lhs, rhs);
        c.accumulate = !bias;
        c.bias = bias;
        c.dynamic = bias;
        check(c, random);
        if (HasFatalFailure())
          return;
      }
}

// Neighbours of the output, of either operand and along the sum are those of
// different loops; extents fill tiles, vectors and neither.
TEST(Tiling, LoopsInAnyOrder) {
  std::mt19937 random(3);
  const char *equations[][3] = {
      {"adb", "cd", "cba"},       {"dabfe", "fc", "edcba"},
      {"aebd", "ce", "dcba"},     {"ce", "deba", "dcba"},
      {"dca", "bd", "cba"},       {"dac", "bcd", "ba"},
      {"ceda", "dbe", "cba"},     {"fbea", "cedf", "dcba"},
      {"bged", "cafg", "fedcba"}, {"dfae", "cebf", "dcba"},
      {"be", "dcea", "dcba"}};
  const int64_t extents[] = {4, 8, 9, 16, 20, 24, 33, 44, 67};
  for (auto &[lhs, rhs, out] : equations)
    for (bool more : {false, true}) {
      Contraction c;
      c.lhs = lhs, c.rhs = rhs, c.out = out;
      double budget = 2e6;
      for (char letter : c.letters()) {
        int64_t extent;
        do
          extent = extents[random() % std::size(extents)];
        while (extent > 4 && budget / extent < 100);
        c.extents[letter] = extent;
        budget /= extent;
      }
      c.bias = c.scale = more;
      c.accumulate = more && random() % 2;
      c.type = more ? "f64" : "f32";
      c.semiring = more && random() % 2 ? "min_plus" : "plus_times";
      check(c, random);
      if (HasFatalFailure())
        return;
    }
}

TEST(Tiling, RandomContractions) {
  unsigned seed = std::random_device()();
  if (const char *given = getenv("NOODLE_TEST_SEED"))
    seed = std::stoul(given);
  std::cout << "seed " << seed << " (NOODLE_TEST_SEED)\n";
  std::mt19937 random(seed);
  double seconds = 10;
  if (const char *given = getenv("NOODLE_TEST_SECONDS"))
    seconds = std::stod(given);
  auto start = std::chrono::steady_clock::now();
  auto pick = [&](auto... options) {
    std::array list = {options...};
    return list[random() % list.size()];
  };
  int count = 0;
  while (std::chrono::duration<double>(std::chrono::steady_clock::now() - start)
             .count() < seconds) {
    Contraction c;
    c.extents.clear();
    std::string pool = "abcdefg";
    double budget = 3e6;
    int letters = 1 + random() % 6;
    std::vector<std::string *> operands = {&c.lhs, &c.rhs, &c.out};
    for (int k = 0; k < letters; ++k) {
      char letter = pool[k];
      int64_t extent = pick(1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 24, 32, 33, 48, 64,
                            65, 100, 130, 300);
      if (random() % 40 == 0)
        extent = 0;
      if (budget / std::max<int64_t>(extent, 1) < 1)
        extent = 1;
      budget /= std::max<int64_t>(extent, 1);
      c.extents[letter] = extent;
      // Rows, columns, sum, batch, or a leftover of one side.
      static const int roles[] = {5, 5, 6, 6, 3, 3, 3, 7, 1, 2};
      int role = roles[random() % 10];
      for (int o = 0; o < 3; ++o)
        if (role >> o & 1) {
          std::string &operand = *operands[o];
          operand.insert(operand.begin() + random() % (operand.size() + 1),
                         letter);
          // A diagonal.
          if (o < 2 && random() % 25 == 0)
            operand += letter;
        }
    }
    c.type = pick("f32", "f32", "f64", "i32", "i64");
    c.semiring = pick("plus_times", "plus_times", "plus_times", "min_plus",
                      "max_times", "none");
    c.dynamic = random() % 3 == 0;
    c.accumulate = random() % 4 == 0;
    c.bias = random() % 3 == 0;
    c.scale = random() % 5 == 0;
    check(c, random);
    if (HasFatalFailure())
      return;
    ++count;
  }
  std::cout << count << " contractions\n";
  EXPECT_GT(count, 10);
}

} // namespace
