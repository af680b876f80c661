//===- Polynomials64.cpp - f64 functions as polynomials -------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reductions and minimax coefficients of log, log1p, log2 and erf are those of
// fdlibm (Sun Microsystems, 1993: e_log.c, s_log1p.c, s_erf.c; log2 as in
// FreeBSD's e_log2.c); those of tanh near 0 are of Cephes (S. Moshier: tanh.c).
// exp and expm1 sum Taylor's series on [-ln2/2, ln2/2], where 13 terms leave
// less than a twentieth of a unit of the last place. All cases are computed and
// then selected, so that the code is the same for scalars, vectors and the
// threads of a device. test/unit/Lowering/MathTest.cpp states the errors.
//
//===----------------------------------------------------------------------===//
#include "noodle/Transforms/MathPatterns.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/TypeUtilities.h"

#include <limits>

using namespace mlir;
using arith::CmpFPredicate;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
/// ln 2 in two parts; products of the first with integers below 2^20 are exact.
constexpr double kLn2High = 6.93147180369123816490e-01;
constexpr double kLn2Low = 1.90821492927058770002e-10;
/// 1.5 * 2^52: adding it rounds to an integer, which is then in the low bits.
constexpr double kRound = 6755399441055744.0;
constexpr int64_t kRoundBits = 0x4338000000000000;

/// Arithmetic on f64 or a vector of it.
class Code {
public:
  Code(ImplicitLocOpBuilder &b, Type type) : b(b), type(type) {
    bitsType = b.getI64Type();
    if (auto vector = dyn_cast<VectorType>(type))
      bitsType = vector.clone(bitsType);
  }

  Value number(double value) {
    return constant(type, b.getF64FloatAttr(value));
  }
  Value integer(int64_t value) {
    return constant(bitsType, b.getI64IntegerAttr(value));
  }
  Value add(Value x, Value y) { return arith::AddFOp::create(b, x, y); }
  Value sub(Value x, Value y) { return arith::SubFOp::create(b, x, y); }
  Value mul(Value x, Value y) { return arith::MulFOp::create(b, x, y); }
  Value div(Value x, Value y) { return arith::DivFOp::create(b, x, y); }
  Value add(Value x, double y) { return add(x, number(y)); }
  Value sub(Value x, double y) { return sub(x, number(y)); }
  Value mul(Value x, double y) { return mul(x, number(y)); }
  /// x * y + z, rounded once.
  Value fma(Value x, Value y, Value z) {
    return math::FmaOp::create(b, x, y, z);
  }
  Value abs(Value x) { return math::AbsFOp::create(b, x); }
  Value withSign(Value x, Value sign) {
    return math::CopySignOp::create(b, x, sign);
  }
  Value is(CmpFPredicate predicate, Value x, double y) {
    return arith::CmpFOp::create(b, predicate, x, number(y));
  }
  Value both(Value x, Value y) { return arith::AndIOp::create(b, x, y); }
  Value select(Value condition, Value x, Value y) {
    return arith::SelectOp::create(b, condition, x, y);
  }
  Value bits(Value x) { return arith::BitcastOp::create(b, bitsType, x); }
  Value fromBits(Value x) { return arith::BitcastOp::create(b, type, x); }
  Value addBits(Value x, Value y) { return arith::AddIOp::create(b, x, y); }
  Value subBits(Value x, Value y) { return arith::SubIOp::create(b, x, y); }
  Value andBits(Value x, int64_t y) {
    return arith::AndIOp::create(b, x, integer(y));
  }
  Value right(Value x, int64_t by) {
    return arith::ShRUIOp::create(b, x, integer(by));
  }
  /// 2^k for an integer k in [-1022, 1023].
  Value powerOf2(Value k) {
    return fromBits(Value(
        arith::ShLIOp::create(b, addBits(k, integer(1023)), integer(52))));
  }
  /// An integer below 2^51 in size as a number.
  Value fromInteger(Value k) {
    return sub(fromBits(addBits(k, integer(kRoundBits))), kRound);
  }
  /// c[0] + x * (c[1] + x * (c[2] + ...)).
  Value polynomial(Value x, ArrayRef<double> c) {
    Value sum = number(c.back());
    for (double next : llvm::reverse(c.drop_back()))
      sum = fma(sum, x, number(next));
    return sum;
  }

private:
  Value constant(Type type, TypedAttr value) {
    if (auto shaped = dyn_cast<ShapedType>(type))
      value = DenseElementsAttr::get(shaped, Attribute(value));
    return arith::ConstantOp::create(b, value);
  }
  ImplicitLocOpBuilder &b;
  Type type, bitsType;
};

/// x = k ln2 + high + low with |high| <= ln2/2, and exp(high) less 1 and high.
struct Reduced {
  Value k; ///< an integer, as bits
  Value high, low, rest;
};

/// Of x clamped to [lowest, highest]; NaN stays.
Reduced reduce(Code &c, Value x, double lowest, double highest) {
  x = c.select(c.is(CmpFPredicate::OLT, x, lowest), c.number(lowest), x);
  x = c.select(c.is(CmpFPredicate::OGT, x, highest), c.number(highest), x);
  Value shifted = c.fma(x, c.number(1.44269504088896338700), c.number(kRound));
  Reduced r;
  r.k = c.subBits(c.bits(shifted), c.integer(kRoundBits));
  Value k = c.sub(shifted, kRound);
  Value first = c.fma(k, c.number(-kLn2High), x); // exact
  Value second = c.mul(k, kLn2Low);
  r.high = c.sub(first, second);
  r.low = c.sub(c.sub(first, r.high), second);
  // 1/n!
  static const double series[] = {
      1.0 / 2,       1.0 / 6,        1.0 / 24,        1.0 / 120,
      1.0 / 720,     1.0 / 5040,     1.0 / 40320,     1.0 / 362880,
      1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800};
  r.rest = c.mul(c.mul(r.high, r.high), c.polynomial(r.high, series));
  return r;
}

Value expOf(Code &c, Value x) {
  // Beyond, the result is 0 or infinity.
  Reduced r = reduce(c, x, -746, 710);
  Value y = c.add(c.add(r.high, c.add(r.rest, r.low)), 1);
  // In two steps, as 2^k itself may be beyond the type; the first is exact.
  Value half =
      c.subBits(c.right(c.addBits(r.k, c.integer(4096)), 1), c.integer(2048));
  y = c.mul(y, c.powerOf2(half));
  return c.mul(y, c.powerOf2(c.subBits(r.k, half)));
}

Value expm1Of(Code &c, Value x) {
  Reduced r = reduce(c, x, -40, 710);
  // 2 (2^(k-1) rest + (2^(k-1) high + (2^(k-1) - 1/2))): 2^k may be infinite.
  Value half = c.powerOf2(c.subBits(r.k, c.integer(1)));
  Value y = c.fma(half, r.high, c.sub(half, 0.5));
  y = c.fma(half, c.add(r.rest, r.low), y);
  y = c.add(y, y);
  // x + x^2/2 rounds to x; -0 stays.
  Value tiny = c.is(CmpFPredicate::OLT, c.abs(x), 0x1p-54);
  return c.select(tiny, x, y);
}

/// x = 2^k (1 + f) with 1 + f between sqrt(1/2) and sqrt(2), for x > 0.
struct Parts {
  Value k, f;
};

Parts partsOf(Code &c, Value x) {
  Value small = c.is(CmpFPredicate::OLT, x, 0x1p-1022);
  Value bits = c.bits(c.select(small, c.mul(x, 0x1p54), x));
  Value above = c.subBits(bits, c.integer(0x3fe6a09e00000000));
  // A shift of what is not negative, and an exponent 1024 too great.
  Value k = c.right(c.addBits(above, c.integer(0x4000000000000000)), 52);
  Parts parts;
  parts.k = c.fromInteger(c.subBits(k, c.integer(1024)));
  parts.k = c.select(small, c.sub(parts.k, 54), parts.k);
  Value mantissa = c.fromBits(
      c.subBits(bits, c.andBits(above, int64_t(0xfff0000000000000))));
  parts.f = c.sub(mantissa, 1);
  return parts;
}

/// log(1 + f) = f - half + correction, half = f^2 / 2.
struct LogTerms {
  Value half, correction;
};

LogTerms logTerms(Code &c, Value f) {
  Value s = c.div(f, c.add(f, 2));
  Value z = c.mul(s, s);
  static const double series[] = {
      6.666666666666735130e-01, 3.999999999940941908e-01,
      2.857142874366239149e-01, 2.222219843214978396e-01,
      1.818357216161805012e-01, 1.531383769920937332e-01,
      1.479819860511658591e-01};
  Value rest = c.mul(z, c.polynomial(z, series));
  LogTerms terms;
  terms.half = c.mul(c.mul(f, f), 0.5);
  terms.correction = c.mul(s, c.add(terms.half, rest));
  return terms;
}

/// `value` where from < x < infinity, else the function's limits, of which
/// that at `from` is -infinity.
Value logLimits(Code &c, Value x, double from, Value value) {
  Value below = c.select(c.is(CmpFPredicate::OLT, x, from), c.number(kNaN), x);
  Value special =
      c.select(c.is(CmpFPredicate::OEQ, x, from), c.number(-kInfinity), below);
  Value inside = c.both(c.is(CmpFPredicate::OGT, x, from),
                        c.is(CmpFPredicate::OLT, x, kInfinity));
  return c.select(inside, value, special);
}

Value logOf(Code &c, Value x) {
  Parts parts = partsOf(c, x);
  LogTerms terms = logTerms(c, parts.f);
  Value low = c.fma(parts.k, c.number(kLn2Low), terms.correction);
  Value y = c.sub(parts.f, c.sub(terms.half, low));
  y = c.fma(parts.k, c.number(kLn2High), y);
  return logLimits(c, x, 0, y);
}

Value log1pOf(Code &c, Value x) {
  Value sum = c.add(x, 1);
  Parts parts = partsOf(c, sum);
  // What rounding 1 + x lost.
  Value lost =
      c.select(c.is(CmpFPredicate::OGE, x, 1),
               c.sub(c.number(1), c.sub(sum, x)), c.sub(x, c.sub(sum, 1)));
  lost = c.div(lost, sum);
  Value near = c.both(c.is(CmpFPredicate::OGT, x, -0.2928932188134524),
                      c.is(CmpFPredicate::OLT, x, 0.4142135623730950));
  Value zero = c.number(0);
  Value f = c.select(near, x, parts.f), k = c.select(near, zero, parts.k);
  lost = c.select(near, zero, lost);
  LogTerms terms = logTerms(c, f);
  Value low = c.add(terms.correction, c.fma(k, c.number(kLn2Low), lost));
  Value y = c.sub(f, c.sub(terms.half, low));
  y = c.fma(k, c.number(kLn2High), y);
  // x - x^2/2 rounds to x; -0 stays.
  Value tiny = c.is(CmpFPredicate::OLT, c.abs(x), 0x1p-54);
  return logLimits(c, x, -1, c.select(tiny, x, y));
}

Value log2Of(Code &c, Value x) {
  Parts parts = partsOf(c, x);
  LogTerms terms = logTerms(c, parts.f);
  Value high = c.sub(parts.f, terms.half);
  high = c.fromBits(c.andBits(c.bits(high), int64_t(0xffffffff00000000)));
  Value low = c.add(c.sub(c.sub(parts.f, high), terms.half), terms.correction);
  // 1 / ln 2 in two parts.
  Value invHigh = c.number(1.44269504072144627571e+00);
  Value invLow = c.number(1.67517131648865118353e-10);
  Value y = c.mul(high, invHigh); // exact
  Value rest = c.fma(c.add(low, high), invLow, c.mul(low, invHigh));
  Value sum = c.add(parts.k, y);
  rest = c.add(rest, c.add(c.sub(parts.k, sum), y));
  return logLimits(c, x, 0, c.add(rest, sum));
}

Value tanhOf(Code &c, Value x) {
  Value size = c.abs(x);
  Value z = c.mul(x, x);
  static const double above[] = {-1.61468768441708447952e3,
                                 -9.92877231001918586564e1,
                                 -9.64399179425052238628e-1};
  static const double below[] = {4.84406305325125486048e3,
                                 2.23548839060100448583e3,
                                 1.12811678491632931402e2, 1.0};
  Value ratio = c.div(c.polynomial(z, above), c.polynomial(z, below));
  Value near = c.fma(c.mul(x, z), ratio, x);
  // 1 - 2 / (exp(2 |x|) + 1)
  Value power = c.add(expOf(c, c.add(size, size)), 1);
  Value far = c.sub(c.number(1), c.div(c.number(2), power));
  return c.select(c.is(CmpFPredicate::OLT, size, 0.625), near,
                  c.withSign(far, x));
}

Value erfOf(Code &c, Value x) {
  Value size = c.abs(x);
  // |x| < 0.84375: x + x P(x^2) / Q(x^2)
  static const double pp[] = {
      1.28379167095512558561e-01, -3.25042107247001499370e-01,
      -2.84817495755985104766e-02, -5.77027029648944159157e-03,
      -2.37630166566501626084e-05};
  static const double qq[] = {1.0,
                              3.97917223959155352819e-01,
                              6.50222499887672944485e-02,
                              5.08130628187576562776e-03,
                              1.32494738004321644526e-04,
                              -3.96022827877536812320e-06};
  Value z = c.mul(x, x);
  Value near = c.fma(x, c.div(c.polynomial(z, pp), c.polynomial(z, qq)), x);
  // Below 1.25: erf(1) + P(|x| - 1) / Q(|x| - 1)
  static const double pa[] = {
      -2.36211856075265944077e-03, 4.14856118683748331666e-01,
      -3.72207876035701323847e-01, 3.18346619901161753674e-01,
      -1.10894694282396677476e-01, 3.54783043256182359371e-02,
      -2.16637559486879084300e-03};
  static const double qa[] = {1.0,
                              1.06420880400844228286e-01,
                              5.40397917702171048937e-01,
                              7.18286544141962662868e-02,
                              1.26171219808761642112e-01,
                              1.36370839120290507362e-02,
                              1.19844998467991074170e-02};
  Value s = c.sub(size, 1);
  Value middle = c.add(c.div(c.polynomial(s, pa), c.polynomial(s, qa)),
                       8.45062911510467529297e-01);
  // Above: 1 - exp(-x^2 - 0.5625 + R(1/x^2) / S(1/x^2)) / |x|, with one ratio
  // below 1/0.35 and another beyond.
  static const double ra[] = {
      -9.86494403484714822705e-03, -6.93858572707181764372e-01,
      -1.05586262253232909814e+01, -6.23753324503260060396e+01,
      -1.62396669462573470355e+02, -1.84605092906711035994e+02,
      -8.12874355063065934246e+01, -9.81432934416914548592e+00};
  static const double sa[] = {1.0,
                              1.96512716674392571292e+01,
                              1.37657754143519042600e+02,
                              4.34565877475229228821e+02,
                              6.45387271733267880336e+02,
                              4.29008140027567833386e+02,
                              1.08635005541779435134e+02,
                              6.57024977031928170135e+00,
                              -6.04244152148580987438e-02};
  static const double rb[] = {
      -9.86494292470009928597e-03, -7.99283237680523006574e-01,
      -1.77579549177547519889e+01, -1.60636384855821916062e+02,
      -6.37566443368389627722e+02, -1.02509513161107724954e+03,
      -4.83519191608651397019e+02};
  static const double sb[] = {1.0,
                              3.03380607434824582924e+01,
                              3.25792512996573918826e+02,
                              1.53672958608443695994e+03,
                              3.19985821950859553908e+03,
                              2.55305040643316442583e+03,
                              4.74528541206955367215e+02,
                              -2.24409524465858183362e+01};
  // Where this case is not taken nothing is divided by 0.
  Value far = c.select(c.is(CmpFPredicate::OLT, size, 1), c.number(1), size);
  Value square = c.mul(far, far);
  Value inverse = c.div(c.number(1), square);
  Value ratio =
      c.select(c.is(CmpFPredicate::OLT, size, 1 / 0.35),
               c.div(c.polynomial(inverse, ra), c.polynomial(inverse, sa)),
               c.div(c.polynomial(inverse, rb), c.polynomial(inverse, sb)));
  Value power = expOf(c, c.add(c.sub(c.number(-0.5625), square), ratio));
  Value tail = c.sub(c.number(1), c.div(power, far));
  Value outer = c.select(c.is(CmpFPredicate::OLT, size, 1.25), middle, tail);
  return c.select(c.is(CmpFPredicate::OLT, size, 0.84375), near,
                  c.withSign(outer, x));
}

template <typename Op, Value (*make)(Code &, Value)>
struct Polynomial64 : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    Type type = op.getType();
    if (!getElementTypeOrSelf(type).isF64() ||
        (!type.isF64() && !isa<VectorType>(type)))
      return failure();
    ImplicitLocOpBuilder b(op.getLoc(), rewriter);
    Code code(b, type);
    rewriter.replaceOp(op, make(code, op.getOperand()));
    return success();
  }
};

} // namespace

void noodle::populatePolynomials64Patterns(RewritePatternSet &patterns) {
  patterns.add<
      Polynomial64<math::ErfOp, erfOf>, Polynomial64<math::ExpOp, expOf>,
      Polynomial64<math::ExpM1Op, expm1Of>, Polynomial64<math::LogOp, logOf>,
      Polynomial64<math::Log1pOp, log1pOf>, Polynomial64<math::Log2Op, log2Of>,
      Polynomial64<math::TanhOp, tanhOf>>(patterns.getContext(),
                                          /*benefit=*/10);
}
