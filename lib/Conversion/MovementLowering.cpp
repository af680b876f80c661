//===- MovementLowering.cpp - reduce, transpose, concat, gather, ... ------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Lowering.h"

#include "noodle/Strategy/Lowerable.h"

using namespace mlir;
using namespace mlir::noodle;
using utils::IteratorType;

/// A reduction is a contraction of one operand.
Value noodle::lowerReduce(ReduceOp op) {
  Emitter e(op);
  Value input = op.getInput();
  if (op.getAbsent())
    input = e.densify(input, e.constant(*op.getAbsent()));
  auto type = cast<RankedTensorType>(input.getType());
  std::string operand, output;
  for (int64_t d = 0; d < type.getRank(); ++d) {
    std::string letter = "d" + std::to_string(d);
    operand += (operand.empty() ? "" : " ") + letter;
    if (!llvm::is_contained(op.getDims(), d))
      output += (output.empty() ? "" : " ") + letter;
  }
  auto contract = ContractOp::create(
      e, op.getType(), e.getStringAttr(operand + " -> " + output),
      ValueRange{input},
      /*mask=*/Value(), /*init=*/Value(), op.getSemiring(),
      /*accumulator=*/TypeAttr(), /*mask_valued=*/UnitAttr(),
      /*mask_complement=*/UnitAttr(), op.getStrategyAttr());
  if (Attribute site = op->getAttr("noodle.site"))
    contract->setAttr("noodle.site", site);
  Value result = lowerContract(contract);
  contract.erase();
  return result;
}

Value noodle::lowerTranspose(TransposeOp op) {
  Emitter e(op);
  Value input = op.getInput();
  auto type = cast<RankedTensorType>(input.getType());
  ArrayRef<int64_t> permutation = op.getPermutation();
  SmallVector<int64_t> shape;
  for (int64_t d : permutation)
    shape.push_back(type.getDimSize(d));
  RankedTensorType result = op.getType();
  if (isSparse(input)) {
    bool columns = *getSparseFormat(type) == SparseFormat::CSC;
    bool resultColumns = *getSparseFormat(result) == SparseFormat::CSC;
    // The dimension whose level is dense, before and wanted after.
    int64_t outer = columns ? 1 : 0;
    int64_t wanted = permutation[resultColumns ? 1 : 0];
    Value rows = e.asRows(input);
    if (outer != wanted)
      rows = e.sortedTranspose(rows);
    auto encoding =
        cast<sparse_tensor::SparseTensorEncodingAttr>(type.getEncoding());
    auto order =
        cast<sparse_tensor::SparseTensorEncodingAttr>(result.getEncoding());
    auto transposed =
        RankedTensorType::get(shape, type.getElementType(),
                              encoding.withDimToLvl(order.getDimToLvl()));
    return e.toFormat(e.fromRows(rows, transposed), result);
  }
  SmallVector<Value> extents(shape.size());
  for (auto [k, d] : llvm::enumerate(permutation))
    if (type.isDynamicDim(d))
      extents[k] = e.dim(input, d);
  // Result dimension k runs with input dimension permutation[k].
  SmallVector<AffineExpr> exprs(shape.size());
  for (auto [k, d] : llvm::enumerate(permutation))
    exprs[d] = e.getAffineDimExpr(k);
  AffineMap from = AffineMap::get(shape.size(), 0, exprs, e.getContext());
  SmallVector<IteratorType> iterators(shape.size(), IteratorType::parallel);
  return e.generic(
      input, e.empty(type.clone(shape), extents),
      {from, e.getMultiDimIdentityMap(shape.size())}, iterators,
      [](OpBuilder &, Location, ValueRange args) { return args[0]; });
}

Value noodle::lowerConcat(ConcatOp op) {
  Emitter e(op);
  int64_t axis = op.getAxis();
  RankedTensorType type = op.getType();
  Value first = op.getInputs().front();
  SmallVector<Value> extents;
  for (int64_t d = 0; d < type.getRank(); ++d)
    extents.push_back(type.isDynamicDim(d) ? e.dim(first, d)
                                           : e.index(type.getDimSize(d)));
  Value total = e.index(0);
  for (auto [k, input] : llvm::enumerate(op.getInputs())) {
    total = e.createOrFold<arith::AddIOp>(total, e.dim(input, axis));
    for (int64_t d = 0; d < type.getRank(); ++d)
      if (d != axis && cast<RankedTensorType>(input.getType()).isDynamicDim(d))
        e.requireEqual(extents[d], e.dim(input, d),
                       "extents of dimension " + Twine(d) +
                           " disagree: operand " + Twine(k) + " and " +
                           (type.isDynamicDim(d) ? "operand 0" : "the result"));
  }
  if (!type.isDynamicDim(axis))
    e.requireEqual(total, e.index(type.getDimSize(axis)),
                   "operands do not add up to extent " +
                       Twine(type.getDimSize(axis)) + " of the result");
  extents[axis] = total;
  if (isSparse(type))
    return concatSparse(e, op);
  Value result = e.empty(type, extents);
  Value offset = e.index(0);
  for (Value input : op.getInputs()) {
    SmallVector<OpFoldResult> offsets(type.getRank(), e.getIndexAttr(0));
    SmallVector<OpFoldResult> strides(type.getRank(), e.getIndexAttr(1));
    SmallVector<OpFoldResult> sizes;
    auto inputType = cast<RankedTensorType>(input.getType());
    for (int64_t d = 0; d < type.getRank(); ++d)
      sizes.push_back(inputType.isDynamicDim(d)
                          ? OpFoldResult(e.dim(input, d))
                          : e.getIndexAttr(inputType.getDimSize(d)));
    offsets[axis] = getAsOpFoldResult(offset);
    result = tensor::InsertSliceOp::create(e, input, result, offsets, sizes,
                                           strides);
    offset = e.createOrFold<arith::AddIOp>(offset, e.dim(input, axis));
  }
  return result;
}

/// An index vector's entry as an index, negative ones stay negative.
static Value toIndex(OpBuilder &b, Location loc, Value value) {
  return arith::IndexCastOp::create(b, loc, b.getIndexType(), value);
}

/// 0 <= index < extent, in one comparison.
static Value inRange(OpBuilder &b, Location loc, Value index, Value extent) {
  return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ult, index,
                               extent);
}

Value noodle::lowerGather(GatherOp op) {
  Emitter e(op);
  Value input = op.getInput(), indices = op.getIndices();
  auto type = cast<RankedTensorType>(input.getType());
  int64_t axis = op.getAxis(), rank = type.getRank();
  Value extent = e.dim(input, axis);

  // All indices are judged before any is used, by the greatest: taken for
  // unsigned, which a negative one exceeds. Vectors find a signed maximum, for
  // which the sign bit is turned.
  Type element = cast<RankedTensorType>(indices.getType()).getElementType();
  unsigned bits = element.getIntOrFloatBitWidth();
  Value sign =
      e.constant(e.getIntegerAttr(element, APInt::getSignedMinValue(bits)));
  Value greatest = e.generic(
      indices, e.filled(RankedTensorType::get({}, element), {}, sign),
      {e.getMultiDimIdentityMap(1), AffineMap::get(1, 0, e.getContext())},
      {IteratorType::reduction},
      [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
        Value turned = arith::XOrIOp::create(b, loc, args[0], sign);
        return arith::MaxSIOp::create(b, loc, args[1], turned);
      });
  Value found = tensor::ExtractOp::create(e, greatest, ValueRange{});
  Value most =
      toIndex(e, e.getLoc(), arith::XOrIOp::create(e, found, sign).getResult());
  Value good = arith::OrIOp::create(
      e, inRange(e, e.getLoc(), most, extent),
      arith::CmpIOp::create(e, arith::CmpIPredicate::eq, e.dim(indices, 0),
                            e.index(0)));
  e.require(good,
            "an index is out of range for dimension " + Twine(axis) +
                " of the input",
            /*status=*/4);

  SmallVector<int64_t> shape(type.getShape());
  auto indexType = cast<RankedTensorType>(indices.getType());
  shape[axis] = indexType.getDimSize(0);
  SmallVector<Value> extents = e.extentsOf(input);
  extents[axis] = indexType.isDynamicDim(0) ? e.dim(indices, 0) : Value();
  AffineMap along =
      AffineMap::get(rank, 0, e.getAffineDimExpr(axis), e.getContext());
  SmallVector<IteratorType> iterators(rank, IteratorType::parallel);
  Value last = arith::SubIOp::create(e, extent, e.index(1));
  return e.generic(indices, e.empty(type.clone(shape), extents),
                   {along, e.getMultiDimIdentityMap(rank)}, iterators,
                   [&](OpBuilder &b, Location loc, ValueRange args) -> Value {
                     SmallVector<Value> at;
                     for (int64_t d = 0; d < rank; ++d)
                       at.push_back(linalg::IndexOp::create(b, loc, d));
                     // The check above holds; the bound stays right wherever
                     // later passes move this.
                     at[axis] = arith::MinUIOp::create(
                         b, loc, toIndex(b, loc, args[0]), last);
                     return tensor::ExtractOp::create(b, loc, input, at);
                   });
}

Value noodle::lowerScatter(ScatterOp op) {
  Emitter e(op);
  Value updates = op.getUpdates(), indices = op.getIndices();
  auto type = cast<RankedTensorType>(op.getInit().getType());
  int64_t axis = op.getAxis(), rank = type.getRank();
  Semiring semiring =
      *Semiring::resolve(op.getSemiring(), type.getElementType(), op,
                         [&] { return op.emitOpError(); });
  Value extent = e.dim(op.getInit(), axis);
  for (int64_t d = 0; d < rank; ++d)
    e.requireEqual(e.dim(d == axis ? indices : op.getInit(), d == axis ? 0 : d),
                   e.dim(updates, d),
                   "extents disagree: updates, dimension " + Twine(d) +
                       (d == axis ? " and the indices" : " and init"));

  // One slice after the other, so that equal indices add up in order.
  SmallVector<Value> at(rank), from(rank);
  std::function<Value(int64_t, Value)> slice = [&](int64_t d,
                                                   Value result) -> Value {
    if (d == axis)
      return slice(d + 1, result);
    if (d == rank) {
      Value update = tensor::ExtractOp::create(e, updates, from);
      Value old = tensor::ExtractOp::create(e, result, at);
      Value sum = semiring.add(e, e.getLoc(), old, update);
      return tensor::InsertOp::create(e, sum, result, at);
    }
    return e.loop(e.dim(updates, d), result,
                  [&](Value i, ValueRange carried) -> SmallVector<Value> {
                    at[d] = from[d] = i;
                    return {slice(d + 1, carried[0])};
                  })[0];
  };
  return e.loop(e.dim(indices, 0), op.getInit(),
                [&](Value k, ValueRange carried) -> SmallVector<Value> {
                  Value index = toIndex(
                      e, e.getLoc(), tensor::ExtractOp::create(e, indices, k));
                  e.require(inRange(e, e.getLoc(), index, extent),
                            "an index is out of range for dimension " +
                                Twine(axis) + " of init",
                            /*status=*/4);
                  at[axis] = index;
                  from[axis] = k;
                  return {slice(0, carried[0])};
                })[0];
}

Value noodle::lowerConvert(ConvertOp op) {
  Emitter e(op);
  Value input = op.getInput();
  auto type = cast<RankedTensorType>(input.getType());
  RankedTensorType result = op.getType();
  Type to = result.getElementType();
  auto converted = [&](OpBuilder &b, Location loc, Value value) {
    return convertElement(b, loc, value, to);
  };
  if (isSparse(input) && isSparse(result)) {
    if (type.getElementType() != to)
      input = e.mapStored(input, to, converted);
    return e.toFormat(input, result);
  }
  if (isSparse(input)) {
    Value absent = op.getAbsent() ? e.constant(*op.getAbsent())
                                  : e.zeroOf(type.getElementType());
    return e.cast(e.densify(input, absent), to);
  }
  if (!isSparse(result))
    return e.cast(input, to);
  // What is stored is decided before the element type changes.
  Value absent = op.getAbsent() ? e.constant(*op.getAbsent())
                                : e.zeroOf(type.getElementType());
  Value sparse =
      sparsified(e, input,
                 RankedTensorType::get(type.getShape(), type.getElementType(),
                                       result.getEncoding()),
                 absent);
  if (type.getElementType() != to)
    sparse = e.mapStored(sparse, to, converted);
  return sparse;
}
