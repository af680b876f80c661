//===- NormLowering.cpp - softmax and layer_norm to linalg ----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Lowering.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"

#include <limits>

using namespace mlir;
using namespace mlir::noodle;
using utils::IteratorType;

namespace {

/// Reductions of one tensor along an axis and ops that broadcast them back.
class AxisOps {
public:
  AxisOps(Emitter &e, Value input, int64_t axis)
      : e(e), input(input), type(cast<RankedTensorType>(input.getType())),
        axis(axis), extents(e.extentsOf(input)) {}

  /// Folds `body(entry, sum)` along the axis, from `start`.
  Value reduce(ValueRange operands, double start, Emitter::Body body) {
    SmallVector<int64_t> shape(type.getShape());
    shape.erase(shape.begin() + axis);
    SmallVector<Value> sizes = extents;
    sizes.erase(sizes.begin() + axis);
    auto reduced = RankedTensorType::get(shape, type.getElementType());
    Value init = e.filled(reduced, sizes, constant(start));
    SmallVector<IteratorType> iterators(type.getRank(), IteratorType::parallel);
    iterators[axis] = IteratorType::reduction;
    SmallVector<AffineMap> maps = mapsOf(operands);
    maps.push_back(reducedMap());
    return e.generic(operands, init, maps, iterators, body);
  }

  /// One entry per entry of the input.
  Value each(ValueRange operands, Emitter::Body body) {
    SmallVector<IteratorType> iterators(type.getRank(), IteratorType::parallel);
    SmallVector<AffineMap> maps = mapsOf(operands);
    maps.push_back(e.getMultiDimIdentityMap(type.getRank()));
    return e.generic(operands, e.empty(type, extents), maps, iterators, body);
  }

  Value constant(double value) {
    return e.constant(e.getFloatAttr(type.getElementType(), value));
  }

private:
  AffineMap reducedMap() {
    AffineMap identity = e.getMultiDimIdentityMap(type.getRank());
    return identity.dropResult(axis);
  }
  /// Full tensors run along everything, reduced ones skip the axis, vectors of
  /// a higher-rank input run along the axis.
  SmallVector<AffineMap> mapsOf(ValueRange operands) {
    unsigned rank = type.getRank();
    SmallVector<AffineMap> maps;
    for (Value operand : operands) {
      auto tensor = cast<RankedTensorType>(operand.getType());
      if (vectors.contains(operand))
        maps.push_back(
            AffineMap::get(rank, 0, e.getAffineDimExpr(axis), e.getContext()));
      else
        maps.push_back(tensor.getRank() == rank ? e.getMultiDimIdentityMap(rank)
                                                : reducedMap());
    }
    return maps;
  }

public:
  llvm::SmallDenseSet<Value> vectors; ///< operands that run along the axis

private:
  Emitter &e;
  Value input;
  RankedTensorType type;
  int64_t axis;
  SmallVector<Value> extents;
};

} // namespace

static Value add(OpBuilder &b, Location loc, ValueRange args) {
  return arith::AddFOp::create(b, loc, args[1], args[0]);
}

/// f16 and bf16 are computed in f32.
static Value widened(Emitter &e, Value tensor) {
  if (tensor && isNarrowFloat(getElementTypeOrSelf(tensor)))
    return e.cast(tensor, e.getF32Type());
  return tensor;
}

Value noodle::lowerSoftmax(SoftmaxOp op) {
  Emitter e(op);
  Value x = widened(e, op.getInput());
  AxisOps axis(e, x, op.getAxis());
  // A NaN makes the sum NaN, and the sign of zero makes no difference, so the
  // cheaper of the maxima will do.
  Value max =
      axis.reduce(x, -std::numeric_limits<double>::infinity(),
                  [](OpBuilder &b, Location loc, ValueRange args) -> Value {
                    return arith::MaxNumFOp::create(b, loc, args[1], args[0]);
                  });
  Value powers = axis.each(
      {x, max}, [](OpBuilder &b, Location loc, ValueRange args) -> Value {
        return math::ExpOp::create(
            b, loc, arith::SubFOp::create(b, loc, args[0], args[1]));
      });
  Value sum = axis.reduce(powers, 0.0, add);
  Value result = axis.each(
      {powers, sum}, [](OpBuilder &b, Location loc, ValueRange args) -> Value {
        return arith::DivFOp::create(b, loc, args[0], args[1]);
      });
  return e.cast(result, op.getType().getElementType());
}

Value noodle::lowerLayerNorm(LayerNormOp op) {
  Emitter e(op);
  Value x = widened(e, op.getInput());
  Value scale = widened(e, op.getScale()), shift = widened(e, op.getShift());
  auto type = cast<RankedTensorType>(x.getType());
  int64_t last = type.getRank() - 1;
  AxisOps axis(e, x, last);
  for (auto [name, vector] :
       {std::pair<StringRef, Value>{"scale", scale}, {"shift", shift}})
    if (vector) {
      axis.vectors.insert(vector);
      e.requireEqual(e.dim(x, last), e.dim(vector, 0),
                     "extents disagree: " + name + " and the input's last " +
                         "dimension");
    }
  Value count = arith::IndexCastOp::create(e, e.getI64Type(), e.dim(x, last));
  count = arith::SIToFPOp::create(e, type.getElementType(), count);
  auto difference = [](OpBuilder &b, Location loc, Value value, Value sum,
                       Value count) -> Value {
    Value mean = arith::DivFOp::create(b, loc, sum, count);
    return arith::SubFOp::create(b, loc, value, mean);
  };
  Value sum = axis.reduce(x, 0.0, add);
  Value squares = axis.reduce(
      {x, sum}, 0.0, [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
        Value d = difference(b, loc, args[0], args[1], count);
        Value square = arith::MulFOp::create(b, loc, d, d);
        return arith::AddFOp::create(b, loc, args[2], square);
      });
  SmallVector<Value> operands{x, sum, squares};
  if (scale)
    operands.push_back(scale);
  if (shift)
    operands.push_back(shift);
  Value epsilon = axis.constant(op.getEpsilon().convertToDouble());
  Value one = axis.constant(1.0);
  Value result = axis.each(
      operands, [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
        Value d = difference(b, loc, args[0], args[1], count);
        Value variance = arith::DivFOp::create(b, loc, args[2], count);
        Value root = math::SqrtOp::create(
            b, loc, arith::AddFOp::create(b, loc, variance, epsilon));
        // One division per row: a root is far from where this overflows.
        Value y = arith::MulFOp::create(
            b, loc, d, arith::DivFOp::create(b, loc, one, root));
        unsigned at = 3;
        if (scale)
          y = arith::MulFOp::create(b, loc, y, args[at++]);
        if (shift)
          y = arith::AddFOp::create(b, loc, y, args[at++]);
        return y;
      });
  return e.cast(result, op.getType().getElementType());
}
