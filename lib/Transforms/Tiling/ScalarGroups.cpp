//===- ScalarGroups.cpp - several steps of a sum in one instruction -------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A group holds neighbours along the sum in 32 bits: 2 bf16 (vdpbf16ps, which
// takes denormals for zero), 4 i8 (vpdpbusd), or 2 i16 that i8 were widened to
// (pmaddwd, which every x86-64 has), or 32 booleans, whose words are and-ed and
// or-ed as they are: a word is one sum for each of its places, and those are
// folded at the end. vpdpbusd takes its left bytes as unsigned:
// adding 128, which is flipping the sign bit, makes them so, and -128 times the
// sum of the right factors takes it back, exactly, modulo 2^32.
//
//===----------------------------------------------------------------------===//
#include "ScalarOps.h"

#include "../VectorBody.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::noodle;

/// The element type that a side's body widens to the factor's and does nothing
/// else to; null where it does.
static Type widened(Region &region) {
  Block &body = region.front();
  Operation *last = body.getTerminator()->getOperand(0).getDefiningOp();
  if (!isa_and_nonnull<arith::ExtFOp, arith::ExtSIOp>(last) ||
      body.getNumArguments() == 0 || last->getOperand(0) != body.getArgument(0))
    return Type();
  return body.getArgument(0).getType();
}

/// sum | left & right, or sum ^ left & right.
static bool isAndSum(Region &combine, Operation *adder) {
  if (!isa_and_nonnull<arith::OrIOp, arith::XOrIOp>(adder))
    return false;
  Block &body = combine.front();
  Value sum = body.getArgument(2);
  Value product =
      adder->getOperand(0) == sum ? adder->getOperand(1) : adder->getOperand(0);
  auto both = product.getDefiningOp<arith::AndIOp>();
  return both && isa<BlockArgument>(both.getLhs()) &&
         isa<BlockArgument>(both.getRhs()) && both.getLhs() != both.getRhs() &&
         both.getLhs() != sum && both.getRhs() != sum;
}

void ScalarOps::readGroups(const MachineModel &machine) {
  if (op.getLhs().size() != 1 || op.getRhs().size() != 1)
    return;
  if (op.getSumType().isInteger(1) && isAndSum(*combine, adder) &&
      handsOn(op.getLhsBody()) && handsOn(op.getRhsBody())) {
    depth = 32;
    part = op.getSumType();
    return;
  }
  if (muls != Mul::Product)
    return;
  Type element = widened(op.getLhsBody());
  if (!element || widened(op.getRhsBody()) != element)
    return;
  MLIRContext *context = op.getContext();
  Type sum = op.getSumType();
  if (element.isBF16() && sum.isF32() && adds == Add::Sum && machine.dotBf16) {
    depth = 2;
    part = element;
  } else if (element.isInteger(8) && sum.isInteger(32) &&
             isa_and_nonnull<arith::AddIOp>(adder)) {
    depth = machine.dotI8 ? 4 : 2;
    part = machine.dotI8 ? element : IntegerType::get(context, 16);
    leftFlip = machine.dotI8 ? int32_t(0x80808080) : 0;
  }
}

static Value word(ImplicitLocOpBuilder &b, int32_t value, int64_t lanes) {
  TypedAttr attr = b.getI32IntegerAttr(value);
  if (lanes > 1)
    attr = DenseElementsAttr::get(VectorType::get({lanes}, b.getI32Type()),
                                  Attribute(attr));
  return arith::ConstantOp::create(b, attr);
}

/// Lanes of the narrowest register.
static constexpr int64_t kLeastLanes = 4;

Value ScalarOps::dot(ImplicitLocOpBuilder &b, Value left, Value right,
                     Value sum, int64_t lanes) const {
  Type sumType = sum.getType();
  if (lanes < kLeastLanes) {
    auto spread = [&](Value value) -> Value {
      if (lanes == 1)
        return splat(b, b.getLoc(), value, kLeastLanes);
      return vector::ShuffleOp::create(b, value, value,
                                       ArrayRef<int64_t>{0, 1, 0, 1});
    };
    Value wide = dot(b, spread(left), spread(right), spread(sum), kLeastLanes);
    if (lanes == 1)
      return vector::ExtractOp::create(b, wide, 0);
    return vector::ShuffleOp::create(b, wide, wide, ArrayRef<int64_t>{0, 1});
  }
  auto parts = VectorType::get({lanes * depth}, part);
  left = vector::BitCastOp::create(b, parts, left);
  right = vector::BitCastOp::create(b, parts, right);
  int64_t bits = 32 * lanes;
  std::string name;
  if (part.isInteger(16)) {
    name = bits == 512   ? "llvm.x86.avx512.pmaddw.d.512"
           : bits == 256 ? "llvm.x86.avx2.pmadd.wd"
                         : "llvm.x86.sse2.pmadd.wd";
    Value products =
        LLVM::CallIntrinsicOp::create(b, sumType, b.getStringAttr(name),
                                      ValueRange{left, right})
            .getResult(0);
    return arith::AddIOp::create(b, sum, products);
  }
  name = (part.isBF16() ? "llvm.x86.avx512bf16.dpbf16ps."
                        : "llvm.x86.avx512.vpdpbusd.") +
         std::to_string(bits);
  return LLVM::CallIntrinsicOp::create(b, sumType, b.getStringAttr(name),
                                       ValueRange{sum, left, right})
      .getResult(0);
}

Value ScalarOps::groupStep(ImplicitLocOpBuilder &b, Value left, Value right,
                           Value sum, int64_t lanes) const {
  if (bitwise()) {
    Value both =
        arith::AndIOp::create(b, splat(b, b.getLoc(), left, lanes), right);
    if (isa<arith::OrIOp>(adder))
      return arith::OrIOp::create(b, sum, both);
    return arith::XOrIOp::create(b, sum, both);
  }
  return dot(b, splat(b, b.getLoc(), left, lanes),
             splat(b, b.getLoc(), right, lanes), sum, lanes);
}

Value ScalarOps::groupZero(ImplicitLocOpBuilder &b, int64_t lanes) const {
  if (part.isBF16()) {
    Type type = wideType(b.getF32Type(), lanes);
    return arith::ConstantOp::create(b, type, b.getZeroAttr(type));
  }
  return word(b, 0, lanes);
}

Value ScalarOps::folded(ImplicitLocOpBuilder &b, Value sums) const {
  if (!bitwise())
    return sums;
  auto vector = dyn_cast<VectorType>(sums.getType());
  int64_t lanes = vector ? vector.getNumElements() : 1;
  if (isa<arith::XOrIOp>(adder)) // the parity
    sums = arith::AndIOp::create(b, math::CtPopOp::create(b, sums),
                                 word(b, 1, lanes));
  return arith::CmpIOp::create(b, arith::CmpIPredicate::ne, sums,
                               word(b, 0, lanes));
}

Value ScalarOps::addColumn(ImplicitLocOpBuilder &b, Value sum, Value right,
                           int64_t lanes) const {
  return dot(b, word(b, 0x01010101, lanes), right, sum, lanes);
}

Value ScalarOps::correction(ImplicitLocOpBuilder &b, Value columnSum) const {
  auto vector = dyn_cast<VectorType>(columnSum.getType());
  int64_t lanes = vector ? vector.getNumElements() : 1;
  return arith::MulIOp::create(b, columnSum, word(b, -128, lanes));
}

Value ScalarOps::group(ImplicitLocOpBuilder &b, Value elements,
                       int64_t lanes) const {
  if (getElementTypeOrSelf(elements.getType()) != part)
    elements = arith::ExtSIOp::create(b, VectorType::get({lanes * depth}, part),
                                      elements);
  Value words = vector::BitCastOp::create(
      b, VectorType::get({lanes}, b.getI32Type()), elements);
  return lanes > 1 ? words : vector::ExtractOp::create(b, words, 0).getResult();
}

Value ScalarOps::interleave(ImplicitLocOpBuilder &b, ArrayRef<Value> steps,
                            int64_t lanes) const {
  Type words = wideType(b.getI32Type(), lanes);
  int64_t bits = 32 / depth;
  Value groups;
  for (auto [d, step] : llvm::enumerate(steps)) {
    Value element = step;
    if (part.isBF16())
      element = arith::BitcastOp::create(
          b, wideType(b.getIntegerType(16), lanes), element);
    Value wide;
    if (getElementTypeOrSelf(element.getType()).getIntOrFloatBitWidth() == bits)
      wide = arith::ExtUIOp::create(b, words, element);
    else
      wide = arith::AndIOp::create(b, arith::ExtSIOp::create(b, words, element),
                                   word(b, int32_t((1u << bits) - 1), lanes));
    if (d)
      wide = arith::ShLIOp::create(b, wide, word(b, d * bits, lanes));
    groups = groups ? arith::OrIOp::create(b, groups, wide).getResult() : wide;
  }
  return groups;
}
