//===- ProductNest.cpp - the loops around register tiles ------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The order of loops is Goto's (Goto and van de Geijn, "Anatomy of
// High-Performance Matrix Multiplication", 2008): column blocks, blocks of the
// sum, row blocks, tiles. DensePlan says which of them there are.
//
//===----------------------------------------------------------------------===//
#include "ProductNest.h"

#include "llvm/Support/MathExtras.h"
#include <numeric>
#include <tuple>

using namespace mlir;
using namespace mlir::noodle;

/// Pieces of work that a large product is cut into at least, so that threads
/// that are held up take fewer of them: a guess.
static constexpr int64_t kPieces = 16;

/// Steps of a tile's sums up to which its loop is unrolled: a 16 x 16 x 16
/// product of f32. More code takes longer to compile than it saves.
static constexpr int64_t kUnrolledSteps = 256;

/// Rows and columns from which factors are scanned: a guess.
static constexpr int64_t kScanFrom = 8;

ProductNest::ProductNest(ContractionLoops &loops, TileEmitter &tile,
                         const DensePlan &plan, bool serial)
    : loops(loops), tile(tile), plan(plan), b(loops.b), serial(serial) {
  groups = tile.ops.grouped() && plan.packLhs && plan.packRhs;
  // Looking at each factor must not take as long as the steps do.
  auto few = [](const Axis &axis) {
    return axis.staticExtent() >= 0 && axis.staticExtent() < kScanFrom;
  };
  scans = tile.ops.hasCleanStep() && !few(loops.rows) && !few(loops.columns);
}

void ProductNest::spread(ArrayRef<Value> from, ArrayRef<Value> to,
                         ArrayRef<int64_t> step, bool atOnce,
                         llvm::function_ref<void(ValueRange)> body) {
  bool once = llvm::all_of(llvm::zip(from, to, step), [](auto triple) {
    auto low = known(std::get<0>(triple)), high = known(std::get<1>(triple));
    return low && high && *low < *high && *low + std::get<2>(triple) >= *high;
  });
  if (!atOnce || serial || once) {
    SmallVector<Value> indices;
    std::function<void(unsigned)> nest = [&](unsigned depth) {
      if (depth == from.size())
        return body(indices);
      b.loop(from[depth], to[depth], step[depth], [&](Value index) {
        indices.push_back(index);
        nest(depth + 1);
        indices.pop_back();
      });
    };
    return nest(0);
  }
  SmallVector<Value> steps;
  for (int64_t size : step)
    steps.push_back(b.at(size));
  auto nest = scf::ParallelOp::create(b, from, to, steps);
  if (plan.brief)
    nest->setAttr("noodle.brief", b.getUnitAttr());
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(nest.getBody());
  bool before = std::exchange(serial, true);
  body(nest.getInductionVars());
  serial = before;
}

TileForm ProductNest::fullForm() { return tailForm(plan.tileColumns); }

TileForm ProductNest::tailForm(int64_t columns) {
  TileForm form;
  form.rows = plan.tileRows;
  form.widths.assign(columns / plan.lanes, plan.lanes);
  int64_t rest = columns % plan.lanes;
  // Masks are free with AVX-512. Without, powers of two are cheaper.
  if (tile.vectorBytes >= 64 && rest) {
    int64_t width = llvm::PowerOf2Ceil(rest);
    form.widths.push_back(width);
    if (width != rest)
      form.mask = tile.firstLanes(b.at(rest), width);
    return form;
  }
  for (int64_t width = plan.lanes / 2; rest; width /= 2)
    if (rest >= width) {
      form.widths.push_back(width);
      rest -= width;
    }
  return form;
}

int64_t ProductNest::outAlignment() {
  auto type = cast<MemRefType>(loops.op.getOut().getType());
  const FlatOperand &out = loops.operands[loops.out];
  const Axis &columns = loops.columns;
  // Lines that masked stores share with others would be fetched again.
  if (columns.segment && (fullForm().mask || columns.parts * columns.segment !=
                                                 columns.neighbours))
    return 0;
  if (!loops.op.getOut().getDefiningOp<memref::AllocOp>() ||
      !type.getLayout().isIdentity() || out.bytes ||
      !loops.contiguous(columns, loops.out,
                        columns.segment ? columns.segment : plan.lanes) ||
      (columns.tabulated() && !columns.segment))
    return 0;
  int64_t bytes = loops.shape().outBytes;
  int64_t alignment = std::gcd<int64_t>(64, plan.lanes * bytes);
  for (auto [loop, stride] : llvm::enumerate(out.strides)) {
    // Places within a run of neighbours are multiples of whole vectors.
    if (columns.segment ? loop == columns.loops.back() ||
                              llvm::is_contained(loops.cut, loop)
                        : llvm::is_contained(columns.loops, loop))
      continue;
    auto step = known(stride);
    if (!step)
      return 0;
    alignment = std::gcd<int64_t>(alignment, *step * bytes);
  }
  // Instructions for it begin at 16 bytes.
  return alignment >= 16 ? alignment : 0;
}

void ProductNest::run() {
  SmallVector<Value> from, to;
  SmallVector<int64_t> step;
  for (unsigned loop : loops.batch) {
    from.push_back(b.at(0));
    to.push_back(loops.extents[loop]);
    step.push_back(1);
  }
  spread(from, to, step, plan.parallelBatch,
         [&](ValueRange positions) { product(loops.batchOrigins(positions)); });
}

void ProductNest::product(ArrayRef<Value> origins) {
  if (plan.splitInner > 1 && !partFirst)
    return splitProduct(origins);
  switch (plan.kind) {
  case ProductClass::Row:
    return rowProduct(origins);
  case ProductClass::Dot:
    return dotProduct(origins);
  default:
    return tiledProduct(origins);
  }
}

//===----------------------------------------------------------------------===//
// Register tiles
//===----------------------------------------------------------------------===//

SmallVector<Value> ProductNest::atFirstStep(const Side &side,
                                            ArrayRef<Value> offsets,
                                            const PackRange &range) {
  if (loops.inner.tabulated())
    return llvm::to_vector(offsets);
  return tile.moved(side, offsets, loops.inner, range.innerFirst);
}

SmallVector<Value> ProductNest::atStep(const Side &side,
                                       ArrayRef<Value> offsets,
                                       const PackRange &range, Value k) {
  return tile.moved(side, offsets, loops.inner,
                    loops.inner.tabulated() ? b.add(range.innerFirst, k) : k);
}

bool ProductNest::readsRightInPlace() {
  return !groups && !scans && loops.right.copies && !loops.inner.tabulated() &&
         !loops.columns.tabulated() &&
         !loops.operands[loops.right.operands.front()].bytes &&
         loops.contiguous(loops.columns, loops.right, 1);
}

void ProductNest::tiledProduct(ArrayRef<Value> origins) {
  Value rows = loops.rows.extent, columns = loops.columns.extent,
        inner = innerEnd();
  if (partFirst)
    inner = b.sub(inner, partFirst);
  int64_t rowCount = loops.rows.staticExtent(),
          columnCount = loops.columns.staticExtent(),
          innerCount = loops.inner.staticExtent();
  // Blocks of the sum meet in out.
  bool cutsInner = !partFirst && plan.innerBlock &&
                   plan.innerBlock != innerCount && tile.canAddSums() &&
                   loops.operands[loops.out].element == loops.op.getSumType();
  int64_t columnBlock = plan.columnBlock;
  Value blockColumns =
      columnBlock ? b.min(b.at(columnBlock), columns) : columns;
  Value blockSteps = cutsInner   ? b.min(b.at(plan.innerBlock), inner)
                     : partFirst ? b.at(plan.innerBlock)
                                 : inner;

  std::optional<RightPacker> right;
  Value packed, granted;
  if (plan.packRhs) {
    right.emplace(loops, tile, plan.tileColumns, groups, scans);
    if (plan.packRhsFrom && readsRightInPlace()) {
      Value few = b.at(4 * plan.tileRows);
      packed = arith::AndIOp::create(
          b,
          arith::CmpIOp::create(b, arith::CmpIPredicate::sge,
                                b.mul(columns, inner), b.at(plan.packRhsFrom)),
          arith::CmpIOp::create(b, arith::CmpIPredicate::sge, rows, few));
      // Else a last panel that is not full is packed, so that no load of a
      // step has a mask: on Zen 4 it takes the place of a multiply-add.
      Value least = b.at(masksEnds() ? plan.tileColumns : 0);
      blockColumns = arith::SelectOp::create(b, packed, blockColumns, least);
    }
    granted = right->allocate(blockColumns, blockSteps);
  }
  // A piece is a block of rows, of columns too where rows make few.
  int64_t rowBlock = plan.rowBlock ? plan.rowBlock : plan.tileRows;
  int64_t pieceColumns = 0;
  if (plan.parallel && !serial) {
    int64_t rowBlocks = rowCount < 0 ? 1 : llvm::divideCeil(rowCount, rowBlock);
    int64_t parts = llvm::divideCeil(kPieces, std::max<int64_t>(1, rowBlocks));
    int64_t least = 4 * plan.tileColumns;
    if (parts > 1)
      pieceColumns =
          columnCount < 0
              ? 2 * least
              : std::max<int64_t>(
                    least, llvm::alignTo(llvm::divideCeil(columnCount, parts),
                                         plan.tileColumns));
    if (pieceColumns >= columnCount && columnCount >= 0)
      pieceColumns = 0;
  }

  auto block = [&](Value columnFrom, Value columnTo, Value stepFrom) {
    PackRange range;
    range.innerFirst = b.add(innerFirst(), stepFrom);
    range.innerCount =
        cutsInner ? b.min(b.at(plan.innerBlock), b.sub(inner, stepFrom))
                  : inner;
    PackRange columnRange = range;
    columnRange.first = columnFrom;
    columnRange.last = columnTo;
    Value packTo = columnTo;
    if (packed && masksEnds()) {
      columnRange.first = arith::SelectOp::create(
          b, packed, columnFrom,
          b.wholeSteps(columnFrom, columnTo, plan.tileColumns));
    } else if (packed) {
      packTo = arith::SelectOp::create(b, packed, columnTo, columnFrom);
    }
    if (right)
      b.when(granted, [&] {
        spread(columnRange.first, packTo,
               plan.columnGroup ? plan.columnGroup
                                : RightPacker::kPanels * plan.tileColumns,
               plan.parallel, [&](ValueRange at) {
                 Value first = at.front();
                 if (plan.columnGroup)
                   return right->group(first, columnRange, origins);
                 Value last =
                     b.add(first, RightPacker::kPanels * plan.tileColumns);
                 right->panels(first, b.min(last, packTo), columnRange,
                               origins);
               });
      });
    Value uncleanRight;
    if (scans && !right)
      uncleanRight = CleanScan(loops, tile, plan.lanes)
                         .ofSide(loops.right, loops.columns, columnFrom,
                                 columnTo, columnRange, origins);
    TileFinish finish;
    finish.merge = (merges() && tile.canAddSums()) || cutsInner;
    finish.epilogue = !partFirst;
    if (plan.streamOut && !finish.merge)
      finish.streamAlignment = outAlignment();
    finish.selects = innerCount < 0 && masksEnds();
    if (cutsInner && !loops.op.getAccumulate())
      finish.mergeIf =
          arith::CmpIOp::create(b, arith::CmpIPredicate::ne, stepFrom, b.at(0));
    if (cutsInner)
      finish.epilogueIf =
          arith::CmpIOp::create(b, arith::CmpIPredicate::sge,
                                b.add(stepFrom, plan.innerBlock), inner);
    SmallVector<Value> from = {b.at(0)}, to = {rows};
    SmallVector<int64_t> step = {rowBlock};
    if (pieceColumns) {
      from.push_back(columnFrom);
      to.push_back(columnTo);
      step.push_back(pieceColumns);
    }
    spread(from, to, step, plan.parallel, [&](ValueRange at) {
      Block part;
      part.rows = range;
      part.rows.first = at[0];
      part.rows.last = rowCount >= 0 && rowCount % rowBlock == 0
                           ? b.add(at[0], rowBlock)
                           : b.min(b.add(at[0], rowBlock), rows);
      part.columns = columnRange;
      part.columnFrom = pieceColumns ? at[1] : columnFrom;
      part.columnTo =
          pieceColumns ? b.min(b.add(at[1], pieceColumns), columnTo) : columnTo;
      part.right = right ? &*right : nullptr;
      part.packed = packed;
      part.finish = finish;
      part.origins = origins;
      std::optional<LeftPacker> left;
      Value room = granted;
      if (plan.packLhs) {
        left.emplace(loops, tile, plan.tileRows, groups);
        Value more = left->allocate(b.at(rowBlock), range.innerCount);
        room = room ? arith::AndIOp::create(b, room, more).getResult() : more;
      }
      // Where memory for packed factors is refused they are read in place.
      OpBuilder::InsertionGuard guard(b);
      if (room) {
        auto branch = scf::IfOp::create(b, room, /*withElseRegion=*/true);
        b.setInsertionPointToStart(branch.elseBlock());
        smallTiles(part);
        b.setInsertionPointToStart(branch.thenBlock());
      }
      if (left) {
        left->pack(part.rows, origins);
        part.left = &*left;
      }
      if (scans) {
        part.unclean =
            left ? left->isUnclean(part.rows)
                 : CleanScan(loops, tile, plan.lanes)
                       .ofSide(loops.left, loops.rows, part.rows.first,
                               part.rows.last, part.rows, origins);
        if (uncleanRight)
          part.unclean = arith::OrIOp::create(b, part.unclean, uncleanRight);
      }
      tiles(part);
    });
  };
  b.loop(b.at(0), columns,
         columnBlock ? columnBlock : std::max<int64_t>(1, columnCount),
         [&](Value columnFrom) {
           Value columnTo = columnBlock
                                ? b.min(b.add(columnFrom, columnBlock), columns)
                                : columns;
           if (!cutsInner)
             return block(columnFrom, columnTo, b.at(0));
           // An empty sum is stored too.
           b.loop(b.at(0), b.max(inner, b.at(1)), plan.innerBlock,
                  [&](Value step) { block(columnFrom, columnTo, step); });
         });
}

void ProductNest::smallTiles(Block block) {
  DensePlan before = plan;
  auto kept = std::pair(groups, scans);
  plan.packLhs = plan.packRhs = groups = scans = false;
  plan.kind = ProductClass::Unpacked;
  plan.unroll = 1;
  // Rows of a block stay whole tiles. The sums are formed in the same order.
  plan.tileRows = before.tileRows % 4 == 0 ? 4 : before.tileRows % 3 ? 1 : 3;
  if (!loops.columns.segment)
    plan.tileColumns = plan.lanes;
  block.right = nullptr;
  block.packed = block.unclean = Value();
  block.finish.streamAlignment = 0;
  tiles(block);
  plan = before;
  std::tie(groups, scans) = kept;
}

void ProductNest::tiles(const Block &block) {
  int64_t width = plan.tileColumns;
  int64_t count = loops.columns.staticExtent();
  Value whole = count >= 0
                    ? b.min(block.columnTo, b.at(count - count % width))
                    : b.wholeSteps(block.columnFrom, block.columnTo, width);
  if ((count < 0 && !masksEnds()) || count >= width)
    b.loop(block.columnFrom, whole, width, [&](Value column) {
      TileForm form = fullForm();
      const Axis &axis = loops.columns;
      if (axis.segment && axis.parts * axis.segment != axis.neighbours) {
        int64_t before = form.columns() - form.widths.back();
        form.mask =
            tile.firstLanes(b.sub(loops.segmentColumns(column), b.at(before)),
                            form.widths.back());
      }
      rowsOf(block, form, column, column);
    });
  if (count < 0 && masksEnds()) {
    b.loop(block.columnFrom, block.columnTo, width, [&](Value column) {
      TileForm form = fullForm();
      Value left = b.sub(block.columnTo, column);
      for (auto [v, lanes] : llvm::enumerate(form.widths))
        form.masks.push_back(
            tile.firstLanes(b.sub(left, b.at(v * plan.lanes)), lanes));
      rowsOf(block, form, column, column);
    });
    return;
  }
  if (count >= 0) {
    if (count % width)
      b.loop(whole, block.columnTo, width, [&](Value column) {
        rowsOf(block, tailForm(count % width), column, column);
      });
    return;
  }
  b.loop(whole, block.columnTo, plan.lanes, [&](Value column) {
    TileForm form;
    form.rows = plan.tileRows;
    form.widths = {plan.lanes};
    if (plan.lanes > 1)
      form.mask = tile.firstLanes(b.sub(block.columnTo, column), plan.lanes);
    rowsOf(block, form, column, whole);
  });
}

void ProductNest::rowsOf(const Block &block, const TileForm &form, Value column,
                         Value panelColumn) {
  int64_t height = plan.tileRows;
  int64_t count = loops.rows.staticExtent();
  if (count < 0 && masksEnds()) {
    b.loop(block.rows.first, block.rows.last, height, [&](Value row) {
      tileAt(block, form, row, column, panelColumn,
             b.sub(block.rows.last, row));
    });
    return;
  }
  Value whole = count >= 0
                    ? b.min(block.rows.last, b.at(count - count % height))
                    : b.wholeSteps(block.rows.first, block.rows.last, height);
  if (count < 0 || count >= height)
    b.loop(block.rows.first, whole, height, [&](Value row) {
      tileAt(block, form, row, column, panelColumn, Value());
    });
  if (count >= 0) {
    if (count % height)
      b.loop(whole, block.rows.last, height, [&](Value row) {
        TileForm tail = form;
        tail.rows = count % height;
        tileAt(block, tail, row, column, panelColumn, Value());
      });
    return;
  }
  b.loop(whole, block.rows.last, height, [&](Value row) {
    tileAt(block, form, row, column, panelColumn, b.sub(block.rows.last, row));
  });
}

void ProductNest::tileAt(const Block &block, TileForm form, Value row,
                         Value column, Value panelColumn, Value rowCount) {
  TilePlace place;
  place.row = row;
  place.column = column;
  place.origins = block.origins;
  place.rowCount = rowCount;
  place.columnRun = plan.tileColumns;
  const PackRange &range = block.rows;

  // Offsets of each row and vector at the block's first step.
  SmallVector<SmallVector<Value>> rowStarts, vectorStarts;
  if (!block.left)
    for (int64_t r = 0; r < form.rows; ++r) {
      Value position = b.add(row, r);
      if (rowCount && r)
        position = b.min(position, b.sub(loops.rows.extent, b.at(1)));
      rowStarts.push_back(
          atFirstStep(loops.left,
                      tile.moved(loops.left, tile.of(loops.left, block.origins),
                                 loops.rows, position),
                      range));
    }
  SmallVector<int64_t> before;
  int64_t lanes = 0;
  for (int64_t width : form.widths) {
    before.push_back(lanes);
    lanes += width;
  }
  if (!block.right)
    for (int64_t lane : before)
      vectorStarts.push_back(atFirstStep(
          loops.right,
          tile.moved(loops.right, tile.of(loops.right, block.origins),
                     loops.columns, b.add(column, lane)),
          range));

  auto left = [&](int64_t r, Value k) {
    if (block.left)
      return tile.load(
          block.left->buffer,
          block.left->at(b.sub(row, range.first), r, k, range.innerCount), 1);
    return tile.factor(loops.left, atStep(loops.left, rowStarts[r], range, k),
                       loops.rows, b.add(row, r), 1);
  };
  // Where the run decides, both places are one buffer, offset and step.
  SmallVector<FlatOperand> eitherBuffer;
  SmallVector<Value> eitherStart;
  Value eitherStep;
  Value packed = block.packed;
  if (packed && masksEnds())
    packed = arith::OrIOp::create(
        b, packed,
        arith::CmpIOp::create(b, arith::CmpIPredicate::sgt,
                              b.add(column, plan.tileColumns),
                              loops.columns.extent));
  if (packed) {
    unsigned operand = loops.right.operands.front();
    FlatOperand from = loops.operands[operand];
    Value packedBuffer = memref::CastOp::create(b, from.buffer.getType(),
                                                block.right->buffer.buffer);
    from.buffer = arith::SelectOp::create(b, packed, packedBuffer, from.buffer);
    eitherBuffer.push_back(from);
    eitherStep = arith::SelectOp::create(b, packed, b.at(block.right->pitch),
                                         loops.inner.step[operand]);
    Value panel = block.right->panelAt(b.sub(panelColumn, block.columns.first),
                                       range.innerCount);
    panel = b.add(panel, b.sub(column, panelColumn));
    for (int64_t lane : before) {
      Value start = atFirstStep(loops.right,
                                tile.moved(loops.right,
                                           tile.of(loops.right, block.origins),
                                           loops.columns, b.add(column, lane)),
                                range)[0];
      eitherStart.push_back(
          arith::SelectOp::create(b, packed, b.add(panel, lane), start));
    }
  }
  auto right = [&](unsigned v, Value k) {
    if (packed)
      return tile.load(eitherBuffer.front(),
                       b.add(eitherStart[v], b.mul(k, eitherStep)),
                       form.widths[v], masksEnds() ? Value() : form.maskOf(v));
    if (block.right) {
      Value at = block.right->panelAt(b.sub(panelColumn, block.columns.first),
                                      range.innerCount);
      at = b.add(at, b.sub(column, panelColumn));
      at = b.add(at, b.mul(k, block.right->pitch));
      return tile.load(block.right->buffer, b.add(at, before[v]),
                       form.widths[v]);
    }
    return tile.factor(loops.right,
                       atStep(loops.right, vectorStarts[v], range, k),
                       loops.columns, b.add(column, before[v]), form.widths[v],
                       form.maskOf(v));
  };

  SmallVector<Value> sums;
  if (loops.op.getAccumulate() && !tile.canAddSums())
    sums = tile.heldSums(form, place);
  else
    for (int64_t r = 0; r < form.rows; ++r)
      for (auto [v, width] : llvm::enumerate(form.widths))
        sums.push_back(groups && tile.ops.corrects()
                           ? tile.load(block.right->columnSums,
                                       b.add(b.sub(column, block.columns.first),
                                             before[v]),
                                       width)
                       : groups ? tile.ops.groupZero(b, width)
                                : tile.zero(width));
  if (block.finish.merge && plan.packLhs)
    tile.prefetchOut(form, place);
  // Tails run seldom; short sums of small tiles are unrolled as a whole.
  bool full = form.rows == plan.tileRows && form.columns() >= plan.tileColumns;
  // Unrolled sums of unknown length have another loop for what is left.
  bool rest = loops.inner.staticExtent() < 0 && masksEnds();
  int64_t unroll = full && !rest ? plan.unroll : 1;
  if (auto steps = known(range.innerCount);
      steps && *steps * form.sums() <= kUnrolledSteps)
    unroll = std::max<int64_t>(1, *steps);
  Value unclean = block.unclean;
  if (scans && block.right)
    unclean = arith::OrIOp::create(
        b, unclean,
        block.right->isUnclean(b.sub(panelColumn, block.columns.first)));
  Value steps =
      groups ? b.ceilDiv(range.innerCount, tile.ops.depth) : range.innerCount;
  sums =
      tile.accumulate(form, steps, unroll, sums, left, right, unclean, groups);
  if (groups)
    for (Value &sum : sums)
      sum = tile.ops.folded(b, sum);
  tile.finish(form, place, sums, block.finish);
}
