//===- Packing.cpp - factors copied in the order tiles read them ----------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Packing.h"

#include "CleanScan.h"

using namespace mlir;
using namespace mlir::noodle;

/// Vectors of a register are cut to a power of two that divides `width`.
static int64_t lanesFor(Type element, int64_t vectorBytes, int64_t width) {
  int64_t bits =
      element.isIndex() ? 64 : std::max(8u, element.getIntOrFloatBitWidth());
  int64_t lanes = std::max<int64_t>(1, vectorBytes * 8 / bits);
  while (width % lanes)
    lanes /= 2;
  return lanes;
}

/// Words that a vector of bytes makes, one bit of each.
static int64_t bitLanes(int64_t vectorBytes) {
  return std::max<int64_t>(1, vectorBytes / 32);
}

FlatOperand noodle::allocateFlat(IndexBuilder &b, Type element, Value size) {
  FlatOperand flat;
  flat.element = element;
  flat.bytes = element.isInteger(1);
  auto fixed = known(size);
  auto type = MemRefType::get({fixed.value_or(ShapedType::kDynamic)},
                              flat.bytes ? b.getI8Type() : element);
  flat.buffer =
      memref::AllocOp::create(b, type, fixed ? ValueRange() : ValueRange(size),
                              b.getI64IntegerAttr(64));
  return flat;
}

/// Swaps blocks of 1, 2, 4, .. between pairs of vectors: n log n shuffles.
void noodle::transpose(IndexBuilder &b, MutableArrayRef<Value> vectors) {
  int64_t n = vectors.size();
  for (int64_t s = 1; s < n; s *= 2) {
    SmallVector<int64_t> even, odd;
    for (int64_t lane = 0; lane < n; ++lane) {
      even.push_back(lane & s ? n + lane - s : lane);
      odd.push_back(lane & s ? n + lane : lane + s);
    }
    for (int64_t i = 0; i < n; ++i) {
      if (i & s)
        continue;
      Value x = vectors[i], y = vectors[i + s];
      vectors[i] = vector::ShuffleOp::create(b, x, y, even);
      vectors[i + s] = vector::ShuffleOp::create(b, x, y, odd);
    }
  }
}

//===----------------------------------------------------------------------===//
// The right side
//===----------------------------------------------------------------------===//

RightPacker::RightPacker(ContractionLoops &loops, TileEmitter &tile,
                         int64_t width, bool groups, bool scans)
    : width(width), loops(loops), tile(tile), b(loops.b), groups(groups),
      scans(scans),
      lanes(lanesFor(groups ? b.getI32Type() : loops.right.element,
                     tile.vectorBytes, width)) {
  int64_t run = groups ? groupLanes() * tile.ops.depth : lanes;
  transposes = lanes > 1 && loops.contiguous(loops.inner, loops.right, run) &&
               !loops.contiguous(loops.columns, loops.right, width);
}

Value RightPacker::units(Value steps) {
  return groups ? b.ceilDiv(steps, tile.ops.depth) : steps;
}

int64_t RightPacker::groupLanes() const {
  return tile.ops.bitwise() ? bitLanes(tile.vectorBytes) : lanes;
}

Value RightPacker::paddedSteps(Value steps) {
  steps = units(steps);
  return transposes ? b.roundUp(steps, lanes) : steps;
}

Value RightPacker::size(Value columns, Value steps) {
  return b.mul(b.roundUp(columns, width), paddedSteps(steps));
}

void RightPacker::allocate(Value columns, Value steps) {
  buffer = allocateFlat(b, groups ? b.getI32Type() : loops.right.element,
                        size(columns, steps));
  if (groups && tile.ops.corrects())
    columnSums = allocateFlat(b, b.getI32Type(), b.roundUp(columns, width));
  if (scans)
    flags = allocateFlat(b, b.getI8Type(), b.ceilDiv(columns, width));
}

Value RightPacker::panelAt(Value columnsBefore, Value steps) {
  return b.mul(columnsBefore, paddedSteps(steps));
}

void RightPacker::panel(Value column, const PackRange &range,
                        ArrayRef<Value> origins) {
  Value place = panelAt(b.sub(column, range.first), range.innerCount);
  fillPanel(place, column, range, tile.of(loops.right, origins));
  if (!scans)
    return;
  Value unclean =
      CleanScan(loops, tile, lanes)
          .ofBuffer(buffer, place, b.mul(paddedSteps(range.innerCount), width),
                    lanes);
  Value panel =
      arith::DivUIOp::create(b, b.sub(column, range.first), b.at(width));
  tile.store(flags, arith::ExtUIOp::create(b, b.getI8Type(), unclean), panel,
             1);
}

Value RightPacker::isUnclean(Value columnsBefore) {
  Value panel = arith::DivUIOp::create(b, columnsBefore, b.at(width));
  Value none = arith::ConstantOp::create(b, b.getI8IntegerAttr(0));
  return arith::CmpIOp::create(b, arith::CmpIPredicate::ne,
                               tile.load(flags, panel, 1), none);
}

void RightPacker::fillPanel(Value place, Value column, const PackRange &range,
                            ArrayRef<Value> offsets) {
  if (transposes)
    return groups ? transposeGroups(place, column, range, offsets)
                  : transposePanel(place, column, range, offsets);
  auto copy = [&](bool tail) {
    return groups ? groupPanel(place, column, range, offsets, tail)
                  : copyPanel(place, column, range, offsets, tail);
  };
  auto extent = known(loops.columns.extent);
  if (extent && *extent % width == 0)
    return copy(false);
  Value end = b.add(column, width);
  if (auto known = noodle::known(column); known && extent)
    return copy(*known + width > *extent);
  Value whole = arith::CmpIOp::create(b, arith::CmpIPredicate::sle, end,
                                      loops.columns.extent);
  auto branch = scf::IfOp::create(b, TypeRange(), whole, /*addThenBlock=*/true,
                                  /*addElseBlock=*/true);
  OpBuilder::InsertionGuard guard(b);
  for (bool tail : {false, true}) {
    b.setInsertionPointToStart(tail ? branch.elseBlock() : branch.thenBlock());
    copy(tail);
    scf::YieldOp::create(b);
  }
}

void RightPacker::copyPanel(Value place, Value column, const PackRange &range,
                            ArrayRef<Value> offsets, bool tail) {
  Value left = b.sub(loops.columns.extent, column);
  SmallVector<Value> masks;
  SmallVector<SmallVector<Value>> starts;
  for (int64_t v = 0; v < width; v += lanes) {
    Value position = b.add(column, v);
    // What a mask hides still needs a position.
    if (tail)
      position = b.min(position, b.sub(loops.columns.extent, b.at(1)));
    starts.push_back(tile.moved(loops.right, offsets, loops.columns, position));
    masks.push_back(tail && lanes > 1
                        ? tile.firstLanes(b.sub(left, b.at(v)), lanes)
                        : Value());
  }
  b.loop(b.at(0), range.innerCount, 1, [&](Value k) {
    Value step = b.add(range.innerFirst, k);
    Value row = b.add(place, b.mul(k, width));
    for (int64_t v = 0; v < width; v += lanes) {
      SmallVector<Value> at =
          tile.moved(loops.right, starts[v / lanes], loops.inner, step);
      Value position = b.add(column, v);
      if (tail)
        position = b.min(position, b.sub(loops.columns.extent, b.at(1)));
      Value value = tile.factor(loops.right, at, loops.columns, position, lanes,
                                masks[v / lanes], width);
      tile.store(buffer, value, b.add(row, v), lanes);
    }
  });
}

void RightPacker::transposePanel(Value place, Value column,
                                 const PackRange &range,
                                 ArrayRef<Value> offsets) {
  auto extent = known(loops.columns.extent);
  bool clamp = !extent || *extent % width;
  auto steps = known(range.innerCount);
  bool ragged = !steps || *steps % lanes;
  b.loop(b.at(0), b.at(width), lanes, [&](Value group) {
    SmallVector<SmallVector<Value>> starts;
    for (int64_t c = 0; c < lanes; ++c) {
      Value position = b.add(b.add(column, group), c);
      // Columns past the end repeat the last; nothing of them is stored.
      if (clamp)
        position = b.min(position, b.sub(loops.columns.extent, b.at(1)));
      starts.push_back(
          tile.moved(loops.right, offsets, loops.columns, position));
    }
    b.loop(b.at(0), range.innerCount, lanes, [&](Value k) {
      Value mask =
          ragged ? tile.firstLanes(b.sub(range.innerCount, k), lanes) : Value();
      SmallVector<Value> block;
      Value step = b.add(range.innerFirst, k);
      for (int64_t c = 0; c < lanes; ++c)
        block.push_back(tile.factor(
            loops.right, tile.moved(loops.right, starts[c], loops.inner, step),
            loops.inner, step, lanes, mask));
      transpose(b, block);
      Value row = b.add(b.add(place, group), b.mul(k, width));
      for (int64_t c = 0; c < lanes; ++c)
        tile.store(buffer, block[c], b.add(row, c * width), lanes);
    });
  });
}

//===----------------------------------------------------------------------===//
// The left side
//===----------------------------------------------------------------------===//

LeftPacker::LeftPacker(ContractionLoops &loops, TileEmitter &tile,
                       int64_t height, bool groups)
    : height(height), loops(loops), tile(tile), b(loops.b), groups(groups),
      lanes(groups && tile.ops.bitwise()
                ? bitLanes(tile.vectorBytes)
                : lanesFor(groups ? b.getI32Type() : loops.left.element,
                           tile.vectorBytes, 1 << 10)) {
  int64_t run = groups ? lanes * tile.ops.depth : lanes;
  keepsRows = loops.contiguous(loops.inner, loops.left, run) ||
              !loops.contiguous(loops.rows, loops.left, height);
}

Value LeftPacker::units(Value steps) {
  return groups ? b.ceilDiv(steps, tile.ops.depth) : steps;
}

/// Elements from a row, or a step's rows, to the next.
Value LeftPacker::stride(Value steps) {
  steps = units(steps);
  // One line more, since rows a multiple of 4 KiB apart share cache sets.
  return keepsRows ? b.add(b.roundUp(steps, lanes), lanes) : b.at(height);
}

void LeftPacker::allocate(Value rows, Value steps) {
  Value whole = b.roundUp(rows, height);
  Value size = b.mul(whole, keepsRows ? stride(steps) : units(steps));
  buffer = allocateFlat(b, groups ? b.getI32Type() : loops.left.element, size);
}

Value LeftPacker::at(Value rowsBefore, int64_t row, Value k, Value steps) {
  if (keepsRows)
    return b.add(b.mul(b.add(rowsBefore, row), stride(steps)), k);
  return b.add(b.add(b.mul(rowsBefore, units(steps)), b.mul(k, height)), row);
}

Value LeftPacker::isUnclean(const PackRange &range) {
  CleanScan scan(loops, tile, lanes);
  Value rows = b.sub(range.last, range.first);
  if (keepsRows)
    return scan.ofRows(buffer, rows, stride(range.innerCount), range.innerCount,
                       lanes);
  // Rows past the end are 0.
  return scan.ofBuffer(buffer, b.at(0),
                       b.mul(b.roundUp(rows, height), range.innerCount),
                       height);
}

void LeftPacker::pack(const PackRange &range, ArrayRef<Value> origins) {
  SmallVector<Value> offsets = tile.of(loops.left, origins);
  if (groups)
    return packGroups(range, offsets);
  Value none = b.at(0);
  auto stepsFrom = [&](ArrayRef<Value> at, Value k) {
    return tile.moved(loops.left, at, loops.inner, b.add(range.innerFirst, k));
  };
  if (keepsRows) {
    auto steps = known(range.innerCount);
    bool ragged = !steps || *steps % lanes;
    b.loop(range.first, range.last, 1, [&](Value row) {
      SmallVector<Value> start =
          tile.moved(loops.left, offsets, loops.rows, row);
      Value place = b.mul(b.sub(row, range.first), stride(range.innerCount));
      b.loop(none, range.innerCount, lanes, [&](Value k) {
        Value mask = ragged && lanes > 1
                         ? tile.firstLanes(b.sub(range.innerCount, k), lanes)
                         : Value();
        Value value = tile.factor(loops.left, stepsFrom(start, k), loops.inner,
                                  b.add(range.innerFirst, k), lanes, mask);
        tile.store(buffer, value, b.add(place, k), lanes);
      });
    });
    return;
  }
  auto extent = known(loops.rows.extent);
  bool ragged = !extent || *extent % height;
  b.loop(range.first, range.last, height, [&](Value row) {
    SmallVector<Value> start = tile.moved(loops.left, offsets, loops.rows, row);
    Value mask = ragged ? tile.firstLanes(b.sub(loops.rows.extent, row), height)
                        : Value();
    Value place = b.mul(b.sub(row, range.first), range.innerCount);
    b.loop(none, range.innerCount, 1, [&](Value k) {
      Value value = tile.factor(loops.left, stepsFrom(start, k), loops.rows,
                                row, height, mask);
      tile.store(buffer, value, b.add(place, b.mul(k, height)), height);
    });
  });
}
