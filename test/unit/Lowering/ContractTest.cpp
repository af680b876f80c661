//===- ContractTest.cpp - tiled contractions against plain loops ----------===//
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

struct Layout {
  const char *a, *b, *c; ///< letters
};

/// "i, j, k" or what of it the layout uses: linalg has no unused loops.
std::string used(const Layout &layout) {
  std::string all = std::string(layout.a) + layout.b + layout.c, text;
  for (char l : {'i', 'j', 'k'})
    if (all.find(l) != std::string::npos)
      text += std::string(text.empty() ? "" : ", ") + l;
  return text;
}

std::string map(const Layout &layout, const char *letters) {
  std::string text;
  for (const char *l = letters; *l; ++l)
    text += std::string(text.empty() ? "" : ", ") + *l;
  return "affine_map<(" + used(layout) + ") -> (" + text + ")>";
}

std::string tensorType(const char *letters, const char *element) {
  std::string text = "tensor<";
  for (const char *l = letters; *l; ++l)
    text += "?x";
  return text + element + ">";
}

/// c += a (x) b with the body's last two operations given.
std::string program(const Layout &layout, const char *element, const char *body,
                    const char *schedule) {
  std::string a = tensorType(layout.a, element),
              b = tensorType(layout.b, element),
              c = tensorType(layout.c, element), e = element;
  std::string iterators;
  for (char l : used(layout))
    if (l >= 'i' && l <= 'k')
      iterators += std::string(iterators.empty() ? "" : ", ") +
                   (strchr(layout.c, l) ? "\"parallel\"" : "\"reduction\"");
  return "func.func @main(%a: " + a + ", %b: " + b + ", %c: " + c + ") -> " +
         c + " {\n  %r = linalg.generic {indexing_maps = [" +
         map(layout, layout.a) + ", " + map(layout, layout.b) + ", " +
         map(layout, layout.c) + "], iterator_types = [" + iterators +
         "], noodle.schedule = \"" + schedule + "\"} ins(%a, %b : " + a + ", " +
         b + ") outs(%c : " + c + ") {\n  ^bb0(%x: " + e + ", %y: " + e +
         ", %o: " + e + "):\n" + body + "    linalg.yield %s : " + e +
         "\n  } -> " + c + "\n  return %r : " + c + "\n}\n";
}

const char *kPlusTimes = R"(
    %m = arith.mulf %x, %y : f32
    %s = arith.addf %o, %m : f32
)";
const char *kMinPlus = R"(
    %m = arith.addf %x, %y : f32
    %l = arith.cmpf ult, %o, %m : f32
    %s = arith.select %l, %o, %m : f32
)";
const char *kMaxTimes = R"(
    %m = arith.mulf %x, %y : f32
    %s = arith.maximumf %o, %m : f32
)";

/// Runs one layout tiled and with plain loops and compares the bits: the
/// values are small integers, so sums are exact in any order.
void compare(const Layout &layout, const char *body, int64_t m, int64_t n,
             int64_t k, unsigned seed) {
  int64_t size[128] = {};
  size[int('i')] = m;
  size[int('j')] = n;
  size[int('k')] = k;
  std::mt19937 random(seed);
  std::vector<std::vector<float>> data;
  std::vector<std::vector<int64_t>> shapes;
  for (const char *letters : {layout.a, layout.b, layout.c}) {
    std::vector<int64_t> shape;
    int64_t count = 1;
    for (const char *l = letters; *l; ++l) {
      shape.push_back(size[int(*l)]);
      count *= size[int(*l)];
    }
    std::vector<float> values(count);
    for (float &x : values)
      x = int(random() % 17) - 8;
    data.push_back(values);
    shapes.push_back(shape);
  }
  std::vector<std::vector<float>> results;
  for (const char *schedule : {"tiled", "loops"}) {
    std::string error;
    auto compiled =
        Program::compile(program(layout, "f32", body, schedule), error);
    ASSERT_TRUE(compiled) << error;
    Call call;
    ASSERT_EQ(call(compiled->entry("main"),
                   {dense(data[0].data(), shapes[0]),
                    dense(data[1].data(), shapes[1]),
                    dense(data[2].data(), shapes[2])},
                   1),
              NOODLE_RT_OK)
        << call.message();
    auto *values = static_cast<float *>(call.results[0].values);
    results.emplace_back(values, values + data[2].size());
  }
  EXPECT_EQ(results[0], results[1])
      << layout.a << "," << layout.b << "->" << layout.c << " " << m << "x" << n
      << "x" << k << " seed " << seed;
}

TEST(Contract, EveryLayoutAndTail) {
  const Layout layouts[] = {
      {"ik", "kj", "ij"}, {"ki", "kj", "ij"}, {"ik", "jk", "ij"},
      {"ki", "jk", "ij"}, {"ik", "kj", "ji"}, {"ik", "k", "i"},
      {"k", "kj", "j"},   {"ijk", "k", "ij"}, {"ij", "jk", "ik"},
      {"ijk", "ijk", ""}, {"i", "jk", ""},    {"ijk", "jk", "i"}};
  const int64_t sizes[][3] = {{1, 1, 1},    {8, 32, 4},   {9, 33, 5},
                              {67, 130, 3}, {3, 17, 100}, {70, 600, 2},
                              {0, 5, 3},    {5, 4, 0}};
  unsigned seed = 1;
  for (const Layout &layout : layouts)
    for (auto &s : sizes)
      compare(layout, kPlusTimes, s[0], s[1], s[2], seed++);
}

TEST(Contract, Semirings) {
  const Layout layouts[] = {{"ik", "kj", "ij"}, {"ik", "k", "i"}};
  unsigned seed = 100;
  for (const Layout &layout : layouts)
    for (const char *body : {kMinPlus, kMaxTimes}) {
      compare(layout, body, 9, 70, 33, seed++);
      compare(layout, body, 64, 32, 16, seed++);
    }
}

} // namespace
