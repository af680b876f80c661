//===- SemiringTest.cpp - every semiring at every element type ------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Harness.h"

using namespace noodle_test;

template <typename T> static std::string typeText() {
  switch (typeOf<T>()) {
  case NOODLE_RT_I1:
    return "i1";
  case NOODLE_RT_I32:
    return "i32";
  case NOODLE_RT_I64:
    return "i64";
  case NOODLE_RT_F32:
    return "f32";
  default:
    return "f64";
  }
}

/// sum over j of a[j] * b[j].
template <typename T>
static void expectDot(StringRef semiring, std::vector<T> a, std::vector<T> b,
                      T expected, double tolerance = 0) {
  std::string vector = "tensor<?x" + typeText<T>() + ">";
  std::string result = "tensor<" + typeText<T>() + ">";
  int64_t n = a.size();
  SCOPED_TRACE(semiring.str() + " " + typeText<T>());
  expectRun("func.func @main(%a: " + vector + ", %b: " + vector + ") -> " +
                result +
                " {\n%r = noodle.contract \"j,j->\" (%a, %b) "
                "{semiring = #noodle.semiring<" +
                semiring.str() + ">} : (" + vector + ", " + vector + ") -> " +
                result + "\nreturn %r : " + result + "\n}",
            {dense<T>({n}, a), dense<T>({n}, b)}, dense<T>({}, {expected}),
            {tolerance, 0, std::nullopt});
}

template <typename T> class Ordered : public testing::Test {};
using OrderedTypes = testing::Types<int32_t, int64_t, float, double>;
TYPED_TEST_SUITE(Ordered, OrderedTypes);

TYPED_TEST(Ordered, Dot) {
  using T = TypeParam;
  std::vector<T> a = {3, 1, 7}, b = {2, 5, 4};
  expectDot<T>("plus_times", a, b, 39);
  expectDot<T>("min_plus", a, b, 5);
  expectDot<T>("max_plus", a, b, 11);
  expectDot<T>("max_times", a, b, 28);
  expectDot<T>("max_min", a, b, 4);
  expectDot<T>("min_max", a, b, 3);
}

TYPED_TEST(Ordered, EmptySumIsZero) {
  using T = TypeParam;
  using Limits = std::numeric_limits<T>;
  T high = Limits::has_infinity ? Limits::infinity() : Limits::max();
  T low = Limits::has_infinity ? -Limits::infinity() : Limits::lowest();
  expectDot<T>("plus_times", {}, {}, 0);
  expectDot<T>("min_plus", {}, {}, high);
  expectDot<T>("max_plus", {}, {}, low);
  expectDot<T>("max_times", {}, {}, 0);
  expectDot<T>("max_min", {}, {}, low);
  expectDot<T>("min_max", {}, {}, high);
}

TEST(Semiring, Booleans) {
  expectDot<bool>("or_and", {true, false, true}, {false, true, true}, true);
  expectDot<bool>("or_and", {true, false}, {false, true}, false);
  expectDot<bool>("or_and", {}, {}, false);
  expectDot<bool>("xor_and", {true, true, true}, {true, true, true}, true);
  expectDot<bool>("xor_and", {true, true}, {true, true}, false);
  expectDot<bool>("xor_and", {}, {}, false);
}

TEST(Semiring, LogPlus) {
  expectDot<double>("log_plus", {}, {}, -inf);
  expectDot<double>("log_plus", {0, 0}, {0, 0}, std::log(2.0), 1e-15);
  expectDot<double>("log_plus", {1000, 1000}, {0, 0}, 1000 + std::log(2.0),
                    1e-15);
  expectDot<double>("log_plus", {-inf, 3}, {7, 0}, 3);
  expectDot<double>("log_plus", {-inf, -inf}, {0, 0}, -inf);
  expectDot<double>("log_plus", {inf, 3}, {0, 0}, inf);
  expectDot<double>("log_plus", {inf, -inf}, {0, 0}, inf);
  expectDot<double>("log_plus", {nan64, 3}, {0, 0}, nan64);
  expectDot<float>("log_plus", {0, 0}, {0, 0}, float(std::log(2.0)), 1e-6);
  expectDot<float>("log_plus", {-inff}, {5}, -inff);
}

TEST(Semiring, IntegersWrap) {
  expectDot<int32_t>("plus_times", {max32, 1}, {1, 1}, min32);
  expectDot<int32_t>("plus_times", {65536}, {65536}, 0);
  expectDot<int64_t>("plus_times", {max64, 1}, {1, 1}, min64);
  expectDot<int64_t>("plus_times", {min64}, {-1}, min64);
  expectDot<int32_t>("max_times", {0x10000}, {0x8000}, 0);
}

TEST(Semiring, SumsSaturateAndTheZeroAnnihilates) {
  expectDot<int64_t>("min_plus", {max64}, {1}, max64);
  expectDot<int64_t>("min_plus", {max64}, {-1}, max64);
  expectDot<int64_t>("min_plus", {max64 - 1}, {5}, max64);
  expectDot<int64_t>("min_plus", {min64}, {-1}, min64);
  expectDot<int32_t>("min_plus", {max32}, {-7}, max32);
  expectDot<int32_t>("min_plus", {max32 - 1}, {5}, max32);
  expectDot<int32_t>("min_plus", {min32}, {-1}, min32);
  expectDot<int64_t>("max_plus", {min64}, {1}, min64);
  expectDot<int64_t>("max_plus", {min64 + 1}, {-5}, min64);
  expectDot<int64_t>("max_plus", {max64}, {1}, max64);
  expectDot<int32_t>("max_plus", {min32}, {9}, min32);
  expectDot<int32_t>("max_plus", {max32}, {9}, max32);
}

TEST(Semiring, NaNPropagatesThroughMinAndMax) {
  for (const char *name : {"min_plus", "max_plus", "max_times", "max_min",
                           "min_max", "plus_times"}) {
    expectDot<double>(name, {nan64, 1}, {1, 1}, nan64);
    expectDot<double>(name, {1, nan64}, {1, 1}, nan64);
    expectDot<double>(name, {1, 1}, {nan64, 1}, nan64);
    expectDot<float>(name, {1, nan32, 2}, {1, 1, 1}, nan32);
  }
  expectDot<double>("min_plus", {inf}, {-inf}, nan64);
  expectDot<double>("plus_times", {0}, {inf}, nan64);
}

TEST(Semiring, F32IsRoundedAfterEveryOperation) {
  // 2^24 + 1 is no float: each sum falls back, where a double would not.
  expectDot<float>("plus_times", {16777216, 1, 1}, {1, 1, 1}, 16777216);
  expectDot<double>("plus_times", {16777216, 1, 1}, {1, 1, 1}, 16777218);
  expectDot<float>("plus_times", {1e30f}, {1e30f}, inff);
}

TEST(Semiring, AccumulatorTypes) {
  StringRef program = R"(
func.func @main(%a: tensor<?xf32>, %b: tensor<?xf32>) -> tensor<f32> {
  %r = noodle.contract "j,j->" (%a, %b) {accumulator = f64} : (tensor<?xf32>, tensor<?xf32>) -> tensor<f32>
  return %r : tensor<f32>
})";
  expectRun(program,
            {dense<float>({3}, {16777216, 1, 1}), dense<float>({3}, {1, 1, 1})},
            dense<float>({}, {16777218}));
  expectRun(R"(
func.func @main(%a: tensor<?xi32>) -> tensor<i64> {
  %r = noodle.contract "j,j->" (%a, %a) {accumulator = i64} : (tensor<?xi32>, tensor<?xi32>) -> tensor<i64>
  return %r : tensor<i64>
})",
            {dense<int32_t>({1}, {max32})},
            dense<int64_t>({}, {int64_t(max32) * max32}));
}

//===----------------------------------------------------------------------===//
// User-defined semirings
//===----------------------------------------------------------------------===//

static const char *bottleneck = R"(
noodle.semiring @bottleneck : f64
  traits <associative, commutative, distributive, annihilating, idempotent>
  zero {
    %z = arith.constant 0xFFF0000000000000 : f64
    noodle.yield %z : f64
  } one {
    %o = arith.constant 0x7FF0000000000000 : f64
    noodle.yield %o : f64
  } add {
  ^bb0(%a: f64, %b: f64):
    %m = arith.maximumf %a, %b : f64
    noodle.yield %m : f64
  } mul {
  ^bb0(%a: f64, %b: f64):
    %m = arith.minimumf %a, %b : f64
    noodle.yield %m : f64
  }
)";

TEST(Semiring, User) {
  expectRun(std::string(bottleneck) + R"(
func.func @main(%a: tensor<2x3xf64>, %b: tensor<3xf64>) -> tensor<2xf64> {
  %r = noodle.matmul %a, %b {semiring = #noodle.semiring<@bottleneck>} : tensor<2x3xf64>, tensor<3xf64> -> tensor<2xf64>
  return %r : tensor<2xf64>
})",
            {dense<double>({2, 3}, {1, 5, 2, 9, 0, 3}),
             dense<double>({3}, {4, 3, 8})},
            dense<double>({2}, {3, 4}));
  expectRun(std::string(bottleneck) + R"(
func.func @main(%a: tensor<?x?xf64, #csr>) -> tensor<?xf64> {
  %r = noodle.reduce %a {dims = array<i64: 1>, semiring = #noodle.semiring<@bottleneck>} : tensor<?x?xf64, #csr> -> tensor<?xf64>
  return %r : tensor<?xf64>
})",
            {csr<double>({2, 3}, {0, 2, 2}, {0, 2}, {-4, -3})},
            dense<double>({2}, {-3, -inf}));
}

/// Regrouping a product over a pair that does not distribute changes it.
TEST(Semiring, PlusMinDoesNotReassociate) {
  StringRef semiring = R"(
noodle.semiring @plus_min : i64
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
  auto chain = [&](StringRef first, StringRef second) {
    return semiring.str() + R"(
func.func @main(%a: tensor<1x2xi64>, %b: tensor<2x1xi64>, %c: tensor<1x1xi64>) -> tensor<1x1xi64> {
)" + first.str() +
           second.str() + R"(
  return %r : tensor<1x1xi64>
})";
  };
  std::vector<Value> arguments = {dense<int64_t>({1, 2}, {1, 1}),
                                  dense<int64_t>({2, 1}, {1, 1}),
                                  dense<int64_t>({1, 1}, {1})};
  expectRun(
      chain(
          "%t = noodle.matmul %a, %b {semiring = #noodle.semiring<@plus_min>} "
          ": tensor<1x2xi64>, tensor<2x1xi64> -> tensor<1x1xi64>\n",
          "%r = noodle.matmul %t, %c {semiring = #noodle.semiring<@plus_min>} "
          ": tensor<1x1xi64>, tensor<1x1xi64> -> tensor<1x1xi64>\n"),
      arguments, dense<int64_t>({1, 1}, {1}));
  expectRun(
      chain(
          "%t = noodle.matmul %b, %c {semiring = #noodle.semiring<@plus_min>} "
          ": tensor<2x1xi64>, tensor<1x1xi64> -> tensor<2x1xi64>\n",
          "%r = noodle.matmul %a, %t {semiring = #noodle.semiring<@plus_min>} "
          ": tensor<1x2xi64>, tensor<2x1xi64> -> tensor<1x1xi64>\n"),
      arguments, dense<int64_t>({1, 1}, {2}));
}

/// 1e30 * 1e30 * 1e-30 overflows from the left and not from the right.
TEST(Semiring, F32ProductsInOperandOrder) {
  StringRef program = R"(
func.func @main(%a: tensor<f32>, %b: tensor<f32>, %c: tensor<f32>) -> tensor<f32> {
  %r = noodle.contract ",,->" (%a, %b, %c) : (tensor<f32>, tensor<f32>, tensor<f32>) -> tensor<f32>
  return %r : tensor<f32>
})";
  Tensor big = dense<float>({}, {1e30f}), small = dense<float>({}, {1e-30f});
  expectRun(program, {big, big, small}, dense<float>({}, {inff}));
  expectRun(program, {big, small, big}, dense<float>({}, {1e30f}),
            {1e-6, 0, std::nullopt});
}

/// a * max(b, c) against max(a * b, a * c) with a negative a.
TEST(Semiring, MaxTimesWithNegatives) {
  expectDot<int64_t>("max_times", {-1, -1}, {1, 2}, 0);
  expectDot<double>("max_times", {2, 3}, {5, 1}, 10);
}
