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
// their sums are not written. Steps past the sum's end are read from inside too
// and become the semiring's zero, where that is right, else not multiplied.
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
  int64_t span;    ///< rows or columns of the tile
  int64_t inner;   ///< steps of the sum
  int64_t threads;
  int64_t lanes;   ///< elements of a chunk
  bool alongSum;   ///< the sum's steps are neighbours in the operand
  bool alongSpan;  ///< the rows' or columns' are
  int64_t pitch;   ///< shared: from one step of the sum to the next

  int64_t elements() const { return inner * pitch; }
  /// Chunks that a thread moves.
  int64_t chunks() const { return span * inner / lanes / threads; }
};

/// The code of one panel.
class Panel {
public:
  Panel(const Product &product, Product::Frame &frame, const PanelForm &form,
        Value thread, Value block, Value shared);

  /// Chunks of the step that begins at `from`, which may lie past the end.
  Values fetch(Value from);
  /// Puts them at `stage` of the shared buffer.
  void put(ValueRange chunks, Value stage);
  Value buffer() const { return shared; }

private:
  Values fetchChunks(Value from, bool guarded);
  Values fetchElements(Value from);
  Value guard(Value inside, Value vector);
  VectorType type() const {
    return VectorType::get(form.lanes, product.stored);
  }
  Value sumExtent() { return product.extent(frame, Product::Inner); }

  const Product &product;
  Product::Frame &frame;
  KernelCode &code;
  PanelForm form;
  Value shared, source;
  Value base;           ///< offset of the batch
  Value across, along;  ///< strides of the span and the sum
  Value first;          ///< the block's first row or column
  Value limit;          ///< rows or columns in all
  Value aligned;        ///< chunks may be read whole
  Value zero;           ///< where sums are padded
  /// Of each chunk: place in the tile.
  SmallVector<Value> atSpan, atSum;
  SmallVector<Value> starts; ///< of whole chunks, at the sum's first step
};

} // namespace

Panel::Panel(const Product &product, Product::Frame &frame,
             const PanelForm &form, Value thread, Value block, Value shared)
    : product(product), frame(frame), code(frame.code), form(form),
      shared(shared), source(frame.buffers[form.place]),
      base(frame.base[form.place]) {
  across = product.stride(frame, form.place, form.group);
  along = product.stride(frame, form.place, Product::Inner);
  limit = product.extent(frame, form.group);
  first = code.mul(block, form.span);
  if (product.pads)
    zero = code.b.createOrFold<vector::BroadcastOp>(
        type(), product.toStored(code, product.semiring.zero(
                                           code.b, code.b.getLoc())));
  // Which chunks are this thread's.
  int64_t steps = form.inner / form.lanes;
  for (int64_t chunk = 0; chunk < form.chunks(); ++chunk) {
    if (form.alongSum) {
      constexpr int64_t rows = 16;
      Value span = code.add(code.rem(thread, rows),
                            code.mul(code.div(thread, rows * steps), rows));
      atSpan.push_back(code.add(span, chunk * (form.threads / steps)));
      atSum.push_back(
          code.mul(code.rem(code.div(thread, rows), steps), form.lanes));
    } else {
      int64_t wide = form.span / form.lanes;
      atSpan.push_back(code.mul(code.rem(thread, wide), form.lanes));
      atSum.push_back(
          code.add(code.div(thread, wide), chunk * (form.threads / wide)));
    }
  }
  // Whole chunks: one access each, all in or all out.
  bool bits = product.element.isInteger(1);
  Value no = arith::ConstantIntOp::create(code.b, 0, 1);
  if (bits || !(form.alongSum || form.alongSpan))
    aligned = no;
  else if (form.alongSum)
    aligned = product.divisible(frame,
                                {product.extent(Product::Inner),
                                 product.stride(form.place, form.group)},
                                form.place, form.lanes);
  else
    aligned = product.divisible(frame,
                                {product.extent(form.group),
                                 product.stride(form.place, Product::Inner)},
                                form.place, form.lanes);
  for (auto [span, sum] : llvm::zip(atSpan, atSum)) {
    Value start = code.add(first, span);
    if (form.alongSum) {
      // One row of the operand: the last one, where the tile goes past it.
      start = code.min(start, code.sub(limit, code.index(1)));
      start = code.add(base, code.mul(start, across));
    } else {
      start = code.min(start, code.sub(limit, code.index(form.lanes)));
      start = code.add(base, start);
    }
    starts.push_back(start);
  }
}

Value Panel::guard(Value inside, Value vector) {
  return product.pads ? code.select(inside, vector, zero) : vector;
}

Values Panel::fetchChunks(Value from, bool guarded) {
  ImplicitLocOpBuilder &b = code.b;
  auto read = VectorType::get(form.lanes, product.element);
  llvm::Align align(form.lanes * elementBytes(product.element));
  Values result;
  for (auto [start, offset] : llvm::zip(starts, atSum)) {
    Value step = code.add(from, offset), inside;
    if (guarded) {
      inside = code.less(step, sumExtent());
      int64_t last = form.alongSum ? form.lanes : 1;
      step = code.min(step, code.sub(sumExtent(), code.index(last)));
    }
    Value at = code.add(start, code.mul(step, along));
    Value chunk = product.toStored(
        code, vector::LoadOp::create(b, read, source, at, false, align));
    result.push_back(guarded ? guard(inside, chunk) : chunk);
  }
  return result;
}

Values Panel::fetchElements(Value from) {
  ImplicitLocOpBuilder &b = code.b;
  Values result;
  for (auto [span, offset] : llvm::zip(atSpan, atSum)) {
    Value chunk;
    for (int64_t lane = 0; lane < form.lanes; ++lane) {
      Value place = code.add(first, span), step = code.add(from, offset);
      (form.alongSum ? step : place) =
          code.add(form.alongSum ? step : place, lane);
      Value inside = code.less(step, sumExtent());
      place = code.min(place, code.sub(limit, code.index(1)));
      step = code.min(step, code.sub(sumExtent(), code.index(1)));
      Value at = code.add(base, code.mul(place, across));
      at = code.add(at, code.mul(step, along));
      Value element = product.toStored(code, code.load(source, at));
      if (product.pads)
        element = code.select(
            inside, element,
            vector::ExtractOp::create(b, zero, ArrayRef<int64_t>{0}));
      chunk = chunk ? Value(vector::InsertOp::create(b, element, chunk, lane))
                    : Value(vector::BroadcastOp::create(b, type(), element));
    }
    result.push_back(chunk);
  }
  return result;
}

Values Panel::fetch(Value from) {
  Value past = code.add(from, form.inner);
  Value end = sumExtent();
  auto whole = [&]() -> Values {
    // Known to end with a whole step: the last is read again for the one past.
    int64_t known = product.fixed(product.extent(Product::Inner));
    if (!ShapedType::isDynamic(known) && known && known % form.inner == 0)
      return fetchChunks(code.min(from, code.index(known - form.inner)), false);
    return code.choose(
        code.less(past, code.add(end, 1)),
        [&] { return fetchChunks(from, false); },
        [&] { return fetchChunks(from, true); });
  };
  return code.choose(aligned, whole, [&] { return fetchElements(from); });
}

void Panel::put(ValueRange chunks, Value stage) {
  ImplicitLocOpBuilder &b = code.b;
  llvm::Align align(kAccessBytes);
  for (auto [chunk, span, sum] : llvm::zip(chunks, atSpan, atSum)) {
    Value at = code.add(code.add(stage, code.mul(sum, form.pitch)), span);
    if (!form.alongSum) {
      vector::StoreOp::create(b, chunk, shared, at, false, align);
      continue;
    }
    for (int64_t lane = 0; lane < form.lanes; ++lane)
      memref::StoreOp::create(b, vector::ExtractOp::create(b, chunk, lane),
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

  void run();

private:
  void computeTile(Value blockRow, Value blockColumn);
  Values multiply(Value step, ValueRange sums);
  Values multiplySteps(Value from, ValueRange sums);
  Values chunks(Value buffer, Value at, int64_t count, int64_t spacing);
  void writeRows(ValueRange sums, Value blockRow, Value blockColumn);
  void writeChunk(ValueRange values, Value row, Value column);

  const Product &product;
  const ContractionTile &tile;
  const PanelForm &left, &right;
  Product::Frame &frame;
  KernelCode &code;
  ImplicitLocOpBuilder &b;
  int64_t lanes; ///< elements of an access to shared memory
  int64_t width; ///< elements of a sum: a chunk or one
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
  Values rows = chunks(frame.workgroup[0],
                       code.add(readLeft, code.mul(step, left.pitch)),
                       tile.threadRows / lanes, ContractionTile::laneRows * lanes);
  Values columns =
      chunks(frame.workgroup[1],
             code.add(readRight, code.mul(step, right.pitch)),
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
Values TileKernel::multiplySteps(Value from, ValueRange sums) {
  Values carried(sums);
  int64_t unroll = product.pads ? tile.unroll : 1;
  auto some = [&](Value step, ValueRange sums) {
    Values now(sums);
    for (int64_t k = 0; k < unroll; ++k)
      now = multiply(code.add(step, k), now);
    return now;
  };
  if (unroll == tile.inner)
    return some(code.index(0), carried);
  Value steps = code.index(tile.inner);
  if (!product.pads)
    steps = code.min(
        steps, code.sub(product.extent(frame, Product::Inner), from));
  return code.loop(code.index(0), steps, code.index(unroll), carried, some);
}

void TileKernel::computeTile(Value blockRow, Value blockColumn) {
  Value thread = code.thread();
  // Warps side by side, lanes within them.
  Value warp = code.div(thread, kWarp), lane = code.rem(thread, kWarp);
  int64_t warpRows = ContractionTile::laneRows * tile.threadRows;
  int64_t warpColumns = ContractionTile::laneColumns * tile.threadColumns;
  int64_t warpsAcross = tile.columns / warpColumns;
  rowInTile = code.add(
      code.mul(code.div(warp, warpsAcross), warpRows),
      code.mul(code.div(lane, ContractionTile::laneColumns), lanes));
  columnInTile = code.add(
      code.mul(code.rem(warp, warpsAcross), warpColumns),
      code.mul(code.rem(lane, ContractionTile::laneColumns), lanes));

  Panel lhs(product, frame, left, thread, blockRow, frame.workgroup[0]);
  Panel rhs(product, frame, right, thread, blockColumn, frame.workgroup[1]);
  Value zero = product.zero(code);
  if (width > 1)
    zero = vector::BroadcastOp::create(
        b, VectorType::get(width, product.compute), zero);
  Values sums(tile.threadRows * tile.threadColumns / width, zero);

  Value extent = product.extent(frame, Product::Inner);
  Value none = code.index(0);
  code.when(code.less(none, extent), [&] {
    lhs.put(lhs.fetch(none), none);
    rhs.put(rhs.fetch(none), none);
  });
  code.barrier();
  Value end = code.div(code.add(extent, tile.inner - 1), tile.inner);
  sums = code.loop(
      none, end, code.index(1), sums, [&](Value step, ValueRange carried) {
        Value from = code.mul(step, tile.inner);
        Value next = code.add(from, tile.inner);
        Values nextLhs = lhs.fetch(next), nextRhs = rhs.fetch(next);
        Value half = code.rem(step, 2);
        Value other = code.sub(code.index(1), half);
        readLeft = code.add(code.mul(half, left.elements()), rowInTile);
        readRight = code.add(code.mul(half, right.elements()), columnInTile);
        Values result = multiplySteps(from, carried);
        lhs.put(nextLhs, code.mul(other, left.elements()));
        rhs.put(nextRhs, code.mul(other, right.elements()));
        code.barrier();
        return result;
      });
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
        memref::StoreOp::create(
            b, value, out, code.add(position, code.mul(step, lane)));
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
    Value row = code.add(firstRow, r / lanes * ContractionTile::laneRows * lanes +
                                       r % lanes);
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

void TileKernel::run() {
  product.forBatches(frame, [&] {
    computeTile(code.blockX(), code.blockY());
  });
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
    spec.workgroup.push_back(MemRefType::get({2 * panel.elements()},
                                             product.stored,
                                             MemRefLayoutAttrInterface(), space));
  spec.gridX = offload.ceilDiv(product.hostExtent(Product::Rows), tile.rows);
  spec.gridY =
      offload.ceilDiv(product.hostExtent(Product::Columns), tile.columns);
  spec.gridZ = product.hostBatch();
  product.allowSplit(Product::Rows, tile.rows);
  return offload.launch(spec, [&](ImplicitLocOpBuilder &b, ValueRange buffers,
                                  ValueRange scalars, ValueRange workgroup) {
    KernelCode code(b);
    Product::Frame frame{code, buffers, scalars, workgroup};
    TileKernel(product, tile, left, right, frame).run();
  });
}
