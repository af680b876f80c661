//===- SolverEmitter.cpp - loops and contractions on square matrices ------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "SolverEmitter.h"

using namespace mlir;
using namespace mlir::noodle;

Value SolverEmitter::dim(Value tensor, int64_t d) {
  return tensor::DimOp::create(*this, tensor, d);
}

Value SolverEmitter::opened(Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (type.getEncoding()) {
    TypedAttr absent = semiring.zeroAttr();
    tensor = ConvertOp::create(*this,
                               RankedTensorType::get(type.getShape(), element),
                               tensor, absent, StrategyKindAttr());
  }
  RankedTensorType open = dense(type.getRank());
  return tensor.getType() == open
             ? tensor
             : Value(tensor::CastOp::create(*this, open, tensor));
}

Value SolverEmitter::closed(Value tensor, RankedTensorType type) {
  auto have = cast<RankedTensorType>(tensor.getType());
  if (have == type)
    return tensor;
  for (int64_t d = 0; d < type.getRank(); ++d)
    if (have.isDynamicDim(d) && !type.isDynamicDim(d))
      require(arith::CmpIOp::create(*this, arith::CmpIPredicate::eq,
                                    dim(tensor, d), index(type.getDimSize(d))),
              "extent of dimension " + Twine(d) + " of the result is not " +
                  Twine(type.getDimSize(d)),
              /*status=*/3);
  return tensor::CastOp::create(*this, type, tensor);
}

static SmallVector<OpFoldResult> folded(ArrayRef<Value> values) {
  return llvm::map_to_vector(values, [](Value v) -> OpFoldResult { return v; });
}

Value SolverEmitter::slice(Value tensor, ArrayRef<Value> offsets,
                           ArrayRef<Value> sizes) {
  SmallVector<OpFoldResult> steps(offsets.size(), getIndexAttr(1));
  return tensor::ExtractSliceOp::create(*this, dense(offsets.size()), tensor,
                                        folded(offsets), folded(sizes), steps);
}

Value SolverEmitter::putSlice(Value part, Value tensor, ArrayRef<Value> offsets,
                              ArrayRef<Value> sizes) {
  SmallVector<OpFoldResult> steps(offsets.size(), getIndexAttr(1));
  return tensor::InsertSliceOp::create(*this, part, tensor, folded(offsets),
                                       folded(sizes), steps);
}

SmallVector<Value> SolverEmitter::loop(Value lower, Value upper, int64_t step,
                                       ValueRange carried, LoopBody body) {
  Value by = index(step);
  auto loop = scf::ForOp::create(
      *this, lower, upper, by, carried,
      [&](OpBuilder &, Location, Value position, ValueRange values) {
        InsertionGuard guard(*this);
        setInsertionPointToEnd(position.getParentBlock());
        SmallVector<Value> next = body(position, values);
        scf::YieldOp::create(*this, next);
      });
  return SmallVector<Value>(loop.getResults());
}

Value SolverEmitter::loop(Value lower, Value upper, Value carried,
                          function_ref<Value(Value, Value)> body) {
  return loop(lower, upper, 1, carried,
              [&](Value position, ValueRange values) -> SmallVector<Value> {
                return {body(position, values[0])};
              })[0];
}

SmallVector<Value>
SolverEmitter::repeat(ValueRange carried, function_ref<Value(ValueRange)> go,
                      function_ref<SmallVector<Value>(ValueRange)> body) {
  SmallVector<Type> types(carried.getTypes());
  auto loop = scf::WhileOp::create(
      *this, types, carried,
      [&](OpBuilder &inner, Location, ValueRange values) {
        InsertionGuard guard(*this);
        setInsertionPointToEnd(inner.getInsertionBlock());
        PollOp::create(*this);
        Value condition = go(values);
        scf::ConditionOp::create(*this, condition, values);
      },
      [&](OpBuilder &inner, Location, ValueRange values) {
        InsertionGuard guard(*this);
        setInsertionPointToEnd(inner.getInsertionBlock());
        SmallVector<Value> next = body(values);
        scf::YieldOp::create(*this, next);
      });
  return SmallVector<Value>(loop.getResults());
}

Value SolverEmitter::contract(StringRef equation, ValueRange inputs,
                              int64_t rank, Value init) {
  return ContractOp::create(*this, dense(rank), getStringAttr(equation), inputs,
                            /*mask=*/Value(), init, attribute,
                            /*accumulator=*/TypeAttr(),
                            /*mask_valued=*/UnitAttr(),
                            /*mask_complement=*/UnitAttr(), StrategyKindAttr());
}

Value SolverEmitter::negated(Value x) {
  auto map =
      MapOp::create(*this, x.getType(), ValueRange{x}, FlatSymbolRefAttr(),
                    MapOverAttr(), TypedAttr(), StrategyKindAttr());
  InsertionGuard guard(*this);
  Block *body = createBlock(&map.getBody(), {}, element, getLoc());
  Value negative = arith::NegFOp::create(*this, body->getArgument(0));
  YieldOp::create(*this, ValueRange{negative});
  return map.getResult();
}

void SolverEmitter::require(Value condition, const Twine &message,
                            int32_t status, ValueRange node) {
  CheckOp::create(*this, condition, getStringAttr(message),
                  getI32IntegerAttr(status), node);
}

void SolverEmitter::requireSquare(Value matrix) {
  auto type = cast<RankedTensorType>(matrix.getType());
  if (type.hasStaticShape())
    return;
  require(arith::CmpIOp::create(*this, arith::CmpIPredicate::eq, dim(matrix, 0),
                                dim(matrix, 1)),
          "the matrix is not square", /*status=*/3);
}

Value SolverEmitter::apply(Value a, Value x, bool left, Value init) {
  bool vector = cast<RankedTensorType>(x.getType()).getRank() == 1;
  if (left)
    return contract(vector ? "i,ij->j" : "ki,ij->kj", {x, a}, vector ? 1 : 2,
                    init);
  return contract(vector ? "ij,j->i" : "ij,jk->ik", {a, x}, vector ? 1 : 2,
                  init);
}

Value SolverEmitter::identity(Value n) {
  Value zeros =
      tensor::SplatOp::create(*this, zero(), dense(2), ValueRange{n, n});
  Value unit = one();
  return loop(index(0), n, zeros,
              [&](Value i, Value matrix) { return put(unit, matrix, {i, i}); });
}

Value SolverEmitter::plusIdentity(Value matrix) {
  Value unit = one();
  return loop(index(0), dim(matrix, 0), matrix, [&](Value i, Value result) {
    return put(add(at(result, {i, i}), unit), result, {i, i});
  });
}

Value SolverEmitter::differs(Value a, Value b) {
  if (isa<ComplexType>(element))
    return complex::NotEqualOp::create(*this, a, b);
  if (!isa<FloatType>(element))
    return arith::CmpIOp::create(*this, arith::CmpIPredicate::ne, a, b);
  auto compare = [&](arith::CmpFPredicate how, Value x, Value y) -> Value {
    return arith::CmpFOp::create(*this, how, x, y);
  };
  Value neither = both(compare(arith::CmpFPredicate::UNO, a, a),
                       compare(arith::CmpFPredicate::UNO, b, b));
  return both(compare(arith::CmpFPredicate::UNE, a, b), invert(neither));
}

Value SolverEmitter::anyOf(Value x, function_ref<Value(ValueRange)> each) {
  int64_t rank = cast<RankedTensorType>(x.getType()).getRank();
  Value start = index(0), none = boolean(false);
  return loop(start, dim(x, 0), none, [&](Value i, Value found) {
    if (rank == 1)
      return Value(arith::OrIOp::create(*this, found, each({i})));
    return loop(start, dim(x, 1), found, [&](Value j, Value inner) {
      return Value(arith::OrIOp::create(*this, inner, each({i, j})));
    });
  });
}

Value SolverEmitter::lastDifference(Value x, Value y, bool byColumn) {
  bool vector = cast<RankedTensorType>(x.getType()).getRank() == 1;
  Value start = index(0), none = index(-1);
  auto latest = [&](ValueRange indices, Value node, Value last) -> Value {
    Value other = differs(at(x, indices), at(y, indices));
    Value later = arith::MaxSIOp::create(*this, node, last);
    return arith::SelectOp::create(*this, other, later, last);
  };
  return loop(start, dim(x, 0), none, [&](Value i, Value last) {
    if (vector)
      return latest({i}, i, last);
    return loop(start, dim(x, 1), last, [&](Value j, Value inner) {
      return latest({i, j}, byColumn ? j : i, inner);
    });
  });
}

Value SolverEmitter::found(Value place) {
  return arith::CmpIOp::create(*this, arith::CmpIPredicate::sge, place,
                               index(0));
}

Value SolverEmitter::anyNonzero(Value x) {
  Value none = zero();
  return anyOf(
      x, [&](ValueRange indices) { return differs(at(x, indices), none); });
}

Value SolverEmitter::greatest(Value x, function_ref<Value(ValueRange)> each) {
  int64_t rank = cast<RankedTensorType>(x.getType()).getRank();
  Value start = index(0), least = number(0);
  auto more = [&](Value a, Value b) -> Value {
    return arith::MaximumFOp::create(*this, a, b);
  };
  return loop(start, dim(x, 0), least, [&](Value i, Value found) {
    if (rank == 1)
      return more(found, each({i}));
    return loop(start, dim(x, 1), found, [&](Value j, Value inner) {
      return more(inner, each({i, j}));
    });
  });
}
