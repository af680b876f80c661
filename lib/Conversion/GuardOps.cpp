//===- GuardOps.cpp - checks in front of ops that may do harm -------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Conversion/Passes.h"
#include "noodle/Dialect/Noodle.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLEGUARDOPSPASS
#include "noodle/Conversion/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;
using namespace mlir::noodle;
using arith::CmpIPredicate;

namespace {

constexpr int32_t kCheckFailed = 2, kShapeMismatch = 3, kIndexOutOfRange = 4;

class Guard : public ImplicitLocOpBuilder {
public:
  explicit Guard(Operation *op)
      : ImplicitLocOpBuilder(op->getLoc(), op), op(op) {}

  void run();

private:
  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(*this, value);
  }
  Value value(OpFoldResult folded) {
    if (auto constant = getConstantIntValue(folded))
      return index(*constant);
    return cast<Value>(folded);
  }
  Value extent(Value tensor, int64_t d) {
    return createOrFold<tensor::DimOp>(tensor, index(d));
  }
  Value compare(CmpIPredicate predicate, Value a, Value b) {
    return createOrFold<arith::CmpIOp>(predicate, a, b);
  }
  void require(Value condition, const Twine &message, int32_t status) {
    if (auto constant = getConstantIntValue(condition);
        constant && *constant != 0)
      return;
    CheckOp::create(*this, condition, getStringAttr(message),
                    getI32IntegerAttr(status));
  }
  void divides(Value dividend, Value divisor, bool isSigned);
  void reads(Value tensor, ValueRange indices);
  void slice(Value tensor, ArrayRef<OpFoldResult> offsets,
             ArrayRef<OpFoldResult> sizes, ArrayRef<OpFoldResult> strides);
  void notNegative(ArrayRef<OpFoldResult> extents);
  void expands(tensor::ExpandShapeOp expand);
  void casts(tensor::CastOp cast);

  Operation *op;
};

} // namespace

/// Division by zero and the quotient that does not fit trap on the machine.
void Guard::divides(Value dividend, Value divisor, bool isSigned) {
  Type type = divisor.getType();
  if (!type.isIntOrIndex())
    return;
  auto constant = [&](int64_t value) -> Value {
    return arith::ConstantOp::create(*this, getIntegerAttr(type, value));
  };
  std::optional<int64_t> known = getConstantIntValue(divisor);
  if (!known || *known == 0)
    require(compare(CmpIPredicate::ne, divisor, constant(0)),
            "division by zero", kCheckFailed);
  if (!isSigned || (known && *known != -1))
    return;
  unsigned width = type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
  Value least = arith::ConstantOp::create(
      *this, getIntegerAttr(type, APInt::getSignedMinValue(width)));
  Value fits = arith::OrIOp::create(
      *this, compare(CmpIPredicate::ne, divisor, constant(-1)),
      compare(CmpIPredicate::ne, dividend, least));
  require(fits, "the quotient does not fit its type", kCheckFailed);
}

void Guard::reads(Value tensor, ValueRange indices) {
  for (auto [d, at] : llvm::enumerate(indices))
    require(compare(CmpIPredicate::ult, at, extent(tensor, d)),
            "index " + Twine(d) + " is out of range", kIndexOutOfRange);
}

/// Every dimension: an empty size, or first and last entry inside.
void Guard::slice(Value tensor, ArrayRef<OpFoldResult> offsets,
                  ArrayRef<OpFoldResult> sizes,
                  ArrayRef<OpFoldResult> strides) {
  auto type = cast<RankedTensorType>(tensor.getType());
  for (auto [d, offset, size, stride] :
       llvm::enumerate(offsets, sizes, strides)) {
    auto o = getConstantIntValue(offset), s = getConstantIntValue(size),
         t = getConstantIntValue(stride);
    if (o && s && t && !type.isDynamicDim(d))
      continue; // the verifier has seen to it
    Value first = value(offset), count = value(size), step = value(stride);
    Value end = extent(tensor, d);
    require(compare(CmpIPredicate::sge, count, index(0)),
            "size " + Twine(d) + " of a slice is negative", kShapeMismatch);
    require(compare(CmpIPredicate::sge, step, index(1)),
            "stride " + Twine(d) + " of a slice is not positive",
            kShapeMismatch);
    // offset + (size - 1) * stride < extent, without a product that overflows:
    // size - 1 <= (extent - 1 - offset) / stride.
    Value one = index(1);
    Value room = arith::SubIOp::create(
        *this, arith::SubIOp::create(*this, end, one), first);
    Value steps = arith::DivUIOp::create(
        *this, arith::MaxSIOp::create(*this, room, index(0)),
        arith::MaxSIOp::create(*this, step, one));
    Value last = arith::SubIOp::create(*this, count, one);
    Value inside = arith::AndIOp::create(
        *this, compare(CmpIPredicate::sge, first, index(0)),
        arith::AndIOp::create(*this,
                              compare(CmpIPredicate::sge, room, index(0)),
                              compare(CmpIPredicate::sle, last, steps)));
    Value none = compare(CmpIPredicate::eq, count, index(0));
    Value starts = arith::AndIOp::create(
        *this, compare(CmpIPredicate::sge, first, index(0)),
        compare(CmpIPredicate::sle, first, end));
    require(arith::OrIOp::create(*this, inside,
                                 arith::AndIOp::create(*this, none, starts)),
            "a slice reaches out of dimension " + Twine(d), kIndexOutOfRange);
  }
}

void Guard::notNegative(ArrayRef<OpFoldResult> extents) {
  for (auto [d, size] : llvm::enumerate(extents))
    if (!getConstantIntValue(size) || *getConstantIntValue(size) < 0)
      require(compare(CmpIPredicate::sge, value(size), index(0)),
              "extent " + Twine(d) + " is negative", kShapeMismatch);
}

/// Extents of a group multiply to the extent they come from.
void Guard::expands(tensor::ExpandShapeOp expand) {
  SmallVector<OpFoldResult> shape = expand.getMixedOutputShape();
  auto groups = expand.getReassociationIndices();
  for (auto [d, group] : llvm::enumerate(groups)) {
    bool known = !expand.getSrcType().isDynamicDim(d);
    for (int64_t k : group)
      known &= getConstantIntValue(shape[k]).has_value();
    if (known)
      continue;
    Value product = index(1);
    for (int64_t k : group) {
      notNegative(shape[k]);
      product = createOrFold<arith::MulIOp>(product, value(shape[k]));
    }
    require(compare(CmpIPredicate::eq, product, extent(expand.getSrc(), d)),
            "the new extents do not multiply to that of dimension " + Twine(d),
            kShapeMismatch);
  }
}

void Guard::casts(tensor::CastOp cast) {
  auto from = dyn_cast<RankedTensorType>(cast.getSource().getType());
  auto to = dyn_cast<RankedTensorType>(cast.getType());
  if (!from || !to)
    return;
  for (int64_t d = 0; d < to.getRank(); ++d)
    if (from.isDynamicDim(d) && !to.isDynamicDim(d))
      require(compare(CmpIPredicate::eq, extent(cast.getSource(), d),
                      index(to.getDimSize(d))),
              "extent " + Twine(d) + " is not " + Twine(to.getDimSize(d)),
              kShapeMismatch);
}

void Guard::run() {
  if (isa<arith::DivSIOp, arith::RemSIOp, arith::CeilDivSIOp,
          arith::FloorDivSIOp>(op))
    return divides(op->getOperand(0), op->getOperand(1), /*isSigned=*/true);
  if (isa<arith::DivUIOp, arith::RemUIOp, arith::CeilDivUIOp>(op))
    return divides(op->getOperand(0), op->getOperand(1), /*isSigned=*/false);
  if (auto extract = dyn_cast<tensor::ExtractOp>(op))
    return reads(extract.getTensor(), extract.getIndices());
  if (auto insert = dyn_cast<tensor::InsertOp>(op))
    return reads(insert.getDest(), insert.getIndices());
  if (auto extract = dyn_cast<tensor::ExtractSliceOp>(op))
    return slice(extract.getSource(), extract.getMixedOffsets(),
                 extract.getMixedSizes(), extract.getMixedStrides());
  if (auto insert = dyn_cast<tensor::InsertSliceOp>(op)) {
    slice(insert.getDest(), insert.getMixedOffsets(), insert.getMixedSizes(),
          insert.getMixedStrides());
    // A rank-reducing one leaves out extents that the verifier knows to be 1.
    if (insert.getSourceType().getRank() == insert.getDestType().getRank())
      for (auto [d, size] : llvm::enumerate(insert.getMixedSizes()))
        require(compare(CmpIPredicate::eq, value(size),
                        extent(insert.getSource(), d)),
                "size " + Twine(d) + " of a slice is not the source's",
                kShapeMismatch);
    return;
  }
  if (auto empty = dyn_cast<tensor::EmptyOp>(op))
    return notNegative(empty.getMixedSizes());
  if (auto generate = dyn_cast<tensor::GenerateOp>(op))
    return notNegative(SmallVector<OpFoldResult>(generate.getDynamicExtents()));
  if (auto splat = dyn_cast<tensor::SplatOp>(op))
    return notNegative(SmallVector<OpFoldResult>(splat.getDynamicSizes()));
  if (auto dim = dyn_cast<tensor::DimOp>(op)) {
    auto type = dyn_cast<RankedTensorType>(dim.getSource().getType());
    if (type)
      require(
          compare(CmpIPredicate::ult, dim.getIndex(), index(type.getRank())),
          "there is no such dimension", kIndexOutOfRange);
    return;
  }
  if (auto pad = dyn_cast<tensor::PadOp>(op)) {
    notNegative(pad.getMixedLowPad());
    return notNegative(pad.getMixedHighPad());
  }
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op))
    return expands(expand);
  if (auto cast = dyn_cast<tensor::CastOp>(op))
    return casts(cast);
  if (auto loop = dyn_cast<scf::ForOp>(op)) {
    auto step = getConstantIntValue(loop.getStep());
    if (step && *step > 0)
      return;
    Value zero =
        arith::ConstantOp::create(*this, getZeroAttr(loop.getStep().getType()));
    require(compare(CmpIPredicate::sgt, loop.getStep(), zero),
            "the step of a loop is not positive", kCheckFailed);
  }
}

/// Whether an op is undefined for some operands and has no check above.
static bool isUnguarded(Operation *op) {
  if (isa<arith::DivSIOp, arith::RemSIOp, arith::CeilDivSIOp,
          arith::FloorDivSIOp, arith::DivUIOp, arith::RemUIOp,
          arith::CeilDivUIOp>(op))
    return !op->getOperand(1).getType().isIntOrIndex();
  return isa<tensor::TensorDialect>(op->getDialect()) &&
         !isa<tensor::CastOp, tensor::CollapseShapeOp, tensor::DimOp,
              tensor::EmptyOp, tensor::ExpandShapeOp, tensor::ExtractOp,
              tensor::ExtractSliceOp, tensor::FromElementsOp,
              tensor::GenerateOp, tensor::InsertOp, tensor::InsertSliceOp,
              tensor::PadOp, tensor::RankOp, tensor::SplatOp, tensor::YieldOp>(
             op);
}

namespace {
struct GuardOps : noodle::impl::NoodleGuardOpsPassBase<GuardOps> {
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation()->walk<WalkOrder::PreOrder>([&](Operation *op) {
      // Maps and semirings that may trap are executed by the interpreter.
      if (isa<MapOp, SemiringOp>(op))
        return WalkResult::skip();
      if (op != getOperation())
        ops.push_back(op);
      return WalkResult::advance();
    });
    for (Operation *op : ops) {
      if (isUnguarded(op)) {
        op->emitError("'") << op->getName() << "' has no compiled form";
        return signalPassFailure();
      }
      Operation *before = op->getPrevNode();
      Guard(op).run();
      // Bodies that make tensors are no place to leave a kernel from.
      if (op->getPrevNode() != before &&
          isa<tensor::GenerateOp, tensor::PadOp>(op->getParentOp()) &&
          isa_and_nonnull<CheckOp>(op->getPrevNode())) {
        op->emitError("'") << op->getName() << "' may fail, which the body of '"
                           << op->getParentOp()->getName()
                           << "' cannot: use a loop";
        return signalPassFailure();
      }
    }
  }
};
} // namespace
