//===- SparseStorage.cpp - sparse matrices as buffers ---------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "SparseStorage.h"

#include "noodle/Dialect/Noodle.h"

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
