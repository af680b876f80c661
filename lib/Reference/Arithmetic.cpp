//===- Arithmetic.cpp - scalar arithmetic of the interpreter --------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Arithmetic.h"

#include "noodle/Dialect/Semiring.h"

#include <cmath>
#include <limits>

namespace mlir::noodle::reference {

using ::noodle::rt::Brain;
using ::noodle::rt::Half;

std::optional<noodle_rt_type> elementType(Type type) {
  noodle_rt_type known = runtimeType(type);
  return known ? std::optional(known) : std::nullopt;
}

Scalar zeroScalar(noodle_rt_type type) {
  return convertScalar(int64_t(0), type);
}

int64_t wrapInteger(int64_t value, unsigned width) {
  if (width >= 64)
    return value;
  if (width == 1)
    return value & 1;
  uint64_t sign = uint64_t(1) << (width - 1);
  uint64_t low = uint64_t(value) & (sign | (sign - 1));
  return int64_t((low ^ sign) - sign);
}

uint64_t unsignedOf(int64_t value, unsigned width) {
  if (width >= 64)
    return uint64_t(value);
  return uint64_t(value) & ((uint64_t(1) << width) - 1);
}

int64_t integerFromDouble(double value, unsigned width, bool isSigned) {
  if (std::isnan(value))
    return 0;
  double whole = std::trunc(value);
  // 2^k is exact, and so is every comparison with it.
  double above = std::ldexp(1.0, int(isSigned ? width - 1 : width));
  double least = isSigned ? -above : 0.0;
  if (whole >= above)
    return isSigned ? int64_t((uint64_t(1) << (width - 1)) - 1)
                    : wrapInteger(-1, width);
  if (whole < least)
    whole = least;
  if (isSigned)
    return wrapInteger(int64_t(whole), width);
  return wrapInteger(int64_t(uint64_t(whole)), width);
}

template <typename T> static constexpr bool isComplexType = false;
template <typename T>
static constexpr bool isComplexType<std::complex<T>> = true;

double toDouble(const Scalar &value) {
  return std::visit(
      []<typename T>(T v) -> double {
        if constexpr (isComplexType<T>)
          return v.real();
        else
          return double(v);
      },
      value);
}

std::complex<double> toComplex(const Scalar &value) {
  return std::visit(
      []<typename T>(T v) -> std::complex<double> {
        if constexpr (isComplexType<T>)
          return {v.real(), v.imag()};
        else
          return double(v);
      },
      value);
}

float toFloat(const Scalar &value) {
  return std::visit(
      []<typename T>(T v) -> float {
        if constexpr (isComplexType<T>)
          return float(v.real());
        else
          return float(v);
      },
      value);
}

Scalar roundedLike(const Scalar &like, double value) {
  if (std::holds_alternative<float>(like))
    return float(value);
  if (std::holds_alternative<Half>(like))
    return Half(float(value));
  if (std::holds_alternative<Brain>(like))
    return Brain(float(value));
  return value;
}

int64_t toInteger(const Scalar &value) {
  if (const int64_t *integer = std::get_if<int64_t>(&value))
    return *integer;
  return integerFromDouble(toDouble(value), 64, true);
}

Scalar convertScalar(const Scalar &value, noodle_rt_type to) {
  switch (to) {
  case NOODLE_RT_F32:
    // Straight from the integer: by way of double would round twice.
    return toFloat(value);
  case NOODLE_RT_F64:
    return toDouble(value);
  case NOODLE_RT_F16:
    return std::holds_alternative<double>(value) ? Half(toDouble(value))
                                                 : Half(toFloat(value));
  case NOODLE_RT_BF16:
    return std::holds_alternative<double>(value) ? Brain(toDouble(value))
                                                 : Brain(toFloat(value));
  case NOODLE_RT_C64:
    return isComplex(value) ? std::complex<float>(toComplex(value))
                            : std::complex<float>(toFloat(value));
  case NOODLE_RT_C128:
    return toComplex(value);
  case NOODLE_RT_I1:
    return int64_t(isNonZero(value));
  default: {
    unsigned width = to == NOODLE_RT_I32 ? 32 : to == NOODLE_RT_I8 ? 8 : 64;
    if (const int64_t *integer = std::get_if<int64_t>(&value))
      return wrapInteger(*integer, width);
    return integerFromDouble(toDouble(value), width, true);
  }
  }
}

bool isNonZero(const Scalar &value) {
  std::complex<double> number = toComplex(value);
  return std::holds_alternative<int64_t>(value)
             ? std::get<int64_t>(value) != 0
             : number.real() != 0 || number.imag() != 0;
}

bool sameValue(const Scalar &a, const Scalar &b) {
  if (a.index() != b.index())
    return false;
  if (const int64_t *integer = std::get_if<int64_t>(&a))
    return *integer == std::get<int64_t>(b);
  auto same = [](double x, double y) {
    return x == y || (std::isnan(x) && std::isnan(y));
  };
  std::complex<double> x = toComplex(a), y = toComplex(b);
  return same(x.real(), y.real()) && same(x.imag(), y.imag());
}

//===----------------------------------------------------------------------===//
// Semirings
//===----------------------------------------------------------------------===//

template <typename F> static F least(F a, F b) {
  if (std::isnan(a) || std::isnan(b))
    return std::numeric_limits<F>::quiet_NaN();
  return b < a ? b : a;
}

template <typename F> static F greatest(F a, F b) {
  if (std::isnan(a) || std::isnan(b))
    return std::numeric_limits<F>::quiet_NaN();
  return a < b ? b : a;
}

/// log(exp a + exp b); the larger argument comes out of the exponential, so
/// nothing overflows. Rounded after every operation.
template <typename F> static F logPlus(F a, F b) {
  if (std::isnan(a) || std::isnan(b))
    return std::numeric_limits<F>::quiet_NaN();
  F high = greatest(a, b), low = least(a, b);
  // Infinities: -inf is the zero, and inf absorbs; inf - inf must not happen.
  if (std::isinf(high) || std::isinf(low))
    return high;
  F power = F(std::exp(double(F(low - high))));
  return F(high + F(std::log1p(double(power))));
}

template <typename F>
static std::optional<Algebra> floatAlgebra(SemiringKind kind) {
  using Fn = F (*)(F, F);
  auto lift = [](Fn fn) {
    return [fn](const Scalar &a, const Scalar &b) -> Scalar {
      return fn(std::get<F>(a), std::get<F>(b));
    };
  };
  Fn plus = [](F a, F b) -> F { return a + b; };
  Fn times = [](F a, F b) -> F { return a * b; };
  Fn min = least<F>, max = greatest<F>;
  F inf = std::numeric_limits<F>::infinity();
  auto make = [&](F zero, F one, Fn add, Fn mul) {
    return Algebra{zero, one, lift(add), lift(mul)};
  };
  switch (kind) {
  case SemiringKind::PlusTimes:
    return make(0, 1, plus, times);
  case SemiringKind::MinPlus:
    return make(inf, 0, min, plus);
  case SemiringKind::MaxPlus:
    return make(-inf, 0, max, plus);
  case SemiringKind::MaxTimes:
    return make(0, 1, max, times);
  case SemiringKind::MaxMin:
    return make(-inf, inf, max, min);
  case SemiringKind::MinMax:
    return make(inf, -inf, min, max);
  case SemiringKind::LogPlus:
    return make(-inf, 0, logPlus<F>, plus);
  default:
    return std::nullopt;
  }
}

/// f16 or bf16: f32's operations, each rounded once more.
template <typename N>
static std::optional<Algebra> narrowAlgebra(SemiringKind kind) {
  std::optional<Algebra> wide = floatAlgebra<float>(kind);
  if (!wide)
    return std::nullopt;
  using Fn = std::function<Scalar(const Scalar &, const Scalar &)>;
  auto lift = [](Fn fn) {
    return [fn = std::move(fn)](const Scalar &a, const Scalar &b) -> Scalar {
      return N(toFloat(fn(toFloat(a), toFloat(b))));
    };
  };
  return Algebra{N(toFloat(wide->zero)), N(toFloat(wide->one)), lift(wide->add),
                 lift(wide->mul)};
}

template <typename F>
static std::optional<Algebra> complexAlgebra(SemiringKind kind) {
  if (kind != SemiringKind::PlusTimes)
    return std::nullopt;
  using C = std::complex<F>;
  auto add = [](const Scalar &a, const Scalar &b) -> Scalar {
    return std::get<C>(a) + std::get<C>(b);
  };
  // Written out: the library's product looks after infinities.
  auto mul = [](const Scalar &a, const Scalar &b) -> Scalar {
    C x = std::get<C>(a), y = std::get<C>(b);
    F ac = x.real() * y.real(), bd = x.imag() * y.imag();
    F ad = x.real() * y.imag(), bc = x.imag() * y.real();
    return C(ac - bd, ad + bc);
  };
  return Algebra{C(0), C(1), add, mul};
}

/// I is the type whose range counts; values travel as int64.
template <typename I>
static std::optional<Algebra> integerAlgebra(SemiringKind kind) {
  using Fn = int64_t (*)(int64_t, int64_t);
  constexpr int64_t high = std::numeric_limits<I>::max();
  constexpr int64_t low = std::numeric_limits<I>::min();
  auto lift = [](Fn fn) {
    return [fn](const Scalar &a, const Scalar &b) -> Scalar {
      return fn(std::get<int64_t>(a), std::get<int64_t>(b));
    };
  };
  // Two's complement: the sum and product of the unsigned values, narrowed.
  Fn plus = [](int64_t a, int64_t b) -> int64_t {
    return I(uint64_t(a) + uint64_t(b));
  };
  Fn times = [](int64_t a, int64_t b) -> int64_t {
    return I(uint64_t(a) * uint64_t(b));
  };
  Fn min = [](int64_t a, int64_t b) { return b < a ? b : a; };
  Fn max = [](int64_t a, int64_t b) { return a < b ? b : a; };
  // Saturating sums in which one extreme value annihilates.
  Fn plusBelowHigh = [](int64_t a, int64_t b) -> int64_t {
    if (a == high || b == high)
      return high;
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum))
      return a < 0 ? low : high;
    return sum < low ? low : sum > high ? high : sum;
  };
  Fn plusAboveLow = [](int64_t a, int64_t b) -> int64_t {
    if (a == low || b == low)
      return low;
    int64_t sum;
    if (__builtin_add_overflow(a, b, &sum))
      return a < 0 ? low : high;
    return sum < low ? low : sum > high ? high : sum;
  };
  auto make = [&](int64_t zero, int64_t one, Fn add, Fn mul) {
    return Algebra{zero, one, lift(add), lift(mul)};
  };
  switch (kind) {
  case SemiringKind::PlusTimes:
    return make(0, 1, plus, times);
  case SemiringKind::MinPlus:
    return make(high, 0, min, plusBelowHigh);
  case SemiringKind::MaxPlus:
    return make(low, 0, max, plusAboveLow);
  case SemiringKind::MaxTimes:
    return make(0, 1, max, times);
  case SemiringKind::MaxMin:
    return make(low, high, max, min);
  case SemiringKind::MinMax:
    return make(high, low, min, max);
  default:
    return std::nullopt;
  }
}

static std::optional<Algebra> booleanAlgebra(SemiringKind kind) {
  auto both = [](const Scalar &a, const Scalar &b) -> Scalar {
    return std::get<int64_t>(a) & std::get<int64_t>(b);
  };
  auto either = [](const Scalar &a, const Scalar &b) -> Scalar {
    return std::get<int64_t>(a) | std::get<int64_t>(b);
  };
  auto oneOf = [](const Scalar &a, const Scalar &b) -> Scalar {
    return std::get<int64_t>(a) ^ std::get<int64_t>(b);
  };
  if (kind == SemiringKind::OrAnd)
    return Algebra{int64_t(0), int64_t(1), either, both};
  if (kind == SemiringKind::XorAnd)
    return Algebra{int64_t(0), int64_t(1), oneOf, both};
  return std::nullopt;
}

std::optional<Algebra> builtinAlgebra(SemiringKind kind, noodle_rt_type type) {
  switch (type) {
  case NOODLE_RT_F32:
    return floatAlgebra<float>(kind);
  case NOODLE_RT_F64:
    return floatAlgebra<double>(kind);
  case NOODLE_RT_I32:
    return integerAlgebra<int32_t>(kind);
  case NOODLE_RT_I64:
    return integerAlgebra<int64_t>(kind);
  case NOODLE_RT_I1:
    return booleanAlgebra(kind);
  case NOODLE_RT_F16:
    return narrowAlgebra<Half>(kind);
  case NOODLE_RT_BF16:
    return narrowAlgebra<Brain>(kind);
  case NOODLE_RT_I8:
    return integerAlgebra<int8_t>(kind);
  case NOODLE_RT_C64:
    return complexAlgebra<float>(kind);
  case NOODLE_RT_C128:
    return complexAlgebra<double>(kind);
  default:
    return std::nullopt;
  }
}

} // namespace mlir::noodle::reference
