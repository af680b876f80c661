//===- PackGroups.cpp - factors packed several steps to a word ------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The panels and rows of Packing.cpp, of words that hold `depth` neighbours
// along the sum. Where the sum ends within a word the right factors are 0, so
// that the left ones do not matter.
//
//===----------------------------------------------------------------------===//
#include "Packing.h"

#include "../VectorBody.h"

using namespace mlir;
using namespace mlir::noodle;

static Value zeroOf(IndexBuilder &b, Type type) {
  return arith::ConstantOp::create(b, type, b.getZeroAttr(type));
}

static Value wholeGroups(IndexBuilder &b, Value steps, int64_t depth) {
  if (auto count = known(steps))
    return b.at(*count / depth);
  return arith::DivUIOp::create(b, steps, b.at(depth));
}

/// A loop that carries values, or none.
static SmallVector<Value> carry(IndexBuilder &b, Value from, Value to,
                                int64_t step, ArrayRef<Value> values,
                                IndexBuilder::Carry body) {
  if (!values.empty())
    return b.loop(from, to, step, values, body);
  b.loop(from, to, step, [&](Value k) { body(k, ValueRange()); });
  return {};
}

/// `read` at each step of a group from `step` on, as words. Behind the range's
/// end, if that may be in the group, zeros.
static Value groupOf(IndexBuilder &b, const ScalarOps &ops, Value step,
                     const PackRange &range, bool ends, int64_t lanes,
                     llvm::function_ref<Value(Value)> read) {
  SmallVector<Value> parts;
  for (int64_t d = 0; d < ops.depth; ++d) {
    Value k = b.add(step, d);
    if (!ends || d == 0) {
      parts.push_back(read(b.add(range.innerFirst, k)));
      continue;
    }
    auto at = known(k), count = known(range.innerCount);
    if (at && count && *at >= *count) {
      parts.push_back(zeroOf(b, parts.front().getType()));
      continue;
    }
    Value last = b.sub(range.innerCount, b.at(1));
    Value value = read(b.add(range.innerFirst, b.min(k, last)));
    Value exists = arith::CmpIOp::create(b, arith::CmpIPredicate::sle, k, last);
    parts.push_back(
        arith::SelectOp::create(b, exists, value, zeroOf(b, value.getType())));
  }
  return ops.interleave(b, parts, lanes);
}

//===----------------------------------------------------------------------===//
// The right side
//===----------------------------------------------------------------------===//

void RightPacker::groupPanel(Value place, Value column, const PackRange &range,
                             ArrayRef<Value> offsets, bool tail) {
  const ScalarOps &ops = tile.ops;
  unsigned operand = loops.right.operands.front();
  Value before = b.sub(column, range.first);
  int64_t vectors = width / lanes;
  SmallVector<Value> sums;
  if (ops.corrects())
    sums.assign(vectors, zeroOf(b, wideType(b.getI32Type(), lanes)));
  SmallVector<Value> masks, positions;
  SmallVector<SmallVector<Value>> starts;
  for (int64_t v = 0; v < vectors; ++v) {
    Value position = b.add(column, v * lanes);
    masks.push_back(
        tail && lanes > 1
            ? tile.firstLanes(b.sub(loops.columns.extent, position), lanes)
            : Value());
    // What a mask hides still needs a position.
    if (tail)
      position = b.min(position, b.sub(loops.columns.extent, b.at(1)));
    positions.push_back(position);
    starts.push_back(tile.moved(loops.right, offsets, loops.columns, position));
  }
  auto body = [&](Value group, ValueRange held, bool ends) {
    SmallVector<Value> now(held);
    Value row = b.add(place, b.mul(group, width));
    for (int64_t v = 0; v < vectors; ++v) {
      Value words = groupOf(
          b, ops, b.mul(group, ops.depth), range, ends, lanes, [&](Value step) {
            Value at = tile.moved(loops.right, starts[v], loops.inner, step)[0];
            return tile.read(operand, at, loops.columns, positions[v], lanes,
                             loops.contiguous(loops.columns, operand, width),
                             masks[v]);
          });
      tile.store(buffer, words, b.add(row, v * lanes), lanes);
      if (ops.corrects())
        now[v] = ops.addColumn(b, now[v], words, lanes);
    }
    return now;
  };
  Value all = units(range.innerCount);
  Value whole = wholeGroups(b, range.innerCount, ops.depth);
  sums = carry(b, b.at(0), whole, 1, sums, [&](Value group, ValueRange held) {
    return body(group, held, false);
  });
  sums = carry(b, whole, all, 1, sums, [&](Value group, ValueRange held) {
    return body(group, held, true);
  });
  for (auto [v, sum] : llvm::enumerate(sums))
    tile.store(columnSums, ops.correction(b, sum), b.add(before, v * lanes),
               lanes);
}

void RightPacker::transposeGroups(Value place, Value column,
                                  const PackRange &range,
                                  ArrayRef<Value> offsets) {
  const ScalarOps &ops = tile.ops;
  if (ops.bitwise())
    return transposeBits(place, column, range, offsets);
  unsigned operand = loops.right.operands.front();
  int64_t elements = lanes * ops.depth;
  auto extent = known(loops.columns.extent);
  bool clamp = !extent || *extent % width;
  b.loop(b.at(0), b.at(width), lanes, [&](Value first) {
    SmallVector<SmallVector<Value>> starts;
    for (int64_t c = 0; c < lanes; ++c) {
      Value position = b.add(b.add(column, first), c);
      // Columns past the end repeat the last; nothing of them is stored.
      if (clamp)
        position = b.min(position, b.sub(loops.columns.extent, b.at(1)));
      starts.push_back(
          tile.moved(loops.right, offsets, loops.columns, position));
    }
    SmallVector<Value> sums;
    if (ops.corrects())
      sums.push_back(zeroOf(b, wideType(b.getI32Type(), lanes)));
    auto body = [&](Value k, ValueRange held, bool ends) {
      SmallVector<Value> block, now(held);
      Value mask = ends ? tile.firstLanes(b.sub(range.innerCount, k), elements)
                        : Value();
      Value step = b.add(range.innerFirst, k);
      for (int64_t c = 0; c < lanes; ++c) {
        Value at = tile.moved(loops.right, starts[c], loops.inner, step)[0];
        Value read = tile.read(operand, at, loops.inner, step, elements,
                               /*neighbours=*/true, mask);
        block.push_back(ops.group(b, read, lanes));
      }
      transpose(b, block);
      Value group = arith::DivUIOp::create(b, k, b.at(ops.depth));
      Value row = b.add(b.add(place, first), b.mul(group, width));
      for (int64_t c = 0; c < lanes; ++c) {
        tile.store(buffer, block[c], b.add(row, c * width), lanes);
        if (ops.corrects())
          now[0] = ops.addColumn(b, now[0], block[c], lanes);
      }
      return now;
    };
    Value whole = b.wholeSteps(b.at(0), range.innerCount, elements);
    sums =
        carry(b, b.at(0), whole, elements, sums,
              [&](Value k, ValueRange held) { return body(k, held, false); });
    sums = carry(b, whole, range.innerCount, elements, sums,
                 [&](Value k, ValueRange held) { return body(k, held, true); });
    if (!sums.empty())
      tile.store(columnSums, ops.correction(b, sums[0]),
                 b.add(b.sub(column, range.first), first), lanes);
  });
}

/// Column by column, since words of bits are few.
void RightPacker::transposeBits(Value place, Value column,
                                const PackRange &range,
                                ArrayRef<Value> offsets) {
  const ScalarOps &ops = tile.ops;
  unsigned operand = loops.right.operands.front();
  int64_t words = groupLanes(), elements = words * ops.depth;
  b.loop(b.at(0), b.at(width), 1, [&](Value lane) {
    Value position =
        b.min(b.add(column, lane), b.sub(loops.columns.extent, b.at(1)));
    SmallVector<Value> start =
        tile.moved(loops.right, offsets, loops.columns, position);
    auto body = [&](Value k, bool ends) {
      Value mask = ends ? tile.firstLanes(b.sub(range.innerCount, k), elements)
                        : Value();
      Value step = b.add(range.innerFirst, k);
      Value at = tile.moved(loops.right, start, loops.inner, step)[0];
      Value group = ops.group(b,
                              tile.read(operand, at, loops.inner, step,
                                        elements, /*neighbours=*/true, mask),
                              words);
      Value row = arith::DivUIOp::create(b, k, b.at(ops.depth));
      for (int64_t w = 0; w < words; ++w) {
        Value word = words == 1
                         ? group
                         : vector::ExtractOp::create(b, group, w).getResult();
        Value to = b.add(b.mul(b.add(row, w), width), lane);
        tile.store(buffer, word, b.add(place, to), 1);
      }
    };
    Value whole = b.wholeSteps(b.at(0), range.innerCount, elements);
    b.loop(b.at(0), whole, elements, [&](Value k) { body(k, false); });
    b.loop(whole, range.innerCount, elements, [&](Value k) { body(k, true); });
  });
}

//===----------------------------------------------------------------------===//
// The left side
//===----------------------------------------------------------------------===//

void LeftPacker::packGroups(const PackRange &range, ArrayRef<Value> offsets) {
  const ScalarOps &ops = tile.ops;
  unsigned operand = loops.left.operands.front();
  auto flipped = [&](Value words, int64_t lanes) -> Value {
    if (!ops.leftFlip)
      return words;
    Value flip =
        arith::ConstantOp::create(b, b.getI32IntegerAttr(ops.leftFlip));
    return arith::XOrIOp::create(b, words, tile.splat(flip, lanes));
  };
  auto at = [&](ArrayRef<Value> start, Value step) {
    return tile.moved(loops.left, start, loops.inner, step)[0];
  };
  Value none = b.at(0);
  if (keepsRows) {
    int64_t elements = lanes * ops.depth;
    bool neighbours = loops.contiguous(loops.inner, operand, elements);
    b.loop(range.first, range.last, 1, [&](Value row) {
      SmallVector<Value> start =
          tile.moved(loops.left, offsets, loops.rows, row);
      Value place = b.mul(b.sub(row, range.first), stride(range.innerCount));
      auto body = [&](Value k, bool ends) {
        Value mask = ends
                         ? tile.firstLanes(b.sub(range.innerCount, k), elements)
                         : Value();
        Value step = b.add(range.innerFirst, k);
        Value read = tile.read(operand, at(start, step), loops.inner, step,
                               elements, neighbours, mask);
        Value group = arith::DivUIOp::create(b, k, b.at(ops.depth));
        tile.store(buffer, flipped(ops.group(b, read, lanes), lanes),
                   b.add(place, group), lanes);
      };
      Value whole = b.wholeSteps(none, range.innerCount, elements);
      b.loop(none, whole, elements, [&](Value k) { body(k, false); });
      b.loop(whole, range.innerCount, elements,
             [&](Value k) { body(k, true); });
    });
    return;
  }
  auto extent = known(loops.rows.extent);
  bool ragged = !extent || *extent % height;
  Value all = units(range.innerCount);
  b.loop(range.first, range.last, height, [&](Value row) {
    SmallVector<Value> start = tile.moved(loops.left, offsets, loops.rows, row);
    Value mask = ragged ? tile.firstLanes(b.sub(loops.rows.extent, row), height)
                        : Value();
    Value place = b.mul(b.sub(row, range.first), all);
    auto body = [&](Value group, bool ends) {
      Value words =
          groupOf(b, ops, b.mul(group, ops.depth), range, ends, height,
                  [&](Value step) {
                    return tile.read(
                        operand, at(start, step), loops.rows, row, height,
                        loops.contiguous(loops.rows, operand, height), mask);
                  });
      tile.store(buffer, flipped(words, height),
                 b.add(place, b.mul(group, height)), height);
    };
    Value whole = wholeGroups(b, range.innerCount, ops.depth);
    b.loop(none, whole, 1, [&](Value group) { body(group, false); });
    b.loop(whole, all, 1, [&](Value group) { body(group, true); });
  });
}
