//===- StrassenTest.cpp - products by halves ------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Small matrices that are halved all the same, against plain loops.
//
//===----------------------------------------------------------------------===//
#include "Harness.h"

#include "noodle/Cost/StrassenPlan.h"

#include "gtest/gtest.h"
#include <algorithm>
#include <cmath>
#include <map>
#include <random>

using namespace noodle::test;

namespace {

struct Case {
  std::string type;
  int64_t m, n, k;
  /// Whether an operand is stored the other way round.
  bool lhsTurned = false, rhsTurned = false, outTurned = false;
  bool dynamic = false, accumulate = false;
  /// A factor that is computed, and an epilogue: (sum * scalar) + extra[n].
  bool computed = false, epilogue = false;
  int64_t batch = 0; ///< 0: none
};

std::string replaceAll(std::string text,
                       const std::map<std::string, std::string> &words) {
  for (const auto &[word, by] : words)
    for (size_t at = 0; (at = text.find(word, at)) != std::string::npos;
         at += by.size())
      text.replace(at, word.size(), by);
  return text;
}

std::string textOf(const Case &c) {
  bool isFloat = c.type[0] == 'f', isBit = c.type == "i1";
  auto shape = [&](std::string first, int64_t a, int64_t b, bool turned) {
    if (turned)
      std::swap(a, b);
    auto text = [&](int64_t size) {
      return c.dynamic ? std::string("?") : std::to_string(size);
    };
    return "tensor<" + first + text(a) + "x" + text(b) + "x" + c.type + ">";
  };
  auto map = [&](std::string loops, std::string a, std::string b, bool turned) {
    if (turned)
      std::swap(a, b);
    return "affine_map<(" + std::string(c.batch ? "b, " : "") +
           "i, j, k) -> (" + loops + a + ", " + b + ")>";
  };
  std::string batch = c.batch ? std::to_string(c.batch) + "x" : "",
              loop = c.batch ? "b, " : "";
  std::string lhsBody = "noodle.yield %x : $T";
  if (c.computed)
    lhsBody = isFloat ? "%n = arith.negf %x : $T\n    noodle.yield %n : $T"
                      : "%n = arith.addi %x, %x : $T\n    noodle.yield %n : $T";
  std::string end = "^bb0(%s: $T):\n    noodle.yield %s : $T";
  if (c.epilogue)
    end = "^bb0(%s: $T, %e: $T, %h: $T):\n    %p = $MUL %s, %h : $T\n"
          "    %r = $ADD %p, %e : $T\n    noodle.yield %r : $T";
  std::string text = R"(
func.func @main(%a: $A, %b: $B, %c: $C, %d: $D, %f: $T) -> $C
    attributes {noodle.signature = ($A, $B, $C, $D, $T) -> $C} {
  %r = noodle.fused_contract lhs(%a : $A) rhs(%b : $B)$EXTRAS outs(%c : $C)
    {indexing_maps = [$MAPS], zero = $ZERO$SEMIRING$ACCUMULATE,
     noodle.schedule = "strassen", noodle.site = 0 : i64}
  lhs_body {
  ^bb0(%x: $T$SCALAR):
    $LHSBODY
  } rhs_body {
  ^bb0(%x: $T$SCALAR):
    noodle.yield %x : $T
  } combine {
  ^bb0(%x: $T, %y: $T, %s: $T):
    %p = $MUL %x, %y : $T
    %t = $ADD %s, %p : $T
    noodle.yield %t : $T
  } epilogue {
  $END
  } : $C
  return %r : $C
})";
  std::string maps = map(loop, "i", "k", c.lhsTurned) + ", " +
                     map(loop, "k", "j", c.rhsTurned) + ", ";
  if (c.epilogue)
    maps += "affine_map<(" + std::string(c.batch ? "b, " : "") +
            "i, j, k) -> (j)>, ";
  maps += map(loop, "i", "j", c.outTurned);
  // Longer words first: they hold shorter ones.
  text = replaceAll(text, {{"$LHSBODY", lhsBody}});
  text = replaceAll(text, {{"$END", end}});
  text = replaceAll(
      text,
      {{"$EXTRAS", c.epilogue ? " extras(%d : $D) scalars(%f : $T)" : ""},
       {"$SCALAR", c.epilogue ? ", %g: $T" : ""},
       {"$MAPS", maps},
       {"$ZERO", isBit     ? "false"
                 : isFloat ? "0.0 : $T"
                           : "0 : $T"},
       {"$SEMIRING", isBit ? ", semiring = #noodle.semiring<xor_and>" : ""},
       {"$ACCUMULATE", c.accumulate ? ", accumulate" : ""},
       {"$MUL", isBit     ? "arith.andi"
                : isFloat ? "arith.mulf"
                          : "arith.muli"},
       {"$ADD", isBit     ? "arith.xori"
                : isFloat ? "arith.addf"
                          : "arith.addi"}});
  return replaceAll(
      text, {{"$A", shape(batch, c.m, c.k, c.lhsTurned)},
             {"$B", shape(batch, c.k, c.n, c.rhsTurned)},
             {"$C", shape(batch, c.m, c.n, c.outTurned)},
             {"$D", "tensor<" + (c.dynamic ? "?" : std::to_string(c.n)) + "x" +
                        c.type + ">"},
             {"$T", c.type}});
}

template <typename T> T add(T x, T y) {
  if constexpr (std::is_same_v<T, bool>)
    return x != y;
  else if constexpr (std::is_integral_v<T>)
    return T(std::make_unsigned_t<T>(x) + std::make_unsigned_t<T>(y));
  else
    return x + y;
}
template <typename T> T mul(T x, T y) {
  if constexpr (std::is_same_v<T, bool>)
    return x && y;
  else if constexpr (std::is_integral_v<T>)
    return T(std::make_unsigned_t<T>(x) * std::make_unsigned_t<T>(y));
  else
    return x * y;
}

/// Operands of a case, and what it gives.
template <typename T> struct Data {
  explicit Data(const Case &c, uint32_t seed) : c(c) {
    std::mt19937 random(seed);
    int64_t batch = std::max<int64_t>(c.batch, 1);
    auto fill = [&](std::vector<T> &values, int64_t count) {
      for (int64_t k = 0; k < count; ++k)
        if constexpr (std::is_floating_point_v<T>)
          values.push_back(std::uniform_real_distribution<T>(-1, 1)(random));
        else
          values.push_back(T(random()));
    };
    fill(a, batch * c.m * c.k);
    fill(b, batch * c.k * c.n);
    fill(start, batch * c.m * c.n);
    fill(d, c.n);
    std::vector<T> one;
    fill(one, 1);
    f = one[0];
  }

  std::vector<T> expected() const {
    std::vector<T> result(start.size());
    for (int64_t g = 0; g < std::max<int64_t>(c.batch, 1); ++g)
      for (int64_t i = 0; i < c.m; ++i)
        for (int64_t j = 0; j < c.n; ++j) {
          size_t at =
              size_t(g * c.m * c.n + (c.outTurned ? j * c.m + i : i * c.n + j));
          T sum = c.accumulate ? start[at] : T(0);
          for (int64_t k = 0; k < c.k; ++k) {
            T x = a[size_t(g * c.m * c.k +
                           (c.lhsTurned ? k * c.m + i : i * c.k + k))];
            T y = b[size_t(g * c.k * c.n +
                           (c.rhsTurned ? j * c.k + k : k * c.n + j))];
            if (c.computed)
              x = std::is_floating_point_v<T> ? T(-x) : add(x, x);
            sum = add(sum, mul(x, y));
          }
          if (c.epilogue)
            sum = add(mul(sum, f), d[size_t(j)]);
          result[at] = sum;
        }
    return result;
  }

  std::vector<noodle_rt_tensor> arguments() {
    auto shape = [&](int64_t x, int64_t y, bool turned) {
      std::vector<int64_t> extents;
      if (c.batch)
        extents.push_back(c.batch);
      extents.push_back(turned ? y : x);
      extents.push_back(turned ? x : y);
      return extents;
    };
    return {view(a, shape(c.m, c.k, c.lhsTurned)),
            view(b, shape(c.k, c.n, c.rhsTurned)),
            view(start, shape(c.m, c.n, c.outTurned)), view(d, {c.n}),
            scalar(&f)};
  }

  static noodle_rt_tensor view(std::vector<T> &values,
                               std::vector<int64_t> extents) {
    if constexpr (std::is_same_v<T, bool>)
      return {};
    else
      return dense(values.data(), std::move(extents));
  }

  const Case &c;
  std::vector<T> a, b, start, d;
  T f;
};

std::unique_ptr<Program> compile(const Case &c, int64_t from) {
  std::string error;
  auto program = Program::compile(textOf(c), error, 2, from);
  EXPECT_TRUE(program) << error << textOf(c);
  return program;
}

/// `Stored` is T but for i1, whose elements are bytes.
template <typename T> void check(const Case &c, int64_t from, uint32_t seed) {
  SCOPED_TRACE("seed " + std::to_string(seed) + ", from " +
               std::to_string(from));
  auto program = compile(c, from);
  if (!program)
    return;
  Data<T> data(c, seed);
  std::vector<T> wanted = data.expected();
  Call call;
  ASSERT_EQ(call(program->entry("main"), data.arguments(), 1), NOODLE_RT_OK)
      << call.message();
  auto *got = static_cast<const T *>(call.results[0].values);
  int64_t levels =
      mlir::noodle::strassenLevels(std::min({c.m, c.n, c.k}), from);
  EXPECT_GT(levels, 0);
  // Elements are at most 1, what is added or multiplied behind at most 1 more.
  double allowed = 0;
  if (std::is_floating_point_v<T>)
    allowed = (mlir::noodle::strassenErrorFactor(levels, c.k) + 2.0 * c.k) *
              std::numeric_limits<T>::epsilon();
  for (size_t k = 0; k < wanted.size(); ++k)
    ASSERT_LE(std::abs(double(got[k]) - double(wanted[k])), allowed)
        << "at " << k << " of " << textOf(c);
}

void checkAny(const Case &c, int64_t from, uint32_t seed) {
  if (c.type == "f32")
    check<float>(c, from, seed);
  else if (c.type == "f64")
    check<double>(c, from, seed);
  else if (c.type == "i32")
    check<int32_t>(c, from, seed);
  else
    check<int64_t>(c, from, seed);
}

TEST(Strassen, TransposesOfEveryOperand) {
  for (int turned = 0; turned < 8; ++turned)
    checkAny({turned % 2 ? "f32" : "i32", 21, 26, 37, bool(turned & 1),
              bool(turned & 2), bool(turned & 4)},
             8, uint32_t(turned));
}

TEST(Strassen, EveryNumberOfLevelsAndRests) {
  // From 2, 5 and 11: three, two and one level; rests of all kinds.
  for (int64_t from : {2, 5, 11})
    for (int64_t extra : {0, 1, 3})
      checkAny({"i64", 16 + extra, 19, 24 - extra}, from, uint32_t(from));
}

TEST(Strassen, ExtentsThatOnlyTheRunKnows) {
  Case c{"f64", 45, 33, 38};
  c.dynamic = true;
  checkAny(c, 8, 1);
}

TEST(Strassen, BatchesFactorsAndEpilogues) {
  Case c{"f32", 24, 17, 20};
  c.batch = 3;
  checkAny(c, 8, 1);
  c.computed = true;
  checkAny(c, 8, 2);
  c.epilogue = true;
  checkAny(c, 8, 3);
  c.batch = 0;
  c.type = "i32";
  checkAny(c, 4, 4);
}

TEST(Strassen, AddsToWhatIsThere) {
  Case c{"i32", 18, 22, 20};
  c.accumulate = true;
  checkAny(c, 8, 1);
}

TEST(Strassen, AField) {
  // GF(2), whose elements are bytes here.
  Case c{"i1", 19, 24, 21};
  auto program = compile(c, 4);
  ASSERT_TRUE(program);
  std::mt19937 random(3);
  std::vector<uint8_t> a(19 * 21), b(21 * 24), start(19 * 24), d(24);
  for (auto *values : {&a, &b})
    for (uint8_t &value : *values)
      value = random() & 1;
  uint8_t f = 0;
  auto bits = [](std::vector<uint8_t> &values, std::vector<int64_t> extents) {
    auto view =
        dense(reinterpret_cast<bool *>(values.data()), std::move(extents));
    return view;
  };
  Call call;
  ASSERT_EQ(call(program->entry("main"),
                 {bits(a, {19, 21}), bits(b, {21, 24}), bits(start, {19, 24}),
                  bits(d, {24}), scalar(reinterpret_cast<bool *>(&f))},
                 1),
            NOODLE_RT_OK);
  auto *got = static_cast<const uint8_t *>(call.results[0].values);
  for (int i = 0; i < 19; ++i)
    for (int j = 0; j < 24; ++j) {
      int sum = 0;
      for (int k = 0; k < 21; ++k)
        sum ^= a[size_t(i * 21 + k)] & b[size_t(k * 24 + j)];
      ASSERT_EQ(got[i * 24 + j], sum) << i << ", " << j;
    }
}

TEST(Strassen, SameBitsForAnyNumberOfThreads) {
  Case c{"f32", 150, 170, 130};
  auto program = compile(c, 32);
  ASSERT_TRUE(program);
  Data<float> data(c, 1);
  std::vector<float> first;
  for (int threads : {1, 2, 5}) {
    auto executor = noodle::rt::createWorkerPool(threads);
    noodle::rt::CallOptions options;
    options.executor = executor.get();
    Call call(options);
    ASSERT_EQ(call(program->entry("main"), data.arguments(), 1), NOODLE_RT_OK);
    auto *got = static_cast<const float *>(call.results[0].values);
    std::vector<float> result(got, got + c.m * c.n);
    if (first.empty())
      first = result;
    EXPECT_EQ(result, first) << threads << " threads";
  }
}

TEST(Strassen, EveryAllocationMayFail) {
  Case c{"f32", 21, 22, 23};
  c.accumulate = c.computed = c.epilogue = true;
  auto program = compile(c, 4);
  ASSERT_TRUE(program);
  Data<float> data(c, 1);
  std::vector<float> wanted = data.expected();
  int64_t failures = 0;
  for (int64_t k = 1;; ++k) {
    Call call;
    call.pool.failAllocation(k);
    noodle_rt_status status = call(program->entry("main"), data.arguments(), 1);
    if (status == NOODLE_RT_OK) {
      auto *got = static_cast<const float *>(call.results[0].values);
      for (size_t e = 0; e < wanted.size(); ++e)
        ASSERT_NEAR(got[e], wanted[e], 1e-3);
      // Packing makes do with smaller blocks, and the tiled product with none
      // of the temporaries; what was fused and the result are needed.
      if (call.pool.stats().allocations < k)
        break;
      continue;
    }
    ASSERT_EQ(status, NOODLE_RT_OUT_OF_MEMORY);
    ++failures;
  }
  EXPECT_GE(failures, 2);
}

TEST(Strassen, BoundsGrowWithTheLevels) {
  using namespace mlir::noodle;
  EXPECT_EQ(strassenErrorFactor(0, 100), 1e4);
  // Higham's theorem 23.3 at n = 1024, n0 = 512.
  EXPECT_EQ(strassenErrorFactor(1, 1024),
            18.0 * (512.0 * 512 + 6 * 512) - 6 * 1024);
  EXPECT_GT(strassenErrorFactor(2, 1024), strassenErrorFactor(1, 1024));
  EXPECT_GE(strassenErrorFactor(1, 1025), strassenErrorFactor(1, 1024));
  EXPECT_EQ(strassenLevels(511, 512), 0);
  EXPECT_EQ(strassenLevels(512, 512), 1);
  EXPECT_EQ(strassenLevels(1024, 512), 2);
  EXPECT_EQ(strassenLevels(1 << 20, 512), kMostStrassenLevels);
}

} // namespace
