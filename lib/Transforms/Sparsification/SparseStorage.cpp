//===- SparseStorage.cpp - sparse matrices as buffers ---------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "SparseStorage.h"

#include "noodle/Dialect/Noodle.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SparseTensor/IR/SparseTensor.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::noodle;
using namespace mlir::sparse_tensor;

SparseRows SparseRows::of(IndexBuilder &b, Value matrix) {
  SparseRows view;
  view.positions = ToPositionsOp::create(b, matrix, 1);
  view.coordinates = ToCoordinatesOp::create(b, matrix, 1);
  view.values = ToValuesOp::create(b, matrix);
  view.rows = b.createOrFold<tensor::DimOp>(matrix, 0);
  view.columns = b.createOrFold<tensor::DimOp>(matrix, 1);
  return view;
}

Value noodle::loadIndex(IndexBuilder &b, Value buffer, Value at) {
  Value loaded = memref::LoadOp::create(b, buffer, at);
  if (!loaded.getType().isInteger())
    return loaded;
  return arith::IndexCastUIOp::create(b, b.getIndexType(), loaded);
}

void noodle::storeIndex(IndexBuilder &b, Value index, Value buffer, Value at) {
  Type element = cast<MemRefType>(buffer.getType()).getElementType();
  if (element != index.getType())
    index = arith::IndexCastUIOp::create(b, element, index);
  memref::StoreOp::create(b, index, buffer, at);
}

Value noodle::eachBit(IndexBuilder &b, Value word, Value base, Value carried,
                      function_ref<Value(Value, Value)> body) {
  Type bits = word.getType(), index = b.getIndexType();
  Value none = arith::ConstantIntOp::create(b, 0, 64);
  auto loop = scf::WhileOp::create(b, TypeRange{bits, index},
                                   ValueRange{word, carried});
  SmallVector<Location> locs(2, b.getLoc());
  OpBuilder::InsertionGuard guard(b);
  Block *test = b.createBlock(&loop.getBefore(), {}, {bits, index}, locs);
  scf::ConditionOp::create(b,
                           arith::CmpIOp::create(b, arith::CmpIPredicate::ne,
                                                 test->getArgument(0), none),
                           test->getArguments());
  Block *step = b.createBlock(&loop.getAfter(), {}, {bits, index}, locs);
  Value left = step->getArgument(0);
  Value bit = arith::IndexCastUIOp::create(
      b, index, math::CountTrailingZerosOp::create(b, left));
  Value next = body(b.add(base, bit), step->getArgument(1));
  Value one = arith::ConstantIntOp::create(b, 1, 64);
  Value rest =
      arith::AndIOp::create(b, left, arith::SubIOp::create(b, left, one));
  scf::YieldOp::create(b, ValueRange{rest, next});
  return loop.getResult(1);
}

static MemRefType bufferOf(Type element) {
  return MemRefType::get({ShapedType::kDynamic}, element);
}

SparseResult::SparseResult(IndexBuilder &b, RankedTensorType type, Value rows,
                           Value columns)
    : rows(rows), columns(columns), b(b), type(type) {
  auto encoding = cast<SparseTensorEncodingAttr>(type.getEncoding());
  positions = memref::AllocOp::create(b, bufferOf(encoding.getPosElemType()),
                                      b.add(rows, 1));
}

void SparseResult::place() {
  auto encoding = cast<SparseTensorEncodingAttr>(type.getEncoding());
  storeIndex(b, b.at(0), positions, b.at(0));
  // Signed, as everyone who reads them counts.
  Type counts = encoding.getPosElemType();
  int64_t most = counts.isInteger() && counts.getIntOrFloatBitWidth() < 64
                     ? llvm::maxIntN(counts.getIntOrFloatBitWidth())
                     : INT64_MAX;
  Value total = b.loop(
      b.at(0), rows, 1, ValueRange{b.at(0)}, [&](Value row, ValueRange sum) {
        Value next = b.add(row, 1);
        Value here = b.add(sum[0], loadIndex(b, positions, next));
        storeIndex(b, here, positions, next);
        return SmallVector<Value>{here};
      })[0];
  if (most != INT64_MAX)
    CheckOp::create(
        b,
        arith::CmpIOp::create(b, arith::CmpIPredicate::ule, total, b.at(most)),
        b.getStringAttr(
            "the sparse result has more entries than positions of " +
            std::to_string(counts.getIntOrFloatBitWidth()) +
            " bits count: use a wider posWidth"),
        b.getI32IntegerAttr(/*index range*/ 4));
  take(total);
}

void SparseResult::take(Value count) {
  entries = count;
  auto encoding = cast<SparseTensorEncodingAttr>(type.getEncoding());
  coordinates =
      memref::AllocOp::create(b, bufferOf(encoding.getCrdElemType()), entries);
  values = memref::AllocOp::create(b, bufferOf(type.getElementType()), entries);
}

Value SparseResult::assemble() {
  auto encoding = cast<SparseTensorEncodingAttr>(type.getEncoding());
  auto specifierType = StorageSpecifierType::get(b.getContext(), encoding);
  Value specifier = StorageSpecifierInitOp::create(b, specifierType);
  auto set = [&](StorageSpecifierKind kind, std::optional<int64_t> level,
                 Value value) {
    IntegerAttr at = level ? b.getIndexAttr(*level) : IntegerAttr();
    specifier = SetStorageSpecifierOp::create(b, specifierType, specifier, kind,
                                              at, value);
  };
  set(StorageSpecifierKind::LvlSize, 0, rows);
  set(StorageSpecifierKind::LvlSize, 1, columns);
  set(StorageSpecifierKind::PosMemSize, 1, b.add(rows, 1));
  set(StorageSpecifierKind::CrdMemSize, 1, entries);
  set(StorageSpecifierKind::ValMemSize, std::nullopt, entries);
  return UnrealizedConversionCastOp::create(
             b, b.getLoc(), TypeRange{type},
             ValueRange{positions, coordinates, values, specifier})
      .getResult(0);
}
