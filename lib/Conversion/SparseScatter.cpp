//===- SparseScatter.cpp - sums along the compressed dimension ------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// x A for a CSR matrix, A x for a CSC one: entries of any row add to any sum.
// Rows are cut into parts of about equal entries, each with sums of its own,
// and then these are added in the order of the parts. Only the columns between
// a part's least and greatest are cleared and added, few of them in a matrix of
// neighbours. How many parts there are depends on the matrix alone, so the bits
// do not depend on the threads.
//
//===----------------------------------------------------------------------===//
#include "SparseBuilder.h"

#include "noodle/Dialect/SparseOps.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::noodle;
using arith::CmpIPredicate;

/// A part has at least so many entries for each sum, which it clears, and which
/// is added to the others: a third of the time at most, as an entry takes some
/// 12 bytes and a sum 24. And at least so many at all. Guesses.
static constexpr int64_t kEntriesPerSum = 4, kLeastEntries = 1 << 15;
/// Parts at most: their sums are memory.
static constexpr int64_t kMostParts = 16;
/// Sums that are added at once.
static constexpr int64_t kBlock = 1 << 12;

static void inParallel(Emitter &e, Value count,
                       llvm::function_ref<void(Value)> body) {
  auto loop = scf::ParallelOp::create(
      e, ValueRange{e.index(0)}, ValueRange{count}, ValueRange{e.index(1)});
  loop->setAttr("noodle.chunked", e.getUnitAttr());
  OpBuilder::InsertionGuard guard(e);
  e.setInsertionPointToStart(loop.getBody());
  PollOp::create(e);
  body(loop.getInductionVars().front());
}

/// The first row with `target` entries ahead of it, or more.
static Value rowAt(Emitter &e, const StoredRows &rows, Value target) {
  Type index = e.getIndexType();
  SmallVector<Location> locs(2, e.getLoc());
  auto search = scf::WhileOp::create(e, TypeRange{index, index},
                                     ValueRange{e.index(0), rows.rows});
  OpBuilder::InsertionGuard guard(e);
  Block *test = e.createBlock(&search.getBefore(), {}, {index, index}, locs);
  scf::ConditionOp::create(e,
                           arith::CmpIOp::create(e, CmpIPredicate::ult,
                                                 test->getArgument(0),
                                                 test->getArgument(1)),
                           test->getArguments());
  Block *halve = e.createBlock(&search.getAfter(), {}, {index, index}, locs);
  Value low = halve->getArgument(0), high = halve->getArgument(1);
  Value middle = arith::ShRUIOp::create(e, arith::AddIOp::create(e, low, high),
                                        e.index(1));
  Value less = arith::CmpIOp::create(
      e, CmpIPredicate::ult, loadIndex(e, rows.positions, middle), target);
  Value next = arith::AddIOp::create(e, middle, e.index(1));
  scf::YieldOp::create(
      e, ValueRange{arith::SelectOp::create(e, less, next, low),
                    arith::SelectOp::create(e, less, high, middle)});
  return search.getResult(0);
}

/// Where the entries of a row begin and end.
using Span = llvm::function_ref<std::pair<Value, Value>(Value row)>;

/// The least column of rows [first, last), and the one behind the greatest.
static SmallVector<Value> columnsOf(Emitter &e, const StoredRows &rows,
                                    Value first, Value last, Span span) {
  Type index = e.getIndexType();
  return llvm::to_vector(e.loop(
      first, last, ValueRange{rows.columns, e.index(0)},
      [&](Value row, ValueRange held) -> SmallVector<Value> {
        Value one = e.index(1);
        auto [from, to] = span(row);
        auto any = scf::IfOp::create(
            e, TypeRange{index, index},
            arith::CmpIOp::create(e, CmpIPredicate::ult, from, to),
            /*withElse=*/true);
        OpBuilder::InsertionGuard guard(e);
        e.setInsertionPointToEnd(any.thenBlock());
        Value least = loadIndex(e, rows.coordinates, from);
        Value most =
            loadIndex(e, rows.coordinates, arith::SubIOp::create(e, to, one));
        scf::YieldOp::create(
            e,
            ValueRange{arith::MinUIOp::create(e, held[0], least),
                       arith::MaxUIOp::create(
                           e, held[1], arith::AddIOp::create(e, most, one))});
        e.setInsertionPointToEnd(any.elseBlock());
        scf::YieldOp::create(e, held);
        return llvm::to_vector(ValueRange(any.getResults()));
      }));
}

Value noodle::scatterRows(Emitter &e, const StoredRows &rows,
                          RankedTensorType type, Value zero,
                          llvm::function_ref<void(Value)> atRow,
                          llvm::function_ref<Value()> adds,
                          llvm::function_ref<Value(Value, Value)> term,
                          llvm::function_ref<Value(Value, Value)> add) {
  Value sums = rows.columns;
  auto each = [&](Value from, Value to, auto body) {
    e.loop(from, to, {}, [&](Value k, ValueRange) -> SmallVector<Value> {
      body(k);
      return {};
    });
  };
  // A row that adds nothing has no entries.
  auto span = [&](Value row) -> std::pair<Value, Value> {
    atRow(row);
    Value begin = loadIndex(e, rows.positions, row);
    Value end =
        loadIndex(e, rows.positions, arith::AddIOp::create(e, row, e.index(1)));
    if (Value some = adds())
      end = arith::SelectOp::create(e, some, end, begin);
    return {begin, end};
  };
  Value entries = loadIndex(e, rows.positions, rows.rows);
  Value least = arith::MaxUIOp::create(
      e, arith::MulIOp::create(e, sums, e.index(kEntriesPerSum)),
      e.index(kLeastEntries));
  Value parts = arith::MinUIOp::create(
      e,
      arith::MaxUIOp::create(e, arith::DivUIOp::create(e, entries, least),
                             e.index(1)),
      e.index(kMostParts));

  // The first part's sums are the result.
  SmallVector<Value> extents;
  if (type.isDynamicDim(0))
    extents.push_back(sums);
  Value out = memref::AllocOp::create(
      e, MemRefType::get(type.getShape(), type.getElementType()), extents);
  Value others = arith::SubIOp::create(e, parts, e.index(1));
  Value rest = memref::AllocOp::create(
      e, MemRefType::get({ShapedType::kDynamic}, type.getElementType()),
      ValueRange{arith::MulIOp::create(e, others, sums)});

  Value ranges = memref::AllocOp::create(
      e, MemRefType::get({ShapedType::kDynamic}, e.getIndexType()),
      ValueRange{arith::MulIOp::create(e, parts, e.index(2))});
  auto placeOf = [&](Value part, int64_t end) -> Value {
    return arith::AddIOp::create(e, arith::MulIOp::create(e, part, e.index(2)),
                                 e.index(end));
  };

  inParallel(e, parts, [&](Value part) {
    auto border = [&](Value part) {
      // Divided first: entries times parts may be no number.
      Value share = arith::CeilDivUIOp::create(e, entries, parts);
      return rowAt(e, rows, arith::MulIOp::create(e, part, share));
    };
    Value first = border(part);
    Value next = arith::AddIOp::create(e, part, e.index(1));
    Value isFirst =
        arith::CmpIOp::create(e, CmpIPredicate::eq, part, e.index(0));
    Value isLast = arith::CmpIOp::create(e, CmpIPredicate::eq, next, parts);
    // Rows without entries may lie behind all borders.
    Value last = arith::SelectOp::create(e, isLast, rows.rows, border(next));
    auto sumUp = [&](Value buffer, Value base, Value low, Value high) {
      auto place = [&](Value column) -> Value {
        return base ? Value(arith::AddIOp::create(e, base, column)) : column;
      };
      each(low, high, [&](Value column) {
        memref::StoreOp::create(e, zero, buffer, place(column));
      });
      each(first, last, [&](Value row) {
        PollOp::create(e);
        auto [begin, end] = span(row);
        each(begin, end, [&](Value p) {
          Value column = loadIndex(e, rows.coordinates, p);
          Value at = place(column);
          Value old = memref::LoadOp::create(e, buffer, at);
          Value value = memref::LoadOp::create(e, rows.values, p);
          memref::StoreOp::create(e, add(old, term(column, value)), buffer, at);
        });
      });
    };
    auto branch = scf::IfOp::create(e, isFirst, /*withElse=*/true);
    OpBuilder::InsertionGuard guard(e);
    e.setInsertionPointToStart(branch.thenBlock());
    sumUp(out, Value(), e.index(0), sums);
    e.setInsertionPointToStart(branch.elseBlock());
    Value before = arith::SubIOp::create(e, part, e.index(1));
    SmallVector<Value> range = columnsOf(e, rows, first, last, span);
    for (int64_t end : {0, 1})
      memref::StoreOp::create(e, range[end], ranges, placeOf(part, end));
    sumUp(rest, arith::MulIOp::create(e, before, sums), range[0], range[1]);
  });

  Value blocks = arith::CeilDivUIOp::create(e, sums, e.index(kBlock));
  blocks = arith::SelectOp::create(
      e, arith::CmpIOp::create(e, CmpIPredicate::eq, others, e.index(0)),
      e.index(0), blocks);
  inParallel(e, blocks, [&](Value block) {
    Value from = arith::MulIOp::create(e, block, e.index(kBlock));
    Value to = arith::MinUIOp::create(
        e, arith::AddIOp::create(e, from, e.index(kBlock)), sums);
    each(e.index(0), others, [&](Value other) {
      Value base = arith::MulIOp::create(e, other, sums);
      Value part = arith::AddIOp::create(e, other, e.index(1));
      auto border = [&](int64_t end) -> Value {
        return memref::LoadOp::create(e, ranges, placeOf(part, end));
      };
      Value low = arith::MaxUIOp::create(e, from, border(0));
      Value high = arith::MinUIOp::create(e, to, border(1));
      each(low, high, [&](Value column) {
        Value at = arith::AddIOp::create(e, base, column);
        Value sum = add(memref::LoadOp::create(e, out, column),
                        memref::LoadOp::create(e, rest, at));
        memref::StoreOp::create(e, sum, out, column);
      });
    });
  });
  return bufferization::ToTensorOp::create(e, type, out, /*restrict=*/true,
                                           /*writable=*/true);
}
