//===- TileNest.cpp - loops around a register tile ------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "TileNest.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Arith/Utils/Utils.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;
using namespace mlir::noodle;

namespace {

class Emitter {
public:
  Emitter(linalg::GenericOp op, const TilePlan &plan)
      : op(op), plan(plan), b(op.getLoc(), op), maps(op.getIndexingMapsArray()),
        inputs(op.getNumDpsInputs()) {}

  void run();

private:
  using Body = llvm::function_ref<void(Value)>;
  using Carry = llvm::function_ref<SmallVector<Value>(Value, ValueRange)>;

  Value constant(int64_t value) {
    return arith::ConstantIndexOp::create(b, value);
  }
  Value add(Value x, int64_t y) {
    return y ? b.createOrFold<arith::AddIOp>(x, constant(y)) : x;
  }
  Value value(OpFoldResult x) {
    return getValueOrCreateConstantIndexOp(b, b.getLoc(), x);
  }
  void loop(Value from, Value to, int64_t step, Body body);
  SmallVector<Value> loop(Value from, Value to, int64_t step, ValueRange inits,
                          Carry body);
  /// The largest to' <= to such that step divides to' - from.
  Value wholeSteps(Value from, Value to, int64_t step);
  /// Whether blocks of the dimension are known to be multiples of step. Block
  /// sizes are.
  bool divides(unsigned dim, int64_t step) {
    auto extent = getConstantIntValue(extents[dim]);
    return extent && *extent % step == 0;
  }

  void block(Value rowFrom, Value rowTo, Value colFrom, Value colTo);
  void rowsAt(Value from, Value to, llvm::function_ref<void(int64_t)> kernel);
  void parallelKernel(int64_t rows, int64_t vectors, Value mask);
  void reductionKernel(int64_t rows);
  SmallVector<Value> reductionNest(unsigned depth, ValueRange carried,
                                   Carry innermost);

  /// Place of an operand's element at the current indices, `row` rows and
  /// `lane` lanes on.
  SmallVector<Value> place(unsigned operand, int64_t row, int64_t lane);
  Value load(unsigned operand, int64_t row, int64_t vector, Value mask,
             bool scalar);
  /// The op's body for one vector (or scalar) of the tile.
  Value combine(ArrayRef<Value> arguments, bool scalar);
  /// One step of the tile: new accumulators.
  SmallVector<Value> step(ValueRange accumulators, int64_t rows,
                          int64_t vectors, Value mask, bool scalar);
  VectorType vectorOf(Type element) {
    return VectorType::get({plan.lanes}, element);
  }
  Type elementOf(unsigned operand) {
    return cast<MemRefType>(op->getOperand(operand).getType()).getElementType();
  }

  linalg::GenericOp op;
  const TilePlan &plan;
  ImplicitLocOpBuilder b;
  SmallVector<AffineMap> maps;
  unsigned inputs;
  SmallVector<Value> extents; ///< per dimension
  SmallVector<Value> at;      ///< current index per dimension
};

} // namespace

void Emitter::loop(Value from, Value to, int64_t step, Body body) {
  auto low = getConstantIntValue(from), high = getConstantIntValue(to);
  if (low && high && *low >= *high)
    return;
  auto nest = scf::ForOp::create(b, from, to, constant(step));
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(nest.getBody());
  body(nest.getInductionVar());
}

SmallVector<Value> Emitter::loop(Value from, Value to, int64_t step,
                                 ValueRange inits, Carry body) {
  auto nest = scf::ForOp::create(b, from, to, constant(step), inits);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(nest.getBody());
  scf::YieldOp::create(b,
                       body(nest.getInductionVar(), nest.getRegionIterArgs()));
  return llvm::to_vector_of<Value>(nest.getResults());
}

Value Emitter::wholeSteps(Value from, Value to, int64_t step) {
  Value size = b.createOrFold<arith::SubIOp>(to, from);
  Value rest = b.createOrFold<arith::RemSIOp>(size, constant(step));
  return b.createOrFold<arith::SubIOp>(to, rest);
}

SmallVector<Value> Emitter::place(unsigned operand, int64_t row, int64_t lane) {
  SmallVector<Value> result;
  for (AffineExpr expr : maps[operand].getResults()) {
    unsigned dim = cast<AffineDimExpr>(expr).getPosition();
    int64_t on = plan.row == dim ? row : plan.vector == dim ? lane : 0;
    result.push_back(add(at[dim], on));
  }
  return result;
}

Value Emitter::load(unsigned operand, int64_t row, int64_t vector, Value mask,
                    bool scalar) {
  Value buffer = op->getOperand(operand);
  SmallVector<Value> where = place(operand, row, vector * plan.lanes);
  if (scalar || !maps[operand].isFunctionOfDim(*plan.vector))
    return memref::LoadOp::create(b, buffer, where);
  VectorType type = vectorOf(elementOf(operand));
  if (!mask)
    return vector::LoadOp::create(b, type, buffer, where);
  Value zero = arith::ConstantOp::create(b, type, b.getZeroAttr(type));
  return vector::MaskedLoadOp::create(b, type, buffer, where, mask, zero);
}

Value Emitter::combine(ArrayRef<Value> arguments, bool scalar) {
  Block &body = op.getRegion().front();
  IRMapping mapping;
  mapping.map(body.getArguments(), arguments);
  for (Operation &inner : body.without_terminator()) {
    bool wide = llvm::any_of(inner.getOperands(), [&](Value operand) {
      return isa<VectorType>(mapping.lookupOrDefault(operand).getType());
    });
    if (wide)
      for (Value operand : inner.getOperands()) {
        Value known = mapping.lookupOrDefault(operand);
        if (!isa<VectorType>(known.getType()))
          mapping.map(operand, vector::BroadcastOp::create(
                                   b, vectorOf(known.getType()), known));
      }
    Operation *clone = b.clone(inner, mapping);
    if (wide)
      clone->getResult(0).setType(vectorOf(inner.getResult(0).getType()));
    // A product added to a sum may become one fused operation, as in any BLAS.
    if (isa<arith::MulFOp, arith::AddFOp>(clone))
      clone->setAttr("fastmath",
                     arith::FastMathFlagsAttr::get(
                         b.getContext(), arith::FastMathFlags::contract));
    mapping.map(inner.getResult(0), clone->getResult(0));
  }
  Value sum = mapping.lookupOrDefault(body.getTerminator()->getOperand(0));
  if (!scalar && !isa<VectorType>(sum.getType()))
    sum = vector::BroadcastOp::create(b, vectorOf(sum.getType()), sum);
  return sum;
}

SmallVector<Value> Emitter::step(ValueRange accumulators, int64_t rows,
                                 int64_t vectors, Value mask, bool scalar) {
  // What does not depend on row or vector is loaded once.
  DenseMap<std::tuple<unsigned, int64_t, int64_t>, Value> loaded;
  SmallVector<Value> sums;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t vector = 0; vector < vectors; ++vector) {
      SmallVector<Value> arguments;
      for (unsigned operand = 0; operand < inputs; ++operand) {
        int64_t r =
            plan.row && maps[operand].isFunctionOfDim(*plan.row) ? row : 0;
        int64_t v = maps[operand].isFunctionOfDim(*plan.vector) ? vector : 0;
        Value &known = loaded[{operand, r, v}];
        if (!known)
          known = load(operand, r, v, mask, scalar);
        arguments.push_back(known);
      }
      arguments.push_back(accumulators[row * vectors + vector]);
      sums.push_back(combine(arguments, scalar));
    }
  return sums;
}

SmallVector<Value> Emitter::reductionNest(unsigned depth, ValueRange carried,
                                          Carry innermost) {
  if (depth == plan.reductions.size())
    return innermost(Value(), carried);
  unsigned dim = plan.reductions[depth];
  return loop(constant(0), extents[dim], 1, carried,
              [&](Value index, ValueRange inner) {
                at[dim] = index;
                return reductionNest(depth + 1, inner, innermost);
              });
}

void Emitter::parallelKernel(int64_t rows, int64_t vectors, Value mask) {
  unsigned out = inputs;
  SmallVector<Value> sums;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t vector = 0; vector < vectors; ++vector)
      sums.push_back(load(out, row, vector, mask, /*scalar=*/false));
  sums = reductionNest(0, sums, [&](Value, ValueRange carried) {
    return step(carried, rows, vectors, mask, /*scalar=*/false);
  });
  Value buffer = op->getOperand(out);
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t vector = 0; vector < vectors; ++vector) {
      SmallVector<Value> where = place(out, row, vector * plan.lanes);
      Value sum = sums[row * vectors + vector];
      if (mask)
        vector::MaskedStoreOp::create(b, buffer, where, mask, sum);
      else
        vector::StoreOp::create(b, sum, buffer, where);
    }
}

void Emitter::reductionKernel(int64_t rows) {
  unsigned out = inputs;
  unsigned lane = *plan.vector;
  Type element = elementOf(out);
  VectorType type = vectorOf(element);
  TypedAttr neutral = *arith::getNeutralElement(plan.combiner);
  Value start = arith::ConstantOp::create(
      b, type, DenseElementsAttr::get(type, Attribute(neutral)));
  // Vector sums, then scalar sums of what no whole vector covers.
  SmallVector<Value> carried(rows, start);
  for (int64_t row = 0; row < rows; ++row)
    carried.push_back(load(out, row, 0, Value(), /*scalar=*/true));
  Value zero = constant(0);
  Value whole = wholeSteps(zero, extents[lane], plan.lanes);
  carried = reductionNest(0, carried, [&](Value, ValueRange sums) {
    SmallVector<Value> vectors =
        loop(zero, whole, plan.lanes, sums.take_front(rows),
             [&](Value index, ValueRange inner) {
               at[lane] = index;
               return step(inner, rows, 1, Value(), /*scalar=*/false);
             });
    SmallVector<Value> rest =
        loop(whole, extents[lane], 1, sums.drop_front(rows),
             [&](Value index, ValueRange inner) {
               at[lane] = index;
               return step(inner, rows, 1, Value(), /*scalar=*/true);
             });
    llvm::append_range(vectors, rest);
    return vectors;
  });
  auto kind = *linalg::getCombinerOpKind(plan.combiner);
  auto flags = isa<FloatType>(element) ? arith::FastMathFlags::reassoc
                                       : arith::FastMathFlags::none;
  for (int64_t row = 0; row < rows; ++row) {
    Value sum = vector::ReductionOp::create(b, kind, carried[row],
                                            carried[rows + row], flags);
    memref::StoreOp::create(b, sum, op->getOperand(out), place(out, row, 0));
  }
}

void Emitter::rowsAt(Value from, Value to,
                     llvm::function_ref<void(int64_t)> kernel) {
  if (!plan.row) {
    kernel(1);
    return;
  }
  auto run = [&](Value low, Value high, int64_t rows) {
    loop(low, high, rows, [&](Value index) {
      at[*plan.row] = index;
      kernel(rows);
    });
  };
  if (divides(*plan.row, plan.rows))
    return run(from, to, plan.rows);
  Value whole = wholeSteps(from, to, plan.rows);
  run(from, whole, plan.rows);
  run(whole, to, 1);
}

void Emitter::block(Value rowFrom, Value rowTo, Value colFrom, Value colTo) {
  if (plan.alongReduction) {
    rowsAt(rowFrom, rowTo, [&](int64_t rows) { reductionKernel(rows); });
    return;
  }
  unsigned lane = *plan.vector;
  int64_t width = plan.lanes * plan.vectors;
  bool tail = !divides(lane, width);
  Value whole = tail ? wholeSteps(colFrom, colTo, width) : colTo;
  loop(colFrom, whole, width, [&](Value index) {
    at[lane] = index;
    rowsAt(rowFrom, rowTo,
           [&](int64_t rows) { parallelKernel(rows, plan.vectors, Value()); });
  });
  if (!tail)
    return;
  loop(whole, colTo, plan.lanes, [&](Value index) {
    at[lane] = index;
    Value left = arith::SubIOp::create(b, colTo, index);
    Value mask = vector::CreateMaskOp::create(
        b, VectorType::get({plan.lanes}, b.getI1Type()), left);
    rowsAt(rowFrom, rowTo,
           [&](int64_t rows) { parallelKernel(rows, 1, mask); });
  });
}

void Emitter::run() {
  for (Range range : cast<linalg::LinalgOp>(op.getOperation())
                         .createLoopRanges(b, b.getLoc()))
    extents.push_back(value(range.size));
  at.assign(extents.size(), constant(0));
  SmallVector<Value> from, to, step;
  auto dimension = [&](unsigned dim, int64_t size) {
    from.push_back(constant(0));
    to.push_back(extents[dim]);
    step.push_back(constant(size));
  };
  for (unsigned dim : plan.outer)
    dimension(dim, 1);
  bool columns = !plan.alongReduction;
  if (plan.row)
    dimension(*plan.row, plan.blockRows);
  if (columns)
    dimension(*plan.vector, plan.blockColumns);
  auto body = [&](ValueRange indices) {
    unsigned next = 0;
    for (unsigned dim : plan.outer)
      at[dim] = indices[next++];
    auto end = [&](Value begin, int64_t size, unsigned dim) -> Value {
      auto extent = getConstantIntValue(extents[dim]);
      if (extent && *extent % size == 0)
        return add(begin, size);
      if (extent && *extent <= size)
        return extents[dim];
      return arith::MinSIOp::create(b, add(begin, size), extents[dim]);
    };
    Value rowFrom, rowTo, colFrom, colTo;
    if (plan.row) {
      rowFrom = indices[next++];
      rowTo = end(rowFrom, plan.blockRows, *plan.row);
    }
    if (columns) {
      colFrom = indices[next++];
      colTo = end(colFrom, plan.blockColumns, *plan.vector);
    }
    block(rowFrom, rowTo, colFrom, colTo);
  };
  if (from.empty())
    return body({});
  if (plan.parallel) {
    auto nest = scf::ParallelOp::create(b, from, to, step);
    b.setInsertionPointToStart(nest.getBody());
    body(nest.getInductionVars());
    return;
  }
  SmallVector<Value> indices;
  for (auto [low, high, by] : llvm::zip(from, to, step)) {
    auto nest = scf::ForOp::create(b, low, high, by);
    b.setInsertionPointToStart(nest.getBody());
    indices.push_back(nest.getInductionVar());
  }
  body(indices);
}

void mlir::noodle::emitTileNest(linalg::GenericOp op, const TilePlan &plan) {
  Emitter(op, plan).run();
}
