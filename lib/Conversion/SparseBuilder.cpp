//===- SparseBuilder.cpp - sparse matrices row by row ---------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Rows are cut into chunks of about equal work by binary search in what the
// caller says of it, usually the positions of the operands, so that long rows
// do not make one chunk wait for another. Chunks do not depend on the number of
// threads.
//
//===----------------------------------------------------------------------===//
#include "SparseBuilder.h"

#include "noodle/Dialect/SparseOps.h"
#include "noodle/Strategy/Lowerable.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::noodle;
using namespace mlir::sparse_tensor;

/// Rows and entries of a chunk: some 20 us of merging. A guess.
static constexpr int64_t kChunkWork = 1 << 14;

static constexpr int32_t kIndexRange = 4;

static MemRefType bufferOf(Type element) {
  return MemRefType::get({ShapedType::kDynamic}, element);
}

static SparseTensorEncodingAttr encodingOf(RankedTensorType type) {
  return cast<SparseTensorEncodingAttr>(type.getEncoding());
}

static Type elementOf(Value buffer) {
  return cast<MemRefType>(buffer.getType()).getElementType();
}

static Value add(Emitter &e, Value x, Value y) {
  return arith::AddIOp::create(e, x, y);
}

static Value alloc(Emitter &e, Type element, Value size) {
  return memref::AllocOp::create(e, bufferOf(element), size);
}

Value noodle::loadIndex(Emitter &e, Value buffer, Value at) {
  Value loaded = memref::LoadOp::create(e, buffer, at);
  if (loaded.getType().isIndex())
    return loaded;
  return arith::IndexCastUIOp::create(e, e.getIndexType(), loaded);
}

void noodle::storeIndex(Emitter &e, Value index, Value buffer, Value at) {
  if (Type element = elementOf(buffer); element != index.getType())
    index = arith::IndexCastUIOp::create(e, element, index);
  memref::StoreOp::create(e, index, buffer, at);
}

StoredRows noodle::storedRows(Emitter &e, Value tensor) {
  Value rows = e.asRows(tensor);
  return {ToPositionsOp::create(e, rows, 1),
          ToCoordinatesOp::create(e, rows, 1), ToValuesOp::create(e, rows),
          e.dim(rows, 0), e.dim(rows, 1)};
}

StoredRows noodle::transposedRows(Emitter &e, const StoredRows &rows) {
  Value entries = loadIndex(e, rows.positions, rows.rows);
  StoredRows result;
  result.rows = rows.columns;
  result.columns = rows.rows;
  result.positions =
      alloc(e, elementOf(rows.positions), add(e, result.rows, e.index(1)));
  result.coordinates = alloc(e, elementOf(rows.coordinates), entries);
  result.values = alloc(e, elementOf(rows.values), entries);
  TransposeStorageOp::create(e, rows.rows, rows.columns, rows.positions,
                             rows.coordinates, rows.values, result.positions,
                             result.coordinates, result.values);
  return result;
}

/// Ends the call unless numbers up to `most` fit into indices of a type.
static void requireFits(Emitter &e, Value most, Type element,
                        const Twine &what) {
  if (!element.isInteger(32))
    return;
  e.require(arith::CmpIOp::create(e, arith::CmpIPredicate::ule, most,
                                  e.index(INT32_MAX)),
            what + " of 32 bits: use a wider encoding", kIndexRange);
}

static void requireEntries(Emitter &e, Value entries, Type element) {
  requireFits(e, entries, element,
              "the sparse result has more entries than positions");
}

static void requireColumns(Emitter &e, Value columns, Type element) {
  requireFits(e, columns, element,
              "the sparse result is longer than coordinates");
}

StoredRows noodle::withWidths(Emitter &e, const StoredRows &rows,
                              RankedTensorType type) {
  StoredRows result = rows;
  SparseTensorEncodingAttr encoding = encodingOf(type);
  auto recast = [&](Value buffer, Type element, Value size) {
    if (elementOf(buffer) == element)
      return buffer;
    Value made = alloc(e, element, size);
    e.loop(size, {}, [&](Value k, ValueRange) -> SmallVector<Value> {
      storeIndex(e, loadIndex(e, buffer, k), made, k);
      return {};
    });
    return made;
  };
  Type positions = encoding.getPosElemType();
  Type coordinates = encoding.getCrdElemType();
  Value entries = loadIndex(e, rows.positions, rows.rows);
  if (elementOf(rows.positions) != positions)
    requireEntries(e, entries, positions);
  if (elementOf(rows.coordinates) != coordinates)
    requireColumns(e, rows.columns, coordinates);
  result.positions =
      recast(rows.positions, positions, add(e, rows.rows, e.index(1)));
  result.coordinates = recast(rows.coordinates, coordinates, entries);
  return result;
}

StoredRows noodle::rowsInOrder(Emitter &e, Value tensor,
                               RankedTensorType type) {
  StoredRows rows = storedRows(e, tensor);
  if (*getSparseFormat(cast<RankedTensorType>(tensor.getType())) ==
      *getSparseFormat(type))
    return rows;
  return transposedRows(e, rows);
}

Value noodle::assemble(Emitter &e, const StoredRows &rows,
                       RankedTensorType type, Value held) {
  RankedTensorType rowsType = e.rowsType(type);
  SparseTensorEncodingAttr encoding = encodingOf(rowsType);
  auto specifierType = StorageSpecifierType::get(e.getContext(), encoding);
  Value specifier = StorageSpecifierInitOp::create(e, specifierType);
  auto set = [&](StorageSpecifierKind kind, std::optional<int64_t> level,
                 Value value) {
    specifier = SetStorageSpecifierOp::create(
        e, specifierType, specifier, kind,
        level ? e.getIndexAttr(*level) : IntegerAttr(), value);
  };
  Value entries = loadIndex(e, rows.positions, rows.rows);
  set(StorageSpecifierKind::LvlSize, 0, rows.rows);
  set(StorageSpecifierKind::LvlSize, 1, rows.columns);
  set(StorageSpecifierKind::PosMemSize, 1, add(e, rows.rows, e.index(1)));
  set(StorageSpecifierKind::CrdMemSize, 1, entries);
  set(StorageSpecifierKind::ValMemSize, std::nullopt, held ? held : entries);
  Value tensor =
      UnrealizedConversionCastOp::create(
          e, e.getLoc(), TypeRange{rowsType},
          ValueRange{rows.positions, rows.coordinates, rows.values, specifier})
          .getResult(0);
  return e.fromRows(tensor, type);
}

//===----------------------------------------------------------------------===//
// Builder
//===----------------------------------------------------------------------===//

SparseBuilder::SparseBuilder(Emitter &e, RankedTensorType type, Value rows,
                             Value columns)
    : e(e), type(type) {
  result.rows = rows;
  result.columns = columns;
}

Value SparseBuilder::put(Value at, Value column, Value condition,
                         llvm::function_ref<Value()> value) {
  auto store = [&] {
    storeIndex(e, column, coordinates, at);
    memref::StoreOp::create(e, value(), values, at);
  };
  if (!isCounting) {
    if (!condition || isScratch) {
      store();
    } else {
      auto when = scf::IfOp::create(e, condition, /*withElse=*/false);
      OpBuilder::InsertionGuard guard(e);
      e.setInsertionPointToStart(when.thenBlock());
      store();
    }
  }
  if (!condition)
    return add(e, at, e.index(1));
  return add(e, at,
             arith::IndexCastUIOp::create(e, e.getIndexType(), condition));
}

/// The first row whose work does not lie below `target`.
Value SparseBuilder::firstRow(Weight work, Value target) {
  Type index = e.getIndexType();
  SmallVector<Location> locs(2, e.getLoc());
  auto search = scf::WhileOp::create(e, TypeRange{index, index},
                                     ValueRange{e.index(0), result.rows});
  OpBuilder::InsertionGuard guard(e);
  Block *test = e.createBlock(&search.getBefore(), {}, {index, index}, locs);
  scf::ConditionOp::create(e,
                           arith::CmpIOp::create(e, arith::CmpIPredicate::ult,
                                                 test->getArgument(0),
                                                 test->getArgument(1)),
                           test->getArguments());
  Block *body = e.createBlock(&search.getAfter(), {}, {index, index}, locs);
  Value low = body->getArgument(0), high = body->getArgument(1);
  Value middle = arith::ShRUIOp::create(e, add(e, low, high), e.index(1));
  Value below = arith::CmpIOp::create(e, arith::CmpIPredicate::ult,
                                      add(e, work(middle), middle), target);
  Value next = add(e, middle, e.index(1));
  scf::YieldOp::create(
      e, ValueRange{arith::SelectOp::create(e, below, next, low),
                    arith::SelectOp::create(e, below, high, middle)});
  return search.getResult(0);
}

void SparseBuilder::begin(Weight work) {
  SparseTensorEncodingAttr encoding = encodingOf(type);
  requireColumns(e, result.columns, encoding.getCrdElemType());
  result.positions =
      alloc(e, encoding.getPosElemType(), add(e, result.rows, e.index(1)));
  storeIndex(e, e.index(0), result.positions, e.index(0));
  Value total = add(e, work(result.rows), result.rows);
  count = arith::CeilDivUIOp::create(e, total, e.index(kChunkWork));
  if (isLeft)
    count = arith::SelectOp::create(e, isLeft, e.index(0), count);
  starts = alloc(e, e.getIndexType(), add(e, count, e.index(1)));
  memref::StoreOp::create(e, e.index(0), starts, e.index(0));
}

void SparseBuilder::chunks(llvm::function_ref<void(Value, Value, Value)> body,
                           Weight work) {
  auto loop = scf::ParallelOp::create(
      e, ValueRange{e.index(0)}, ValueRange{count}, ValueRange{e.index(1)});
  OpBuilder::InsertionGuard guard(e);
  e.setInsertionPointToStart(loop.getBody());
  PollOp::create(e);
  loop->setAttr("noodle.chunked", e.getUnitAttr());
  Value chunk = loop.getInductionVars().front();
  auto start = [&](Value chunk) {
    return firstRow(work, arith::MulIOp::create(e, chunk, e.index(kChunkWork)));
  };
  body(chunk, start(chunk), start(add(e, chunk, e.index(1))));
}

void SparseBuilder::place() {
  Value first = e.index(0);
  if (isLeft)
    first = arith::SelectOp::create(e, isLeft, leftEntries, first);
  entries = e.loop(count, ValueRange{first},
                   [&](Value chunk, ValueRange sum) -> SmallVector<Value> {
                     Value next = add(e, chunk, e.index(1));
                     Value here = add(e, sum[0],
                                      memref::LoadOp::create(e, starts, next));
                     memref::StoreOp::create(e, here, starts, next);
                     return {here};
                   })[0];
  SparseTensorEncodingAttr encoding = encodingOf(type);
  requireEntries(e, entries, encoding.getPosElemType());
  result.coordinates = alloc(e, encoding.getCrdElemType(), entries);
  result.values = alloc(e, type.getElementType(), entries);
}

StoredRows SparseBuilder::build(Weight work, Row row) {
  begin(work);
  isCounting = true;
  chunks(
      [&](Value chunk, Value first, Value last) {
        Value held = e.loop(first, last, ValueRange{e.index(0)},
                            [&](Value r, ValueRange at) -> SmallVector<Value> {
                              return {row(r, at[0])};
                            })[0];
        memref::StoreOp::create(e, held, starts, add(e, chunk, e.index(1)));
      },
      work);
  isCounting = false;
  place();
  coordinates = result.coordinates;
  values = result.values;
  chunks(
      [&](Value chunk, Value first, Value last) {
        Value from = memref::LoadOp::create(e, starts, chunk);
        e.loop(first, last, ValueRange{from},
               [&](Value r, ValueRange at) -> SmallVector<Value> {
                 Value next = row(r, at[0]);
                 storeIndex(e, next, result.positions, add(e, r, e.index(1)));
                 return {next};
               });
      },
      work);
  return result;
}

StoredRows SparseBuilder::buildWithin(Weight bound, Row row) {
  begin(bound);
  Value most = bound(result.rows);
  if (isLeft)
    most = arith::SelectOp::create(e, isLeft, e.index(0), most);
  coordinates = alloc(e, encodingOf(type).getCrdElemType(), most);
  values = alloc(e, type.getElementType(), most);
  isScratch = true;
  chunks(
      [&](Value chunk, Value first, Value last) {
        Value from = bound(first);
        Value to = e.loop(first, last, ValueRange{from},
                          [&](Value r, ValueRange at) -> SmallVector<Value> {
                            Value next = row(r, at[0]);
                            storeIndex(e, arith::SubIOp::create(e, next, from),
                                       result.positions, add(e, r, e.index(1)));
                            return {next};
                          })[0];
        memref::StoreOp::create(e, arith::SubIOp::create(e, to, from), starts,
                                add(e, chunk, e.index(1)));
      },
      bound);
  isScratch = false;
  place();
  chunks(
      [&](Value chunk, Value first, Value last) {
        Value from = bound(first);
        Value base = memref::LoadOp::create(e, starts, chunk);
        Value end =
            memref::LoadOp::create(e, starts, add(e, chunk, e.index(1)));
        Value held = arith::SubIOp::create(e, end, base);
        CopyRunOp::create(e, coordinates, from, result.coordinates, base, held);
        CopyRunOp::create(e, values, from, result.values, base, held);
        e.loop(first, last, {}, [&](Value r, ValueRange) -> SmallVector<Value> {
          Value next = add(e, r, e.index(1));
          Value held = loadIndex(e, result.positions, next);
          storeIndex(e, add(e, held, base), result.positions, next);
          return {};
        });
      },
      bound);
  return result;
}
