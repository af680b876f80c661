//===- Lowering.cpp - what the lowerings to linalg share ------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "SparseBuilder.h"

#include "noodle/Strategy/Lowerable.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::noodle;
using utils::IteratorType;

Emitter::Emitter(Operation *op)
    : ImplicitLocOpBuilder(op->getLoc(), op), op(op) {}

void Emitter::note(Operation *made) {
  if (Attribute site = op->getAttr("noodle.site"))
    made->setAttr("noodle.site", site);
  if (auto strategy = op->getAttrOfType<StrategyKindAttr>("strategy"))
    made->setAttr("noodle.schedule",
                  getStringAttr(stringifyStrategyKind(strategy.getValue())));
}

//===----------------------------------------------------------------------===//
// Extents
//===----------------------------------------------------------------------===//

Value Emitter::index(int64_t value) {
  return arith::ConstantIndexOp::create(*this, value);
}

/// The tensor an op writes its result to has the result's extents; found there,
/// they are not uses of the result, which would keep it from being fused.
static Value writtenTo(Value tensor) {
  while (auto result = dyn_cast<OpResult>(tensor)) {
    if (auto op = dyn_cast<linalg::LinalgOp>(result.getOwner()))
      tensor = op.getDpsInits()[result.getResultNumber()];
    else if (auto op = dyn_cast<FusedContractOp>(result.getOwner()))
      tensor = op.getOut();
    else
      break;
  }
  return tensor;
}

Value Emitter::dim(Value tensor, int64_t d) {
  auto type = cast<RankedTensorType>(tensor.getType());
  if (!type.isDynamicDim(d))
    return index(type.getDimSize(d));
  if (!type.getEncoding())
    tensor = writtenTo(tensor);
  if (auto empty = tensor.getDefiningOp<tensor::EmptyOp>())
    return empty.getDynamicSize(d);
  return tensor::DimOp::create(*this, tensor, d);
}

SmallVector<Value> Emitter::extentsOf(Value tensor) {
  auto type = cast<RankedTensorType>(tensor.getType());
  SmallVector<Value> extents;
  for (int64_t d = 0; d < type.getRank(); ++d)
    extents.push_back(type.isDynamicDim(d) ? dim(tensor, d) : Value());
  return extents;
}

Value Emitter::empty(RankedTensorType type, ArrayRef<Value> extents) {
  SmallVector<Value> dynamic;
  for (int64_t d = 0; d < type.getRank(); ++d)
    if (type.isDynamicDim(d))
      dynamic.push_back(extents[d]);
  return tensor::EmptyOp::create(*this, type, dynamic);
}

Value Emitter::filled(RankedTensorType type, ArrayRef<Value> extents,
                      Value scalar) {
  auto fill = linalg::FillOp::create(*this, ValueRange{scalar},
                                     ValueRange{empty(type, extents)});
  note(fill);
  return fill.getResult(0);
}

void Emitter::require(Value condition, const Twine &message, int32_t status) {
  CheckOp::create(*this, condition, getStringAttr(message),
                  getI32IntegerAttr(status));
}

void Emitter::requireEqual(Value a, Value b, const Twine &message) {
  if (a == b)
    return;
  std::optional<int64_t> x = getConstantIntValue(a), y = getConstantIntValue(b);
  if (x && y && *x == *y)
    return;
  require(arith::CmpIOp::create(*this, arith::CmpIPredicate::eq, a, b), message,
          /*status=*/3);
}

//===----------------------------------------------------------------------===//
// Dense ops
//===----------------------------------------------------------------------===//

Value Emitter::generic(ValueRange inputs, Value init, ArrayRef<AffineMap> maps,
                       ArrayRef<IteratorType> iterators, Body body) {
  auto generic = linalg::GenericOp::create(
      *this, TypeRange{init.getType()}, inputs, ValueRange{init}, maps,
      iterators, [&](OpBuilder &builder, Location loc, ValueRange args) {
        Value result = body(builder, loc, args);
        linalg::YieldOp::create(builder, loc, result);
      });
  note(generic);
  return generic.getResult(0);
}

Value Emitter::elementwise(ValueRange inputs, RankedTensorType type,
                           ArrayRef<Value> extents, Body body) {
  unsigned rank = type.getRank();
  SmallVector<AffineMap> maps;
  for (Value input : inputs)
    maps.push_back(isa<RankedTensorType>(input.getType())
                       ? getMultiDimIdentityMap(rank)
                       : AffineMap::get(rank, 0, getContext()));
  maps.push_back(getMultiDimIdentityMap(rank));
  SmallVector<IteratorType> iterators(rank, IteratorType::parallel);
  return generic(inputs, empty(type, extents), maps, iterators, body);
}

Value Emitter::cast(Value tensor, Type to) {
  auto type = llvm::cast<RankedTensorType>(tensor.getType());
  if (type.getElementType() == to)
    return tensor;
  return elementwise(tensor, type.clone(to), extentsOf(tensor),
                     [&](OpBuilder &builder, Location loc, ValueRange args) {
                       return convertElement(builder, loc, args[0], to);
                     });
}

Value Emitter::constant(TypedAttr value) {
  return elementConstant(*this, getLoc(), value);
}

Value Emitter::zeroOf(Type elementType) {
  return constant(zeroElement(elementType));
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

ValueRange
Emitter::loop(Value extent, ValueRange carried,
              function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  return loop(index(0), extent, carried, body);
}

ValueRange
Emitter::loop(Value lower, Value upper, ValueRange carried,
              function_ref<SmallVector<Value>(Value, ValueRange)> body) {
  auto loop = scf::ForOp::create(*this, lower, upper, index(1), carried);
  OpBuilder::InsertionGuard guard(*this);
  Block *block = loop.getBody();
  // Without carried values the loop comes with its terminator.
  if (!block->empty())
    setInsertionPoint(block->getTerminator());
  else
    setInsertionPointToEnd(block);
  SmallVector<Value> next =
      body(loop.getInductionVar(), loop.getRegionIterArgs());
  if (!carried.empty())
    scf::YieldOp::create(*this, next);
  return loop.getResults();
}

//===----------------------------------------------------------------------===//
// Sparse tensors
//===----------------------------------------------------------------------===//

RankedTensorType Emitter::rowsType(RankedTensorType like,
                                   ArrayRef<int64_t> shape, Type elementType) {
  auto encoding =
      llvm::cast<sparse_tensor::SparseTensorEncodingAttr>(like.getEncoding());
  return RankedTensorType::get(
      shape, elementType, encoding.withDimToLvl(getMultiDimIdentityMap(2)));
}

RankedTensorType Emitter::rowsType(RankedTensorType type) {
  SmallVector<int64_t> shape(type.getShape());
  if (*getSparseFormat(type) == SparseFormat::CSC)
    std::swap(shape[0], shape[1]);
  return rowsType(type, shape, type.getElementType());
}

Value Emitter::asRows(Value tensor) {
  auto type = llvm::cast<RankedTensorType>(tensor.getType());
  if (*getSparseFormat(type) == SparseFormat::CSR)
    return tensor;
  return sparse_tensor::ReinterpretMapOp::create(*this, Type(rowsType(type)),
                                                 tensor);
}

Value Emitter::fromRows(Value rows, RankedTensorType type) {
  if (rows.getType() == type)
    return rows;
  return sparse_tensor::ReinterpretMapOp::create(*this, Type(type), rows);
}

Value Emitter::sortedTranspose(Value rows) {
  auto type = llvm::cast<RankedTensorType>(rows.getType());
  int64_t shape[2] = {type.getDimSize(1), type.getDimSize(0)};
  return assemble(*this, transposedRows(*this, storedRows(*this, rows)),
                  rowsType(type, shape, type.getElementType()));
}

/// A dense result of the tensor's shape: `present` of what is stored, `absent`
/// elsewhere.
static Value
overAll(Emitter &e, Value tensor, Type elementType, Value absent,
        function_ref<Value(OpBuilder &, Location, Value)> present) {
  auto type = cast<RankedTensorType>(tensor.getType());
  bool columns = *getSparseFormat(type) == SparseFormat::CSC;
  auto dense = RankedTensorType::get(type.getShape(), elementType);
  Value init = e.filled(dense, e.extentsOf(tensor), absent);
  return e.stored(tensor, /*row=*/Value(), init,
                  [&](Value row, Value column, Value value,
                      ValueRange carried) -> SmallVector<Value> {
                    if (columns)
                      std::swap(row, column);
                    Value made = present(e, e.getLoc(), value);
                    return {tensor::InsertOp::create(e, made, carried[0],
                                                     ValueRange{row, column})};
                  })[0];
}

Value Emitter::densify(Value tensor, Value absent) {
  if (!isSparse(tensor))
    return tensor;
  return overAll(*this, tensor, absent.getType(), absent,
                 [](OpBuilder &, Location, Value value) { return value; });
}

/// value != 0; NaN is.
static Value isNonzero(OpBuilder &builder, Location loc, Value value) {
  return convertElement(builder, loc, value, builder.getI1Type());
}

Value Emitter::presence(Value tensor, bool valued) {
  Type i1 = getI1Type();
  auto type = llvm::cast<RankedTensorType>(tensor.getType());
  if (!isSparse(tensor))
    return elementwise(tensor, type.clone(i1), extentsOf(tensor),
                       [&](OpBuilder &builder, Location loc, ValueRange args) {
                         return isNonzero(builder, loc, args[0]);
                       });
  Value absent = constant(getBoolAttr(false));
  return overAll(*this, tensor, i1, absent,
                 [&](OpBuilder &builder, Location loc, Value value) -> Value {
                   if (valued)
                     return isNonzero(builder, loc, value);
                   return arith::ConstantOp::create(builder, loc,
                                                    builder.getBoolAttr(true));
                 });
}

Value Emitter::toFormat(Value tensor, RankedTensorType format) {
  auto type = llvm::cast<RankedTensorType>(tensor.getType());
  if (type.getEncoding() == format.getEncoding())
    return tensor;
  auto to = RankedTensorType::get(type.getShape(), type.getElementType(),
                                  format.getEncoding());
  if (!isSparse(tensor))
    return sparsified(*this, tensor, to, zeroOf(type.getElementType()));
  return assemble(*this, withWidths(*this, rowsInOrder(*this, tensor, to), to),
                  to);
}

Value Emitter::mapStored(
    Value tensor, Type elementType,
    function_ref<Value(OpBuilder &, Location, Value)> body) {
  auto type = llvm::cast<RankedTensorType>(tensor.getType());
  Value rows = asRows(tensor);
  RankedTensorType rowType =
      rowsType(type, rowsType(type).getShape(), elementType);
  AffineMap identity = getMultiDimIdentityMap(2);
  Value mapped = generic(
      rows, empty(rowType, extentsOf(rows)), {identity, identity},
      {IteratorType::parallel, IteratorType::parallel},
      [&](OpBuilder &builder, Location loc, ValueRange args) -> Value {
        auto unary =
            sparse_tensor::UnaryOp::create(builder, loc, elementType, args[0]);
        OpBuilder::InsertionGuard guard(builder);
        Block *stored = builder.createBlock(&unary.getPresentRegion(), {},
                                            {args[0].getType()}, {loc});
        sparse_tensor::YieldOp::create(
            builder, loc, body(builder, loc, stored->getArgument(0)));
        return unary;
      });
  return fromRows(mapped, type.clone(elementType));
}

SmallVector<Value>
Emitter::stored(Value tensor, Value row, ValueRange carried,
                function_ref<SmallVector<Value>(Value row, Value column,
                                                Value value, ValueRange)>
                    body) {
  Value rows = asRows(tensor);
  Value positions = sparse_tensor::ToPositionsOp::create(*this, rows, 1);
  Value coordinates = sparse_tensor::ToCoordinatesOp::create(*this, rows, 1);
  Value values = sparse_tensor::ToValuesOp::create(*this, rows);
  auto load = [&](Value buffer, Value at) -> Value {
    Value loaded = memref::LoadOp::create(*this, buffer, at);
    if (!loaded.getType().isInteger())
      return loaded;
    // Positions and coordinates are not negative.
    return arith::IndexCastUIOp::create(*this, getIndexType(), loaded);
  };
  auto oneRow = [&](Value r, ValueRange carried) -> SmallVector<Value> {
    Value next = arith::AddIOp::create(*this, r, index(1));
    return llvm::to_vector(
        loop(load(positions, r), load(positions, next), carried,
             [&](Value p, ValueRange carried) {
               Value value = memref::LoadOp::create(*this, values, p);
               return body(r, load(coordinates, p), value, carried);
             }));
  };
  if (row)
    return oneRow(row, carried);
  return llvm::to_vector(loop(dim(rows, 0), carried, oneRow));
}
