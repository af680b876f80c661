//===- GuardAccesses.cpp - checks before ops that could fault ---------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Conversion/Passes.h"
#include "noodle/Dialect/Noodle.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLEGUARDACCESSESPASS
#include "noodle/Conversion/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;
using namespace mlir::noodle;
using arith::CmpIPredicate;

namespace {

constexpr int32_t kCheckFailed = 2, kShapeMismatch = 3, kIndexRange = 4;

/// Puts checks in front of one op.
class Guard : public ImplicitLocOpBuilder {
public:
  explicit Guard(Operation *op) : ImplicitLocOpBuilder(op->getLoc(), op) {}

  Value value(OpFoldResult from) {
    return getValueOrCreateConstantIndexOp(*this, getLoc(), from);
  }
  Value number(int64_t n) { return arith::ConstantIndexOp::create(*this, n); }
  OpFoldResult extent(Value tensor, int64_t d) {
    return tensor::getMixedSize(*this, getLoc(), tensor, d);
  }
  Value compare(CmpIPredicate predicate, Value a, Value b) {
    return arith::CmpIOp::create(*this, predicate, a, b);
  }
  Value both(Value a, Value b) { return arith::AndIOp::create(*this, a, b); }
  Value either(Value a, Value b) { return arith::OrIOp::create(*this, a, b); }

  void require(Value condition, const Twine &message, int32_t status) {
    CheckOp::create(*this, condition, getStringAttr(message),
                    getI32IntegerAttr(status));
  }

  /// 0 <= index < bound. Nothing where both are constants that fit.
  void index(OpFoldResult index, OpFoldResult bound, const Twine &what) {
    auto i = getConstantIntValue(index), n = getConstantIntValue(bound);
    if (i && n && *i >= 0 && *i < *n)
      return;
    require(compare(CmpIPredicate::ult, value(index), value(bound)),
            what + " is out of range", kIndexRange);
  }

  /// size >= 0.
  void size(OpFoldResult size, const Twine &what) {
    if (auto n = getConstantIntValue(size); n && *n >= 0)
      return;
    require(compare(CmpIPredicate::sge, value(size), number(0)),
            what + " is negative", kShapeMismatch);
  }

  void equal(OpFoldResult a, OpFoldResult b, const Twine &message) {
    auto x = getConstantIntValue(a), y = getConstantIntValue(b);
    if (a == b || (x && y && *x == *y))
      return;
    require(compare(CmpIPredicate::eq, value(a), value(b)), message,
            kShapeMismatch);
  }

  /// offset, offset + stride, .. (size of them) are indices below bound.
  void slice(OpFoldResult offset, OpFoldResult size, OpFoldResult stride,
             OpFoldResult bound, int64_t d) {
    auto o = getConstantIntValue(offset), s = getConstantIntValue(size),
         t = getConstantIntValue(stride), n = getConstantIntValue(bound);
    if (o && s && t && n && *o >= 0 && *s >= 0 && *t >= 1 &&
        (*s == 0 || (*o < *n && (*s - 1) <= (*n - 1 - *o) / *t)))
      return;
    // In an order in which nothing overflows: with offset < bound and
    // stride >= 1, the last index fits when size - 1 strides do.
    Value at = value(offset), count = value(size), step = value(stride),
          end = value(bound), one = number(1), zero = number(0);
    Value forward = compare(CmpIPredicate::sge, step, one);
    Value safeStep = arith::MaxSIOp::create(*this, step, one);
    Value inside = compare(CmpIPredicate::ult, at, end);
    Value room = arith::SubIOp::create(
        *this, arith::SubIOp::create(*this, end, one), at);
    Value steps = arith::DivUIOp::create(*this, room, safeStep);
    Value last = arith::SubIOp::create(*this, count, one);
    Value fits = both(inside, compare(CmpIPredicate::ule, last, steps));
    // An empty slice may begin at the end.
    Value none = both(compare(CmpIPredicate::eq, count, zero),
                      compare(CmpIPredicate::ule, at, end));
    require(both(forward, either(none, fits)),
            "the slice leaves dimension " + Twine(d), kIndexRange);
  }
};

/// Whether an integer division by `divisor` is always defined.
bool isSafeDivisor(Value divisor) {
  APInt value;
  return matchPattern(divisor, m_ConstantInt(&value)) && !value.isZero() &&
         !value.isAllOnes();
}

bool isDivision(Operation *op) {
  return isa<arith::DivSIOp, arith::DivUIOp, arith::CeilDivSIOp,
             arith::CeilDivUIOp, arith::FloorDivSIOp, arith::RemSIOp,
             arith::RemUIOp>(op);
}

struct GuardAccesses
    : noodle::impl::NoodleGuardAccessesPassBase<GuardAccesses> {
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation()->walk<WalkOrder::PreOrder>([&](Operation *op) {
      // Their bodies hold scalars; the selection leaves those that could fault
      // to the interpreter.
      if (isa<MapOp, SemiringOp>(op))
        return WalkResult::skip();
      ops.push_back(op);
      return WalkResult::advance();
    });
    for (Operation *op : ops)
      if (failed(guard(op)))
        return signalPassFailure();
  }

  LogicalResult guard(Operation *op) {
    if (isDivision(op))
      return divide(op);
    if (!isa<tensor::TensorDialect>(op->getDialect()))
      return success();
    Guard g(op);
    return TypeSwitch<Operation *, LogicalResult>(op)
        .Case<tensor::ExtractOp>([&](auto extract) {
          return at(g, extract.getTensor(), extract.getIndices());
        })
        .Case<tensor::InsertOp>([&](auto insert) {
          return at(g, insert.getDest(), insert.getIndices());
        })
        .Case<tensor::DimOp>([&](auto dim) {
          auto type = dyn_cast<RankedTensorType>(dim.getSource().getType());
          if (!type)
            return refuse(op);
          g.index(dim.getDimension(), g.getIndexAttr(type.getRank()),
                  "the dimension");
          return success();
        })
        .Case<tensor::CastOp>([&](auto cast) { return castTo(g, cast); })
        .Case<tensor::EmptyOp, tensor::SplatOp>([&](auto made) {
          for (auto [k, size] : llvm::enumerate(made.getDynamicSizes()))
            g.size(OpFoldResult(size), "dynamic extent " + Twine(k));
          return success();
        })
        .Case<tensor::ExtractSliceOp>([&](auto slice) {
          return slices(g, slice, slice.getSource());
        })
        .Case<tensor::InsertSliceOp>([&](auto slice) {
          if (failed(slices(g, slice, slice.getDest())))
            return failure();
          return sourceFits(g, slice);
        })
        .Case<tensor::RankOp, tensor::FromElementsOp, tensor::YieldOp,
              tensor::CollapseShapeOp>([](auto) { return success(); })
        .Default([&](Operation *other) { return refuse(other); });
  }

  LogicalResult refuse(Operation *op) {
    return op->emitError("'") << op->getName() << "' has no compiled form";
  }

  LogicalResult at(Guard &g, Value tensor, ValueRange indices) {
    for (auto [d, index] : llvm::enumerate(indices))
      g.index(index, g.extent(tensor, d), "the index of dimension " + Twine(d));
    return success();
  }

  LogicalResult castTo(Guard &g, tensor::CastOp cast) {
    auto from = dyn_cast<RankedTensorType>(cast.getSource().getType());
    auto to = dyn_cast<RankedTensorType>(cast.getType());
    if (!from || !to)
      return refuse(cast);
    for (int64_t d = 0; d < to.getRank(); ++d)
      if (!to.isDynamicDim(d) && from.isDynamicDim(d))
        g.equal(g.extent(cast.getSource(), d), g.getIndexAttr(to.getDimSize(d)),
                "extent " + Twine(d) + " is not " + Twine(to.getDimSize(d)));
    return success();
  }

  template <typename Slice>
  LogicalResult slices(Guard &g, Slice slice, Value whole) {
    auto offsets = slice.getMixedOffsets(), sizes = slice.getMixedSizes(),
         strides = slice.getMixedStrides();
    for (size_t d = 0; d < offsets.size(); ++d)
      g.slice(offsets[d], sizes[d], strides[d], g.extent(whole, d), d);
    return success();
  }

  /// The inserted tensor has the slice's extents.
  LogicalResult sourceFits(Guard &g, tensor::InsertSliceOp slice) {
    llvm::SmallBitVector dropped = slice.getDroppedDims();
    int64_t k = 0;
    for (auto [d, size] : llvm::enumerate(slice.getMixedSizes())) {
      if (dropped.test(d))
        continue;
      g.equal(g.extent(slice.getSource(), k), size,
              "extent " + Twine(k) + " is not the slice's");
      ++k;
    }
    return success();
  }

  LogicalResult divide(Operation *op) {
    Value a = op->getOperand(0), b = op->getOperand(1);
    if (isSafeDivisor(b))
      return success();
    Type type = b.getType();
    if (!type.isIntOrIndex())
      return op->emitError("a division of tensors that may fail has no "
                           "compiled form");
    Guard g(op);
    auto constant = [&](const APInt &value) -> Value {
      return arith::ConstantOp::create(g, g.getIntegerAttr(type, value));
    };
    unsigned width = type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
    std::string name = op->getName().getStringRef().str();
    g.require(g.compare(CmpIPredicate::ne, b, constant(APInt(width, 0))),
              "division by zero in '" + name + "'", kCheckFailed);
    if (isa<arith::DivUIOp, arith::CeilDivUIOp, arith::RemUIOp>(op))
      return success();
    Value defined =
        g.either(g.compare(CmpIPredicate::ne, a,
                           constant(APInt::getSignedMinValue(width))),
                 g.compare(CmpIPredicate::ne, b,
                           constant(APInt::getAllOnes(width))));
    g.require(defined, "the quotient overflows in '" + name + "'",
              kCheckFailed);
    return success();
  }
};

} // namespace
