//===- Packing.cpp - factors copied in the order tiles read them ----------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Packing.h"

#include "CleanScan.h"

#include "llvm/Support/MathExtras.h"

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

/// A width that all vectors divide.
static constexpr int64_t kAnyWidth = 1 << 10;

/// Words that a vector of bytes makes, one bit of each.
static int64_t bitLanes(int64_t vectorBytes) {
  return std::max<int64_t>(1, vectorBytes / 32);
}

FlatOperand noodle::allocateFlat(ContractionLoops &loops, Type element,
                                 Value size, bool optional) {
  IndexBuilder &b = loops.b;
  FlatOperand flat;
  flat.element = element;
  flat.bytes = element.isInteger(1);
  auto fixed = known(size);
  auto type = MemRefType::get({fixed.value_or(ShapedType::kDynamic)},
                              flat.bytes ? b.getI8Type() : element);
  auto block =
      memref::AllocOp::create(b, type, fixed ? ValueRange() : ValueRange(size),
                              b.getI64IntegerAttr(64));
  auto site = loops.op->getAttrOfType<IntegerAttr>("noodle.site");
  if (optional)
    block->setAttr("noodle.optional", site ? site : b.getI64IntegerAttr(-1));
  flat.buffer = block;
  return flat;
}

Value noodle::isGranted(IndexBuilder &b, const FlatOperand &buffer) {
  Value address =
      memref::ExtractAlignedPointerAsIndexOp::create(b, buffer.buffer);
  return arith::CmpIOp::create(b, arith::CmpIPredicate::ne, address, b.at(0));
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
                     tile.vectorBytes,
                     loops.columns.segment ? kAnyWidth : width)) {
  pitch = llvm::alignTo(width, lanes);
  int64_t run = groups ? groupLanes() * tile.ops.depth : lanes;
  transposes = lanes > 1 &&
               (ragged() || loops.contiguous(loops.inner, loops.right, run)) &&
               !loops.contiguous(loops.columns, loops.right, width);
}

/// Whether the sum is in runs that are not whole vectors: each is then packed
/// by itself, and the next one overwrites what a vector has too much.
static bool raggedRuns(const ContractionLoops &loops, const Side &side,
                       int64_t lanes) {
  const Axis &inner = loops.inner;
  return inner.tabulated() && side.operands.size() == 1 &&
         inner.table[side.operands.front()] &&
         isKnown(inner.innerStep[side.operands.front()], 1) &&
         inner.run % lanes && 2 * inner.run >= lanes;
}

bool RightPacker::ragged() const {
  return !groups && raggedRuns(loops, loops.right, lanes);
}

Value RightPacker::units(Value steps) {
  return groups ? b.ceilDiv(steps, tile.ops.depth) : steps;
}

int64_t RightPacker::groupLanes() const {
  return tile.ops.bitwise() ? bitLanes(tile.vectorBytes) : lanes;
}

Value RightPacker::paddedSteps(Value steps) {
  steps = units(steps);
  if (transposes && ragged())
    return b.add(steps, lanes);
  return transposes ? b.roundUp(steps, lanes) : steps;
}

Value RightPacker::size(Value columns, Value steps) {
  return b.mul(b.mul(b.ceilDiv(columns, width), pitch), paddedSteps(steps));
}

Value RightPacker::allocate(Value columns, Value steps) {
  buffer = allocateFlat(loops, groups ? b.getI32Type() : loops.right.element,
                        size(columns, steps));
  Value granted = isGranted(b, buffer);
  auto also = [&](const FlatOperand &more) {
    granted = arith::AndIOp::create(b, granted, isGranted(b, more));
  };
  if (groups && tile.ops.corrects()) {
    columnSums = allocateFlat(loops, b.getI32Type(), b.roundUp(columns, width));
    also(columnSums);
  }
  if (scans) {
    flags = allocateFlat(loops, b.getI8Type(), b.ceilDiv(columns, width));
    also(flags);
  }
  return granted;
}

Value RightPacker::panelAt(Value columnsBefore, Value steps) {
  if (pitch == width)
    return b.mul(columnsBefore, paddedSteps(steps));
  Value panels = known(columnsBefore)
                     ? b.at(*known(columnsBefore) / width)
                     : arith::DivUIOp::create(b, columnsBefore, b.at(width));
  return b.mul(b.mul(panels, pitch), paddedSteps(steps));
}

void RightPacker::panel(Value column, const PackRange &range,
                        ArrayRef<Value> origins, bool ends) {
  Value place = panelAt(b.sub(column, range.first), range.innerCount);
  fillPanel(place, column, range, tile.of(loops.right, origins), ends);
  if (scans)
    markUnclean(place, column, range);
}

void RightPacker::markUnclean(Value place, Value column,
                              const PackRange &range) {
  // Ragged runs leave nothing behind their end that was not written.
  Value steps =
      transposes && ragged() ? range.innerCount : paddedSteps(range.innerCount);
  Value unclean = CleanScan(loops, tile, lanes)
                      .ofBuffer(buffer, place, b.mul(steps, pitch), lanes);
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
                            ArrayRef<Value> offsets, bool ends) {
  if (transposes)
    return groups ? transposeGroups(place, column, range, offsets)
                  : transposePanel(place, column, range, offsets);
  if (loops.columns.segment)
    return copySegment(place, column, range, offsets);
  auto copy = [&](bool tail) {
    return groups ? groupPanel(place, column, range, offsets, tail)
                  : copyPanel(place, column, range, offsets, tail);
  };
  // What is known to be the last panel, or is copied as if it were.
  if (ends)
    return copy(true);
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

/// Whole panels side by side, one row of the operand after the other: a panel's
/// steps alone are a page apart each where rows are long.
void RightPacker::copyRows(Value column, Value last, const PackRange &range,
                           ArrayRef<Value> offsets) {
  const Axis &axis = loops.columns;
  bool ends = axis.segment && axis.parts * axis.segment != axis.neighbours;
  Value first = panelAt(b.sub(column, range.first), range.innerCount);
  Value panelSize = b.mul(paddedSteps(range.innerCount), pitch);
  SmallVector<Value> start(offsets);
  if (!axis.segment)
    start = tile.moved(loops.right, offsets, axis, column);
  Value count = b.sub(last, column);
  SmallVector<Value> carried = {first};
  if (ends)
    carried.push_back(loops.partOf(column));
  b.loop(b.at(0), range.innerCount, 1, [&](Value k) {
    SmallVector<Value> row =
        tile.moved(loops.right, start, loops.inner, b.add(range.innerFirst, k));
    SmallVector<Value> begin = carried;
    begin[0] = b.add(first, b.mul(k, pitch));
    b.loop(b.at(0), count, width, begin, [&](Value c, ValueRange now) {
      Value panel = b.add(column, c);
      // Of a segment its own place, else of the first panel's.
      SmallVector<Value> from =
          tile.moved(loops.right, row, axis, axis.segment ? panel : c);
      Value mask;
      SmallVector<Value> next = {b.add(now[0], panelSize)};
      if (ends) {
        Value isLast = arith::CmpIOp::create(b, arith::CmpIPredicate::eq,
                                             now[1], b.at(axis.parts - 1));
        int64_t before = (width - 1) / lanes * lanes;
        Value size = arith::SelectOp::create(
            b, isLast,
            b.at(axis.neighbours - (axis.parts - 1) * axis.segment - before),
            b.at(width - before));
        mask = tile.firstLanes(size, lanes);
        next.push_back(
            arith::SelectOp::create(b, isLast, b.at(0), b.add(now[1], 1)));
      } else if (width % lanes) {
        mask = tile.firstLanes(b.at(width % lanes), lanes);
      }
      for (int64_t v = 0; v < width; v += lanes) {
        SmallVector<Value> at;
        for (auto [k, offset] : llvm::zip(loops.right.operands, from))
          at.push_back(loops.still(axis, k) ? offset : b.add(offset, v));
        Value value = tile.factor(loops.right, at, axis, b.add(panel, v), lanes,
                                  v + lanes < width ? Value() : mask, width);
        tile.store(buffer, value, b.add(now[0], v), lanes);
      }
      return next;
    });
  });
}

void RightPacker::panels(Value column, Value last, const PackRange &range,
                         ArrayRef<Value> origins) {
  Value from = column;
  bool ends = false;
  const Axis &axis = loops.columns;
  bool sideBySide = axis.segment || !axis.tabulated();
  if (!transposes && !groups && !scans && sideBySide &&
      loops.contiguous(axis, loops.right, width)) {
    auto extent = known(loops.columns.extent);
    from = extent ? b.min(last, b.at(*extent - *extent % width))
                  : b.wholeSteps(column, last, width);
    ends = true;
    copyRows(column, from, range, tile.of(loops.right, origins));
    if (extent && *extent % width == 0)
      return;
  }
  b.loop(from, last, width, [&](Value at) { panel(at, range, origins, ends); });
}

/// A segment's columns: vectors may end within it.
void RightPacker::copySegment(Value place, Value column, const PackRange &range,
                              ArrayRef<Value> offsets) {
  SmallVector<SmallVector<Value>> starts;
  SmallVector<Value> masks;
  Value count = loops.segmentColumns(column);
  for (int64_t v = 0; v < width; v += lanes)
    masks.push_back(v + lanes < width
                        ? Value()
                        : tile.firstLanes(b.sub(count, b.at(v)), lanes));
  for (int64_t v = 0; v < width; v += lanes)
    starts.push_back(
        tile.moved(loops.right, offsets, loops.columns, b.add(column, v)));
  b.loop(b.at(0), range.innerCount, 1, [&](Value k) {
    Value step = b.add(range.innerFirst, k);
    Value row = b.add(place, b.mul(k, pitch));
    for (int64_t v = 0; v < width; v += lanes) {
      Value value = tile.factor(
          loops.right,
          tile.moved(loops.right, starts[v / lanes], loops.inner, step),
          loops.columns, b.add(column, v), lanes, masks[v / lanes], width);
      tile.store(buffer, value, b.add(row, v), lanes);
    }
  });
}

/// Vectors run along what is contiguous in the operand, across the segments of
/// the group. Each block of them becomes a vector of each segment's panel.
void RightPacker::group(Value column, const PackRange &range,
                        ArrayRef<Value> origins) {
  SmallVector<Value> offsets = tile.of(loops.right, origins);
  Value first = panelAt(b.sub(column, range.first), range.innerCount);
  Value panelSize = b.mul(paddedSteps(range.innerCount), pitch);
  Value last = b.sub(loops.segmentColumns(column), b.at(1));
  bool clamps = width % lanes || !isKnown(last, width - 1);
  unsigned operand = loops.right.operands.front();
  int64_t count = loops.packedAcross;
  SmallVector<Value> start =
      tile.moved(loops.right, offsets, loops.columns, column);
  b.loop(b.at(0), b.at(width), lanes, [&](Value position) {
    SmallVector<SmallVector<Value>> starts;
    for (int64_t c = 0; c < lanes; ++c) {
      // Columns past the end repeat the last.
      Value at = b.add(position, c);
      if (clamps)
        at = b.min(at, last);
      starts.push_back(
          {b.add(start.front(), b.mul(at, loops.columns.innerStep[operand]))});
    }
    // Steps outside: they may be a page apart each.
    b.loop(b.at(0), range.innerCount, 1, [&](Value k) {
      Value step = b.add(range.innerFirst, k);
      Value row = b.add(b.add(first, position), b.mul(k, pitch));
      SmallVector<Value> lines;
      for (int64_t c = 0; c < lanes; ++c)
        lines.push_back(
            tile.moved(loops.right, starts[c], loops.inner, step).front());
      auto block = [&](Value line, int64_t many) {
        Value mask = tile.firstLanes(b.at(many), lanes);
        SmallVector<Value> vectors;
        for (Value from : lines)
          vectors.push_back(
              tile.factorOf(loops.right,
                            {tile.load(loops.operands[operand],
                                       b.add(from, line), lanes, mask)},
                            lanes));
        transpose(b, vectors);
        Value place = b.add(row, b.mul(line, panelSize));
        for (int64_t c = 0; c < many; ++c)
          tile.store(buffer, vectors[c], b.add(place, b.mul(panelSize, c)),
                     lanes);
      };
      Value whole = b.at(count - count % lanes);
      b.loop(b.at(0), whole, lanes, [&](Value line) { block(line, lanes); });
      if (count % lanes)
        block(whole, count % lanes);
    });
  });
  if (scans)
    b.loop(b.at(0), b.at(count), 1, [&](Value line) {
      markUnclean(b.add(first, b.mul(line, panelSize)),
                  b.add(column, b.mul(line, width)), range);
    });
}

void RightPacker::transposePanel(Value place, Value column,
                                 const PackRange &range,
                                 ArrayRef<Value> offsets) {
  auto extent = known(loops.columns.extent);
  bool segments = loops.columns.segment != 0;
  bool clamp = !extent || *extent % width;
  // Runs of the sum are walked one by one where vectors do not fill them.
  bool byRuns = ragged();
  int64_t run = byRuns ? loops.inner.run : 0;
  b.loop(b.at(0), b.at(pitch), lanes, [&](Value group) {
    SmallVector<SmallVector<Value>> starts;
    SmallVector<Value> segment;
    Value last;
    if (segments) {
      segment = tile.moved(loops.right, offsets, loops.columns, column);
      last = b.sub(loops.segmentColumns(column), b.at(1));
    }
    for (int64_t c = 0; c < lanes; ++c) {
      // Columns past the end repeat the last; nothing of them is stored.
      if (segments) {
        Value within = b.add(group, c);
        if (width % lanes || !isKnown(last, width - 1))
          within = b.min(within, last);
        starts.emplace_back();
        for (auto [k, at] : llvm::zip(loops.right.operands, segment))
          starts.back().push_back(
              b.add(at, b.mul(within, loops.columns.innerStep[k])));
        continue;
      }
      Value position = b.add(b.add(column, group), c);
      if (clamp)
        position = b.min(position, b.sub(loops.columns.extent, b.at(1)));
      starts.push_back(
          tile.moved(loops.right, offsets, loops.columns, position));
    }
    auto blockAt = [&](Value k, Value mask) {
      SmallVector<Value> block;
      Value step = b.add(range.innerFirst, k);
      for (int64_t c = 0; c < lanes; ++c)
        block.push_back(tile.factor(
            loops.right, tile.moved(loops.right, starts[c], loops.inner, step),
            loops.inner, step, lanes, mask, run));
      transpose(b, block);
      Value row = b.add(b.add(place, group), b.mul(k, pitch));
      for (int64_t c = 0; c < lanes; ++c)
        tile.store(buffer, block[c], b.add(row, c * pitch), lanes);
    };
    if (byRuns) {
      b.loop(b.at(0), range.innerCount, run, [&](Value from) {
        b.loop(b.at(0), b.at(run), lanes, [&](Value k) {
          blockAt(b.add(from, k), tile.firstLanes(b.sub(b.at(run), k), lanes));
        });
      });
      return;
    }
    auto steps = known(range.innerCount);
    bool ends = !steps || *steps % lanes;
    b.loop(b.at(0), range.innerCount, lanes, [&](Value k) {
      blockAt(k, ends ? tile.firstLanes(b.sub(range.innerCount, k), lanes)
                      : Value());
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
                           tile.vectorBytes, kAnyWidth)) {
  int64_t run = groups ? lanes * tile.ops.depth : lanes;
  ragged = !groups && lanes > 1 && raggedRuns(loops, loops.left, lanes);
  keepsRows = ragged || loops.contiguous(loops.inner, loops.left, run) ||
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

Value LeftPacker::allocate(Value rows, Value steps) {
  Value whole = b.roundUp(rows, height);
  Value size = b.mul(whole, keepsRows ? stride(steps) : units(steps));
  buffer =
      allocateFlat(loops, groups ? b.getI32Type() : loops.left.element, size);
  return isGranted(b, buffer);
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
    bool ends = !steps || *steps % lanes;
    b.loop(range.first, range.last, 1, [&](Value row) {
      SmallVector<Value> start =
          tile.moved(loops.left, offsets, loops.rows, row);
      Value place = b.mul(b.sub(row, range.first), stride(range.innerCount));
      auto copy = [&](Value k, Value mask, int64_t run) {
        Value value = tile.factor(loops.left, stepsFrom(start, k), loops.inner,
                                  b.add(range.innerFirst, k), lanes, mask, run);
        tile.store(buffer, value, b.add(place, k), lanes);
      };
      if (ragged) {
        int64_t run = loops.inner.run;
        b.loop(none, range.innerCount, run, [&](Value from) {
          b.loop(none, b.at(run), lanes, [&](Value k) {
            copy(b.add(from, k), tile.firstLanes(b.sub(b.at(run), k), lanes),
                 run);
          });
        });
        return;
      }
      b.loop(none, range.innerCount, lanes, [&](Value k) {
        copy(k,
             ends && lanes > 1
                 ? tile.firstLanes(b.sub(range.innerCount, k), lanes)
                 : Value(),
             0);
      });
    });
    return;
  }
  auto extent = known(loops.rows.extent);
  bool ends = !extent || *extent % height;
  b.loop(range.first, range.last, height, [&](Value row) {
    SmallVector<Value> start = tile.moved(loops.left, offsets, loops.rows, row);
    Value mask =
        ends ? tile.firstLanes(b.sub(loops.rows.extent, row), height) : Value();
    Value place = b.mul(b.sub(row, range.first), range.innerCount);
    b.loop(none, range.innerCount, 1, [&](Value k) {
      Value value = tile.factor(loops.left, stepsFrom(start, k), loops.rows,
                                row, height, mask);
      tile.store(buffer, value, b.add(place, b.mul(k, height)), height);
    });
  });
}
