//===- RegisterTile.cpp - elements, factors and the tile of sums ----------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "RegisterTile.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/IRMapping.h"
#include <numeric>

using namespace mlir;
using namespace mlir::noodle;

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

Type TileEmitter::wide(Type element, int64_t lanes) {
  return lanes == 1 ? element : VectorType::get({lanes}, element);
}

Value TileEmitter::splat(Value scalar, int64_t lanes) {
  if (lanes == 1 || isa<VectorType>(scalar.getType()))
    return scalar;
  return vector::BroadcastOp::create(b, wide(scalar.getType(), lanes), scalar);
}

Value TileEmitter::allLanes(int64_t lanes) {
  auto type = VectorType::get({lanes}, b.getI1Type());
  return arith::ConstantOp::create(b, type, DenseElementsAttr::get(type, true));
}

Value TileEmitter::firstLanes(Value count, int64_t lanes) {
  auto type = VectorType::get({lanes}, b.getI1Type());
  if (auto size = known(count)) {
    if (*size >= lanes)
      return Value();
    SmallVector<bool> bits(lanes, false);
    std::fill_n(bits.begin(), std::max<int64_t>(0, *size), true);
    return arith::ConstantOp::create(b, type,
                                     DenseElementsAttr::get(type, bits));
  }
  return vector::CreateMaskOp::create(b, type, count);
}

Value TileEmitter::load(const FlatOperand &from, Value at, int64_t lanes,
                        Value mask) {
  Type stored = from.bytes ? b.getI8Type() : from.element;
  Type type = wide(stored, lanes);
  Value value;
  if (lanes == 1) {
    value = memref::LoadOp::create(b, from.buffer, at);
  } else if (mask) {
    Value none = arith::ConstantOp::create(b, type, b.getZeroAttr(type));
    value = vector::MaskedLoadOp::create(b, type, from.buffer, at, mask, none);
  } else {
    value = vector::LoadOp::create(b, cast<VectorType>(type), from.buffer, at);
  }
  if (!from.bytes)
    return value;
  Value none = arith::ConstantOp::create(b, type, b.getZeroAttr(type));
  return arith::CmpIOp::create(b, arith::CmpIPredicate::ne, value, none);
}

void TileEmitter::store(const FlatOperand &to, Value value, Value at,
                        int64_t lanes, Value mask, int64_t streamAlignment) {
  if (to.bytes)
    value = arith::ExtUIOp::create(b, wide(b.getI8Type(), lanes), value);
  if (lanes == 1)
    memref::StoreOp::create(b, value, to.buffer, at);
  else if (mask)
    vector::MaskedStoreOp::create(b, to.buffer, at, mask, value);
  else
    vector::StoreOp::create(b, value, to.buffer, at,
                            /*nontemporal=*/streamAlignment != 0,
                            llvm::MaybeAlign(streamAlignment));
}

/// Offsets of `lanes` positions relative to the first.
static Value relativeOffsets(IndexBuilder &b, const Axis &axis,
                             unsigned operand, Value position, int64_t lanes,
                             Value mask) {
  auto type = VectorType::get({lanes}, b.getIndexType());
  Value step = axis.segment ? axis.innerStep[operand] : axis.step[operand];
  if (step) {
    SmallVector<int64_t> numbers(lanes);
    std::iota(numbers.begin(), numbers.end(), 0);
    Value counting = arith::ConstantOp::create(
        b, type, DenseIntElementsAttr::get(type, numbers));
    return arith::MulIOp::create(b, counting,
                                 vector::BroadcastOp::create(b, type, step));
  }
  Value table = axis.table[operand], offsets;
  Value first = memref::LoadOp::create(b, table, position);
  Value firsts = vector::BroadcastOp::create(b, type, first);
  if (mask)
    offsets =
        vector::MaskedLoadOp::create(b, type, table, position, mask, firsts);
  else
    offsets = vector::LoadOp::create(b, type, table, position);
  return arith::SubIOp::create(b, offsets, firsts);
}

Value TileEmitter::read(unsigned operand, Value at, const Axis &axis,
                        Value position, int64_t lanes, bool neighbours,
                        Value mask) {
  const FlatOperand &from = loops.operands[operand];
  if (lanes == 1)
    return load(from, at, 1);
  if (loops.still(axis, operand))
    return splat(load(from, at, 1), lanes);
  if (neighbours)
    return load(from, at, lanes, mask);
  Value offsets = relativeOffsets(b, axis, operand, position, lanes, mask);
  Type stored = from.bytes ? b.getI8Type() : from.element;
  auto type = VectorType::get({lanes}, stored);
  Value none = arith::ConstantOp::create(b, type, b.getZeroAttr(type));
  Value value = vector::GatherOp::create(b, type, from.buffer, at, offsets,
                                         mask ? mask : allLanes(lanes), none);
  if (!from.bytes)
    return value;
  return arith::CmpIOp::create(b, arith::CmpIPredicate::ne, value, none);
}

//===----------------------------------------------------------------------===//
// Factors and steps
//===----------------------------------------------------------------------===//

TileEmitter::TileEmitter(ContractionLoops &loops, const MachineModel &machine)
    : vectorBytes(machine.vectorBytes), ops(loops.op, loops.swapped, machine),
      loops(loops), b(loops.b) {
  plain = copies(loops.op.getEpilogue());
}

Value TileEmitter::apply(Region &region, ArrayRef<Value> elements,
                         int64_t lanes) {
  Block &body = region.front();
  if (copies(region))
    return elements.front();
  IRMapping mapping;
  mapping.map(body.getArguments().take_front(elements.size()), elements);
  unsigned first = elements.size();
  for (unsigned k = first; k < body.getNumArguments(); ++k)
    mapping.map(body.getArgument(k), loops.op.getScalars()[k - first]);
  for (Operation &inner : body.without_terminator()) {
    bool vectors = llvm::any_of(inner.getOperands(), [&](Value operand) {
      return isa<VectorType>(mapping.lookup(operand).getType());
    });
    if (vectors)
      for (Value operand : inner.getOperands())
        mapping.map(operand, splat(mapping.lookup(operand), lanes));
    Operation *clone = b.clone(inner, mapping);
    for (auto [from, to] : llvm::zip(inner.getResults(), clone->getResults())) {
      if (vectors)
        to.setType(wide(from.getType(), lanes));
      mapping.map(from, to);
    }
  }
  return splat(mapping.lookup(body.getTerminator()->getOperand(0)), lanes);
}

SmallVector<Value> TileEmitter::of(const Side &side, ArrayRef<Value> origins) {
  SmallVector<Value> result;
  for (unsigned k : side.operands)
    result.push_back(origins[k]);
  return result;
}

SmallVector<Value> TileEmitter::moved(const Side &side, ArrayRef<Value> offsets,
                                      const Axis &axis, Value position) {
  SmallVector<Value> result;
  for (auto [k, offset] : llvm::zip(side.operands, offsets))
    result.push_back(b.add(offset, loops.offset(axis, k, position)));
  return result;
}

Value TileEmitter::factor(const Side &side, ArrayRef<Value> offsets,
                          const Axis &axis, Value position, int64_t lanes,
                          Value mask, int64_t group) {
  SmallVector<Value> elements;
  for (auto [k, at] : llvm::zip(side.operands, offsets))
    elements.push_back(read(k, at, axis, position, lanes,
                            loops.contiguous(axis, k, group ? group : lanes),
                            mask));
  return factorOf(side, elements, lanes);
}

Value TileEmitter::factorOf(const Side &side, ArrayRef<Value> elements,
                            int64_t lanes) {
  return splat(apply(*side.body, elements, lanes), lanes);
}

Value TileEmitter::foldLanes(Value sums, int64_t lanes) {
  for (; lanes > 1; lanes /= 2) {
    SmallVector<int64_t> low, high;
    for (int64_t lane = 0; lane < lanes / 2; ++lane) {
      low.push_back(lane);
      high.push_back(lanes / 2 + lane);
    }
    Value x = vector::ShuffleOp::create(b, sums, sums, low);
    Value y = vector::ShuffleOp::create(b, sums, sums, high);
    sums = addSums(x, y);
  }
  return isa<VectorType>(sums.getType())
             ? vector::ExtractOp::create(b, sums, 0).getResult()
             : sums;
}

Value TileEmitter::zero(int64_t lanes) {
  TypedAttr zero = loops.op.getZero();
  if (auto parts = dyn_cast<ComplexType>(zero.getType()))
    return Value();
  if (lanes == 1)
    return arith::ConstantOp::create(b, zero);
  auto type = VectorType::get({lanes}, zero.getType());
  return arith::ConstantOp::create(
      b, type, DenseElementsAttr::get(type, Attribute(zero)));
}

SmallVector<Value> TileEmitter::accumulate(const TileForm &form, Value count,
                                           int64_t unroll,
                                           SmallVector<Value> sums, LeftAt left,
                                           RightAt right, Value unclean,
                                           bool groups) {
  auto plainly = [&](Value l, Value r, Value sum, int64_t lanes) {
    return ops.step(b, l, r, sum, lanes);
  };
  auto cleanly = [&](Value l, Value r, Value sum, int64_t lanes) {
    return ops.step(b, l, r, sum, lanes, /*clean=*/true);
  };
  auto grouped = [&](Value l, Value r, Value sum, int64_t lanes) {
    return ops.groupStep(b, l, r, sum, lanes);
  };
  if (groups)
    return accumulateBy(form, count, unroll, sums, left, right, grouped);
  if (!unclean)
    return accumulateBy(form, count, unroll, sums, left, right, plainly);
  auto branch = scf::IfOp::create(b, TypeRange(ValueRange(sums)), unclean,
                                  /*withElse=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  scf::YieldOp::create(
      b, accumulateBy(form, count, 1, sums, left, right, plainly));
  b.setInsertionPointToStart(branch.elseBlock());
  scf::YieldOp::create(
      b, accumulateBy(form, count, unroll, sums, left, right, cleanly));
  return llvm::to_vector_of<Value>(branch.getResults());
}

SmallVector<Value> TileEmitter::accumulateBy(
    const TileForm &form, Value count, int64_t unroll, SmallVector<Value> sums,
    LeftAt left, RightAt right,
    llvm::function_ref<Value(Value, Value, Value, int64_t)> step) {
  auto one = [&](ValueRange before, Value k) {
    SmallVector<Value> rights, after;
    for (unsigned v = 0; v < form.widths.size(); ++v)
      rights.push_back(right(v, k));
    for (int64_t row = 0; row < form.rows; ++row) {
      Value factor = left(row, k);
      // One broadcast serves vectors of one width.
      Value wide;
      int64_t width = 0;
      for (auto [v, lanes] : llvm::enumerate(form.widths)) {
        if (lanes != width)
          wide = splat(factor, width = lanes);
        after.push_back(
            step(wide, rights[v], before[row * form.widths.size() + v], lanes));
      }
    }
    return after;
  };
  auto steps = [&](Value from, int64_t many, ValueRange before) {
    SmallVector<Value> now(before);
    for (int64_t u = 0; u < many; ++u)
      now = one(now, b.add(from, u));
    return now;
  };
  Value none = b.at(0);
  // Short sums are unrolled as a whole.
  if (auto size = known(count); size && *size <= unroll)
    return steps(none, *size, sums);
  Value whole = b.wholeSteps(none, count, unroll);
  sums = b.loop(none, whole, unroll, sums, [&](Value k, ValueRange before) {
    return steps(k, unroll, before);
  });
  return b.loop(whole, count, 1, sums, [&](Value k, ValueRange before) {
    return steps(k, 1, before);
  });
}

//===----------------------------------------------------------------------===//
// From sums to out
//===----------------------------------------------------------------------===//

Value TileEmitter::rowOrigin(const TilePlace &place, unsigned operand,
                             int64_t row) {
  Value position = b.add(place.row, row);
  if (place.rowCount && row)
    position = b.min(position, b.sub(loops.rows.extent, b.at(1)));
  return b.add(place.origins[operand],
               loops.offset(loops.rows, operand, position));
}

/// Whether the vector that begins `before` lanes into a tile is adjacent in the
/// operand.
bool TileEmitter::neighbours(const TilePlace &place, unsigned operand,
                             int64_t before, int64_t width) {
  const Axis &axis = loops.columns;
  if (!axis.tabulated() || !axis.table[operand])
    return loops.contiguous(axis, operand, 1);
  if (loops.contiguous(axis, operand, place.columnRun))
    return true;
  return before % width == 0 && place.columnRun % width == 0 &&
         loops.contiguous(axis, operand, width);
}

Value TileEmitter::readTile(const TileForm &form, const TilePlace &place,
                            unsigned operand, int64_t row, unsigned vector) {
  int64_t before =
      std::accumulate(form.widths.begin(), form.widths.begin() + vector, 0);
  Value position = b.add(place.column, before);
  Value at = b.add(rowOrigin(place, operand, row),
                   loops.offset(loops.columns, operand, position));
  return read(operand, at, loops.columns, position, form.widths[vector],
              neighbours(place, operand, before, form.widths[vector]),
              form.maskOf(vector));
}

SmallVector<Value> TileEmitter::heldSums(const TileForm &form,
                                         const TilePlace &place) {
  SmallVector<Value> held;
  for (int64_t row = 0; row < form.rows; ++row)
    for (unsigned v = 0; v < form.widths.size(); ++v)
      held.push_back(readTile(form, place, loops.out, row, v));
  return held;
}

Value TileEmitter::applyEpilogue(const TileForm &form, const TilePlace &place,
                                 int64_t row, unsigned vector, Value sum) {
  SmallVector<Value> elements = {sum};
  for (unsigned k = loops.firstExtra; k < loops.out; ++k)
    elements.push_back(readTile(form, place, k, row, vector));
  return apply(loops.op.getEpilogue(), elements, form.widths[vector]);
}

void TileEmitter::storeTile(const TileForm &form, const TilePlace &place,
                            ArrayRef<Value> values, int64_t streamAlignment) {
  const FlatOperand &out = loops.operands[loops.out];
  for (int64_t row = 0; row < form.rows; ++row) {
    auto storeRow = [&] {
      int64_t before = 0;
      for (auto [v, width] : llvm::enumerate(form.widths)) {
        Value position = b.add(place.column, before);
        Value at = b.add(rowOrigin(place, loops.out, row),
                         loops.offset(loops.columns, loops.out, position));
        Value value = values[row * form.widths.size() + v];
        Value mask = form.maskOf(v);
        if (width == 1 || neighbours(place, loops.out, before, width)) {
          store(out, value, at, width, mask, streamAlignment);
        } else {
          Value offsets = relativeOffsets(b, loops.columns, loops.out, position,
                                          width, mask);
          if (out.bytes)
            value =
                arith::ExtUIOp::create(b, wide(b.getI8Type(), width), value);
          vector::ScatterOp::create(b, Type(), out.buffer, at, offsets,
                                    mask ? mask : allLanes(width), value);
        }
        before += width;
      }
    };
    if (place.rowCount && row)
      b.when(arith::CmpIOp::create(b, arith::CmpIPredicate::slt, b.at(row),
                                   place.rowCount),
             storeRow);
    else
      storeRow();
  }
}

void TileEmitter::finish(const TileForm &form, const TilePlace &place,
                         SmallVector<Value> sums, const TileFinish &how) {
  auto merged = [&](ArrayRef<Value> fresh) {
    SmallVector<Value> held = heldSums(form, place);
    for (auto [x, y] : llvm::zip(held, fresh))
      x = addSums(x, y);
    return held;
  };
  if (how.merge && !how.mergeIf) {
    sums = merged(sums);
  } else if (how.merge && how.selects) {
    // Nothing is read where nothing is held yet.
    TileForm reads = form;
    reads.masks.clear();
    for (auto [v, width] : llvm::enumerate(form.widths)) {
      auto type = VectorType::get({width}, b.getI1Type());
      Value none = arith::ConstantOp::create(b, type, b.getZeroAttr(type));
      Value mask = form.maskOf(v) ? form.maskOf(v) : allLanes(width);
      reads.masks.push_back(
          arith::SelectOp::create(b, how.mergeIf, mask, none));
    }
    for (auto [held, sum] : llvm::zip(heldSums(reads, place), sums))
      sum = arith::SelectOp::create(b, how.mergeIf, addSums(held, sum), sum);
  } else if (how.merge) {
    auto branch = scf::IfOp::create(b, TypeRange(ValueRange(sums)), how.mergeIf,
                                    /*withElse=*/true);
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(branch.thenBlock());
    scf::YieldOp::create(b, merged(sums));
    b.setInsertionPointToStart(branch.elseBlock());
    scf::YieldOp::create(b, sums);
    sums = llvm::to_vector_of<Value>(branch.getResults());
  }
  auto finished = [&] {
    SmallVector<Value> values;
    for (int64_t row = 0; row < form.rows; ++row)
      for (unsigned v = 0; v < form.widths.size(); ++v)
        values.push_back(applyEpilogue(form, place, row, v,
                                       sums[row * form.widths.size() + v]));
    return values;
  };
  if (plain || !how.epilogue)
    return storeTile(form, place, sums, how.streamAlignment);
  if (!how.epilogueIf)
    return storeTile(form, place, finished(), how.streamAlignment);
  auto branch = scf::IfOp::create(b, TypeRange(), how.epilogueIf,
                                  /*addThenBlock=*/true, /*addElseBlock=*/true);
  OpBuilder::InsertionGuard guard(b);
  for (bool last : {true, false}) {
    b.setInsertionPointToStart(last ? branch.thenBlock() : branch.elseBlock());
    storeTile(form, place, last ? finished() : sums, how.streamAlignment);
    scf::YieldOp::create(b);
  }
}

void TileEmitter::prefetchOut(const TileForm &form, const TilePlace &place) {
  const FlatOperand &out = loops.operands[loops.out];
  for (int64_t row = 0; row < form.rows; ++row) {
    int64_t before = 0;
    for (int64_t width : form.widths) {
      Value at = b.add(
          rowOrigin(place, loops.out, row),
          loops.offset(loops.columns, loops.out, b.add(place.column, before)));
      memref::PrefetchOp::create(b, out.buffer, at, /*isWrite=*/true,
                                 /*localityHint=*/3, /*isDataCache=*/true);
      before += width;
    }
  }
}
