//===- SemiringTest.cpp - scalar code of semirings, by folding it ---------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The code is emitted on constants and folded; the result must be what the
// table of semirings says, computed here in another way.
//
//===----------------------------------------------------------------------===//
#include "noodle/Dialect/Semiring.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "gtest/gtest.h"
#include <cmath>
#include <limits>

using namespace mlir;
using namespace mlir::noodle;

namespace {

using Emit = function_ref<Value(OpBuilder &, Location, ValueRange)>;
using Kind = SemiringKind;

class SemiringTest : public testing::Test {
protected:
  SemiringTest() {
    context
        .loadDialect<NoodleDialect, func::FuncDialect, vector::VectorDialect>();
  }

  /// Emits code on constants and folds it. Null where it is well formed, but
  /// does not fold and need not.
  TypedAttr evaluate(ArrayRef<TypedAttr> inputs, Emit emit,
                     bool mustFold = true) {
    OpBuilder builder(&context);
    Location loc = builder.getUnknownLoc();
    OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
    builder.setInsertionPointToEnd(module->getBody());
    auto function = func::FuncOp::create(builder, loc, "f",
                                         builder.getFunctionType({}, {}));
    builder.setInsertionPointToEnd(function.addEntryBlock());
    SmallVector<Value> values;
    for (TypedAttr input : inputs)
      values.push_back(arith::ConstantOp::create(builder, loc, input));
    Value result = emit(builder, loc, values);
    function.setFunctionType(builder.getFunctionType({}, result.getType()));
    auto ret = func::ReturnOp::create(builder, loc, result);
    EXPECT_TRUE(succeeded(verify(*module)));
    (void)applyPatternsGreedily(function, RewritePatternSet(&context));
    TypedAttr value;
    bool folds = matchPattern(ret.getOperand(0), m_Constant(&value));
    EXPECT_TRUE(folds || !mustFold);
    return value;
  }

  Semiring resolve(Kind kind, Type type) {
    return *Semiring::resolve(
        SemiringAttr::get(&context, kind), type, SemiringOp(),
        [&] { return emitError(UnknownLoc::get(&context)); });
  }

  Type integer(unsigned width) { return IntegerType::get(&context, width); }
  TypedAttr attr(Type type, int64_t value) {
    return IntegerAttr::get(type, value);
  }
  TypedAttr attr(Type type, double value) {
    return FloatAttr::get(type, value);
  }

  template <typename Value>
  void checkTable(Type type, Kind kind, ArrayRef<Value> samples,
                  function_ref<Value(Value, Value)> add,
                  function_ref<Value(Value, Value)> mul, Value zero, Value one,
                  double tolerance = 0);

  MLIRContext context{MLIRContext::Threading::DISABLED};
};

int64_t numberOf(TypedAttr attr, int64_t) {
  APInt value = cast<IntegerAttr>(attr).getValue();
  return value.getBitWidth() == 1 ? value.getZExtValue() : value.getSExtValue();
}
double numberOf(TypedAttr attr, double) {
  return cast<FloatAttr>(attr).getValueAsDouble();
}

/// Equal by value, NaN like NaN.
template <typename Value> bool agree(Value a, Value b, double tolerance) {
  if constexpr (std::is_floating_point_v<Value>) {
    if (std::isnan(a) || std::isnan(b))
      return std::isnan(a) && std::isnan(b);
    if (std::isinf(a) || std::isinf(b))
      return a == b;
    return std::abs(a - b) <= tolerance * std::max<Value>(1, std::abs(b));
  }
  return a == b;
}

template <typename Value>
void SemiringTest::checkTable(Type type, Kind kind, ArrayRef<Value> samples,
                              function_ref<Value(Value, Value)> add,
                              function_ref<Value(Value, Value)> mul, Value zero,
                              Value one, double tolerance) {
  Semiring semiring = resolve(kind, type);
  std::string name = stringifySemiringKind(kind).str();
  EXPECT_EQ(numberOf(semiring.zeroAttr(), Value()), zero) << name;
  EXPECT_EQ(
      numberOf(evaluate({}, [&](OpBuilder &b, Location loc,
                                ValueRange) { return semiring.one(b, loc); }),
               Value()),
      one)
      << name;
  for (Value x : samples) {
    for (Value y : samples) {
      SmallVector<TypedAttr> inputs = {attr(type, x), attr(type, y)};
      auto sum =
          evaluate(inputs, [&](OpBuilder &b, Location loc, ValueRange v) {
            return semiring.add(b, loc, v[0], v[1]);
          });
      auto product =
          evaluate(inputs, [&](OpBuilder &b, Location loc, ValueRange v) {
            return semiring.mul(b, loc, v[0], v[1]);
          });
      EXPECT_TRUE(agree(numberOf(sum, Value()), add(x, y), tolerance))
          << name << ": " << x << " + " << y << " = " << numberOf(sum, Value())
          << ", not " << add(x, y);
      EXPECT_TRUE(agree(numberOf(product, Value()), mul(x, y), tolerance))
          << name << ": " << x << " * " << y << " = "
          << numberOf(product, Value()) << ", not " << mul(x, y);
    }
  }
}

} // namespace

TEST_F(SemiringTest, Integers) {
  for (unsigned width : {32u, 64u}) {
    Type type = integer(width);
    const int64_t low = APInt::getSignedMinValue(width).getSExtValue();
    const int64_t high = APInt::getSignedMaxValue(width).getSExtValue();
    using Wide = __int128;
    auto wrap = [&](Wide value) {
      return width == 32 ? int64_t(int32_t(value)) : int64_t(value);
    };
    auto clamp = [&](Wide value) {
      return int64_t(std::max<Wide>(low, std::min<Wide>(high, value)));
    };
    SmallVector<int64_t> samples = {low, low + 1, -7, -1,       0,
                                    1,   3,       7,  high - 1, high};
    auto min = [](int64_t a, int64_t b) { return std::min(a, b); };
    auto max = [](int64_t a, int64_t b) { return std::max(a, b); };
    auto times = [&](int64_t a, int64_t b) { return wrap(Wide(a) * b); };
    checkTable<int64_t>(
        type, Kind::PlusTimes, samples,
        [&](int64_t a, int64_t b) { return wrap(Wide(a) + b); }, times, 0, 1);
    // The zero annihilates; other sums stop at the ends of the type.
    checkTable<int64_t>(
        type, Kind::MinPlus, samples, min,
        [&](int64_t a, int64_t b) {
          return a == high || b == high ? high : clamp(Wide(a) + b);
        },
        high, 0);
    checkTable<int64_t>(
        type, Kind::MaxPlus, samples, max,
        [&](int64_t a, int64_t b) {
          return a == low || b == low ? low : clamp(Wide(a) + b);
        },
        low, 0);
    checkTable<int64_t>(type, Kind::MaxTimes, samples, max, times, 0, 1);
    checkTable<int64_t>(type, Kind::MaxMin, samples, max, min, low, high);
    checkTable<int64_t>(type, Kind::MinMax, samples, min, max, high, low);
  }
}

TEST_F(SemiringTest, Booleans) {
  auto land = [](int64_t a, int64_t b) { return a & b; };
  checkTable<int64_t>(
      integer(1), Kind::OrAnd, {0, 1},
      [](int64_t a, int64_t b) { return a | b; }, land, 0, 1);
  checkTable<int64_t>(
      integer(1), Kind::XorAnd, {0, 1},
      [](int64_t a, int64_t b) { return a ^ b; }, land, 0, 1);
}

TEST_F(SemiringTest, Floats) {
  const double inf = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  SmallVector<double> samples = {-inf, -2.5, -0.0, 0.0, 0.75, 4.0, inf, nan};
  auto min = [=](double a, double b) {
    return std::isnan(a) || std::isnan(b) ? nan : std::min(a, b);
  };
  auto max = [=](double a, double b) {
    return std::isnan(a) || std::isnan(b) ? nan : std::max(a, b);
  };
  auto plus = [](double a, double b) { return a + b; };
  auto times = [](double a, double b) { return a * b; };
  for (Type type :
       {Type(Float32Type::get(&context)), Type(Float64Type::get(&context))}) {
    checkTable<double>(type, Kind::PlusTimes, samples, plus, times, 0, 1);
    checkTable<double>(type, Kind::MinPlus, samples, min, plus, inf, 0);
    checkTable<double>(type, Kind::MaxPlus, samples, max, plus, -inf, 0);
    checkTable<double>(type, Kind::MaxTimes, samples, max, times, 0, 1);
    checkTable<double>(type, Kind::MaxMin, samples, max, min, -inf, inf);
    checkTable<double>(type, Kind::MinMax, samples, min, max, inf, -inf);
    // Folding stops at a log1p of NaN.
    checkTable<double>(
        type, Kind::LogPlus, ArrayRef(samples).drop_back(),
        [&](double a, double b) {
          double greater = max(a, b);
          return std::isfinite(greater) ? std::log(std::exp(a) + std::exp(b))
                                        : greater;
        },
        plus, -inf, 0, 1e-6);
  }
}

// The planner takes these as laws.
TEST_F(SemiringTest, Traits) {
  Type f32 = Float32Type::get(&context), i32 = integer(32), i1 = integer(1);
  EXPECT_TRUE(resolve(Kind::PlusTimes, i32).traits().exact);
  EXPECT_FALSE(resolve(Kind::PlusTimes, f32).traits().exact);
  EXPECT_TRUE(resolve(Kind::PlusTimes, f32).traits().ring);
  EXPECT_TRUE(resolve(Kind::XorAnd, i1).traits().ring);
  EXPECT_FALSE(resolve(Kind::MinPlus, i32).traits().ring);
  EXPECT_TRUE(resolve(Kind::MinPlus, f32).traits().idempotent);
  EXPECT_FALSE(resolve(Kind::MinPlus, f32).traits().exact);
  EXPECT_TRUE(resolve(Kind::MaxMin, f32).traits().exact);
  EXPECT_FALSE(resolve(Kind::LogPlus, f32).traits().idempotent);
  EXPECT_FALSE(resolve(Kind::PlusTimes, f32).traits().idempotent);
}

TEST_F(SemiringTest, ElementTypes) {
  Type f16 = Float16Type::get(&context), bf16 = BFloat16Type::get(&context);
  Type f32 = Float32Type::get(&context), f64 = Float64Type::get(&context);
  Type c64 = ComplexType::get(f32), c128 = ComplexType::get(f64);
  Type i8 = integer(8), i32 = integer(32), i64 = integer(64);
  for (Type type : {f16, bf16, f32, f64, c64, c128, i8, i32, i64, integer(1)})
    EXPECT_TRUE(isElementType(type));
  for (Type type :
       {Type(ComplexType::get(f16)), integer(16),
        Type(IndexType::get(&context)), Type(Float128Type::get(&context)),
        Type(IntegerType::get(&context, 8, IntegerType::Signed))})
    EXPECT_FALSE(isElementType(type));
  EXPECT_EQ(elementBytes(c128), 16);
  EXPECT_EQ(elementBytes(bf16), 2);
  auto sum = [&](Kind kind, Type type) {
    return defaultAccumulator(SemiringAttr::get(&context, kind), type);
  };
  EXPECT_EQ(sum(Kind::PlusTimes, f16), f32);
  EXPECT_EQ(sum(Kind::MinPlus, bf16), f32);
  EXPECT_EQ(sum(Kind::PlusTimes, i8), i32);
  EXPECT_EQ(sum(Kind::MaxTimes, i8), i32);
  EXPECT_EQ(sum(Kind::MinPlus, i8), i8);
  EXPECT_EQ(sum(Kind::PlusTimes, i32), i32);
  EXPECT_EQ(sum(Kind::PlusTimes, c64), c64);
  auto user = SemiringAttr::get(&context, Kind::User,
                                FlatSymbolRefAttr::get(&context, "s"));
  EXPECT_EQ(defaultAccumulator(user, f16), f16);
  EXPECT_EQ(reductionType(SemiringAttr::get(&context, Kind::PlusTimes), i8),
            i8);

  EXPECT_TRUE(resolve(Kind::PlusTimes, c64).traits().ring);
  EXPECT_FALSE(resolve(Kind::PlusTimes, c64).traits().exact);
  auto zero = dyn_cast_or_null<complex::NumberAttr>(
      resolve(Kind::PlusTimes, c64).zeroAttr());
  ASSERT_TRUE(zero);
  EXPECT_TRUE(zero.getReal().isZero() && zero.getImag().isZero());
  ScopedDiagnosticHandler quiet(&context, [](Diagnostic &) {});
  auto onError = [&] { return emitError(UnknownLoc::get(&context)); };
  for (Kind kind : {Kind::MinPlus, Kind::MaxPlus, Kind::MaxTimes, Kind::MaxMin,
                    Kind::MinMax, Kind::LogPlus, Kind::OrAnd, Kind::XorAnd})
    EXPECT_TRUE(failed(Semiring::resolve(SemiringAttr::get(&context, kind),
                                         c128, SemiringOp(), onError)));
}

TEST_F(SemiringTest, UserDefined) {
  ParserConfig config(&context);
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(R"(
    noodle.semiring @half_plus : f64 traits <commutative, idempotent>
      zero {
        %z = arith.constant 3.0 : f64
        noodle.yield %z : f64
      } one {
        %a = arith.constant 1.0 : f64
        %b = arith.addf %a, %a : f64
        noodle.yield %b : f64
      } add {
      ^bb0(%a: f64, %b: f64):
        %s = arith.addf %a, %b : f64
        %h = arith.constant 0.5 : f64
        %m = arith.mulf %s, %h : f64
        noodle.yield %m : f64
      } mul {
      ^bb0(%a: f64, %b: f64):
        noodle.yield %b : f64
      }
  )",
                                                             config);
  ASSERT_TRUE(module);
  Type f64 = Float64Type::get(&context);
  auto attribute = SemiringAttr::get(
      &context, Kind::User, FlatSymbolRefAttr::get(&context, "half_plus"));
  auto onError = [&] { return emitError(UnknownLoc::get(&context)); };
  FailureOr<Semiring> semiring =
      Semiring::resolve(attribute, f64, module->getOperation(), onError);
  ASSERT_TRUE(succeeded(semiring));
  EXPECT_TRUE(semiring->traits().commutative);
  EXPECT_FALSE(semiring->traits().associative);
  EXPECT_FALSE(semiring->traits().annihilating);
  EXPECT_EQ(numberOf(semiring->zeroAttr(), 0.0), 3.0);
  SmallVector<TypedAttr> inputs = {attr(f64, 4.0), attr(f64, 8.0)};
  auto value = [&](Emit emit) { return numberOf(evaluate(inputs, emit), 0.0); };
  EXPECT_EQ(value([&](OpBuilder &b, Location loc, ValueRange v) {
              return semiring->add(b, loc, v[0], v[1]);
            }),
            6.0);
  EXPECT_EQ(value([&](OpBuilder &b, Location loc, ValueRange v) {
              return semiring->mul(b, loc, v[0], v[1]);
            }),
            8.0);
  EXPECT_EQ(value([&](OpBuilder &b, Location loc, ValueRange) {
              return semiring->one(b, loc);
            }),
            2.0);
  ScopedDiagnosticHandler quiet(&context, [](Diagnostic &) {});
  EXPECT_TRUE(failed(Semiring::resolve(attribute, integer(32),
                                       module->getOperation(), onError)));
}

// The same code on vectors, entry by entry.
TEST_F(SemiringTest, Vectors) {
  auto type = VectorType::get({2}, integer(32));
  auto vector = [&](int a, int b) -> TypedAttr {
    return DenseElementsAttr::get(type, ArrayRef<int32_t>{a, b});
  };
  Semiring semiring = resolve(Kind::MinPlus, type);
  auto add = [&](OpBuilder &b, Location loc, ValueRange v) {
    return semiring.add(b, loc, v[0], v[1]);
  };
  auto mul = [&](OpBuilder &b, Location loc, ValueRange v) {
    return semiring.mul(b, loc, v[0], v[1]);
  };
  EXPECT_EQ(evaluate({vector(1, 5), vector(2, -3)}, add), vector(1, -3));
  EXPECT_EQ(evaluate({vector(INT32_MAX, 5), vector(-2, -3)}, mul),
            vector(INT32_MAX, 2));
  EXPECT_EQ(evaluate({}, [&](OpBuilder &b, Location loc,
                             ValueRange) { return semiring.one(b, loc); }),
            vector(0, 0));

  // Comparisons of float vectors do not fold; the code must verify.
  Type f32 = Float32Type::get(&context);
  auto floats = VectorType::get({2}, f32);
  TypedAttr ones = DenseElementsAttr::get(floats, 1.0f);
  for (Kind kind :
       {Kind::PlusTimes, Kind::MinPlus, Kind::MaxPlus, Kind::MaxTimes,
        Kind::MaxMin, Kind::MinMax, Kind::LogPlus}) {
    semiring = resolve(kind, floats);
    (void)evaluate({ones, ones}, add, /*mustFold=*/false);
    (void)evaluate({ones, ones}, mul, /*mustFold=*/false);
    (void)evaluate(
        {ones},
        [&](OpBuilder &b, Location loc, ValueRange v) {
          return convertElement(b, loc, v[0], type);
        },
        /*mustFold=*/false);
  }
}

TEST_F(SemiringTest, ConvertsElements) {
  Type f32 = Float32Type::get(&context), f64 = Float64Type::get(&context);
  Type i1 = integer(1), i32 = integer(32), i64 = integer(64);
  const double inf = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  auto convert = [&](TypedAttr input, Type to) {
    return evaluate({input}, [&](OpBuilder &b, Location loc, ValueRange v) {
      return convertElement(b, loc, v[0], to);
    });
  };
  const int64_t low32 = INT32_MIN, high32 = INT32_MAX;
  const int64_t low64 = INT64_MIN, high64 = INT64_MAX;
  struct {
    double from;
    int64_t to32, to64;
  } const floats[] = {
      {0.0, 0, 0},
      {-0.0, 0, 0},
      {1.75, 1, 1},
      {-1.75, -1, -1},
      {nan, 0, 0},
      {inf, high32, high64},
      {-inf, low32, low64},
      {2147483648.0, high32, 2147483648},
      {-2147483648.0, low32, -2147483648},
      {9223372036854775808.0, high32, high64},
      {-9223372036854775808.0, low32, low64},
      {1e30, high32, high64},
      {-1e30, low32, low64},
  };
  for (auto [from, to32, to64] : floats) {
    for (Type type : {f32, f64}) {
      EXPECT_EQ(convert(attr(type, from), i32), attr(i32, to32)) << from;
      EXPECT_EQ(convert(attr(type, from), i64), attr(i64, to64)) << from;
      EXPECT_EQ(convert(attr(type, from), i1), attr(i1, int64_t(from != 0)))
          << from;
    }
  }
  // The bounds of i32 and i64 lie beyond f16.
  Type f16 = Float16Type::get(&context), bf16 = BFloat16Type::get(&context);
  Type i8 = integer(8);
  for (auto [from, to32, to64] : floats) {
    if (std::abs(from) > 2 && std::abs(from) < 1e30)
      continue;
    for (Type type : {f16, bf16}) {
      EXPECT_EQ(convert(attr(type, from), i32), attr(i32, to32)) << from;
      EXPECT_EQ(convert(attr(type, from), i64), attr(i64, to64)) << from;
      EXPECT_EQ(convert(attr(type, from), i1), attr(i1, int64_t(from != 0)))
          << from;
      EXPECT_EQ(convert(attr(type, from), i8),
                attr(i8, std::clamp<int64_t>(to32, -128, 127)))
          << from;
    }
  }
  EXPECT_EQ(convert(attr(f16, 1.5), bf16), attr(bf16, 1.5));
  EXPECT_EQ(convert(attr(f64, 1.5), f16), attr(f16, 1.5));
  EXPECT_EQ(convert(attr(bf16, 1.5), f64), attr(f64, 1.5));
  EXPECT_EQ(convert(attr(i64, int64_t(-3)), bf16), attr(bf16, -3.0));
  EXPECT_EQ(convert(attr(i1, int64_t(1)), f16), attr(f16, 1.0));
  EXPECT_EQ(convert(attr(i8, int64_t(-3)), i32), attr(i32, int64_t(-3)));
  EXPECT_EQ(convert(attr(i32, int64_t(200)), i8), attr(i8, int64_t(-56)));
  EXPECT_EQ(convert(attr(f64, 2147483646.5), i32), attr(i32, high32 - 1));
  EXPECT_EQ(convert(attr(i1, int64_t(1)), i32), attr(i32, int64_t(1)));
  EXPECT_EQ(convert(attr(i1, int64_t(1)), f32), attr(f32, 1.0));
  EXPECT_EQ(convert(attr(i32, int64_t(-3)), i64), attr(i64, int64_t(-3)));
  EXPECT_EQ(convert(attr(i64, (int64_t(1) << 32) + 5), i32),
            attr(i32, int64_t(5)));
  EXPECT_EQ(convert(attr(i32, int64_t(-3)), f64), attr(f64, -3.0));
  EXPECT_EQ(convert(attr(i32, int64_t(-3)), i1), attr(i1, int64_t(1)));
  EXPECT_EQ(convert(attr(f64, 0.25), f32), attr(f32, 0.25));
  EXPECT_EQ(convert(attr(f32, 0.5), f64), attr(f64, 0.5));
}

TEST_F(SemiringTest, SparseFormats) {
  auto format = [&](StringRef encoding) {
    std::string text =
        ("tensor<4x4xf64, #sparse_tensor.encoding<{" + encoding + "}>>").str();
    return getSparseFormat(cast<RankedTensorType>(parseType(text, &context)));
  };
  Type f64 = Float64Type::get(&context);
  EXPECT_EQ(*getSparseFormat(RankedTensorType::get({4}, f64)),
            SparseFormat::Dense);
  StringRef csr = "map = (d0, d1) -> (d0 : dense, d1 : compressed)";
  EXPECT_EQ(*format(csr), SparseFormat::CSR);
  EXPECT_EQ(*format((csr + ", posWidth = 64, crdWidth = 32").str()),
            SparseFormat::CSR);
  EXPECT_EQ(*format("map = (d0, d1) -> (d1 : dense, d0 : compressed)"),
            SparseFormat::CSC);
  EXPECT_TRUE(failed(format((csr + ", posWidth = 16").str())));
  EXPECT_TRUE(failed(format((csr + ", explicitVal = 1.0 : f64").str())));
  // Computed with as CSR; by columns there are none.
  StringRef dcsr = "map = (d0, d1) -> (d0 : compressed, d1 : compressed)";
  StringRef coo = "map = (d0, d1) -> (d0 : compressed(nonunique), "
                  "d1 : singleton(soa)), posWidth = 32";
  EXPECT_EQ(*format(dcsr), SparseFormat::CSR);
  EXPECT_EQ(*format(coo), SparseFormat::CSR);
  for (StringRef map : {"(d0, d1) -> (d1 : compressed, d0 : compressed)",
                        "(d0, d1) -> (d1 : compressed(nonunique), "
                        "d0 : singleton(soa))",
                        "(d0, d1) -> (d0 : dense, d1 : dense)",
                        "(d0, d1) -> (d0 : dense, d1 : compressed(nonunique))",
                        "(d0, d1) -> (d0 : dense, d1 : compressed(nonordered))",
                        "(d0, d1) -> (d0 : compressed(nonunique), "
                        "d1 : singleton)"})
    EXPECT_TRUE(failed(format(("map = " + map).str()))) << map.str();
}
