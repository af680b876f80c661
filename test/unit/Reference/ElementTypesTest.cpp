//===- ElementTypesTest.cpp - f16, bf16, i8 and complex numbers -----------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Harness.h"

using namespace noodle_test;
using noodle::rt::Brain;
using noodle::rt::Half;
using C64 = std::complex<float>;
using C128 = std::complex<double>;

namespace {

template <typename N> std::vector<N> narrow(std::vector<float> values) {
  std::vector<N> result;
  for (float value : values)
    result.push_back(N(value));
  return result;
}

/// `op` on one vector %a of `type`, as a program with a scalar result.
std::string sumOf(const std::string &type, const std::string &attributes,
                  const std::string &result) {
  return "func.func @main(%a: tensor<?x" + type + ">) -> tensor<" + result +
         "> {\n%r = noodle.contract \"i->\" (%a) {" + attributes +
         "} : (tensor<?x" + type + ">) -> tensor<" + result +
         ">\nreturn %r : tensor<" + result + ">\n}";
}

TEST(ElementTypes, NarrowSumsAreFormedInF32) {
  std::vector<float> values = {2048, 1, 1};
  Value a = dense<Half>({3}, narrow<Half>(values));
  expectRun(sumOf("f16", "", "f16"), {a}, dense<Half>({}, {Half(2050.f)}));
  expectRun(sumOf("f16", "", "f32"), {a}, dense<float>({}, {2050}));
  expectRun(sumOf("f16", "accumulator = f16", "f16"), {a},
            dense<Half>({}, {Half(2048.f)}));
  expectRun(sumOf("f16", "accumulator = f64", "f64"), {a},
            dense<double>({}, {2050}));
  Value b = dense<Brain>({3}, narrow<Brain>({256, 1, 1}));
  expectRun(sumOf("bf16", "", "bf16"), {b}, dense<Brain>({}, {Brain(258.f)}));
  expectRun(sumOf("bf16", "accumulator = bf16", "bf16"), {b},
            dense<Brain>({}, {Brain(256.f)}));
}

TEST(ElementTypes, ReductionsRoundOnceAndScattersEachTime) {
  Value a = dense<Half>({3}, narrow<Half>({2048, 1, 1}));
  expectRun("func.func @main(%a: tensor<?xf16>) -> tensor<f16> {\n"
            "%r = noodle.reduce %a {dims = array<i64: 0>} : tensor<?xf16> -> "
            "tensor<f16>\nreturn %r : tensor<f16>\n}",
            {a}, dense<Half>({}, {Half(2050.f)}));
  Value init = dense<Half>({1}, narrow<Half>({2048}));
  Value updates = dense<Half>({2}, narrow<Half>({1, 1}));
  expectRun("func.func @main(%u: tensor<2xf16>, %i: tensor<2xi32>, %x: "
            "tensor<1xf16>) -> tensor<1xf16> {\n"
            "%r = noodle.scatter %u[%i] into %x : tensor<2xf16>, "
            "tensor<2xi32>, tensor<1xf16>\nreturn %r : tensor<1xf16>\n}",
            {updates, dense<int32_t>({2}, {0, 0}), init}, init);
}

TEST(ElementTypes, BytesSumInI32AndWrap) {
  Value a = dense<int8_t>({3}, {127, 127, -3});
  expectRun(sumOf("i8", "", "i32"), {a}, dense<int32_t>({}, {251}));
  expectRun(sumOf("i8", "", "i8"), {a}, dense<int8_t>({}, {-5}));
  expectRun(sumOf("i8", "accumulator = i64", "i64"), {a},
            dense<int64_t>({}, {251}));
  // In its own type: the zero is 127.
  auto dot = [](std::vector<int8_t> x, std::vector<int8_t> y, int8_t expected) {
    int64_t n = int64_t(x.size());
    expectRun("func.func @main(%a: tensor<?xi8>, %b: tensor<?xi8>) -> "
              "tensor<i8> {\n%r = noodle.contract \"i,i->\" (%a, %b) "
              "{semiring = #noodle.semiring<min_plus>} : (tensor<?xi8>, "
              "tensor<?xi8>) -> tensor<i8>\nreturn %r : tensor<i8>\n}",
              {dense<int8_t>({n}, x), dense<int8_t>({n}, y)},
              dense<int8_t>({}, {expected}));
  };
  dot({}, {}, 127);
  dot({127}, {-100}, 127);
  dot({100}, {100}, 127);
  dot({-100}, {-100}, -128);
  dot({5, 3}, {1, 4}, 6);
}

TEST(ElementTypes, ComplexProductsAreTheTextbooks) {
  auto dot = [](std::vector<C128> x, std::vector<C128> y, C128 expected) {
    int64_t n = int64_t(x.size());
    std::string type = "tensor<?xcomplex<f64>>";
    expectRun("func.func @main(%a: " + type + ", %b: " + type +
                  ") -> tensor<complex<f64>> {\n%r = noodle.contract "
                  "\"i,i->\" (%a, %b) : (" +
                  type + ", " + type +
                  ") -> tensor<complex<f64>>\nreturn %r : "
                  "tensor<complex<f64>>\n}",
              {dense<C128>({n}, x), dense<C128>({n}, y)},
              dense<C128>({}, {expected}));
  };
  dot({}, {}, 0);
  dot({{1, 2}, {0, 1}}, {{3, -1}, {0, 1}}, {4, 5});
  dot({{inf, 0}}, {{1, 0}}, {inf, nan64});
}

TEST(ElementTypes, ComplexMaps) {
  auto map = [](const std::string &code, C64 z, const Value &expected,
                const std::string &result = "complex<f32>") {
    expectRun("func.func @main(%a: tensor<1xcomplex<f32>>) -> tensor<1x" +
                  result +
                  "> {\n%r = noodle.map (%a) : (tensor<1xcomplex<f32>>) -> "
                  "tensor<1x" +
                  result +
                  "> {\n^bb0(%z: complex<f32>):\n"
                  "%i = complex.constant [0.0 : f32, 1.0 : f32] : "
                  "complex<f32>\n" +
                  code + "\nnoodle.yield %y : " + result +
                  "\n}\nreturn %r : tensor<1x" + result + ">\n}",
              {dense<C64>({1}, {z})}, expected, {1e-6, 1e-6, std::nullopt});
  };
  auto one = [](C64 z) { return dense<C64>({1}, {z}); };
  const C64 z(3, -4);
  map("%y = complex.conj %z : complex<f32>", z, one({3, 4}));
  map("%y = complex.mul %z, %i : complex<f32>", z, one({4, 3}));
  map("%y = complex.div %z, %i : complex<f32>", z, one({-4, -3}));
  map("%y = complex.sub %i, %z : complex<f32>", z, one({-3, 5}));
  map("%y = complex.neg %z : complex<f32>", z, one({-3, 4}));
  map("%y = complex.exp %z : complex<f32>", z, one(std::exp(z)));
  map("%y = complex.sqrt %z : complex<f32>", z, one({2, -1}));
  map("%y = complex.abs %z : complex<f32>", z, dense<float>({1}, {5}), "f32");
  map("%y = complex.im %z : complex<f32>", z, dense<float>({1}, {-4}), "f32");
  map("%y = complex.angle %z : complex<f32>", z,
      dense<float>({1}, {std::arg(z)}), "f32");
  map("%y = complex.neq %z, %i : complex<f32>", z, dense<bool>({1}, {true}),
      "i1");
  map("%y = complex.eq %z, %i : complex<f32>", C64(0, 1),
      dense<bool>({1}, {true}), "i1");
}

template <typename To, typename From>
void expectConverts(const std::string &from, const std::string &to, From value,
                    To expected) {
  SCOPED_TRACE(from + " to " + to);
  std::string in = "tensor<1x" + from + ">", out = "tensor<1x" + to + ">";
  expectRun("func.func @main(%a: " + in + ") -> " + out +
                " {\n%r = noodle.convert %a : " + in + " -> " + out +
                "\nreturn %r : " + out + "\n}",
            {dense<From>({1}, {value})}, dense<To>({1}, {expected}));
}

TEST(ElementTypes, Conversions) {
  // Once rounded: through an ordinary f32 both would come out as 1.
  expectConverts("f64", "f16", 1 + 0x1p-11 + 0x1p-40, Half(1 + 0x1p-10f));
  expectConverts("f64", "bf16", 1 + 0x1p-8 + 0x1p-40, Brain(1 + 0x1p-7f));
  expectConverts("f64", "f16", 65520.0, Half(inff));
  expectConverts("f16", "f64", Half(0x1p-24f), 0x1p-24);
  expectConverts("f16", "bf16", Half(1.0009765625f), Brain(1.f));
  expectConverts("f16", "i32", Half(inff), max32);
  expectConverts("f16", "i32", Half(-inff), min32);
  expectConverts("bf16", "i8", Brain(-300.f), int8_t(-128));
  expectConverts("bf16", "i8", Brain(nan32), int8_t(0));
  expectConverts("bf16", "i1", Brain(nan32), true);
  expectConverts("i32", "bf16", int32_t(max32), Brain(0x1p31f));
  expectConverts("i32", "i8", int32_t(200), int8_t(-56));
  expectConverts("i8", "i64", int8_t(-56), int64_t(-56));
  expectConverts("i1", "f16", true, Half(1.f));
  expectConverts("f16", "complex<f64>", Half(1.5f), C128(1.5, 0));
  expectConverts("i8", "complex<f32>", int8_t(-2), C64(-2, 0));
  expectConverts("complex<f64>", "complex<f32>", C128(0.1, inf),
                 C64(0.1f, inff));
  expectConverts("complex<f32>", "i1", C64(0, 2), true);
  expectConverts("complex<f32>", "i1", C64(0, -0.f), false);
}

TEST(ElementTypes, NarrowArithmeticIsRoundedAfterEveryOp) {
  expectRun("func.func @main(%a: tensor<1xf16>) -> tensor<1xf16> {\n"
            "%r = noodle.map (%a) : (tensor<1xf16>) -> tensor<1xf16> {\n"
            "^bb0(%x: f16):\n%k = arith.constant 2048.0 : f16\n"
            "%s = arith.addf %x, %k : f16\n%y = arith.subf %s, %k : f16\n"
            "noodle.yield %y : f16\n}\nreturn %r : tensor<1xf16>\n}",
            {dense<Half>({1}, narrow<Half>({1}))},
            dense<Half>({1}, narrow<Half>({0})));
  expectRun("func.func @main(%a: tensor<3xf16>) -> tensor<3xi1> {\n"
            "%r = noodle.map (%a) : (tensor<3xf16>) -> tensor<3xi1> {\n"
            "^bb0(%x: f16):\n%y = math.isnormal %x : f16\n"
            "noodle.yield %y : i1\n}\nreturn %r : tensor<3xi1>\n}",
            {dense<Half>({3}, narrow<Half>({0x1p-14f, 0x1p-15f, inff}))},
            dense<bool>({3}, {true, false, false}));
}

TEST(ElementTypes, NormalisationsAreRoundedOnce) {
  expectRun("func.func @main(%a: tensor<2xbf16>) -> tensor<2xbf16> {\n"
            "%r = noodle.softmax %a {axis = 0 : i64} : tensor<2xbf16>\n"
            "return %r : tensor<2xbf16>\n}",
            {dense<Brain>({2}, narrow<Brain>({0, 1}))},
            dense<Brain>({2}, narrow<Brain>({0.26894143f, 0.7310586f})));
}

} // namespace
