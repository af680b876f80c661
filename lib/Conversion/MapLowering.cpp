//===- MapLowering.cpp - maps to linalg -----------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Lowering.h"

#include "noodle/Strategy/Lowerable.h"

#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace mlir::noodle;
using utils::IteratorType;

/// The body's ops on scalars `args`.
static Value inlineBody(MapOp op, OpBuilder &builder, ValueRange args) {
  Block &block = op.getBody().front();
  IRMapping mapping;
  mapping.map(block.getArguments(), args);
  for (Operation &inner : block.without_terminator())
    builder.clone(inner, mapping);
  return mapping.lookupOrDefault(block.getTerminator()->getOperand(0));
}

/// Runtime extents of the result, from operands that do not broadcast; checks
/// that the operands agree.
static SmallVector<Value> resultExtents(Emitter &e, MapOp op) {
  RankedTensorType type = op.getType();
  SmallVector<Value> extents(type.getRank());
  SmallVector<std::string> origin(type.getRank());
  for (int64_t d = 0; d < type.getRank(); ++d)
    if (!type.isDynamicDim(d)) {
      extents[d] = e.index(type.getDimSize(d));
      origin[d] = "extent " + std::to_string(type.getDimSize(d));
    }
  for (auto [k, input] : llvm::enumerate(op.getInputs())) {
    auto tensor = dyn_cast<RankedTensorType>(input.getType());
    if (!tensor)
      continue;
    for (int64_t d = 0; d < type.getRank(); ++d) {
      if (tensor.getDimSize(d) == 1 && type.getDimSize(d) != 1)
        continue;
      std::string where =
          "operand " + std::to_string(k) + ", dimension " + std::to_string(d);
      if (!extents[d]) {
        extents[d] = e.dim(input, d);
        origin[d] = where;
      } else if (tensor.isDynamicDim(d)) {
        e.requireEqual(extents[d], e.dim(input, d),
                       "extents disagree: " + where + " and " + origin[d]);
      }
    }
  }
  // Only static 1s met a dynamic dimension.
  for (Value &extent : extents)
    if (!extent)
      extent = e.index(1);
  return extents;
}

/// Identity, with 0 where an operand of extent 1 broadcasts.
static AffineMap operandMap(Emitter &e, Value input, RankedTensorType result,
                            bool swapped) {
  unsigned rank = result.getRank();
  auto tensor = dyn_cast<RankedTensorType>(input.getType());
  if (!tensor)
    return AffineMap::get(rank, 0, e.getContext());
  SmallVector<AffineExpr> exprs;
  for (unsigned d = 0; d < rank; ++d) {
    bool broadcast = tensor.getDimSize(d) == 1 && result.getDimSize(d) != 1;
    exprs.push_back(broadcast ? e.getAffineConstantExpr(0)
                              : e.getAffineDimExpr(swapped ? 1 - d : d));
  }
  return AffineMap::get(rank, 0, exprs, e.getContext());
}

static Value absentOr0(Emitter &e, MapOp op, Type type) {
  return op.getAbsent() ? e.constant(*op.getAbsent()) : e.zeroOf(type);
}

/// A dense result: `absent`, and the body's value where an entry is stored.
static Value storedToDense(Emitter &e, MapOp op, unsigned driver,
                           ArrayRef<Value> extents) {
  RankedTensorType result = op.getType();
  Value sparse = op.getInputs()[driver];
  bool columns = *getSparseFormat(cast<RankedTensorType>(sparse.getType())) ==
                 SparseFormat::CSC;
  Value init =
      e.filled(result, extents, absentOr0(e, op, result.getElementType()));
  return e.stored(
      sparse, /*row=*/Value(), init,
      [&](Value row, Value column, Value value,
          ValueRange carried) -> SmallVector<Value> {
        Value at[2] = {columns ? column : row, columns ? row : column};
        SmallVector<Value> scalars;
        for (auto [k, input] : llvm::enumerate(op.getInputs())) {
          auto tensor = dyn_cast<RankedTensorType>(input.getType());
          if (k == driver || !tensor) {
            scalars.push_back(k == driver ? value : Value(input));
            continue;
          }
          SmallVector<Value> from;
          for (unsigned d : {0u, 1u})
            from.push_back(tensor.getDimSize(d) == 1 ? e.index(0) : at[d]);
          scalars.push_back(tensor::ExtractOp::create(e, input, from));
        }
        return {tensor::InsertOp::create(e, inlineBody(op, e, scalars),
                                         carried[0], at)};
      })[0];
}

/// Over stored entries: the sparse operand drives, the others are read inside.
static Value overStored(Emitter &e, MapOp op, ArrayRef<Value> extents) {
  unsigned driver = 0;
  while (!isSparse(op.getInputs()[driver]))
    ++driver;
  RankedTensorType result = op.getType();
  if (!isSparse(result))
    return storedToDense(e, op, driver, extents);
  Value sparse = op.getInputs()[driver];
  auto type = cast<RankedTensorType>(sparse.getType());
  bool swapped = *getSparseFormat(type) == SparseFormat::CSC;
  Type element = result.getElementType();

  // Scalars are seen from inside as they are; dense operands through the
  // generic.
  SmallVector<Value> operands{e.asRows(sparse)};
  SmallVector<AffineMap> maps{e.getMultiDimIdentityMap(2)};
  SmallVector<unsigned> position(op.getInputs().size());
  for (auto [k, input] : llvm::enumerate(op.getInputs())) {
    if (k == driver || !isa<RankedTensorType>(input.getType()))
      continue;
    position[k] = operands.size();
    operands.push_back(input);
    maps.push_back(operandMap(e, input, result, swapped));
  }
  maps.push_back(e.getMultiDimIdentityMap(2));
  RankedTensorType rows =
      e.rowsType(type, e.rowsType(type).getShape(), element);
  Value mapped = e.generic(
      operands, e.empty(rows, e.extentsOf(operands[0])), maps,
      {IteratorType::parallel, IteratorType::parallel},
      [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
        auto unary = sparse_tensor::UnaryOp::create(b, loc, element, args[0]);
        OpBuilder::InsertionGuard guard(b);
        Block *present = b.createBlock(&unary.getPresentRegion(), {},
                                       {args[0].getType()}, {loc});
        SmallVector<Value> scalars;
        for (auto [k, input] : llvm::enumerate(op.getInputs()))
          scalars.push_back(k == driver   ? Value(present->getArgument(0))
                            : position[k] ? args[position[k]]
                                          : Value(input));
        sparse_tensor::YieldOp::create(b, loc, inlineBody(op, b, scalars));
        return unary;
      });
  return e.toFormat(e.fromRows(mapped, type.clone(element)), result);
}

Value noodle::lowerMap(MapOp op) {
  Emitter e(op);
  SmallVector<Value> extents = resultExtents(e, op);
  if (op.getVisited() == MapOver::Stored)
    return overStored(e, op, extents);
  RankedTensorType result = op.getType();
  SmallVector<Value> operands;
  SmallVector<AffineMap> maps;
  for (Value input : op.getInputs()) {
    maps.push_back(operandMap(e, input, result, false));
    if (isSparse(input))
      input = e.densify(
          input, absentOr0(e, op, getElementTypeOrSelf(input.getType())));
    operands.push_back(input);
  }
  maps.push_back(e.getMultiDimIdentityMap(result.getRank()));
  SmallVector<IteratorType> iterators(result.getRank(), IteratorType::parallel);
  return e.generic(operands, e.empty(result, extents), maps, iterators,
                   [&](OpBuilder &b, Location, ValueRange args) {
                     return inlineBody(op, b, args.drop_back());
                   });
}
