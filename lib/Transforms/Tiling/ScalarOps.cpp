//===- ScalarOps.cpp - what one step of a register tile does --------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "ScalarOps.h"

#include "../VectorBody.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/ADT/APFloat.h"

using namespace mlir;
using namespace mlir::noodle;
using arith::CmpFPredicate;

//===----------------------------------------------------------------------===//
// Reading the combine body
//===----------------------------------------------------------------------===//

namespace {
/// The smaller or larger of two floats; NaN wins.
struct Extremum {
  bool isMin = false;
  Value x, y;
  bool ordersZeros = false; ///< -0 < +0

  explicit operator bool() const { return static_cast<bool>(x); }
};
} // namespace

/// arith.minimumf and its like, or what Semiring's add and mul emit:
/// select(isNaN(x), x, select(x < y, x, y)).
static Extremum matchExtremum(Value value) {
  Extremum found;
  if (auto min = value.getDefiningOp<arith::MinimumFOp>())
    return {true, min.getLhs(), min.getRhs(), true};
  if (auto max = value.getDefiningOp<arith::MaximumFOp>())
    return {false, max.getLhs(), max.getRhs(), true};
  auto outer = value.getDefiningOp<arith::SelectOp>();
  if (!outer)
    return found;
  auto isNaN = outer.getCondition().getDefiningOp<arith::CmpFOp>();
  auto inner = outer.getFalseValue().getDefiningOp<arith::SelectOp>();
  if (!isNaN || !inner || isNaN.getPredicate() != CmpFPredicate::UNO)
    return found;
  auto less = inner.getCondition().getDefiningOp<arith::CmpFOp>();
  Value x = inner.getTrueValue(), y = inner.getFalseValue();
  if (!less || isNaN.getLhs() != x || isNaN.getRhs() != x ||
      outer.getTrueValue() != x || less.getLhs() != x || less.getRhs() != y)
    return found;
  if (less.getPredicate() == CmpFPredicate::OLT)
    return {true, x, y, false};
  if (less.getPredicate() == CmpFPredicate::OGT)
    return {false, x, y, false};
  return found;
}

static bool dependsOn(Value value, Value on) {
  if (value == on)
    return true;
  Operation *made = value.getDefiningOp();
  return made && llvm::any_of(made->getOperands(), [&](Value operand) {
           return dependsOn(operand, on);
         });
}

/// Whether the body's two factors, in any order, are the op's operands.
static bool isOfFactors(Block &body, Value x, Value y) {
  Value left = body.getArgument(0), right = body.getArgument(1);
  return (x == left && y == right) || (x == right && y == left);
}

ScalarOps::ScalarOps(FusedContractOp op, bool swapped,
                     const MachineModel &machine)
    : op(op), swapped(swapped), fma(machine.fma), combine(&op.getCombine()) {
  readCombine();
  readGroups(machine);
}

void ScalarOps::readCombine() {
  Block &body = combine->front();
  Value result = body.getTerminator()->getOperand(0);
  Value sum = body.getArgument(2), product;
  bool ordersZeros = false;
  if (Extremum extremum = matchExtremum(result)) {
    if (extremum.x != sum && extremum.y != sum)
      return;
    product = extremum.x == sum ? extremum.y : extremum.x;
    adds = extremum.isMin ? Add::Minimum : Add::Maximum;
    ordersZeros = extremum.ordersZeros;
  } else {
    Operation *add = result.getDefiningOp();
    if (!add || add->getNumOperands() != 2 || !sum.hasOneUse() ||
        !llvm::is_contained(add->getOperands(), sum))
      return;
    if (!isa<arith::AddFOp, arith::AddIOp, arith::MaxSIOp, arith::MinSIOp,
             arith::OrIOp, arith::AndIOp, arith::XOrIOp>(add))
      return;
    adder = add;
    adds = isa<arith::AddFOp>(add) ? Add::Sum : Add::Op;
    product =
        add->getOperand(0) == sum ? add->getOperand(1) : add->getOperand(0);
  }
  if (dependsOn(product, sum)) {
    adds = Add::Other;
    return;
  }
  if (Extremum extremum = matchExtremum(product)) {
    if (isOfFactors(body, extremum.x, extremum.y)) {
      muls = extremum.isMin ? Mul::Minimum : Mul::Maximum;
      ordersZeros |= extremum.ordersZeros;
    }
  } else if (Operation *mul = product.getDefiningOp();
             mul && mul->getNumOperands() == 2 &&
             isOfFactors(body, mul->getOperand(0), mul->getOperand(1))) {
    muls = isa<arith::MulFOp, arith::MulIOp>(mul)   ? Mul::Product
           : isa<arith::AddFOp, arith::AddIOp>(mul) ? Mul::Sum
                                                    : Mul::Other;
  }
  if (adds != Add::Minimum && adds != Add::Maximum)
    return;
  if (ordersZeros) {
    // Factors without a sign give no zero of the other sign.
    if (muls != Mul::Other)
      unclean = Unclean::NegativeOrInf;
    return;
  }
  switch (muls) {
  case Mul::Sum: // inf - inf
    unclean =
        adds == Add::Minimum ? Unclean::NaNOrNegInf : Unclean::NaNOrPosInf;
    break;
  case Mul::Product: // 0 * inf
    unclean = Unclean::NaNOrInf;
    break;
  case Mul::Minimum:
  case Mul::Maximum:
    unclean = Unclean::NaN;
    break;
  case Mul::Other:
    break;
  }
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

static Value lesser(ImplicitLocOpBuilder &b, bool isMin, Value x, Value y) {
  Value first = arith::CmpFOp::create(
      b, isMin ? CmpFPredicate::OLT : CmpFPredicate::OGT, x, y);
  return arith::SelectOp::create(b, first, x, y);
}

Value ScalarOps::step(ImplicitLocOpBuilder &b, Value left, Value right,
                      Value sum, int64_t lanes, bool clean) const {
  auto wide = [&](Value value) { return splat(b, b.getLoc(), value, lanes); };
  left = wide(left);
  right = wide(right);
  if (swapped)
    std::swap(left, right);
  if (adds == Add::Sum && muls == Mul::Product) {
    // One rounding where the CPU level has the instruction, for every tier.
    if (fma)
      return math::FmaOp::create(b, left, right, sum);
    return arith::AddFOp::create(b, sum, arith::MulFOp::create(b, left, right));
  }
  if (!clean || !hasCleanStep())
    return cloneWide(b, b.getLoc(), *combine, {left, right, sum}, lanes);
  Value product;
  switch (muls) {
  case Mul::Sum:
    product = arith::AddFOp::create(b, left, right);
    break;
  case Mul::Product:
    product = arith::MulFOp::create(b, left, right);
    break;
  default:
    product = lesser(b, muls == Mul::Minimum, left, right);
    break;
  }
  // In this order a NaN that the sums began with stays.
  return lesser(b, adds == Add::Minimum, product, sum);
}

Value ScalarOps::addSums(ImplicitLocOpBuilder &b, Value x, Value y) const {
  if (adds == Add::Minimum || adds == Add::Maximum) {
    bool isMin = adds == Add::Minimum;
    if (Operation *plain =
            combine->front().getTerminator()->getOperand(0).getDefiningOp();
        isa<arith::MinimumFOp, arith::MaximumFOp>(plain))
      return isMin ? arith::MinimumFOp::create(b, x, y).getResult()
                   : arith::MaximumFOp::create(b, x, y).getResult();
    Value isNaN = arith::CmpFOp::create(b, CmpFPredicate::UNO, x, x);
    return arith::SelectOp::create(b, isNaN, x, lesser(b, isMin, x, y));
  }
  Operation *add = b.insert(adder->cloneWithoutRegions());
  add->setOperands({x, y});
  add->getResult(0).setType(x.getType());
  return add->getResult(0);
}

double ScalarOps::cost() const {
  if (grouped())
    return 1.0 / depth;
  if (adds == Add::Sum && muls == Mul::Product)
    return fma ? 1 : 2;
  if (hasCleanStep())
    return 2;
  double count = 0;
  for (Operation &inner : combine->front().without_terminator())
    count += isa<math::MathDialect>(inner.getDialect()) ? 20
             : isa<arith::ConstantOp>(inner)            ? 0
                                                        : 1;
  return std::max(1.0, count);
}

Value ScalarOps::isUnclean(ImplicitLocOpBuilder &b, Value factor) const {
  Type type = factor.getType();
  auto floats = cast<FloatType>(getElementTypeOrSelf(type));
  auto constant = [&](TypedAttr value) -> Value {
    if (auto vector = dyn_cast<VectorType>(type))
      return arith::ConstantOp::create(
          b, DenseElementsAttr::get(vector, Attribute(value)));
    return arith::ConstantOp::create(b, value);
  };
  auto infinity = [&](bool negative) {
    return constant(FloatAttr::get(
        floats, APFloat::getInf(floats.getFloatSemantics(), negative)));
  };
  auto compare = [&](CmpFPredicate predicate, Value x, Value y) -> Value {
    return arith::CmpFOp::create(b, predicate, x, y);
  };
  switch (unclean) {
  case Unclean::NaN:
    return compare(CmpFPredicate::UNO, factor, factor);
  case Unclean::NaNOrNegInf:
    return compare(CmpFPredicate::ULE, factor, infinity(true));
  case Unclean::NaNOrPosInf:
    return compare(CmpFPredicate::UGE, factor, infinity(false));
  case Unclean::NaNOrInf:
    return compare(CmpFPredicate::UGE, math::AbsFOp::create(b, factor),
                   infinity(false));
  case Unclean::NegativeOrInf: {
    // As unsigned numbers they are those from +inf on.
    Type integer = b.getIntegerType(floats.getWidth());
    Type wide = integer;
    if (auto vector = dyn_cast<VectorType>(type))
      wide = vector.clone(integer);
    Value bits = arith::BitcastOp::create(b, wide, factor);
    Value from = arith::BitcastOp::create(b, wide, infinity(false));
    return arith::CmpIOp::create(b, arith::CmpIPredicate::uge, bits, from);
  }
  case Unclean::Never:
    break;
  }
  llvm_unreachable("there is one step only");
}
