//===- Elementwise.cpp - kernels of maps, transposes and conversions ------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One kernel for a whole chain. Its form depends on how entries are found:
//
//   flat   every tensor has the result's shape and order, or one entry: one
//          index
//   rows   some broadcast, or dimensions change places but the last stays: rows
//          of columns that run along
//   tiles  the last dimension moves: square tiles through shared memory, so
//          that reads and writes both run along memory
//
//===----------------------------------------------------------------------===//
#include "RowKernels.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::noodle;

namespace {

/// Accesses that a thread has in flight where the arithmetic is light. A guess:
/// two of 16 bytes at full occupancy hide the latency of any chip's memory.
constexpr int64_t kUnroll = 2;
/// Ops in a chain above which the accesses of one thread are not unrolled.
constexpr unsigned kLightOps = 16;
constexpr int64_t kThreads = 256;
/// Accesses of a thread along a row before the grid's y takes over.
constexpr int64_t kRowAccesses = 4;
/// A transposed tile's edge; a line of it is padded by one to spread banks.
constexpr int64_t kTile = 32;

class Elementwise {
public:
  explicit Elementwise(Offload &offload)
      : offload(offload), root(offload.cluster.root),
        result(offload.cluster.resultType()), rank(result.getRank()) {
    if (!isa<MapOp>(root))
      spec.inputs.push_back(source = root->getOperand(0));
    findExtents();
    epilogue.emplace(offload, spec, /*withRoot=*/isa<MapOp>(root));
    spec.kind = "elementwise";
    spec.threads = kThreads;
    findLanes();
  }

  LaunchOp run() {
    permutation = llvm::to_vector(llvm::seq<int64_t>(0, rank));
    if (auto transpose = dyn_cast<TransposeOp>(root))
      permutation = llvm::to_vector(transpose.getPermutation());
    findColumns();
    if (columnsFrom == 0)
      return flat();
    if (!source || permutation.back() == rank - 1)
      return rows();
    return tiles();
  }

private:
  using Values = KernelCode::Values;
  using Operand = Epilogue::Operand;

  void findExtents();
  void findLanes();
  void findColumns();
  LaunchOp flat();
  LaunchOp rows();
  LaunchOp tiles();

  bool alongColumns(const Operand &operand) const {
    for (int64_t d = columnsFrom; d < rank; ++d)
      if (result.getDimSize(d) != 1)
        return !operand.broadcast[d];
    return true;
  }

  /// What the chain makes of a loaded entry of the source (null for a map).
  Value compute(KernelCode &code, Value entry, ValueRange scalars,
                llvm::function_ref<Value(const Operand &)> other) {
    if (isa<ConvertOp>(root))
      entry = convertElement(code.b, code.b.getLoc(), entry,
                             getElementTypeOrSelf(root->getResult(0)));
    return epilogue->apply(code.b, entry, scalars, other);
  }
  std::string text(StringRef form) const {
    std::string text =
        isa<MapOp>(root) && !offload.cluster.maps.empty()
            ? std::to_string(offload.cluster.maps.size() + 1) + " maps"
            : root->getName().stripDialect().str() + mapsText(offload.cluster);
    return text + " " + typeText(result.getElementType()) + ", " + form.str();
  }

  Offload &offload;
  Operation *root;
  RankedTensorType result;
  int64_t rank;
  KernelSpec spec;
  Value source; ///< of a transpose or a conversion
  std::optional<Epilogue> epilogue;
  SmallVector<int64_t> permutation;
  int64_t lanes = 1;
  /// The first of the dimensions that make a row's columns: none of them
  /// changes its place, each tensor has all or none. 0: one index does.
  int64_t columnsFrom = 0;
};

} // namespace

void Elementwise::findExtents() {
  for (int64_t d = 0; d < rank; ++d) {
    Value extent;
    if (!result.isDynamicDim(d)) {
      extent = offload.index(result.getDimSize(d));
    } else if (auto transpose = dyn_cast<TransposeOp>(root)) {
      extent = offload.dim(source, transpose.getPermutation()[d]);
    } else if (source) {
      extent = offload.dim(source, d);
    } else {
      for (Value input : root->getOperands())
        if (auto type = dyn_cast<RankedTensorType>(input.getType());
            type && type.getDimSize(d) != 1) {
          extent = offload.dim(input, d);
          break;
        }
      // Only static 1s met a dynamic dimension.
      if (!extent)
        extent = offload.index(1);
    }
    spec.extents.push_back(extent);
  }
}

void Elementwise::findLanes() {
  SmallVector<Type> elements{result.getElementType()};
  if (source)
    elements.push_back(getElementTypeOrSelf(source));
  for (const Operand *operand : epilogue->tensors())
    elements.push_back(operand->type);
  lanes = accessLanes(elements);
}

void Elementwise::findColumns() {
  columnsFrom = rank;
  auto joins = [&](int64_t d) {
    if (permutation[d] != d)
      return false;
    for (const Operand *operand : epilogue->tensors())
      for (int64_t later = d + 1; later < rank; ++later) {
        if (result.getDimSize(d) == 1 || result.getDimSize(later) == 1)
          continue;
        if (operand->broadcast[d] != operand->broadcast[later])
          return false;
      }
    return true;
  };
  while (columnsFrom > 0 && joins(columnsFrom - 1))
    --columnsFrom;
}

//===----------------------------------------------------------------------===//
// One index
//===----------------------------------------------------------------------===//

LaunchOp Elementwise::flat() {
  bool light = !epilogue->hasMath() && epilogue->operations() <= kLightOps;
  int64_t unroll = light ? kUnroll : 1;
  int64_t tile = kThreads * lanes * unroll;
  Value size = offload.product(spec.extents);
  spec.text = text("flat");
  spec.gridX = gridExtent(offload, offload.ceilDiv(size, tile));
  spec.splitScalar = spec.scalars.size();
  spec.splitRows = tile;
  spec.cuts.assign(source ? 1 : 0, 1);
  for (const Operand *operand : epilogue->tensors())
    spec.cuts.push_back(alongColumns(*operand));
  spec.cuts.push_back(1);
  spec.scalars.push_back(offload.scalar(size));
  return offload.launch(spec, [&](ImplicitLocOpBuilder &b, ValueRange buffers,
                                  ValueRange scalars, ValueRange) {
    KernelCode code(b);
    Value count = unpackScalar(b, scalars[spec.splitScalar], b.getIndexType());
    Value base = code.mul(code.blockX(), tile), thread = code.thread();
    // Loads of all, then what is made of them.
    auto entries = [&](ArrayRef<Value> at, int64_t lanes) {
      SmallVector<SmallVector<Values>> loaded; // by access, then buffer
      for (Value position : at) {
        SmallVector<Values> entry(spec.inputs.size());
        if (source)
          entry[0] = code.load(buffers[0], position, lanes);
        for (const Operand *operand : epilogue->tensors()) {
          Value buffer = buffers[operand->number];
          entry[operand->number] =
              alongColumns(*operand)
                  ? code.load(buffer, position, lanes)
                  : Values(lanes, code.load(buffer, code.index(0)));
        }
        loaded.push_back(entry);
      }
      for (auto [position, entry] : llvm::zip(at, loaded)) {
        Values made;
        for (int64_t lane = 0; lane < lanes; ++lane)
          made.push_back(compute(code, source ? entry[0][lane] : Value(),
                                 scalars, [&](const Operand &operand) {
                                   return entry[operand.number][lane];
                                 }));
        code.store(made, buffers.back(), position);
      }
    };
    code.when(
        code.less(code.add(base, tile - 1), count),
        [&] {
          SmallVector<Value> at;
          for (int64_t k = 0; k < unroll; ++k)
            at.push_back(code.add(
                base, code.mul(code.add(thread, k * kThreads), lanes)));
          entries(at, lanes);
        },
        [&] {
          Value end = code.min(count, code.add(base, tile));
          code.loop(code.add(base, thread), end, code.index(kThreads),
                    [&](Value at) { entries({at}, 1); });
        });
  });
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

LaunchOp Elementwise::rows() {
  ArrayRef<Value> extents = spec.extents;
  Value rowCount = offload.product(extents.take_front(columnsFrom));
  Value columnCount = offload.product(extents.drop_front(columnsFrom));
  KernelNumber columns(offload, spec, columnCount);
  RowTensors tensors(offload, spec, *epilogue, columnsFrom);
  // A transpose finds its source's row by the indices of the result's.
  bool moves = false;
  for (int64_t d = 0; d < columnsFrom; ++d)
    moves |= permutation[d] != d;
  SmallVector<KernelNumber> rowExtents;
  if (moves)
    for (Value extent : extents.take_front(columnsFrom))
      rowExtents.emplace_back(offload, spec, extent);
  // Threads of a row: a warp, or as few as its columns keep busy.
  int64_t known = columns.fixed, group = kWarp;
  if (!ShapedType::isDynamic(known)) {
    int64_t accesses = known % lanes ? known : known / lanes;
    group = std::min<int64_t>(
        kWarp, llvm::PowerOf2Ceil(std::max<int64_t>(accesses, 1)));
  }
  int64_t blockRows = kThreads / group;
  spec.text = text("rows");
  spec.gridX = gridExtent(offload, offload.ceilDiv(rowCount, blockRows));
  spec.gridY = gridExtent(
      offload, offload.ceilDiv(columnCount, group * lanes * kRowAccesses),
      kGridLimit);
  unsigned rowsAt = spec.scalars.size();
  spec.scalars.push_back(offload.scalar(rowCount));
  if (source)
    spec.cuts.push_back(1);
  if (tensors.appendCuts(spec.cuts) && !moves) {
    spec.cuts.push_back(1);
    spec.splitScalar = rowsAt;
    spec.splitRows = blockRows;
  }
  return offload.launch(spec, [&](ImplicitLocOpBuilder &b, ValueRange buffers,
                                  ValueRange scalars, ValueRange) {
    KernelCode code(b);
    Value count = unpackScalar(b, scalars[rowsAt], b.getIndexType());
    Value width = columns.get(code, scalars);
    Value thread = code.thread();
    Value lane = code.rem(thread, group);
    Value row =
        code.add(code.mul(code.blockX(), blockRows), code.div(thread, group));
    code.when(code.less(row, count), [&] {
      Value from = row;
      if (moves) {
        SmallVector<Value> sizes;
        for (const KernelNumber &extent : rowExtents)
          sizes.push_back(extent.get(code, scalars));
        SmallVector<Value> indices = delinearize(code, row, sizes);
        SmallVector<Value> index(columnsFrom), size(columnsFrom);
        for (int64_t d = 0; d < columnsFrom; ++d) {
          index[permutation[d]] = indices[d];
          size[permutation[d]] = sizes[d];
        }
        from = linearIndex(b, index, size);
      }
      from = code.mul(from, width);
      RowTensors::Row beside = tensors.at(code, row, width, buffers, scalars);
      Value out = code.mul(row, width);
      auto run = [&](int64_t lanes) {
        Value first = code.add(code.mul(code.blockY(), group), lane);
        code.loop(code.mul(first, lanes), width,
                  code.mul(code.gridY(), group * lanes), [&](Value column) {
                    RowTensors::Row row = beside;
                    tensors.load(code, row, column, lanes, buffers);
                    Values made(lanes);
                    if (source)
                      made =
                          code.load(buffers[0], code.add(from, column), lanes);
                    for (auto [lane, value] : llvm::enumerate(made))
                      value = compute(
                          code, value, scalars, [&](const Operand &operand) {
                            return RowTensors::entry(row, operand, lane);
                          });
                    code.store(made, buffers.back(), code.add(out, column));
                  });
      };
      code.when(
          code.equal(code.rem(width, lanes), code.index(0)),
          [&] { run(lanes); }, [&] { run(1); });
    });
  });
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

LaunchOp Elementwise::tiles() {
  // The result's last dimension is a tile's columns; its rows are the dimension
  // that is the source's last.
  int64_t last = rank - 1;
  int64_t turned = llvm::find(permutation, last) - permutation.begin();
  SmallVector<KernelNumber> extents;
  for (Value extent : spec.extents)
    extents.emplace_back(offload, spec, extent);
  Value blocks = offload.index(1);
  for (auto [d, extent] : llvm::enumerate(spec.extents)) {
    bool tiled = int64_t(d) == last || int64_t(d) == turned;
    blocks = offload.product(
        {blocks, tiled ? offload.ceilDiv(extent, kTile) : extent});
  }
  spec.text =
      text("tiles " + std::to_string(kTile) + "x" + std::to_string(kTile));
  spec.gridX = gridExtent(offload, blocks);
  Type element = getElementTypeOrSelf(source), i8 = offload.host.getI8Type();
  // A byte for i1, in shared memory as elsewhere.
  bool boolean = element.isInteger(1);
  spec.workgroup.push_back(
      sharedBuffer(kTile * (kTile + 1), boolean ? i8 : element));
  return offload.launch(spec, [&](ImplicitLocOpBuilder &b, ValueRange buffers,
                                  ValueRange scalars, ValueRange workgroup) {
    KernelCode code(b);
    SmallVector<Value> extent;
    for (const KernelNumber &number : extents)
      extent.push_back(number.get(code, scalars));
    // The block's tile. Blocks of an empty result, of which there is one, find
    // every position outside.
    auto tilesOf = [&](Value extent) {
      return code.div(code.add(extent, kTile - 1), kTile);
    };
    SmallVector<Value> index(rank);
    Value rest = code.blockX();
    Value one = code.index(1);
    auto next = [&](Value count) {
      Value safe = b.createOrFold<arith::MaxUIOp>(count, one);
      Value at = code.rem(rest, safe);
      rest = code.div(rest, safe);
      return at;
    };
    Value column = code.mul(next(tilesOf(extent[last])), kTile);
    Value line = code.mul(next(tilesOf(extent[turned])), kTile);
    Value inside = arith::ConstantIntOp::create(b, b.getI1Type(), 1);
    for (int64_t d = last; d-- > 0;)
      if (d != turned) {
        index[d] = next(extent[d]);
        inside = code.both(inside, code.less(index[d], extent[d]));
      }
    Value thread = code.thread();
    Value x = code.rem(thread, kTile), y = code.div(thread, kTile);
    Value tile = workgroup[0];
    // In the tile a line runs along the source's last dimension.
    auto at = [&](Value line, Value column) {
      return code.add(code.mul(line, kTile + 1), column);
    };
    for (int64_t k = 0; k < kTile; k += kThreads / kTile) {
      Value far = code.add(y, k);
      index[last] = code.add(column, far);
      index[turned] = code.add(line, x);
      Value valid = code.both(
          inside, code.both(code.less(index[last], extent[last]),
                            code.less(index[turned], extent[turned])));
      code.when(valid, [&] {
        SmallVector<Value> from(rank), of(rank);
        for (int64_t d = 0; d < rank; ++d) {
          from[permutation[d]] = index[d];
          of[permutation[d]] = extent[d];
        }
        Value entry = code.load(buffers[0], linearIndex(b, from, of));
        if (boolean)
          entry = arith::ExtUIOp::create(b, i8, entry);
        code.store(entry, tile, at(far, x));
      });
    }
    code.barrier();
    for (int64_t k = 0; k < kTile; k += kThreads / kTile) {
      Value far = code.add(y, k);
      index[last] = code.add(column, x);
      index[turned] = code.add(line, far);
      Value valid = code.both(
          inside, code.both(code.less(index[last], extent[last]),
                            code.less(index[turned], extent[turned])));
      code.when(valid, [&] {
        Value entry = code.load(tile, at(x, far));
        if (boolean)
          entry = arith::TruncIOp::create(b, b.getI1Type(), entry);
        Value made = compute(code, entry, scalars, [&](const Operand &operand) {
          return code.load(buffers[operand.number],
                           epilogue->position(b, operand, index, scalars));
        });
        code.store(made, buffers.back(), linearIndex(b, index, extent));
      });
    }
  });
}

LaunchOp noodle::emitElementwise(Offload &offload) {
  return Elementwise(offload).run();
}
