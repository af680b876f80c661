//===- NarrowTest.cpp - f16 and bf16 against APFloat ----------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle-rt/narrow.h"

#include "llvm/ADT/APFloat.h"
#include "gtest/gtest.h"

#include <cmath>
#include <random>

using llvm::APFloat;
using noodle::rt::Brain;
using noodle::rt::Half;

namespace {

template <typename N> const llvm::fltSemantics &semantics();
template <> const llvm::fltSemantics &semantics<Half>() {
  return APFloat::IEEEhalf();
}
template <> const llvm::fltSemantics &semantics<Brain>() {
  return APFloat::BFloat();
}

template <typename N, typename F> uint16_t roundedByLLVM(F value) {
  APFloat number(value);
  bool loses;
  number.convert(semantics<N>(), APFloat::rmNearestTiesToEven, &loses);
  return uint16_t(number.bitcastToAPInt().getZExtValue());
}

template <typename N> bool isNaN(uint16_t bits) {
  return std::isnan(float(N::fromBits(bits)));
}

template <typename N, typename F> void expectRounds(F value) {
  uint16_t ours = N(value).bits(), theirs = roundedByLLVM<N>(value);
  if (std::isnan(value))
    EXPECT_TRUE(isNaN<N>(ours));
  else
    ASSERT_EQ(ours, theirs) << std::hexfloat << double(value);
}

template <typename N> class Narrow : public ::testing::Test {};
using Types = ::testing::Types<Half, Brain>;
TYPED_TEST_SUITE(Narrow, Types);

TYPED_TEST(Narrow, EveryNumberReadsAsLLVMReadsIt) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    APFloat number(semantics<TypeParam>(), llvm::APInt(16, bits));
    bool loses;
    number.convert(APFloat::IEEEsingle(), APFloat::rmNearestTiesToEven, &loses);
    float ours = TypeParam::fromBits(uint16_t(bits));
    if (number.isNaN())
      ASSERT_TRUE(std::isnan(ours)) << bits;
    else
      ASSERT_EQ(std::bit_cast<uint32_t>(ours),
                std::bit_cast<uint32_t>(number.convertToFloat()))
          << bits;
  }
}

/// At every number, half way to the next, and a bit to either side of that.
TYPED_TEST(Narrow, RoundsAtEveryBoundary) {
  for (uint32_t bits = 0; bits < 0xffff; ++bits) {
    if (isNaN<TypeParam>(uint16_t(bits)) ||
        isNaN<TypeParam>(uint16_t(bits + 1)))
      continue;
    double low = float(TypeParam::fromBits(uint16_t(bits)));
    double high = float(TypeParam::fromBits(uint16_t(bits + 1)));
    expectRounds<TypeParam>(low);
    expectRounds<TypeParam>(float(low));
    double middle = low / 2 + high / 2;
    for (double value :
         {middle, std::nextafter(middle, low), std::nextafter(middle, high)})
      expectRounds<TypeParam>(value);
    float near = float(middle);
    for (float value : {near, std::nextafter(near, float(low)),
                        std::nextafter(near, float(high))})
      expectRounds<TypeParam>(value);
  }
}

TYPED_TEST(Narrow, RoundsRandomBits) {
  constexpr uint64_t seed = 20260;
  std::printf("seed %llu\n", (unsigned long long)seed);
  std::mt19937_64 random(seed);
  for (int k = 0; k < 300000; ++k) {
    expectRounds<TypeParam>(std::bit_cast<float>(uint32_t(random())));
    // Exponents the narrow types have.
    uint64_t bits = random();
    uint64_t exponent = 1023 - 30 + (bits >> 52) % 60;
    expectRounds<TypeParam>(
        std::bit_cast<double>((bits & 0x800fffffffffffff) | exponent << 52));
  }
  for (double value :
       {65503.99, 65519.999, 65520.0, 1e308, 5e-324, 0x1p-25, 0x1.000001p-25,
        3.4028235677973366e38, -0.0, double(INFINITY), double(NAN)})
    expectRounds<TypeParam>(value);
}

} // namespace
