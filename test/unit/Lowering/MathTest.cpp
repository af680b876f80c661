//===- MathTest.cpp - errors of math functions in units of the last place -===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compiled functions against the C library's long double ones, over bit
// patterns spread evenly through all floats. The bounds are those of
// docs/Rationale.md.
//
//===----------------------------------------------------------------------===//
#include "Harness.h"

#include "gtest/gtest.h"
#include <cmath>
#include <cstdlib>
#include <limits>

using namespace noodle::test;

namespace {

struct Function {
  const char *op;
  long double (*exact)(long double);
  double bound32, bound64; ///< units of the last place
};

long double rsqrtExact(long double x) { return 1 / std::sqrt(x); }

const Function kFunctions[] = {
    {"exp", std::exp, 2, 1},       {"exp2", std::exp2, 1, 0.6},
    {"expm1", std::expm1, 3, 1.5}, {"log", std::log, 2, 1},
    {"log2", std::log2, 2, 1},     {"log10", std::log10, 2, 2},
    {"log1p", std::log1p, 3, 1.5}, {"sin", std::sin, 1, 0.6},
    {"cos", std::cos, 1, 0.6},     {"tan", std::tan, 1, 0.6},
    {"tanh", std::tanh, 5, 2},     {"erf", std::erf, 5, 1},
    {"atan", std::atan, 1, 0.6},   {"asin", std::asin, 1, 0.6},
    {"acos", std::acos, 1, 0.6},   {"sinh", std::sinh, 2, 2},
    {"cosh", std::cosh, 2, 2},     {"cbrt", std::cbrt, 1, 4},
    {"sqrt", std::sqrt, 0.5, 0.5}, {"rsqrt", rsqrtExact, 1.5, 1.5},
};

/// Error of `got` in units of the last place of T at the exact result.
template <typename T> double ulps(T got, long double exact) {
  T rounded = static_cast<T>(exact);
  // Subnormal results may be zero, of f32.
  T normal = std::numeric_limits<T>::min();
  if (sizeof(T) == 4 && std::fabs(rounded) < normal && std::fabs(got) <= normal)
    return 0;
  if (std::isnan(rounded) || std::isnan(got))
    return std::isnan(rounded) == std::isnan(got) ? 0 : INFINITY;
  if (rounded == got)
    return 0;
  if (std::isinf(rounded) || std::isinf(got)) {
    // One step past the largest number counts as that.
    T limit = std::copysign(std::numeric_limits<T>::max(), rounded);
    return (std::isinf(rounded) ? got : rounded) == limit ? 1 : INFINITY;
  }
  int exponent;
  std::frexp(std::fabs(exact), &exponent);
  exponent = std::max(exponent, std::numeric_limits<T>::min_exponent);
  long double unit =
      std::ldexp(1.0L, exponent - std::numeric_limits<T>::digits);
  return static_cast<double>(std::fabs(got - exact) / unit);
}

template <typename T> struct Bits;
template <> struct Bits<float> {
  using type = uint32_t;
};
template <> struct Bits<double> {
  using type = uint64_t;
};

template <typename T>
void measure(const Function &function, const char *element, double bound) {
  using Word = typename Bits<T>::type;
  std::string type = element;
  std::string error;
  auto program = Program::compile(
      "#v = affine_map<(i) -> (i)>\nfunc.func @main(%a: tensor<?x" + type +
          ">) -> tensor<?x" + type + R"(> {
  %c0 = arith.constant 0 : index
  %d = tensor.dim %a, %c0 : tensor<?x)" +
          type + ">\n  %e = tensor.empty(%d) : tensor<?x" + type +
          ">\n  %r = linalg.generic {indexing_maps = [#v, #v], iterator_types "
          "= [\"parallel\"]} ins(%a : tensor<?x" +
          type + ">) outs(%e : tensor<?x" + type + ">) {\n  ^bb0(%x: " + type +
          ", %o: " + type + "):\n    %y = math." + function.op + " %x : " +
          type + "\n    linalg.yield %y : " + type + "\n  } -> tensor<?x" +
          type + ">\n  return %r : tensor<?x" + type + ">\n}\n",
      error);
  ASSERT_TRUE(program) << function.op << ": " << error;
  std::vector<T> x;
  Word step = std::numeric_limits<Word>::max() / 200000 | 1;
  for (uint64_t k = 0; k < 200000; ++k) {
    Word word = static_cast<Word>(k * step);
    T value;
    std::memcpy(&value, &word, sizeof value);
    x.push_back(value);
  }
  // Where the functions are used, more densely.
  for (int k = -100000; k < 100000; ++k)
    x.push_back(static_cast<T>(k) / T(4999));
  // Around the numbers where functions change their way, to the last place.
  for (double near : {-745.133, -708.396, 709.7827, 1.0, -1.0, 0.3466, -0.3466,
                      0.4142135623730950, -0.2928932188134524, 0.625, 0.84375,
                      1.25, 2.857142857, 6.0, 0.70710678, 1.41421356}) {
    T below = T(near), above = T(near);
    for (int k = 0; k < 500; ++k) {
      x.push_back(below = std::nextafter(below, T(-1e9)));
      x.push_back(above = std::nextafter(above, T(1e9)));
    }
  }
  for (T special :
       {T(0), T(-0.0), T(1), T(-1), T(INFINITY), T(-INFINITY), T(NAN),
        std::numeric_limits<T>::max(), std::numeric_limits<T>::min()})
    x.push_back(special);
  Call call;
  ASSERT_EQ(
      call(program->entry("main"), {dense(x.data(), {int64_t(x.size())})}, 1),
      NOODLE_RT_OK);
  auto *y = static_cast<T *>(call.results[0].values);
  double worst = 0;
  T where = 0;
  for (size_t k = 0; k < x.size(); ++k) {
    // To MLIR's f32 polynomials a subnormal argument may count as zero or as
    // the least normal number.
    if (sizeof(T) == 4 && std::fpclassify(x[k]) == FP_SUBNORMAL)
      continue;
    double off = ulps<T>(y[k], function.exact(x[k]));
    if (off > worst) {
      worst = off;
      where = x[k];
    }
  }
  if (std::getenv("NOODLE_SHOW_ULPS"))
    std::printf("%s %s %.2f at %.9g\n", function.op, element, worst,
                double(where));
  EXPECT_LE(worst, bound) << function.op << " " << element << " at " << where;
}

TEST(Math, SinglePrecision) {
  for (const Function &function : kFunctions)
    measure<float>(function, "f32", function.bound32);
}

TEST(Math, DoublePrecision) {
  for (const Function &function : kFunctions)
    measure<double>(function, "f64", function.bound64);
}

} // namespace
