//===- ContractionTile.cpp - a matrix product in tiles --------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A block computes a tile of the output. It walks along the sum in steps of
// `tile.inner`: while it multiplies one step's panels of both operands out of
// shared memory, the next step's are on their way into registers; these go to
// the other half of the shared buffers, and one barrier ends the step.
//
// A thread holds a register tile. Its rows come in chunks as wide as one access
// (16 bytes), as do its columns; the 32 lanes of a warp stand 4 down and 8
// across, chunk beside chunk, so that the lanes of a quarter warp read 128
// consecutive bytes of one panel and the same 16 of the other: no bank twice.
//
// A panel whose operand runs along the sum is transposed on its way into shared
// memory. Its rows are padded by one chunk there: 16 lanes write one column of
// 16 rows, and the other 16 the column 4 on, which is then 16 banks away.
//
// Rows and columns outside the output are read from inside of it instead, for
// their sums are not written. Steps past the sum's end are not read; they are
// the semiring's zero, where that is right, else not multiplied.
//
//===----------------------------------------------------------------------===//
#include "Contraction.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::noodle;
using Values = KernelCode::Values;
using Place = Product::Place;
using Group = Product::Group;

namespace {

/// How one operand's panel lies in memory, global and shared.
struct PanelForm {
  PanelForm(const Product &product, Place place, const ContractionTile &tile)
      : place(place),
        group(place == Product::Lhs ? Product::Rows : Product::Columns),
        span(place == Product::Lhs ? tile.rows : tile.columns),
        inner(tile.inner), threads(tile.threads()),
        lanes(kAccessBytes / elementBytes(product.stored)),
        alongSum(product.hasStride(place, Product::Inner, 1)),
        alongSpan(!alongSum && product.hasStride(place, group, 1)),
        pitch(span + (alongSum ? lanes : 0)) {}

  Place place;
  Group group;
  int64_t span;  ///< rows or columns of the tile
  int64_t inner; ///< steps of the sum
  int64_t threads;
  int64_t lanes;  ///< elements of a chunk
  bool alongSum;  ///< the sum's steps are neighbours in the operand
  bool alongSpan; ///< the rows' or columns' are
  int64_t pitch;  ///< shared: from one step of the sum to the next

  int64_t elements() const { return inner * pitch; }
  /// Chunks that a thread moves.
  int64_t chunks() const { return span * inner / lanes / threads; }
};

/// The code of one panel: chunk by chunk where the operand's extents allow
/// accesses of whole chunks, else element by element. What a thread moves then
/// differs, but not where it goes.
class Panel {
public:
  Panel(const Product &product, Product::Frame &frame, const PanelForm &form,
        bool whole, Value thread, Value block, Value shared);

  /// This thread's part of the step that begins at `from`, which may lie past
  /// the end.
  Values fetch(Value from);
  /// Puts it at `stage` of the shared buffer.
  void put(ValueRange parts, Value stage);

private:
  void placeChunks(Value thread);
  void placeElements(Value thread);
  Values fetchParts(Value from, bool guarded);
  Value sumExtent() { return product.extent(frame, Product::Inner); }

  const Product &product;
  Product::Frame &frame;
  KernelCode &code;
  PanelForm form;
  bool whole;
  Value shared, source;
  Value along; ///< stride of the sum
  Value zero;  ///< for what lies past the sum's end
  /// Of each part: its place in the tile, and where it begins in the operand
  /// for the sum's first step.
  SmallVector<Value> atSpan, atSum, starts;
};

/// Whether a panel may be read in whole chunks: all steps but the unit one are
/// multiples of a chunk, and so is the extent, so that a chunk is all in or all
/// out.
Value readsWhole(const Product &product, Product::Frame &frame,
                 const PanelForm &form) {
  if (product.element.isInteger(1) || !(form.alongSum || form.alongSpan))
    return arith::ConstantIntOp::create(frame.code.b, 0, 1);
  if (form.alongSum)
    return product.divisible(frame,
                             {product.extent(Product::Inner),
                              product.stride(form.place, form.group)},
                             form.place, form.lanes);
  return product.divisible(
      frame,
      {product.extent(form.group), product.stride(form.place, Product::Inner)},
      form.place, form.lanes);
}

} // namespace

Panel::Panel(const Product &product, Product::Frame &frame,
             const PanelForm &form, bool whole, Value thread, Value block,
             Value shared)
    : product(product), frame(frame), code(frame.code), form(form),
      whole(whole), shared(shared), source(frame.buffers[form.place]) {
  along = product.stride(frame, form.place, Product::Inner);
  zero = product.toStored(code, product.semiring.zero(code.b, code.b.getLoc()));
  if (whole)
    zero = vector::BroadcastOp::create(
        code.b, VectorType::get(form.lanes, product.stored), zero);
  if (whole)
    placeChunks(thread);
  else
    placeElements(thread);
  Value first = code.mul(block, form.span);
  Value across = product.stride(frame, form.place, form.group);
  Value limit = product.extent(frame, form.group);
  int64_t last = whole && form.alongSpan ? form.lanes : 1;
  for (Value span : atSpan) {
    // Past the last row or column that one is read.
    Value start =
        code.min(code.add(first, span), code.sub(limit, code.index(last)));
    starts.push_back(code.add(frame.base[form.place], code.mul(start, across)));
  }
}

void Panel::placeChunks(Value thread) {
  for (int64_t chunk = 0; chunk < form.chunks(); ++chunk) {
    if (form.alongSum) {
      constexpr int64_t rows = 16;
      int64_t steps = form.inner / form.lanes;
      Value span = code.add(code.rem(thread, rows),
                            code.mul(code.div(thread, rows * steps), rows));
      atSpan.push_back(code.add(span, chunk * (form.threads / steps)));
      atSum.push_back(
          code.mul(code.rem(code.div(thread, rows), steps), form.lanes));
    } else {
      int64_t across = form.span / form.lanes;
      atSpan.push_back(code.mul(code.rem(thread, across), form.lanes));
      atSum.push_back(
          code.add(code.div(thread, across), chunk * (form.threads / across)));
    }
  }
}

/// Neighbouring threads read neighbours; along the sum each reads a chunk's
/// elements one by one, so that it needs the place of one row only.
void Panel::placeElements(Value thread) {
  if (form.alongSum) {
    placeChunks(thread);
    SmallVector<Value> spans, sums;
    for (auto [span, sum] : llvm::zip(atSpan, atSum))
      for (int64_t lane = 0; lane < form.lanes; ++lane) {
        spans.push_back(span);
        sums.push_back(code.add(sum, lane));
      }
    atSpan = spans;
    atSum = sums;
    return;
  }
  Value span = code.rem(thread, form.span), sum = code.div(thread, form.span);
  for (int64_t at = 0; at < form.chunks() * form.lanes; ++at) {
    atSpan.push_back(span);
    atSum.push_back(code.add(sum, at * (form.threads / form.span)));
  }
}

Values Panel::fetchParts(Value from, bool guarded) {
  auto chunk = VectorType::get(form.lanes, product.element);
  llvm::Align align(form.lanes * elementBytes(product.element));
  Values result;
  for (auto [start, offset] : llvm::zip(starts, atSum)) {
    Value step = code.add(from, offset);
    auto read = [&]() -> Values {
      Value at = code.add(start, code.mul(step, along));
      Value part = whole ? Value(vector::LoadOp::create(code.b, chunk, source,
                                                        at, false, align))
                         : code.load(source, at);
      return {product.toStored(code, part)};
    };
    if (!guarded)
      llvm::append_range(result, read());
    else
      llvm::append_range(result, code.choose(code.less(step, sumExtent()), read,
                                             [&] { return Values{zero}; }));
  }
  return result;
}

Values Panel::fetch(Value from) {
  // Known to end with a whole step: the last is read again for the one past.
  int64_t known = product.fixed(product.extent(Product::Inner));
  if (!ShapedType::isDynamic(known) && known && known % form.inner == 0)
    return fetchParts(code.min(from, code.index(known - form.inner)), false);
  return fetchParts(from, true);
}

void Panel::put(ValueRange parts, Value stage) {
  ImplicitLocOpBuilder &b = code.b;
  for (auto [part, span, sum] : llvm::zip(parts, atSpan, atSum)) {
    Value at = code.add(code.add(stage, code.mul(sum, form.pitch)), span);
    if (!whole)
      memref::StoreOp::create(b, part, shared, at);
    else if (!form.alongSum)
      vector::StoreOp::create(b, part, shared, at, false,
                              llvm::Align(kAccessBytes));
    else
      for (int64_t lane = 0; lane < form.lanes; ++lane)
        memref::StoreOp::create(b, vector::ExtractOp::create(b, part, lane),
                                shared, code.add(at, lane * form.pitch));
  }
}

namespace {

/// The code of one block.
class TileKernel {
public:
  TileKernel(const Product &product, const ContractionTile &tile,
             const PanelForm &left, const PanelForm &right,
             Product::Frame &frame)
      : product(product), tile(tile), left(left), right(right), frame(frame),
        code(frame.code), b(frame.code.b), lanes(left.lanes),
        width(product.wide() ? lanes : 1) {}

  void run(Product::Number columnBlocks) {
    product.inBatch(frame, columnBlocks,
                    [&](Value column) { computeTile(code.blockX(), column); });
  }

private:
  void placeThread();
  void computeTile(Value blockRow, Value blockColumn);
  Values addUp(bool whole, Value blockRow, Value blockColumn);
  Values multiply(Value step, ValueRange sums);
  Values multiplySteps(Value from, ValueRange sums, int64_t unroll);
  Values chunks(Value buffer, Value at, int64_t count, int64_t spacing);
  void writeRows(ValueRange sums, Value blockRow, Value blockColumn);
  void writeChunk(ValueRange values, Value row, Value column);

  const Product &product;
  const ContractionTile &tile;
  const PanelForm &left, &right;
  Product::Frame &frame;
  KernelCode &code;
  ImplicitLocOpBuilder &b;
  int64_t lanes;             ///< elements of an access to shared memory
  int64_t width;             ///< elements of a sum: a chunk or one
  Value readLeft, readRight; ///< the thread's first chunk in both panels
  Value rowInTile, columnInTile;
};

} // namespace

/// `count` chunks, one after another, as values that are computed with.
Values TileKernel::chunks(Value buffer, Value at, int64_t count,
                          int64_t spacing) {
  auto type = VectorType::get(lanes, product.stored);
  Values result;
  for (int64_t chunk = 0; chunk < count; ++chunk)
    result.push_back(vector::LoadOp::create(b, type, buffer,
                                            code.add(at, chunk * spacing),
                                            false, llvm::Align(kAccessBytes)));
  return result;
}

/// Adds the products of one step of the sum.
Values TileKernel::multiply(Value step, ValueRange sums) {
  Values rows =
      chunks(frame.workgroup[0], code.add(readLeft, code.mul(step, left.pitch)),
             tile.threadRows / lanes, ContractionTile::laneRows * lanes);
  Values columns = chunks(
      frame.workgroup[1], code.add(readRight, code.mul(step, right.pitch)),
      tile.threadColumns / lanes, ContractionTile::laneColumns * lanes);
  auto element = [&](Values &from, int64_t at) {
    return product.toCompute(
        code, vector::ExtractOp::create(b, from[at / lanes], at % lanes));
  };
  Values next;
  auto type = VectorType::get(width, product.compute);
  for (int64_t row = 0; row < tile.threadRows; ++row) {
    Value x = element(rows, row);
    if (width > 1)
      x = vector::BroadcastOp::create(b, type, x);
    for (int64_t column = 0; column < tile.threadColumns; column += width) {
      Value y = width > 1 ? product.toCompute(code, columns[column / lanes])
                          : element(columns, column);
      next.push_back(product.addProduct(code, sums[next.size()], x, y));
    }
  }
  return next;
}

/// The same of all steps that lie in shared memory.
Values TileKernel::multiplySteps(Value from, ValueRange sums, int64_t unroll) {
  auto some = [&](Value step, ValueRange sums) {
    Values now(sums);
    for (int64_t k = 0; k < unroll; ++k)
      now = multiply(code.add(step, k), now);
    return now;
  };
  if (unroll == tile.inner)
    return some(code.index(0), sums);
  Value steps = code.index(tile.inner);
  if (!product.pads)
    steps =
        code.min(steps, code.sub(product.extent(frame, Product::Inner), from));
  return code.loop(code.index(0), steps, code.index(unroll), sums, some);
}

/// The sums of the thread's register tile.
Values TileKernel::addUp(bool whole, Value blockRow, Value blockColumn) {
  Value thread = code.thread();
  Panel lhs(product, frame, left, whole, thread, blockRow, frame.workgroup[0]);
  Panel rhs(product, frame, right, whole, thread, blockColumn,
            frame.workgroup[1]);
  Value zero = product.zero(code);
  if (width > 1)
    zero = vector::BroadcastOp::create(
        b, VectorType::get(width, product.compute), zero);
  Values sums(tile.threadRows * tile.threadColumns / width, zero);
  // Less code for the slower way, and as much as ptxas holds in 128 registers
  // (two blocks of the main tile to a multiprocessor) without spilling.
  int64_t unroll = tile.unroll;
  if (!product.pads)
    unroll = 1;
  else if (!whole)
    unroll = std::min<int64_t>(unroll, 2);

  Value extent = product.extent(frame, Product::Inner);
  Value none = code.index(0);
  code.when(code.less(none, extent), [&] {
    lhs.put(lhs.fetch(none), none);
    rhs.put(rhs.fetch(none), none);
  });
  code.barrier();
  return code.loop(
      none, extent, code.index(tile.inner), sums,
      [&](Value from, ValueRange carried) {
        Value next = code.add(from, tile.inner);
        Values nextLhs = lhs.fetch(next), nextRhs = rhs.fetch(next);
        Value half = code.rem(code.div(from, tile.inner), 2);
        Value other = code.sub(code.index(1), half);
        readLeft = code.add(code.mul(half, left.elements()), rowInTile);
        readRight = code.add(code.mul(half, right.elements()), columnInTile);
        Values result = multiplySteps(from, carried, unroll);
        lhs.put(nextLhs, code.mul(other, left.elements()));
        rhs.put(nextRhs, code.mul(other, right.elements()));
        code.barrier();
        return result;
      });
}

/// Finds the thread's first row and column: warps side by side, lanes within
/// them.
void TileKernel::placeThread() {
  Value thread = code.thread();
  Value warp = code.div(thread, kWarp), lane = code.rem(thread, kWarp);
  int64_t warpRows = ContractionTile::laneRows * tile.threadRows;
  int64_t warpColumns = ContractionTile::laneColumns * tile.threadColumns;
  int64_t warpsAcross = tile.columns / warpColumns;
  rowInTile =
      code.add(code.mul(code.div(warp, warpsAcross), warpRows),
               code.mul(code.div(lane, ContractionTile::laneColumns), lanes));
  columnInTile =
      code.add(code.mul(code.rem(warp, warpsAcross), warpColumns),
               code.mul(code.rem(lane, ContractionTile::laneColumns), lanes));
}

void TileKernel::computeTile(Value blockRow, Value blockColumn) {
  placeThread();
  Value whole = code.both(readsWhole(product, frame, left),
                          readsWhole(product, frame, right));
  Values sums = code.choose(
      whole, [&] { return addUp(true, blockRow, blockColumn); },
      [&] { return addUp(false, blockRow, blockColumn); });
  writeRows(sums, blockRow, blockColumn);
}

/// A chunk of one row, which lies within the output's rows.
void TileKernel::writeChunk(ValueRange values, Value row, Value column) {
  Value out = frame.buffers.back();
  Value columns = product.extent(frame, Product::Columns);
  Value position = product.outPosition(frame, row, column);
  auto single = [&] {
    Value step = product.stride(frame, Product::Out, Product::Columns);
    for (auto [lane, value] : llvm::enumerate(values))
      code.when(code.less(code.add(column, lane), columns), [&] {
        memref::StoreOp::create(b, value, out,
                                code.add(position, code.mul(step, lane)));
      });
  };
  if (product.outElement().isInteger(1) ||
      !product.hasStride(Product::Out, Product::Columns, 1))
    return single();
  Value aligned =
      product.divisible(frame,
                        {product.extent(Product::Columns),
                         product.stride(Product::Out, Product::Rows)},
                        Product::Out, lanes);
  code.when(
      aligned,
      [&] {
        code.when(code.less(column, columns),
                  [&] { code.store(values, out, position); });
      },
      single);
}

void TileKernel::writeRows(ValueRange sums, Value blockRow, Value blockColumn) {
  Value rows = product.extent(frame, Product::Rows);
  Value columns = product.extent(frame, Product::Columns);
  Value firstRow = code.add(code.mul(blockRow, tile.rows), rowInTile);
  Value firstColumn =
      code.add(code.mul(blockColumn, tile.columns), columnInTile);
  Value one = code.index(1);
  for (int64_t r = 0; r < tile.threadRows; ++r) {
    Value row = code.add(
        firstRow, r / lanes * ContractionTile::laneRows * lanes + r % lanes);
    code.when(code.less(row, rows), [&] {
      for (int64_t c = 0; c < tile.threadColumns; c += lanes) {
        Value column = code.add(
            firstColumn, c / lanes * ContractionTile::laneColumns * lanes);
        Values values;
        for (int64_t lane = 0; lane < lanes; ++lane) {
          int64_t at = r * tile.threadColumns + c + lane;
          Value sum = sums[at / width];
          if (width > 1)
            sum = vector::ExtractOp::create(b, sum, at % width);
          // What lies past the last column reads what the epilogue needs there.
          Value inside =
              code.min(code.add(column, lane), code.sub(columns, one));
          values.push_back(product.finish(frame, sum, row, inside));
        }
        writeChunk(values, row, column);
      }
    });
  }
}

LaunchOp noodle::emitTiledContraction(Offload &offload) {
  KernelSpec spec;
  Product product(offload, spec);
  const ContractionTile &tile =
      chooseTile(chipOf(offload), elementBytes(product.stored), product.cost,
                 product.known(Product::Rows), product.known(Product::Columns),
                 product.knownBatch());
  PanelForm left(product, Product::Lhs, tile),
      right(product, Product::Rhs, tile);
  product.describe("tile " + std::to_string(tile.rows) + "x" +
                   std::to_string(tile.columns) + "x" +
                   std::to_string(tile.inner));
  spec.threads = tile.threads();
  auto space = gpu::AddressSpaceAttr::get(offload.host.getContext(),
                                          gpu::AddressSpace::Workgroup);
  for (const PanelForm &panel : {left, right})
    spec.workgroup.push_back(
        MemRefType::get({2 * panel.elements()}, product.stored,
                        MemRefLayoutAttrInterface(), space));
  Product::Number columnBlocks = product.setGrid(
      Product::Rows, tile.rows,
      offload.ceilDiv(product.hostExtent(Product::Columns), tile.columns));
  product.allowSplit(Product::Rows, tile.rows);
  return offload.launch(spec, [&](ImplicitLocOpBuilder &b, ValueRange buffers,
                                  ValueRange scalars, ValueRange workgroup) {
    KernelCode code(b);
    Product::Frame frame{code, buffers, scalars, workgroup};
    TileKernel(product, tile, left, right, frame).run(columnBlocks);
  });
}
