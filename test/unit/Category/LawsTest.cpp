//===- LawsTest.cpp - laws of Mat(S) and where they end -------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each law as two programs, evaluated by definition, elaborated, planned and
// compiled, on small integers over every semiring it holds for; and for each
// condition a counterexample, whose two sides must stay different or whose
// program must be refused.
//
//===----------------------------------------------------------------------===//
#include "Algebras.h"

#include <gtest/gtest.h>

#include <random>

using namespace noodle;
using namespace noodle::test;

namespace {

class Laws : public ::testing::TestWithParam<Algebra> {
protected:
  /// Both sides give the same in each of the four ways.
  void holds(const std::vector<Matrix> &matrices, const std::string &dom,
             const std::string &cod, const std::string &left,
             const std::string &right) {
    const Algebra &algebra = GetParam();
    std::mt19937_64 random(7);
    for (int round = 0; round < 3; ++round) {
      std::vector<Tensor> arguments;
      for (const Matrix &m : matrices) {
        std::vector<int64_t> extents = numbers(m.dom + " " + m.cod), values;
        int64_t count = 1;
        for (int64_t extent : extents)
          count *= extent;
        for (int64_t k = 0; k < count; ++k)
          values.push_back(
              random() % 6 == 0
                  ? algebra.zero
                  : algebra.low +
                        int64_t(random() %
                                uint64_t(algebra.high - algebra.low + 1)));
        arguments.push_back(denseTensor(algebra.type, extents, values));
      }
      std::vector<Tensor> expected, results;
      for (const std::string &body : {left, right})
        for (Way way : kWays) {
          std::string text = program(algebra, matrices, body, dom, cod);
          std::string error = evaluator.run(way, text, arguments, results);
          ASSERT_EQ(error, "") << wayName(way) << "\n" << text;
          if (expected.empty())
            expected = results;
          EXPECT_EQ(difference(expected[0], results[0]), "")
              << wayName(way) << "\n"
              << text;
        }
    }
  }

  Evaluator evaluator;
};

TEST_P(Laws, Associativity) {
  holds({{"f", "2", "3"}, {"g", "3", "4"}, {"h", "4", "5"}}, "2", "5",
        R"(  %a = noodle.compose %f, %g : (<2 -> 3>, <3 -> 4>) -> <2 -> 4>
  %r = noodle.compose %a, %h : (<2 -> 4>, <4 -> 5>) -> <2 -> 5>
)",
        R"(  %a = noodle.compose %g, %h : (<3 -> 4>, <4 -> 5>) -> <3 -> 5>
  %r = noodle.compose %f, %a : (<2 -> 3>, <3 -> 5>) -> <2 -> 5>
)");
}

TEST_P(Laws, Interchange) {
  holds({{"f", "2", "3"}, {"g", "4", "2"}, {"h", "3", "2"}, {"k", "2", "3"}},
        "2 4", "2 3",
        R"(  %a = noodle.tensor %f, %g : (<2 -> 3>, <4 -> 2>) -> <2 4 -> 3 2>
  %b = noodle.tensor %h, %k : (<3 -> 2>, <2 -> 3>) -> <3 2 -> 2 3>
  %r = noodle.compose %a, %b : (<2 4 -> 3 2>, <3 2 -> 2 3>) -> <2 4 -> 2 3>
)",
        R"(  %a = noodle.compose %f, %h : (<2 -> 3>, <3 -> 2>) -> <2 -> 2>
  %b = noodle.compose %g, %k : (<4 -> 2>, <2 -> 3>) -> <4 -> 3>
  %r = noodle.tensor %a, %b : (<2 -> 2>, <4 -> 3>) -> <2 4 -> 2 3>
)");
}

TEST_P(Laws, TraceIsCyclic) {
  holds({{"f", "2", "3"}, {"g", "3", "2"}}, "", "",
        R"(  %a = noodle.compose %f, %g : (<2 -> 3>, <3 -> 2>) -> <2 -> 2>
  %r = noodle.trace %a : <2 -> 2> -> < -> >
)",
        R"(  %a = noodle.compose %g, %f : (<3 -> 2>, <2 -> 3>) -> <3 -> 3>
  %r = noodle.trace %a : <3 -> 3> -> < -> >
)");
}

TEST_P(Laws, Snake) {
  holds({{"f", "2", "3"}}, "2", "3",
        R"(  %i = noodle.wires id : <3 -> 3>
  %cap = noodle.wires cap : < -> 3 3>
  %cup = noodle.wires cup : <3 3 -> >
  %a = noodle.tensor %cap, %i : (< -> 3 3>, <3 -> 3>) -> <3 -> 3 3 3>
  %b = noodle.tensor %i, %cup : (<3 -> 3>, <3 3 -> >) -> <3 3 3 -> 3>
  %r = noodle.compose %f, %a, %b : (<2 -> 3>, <3 -> 3 3 3>, <3 3 3 -> 3>) -> <2 -> 3>
)",
        "  %r = noodle.compose %f : (<2 -> 3>) -> <2 -> 3>\n");
}

TEST_P(Laws, SpecialSpider) {
  holds({{"f", "2", "3"}}, "2", "3",
        R"(  %copy = noodle.wires copy : <3 -> 3 3>
  %merge = noodle.wires merge : <3 3 -> 3>
  %r = noodle.compose %f, %copy, %merge : (<2 -> 3>, <3 -> 3 3>, <3 3 -> 3>) -> <2 -> 3>
)",
        "  %r = noodle.compose %f : (<2 -> 3>) -> <2 -> 3>\n");
}

TEST_P(Laws, SpiderFusion) {
  holds({{"f", "2", "3"}, {"g", "4", "3"}}, "2 4", "3 3",
        R"(  %fg = noodle.tensor %f, %g : (<2 -> 3>, <4 -> 3>) -> <2 4 -> 3 3>
  %a = noodle.wires spider : <3 3 -> 3 3 3>
  %b = noodle.wires spider : <3 3 -> 3>
  %i = noodle.wires id : <3 -> 3>
  %bi = noodle.tensor %b, %i : (<3 3 -> 3>, <3 -> 3>) -> <3 3 3 -> 3 3>
  %r = noodle.compose %fg, %a, %bi : (<2 4 -> 3 3>, <3 3 -> 3 3 3>, <3 3 3 -> 3 3>) -> <2 4 -> 3 3>
)",
        R"(  %fg = noodle.tensor %f, %g : (<2 -> 3>, <4 -> 3>) -> <2 4 -> 3 3>
  %a = noodle.wires spider : <3 3 -> 3 3>
  %r = noodle.compose %fg, %a : (<2 4 -> 3 3>, <3 3 -> 3 3>) -> <2 4 -> 3 3>
)");
}

TEST_P(Laws, SwapIsNatural) {
  holds({{"f", "2", "3"}, {"g", "4", "5"}}, "2 4", "5 3",
        R"(  %fg = noodle.tensor %f, %g : (<2 -> 3>, <4 -> 5>) -> <2 4 -> 3 5>
  %s = noodle.wires swap : <3 5 -> 5 3>
  %r = noodle.compose %fg, %s : (<2 4 -> 3 5>, <3 5 -> 5 3>) -> <2 4 -> 5 3>
)",
        R"(  %s = noodle.wires swap : <2 4 -> 4 2>
  %gf = noodle.tensor %g, %f : (<4 -> 5>, <2 -> 3>) -> <4 2 -> 5 3>
  %r = noodle.compose %s, %gf : (<2 4 -> 4 2>, <4 2 -> 5 3>) -> <2 4 -> 5 3>
)");
}

// x;(A x B) is the rows of A^T X B.
TEST_P(Laws, VecTrick) {
  holds({{"A", "2", "3"}, {"B", "4", "5"}, {"X", "2", "4"}}, "3", "5",
        R"(  %cap = noodle.wires cap : < -> 2 2>
  %i = noodle.wires id : <2 -> 2>
  %iX = noodle.tensor %i, %X : (<2 -> 2>, <2 -> 4>) -> <2 2 -> 2 4>
  %x = noodle.compose %cap, %iX : (< -> 2 2>, <2 2 -> 2 4>) -> < -> 2 4>
  %AB = noodle.tensor %A, %B : (<2 -> 3>, <4 -> 5>) -> <2 4 -> 3 5>
  %y = noodle.compose %x, %AB : (< -> 2 4>, <2 4 -> 3 5>) -> < -> 3 5>
  %j = noodle.wires id : <3 -> 3>
  %jy = noodle.tensor %j, %y : (<3 -> 3>, < -> 3 5>) -> <3 -> 3 3 5>
  %cup = noodle.wires cup : <3 3 -> >
  %k = noodle.wires id : <5 -> 5>
  %ck = noodle.tensor %cup, %k : (<3 3 -> >, <5 -> 5>) -> <3 3 5 -> 5>
  %r = noodle.compose %jy, %ck : (<3 -> 3 3 5>, <3 3 5 -> 5>) -> <3 -> 5>
)",
        R"(  %At = noodle.dagger %A : <2 -> 3> -> <3 -> 2>
  %r = noodle.compose %At, %X, %B : (<3 -> 2>, <2 -> 4>, <4 -> 5>) -> <3 -> 5>
)");
}

// Blocks multiply as their entries would.
TEST_P(Laws, BlocksMultiply) {
  holds({{"a", "2", "3"}, {"b", "2", "1"}, {"c", "3", "2"}, {"d", "1", "2"}},
        "2", "2",
        R"(  %ab = noodle.block [[%a, %b]] : (<2 -> 3>, <2 -> 1>) -> <2 -> 4>
  %cd = noodle.block [[%c], [%d]] : (<3 -> 2>, <1 -> 2>) -> <4 -> 2>
  %r = noodle.compose %ab, %cd : (<2 -> 4>, <4 -> 2>) -> <2 -> 2>
)",
        R"(  %p = noodle.compose %a, %c : (<2 -> 3>, <3 -> 2>) -> <2 -> 2>
  %q = noodle.compose %b, %d : (<2 -> 1>, <1 -> 2>) -> <2 -> 2>
  %r = noodle.add %p, %q : (<2 -> 2>, <2 -> 2>) -> <2 -> 2>
)");
}

TEST_P(Laws, DaggerTurnsComposition) {
  holds({{"f", "2", "3"}, {"g", "3", "4"}}, "4", "2",
        R"(  %a = noodle.compose %f, %g : (<2 -> 3>, <3 -> 4>) -> <2 -> 4>
  %r = noodle.dagger %a : <2 -> 4> -> <4 -> 2>
)",
        R"(  %F = noodle.dagger %f : <2 -> 3> -> <3 -> 2>
  %G = noodle.dagger %g : <3 -> 4> -> <4 -> 3>
  %r = noodle.compose %G, %F : (<4 -> 3>, <3 -> 2>) -> <4 -> 2>
)");
}

// A closed wire is the number of its indices, as a sum of ones.
TEST_P(Laws, ClosedWiresCount) {
  holds(
      {{"f", "2", "3"}}, "2", "3",
      R"(  %cap = noodle.wires cap : < -> 4 4>
  %cup = noodle.wires cup : <4 4 -> >
  %four = noodle.compose %cap, %cup : (< -> 4 4>, <4 4 -> >) -> < -> >
  %r = noodle.tensor %f, %four : (<2 -> 3>, < -> >) -> <2 -> 3>
)",
      R"(  %r = noodle.add %f, %f, %f, %f : (<2 -> 3>, <2 -> 3>, <2 -> 3>, <2 -> 3>) -> <2 -> 3>
)");
}

INSTANTIATE_TEST_SUITE_P(Semirings, Laws, ::testing::ValuesIn(kAlgebras),
                         [](const auto &info) {
                           return std::string(info.param.semiring) + "_" +
                                  info.param.element;
                         });

//===----------------------------------------------------------------------===//
// Stars, powers, inverses
//===----------------------------------------------------------------------===//

TEST_P(Laws, PowersAddUp) {
  holds(
      {{"a", "3", "3"}, {"x", "", "3"}}, "", "3",
      R"(  %p = noodle.power %a {n = 2 : i64} : <3 -> 3>
  %q = noodle.power %a {n = 3 : i64} : <3 -> 3>
  %r = noodle.compose %x, %p, %q : (< -> 3>, <3 -> 3>, <3 -> 3>) -> < -> 3>
)",
      R"(  %q = noodle.compose %a, %a, %a, %a, %a : (<3 -> 3>, <3 -> 3>, <3 -> 3>, <3 -> 3>, <3 -> 3>) -> <3 -> 3>
  %r = noodle.compose %x, %q : (< -> 3>, <3 -> 3>) -> < -> 3>
)");
}

TEST_P(Laws, PowersOfProductsOfWires) {
  holds(
      {{"a", "2 2", "2 2"}}, "2 2", "2 2",
      R"(  %r = noodle.power %a {n = 3 : i64} : <2 2 -> 2 2>
)",
      R"(  %r = noodle.compose %a, %a, %a : (<2 2 -> 2 2>, <2 2 -> 2 2>, <2 2 -> 2 2>) -> <2 2 -> 2 2>
)");
}

/// Where every sum of powers ends: no cycle is better than staying.
class Closed : public Laws {};

// A* = 1 + A;A*
TEST_P(Closed, StarUnfolds) {
  holds({{"a", "4", "4"}}, "4", "4", "  %r = noodle.star %a : <4 -> 4>\n",
        R"(  %s = noodle.star %a : <4 -> 4>
  %i = noodle.wires id : <4 -> 4>
  %as = noodle.compose %a, %s : (<4 -> 4>, <4 -> 4>) -> <4 -> 4>
  %r = noodle.add %i, %as : (<4 -> 4>, <4 -> 4>) -> <4 -> 4>
)");
}

// x;A*;B applied, and with A* formed.
TEST_P(Closed, StarOfAVector) {
  holds({{"a", "4", "4"}, {"x", "", "4"}, {"b", "4", "3"}}, "", "3",
        R"(  %s = noodle.star %a : <4 -> 4>
  %r = noodle.compose %x, %s, %b : (< -> 4>, <4 -> 4>, <4 -> 3>) -> < -> 3>
)",
        R"(  %s = noodle.star %a : <4 -> 4>
  %sb = noodle.compose %s, %b : (<4 -> 4>, <4 -> 3>) -> <4 -> 3>
  %r = noodle.compose %x, %sb : (< -> 4>, <4 -> 3>) -> < -> 3>
)");
}

// [[A,B],[C,D]]* = [[E, E B D*], [D* C E, D* + D* C E B D*]], E = (A + B D* C)*
TEST_P(Closed, StarOfBlocks) {
  holds(
      {{"a", "2", "2"}, {"b", "2", "3"}, {"c", "3", "2"}, {"d", "3", "3"}}, "5",
      "5",
      R"(  %m = noodle.block [[%a, %b], [%c, %d]] : (<2 -> 2>, <2 -> 3>, <3 -> 2>, <3 -> 3>) -> <5 -> 5>
  %r = noodle.star %m : <5 -> 5>
)",
      R"(  %D = noodle.star %d : <3 -> 3>
  %bDc = noodle.compose %b, %D, %c : (<2 -> 3>, <3 -> 3>, <3 -> 2>) -> <2 -> 2>
  %e = noodle.add %a, %bDc : (<2 -> 2>, <2 -> 2>) -> <2 -> 2>
  %E = noodle.star %e : <2 -> 2>
  %EbD = noodle.compose %E, %b, %D : (<2 -> 2>, <2 -> 3>, <3 -> 3>) -> <2 -> 3>
  %DcE = noodle.compose %D, %c, %E : (<3 -> 3>, <3 -> 2>, <2 -> 2>) -> <3 -> 2>
  %DcEbD = noodle.compose %D, %c, %E, %b, %D : (<3 -> 3>, <3 -> 2>, <2 -> 2>, <2 -> 3>, <3 -> 3>) -> <3 -> 3>
  %f = noodle.add %D, %DcEbD : (<3 -> 3>, <3 -> 3>) -> <3 -> 3>
  %r = noodle.block [[%E, %EbD], [%DcE, %f]] : (<2 -> 2>, <2 -> 3>, <3 -> 2>, <3 -> 3>) -> <5 -> 5>
)");
}

const Algebra kClosed[] = {
    {"min_plus", "i64", NOODLE_RT_I64, 0, 9, kMost, 0},
    {"min_plus", "f64", NOODLE_RT_F64, 0, 9, kMost, 0},
    {"max_plus", "f64", NOODLE_RT_F64, -9, 0, kLeast, 0},
    {"max_min", "i64", NOODLE_RT_I64, -9, 9, kLeast, kMost},
    {"min_max", "i64", NOODLE_RT_I64, -9, 9, kMost, kLeast},
    {"or_and", "i1", NOODLE_RT_I1, 0, 1, 0, 1},
};
INSTANTIATE_TEST_SUITE_P(Semirings, Closed, ::testing::ValuesIn(kClosed),
                         [](const auto &info) {
                           return std::string(info.param.semiring) + "_" +
                                  info.param.element;
                         });

//===----------------------------------------------------------------------===//
// Where laws end
//===----------------------------------------------------------------------===//

class Ends : public ::testing::Test {
protected:
  /// Both sides, each of them the same in all four ways.
  void sides(const std::string &text, const std::vector<Tensor> &arguments,
             const Tensor &left, const Tensor &right) {
    for (Way way : kWays) {
      std::vector<Tensor> results;
      std::string error = evaluator.run(way, text, arguments, results);
      ASSERT_EQ(error, "") << wayName(way) << "\n" << text;
      EXPECT_EQ(difference(left, results[0]), "") << wayName(way);
      EXPECT_EQ(difference(right, results[1]), "") << wayName(way);
    }
  }
  void refused(const std::string &text, const std::string &message) {
    std::vector<Tensor> results;
    std::string error = evaluator.run(Way::Elaborated, text, {}, results);
    EXPECT_NE(error.find(message), std::string::npos) << error;
  }

  Evaluator evaluator;
};

const char *kPlusMin = R"(
noodle.semiring @plus_min : i64 traits <associative, commutative>
  zero {
    %z = arith.constant 0 : i64
    noodle.yield %z : i64
  } one {
    %o = arith.constant 9223372036854775807 : i64
    noodle.yield %o : i64
  } add {
  ^bb0(%a: i64, %b: i64):
    %m = arith.addi %a, %b : i64
    noodle.yield %m : i64
  } mul {
  ^bb0(%a: i64, %b: i64):
    %m = arith.minsi %a, %b : i64
    noodle.yield %m : i64
  }
)";

// plus_min does not distribute, so (AB)C and A(BC) are two programs.
TEST_F(Ends, NoReassociationWithoutDistributivity) {
  std::string text = std::string(kPlusMin) + R"(
!ab = !noodle.hom<[1] -> [2], i64, #noodle.semiring<@plus_min>>
!bc = !noodle.hom<[2] -> [1], i64, #noodle.semiring<@plus_min>>
!ac = !noodle.hom<[1] -> [1], i64, #noodle.semiring<@plus_min>>
func.func @main(%a: tensor<1x2xi64>, %b: tensor<2x1xi64>, %c: tensor<1x1xi64>) -> (tensor<1x1xi64>, tensor<1x1xi64>) {
  %A = noodle.from_tensor %a : tensor<1x2xi64> -> !ab
  %B = noodle.from_tensor %b : tensor<2x1xi64> -> !bc
  %C = noodle.from_tensor %c : tensor<1x1xi64> -> !ac
  %AB = noodle.compose %A, %B : (!ab, !bc) -> !ac
  %l = noodle.compose %AB, %C : (!ac, !ac) -> !ac
  %BC = noodle.compose %B, %C : (!bc, !ac) -> !bc
  %r = noodle.compose %A, %BC : (!ab, !bc) -> !ac
  %left = noodle.to_tensor %l : !ac -> tensor<1x1xi64>
  %right = noodle.to_tensor %r : !ac -> tensor<1x1xi64>
  return %left, %right : tensor<1x1xi64>, tensor<1x1xi64>
}
)";
  auto i64 = [](std::vector<int64_t> extents, std::vector<int64_t> values) {
    return denseTensor(NOODLE_RT_I64, std::move(extents), values);
  };
  sides(text, {i64({1, 2}, {1, 1}), i64({2, 1}, {1, 1}), i64({1, 1}, {1})},
        i64({1, 1}, {1}), i64({1, 1}, {2}));
}

// Floats keep the grouping that nesting asks for under strict.
TEST_F(Ends, NestingIsKeptForFloats) {
  std::string text = R"(
!h = !noodle.hom<[1] -> [1], f32>
func.func @main(%a: tensor<1x1xf32>, %b: tensor<1x1xf32>, %c: tensor<1x1xf32>) -> (tensor<1x1xf32>, tensor<1x1xf32>) {
  %A = noodle.from_tensor %a : tensor<1x1xf32> -> !h
  %B = noodle.from_tensor %b : tensor<1x1xf32> -> !h
  %C = noodle.from_tensor %c : tensor<1x1xf32> -> !h
  %AB = noodle.compose %A, %B : (!h, !h) -> !h
  %l = noodle.compose %AB, %C : (!h, !h) -> !h
  %BC = noodle.compose %B, %C : (!h, !h) -> !h
  %r = noodle.compose %A, %BC : (!h, !h) -> !h
  %left = noodle.to_tensor %l : !h -> tensor<1x1xf32>
  %right = noodle.to_tensor %r : !h -> tensor<1x1xf32>
  return %left, %right : tensor<1x1xf32>, tensor<1x1xf32>
}
)";
  auto f32 = [](float value) {
    Tensor tensor = denseTensor(NOODLE_RT_F32, {1, 1}, {0});
    tensor.set(0, value);
    return tensor;
  };
  sides(text, {f32(1e30f), f32(1e30f), f32(1e-30f)},
        f32(std::numeric_limits<float>::infinity()),
        f32(1e30f * (1e30f * 1e-30f)));
}

// f;copy is copy;(f x f) for functions alone, and f;discard is discard for
// stochastic morphisms.
TEST_F(Ends, CopyAndDiscardAreNotNatural) {
  std::string text = R"(
!f = !noodle.hom<[2] -> [2], i64>
!two = !noodle.hom<[2] -> [2, 2], i64>
!ff = !noodle.hom<[2, 2] -> [2, 2], i64>
!none = !noodle.hom<[2] -> [], i64>
func.func @main(%t: tensor<2x2xi64>) -> (tensor<2x2x2xi64>, tensor<2x2x2xi64>, tensor<2xi64>) {
  %f = noodle.from_tensor %t : tensor<2x2xi64> -> !f
  %copy = noodle.wires copy : !two
  %discard = noodle.wires discard : !none
  %l = noodle.compose %f, %copy : (!f, !two) -> !two
  %ff = noodle.tensor %f, %f : (!f, !f) -> !ff
  %r = noodle.compose %copy, %ff : (!two, !ff) -> !two
  %d = noodle.compose %f, %discard : (!f, !none) -> !none
  %left = noodle.to_tensor %l : !two -> tensor<2x2x2xi64>
  %right = noodle.to_tensor %r : !two -> tensor<2x2x2xi64>
  %sums = noodle.to_tensor %d : !none -> tensor<2xi64>
  return %left, %right, %sums : tensor<2x2x2xi64>, tensor<2x2x2xi64>, tensor<2xi64>
}
)";
  Tensor f = denseTensor(NOODLE_RT_I64, {2, 2}, {1, 2, 3, 4});
  sides(text, {f},
        denseTensor(NOODLE_RT_I64, {2, 2, 2}, {1, 0, 0, 2, 3, 0, 0, 4}),
        denseTensor(NOODLE_RT_I64, {2, 2, 2}, {1, 2, 2, 4, 9, 12, 12, 16}));
  for (Way way : kWays) {
    std::vector<Tensor> results;
    ASSERT_EQ(evaluator.run(way, text, {f}, results), "");
    EXPECT_EQ(difference(denseTensor(NOODLE_RT_I64, {2}, {3, 7}), results[2]),
              "");
  }
}

// The zero of min_plus annihilates: INT64_MAX + 1 is no path; and a stored
// weight of 0 is an edge.
TEST_F(Ends, MinPlusKeepsItsZeroAndItsEdges) {
  std::string text = R"(
#csr = #sparse_tensor.encoding<{map = (d0, d1) -> (d0 : dense, d1 : compressed), posWidth = 64, crdWidth = 64}>
!h = !noodle.hom<[2] -> [2], i64, #noodle.semiring<min_plus>>
func.func @main(%a: tensor<2x2xi64>, %b: tensor<2x2xi64, #csr>) -> (tensor<2x2xi64>, tensor<2x2xi64>) {
  %A = noodle.from_tensor %a : tensor<2x2xi64> -> !h
  %B = noodle.from_tensor %b : tensor<2x2xi64, #csr> -> !h
  %p = noodle.compose %A, %A : (!h, !h) -> !h
  %q = noodle.compose %A, %B : (!h, !h) -> !h
  %P = noodle.to_tensor %p : !h -> tensor<2x2xi64>
  %Q = noodle.to_tensor %q : !h -> tensor<2x2xi64>
  return %P, %Q : tensor<2x2xi64>, tensor<2x2xi64>
}
)";
  Tensor a = denseTensor(NOODLE_RT_I64, {2, 2}, {kMost, 1, kMost, kMost});
  Tensor b = sparseTensor(NOODLE_RT_I64, {2, 2}, {kMost, 5, 0, kMost}, kMost);
  sides(text, {a, b},
        denseTensor(NOODLE_RT_I64, {2, 2}, {kMost, kMost, kMost, kMost}),
        denseTensor(NOODLE_RT_I64, {2, 2}, {1, kMost, kMost, kMost}));
}

std::string changeOfBase(const std::string &attributes) {
  return R"(
!z = !noodle.hom<[1] -> [2], i64>
!b = !noodle.hom<[1] -> [2], i1, #noodle.semiring<or_and>>
func.func @main(%t: tensor<1x2xi64>) -> tensor<1x2xi1> {
  %f = noodle.from_tensor %t : tensor<1x2xi64> -> !z
  %g = noodle.hom_map %f {)" +
         attributes + R"(} : !z -> !b {
  ^bb0(%x: i64):
    %c = arith.constant 0 : i64
    %y = arith.cmpi ne, %x, %c : i64
    noodle.return %y : i1
  }
  %u = noodle.to_tensor %g : !b -> tensor<1x2xi1>
  return %u : tensor<1x2xi1>
}
)";
}

// "is not 0" is a homomorphism of natural numbers, not of integers.
TEST_F(Ends, PatternIsNoHomomorphismOfIntegers) {
  refused(changeOfBase("homomorphism"),
          "is no homomorphism: h(a + b) = h(a) + h(b) does not hold for a = "
          "1, b = -1: 0 is not 1");
  std::string error;
  EXPECT_NE(
      evaluator.elaborated(changeOfBase("homomorphism, nonnegative"), error),
      "")
      << error;
}

TEST_F(Ends, MorphismsDoNotCrossLoops) {
  refused(R"(
!h = !noodle.hom<[2] -> [2], i64>
func.func @main(%t: tensor<2x2xi64>, %n: index) -> tensor<2x2xi64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %f = noodle.from_tensor %t : tensor<2x2xi64> -> !h
  %p = scf.for %i = %c0 to %n step %c1 iter_args(%g = %f) -> (!h) {
    %q = noodle.compose %g, %f : (!h, !h) -> !h
    scf.yield %q : !h
  }
  %u = noodle.to_tensor %p : !h -> tensor<2x2xi64>
  return %u : tensor<2x2xi64>
}
)",
          "'scf.yield' carries a morphism");
}

TEST_F(Ends, JoinedExtentsAgree) {
  // Known when compiled, through a wire that is not.
  refused(R"(
func.func @main(%a: tensor<2x3xi64>, %b: tensor<4x2xi64>, %n: index) -> tensor<2x2xi64> {
  %f = noodle.from_tensor %a : tensor<2x3xi64> -> !noodle.hom<[2] -> [3], i64>
  %g = noodle.from_tensor %b : tensor<4x2xi64> -> !noodle.hom<[4] -> [2], i64>
  %i = noodle.wires id (%n) : !noodle.hom<[?] -> [?], i64>
  %h = noodle.compose %f, %i, %g : (!noodle.hom<[2] -> [3], i64>, !noodle.hom<[?] -> [?], i64>, !noodle.hom<[4] -> [2], i64>) -> !noodle.hom<[2] -> [2], i64>
  %t = noodle.to_tensor %h : !noodle.hom<[2] -> [2], i64> -> tensor<2x2xi64>
  return %t : tensor<2x2xi64>
}
)",
          "joins wires of extents 3 and 4");
  // Known when called: a size, an extent of 1 that must not broadcast, and a
  // function's values.
  std::string text = R"(
func.func @main(%a: tensor<2x1xi64>, %b: tensor<?x2xi64>) -> tensor<2x2xi64> {
  %f = noodle.from_tensor %a : tensor<2x1xi64> -> !noodle.hom<[2] -> [1], i64>
  %g = noodle.from_tensor %b : tensor<?x2xi64> -> !noodle.hom<[?] -> [2], i64>
  %h = noodle.compose %f, %g : (!noodle.hom<[2] -> [1], i64>, !noodle.hom<[?] -> [2], i64>) -> !noodle.hom<[2] -> [2], i64>
  %t = noodle.to_tensor %h : !noodle.hom<[2] -> [2], i64> -> tensor<2x2xi64>
  return %t : tensor<2x2xi64>
}
)";
  std::string values = R"(
func.func @main(%a: tensor<2xi64>, %b: tensor<3xi64>) -> tensor<2xi64> {
  %f = noodle.function %a : tensor<2xi64> -> !noodle.hom<[2] -> [3], i64>
  %g = noodle.from_tensor %b : tensor<3xi64> -> !noodle.hom<[3] -> [], i64>
  %h = noodle.compose %f, %g : (!noodle.hom<[2] -> [3], i64>, !noodle.hom<[3] -> [], i64>) -> !noodle.hom<[2] -> [], i64>
  %t = noodle.to_tensor %h : !noodle.hom<[2] -> [], i64> -> tensor<2xi64>
  return %t : tensor<2xi64>
}
)";
  auto i64 = [](std::vector<int64_t> extents, std::vector<int64_t> values) {
    return denseTensor(NOODLE_RT_I64, std::move(extents), values);
  };
  for (Way way : kWays) {
    std::vector<Tensor> results;
    EXPECT_NE(evaluator.run(way, text,
                            {i64({2, 1}, {1, 2}), i64({2, 2}, {1, 2, 3, 4})},
                            results),
              "")
        << wayName(way);
    EXPECT_EQ(evaluator.run(way, text,
                            {i64({2, 1}, {1, 2}), i64({1, 2}, {1, 2})},
                            results),
              "")
        << wayName(way);
    EXPECT_NE(evaluator.run(way, values,
                            {i64({2}, {0, 3}), i64({3}, {4, 5, 6})}, results),
              "")
        << wayName(way);
    EXPECT_EQ(evaluator.run(way, values,
                            {i64({2}, {0, 2}), i64({3}, {4, 5, 6})}, results),
              "")
        << wayName(way);
  }
}

// A cycle of negative length, a matrix without inverse: errors, never values.
TEST_F(Ends, StarsAndInversesThatAreNone) {
  std::string star = R"(
!h = !noodle.hom<[2] -> [2], i64, #noodle.semiring<min_plus>>
func.func @main(%a: tensor<2x2xi64>) -> tensor<2x2xi64> {
  %A = noodle.from_tensor %a : tensor<2x2xi64> -> !h
  %s = noodle.star %A : !h
  %t = noodle.to_tensor %s : !h -> tensor<2x2xi64>
  return %t : tensor<2x2xi64>
}
)";
  std::string inverse = R"(
!h = !noodle.hom<[2] -> [2], f64>
func.func @main(%a: tensor<2x2xf64>) -> tensor<2x2xf64> {
  %A = noodle.from_tensor %a : tensor<2x2xf64> -> !h
  %s = noodle.inverse %A : !h -> !h
  %t = noodle.to_tensor %s : !h -> tensor<2x2xf64>
  return %t : tensor<2x2xf64>
}
)";
  auto i64 = [](std::vector<int64_t> values) {
    return denseTensor(NOODLE_RT_I64, {2, 2}, values);
  };
  auto f64 = [](std::vector<int64_t> values) {
    return denseTensor(NOODLE_RT_F64, {2, 2}, values);
  };
  for (Way way : kWays) {
    std::vector<Tensor> results;
    EXPECT_NE(evaluator.run(way, star, {i64({kMost, 1, -2, kMost})}, results),
              "")
        << wayName(way);
    EXPECT_EQ(evaluator.run(way, star, {i64({kMost, 1, -1, kMost})}, results),
              "")
        << wayName(way);
    EXPECT_NE(evaluator.run(way, inverse, {f64({1, 2, 2, 4})}, results), "")
        << wayName(way);
    EXPECT_EQ(evaluator.run(way, inverse, {f64({1, 2, 1, 4})}, results), "")
        << wayName(way);
    EXPECT_EQ(
        difference(f64({2, -1, 0, 0}), results[0], false).find("element 2"),
        0u)
        << wayName(way); // 2, -1, -0.5, 0.5
  }
}

} // namespace
