//===- SparsePattern.cpp - matrices whose entries are at the same places --===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Sums and products of a matrix and another of its pattern, such as the
// transpose of one with symmetric places, need no merging: entries meet in
// order. Comparing places reads them once, and ends at the first few where they
// differ, as they mostly do there.
//
//===----------------------------------------------------------------------===//
#include "SparseBuilder.h"

#include "noodle/Dialect/SparseOps.h"
#include "noodle/Strategy/Lowerable.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"

using namespace mlir;
using namespace mlir::noodle;
using arith::CmpIPredicate;

/// Places compared before all are; entries of a block of parallel work.
/// Guesses.
static constexpr int64_t kFirst = 64, kBlock = 1 << 14;

static Value inBlocksOf(Emitter &e, Value extent) {
  return arith::CeilDivUIOp::create(e, extent, e.index(kBlock));
}

/// Calls `body` with each block, and its part of [0, extent).
static void inParallel(
    Emitter &e, Value blocks,
    llvm::function_ref<void(Value block,
                            llvm::function_ref<std::pair<Value, Value>(Value)>)>
        body) {
  auto loop = scf::ParallelOp::create(
      e, ValueRange{e.index(0)}, ValueRange{blocks}, ValueRange{e.index(1)});
  OpBuilder::InsertionGuard guard(e);
  e.setInsertionPointToStart(loop.getBody());
  PollOp::create(e);
  loop->setAttr("noodle.chunked", e.getUnitAttr());
  Value block = loop.getInductionVars().front();
  Value first = arith::MulIOp::create(e, block, e.index(kBlock));
  Value last = arith::AddIOp::create(e, first, e.index(kBlock));
  body(block, [&](Value extent) -> std::pair<Value, Value> {
    return {arith::MinUIOp::create(e, first, extent),
            arith::MinUIOp::create(e, last, extent)};
  });
}

/// Whether two buffers hold the same in [from, to). Without branches, for
/// vectors.
static Value equal(Emitter &e, Value x, Value y, Value from, Value to) {
  Type element = cast<MemRefType>(x.getType()).getElementType();
  Value zero = arith::ConstantOp::create(e, e.getZeroAttr(element));
  Value differ = e.loop(from, to, ValueRange{zero},
                        [&](Value k, ValueRange sum) -> SmallVector<Value> {
                          Value here = arith::XOrIOp::create(
                              e, memref::LoadOp::create(e, x, k),
                              memref::LoadOp::create(e, y, k));
                          return {arith::OrIOp::create(e, sum[0], here)};
                        })[0];
  return arith::CmpIOp::create(e, CmpIPredicate::eq, differ, zero);
}

Value noodle::samePattern(Emitter &e, const StoredRows &x,
                          const StoredRows &y) {
  Value none = e.index(0);
  auto either = [&](Value condition, Value extent) -> Value {
    return arith::SelectOp::create(e, condition, extent, none);
  };
  auto both = [&](Value a, Value b) -> Value {
    return arith::AndIOp::create(e, a, b);
  };
  auto few = [&](Value extent) -> Value {
    return arith::MinUIOp::create(e, extent, e.index(kFirst));
  };
  Value entries = loadIndex(e, x.positions, x.rows);
  Value places = arith::AddIOp::create(e, x.rows, e.index(1));
  Value same = arith::CmpIOp::create(e, CmpIPredicate::eq, entries,
                                     loadIndex(e, y.positions, y.rows));
  Value head =
      equal(e, x.positions, y.positions, none, either(same, few(places)));
  same = both(same, head);
  head =
      equal(e, x.coordinates, y.coordinates, none, either(same, few(entries)));
  same = both(same, head);
  Value blocks =
      either(same, inBlocksOf(e, arith::MaxUIOp::create(e, entries, places)));
  auto flags = MemRefType::get({ShapedType::kDynamic}, e.getIndexType());
  Value found = memref::AllocOp::create(e, flags, blocks);
  inParallel(e, blocks, [&](Value block, auto part) {
    auto [from, to] = part(places);
    Value first = equal(e, x.positions, y.positions, from, to);
    auto [begin, end] = part(entries);
    Value second = equal(e, x.coordinates, y.coordinates, begin, end);
    Value flag =
        arith::IndexCastUIOp::create(e, e.getIndexType(), both(first, second));
    memref::StoreOp::create(e, flag, found, block);
  });
  Value agree = e.loop(blocks, ValueRange{blocks},
                       [&](Value k, ValueRange left) -> SmallVector<Value> {
                         Value flag = memref::LoadOp::create(e, found, k);
                         return {arith::SubIOp::create(e, left[0], flag)};
                       })[0];
  return both(same, arith::CmpIOp::create(e, CmpIPredicate::eq, agree, none));
}

void noodle::fillPattern(Emitter &e, Value condition, const StoredRows &x,
                         const StoredRows &y, const StoredRows &result,
                         llvm::function_ref<Value(Value, Value)> value) {
  Value entries = loadIndex(e, x.positions, x.rows);
  Value places = arith::AddIOp::create(e, x.rows, e.index(1));
  Value blocks = inBlocksOf(e, arith::MaxUIOp::create(e, entries, places));
  blocks = arith::SelectOp::create(e, condition, blocks, e.index(0));
  inParallel(e, blocks, [&](Value, auto part) {
    auto copy = [&](Value source, Value target, Value from, Value to) {
      CopyRunOp::create(e, source, from, target, from,
                        arith::SubIOp::create(e, to, from));
    };
    auto [from, to] = part(places);
    copy(x.positions, result.positions, from, to);
    auto [begin, end] = part(entries);
    copy(x.coordinates, result.coordinates, begin, end);
    e.loop(begin, end, {}, [&](Value k, ValueRange) -> SmallVector<Value> {
      Value made = value(memref::LoadOp::create(e, x.values, k),
                         memref::LoadOp::create(e, y.values, k));
      memref::StoreOp::create(e, made, result.values, k);
      return {};
    });
  });
}
