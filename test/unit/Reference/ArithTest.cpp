//===- ArithTest.cpp - arith and math -------------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Harness.h"

using namespace noodle_test;

/// `op` applied to %a and %b of a type, which is the result's too unless given.
static std::string binary(StringRef op, StringRef type, StringRef result = "") {
  StringRef to = result.empty() ? type : result;
  return ("func.func @main(%a: " + type + ", %b: " + type + ") -> " + to +
          " {\n%r = " + op + " %a, %b : " + type + "\nreturn %r : " + to +
          "\n}")
      .str();
}
static std::string unary(StringRef op, StringRef type) {
  return ("func.func @main(%a: " + type + ") -> " + type + " {\n%r = " + op +
          " %a : " + type + "\nreturn %r : " + type + "\n}")
      .str();
}
static std::string cast(StringRef op, StringRef from, StringRef to) {
  return ("func.func @main(%a: " + from + ") -> " + to + " {\n%r = " + op +
          " %a : " + from + " to " + to + "\nreturn %r : " + to + "\n}")
      .str();
}

static void expectInts(StringRef op, StringRef type, int64_t a, int64_t b,
                       int64_t expected) {
  expectRun(binary(op, type), {Scalar(a), Scalar(b)}, Scalar(expected));
}

TEST(Arith, Integers) {
  expectInts("arith.addi", "i32", max32, 1, min32);
  expectInts("arith.subi", "i64", min64, 1, max64);
  expectInts("arith.muli", "i32", 65536, 65536, 0);
  expectInts("arith.addi", "i8", 127, 1, -128);
  expectInts("arith.addi", "i1", 1, 1, 0);
  expectInts("arith.divsi", "i32", -7, 2, -3);
  expectInts("arith.remsi", "i32", -7, 2, -1);
  expectInts("arith.floordivsi", "i32", -7, 2, -4);
  expectInts("arith.ceildivsi", "i32", -7, 2, -3);
  expectInts("arith.ceildivsi", "i32", 7, 2, 4);
  expectInts("arith.divui", "i32", -1, 2, max32);
  expectInts("arith.remui", "i32", -1, 10, 5);
  expectInts("arith.ceildivui", "index", 7, 2, 4);
  expectInts("arith.andi", "i64", 12, 10, 8);
  expectInts("arith.ori", "i64", 12, 10, 14);
  expectInts("arith.xori", "i64", 12, 10, 6);
  expectInts("arith.shli", "i32", 1, 31, min32);
  expectInts("arith.shrsi", "i32", -8, 1, -4);
  expectInts("arith.shrui", "i32", -8, 1, 0x7ffffffc);
  expectInts("arith.shli", "i32", 1, 32, 0);
  expectInts("arith.shrsi", "i32", -8, 40, 0);
  expectInts("arith.maxsi", "i32", -1, 1, 1);
  expectInts("arith.maxui", "i32", -1, 1, -1);
  expectInts("arith.minsi", "i1", 1, 0, 1);
  expectInts("arith.minui", "i1", 1, 0, 0);
}

TEST(Arith, Comparisons) {
  auto cmp = [](StringRef predicate, StringRef type, Scalar a, Scalar b) {
    bool isFloat = type.starts_with("f");
    Value value =
        run(binary((StringRef(isFloat ? "arith.cmpf " : "arith.cmpi ") +
                    predicate + ",")
                       .str(),
                   type, "i1"),
            {a, b});
    return std::get<int64_t>(std::get<Scalar>(value)) == 1;
  };
  Scalar minus = int64_t(-1), one = int64_t(1);
  EXPECT_TRUE(cmp("slt", "i32", minus, one));
  EXPECT_FALSE(cmp("ult", "i32", minus, one));
  EXPECT_TRUE(cmp("uge", "i64", minus, one));
  EXPECT_TRUE(cmp("slt", "i1", one, int64_t(0)));
  EXPECT_TRUE(cmp("olt", "f64", 1.0, 2.0));
  EXPECT_FALSE(cmp("olt", "f64", nan64, 2.0));
  EXPECT_TRUE(cmp("ult", "f64", nan64, 2.0));
  EXPECT_FALSE(cmp("oeq", "f64", nan64, nan64));
  EXPECT_TRUE(cmp("une", "f64", nan64, nan64));
  EXPECT_TRUE(cmp("oeq", "f64", 0.0, -0.0));
  EXPECT_TRUE(cmp("ord", "f32", 0.0f, 1.0f));
}

TEST(Arith, Floats) {
  auto expect = [](StringRef op, double a, double b, double expected) {
    expectRun(binary(op, "f64"), {Scalar(a), Scalar(b)}, Scalar(expected));
  };
  expect("arith.minimumf", nan64, 1, nan64);
  expect("arith.minnumf", nan64, 1, 1);
  expect("arith.maximumf", 1, nan64, nan64);
  expect("arith.maxnumf", 1, nan64, 1);
  expect("arith.remf", -7, 4, -3);
  expect("arith.divf", 1, 0, inf);
  expect("arith.subf", inf, inf, nan64);
  Value zero =
      run(binary("arith.minimumf", "f64"), {Scalar(0.0), Scalar(-0.0)});
  EXPECT_TRUE(std::signbit(std::get<double>(std::get<Scalar>(zero))));
  expectRun(binary("arith.addf", "f32"), {Scalar(16777216.0f), Scalar(1.0f)},
            Scalar(16777216.0f));
}

TEST(Arith, Casts) {
  expectRun(cast("arith.fptosi", "f64", "i32"), {Scalar(-2.9)},
            Scalar(int64_t(-2)));
  expectRun(cast("arith.fptosi", "f64", "i32"), {Scalar(nan64)},
            Scalar(int64_t(0)));
  expectRun(cast("arith.fptoui", "f64", "i32"), {Scalar(4294967295.0)},
            Scalar(int64_t(-1)));
  expectRun(cast("arith.sitofp", "i1", "f64"), {Scalar(int64_t(1))},
            Scalar(-1.0));
  expectRun(cast("arith.uitofp", "i64", "f64"), {Scalar(int64_t(-1))},
            Scalar(18446744073709551616.0));
  expectRun(cast("arith.extsi", "i1", "i32"), {Scalar(int64_t(1))},
            Scalar(int64_t(-1)));
  expectRun(cast("arith.extui", "i8", "i32"), {Scalar(int64_t(-1))},
            Scalar(int64_t(255)));
  expectRun(cast("arith.trunci", "i64", "i1"), {Scalar(int64_t(3))},
            Scalar(int64_t(1)));
  expectRun(cast("arith.index_cast", "index", "i32"),
            {Scalar(int64_t(1) << 32)}, Scalar(int64_t(0)));
  expectRun(cast("arith.bitcast", "f32", "i32"), {Scalar(-0.0f)},
            Scalar(int64_t(min32)));
  expectRun(cast("arith.truncf", "f64", "f32"), {Scalar(1e300)}, Scalar(inff));
}

TEST(Arith, TensorsAndSelect) {
  expectRun(R"(
func.func @main(%c: tensor<?xi1>, %a: tensor<?xf32>) -> tensor<?xf32> {
  %b = arith.negf %a : tensor<?xf32>
  %r = arith.select %c, %a, %b : tensor<?xi1>, tensor<?xf32>
  return %r : tensor<?xf32>
})",
            {dense<bool>({2}, {true, false}), dense<float>({2}, {1, 2})},
            dense<float>({2}, {1, -2}));
  expectRun(
      R"(
func.func @main(%c: i1, %a: tensor<?xf32>, %b: tensor<?xf32>) -> tensor<?xf32> {
  %r = arith.select %c, %a, %b : tensor<?xf32>
  return %r : tensor<?xf32>
})",
      {Scalar(int64_t(0)), dense<float>({1}, {1}), dense<float>({2}, {2, 3})},
      dense<float>({2}, {2, 3}));
}

TEST(Arith, Constants) {
  expectRun(R"(
func.func @main() -> tensor<2x2xi32> {
  %r = arith.constant dense<[[1, -2], [3, 4]]> : tensor<2x2xi32>
  return %r : tensor<2x2xi32>
})",
            {}, dense<int32_t>({2, 2}, {1, -2, 3, 4}));
  expectRun(R"(
func.func @main() -> tensor<3xi1> {
  %r = arith.constant dense<true> : tensor<3xi1>
  return %r : tensor<3xi1>
})",
            {}, dense<bool>({3}, {true, true, true}));
  expectRun(R"(
func.func @main() -> tensor<2xf32> {
  %r = arith.constant dense_resource<w> : tensor<2xf32>
  return %r : tensor<2xf32>
}
{-# dialect_resources: { builtin: { w: "0x040000000000803F000000C0" } } #-})",
            {}, dense<float>({2}, {1, -2}));
}

TEST(Math, Functions) {
  auto expect = [](StringRef op, double a, double expected) {
    expectRun(unary(op, "f64"), {Scalar(a)}, Scalar(expected),
              {1e-15, 0, std::nullopt});
    expectRun(unary(op, "f32"), {Scalar(float(a))}, Scalar(float(expected)),
              {2e-7, 0, std::nullopt});
  };
  expect("math.exp", 1, 2.718281828459045);
  expect("math.exp2", 3, 8);
  expect("math.expm1", 0, 0);
  expect("math.log", 1, 0);
  expect("math.log2", 8, 3);
  expect("math.log10", 100, 2);
  expect("math.log1p", 0, 0);
  expect("math.sqrt", 2, 1.4142135623730951);
  expect("math.rsqrt", 4, 0.5);
  expect("math.cbrt", 27, 3);
  expect("math.tanh", 1, 0.7615941559557649);
  expect("math.erf", 0.5, 0.5204998778130465);
  expect("math.absf", -3, 3);
  expect("math.floor", -1.5, -2);
  expect("math.ceil", -1.5, -1);
  expect("math.round", 2.5, 3);
  expect("math.roundeven", 2.5, 2);
  expect("math.trunc", -1.5, -1);
  expect("math.log", -1, nan64);
  expectRun(binary("math.powf", "f64"), {Scalar(2.0), Scalar(10.0)},
            Scalar(1024.0));
  expectRun(binary("math.atan2", "f64"), {Scalar(1.0), Scalar(0.0)},
            Scalar(std::atan(1.0) * 2));
  expectRun(binary("math.copysign", "f64"), {Scalar(2.0), Scalar(-0.0)},
            Scalar(-2.0));
}

TEST(Math, Integers) {
  auto expect = [](StringRef op, StringRef type, int64_t a, int64_t expected) {
    expectRun(unary(op, type), {Scalar(a)}, Scalar(expected));
  };
  expect("math.ctpop", "i32", -1, 32);
  expect("math.ctlz", "i32", 1, 31);
  expect("math.ctlz", "i64", 0, 64);
  expect("math.cttz", "i32", 8, 3);
  expect("math.cttz", "i32", 0, 32);
  expect("math.absi", "i64", -5, 5);
  expect("math.absi", "i64", min64, min64);
  expectInts("math.ipowi", "i32", 3, 4, 81);
  expectInts("math.ipowi", "i32", -1, -3, -1);
  expectInts("math.ipowi", "i64", 2, 64, 0);
}
