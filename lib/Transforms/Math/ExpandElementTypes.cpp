//===- ExpandElementTypes.cpp - arithmetic of f16, bf16 and complex -------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Without this LLVM would call a compiler's library (__truncsfbf2 and the
// like), which kernels do not link, and round differently from one CPU to the
// next. AVX512-BF16's conversion is not used either: it takes denormals for
// zero.
//
//===----------------------------------------------------------------------===//
#include "noodle/Dialect/Semiring.h"
#include "noodle/Transforms/Passes.h"

#include "mlir/Conversion/ComplexToStandard/ComplexToStandard.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Transforms/DialectConversion.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLEEXPANDELEMENTTYPESPASS
#include "noodle/Transforms/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;
using namespace mlir::noodle;
using arith::CmpFPredicate;
using arith::CmpIPredicate;

static bool isNarrow(Type type) {
  return (isa<VectorType>(type) || isa<FloatType>(type)) &&
         isNarrowFloat(getElementTypeOrSelf(type));
}

/// `element`, or the vector of it that has the shape of `type`.
static Type like(Type type, Type element) {
  if (auto vector = dyn_cast<VectorType>(type))
    return vector.clone(element);
  return element;
}

namespace {

/// Integer code on scalars or vectors of one shape.
class Bits {
public:
  Bits(ImplicitLocOpBuilder &b, Type shape) : b(b), shape(shape) {}

  Type integer(unsigned width) { return like(shape, b.getIntegerType(width)); }
  Type f32() { return like(shape, b.getF32Type()); }
  Value constant(Type type, TypedAttr value) {
    if (auto vector = dyn_cast<VectorType>(type))
      value = DenseElementsAttr::get(vector, Attribute(value));
    return arith::ConstantOp::create(b, value);
  }
  Value word(uint32_t value) {
    return constant(integer(32), b.getI32IntegerAttr(int32_t(value)));
  }
  Value single(float value) {
    return constant(f32(), b.getF32FloatAttr(value));
  }
  Value cast(Type element, Value value) {
    return arith::BitcastOp::create(b, like(shape, element), value);
  }
  Value asWord(Value value) { return cast(b.getI32Type(), value); }
  Value asSingle(Value value) { return cast(b.getF32Type(), value); }
  Value add(Value x, Value y) { return arith::AddIOp::create(b, x, y); }
  Value sub(Value x, Value y) { return arith::SubIOp::create(b, x, y); }
  Value bitAnd(Value x, uint32_t y) {
    return arith::AndIOp::create(b, x, word(y));
  }
  Value bitOr(Value x, Value y) { return arith::OrIOp::create(b, x, y); }
  Value left(Value x, uint32_t by) {
    return arith::ShLIOp::create(b, x, word(by));
  }
  Value right(Value x, uint32_t by) {
    return arith::ShRUIOp::create(b, x, word(by));
  }
  Value above(Value x, uint32_t y) {
    return arith::CmpIOp::create(b, CmpIPredicate::uge, x, word(y));
  }
  Value select(Value condition, Value x, Value y) {
    return arith::SelectOp::create(b, condition, x, y);
  }
  Value wide(Value narrow) {
    Value bits = cast(b.getI16Type(), narrow);
    return arith::ExtUIOp::create(b, integer(32), bits);
  }
  Value narrow(Value bits, Type element) {
    Value low = arith::TruncIOp::create(b, integer(16), bits);
    return cast(element, low);
  }

  // What noodle-rt/narrow.h does, in generated code.
  Value fromBrain(Value value) { return asSingle(left(wide(value), 16)); }
  Value toBrain(Value value);
  Value fromHalf(Value value);
  Value toHalf(Value value);
  Value toOdd(Value value);

private:
  ImplicitLocOpBuilder &b;
  Type shape;
};

} // namespace

Value Bits::toBrain(Value value) {
  Value bits = asWord(value);
  Value odd = bitAnd(right(bits, 16), 1);
  Value rounded = add(bits, add(odd, word(0x7fff)));
  Value isNaN = arith::CmpFOp::create(b, CmpFPredicate::UNO, value, value);
  Value quiet = bitOr(bits, word(0x400000));
  return narrow(right(select(isNaN, quiet, rounded), 16), b.getBF16Type());
}

Value Bits::fromHalf(Value value) {
  Value bits = wide(value);
  Value magnitude = left(bitAnd(bits, 0x7fff), 13);
  // 2^112 makes up for the exponent's bias, of denormals too.
  Value scaled =
      asWord(arith::MulFOp::create(b, asSingle(magnitude), single(0x1p112f)));
  Value special = bitOr(scaled, word(0x7f800000)); // infinity, NaN
  scaled = select(above(magnitude, 0x0f800000), special, scaled);
  return asSingle(bitOr(scaled, left(bitAnd(bits, 0x8000), 16)));
}

Value Bits::toHalf(Value value) {
  Value bits = asWord(value);
  Value magnitude = bitAnd(bits, 0x7fffffff);
  Value odd = bitAnd(right(magnitude, 13), 1);
  Value normal =
      right(add(add(magnitude, word(0u - 0x38000000u + 0xfff)), odd), 13);
  // Denormals: the last bit of 0.5 is 2^-24.
  Value sum = arith::AddFOp::create(b, asSingle(magnitude), single(0.5f));
  Value denormal = sub(asWord(sum), word(0x3f000000));
  Value special =
      select(above(magnitude, 0x7f800001), word(0x7e00), word(0x7c00));
  Value rounded = select(above(magnitude, 0x38800000), normal, denormal);
  rounded = select(above(magnitude, 0x47800000), special, rounded);
  Value sign = bitAnd(right(bits, 16), 0x8000);
  return narrow(bitOr(rounded, sign), b.getF16Type());
}

/// An f64 as an f32 that rounds to narrower types as the f64 does.
Value Bits::toOdd(Value value) {
  Type f64 = value.getType();
  Value near = arith::TruncFOp::create(b, f32(), value);
  Value back = arith::ExtFOp::create(b, f64, near);
  Value bits = asWord(near);
  // Unordered: NaN stays as it is.
  Value exact = arith::CmpFOp::create(b, CmpFPredicate::UEQ, back, value);
  Value odd = arith::TruncIOp::create(b, integer(1), bits);
  Value stays = arith::OrIOp::create(b, exact, odd);
  auto magnitude = [&](Value of) {
    Value word = arith::BitcastOp::create(b, integer(64), of);
    Value low = constant(integer(64), b.getI64IntegerAttr(INT64_MAX));
    return arith::AndIOp::create(b, word, low);
  };
  Value beyond = arith::CmpIOp::create(b, CmpIPredicate::ugt, magnitude(value),
                                       magnitude(back));
  Value other = select(beyond, add(bits, word(1)), sub(bits, word(1)));
  return asSingle(select(stays, bits, other));
}

namespace {

struct ExpandElementTypes
    : noodle::impl::NoodleExpandElementTypesPassBase<ExpandElementTypes> {
  using NoodleExpandElementTypesPassBase::NoodleExpandElementTypesPassBase;

  void runOnOperation() override {
    bool anyComplex = false;
    SmallVector<Operation *> narrow;
    auto scan = [&] {
      narrow.clear();
      getOperation()->walk([&](Operation *op) {
        anyComplex |= isa<complex::ComplexDialect>(op->getDialect());
        if (llvm::any_of(op->getOperandTypes(), isNarrow) ||
            llvm::any_of(op->getResultTypes(), isNarrow))
          narrow.push_back(op);
      });
    };
    scan();
    if (anyComplex && failed(expandComplex()))
      return signalPassFailure();
    for (Operation *op : narrow)
      if (computes(op))
        widen(op);
    scan();
    for (Operation *op : narrow)
      if (isa<arith::ExtFOp, arith::TruncFOp>(op))
        expandCast(op);
  }

private:
  LogicalResult expandComplex() {
    ConversionTarget target(getContext());
    target.addIllegalDialect<complex::ComplexDialect>();
    target.addLegalDialect<arith::ArithDialect, math::MathDialect>();
    target.addLegalOp<complex::ConstantOp, complex::CreateOp, complex::ImOp,
                      complex::ReOp>();
    RewritePatternSet patterns(&getContext());
    populateComplexToStandardConversionPatterns(
        patterns, complex::ComplexRangeFlags::basic);
    return applyPartialConversion(getOperation(), target, std::move(patterns));
  }

  /// Whether the op does more than move values about.
  static bool computes(Operation *op) {
    if (isa<arith::ConstantOp, arith::SelectOp, arith::BitcastOp, arith::ExtFOp,
            arith::TruncFOp>(op))
      return false;
    return isa<arith::ArithDialect, math::MathDialect>(op->getDialect()) ||
           isa<vector::ContractionOp, vector::FMAOp,
               vector::MultiDimReductionOp, vector::OuterProductOp,
               vector::ReductionOp>(op);
  }

  /// The op on f32, its results rounded.
  void widen(Operation *op) {
    ImplicitLocOpBuilder b(op->getLoc(), op);
    auto f32 = [&](Type type) { return like(type, b.getF32Type()); };
    if (isa<math::IsNormalOp>(op) &&
        getElementTypeOrSelf(op->getOperand(0)).isF16()) {
      // A number too small for f16's normal ones is a normal f32.
      Bits bits(b, op->getOperand(0).getType());
      Value magnitude = bits.bitAnd(bits.wide(op->getOperand(0)), 0x7fff);
      // From 0x0400 to 0x7bff.
      Value inside = arith::CmpIOp::create(
          b, CmpIPredicate::ult, bits.sub(magnitude, bits.word(0x0400)),
          bits.word(0x7c00 - 0x0400));
      op->replaceAllUsesWith(ValueRange(inside));
      op->erase();
      return;
    }
    OperationState state(op->getLoc(), op->getName());
    for (Value operand : op->getOperands()) {
      if (isNarrow(operand.getType()))
        operand = arith::ExtFOp::create(b, f32(operand.getType()), operand);
      state.operands.push_back(operand);
    }
    for (Type type : op->getResultTypes())
      state.types.push_back(isNarrow(type) ? f32(type) : type);
    state.attributes = op->getAttrs();
    Operation *wide = b.create(state);
    for (auto [from, to] :
         llvm::zip_equal(op->getResults(), wide->getResults()))
      from.replaceAllUsesWith(
          from.getType() == to.getType()
              ? Value(to)
              : arith::TruncFOp::create(b, from.getType(), to));
    op->erase();
  }

  /// A conversion from or to a narrow type, in steps and integer code.
  void expandCast(Operation *op) {
    ImplicitLocOpBuilder b(op->getLoc(), op);
    Value value = op->getOperand(0);
    Type from = value.getType(), to = op->getResult(0).getType();
    Bits bits(b, from);
    bool brain = getElementTypeOrSelf(isNarrow(from) ? from : to).isBF16();
    bool integer = brain || expandHalf;
    if (isNarrow(from)) {
      bool direct = getElementTypeOrSelf(to).isF32();
      if (direct && !integer)
        return;
      Value single = integer
                         ? brain ? bits.fromBrain(value) : bits.fromHalf(value)
                         : arith::ExtFOp::create(b, bits.f32(), value);
      value = direct ? single : arith::ExtFOp::create(b, to, single);
    } else {
      bool direct = getElementTypeOrSelf(from).isF32();
      if (direct && !integer)
        return;
      Value single = direct ? value : bits.toOdd(value);
      value = integer ? brain ? bits.toBrain(single) : bits.toHalf(single)
                      : arith::TruncFOp::create(b, to, single);
    }
    op->replaceAllUsesWith(ValueRange(value));
    op->erase();
  }
};

} // namespace
