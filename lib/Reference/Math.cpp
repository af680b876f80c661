//===- Math.cpp - the math dialect ----------------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Functions are libm's in double, rounded to the type: for f32 the nearest
// float but for rare ties of the double's own error.
//
//===----------------------------------------------------------------------===//
#include "Machine.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/bit.h"
#include <cmath>

namespace mlir::noodle::reference {

/// A double as a scalar of the kind of `like`.
static Scalar rounded(double value, const Scalar &like) {
  return roundedLike(like, value);
}

template <double (*fn)(double)>
static LogicalResult unary(Machine &machine, Frame &frame, Operation *op) {
  return elementwise(machine, frame, op, [](ArrayRef<Scalar> in, Scalar &out) {
    out = rounded(fn(toDouble(in[0])), in[0]);
    return true;
  });
}

template <double (*fn)(double, double)>
static LogicalResult binary(Machine &machine, Frame &frame, Operation *op) {
  return elementwise(machine, frame, op, [](ArrayRef<Scalar> in, Scalar &out) {
    out = rounded(fn(toDouble(in[0]), toDouble(in[1])), in[0]);
    return true;
  });
}

template <bool (*fn)(double)>
static LogicalResult classify(Machine &machine, Frame &frame, Operation *op) {
  return elementwise(machine, frame, op, [](ArrayRef<Scalar> in, Scalar &out) {
    out = int64_t(fn(toDouble(in[0])));
    return true;
  });
}

static double rsqrt(double x) { return 1.0 / std::sqrt(x); }

/// Normal in the type it has: a float's least normal is a double's too.
static LogicalResult isNormal(Machine &machine, Frame &frame, Operation *op) {
  return elementwise(machine, frame, op, [](ArrayRef<Scalar> in, Scalar &out) {
    if (const auto *half = std::get_if<::noodle::rt::Half>(&in[0]))
      out = int64_t((half->bits() & 0x7fff) >= 0x0400 &&
                    (half->bits() & 0x7fff) < 0x7c00);
    else if (!std::holds_alternative<double>(in[0]))
      out = int64_t(std::isnormal(toFloat(in[0])));
    else
      out = int64_t(std::isnormal(toDouble(in[0])));
    return true;
  });
}

static LogicalResult fma(Machine &machine, Frame &frame, Operation *op) {
  return elementwise(machine, frame, op, [](ArrayRef<Scalar> in, Scalar &out) {
    if (const double *a = std::get_if<double>(&in[0]))
      out = std::fma(*a, std::get<double>(in[1]), std::get<double>(in[2]));
    else
      out = roundedLike(
          in[0], std::fma(toFloat(in[0]), toFloat(in[1]), toFloat(in[2])));
    return true;
  });
}

/// Between the bounds, as minnum(maxnum(value, min), max) gives it.
static LogicalResult clamp(Machine &machine, Frame &frame, Operation *op) {
  return elementwise(machine, frame, op, [](ArrayRef<Scalar> in, Scalar &out) {
    double x = std::fmax(toDouble(in[0]), toDouble(in[1]));
    out = rounded(std::fmin(x, toDouble(in[2])), in[0]);
    return true;
  });
}

static LogicalResult sincos(Machine &machine, Frame &frame, math::SincosOp op) {
  if (isa<RankedTensorType>(op.getOperand().getType()))
    return machine.uncovered(op, "on tensors");
  const Scalar in = frame.scalar(op.getOperand());
  frame.set(op->getResult(0), rounded(std::sin(toDouble(in)), in));
  frame.set(op->getResult(1), rounded(std::cos(toDouble(in)), in));
  return success();
}

/// base to an integer power by squaring, wrapping; a negative power of an
/// integer is the whole part of the quotient.
static LogicalResult integerPower(Machine &machine, Frame &frame,
                                  math::IPowIOp op) {
  Type type = getElementTypeOrSelf(op.getType());
  unsigned width = type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
  return elementwise(machine, frame, op, [&](ArrayRef<Scalar> in, Scalar &out) {
    int64_t base = std::get<int64_t>(in[0]);
    int64_t power = std::get<int64_t>(in[1]);
    if (power < 0) {
      if (base == 0)
        return succeeded(machine.fail(op, NOODLE_RT_CHECK_FAILED,
                                      "division by zero in 'math.ipowi'"));
      out = base == 1    ? int64_t(1)
            : base == -1 ? int64_t(power % 2 ? -1 : 1)
                         : int64_t(0);
      return true;
    }
    uint64_t result = 1, square = uint64_t(base);
    for (uint64_t rest = unsignedOf(power, width); rest; rest >>= 1) {
      if (rest & 1)
        result *= square;
      square *= square;
    }
    out = wrapInteger(int64_t(result), width);
    return true;
  });
}

static LogicalResult floatPower(Machine &machine, Frame &frame,
                                math::FPowIOp op) {
  return elementwise(machine, frame, op, [](ArrayRef<Scalar> in, Scalar &out) {
    out = rounded(std::pow(toDouble(in[0]), double(std::get<int64_t>(in[1]))),
                  in[0]);
    return true;
  });
}

static LogicalResult bits(Machine &machine, Frame &frame, Operation *op) {
  Type type = getElementTypeOrSelf(op->getResult(0).getType());
  unsigned width = type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
  return elementwise(machine, frame, op, [&](ArrayRef<Scalar> in, Scalar &out) {
    int64_t value = std::get<int64_t>(in[0]);
    uint64_t u = unsignedOf(value, width);
    int64_t result;
    if (isa<math::CtPopOp>(op))
      result = llvm::popcount(u);
    else if (isa<math::CountLeadingZerosOp>(op))
      result = llvm::countl_zero(u) - int(64 - width);
    else if (isa<math::CountTrailingZerosOp>(op))
      result = u ? llvm::countr_zero(u) : int(width);
    else // absi
      result = value < 0 ? int64_t(0 - uint64_t(value)) : value;
    out = wrapInteger(result, width);
    return true;
  });
}

void addMathHandlers(Handlers &handlers) {
  using namespace math;
  handlers.addAll<AbsFOp>(unary<std::fabs>);
  handlers.addAll<AcosOp>(unary<std::acos>);
  handlers.addAll<AcoshOp>(unary<std::acosh>);
  handlers.addAll<AsinOp>(unary<std::asin>);
  handlers.addAll<AsinhOp>(unary<std::asinh>);
  handlers.addAll<AtanOp>(unary<std::atan>);
  handlers.addAll<AtanhOp>(unary<std::atanh>);
  handlers.addAll<CbrtOp>(unary<std::cbrt>);
  handlers.addAll<CeilOp>(unary<std::ceil>);
  handlers.addAll<CosOp>(unary<std::cos>);
  handlers.addAll<CoshOp>(unary<std::cosh>);
  handlers.addAll<ErfOp>(unary<std::erf>);
  handlers.addAll<ErfcOp>(unary<std::erfc>);
  handlers.addAll<ExpOp>(unary<std::exp>);
  handlers.addAll<Exp2Op>(unary<std::exp2>);
  handlers.addAll<ExpM1Op>(unary<std::expm1>);
  handlers.addAll<FloorOp>(unary<std::floor>);
  handlers.addAll<LogOp>(unary<std::log>);
  handlers.addAll<Log2Op>(unary<std::log2>);
  handlers.addAll<Log10Op>(unary<std::log10>);
  handlers.addAll<Log1pOp>(unary<std::log1p>);
  handlers.addAll<RoundOp>(unary<std::round>);
  // The default rounding mode: ties to even.
  handlers.addAll<RoundEvenOp>(unary<std::nearbyint>);
  handlers.addAll<RsqrtOp>(unary<rsqrt>);
  handlers.addAll<SinOp>(unary<std::sin>);
  handlers.addAll<SinhOp>(unary<std::sinh>);
  handlers.addAll<SqrtOp>(unary<std::sqrt>);
  handlers.addAll<TanOp>(unary<std::tan>);
  handlers.addAll<TanhOp>(unary<std::tanh>);
  handlers.addAll<TruncOp>(unary<std::trunc>);
  handlers.addAll<Atan2Op>(binary<std::atan2>);
  handlers.addAll<CopySignOp>(binary<std::copysign>);
  handlers.addAll<PowFOp>(binary<std::pow>);
  handlers.addAll<IsFiniteOp>(classify<std::isfinite>);
  handlers.addAll<IsInfOp>(classify<std::isinf>);
  handlers.addAll<IsNaNOp>(classify<std::isnan>);
  handlers.addAll<IsNormalOp>(isNormal);
  handlers.addAll<FmaOp>(fma);
  handlers.addAll<ClampFOp>(clamp);
  handlers.add<SincosOp, sincos>();
  handlers.add<IPowIOp, integerPower>();
  handlers.add<FPowIOp, floatPower>();
  handlers.addAll<AbsIOp, CtPopOp, CountLeadingZerosOp, CountTrailingZerosOp>(
      bits);
}

} // namespace mlir::noodle::reference
