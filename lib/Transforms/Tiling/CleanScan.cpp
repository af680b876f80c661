//===- CleanScan.cpp - factors that the fast step takes wrongly -----------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each factor is looked at once for many steps that it takes part in, by three
// instructions for a vector.
//
//===----------------------------------------------------------------------===//
#include "CleanScan.h"

#include "../VectorBody.h"

using namespace mlir;
using namespace mlir::noodle;

CleanScan::CleanScan(ContractionLoops &loops, TileEmitter &tile, int64_t lanes)
    : loops(loops), tile(tile), b(loops.b), lanes(lanes),
      word(b.getIntegerType(loops.op.getSumType().getIntOrFloatBitWidth())) {}

Value CleanScan::nothing(int64_t lanes) {
  Type type = wideType(word, lanes);
  return arith::ConstantOp::create(b, type, b.getZeroAttr(type));
}

Value CleanScan::look(Value found, Value factor) {
  Value unclean = tile.ops.isUnclean(b, factor);
  return arith::OrIOp::create(
      b, found, arith::ExtSIOp::create(b, found.getType(), unclean));
}

Value CleanScan::any(Value found) {
  if (isa<VectorType>(found.getType()))
    found = vector::ReductionOp::create(b, vector::CombiningKind::OR, found);
  Value zero = arith::ConstantOp::create(b, b.getIntegerAttr(word, 0));
  return arith::CmpIOp::create(b, arith::CmpIPredicate::ne, found, zero);
}

Value CleanScan::ofBuffer(const FlatOperand &buffer, Value from, Value count,
                          int64_t lanes) {
  auto found = b.loop(
      b.at(0), count, lanes, {nothing(lanes)}, [&](Value k, ValueRange before) {
        return SmallVector<Value>{
            look(before[0], tile.load(buffer, b.add(from, k), lanes))};
      });
  return any(found.front());
}

Value CleanScan::ofRows(const FlatOperand &buffer, Value rows, Value stride,
                        Value count, int64_t lanes) {
  auto found = b.loop(
      b.at(0), rows, 1, {nothing(lanes)}, [&](Value row, ValueRange outer) {
        Value from = b.mul(row, stride);
        return b.loop(
            b.at(0), count, lanes, outer, [&](Value k, ValueRange before) {
              return SmallVector<Value>{
                  look(before[0], tile.load(buffer, b.add(from, k), lanes))};
            });
      });
  return any(found.front());
}

Value CleanScan::ofSide(const Side &side, const Axis &axis, Value first,
                        Value last, const PackRange &range,
                        ArrayRef<Value> origins) {
  SmallVector<Value> offsets = tile.of(side, origins);
  Value innerLast = b.add(range.innerFirst, range.innerCount);
  // Along what is contiguous, across the other.
  bool alongInner = loops.contiguous(loops.inner, side, lanes);
  bool alongAxis =
      !alongInner && !axis.tabulated() && loops.contiguous(axis, side, lanes);
  int64_t width = alongInner || alongAxis ? lanes : 1;
  const Axis &along = alongInner ? loops.inner : axis;
  const Axis &across = alongInner ? axis : loops.inner;
  Value from = alongInner ? range.innerFirst : first,
        to = alongInner ? innerLast : last;
  auto found = b.loop(
      alongInner ? first : range.innerFirst, alongInner ? last : innerLast, 1,
      {nothing(width)}, [&](Value line, ValueRange outer) {
        SmallVector<Value> start = tile.moved(side, offsets, across, line);
        auto body = [&](Value k, ValueRange before, Value mask) {
          Value factor = tile.factor(side, tile.moved(side, start, along, k),
                                     along, k, width, mask);
          return SmallVector<Value>{look(before[0], factor)};
        };
        Value whole = b.wholeSteps(from, to, width);
        SmallVector<Value> now =
            b.loop(from, whole, width, outer, [&](Value k, ValueRange before) {
              return body(k, before, Value());
            });
        if (width == 1)
          return now;
        return b.loop(whole, to, width, now, [&](Value k, ValueRange before) {
          return body(k, before, tile.firstLanes(b.sub(to, k), width));
        });
      });
  return any(found.front());
}
