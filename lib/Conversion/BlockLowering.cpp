//===- BlockLowering.cpp - BSR to CSR and back ----------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where the entries of a row begin follows from the number of blocks ahead of
// it, so that nothing is counted on the way to CSR. On the way back the rows of
// a row of blocks are merged by the blocks their next entries lie in, first to
// count blocks, then to fill them. Rows of blocks are independent.
//
//===----------------------------------------------------------------------===//
#include "SparseBuilder.h"

#include "noodle/Dialect/BlockOps.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::noodle;
using arith::CmpIPredicate;

/// Rows of blocks of a chunk of a parallel loop: some microseconds. A guess.
static constexpr int64_t kRows = 64;

static Value add(Emitter &e, Value x, Value y) {
  return arith::AddIOp::create(e, x, y);
}
static Value add(Emitter &e, Value x, int64_t y) {
  return add(e, x, e.index(y));
}
static Value mul(Emitter &e, Value x, int64_t y) {
  return arith::MulIOp::create(e, x, e.index(y));
}
static Value mul(Emitter &e, Value x, Value y) {
  return arith::MulIOp::create(e, x, y);
}
static Value sub(Emitter &e, Value x, Value y) {
  return arith::SubIOp::create(e, x, y);
}
static Value less(Emitter &e, Value x, Value y) {
  return arith::CmpIOp::create(e, CmpIPredicate::ult, x, y);
}

static Value alloc(Emitter &e, Type element, Value size) {
  return memref::AllocOp::create(
      e, MemRefType::get({ShapedType::kDynamic}, element), size);
}

static sparse_tensor::SparseTensorEncodingAttr
encodingOf(RankedTensorType type) {
  return cast<sparse_tensor::SparseTensorEncodingAttr>(type.getEncoding());
}

/// `body` for all rows, some at a time.
static void eachRow(Emitter &e, Value rows,
                    llvm::function_ref<void(Value row)> body) {
  Value count = arith::CeilDivUIOp::create(e, rows, e.index(kRows));
  auto loop = scf::ParallelOp::create(
      e, ValueRange{e.index(0)}, ValueRange{count}, ValueRange{e.index(1)});
  OpBuilder::InsertionGuard guard(e);
  e.setInsertionPointToStart(loop.getBody());
  PollOp::create(e);
  loop->setAttr("noodle.chunked", e.getUnitAttr());
  Value first = mul(e, loop.getInductionVars().front(), kRows);
  Value last =
      arith::MinUIOp::create(e, add(e, first, kRows), rows).getResult();
  e.loop(first, last, {}, [&](Value row, ValueRange) -> SmallVector<Value> {
    body(row);
    return {};
  });
}

static void each(Emitter &e, Value from, Value to,
                 llvm::function_ref<void(Value at)> body) {
  e.loop(from, to, {}, [&](Value at, ValueRange) -> SmallVector<Value> {
    body(at);
    return {};
  });
}

static void requireFits(Emitter &e, Value most, Type element,
                        const Twine &what) {
  if (element.isInteger(32))
    e.require(
        arith::CmpIOp::create(e, CmpIPredicate::ule, most, e.index(INT32_MAX)),
        what + " of 32 bits: use a wider encoding", /*index range*/ 4);
}

Value noodle::lowerExpandBlocks(ExpandBlocksOp op) {
  Emitter e(op);
  BlockShape block = blockOf(op.getBlock());
  StoredRows from = storedRows(e, op.getMatrix());
  auto encoding = encodingOf(op.getType());
  Type positionType = encoding.getPosElemType(),
       coordinateType = encoding.getCrdElemType();
  StoredRows to;
  to.rows = mul(e, from.rows, block.rows);
  to.columns = mul(e, from.columns, block.columns);
  Value entries = mul(e, loadIndex(e, from.positions, from.rows),
                      block.rows * block.columns);
  requireFits(e, entries, positionType,
              "a BSR matrix has more entries than positions");
  requireFits(e, to.columns, coordinateType,
              "a BSR matrix has more columns than coordinates");
  to.positions = alloc(e, positionType, add(e, to.rows, 1));
  to.coordinates = alloc(e, coordinateType, entries);
  to.values = alloc(e, op.getType().getElementType(), entries);
  storeIndex(e, e.index(0), to.positions, e.index(0));
  eachRow(e, from.rows, [&](Value row) {
    Value begin = loadIndex(e, from.positions, row);
    Value end = loadIndex(e, from.positions, add(e, row, 1));
    Value width = mul(e, sub(e, end, begin), block.columns);
    Value origin = mul(e, begin, block.rows * block.columns);
    each(e, e.index(0), e.index(block.rows), [&](Value r) {
      Value start = add(e, origin, mul(e, r, width));
      Value line = add(e, mul(e, row, block.rows), r);
      storeIndex(e, add(e, start, width), to.positions, add(e, line, 1));
      each(e, begin, end, [&](Value k) {
        Value column = mul(e, loadIndex(e, from.coordinates, k), block.columns);
        Value at = add(e, start, mul(e, sub(e, k, begin), block.columns));
        Value source = mul(e, add(e, mul(e, k, block.rows), r), block.columns);
        for (int64_t c = 0; c < block.columns && block.columns <= 8; ++c) {
          storeIndex(e, add(e, column, c), to.coordinates, add(e, at, c));
          memref::StoreOp::create(
              e, memref::LoadOp::create(e, from.values, add(e, source, c)),
              to.values, add(e, at, c));
        }
        if (block.columns > 8)
          each(e, e.index(0), e.index(block.columns), [&](Value c) {
            storeIndex(e, add(e, column, c), to.coordinates, add(e, at, c));
            memref::StoreOp::create(
                e, memref::LoadOp::create(e, from.values, add(e, source, c)),
                to.values, add(e, at, c));
          });
      });
    });
  });
  return assemble(e, to, op.getType());
}

namespace {

/// The blocks of a CSR matrix, row of blocks by row of blocks.
class BlockRows {
public:
  BlockRows(Emitter &e, const StoredRows &rows, BlockShape block)
      : e(e), rows(rows), block(block) {}

  /// Calls `begin` with the column of each block of a row of blocks, in order,
  /// and with how many were ahead of it; then `entry` with the row within the
  /// block and the place of each entry in it. Returns how many there are.
  using Begin = llvm::function_ref<void(Value column, Value number)>;
  using Entry =
      llvm::function_ref<void(Value column, Value number, Value r, Value at)>;
  Value each(Value row, Begin begin, Entry entry);

private:
  Emitter &e;
  const StoredRows &rows;
  BlockShape block;
};

} // namespace

Value BlockRows::each(Value row, Begin begin, Entry entry) {
  Type index = e.getIndexType();
  Value none = e.index(INT64_MAX);
  auto nextColumn = [&](Value at, Value end) -> Value {
    auto branch = scf::IfOp::create(e, TypeRange{index}, less(e, at, end),
                                    /*withElseRegion=*/true);
    OpBuilder::InsertionGuard guard(e);
    e.setInsertionPointToEnd(branch.thenBlock());
    Value column = arith::DivUIOp::create(e, loadIndex(e, rows.coordinates, at),
                                          e.index(block.columns));
    scf::YieldOp::create(e, column);
    e.setInsertionPointToEnd(branch.elseBlock());
    scf::YieldOp::create(e, none);
    return branch.getResult(0);
  };
  // Carried from block to block: how many there were, where each row goes on,
  // and the least column of blocks that any of them goes on in.
  SmallVector<Value> ends, inits{e.index(0)};
  Value least = none;
  for (int64_t r = 0; r < block.rows; ++r) {
    Value line = add(e, mul(e, row, block.rows), r);
    Value from = loadIndex(e, rows.positions, line);
    Value end = loadIndex(e, rows.positions, add(e, line, 1));
    inits.push_back(from);
    ends.push_back(end);
    least = arith::MinUIOp::create(e, least, nextColumn(from, end));
  }
  inits.push_back(least);
  SmallVector<Type> types(inits.size(), index);
  SmallVector<Location> locs(inits.size(), e.getLoc());
  auto walk = scf::WhileOp::create(e, types, inits);
  OpBuilder::InsertionGuard guard(e);
  Block *test = e.createBlock(&walk.getBefore(), {}, types, locs);
  Value more = arith::CmpIOp::create(e, CmpIPredicate::ne,
                                     test->getArguments().back(), none);
  scf::ConditionOp::create(e, more, test->getArguments());
  Block *step = e.createBlock(&walk.getAfter(), {}, types, locs);
  Value number = step->getArgument(0), column = step->getArguments().back();
  if (begin)
    begin(column, number);
  SmallVector<Value> next{add(e, number, 1)};
  Value after = none;
  Value limit = mul(e, add(e, column, 1), block.columns);
  for (int64_t r = 0; r < block.rows; ++r) {
    // The row's entries in this block end where one reaches the limit.
    auto scan = scf::WhileOp::create(e, TypeRange{index},
                                     ValueRange{step->getArgument(r + 1)});
    {
      OpBuilder::InsertionGuard guard(e);
      Block *inside =
          e.createBlock(&scan.getBefore(), {}, {index}, {e.getLoc()});
      Value at = inside->getArgument(0);
      auto branch =
          scf::IfOp::create(e, TypeRange{e.getI1Type()}, less(e, at, ends[r]),
                            /*withElseRegion=*/true);
      {
        OpBuilder::InsertionGuard guard(e);
        e.setInsertionPointToEnd(branch.thenBlock());
        scf::YieldOp::create(
            e, ValueRange{less(e, loadIndex(e, rows.coordinates, at), limit)});
        e.setInsertionPointToEnd(branch.elseBlock());
        scf::YieldOp::create(e, ValueRange{e.constant(e.getBoolAttr(false))});
      }
      scf::ConditionOp::create(e, branch.getResult(0), ValueRange{at});
      Block *go = e.createBlock(&scan.getAfter(), {}, {index}, {e.getLoc()});
      if (entry)
        entry(column, number, e.index(r), go->getArgument(0));
      scf::YieldOp::create(e, ValueRange{add(e, go->getArgument(0), 1)});
    }
    Value at = scan.getResult(0);
    next.push_back(at);
    after = arith::MinUIOp::create(e, after, nextColumn(at, ends[r]));
  }
  next.push_back(after);
  scf::YieldOp::create(e, next);
  return walk.getResult(0);
}

Value noodle::lowerPackBlocks(PackBlocksOp op) {
  Emitter e(op);
  BlockShape block = blockOf(op.getBlock());
  StoredRows from = storedRows(e, op.getMatrix());
  auto encoding = encodingOf(op.getType());
  Type element = op.getType().getElementType();
  for (auto [extent, size, name] :
       {std::tuple(from.rows, block.rows, "rows"),
        std::tuple(from.columns, block.columns, "columns")}) {
    Value rest = arith::RemUIOp::create(e, extent, e.index(size));
    e.require(arith::CmpIOp::create(e, CmpIPredicate::eq, rest, e.index(0)),
              Twine("a BSR matrix of blocks of ") + Twine(block.rows) + " x " +
                  Twine(block.columns) + " cannot be made of a matrix whose " +
                  name + " are no multiple of " + Twine(size),
              /*shape mismatch*/ 3);
  }
  StoredRows to;
  to.rows = arith::DivUIOp::create(e, from.rows, e.index(block.rows));
  to.columns = arith::DivUIOp::create(e, from.columns, e.index(block.columns));
  to.positions = alloc(e, encoding.getPosElemType(), add(e, to.rows, 1));
  storeIndex(e, e.index(0), to.positions, e.index(0));
  BlockRows blocks(e, from, block);
  eachRow(e, to.rows, [&](Value row) {
    storeIndex(e, blocks.each(row, nullptr, nullptr), to.positions,
               add(e, row, 1));
  });
  // No more than entries, so that positions can count them.
  Value count = e.loop(to.rows, ValueRange{e.index(0)},
                       [&](Value row, ValueRange sum) -> SmallVector<Value> {
                         Value next = add(e, row, 1);
                         Value here =
                             add(e, sum[0], loadIndex(e, to.positions, next));
                         storeIndex(e, here, to.positions, next);
                         return {here};
                       })[0];
  int64_t size = block.rows * block.columns;
  to.coordinates = alloc(e, encoding.getCrdElemType(), count);
  to.values = alloc(e, element, mul(e, count, size));
  Value absent =
      op.getAbsentAttr() ? e.constant(op.getAbsentAttr()) : e.zeroOf(element);
  eachRow(e, to.rows, [&](Value row) {
    Value first = loadIndex(e, to.positions, row);
    blocks.each(
        row,
        [&](Value column, Value number) {
          Value at = add(e, first, number);
          storeIndex(e, column, to.coordinates, at);
          Value begin = mul(e, at, size);
          each(e, begin, add(e, begin, size), [&](Value k) {
            memref::StoreOp::create(e, absent, to.values, k);
          });
        },
        [&](Value column, Value number, Value r, Value at) {
          Value place = mul(e, add(e, first, number), block.rows);
          place = mul(e, add(e, place, r), block.columns);
          Value within = sub(e, loadIndex(e, from.coordinates, at),
                             mul(e, column, block.columns));
          memref::StoreOp::create(e, memref::LoadOp::create(e, from.values, at),
                                  to.values, add(e, place, within));
        });
  });
  // The matrix has as many values as blocks have, which assemble cannot know.
  return assemble(e, to, op.getType(), mul(e, count, size));
}
