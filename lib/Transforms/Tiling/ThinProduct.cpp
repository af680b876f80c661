//===- ThinProduct.cpp - products of few rows and columns -----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "ProductNest.h"

#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::noodle;

//===----------------------------------------------------------------------===//
// One row
//===----------------------------------------------------------------------===//

/// Rows of the matrix that one walk over the sums takes, and vectors of a step
/// of it. From memory as many lines are read at once: 4096 x 4096 floats make
/// 4.7, 6.6, 8.9, 10.4 and 8.1 GFLOP/s with 1, 2, 4, 8 and 16 rows and two
/// vectors, 9.5, 11.6, 10.0 and 10.8 with 8, 12, 16 and 32 and one (Zen 4,
/// other work beside; MKL 11.2). In the caches twelve lines a multiple of 4 KiB
/// apart are in each other's way: 1024 x 1024 make 31 with 4 x 2, 24 with 12
/// x 1.
struct RowWalk {
  int64_t steps, vectors;
};
static constexpr RowWalk kCachedWalk = {4, 2}, kMemoryWalk = {12, 1};
/// Bytes of a matrix up to which it is taken to be in a cache. A guess.
static constexpr int64_t kCachedBytes = 8 << 20;
/// Columns of a piece: their sums stay in the first-level cache.
static constexpr int64_t kRowColumns = 2048;

void ProductNest::rowProduct(ArrayRef<Value> origins) {
  Value columns = loops.columns.extent, inner = innerEnd();
  int64_t count = loops.columns.staticExtent(), lanes = plan.lanes;
  int64_t rows = loops.inner.staticExtent();
  const RowWalk shape =
      count >= 0 && rows >= 0 &&
              double(count) * double(rows) * loops.shape().rhsBytes <=
                  kCachedBytes
          ? kCachedWalk
          : kMemoryWalk;
  int64_t pieceColumns = kRowColumns;
  if (count >= 0 && count < 2 * kRowColumns)
    pieceColumns = std::max<int64_t>(
        shape.vectors * lanes,
        llvm::alignTo(llvm::divideCeil(count, plan.brief ? 2 : 4),
                      shape.vectors * lanes));
  if (!plan.parallel || serial)
    pieceColumns = std::max<int64_t>(count < 0 ? INT32_MAX : count, 1);
  SmallVector<Value> leftStart = tile.of(loops.left, origins);
  SmallVector<Value> rightStart = tile.of(loops.right, origins);

  spread(b.at(0), columns, pieceColumns, plan.parallel, [&](ValueRange at) {
    Value first = at.front();
    Value last = b.min(b.add(first, pieceColumns), columns);
    // Walks the sums; `steps` factors from `k` on are added to each.
    auto walk = [&](Value k, int64_t steps, bool begins, bool ends) {
      SmallVector<Value> factors;
      for (int64_t u = 0; u < steps; ++u)
        factors.push_back(tile.factor(
            loops.left,
            tile.moved(loops.left, leftStart, loops.inner, b.add(k, u)),
            loops.rows, b.at(0), 1));
      auto vectors = [&](Value column, TileForm form) {
        TilePlace place;
        place.row = b.at(0);
        place.column = column;
        place.origins = origins;
        place.columnRun = lanes;
        SmallVector<Value> sums;
        if (!begins || merges())
          sums = tile.heldSums(form, place);
        else
          for (int64_t width : form.widths)
            sums.push_back(tile.zero(width));
        for (int64_t u = 0; u < steps; ++u) {
          SmallVector<Value> start =
              tile.moved(loops.right, rightStart, loops.inner, b.add(k, u));
          int64_t before = 0;
          for (auto [v, width] : llvm::enumerate(form.widths)) {
            Value position = b.add(column, before);
            Value right = tile.factor(
                loops.right,
                tile.moved(loops.right, start, loops.columns, position),
                loops.columns, position, width, form.maskOf(v));
            sums[v] = tile.step(factors[u], right, sums[v], width);
            before += width;
          }
        }
        TileFinish finish;
        finish.epilogue = ends;
        tile.finish(form, place, sums, finish);
      };
      int64_t width = shape.vectors * lanes;
      TileForm full;
      full.widths.assign(shape.vectors, lanes);
      Value whole = b.wholeSteps(first, last, width);
      b.loop(first, whole, width, [&](Value column) { vectors(column, full); });
      if (count >= 0 && count % width == 0)
        return;
      b.loop(whole, last, lanes, [&](Value column) {
        TileForm form;
        form.widths = {lanes};
        if (lanes > 1)
          form.mask = tile.firstLanes(b.sub(last, column), lanes);
        vectors(column, form);
      });
    };
    if (!partFirst && rows >= 0 && rows <= 8)
      return walk(b.at(0), rows, /*begins=*/true, /*ends=*/true);
    if (!merges())
      walk(b.at(0), 0, /*begins=*/true, /*ends=*/false);
    Value from = innerFirst();
    for (int64_t steps :
         {shape.steps, std::min<int64_t>(shape.steps, 4), int64_t(1)}) {
      Value to = b.wholeSteps(from, inner, steps);
      b.loop(from, to, steps, [&](Value k) { walk(k, steps, false, false); });
      from = to;
    }
    if (!partFirst && !tile.plainEpilogue())
      walk(b.at(0), 0, false, /*ends=*/true);
  });
}

//===----------------------------------------------------------------------===//
// Dot products
//===----------------------------------------------------------------------===//

/// Rows at a time and vectors of each: 4 x 2 measured best on Zen 5.
static constexpr int64_t kDotRows = 4, kDotVectors = 2;

void ProductNest::dotProduct(ArrayRef<Value> origins) {
  Value inner = innerEnd();
  int64_t rowCount = loops.rows.staticExtent(),
          columnCount = loops.columns.staticExtent();
  bool wideColumns = rowCount >= 0 && rowCount < 2;
  int64_t height = wideColumns ? 1 : kDotRows;
  int64_t width = wideColumns ? kDotRows : columnCount;
  int64_t lanes = plan.lanes;

  auto tileOf = [&](Value row, Value column, int64_t height, int64_t width) {
    SmallVector<SmallVector<Value>> rowStarts, columnStarts;
    for (int64_t r = 0; r < height; ++r)
      rowStarts.push_back(tile.moved(loops.left, tile.of(loops.left, origins),
                                     loops.rows, b.add(row, r)));
    for (int64_t c = 0; c < width; ++c)
      columnStarts.push_back(tile.moved(loops.right,
                                        tile.of(loops.right, origins),
                                        loops.columns, b.add(column, c)));
    int64_t vectors = height * width <= 6 ? kDotVectors : 1;
    SmallVector<Value> sums(height * width * vectors, tile.zero(lanes));
    auto steps = [&](Value k, int64_t vectors, ValueRange before, Value mask) {
      SmallVector<Value> after(before);
      for (int64_t v = 0; v < vectors; ++v) {
        Value step = b.add(k, v * lanes);
        auto along = [&](const Side &side, ArrayRef<Value> start) {
          return tile.factor(side, tile.moved(side, start, loops.inner, step),
                             loops.inner, step, lanes, mask);
        };
        SmallVector<Value> lefts, rights;
        for (auto &start : rowStarts)
          lefts.push_back(along(loops.left, start));
        for (auto &start : columnStarts)
          rights.push_back(along(loops.right, start));
        for (int64_t r = 0; r < height; ++r)
          for (int64_t c = 0; c < width; ++c) {
            Value &sum = after[(v * height + r) * width + c];
            Value next = tile.step(lefts[r], rights[c], sum, lanes);
            sum = mask ? arith::SelectOp::create(b, mask, next, sum).getResult()
                       : next;
          }
      }
      return after;
    };
    Value none = innerFirst();
    Value whole = b.wholeSteps(none, inner, vectors * lanes);
    sums = b.loop(none, whole, vectors * lanes, sums,
                  [&](Value k, ValueRange before) {
                    return steps(k, vectors, before, Value());
                  });
    sums = b.loop(whole, inner, lanes, sums, [&](Value k, ValueRange before) {
      return steps(k, 1, before, tile.firstLanes(b.sub(inner, k), lanes));
    });
    TileForm form;
    form.rows = height;
    form.widths.assign(width, 1);
    SmallVector<Value> folded;
    for (int64_t s = 0; s < height * width; ++s) {
      Value sum = sums[s];
      for (int64_t v = 1; v < vectors; ++v)
        sum = tile.addSums(sum, sums[v * height * width + s]);
      folded.push_back(tile.foldLanes(sum, lanes));
    }
    TilePlace place;
    place.row = row;
    place.column = column;
    place.origins = origins;
    place.columnRun = 1;
    TileFinish finish;
    finish.merge = merges();
    finish.epilogue = !partFirst;
    tile.finish(form, place, folded, finish);
  };

  const Axis &longAxis = wideColumns ? loops.columns : loops.rows;
  int64_t longCount = longAxis.staticExtent();
  int64_t size = wideColumns ? width : height;
  spread(b.at(0), longAxis.extent, plan.rowBlock, plan.parallel,
         [&](ValueRange at) {
           Value first = at.front();
           Value last = b.min(b.add(first, plan.rowBlock), longAxis.extent);
           auto part = [&](Value from, Value to, int64_t size) {
             b.loop(from, to, size, [&](Value position) {
               if (wideColumns)
                 tileOf(b.at(0), position, 1, size);
               else
                 tileOf(position, b.at(0), size, width);
             });
           };
           Value whole = b.wholeSteps(first, last, size);
           part(first, whole, size);
           if (longCount < 0 || longCount % size)
             part(whole, last, 1);
         });
}

//===----------------------------------------------------------------------===//
// Long sums of few elements
//===----------------------------------------------------------------------===//

void ProductNest::splitProduct(ArrayRef<Value> origins) {
  int64_t parts = plan.splitInner, steps = plan.innerBlock, lanes = plan.lanes;
  int64_t rows = loops.rows.staticExtent(),
          columns = loops.columns.staticExtent(),
          inner = loops.inner.staticExtent(), size = rows * columns;
  FlatOperand sums = allocateFlat(loops, loops.op.getSumType(),
                                  b.at(parts * size), /*optional=*/false);
  // In place of out, while the parts are formed.
  FlatOperand out = loops.operands[loops.out];
  Value rowStep = loops.rows.step[loops.out],
        columnStep = loops.columns.step[loops.out];
  sums.strides = out.strides;
  loops.operands[loops.out] = sums;
  loops.rows.step[loops.out] = b.at(columns);
  loops.columns.step[loops.out] = b.at(1);
  spread(b.at(0), b.at(inner), steps, plan.parallel, [&](ValueRange at) {
    partFirst = at.front();
    partEnd = b.add(partFirst, steps);
    if (inner % steps)
      partEnd = b.min(partEnd, b.at(inner));
    SmallVector<Value> moved(origins);
    Value part = arith::DivUIOp::create(b, partFirst, b.at(steps));
    moved[loops.out] = b.mul(part, size);
    product(moved);
    partFirst = partEnd = Value();
  });
  loops.operands[loops.out] = out;
  loops.rows.step[loops.out] = rowStep;
  loops.columns.step[loops.out] = columnStep;

  // Parts are added in their order, whoever formed them.
  auto add = [&](Value row, Value column, const TileForm &form) {
    int64_t width = form.widths.front();
    Value at = b.add(b.mul(row, columns), column);
    auto part = [&](Value number) {
      return tile.load(sums, b.add(b.mul(number, size), at), width, form.mask);
    };
    SmallVector<Value> total = {part(b.at(0))};
    total = b.loop(
        b.at(1), b.at(parts), 1, total, [&](Value number, ValueRange before) {
          return SmallVector<Value>{tile.addSums(before.front(), part(number))};
        });
    TilePlace place;
    place.row = row;
    place.column = column;
    place.origins = origins;
    place.columnRun = lanes;
    TileFinish finish;
    finish.merge = merges();
    tile.finish(form, place, total, finish);
  };
  b.loop(b.at(0), b.at(rows), 1, [&](Value row) {
    TileForm form;
    form.widths = {lanes};
    int64_t whole = columns - columns % lanes;
    b.loop(b.at(0), b.at(whole), lanes,
           [&](Value column) { add(row, column, form); });
    if (columns % lanes == 0)
      return;
    form.mask = tile.firstLanes(b.at(columns % lanes), lanes);
    add(row, b.at(whole), form);
  });
}
