//===- RowProducts.cpp - a sparse matrix times something dense ------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Fused contractions whose lhs holds one matrix in CSR order, over whose
// columns is summed: y = A x and Y = A X over any semiring, with whatever is
// fused to them.
//
// Rows and stored entries are one path, a row's entries followed by its end
// (merge-path: Merrill and Garland, SC16), which is cut into chunks of equal
// length, as many as 64 workers share evenly. So a chunk costs the same whether
// its rows are short or one row fills many chunks. What a chunk has summed of a
// row it does not finish is carried to the next one by a short serial loop at
// the end. Chunks do not depend on the number of threads, and so neither do the
// bits of the result.
//
//===----------------------------------------------------------------------===//
#include "RowProducts.h"
#include "../Tiling/ContractionLoops.h"
#include "../VectorBody.h"
#include "BlockProducts.h"

#include "noodle/Dialect/Semiring.h"
#include "noodle/Transforms/Passes.h"
#include "noodle/Transforms/SparsePartition.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SparseTensor/IR/SparseTensor.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLEEMITROWPRODUCTSPASS
#include "noodle/Transforms/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;
using namespace mlir::noodle;

/// Vectors of a block of columns: with the operand's vector these stay in
/// registers on every level.
static constexpr int64_t kBlockVectors = 4;
/// Sums of a row for results of one column: a single one waits for each of its
/// additions. Over 15 matrices of 4 to 42 entries a row four take 0.75 of one's
/// time, eight 0.80, gathers of eight, masked at a row's end, 1.2 (Zen 4).
static constexpr int64_t kSums = 4;
/// Entries that are asked for ahead of their use, and the number from which
/// on that pays: matrices of 19 and 38 MB take 0.74 and 0.78 of the time, those
/// in the caches 1.08 (Zen 4, 32 MB).
static constexpr int64_t kAhead = 64, kLarge = 700'000;

//===----------------------------------------------------------------------===//
// Form
//===----------------------------------------------------------------------===//

std::optional<RowForm> noodle::rowForm(FusedContractOp op) {
  RowForm form;
  SmallVector<Value> shaped = op.getShaped();
  unsigned found = shaped.size();
  for (auto [k, value] : llvm::enumerate(shaped)) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    if (!type)
      return std::nullopt;
    if (!type.getEncoding())
      continue;
    if (found != shaped.size() || k >= op.getLhs().size())
      return std::nullopt;
    found = k;
  }
  if (found == shaped.size())
    return std::nullopt;
  form.sparse = found;
  auto type = cast<RankedTensorType>(shaped[found].getType());
  FailureOr<SparseFormat> format = getSparseFormat(type);
  AffineMap map = op.getMap(found);
  if (failed(format) || *format != SparseFormat::CSR ||
      !map.isProjectedPermutation() || map.getNumResults() != 2)
    return std::nullopt;
  form.row = map.getDimPosition(0);
  form.column = map.getDimPosition(1);
  if (op.isSum(form.row) || !op.isSum(form.column))
    return std::nullopt;
  // Nothing adds what out held.
  if (op.getAccumulate() && op.getSemiring().getKind() == SemiringKind::User)
    return std::nullopt;
  for (unsigned loop = 0; loop < op.getNumLoops(); ++loop) {
    if (loop == form.row || loop == form.column)
      continue;
    if (form.wide || op.isSum(loop))
      return std::nullopt;
    form.wide = loop;
  }
  if (!form.wide)
    return form;
  // Vectors along the result's columns need them adjacent wherever they are.
  form.adjacent = true;
  for (unsigned k = 0; k < shaped.size(); ++k) {
    AffineMap other = op.getMap(k);
    for (unsigned d = 0; d < other.getNumResults(); ++d)
      if (other.getResult(d).isFunctionOfDim(*form.wide))
        form.adjacent &= d + 1 == other.getNumResults();
  }
  return form;
}

//===----------------------------------------------------------------------===//
// Emission
//===----------------------------------------------------------------------===//

namespace {

class RowProduct {
public:
  RowProduct(FusedContractOp op, const RowForm &form, int64_t vectorBytes)
      : op(op), form(form), b(op), vectorBytes(vectorBytes) {}

  void run();

private:
  using Sums = SmallVector<Value>;
  /// Columns from `first` on: `vectors` vectors of `lanes`, the last of them
  /// under `mask`.
  struct Block {
    Value first;
    int64_t vectors = 1, lanes = 1;
    Value mask;
  };

  void readOperands();
  Value ownBuffer();
  void findBounds();
  void chunks();
  void splitRows(Value t, Value r0, Value o0, Value r1, Value o1);
  void fixUp();
  /// Calls `body` for blocks that cover all columns of the result.
  void blocks(llvm::function_ref<void(const Block &)> body);

  Value load(unsigned operand, Value row, Value column, const Block &block,
             int64_t vector);
  void store(Value buffer, ArrayRef<Value> at, Value value, const Block &block,
             int64_t vector);
  Value index(Value buffer, Value at);
  Value apply(Region &region, ArrayRef<Value> elements, const Block &block) {
    SmallVector<Value> arguments(elements);
    if (&region != &op.getCombine())
      llvm::append_range(arguments, op.getScalars());
    return cloneWide(b, b.getLoc(), region, arguments, block.lanes);
  }

  Sums addEntry(Value row, Value p, ValueRange sums, const Block &block,
                int64_t lanes);
  bool entriesAreLanes();
  /// The sums of a row's entries [from, to).
  Sums sum(Value row, Value from, Value to, const Block &block);
  Value step(Value left, Value right, Value sum, const Block &block);
  /// Adds to what the sums start from, applies the epilogue, stores.
  void finish(Value row, Sums sums, const Block &block);
  /// Sums of part `number` of the rows that chunks share.
  Sums part(Value number, const Block &block);
  void setPart(Value number, ArrayRef<Value> sums, const Block &block);

  Type sumType() { return op.getSumType(); }
  Type elementOf(unsigned operand) {
    return getElementTypeOrSelf(op.getShaped()[operand].getType());
  }
  Value less(Value x, Value y) {
    return arith::CmpIOp::create(b, arith::CmpIPredicate::ult, x, y);
  }
  Value select(Value condition, Value x, Value y) {
    return arith::SelectOp::create(b, condition, x, y);
  }

  FusedContractOp op;
  RowForm form;
  IndexBuilder b;
  int64_t vectorBytes;
  SmallVector<Value> buffers; ///< of dense operands
  Value positions, coordinates, values;
  unsigned out = 0, firstExtra = 0;
  Value rows, columns, path, chunk, count;
  Value isLarge; ///< beyond caches, where entries are asked for beforehand
  /// Per chunk, and once more at the end: its first row, and how many of that
  /// row's entries earlier chunks have summed.
  Value rowAt, offsetAt;
  /// Two per chunk: the end of a row begun before, the start of one that goes
  /// on. Null where chunks end with rows.
  Value parts;
  std::optional<Semiring> semiring; ///< adds parts
};

} // namespace

/// Whether the body is sum + x * y over floats.
static bool isFloatProductSum(Region &combine) {
  Block &body = combine.front();
  auto add = body.getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  if (!add)
    return false;
  Value sum = body.getArgument(2);
  Value other = add.getLhs() == sum ? add.getRhs() : add.getLhs();
  auto product = other.getDefiningOp<arith::MulFOp>();
  auto factors = [&](Value x, Value y) {
    return product.getLhs() == x && product.getRhs() == y;
  };
  Value x = body.getArgument(0), y = body.getArgument(1);
  return llvm::is_contained(add->getOperands(), sum) && product &&
         (factors(x, y) || factors(y, x));
}

Value RowProduct::index(Value buffer, Value at) {
  Value loaded = memref::LoadOp::create(b, buffer, at);
  if (!loaded.getType().isInteger())
    return loaded;
  // Positions and coordinates are not negative.
  return arith::IndexCastUIOp::create(b, b.getIndexType(), loaded);
}

/// Memory for the result that nothing else uses.
Value RowProduct::ownBuffer() {
  Value init = op.getOut();
  auto type = cast<RankedTensorType>(init.getType());
  SmallVector<Value> extents;
  if (!op.getAccumulate())
    for (int64_t d = 0; d < type.getRank(); ++d)
      if (type.isDynamicDim(d))
        extents.push_back(b.createOrFold<tensor::DimOp>(init, d));
  return bufferization::AllocTensorOp::create(
      b, type, extents, op.getAccumulate() ? init : Value());
}

void RowProduct::readOperands() {
  SmallVector<Value> shaped = op.getShaped();
  out = shaped.size() - 1;
  firstExtra = op.getLhs().size() + op.getRhs().size();
  Value matrix = shaped[form.sparse];
  positions = sparse_tensor::ToPositionsOp::create(b, matrix, 1);
  coordinates = sparse_tensor::ToCoordinatesOp::create(b, matrix, 1);
  values = sparse_tensor::ToValuesOp::create(b, matrix);
  rows = b.createOrFold<tensor::DimOp>(matrix, 0);
  for (auto [k, value] : llvm::enumerate(shaped)) {
    if (k == form.sparse) {
      buffers.push_back(Value());
      continue;
    }
    auto type = cast<RankedTensorType>(value.getType());
    Value tensor = k == out ? ownBuffer() : value;
    buffers.push_back(bufferization::ToBufferOp::create(
        b, MemRefType::get(type.getShape(), type.getElementType()), tensor,
        /*read_only=*/k != out));
  }
  if (form.wide) {
    auto [k, d] = op.getExtentSource(*form.wide);
    columns = b.createOrFold<memref::DimOp>(buffers[k], d);
  }
  if (op.getSemiring().getKind() != SemiringKind::User) {
    FailureOr<Semiring> known = Semiring::resolve(
        op.getSemiring(), sumType(), op, [&] { return op.emitOpError(); });
    if (succeeded(known))
      semiring = *known;
  }
}

//===----------------------------------------------------------------------===//
// Chunks
//===----------------------------------------------------------------------===//

/// Where each chunk begins: the last row whose entries begin at or before it on
/// the path, and the entries of that row before it.
void RowProduct::findBounds() {
  Value entries = index(positions, rows);
  path = b.add(rows, entries);
  isLarge = less(b.at(kLarge), entries);
  Value longest = b.at(partition::kChunk);
  if (form.wide) {
    // An eighth of the columns, or one.
    Value each = arith::MaxUIOp::create(
        b, arith::ShRUIOp::create(b, columns, b.at(3)), b.at(1));
    longest =
        arith::MaxUIOp::create(b, arith::DivUIOp::create(b, longest, each),
                               b.at(partition::kWideChunk));
  }
  Value rounds = b.max(
      b.at(1),
      arith::CeilDivUIOp::create(b, path, b.mul(longest, partition::kParts)));
  chunk = b.max(
      arith::CeilDivUIOp::create(b, path, b.mul(rounds, partition::kParts)),
      b.at(partition::kLeastChunk));
  Value most = arith::SubIOp::create(b, b.add(path, chunk), b.at(1));
  count = arith::DivUIOp::create(b, most, chunk);
  auto bounds = MemRefType::get({ShapedType::kDynamic}, b.getIndexType());
  Value size = b.add(count, 1);
  rowAt = memref::AllocOp::create(b, bounds, size);
  offsetAt = memref::AllocOp::create(b, bounds, size);
  // Bounds are searched for side by side, a bit of the row after another: none
  // waits for another's loads.
  auto place = [&](Value t) { return b.min(b.mul(t, chunk), path); };
  b.loop(b.at(0), size, 1,
         [&](Value t) { memref::StoreOp::create(b, b.at(0), rowAt, t); });
  Type word = b.getI64Type();
  Value bits = arith::SubIOp::create(
      b, arith::ConstantIntOp::create(b, 64, 64),
      math::CountLeadingZerosOp::create(
          b, arith::IndexCastUIOp::create(b, word, rows)));
  bits = arith::IndexCastUIOp::create(b, b.getIndexType(), bits);
  Value above = arith::ShLIOp::create(b, b.at(1), bits);
  b.loop(b.at(0), bits, 1, ValueRange{above}, [&](Value, ValueRange carried) {
    Value step = arith::ShRUIOp::create(b, carried[0], b.at(1));
    b.loop(b.at(0), size, 1, [&](Value t) {
      Value row = memref::LoadOp::create(b, rowAt, t);
      Value next = b.add(row, step), probe = b.min(next, rows);
      Value begins = b.add(index(positions, probe), next);
      // Behind the last row the path ends, and next counts more.
      Value beyond = less(place(t), begins);
      Value taken = select(beyond, row, next);
      memref::StoreOp::create(b, taken, rowAt, t);
    });
    return SmallVector<Value>{step};
  });
  b.loop(b.at(0), size, 1, [&](Value t) {
    Value row = memref::LoadOp::create(b, rowAt, t);
    Value offset = b.sub(place(t), b.add(index(positions, row), row));
    if (!semiring) {
      // Nothing adds parts of a row: it belongs to the chunk it begins in.
      Value inside = less(b.at(0), offset);
      row = b.add(row, select(inside, b.at(1), b.at(0)));
      offset = b.at(0);
    } else {
      // Nor is a short row cut: handing its parts on costs more.
      Value length = b.sub(index(positions, b.min(b.add(row, 1), rows)),
                           index(positions, row));
      Value whole = arith::AndIOp::create(
          b, less(b.at(0), offset),
          less(b.mul(length, partition::kRowShare), chunk));
      row = b.add(row, select(whole, b.at(1), b.at(0)));
      offset = select(whole, b.at(0), offset);
    }
    memref::StoreOp::create(b, row, rowAt, t);
    memref::StoreOp::create(b, offset, offsetAt, t);
  });
  if (!semiring)
    return;
  SmallVector<int64_t> shape(form.wide ? 2 : 1, ShapedType::kDynamic);
  SmallVector<Value> sizes{b.mul(count, 2)};
  if (form.wide)
    sizes.push_back(columns);
  parts = memref::AllocOp::create(b, MemRefType::get(shape, sumType()), sizes);
}

void RowProduct::chunks() {
  auto loop = scf::ParallelOp::create(b, ValueRange{b.at(0)}, ValueRange{count},
                                      ValueRange{b.at(1)});
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  PollOp::create(b);
  loop->setAttr("noodle.chunked", b.getUnitAttr());
  Value t = loop.getInductionVars().front(), next = b.add(t, 1);
  Value r0 = index(rowAt, t), r1 = index(rowAt, next);
  Value first = r0;
  if (semiring) {
    Value o0 = index(offsetAt, t), o1 = index(offsetAt, next);
    splitRows(t, r0, o0, r1, o1);
    first = b.add(r0, select(less(b.at(0), o0), b.at(1), b.at(0)));
  }
  // Where a chunk lies within one row, first may be beyond r1.
  Value from = index(positions, b.min(first, rows));
  b.loop(first, r1, 1, ValueRange{from}, [&](Value row, ValueRange carried) {
    Value to = index(positions, b.add(row, 1));
    blocks([&](const Block &block) {
      finish(row, sum(row, carried[0], to, block), block);
    });
    return SmallVector<Value>{to};
  });
}

/// The end of a row that began before this chunk, the start of one that goes on
/// behind it.
void RowProduct::splitRows(Value t, Value r0, Value o0, Value r1, Value o1) {
  b.loop(b.at(0), b.at(2), 1, [&](Value which) {
    Value start =
        arith::CmpIOp::create(b, arith::CmpIPredicate::ne, which, b.at(0));
    Value ends = arith::AndIOp::create(b, less(b.at(0), o0), less(r0, r1));
    Value active = select(start, less(b.at(0), o1), ends);
    b.when(active, [&] {
      Value row = select(start, r1, r0);
      Value begin = index(positions, row);
      // What earlier chunks have summed of the row.
      Value before = select(less(r0, row), b.at(0), o0);
      Value from = b.add(begin, before);
      // The row behind the last one has no end.
      Value next = b.min(b.add(row, 1), rows);
      Value to = select(start, b.add(begin, o1), index(positions, next));
      Value number = b.add(b.mul(t, 2), which);
      blocks([&](const Block &block) {
        setPart(number, sum(row, from, to, block), block);
      });
    });
  });
}

/// Hands what chunks began from one to the next, and finishes those rows.
void RowProduct::fixUp() {
  b.loop(b.at(1), count, 1, [&](Value t) {
    Value shared = less(b.at(0), index(offsetAt, t));
    b.when(shared, [&] {
      Value row = index(rowAt, t), end = index(rowAt, b.add(t, 1));
      Value ends = less(row, end);
      Value before = b.sub(b.mul(t, 2), b.at(1));
      Value number = b.add(b.mul(t, 2), select(ends, b.at(0), b.at(1)));
      blocks([&](const Block &block) {
        Sums sums;
        for (auto [x, y] : llvm::zip(part(before, block), part(number, block)))
          sums.push_back(semiring->add(b, b.getLoc(), x, y));
        setPart(number, sums, block);
        b.when(ends, [&] { finish(row, sums, block); });
      });
    });
  });
}

//===----------------------------------------------------------------------===//
// Columns
//===----------------------------------------------------------------------===//

void RowProduct::blocks(llvm::function_ref<void(const Block &)> body) {
  if (!form.wide)
    return body({});
  int64_t bits = 8;
  bool vectors = form.adjacent;
  for (unsigned k = 0; k <= out; ++k) {
    Type element = elementOf(k);
    vectors &= element.isIntOrFloat() && !element.isInteger(1);
    if (vectors)
      bits = std::max<int64_t>(bits, element.getIntOrFloatBitWidth());
  }
  int64_t lanes = vectors ? vectorBytes * 8 / bits : 1;
  if (lanes < 2)
    return b.loop(b.at(0), columns, 1,
                  [&](Value k) { body({k, 1, 1, Value()}); });
  auto mask = [&](Value from) {
    return vector::CreateMaskOp::create(b,
                                        VectorType::get({lanes}, b.getI1Type()),
                                        ValueRange{b.sub(columns, from)});
  };
  int64_t wide = kBlockVectors * lanes;
  if (std::optional<int64_t> all = known(columns); all && *all <= 2 * wide) {
    int64_t whole = *all / lanes * lanes;
    Block block{b.at(0), int64_t(llvm::divideCeil(*all, lanes)), lanes,
                Value()};
    if (whole != *all)
      block.mask = mask(b.at(whole));
    return body(block);
  }
  Value end = b.wholeSteps(b.at(0), columns, wide);
  b.loop(b.at(0), end, wide,
         [&](Value k) { body({k, kBlockVectors, lanes, Value()}); });
  b.loop(end, columns, lanes, [&](Value k) { body({k, 1, lanes, mask(k)}); });
}

Value RowProduct::load(unsigned operand, Value row, Value column,
                       const Block &block, int64_t vector) {
  SmallVector<Value> at;
  bool wide = false;
  for (AffineExpr expr : op.getMap(operand).getResults()) {
    if (expr.isFunctionOfDim(form.row)) {
      at.push_back(row);
    } else if (expr.isFunctionOfDim(form.column)) {
      at.push_back(column);
    } else if (form.wide && expr.isFunctionOfDim(*form.wide)) {
      at.push_back(b.add(block.first, vector * block.lanes));
      wide = true;
    } else {
      at.push_back(b.at(0));
    }
  }
  Value buffer = buffers[operand];
  if (!wide || block.lanes == 1)
    return memref::LoadOp::create(b, buffer, at);
  auto type = VectorType::get({block.lanes}, elementOf(operand));
  if (!block.mask || vector + 1 != block.vectors)
    return vector::LoadOp::create(b, type, buffer, at);
  Value none = arith::ConstantOp::create(b, type, b.getZeroAttr(type));
  return vector::MaskedLoadOp::create(b, type, buffer, at, block.mask, none);
}

void RowProduct::store(Value buffer, ArrayRef<Value> at, Value value,
                       const Block &block, int64_t vector) {
  if (block.lanes == 1)
    memref::StoreOp::create(b, value, buffer, at);
  else if (!block.mask || vector + 1 != block.vectors)
    vector::StoreOp::create(b, value, buffer, at);
  else
    vector::MaskedStoreOp::create(b, buffer, at, block.mask, value);
}

RowProduct::Sums RowProduct::part(Value number, const Block &block) {
  Sums sums;
  for (int64_t v = 0; v < block.vectors; ++v) {
    SmallVector<Value> at{number};
    if (form.wide)
      at.push_back(b.add(block.first, v * block.lanes));
    if (block.lanes == 1) {
      sums.push_back(memref::LoadOp::create(b, parts, at));
      continue;
    }
    auto type = VectorType::get({block.lanes}, sumType());
    Value none = arith::ConstantOp::create(b, type, b.getZeroAttr(type));
    if (block.mask && v + 1 == block.vectors)
      sums.push_back(
          vector::MaskedLoadOp::create(b, type, parts, at, block.mask, none));
    else
      sums.push_back(vector::LoadOp::create(b, type, parts, at));
  }
  return sums;
}

void RowProduct::setPart(Value number, ArrayRef<Value> sums,
                         const Block &block) {
  for (auto [v, sum] : llvm::enumerate(sums)) {
    SmallVector<Value> at{number};
    if (form.wide)
      at.push_back(b.add(block.first, v * block.lanes));
    store(parts, at, sum, block, v);
  }
}

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

Value RowProduct::step(Value left, Value right, Value sum, const Block &block) {
  // One rounding, as in any BLAS, where the CPU has it: with AVX2 and above.
  if (vectorBytes >= 32 && isFloatProductSum(op.getCombine()) &&
      sumType().getIntOrFloatBitWidth() >= 32)
    return math::FmaOp::create(b, splat(b, b.getLoc(), left, block.lanes),
                               splat(b, b.getLoc(), right, block.lanes), sum);
  return apply(op.getCombine(), {left, right, sum}, block);
}

/// The sum with the entry at p, or in lanes with those from p on.
RowProduct::Sums RowProduct::addEntry(Value row, Value p, ValueRange sums,
                                      const Block &block, int64_t lanes) {
  SmallVector<Value> columns;
  for (int64_t k = 0; k < lanes; ++k)
    columns.push_back(index(coordinates, b.add(p, k)));
  auto element = [&](unsigned k, int64_t v) -> Value {
    if (k == form.sparse) {
      if (lanes == 1)
        return memref::LoadOp::create(b, values, p);
      auto type = VectorType::get({lanes}, elementOf(k));
      return vector::LoadOp::create(b, type, values, p);
    }
    if (lanes == 1 || !op.getMap(k).isFunctionOfDim(form.column))
      return load(k, row, columns.front(), block, v);
    SmallVector<Value> gathered;
    for (Value column : columns)
      gathered.push_back(load(k, row, column, block, v));
    return vector::FromElementsOp::create(
        b, VectorType::get({lanes}, elementOf(k)), gathered);
  };
  Block wide = block;
  wide.lanes = std::max(block.lanes, lanes);
  auto side = [&](unsigned first, unsigned end, Region &body, int64_t v) {
    SmallVector<Value> arguments;
    for (unsigned k = first; k < end; ++k)
      arguments.push_back(element(k, v));
    // What is one number for the whole block stays one.
    bool vectors = llvm::any_of(arguments, [](Value element) {
      return isa<VectorType>(element.getType());
    });
    llvm::append_range(arguments, op.getScalars());
    return cloneWide(b, b.getLoc(), body, arguments, vectors ? wide.lanes : 1);
  };
  Sums next;
  Value left;
  unsigned lhs = op.getLhs().size();
  for (int64_t v = 0; v < block.vectors; ++v) {
    if (!left || isa<VectorType>(left.getType()))
      left = side(0, lhs, op.getLhsBody(), v);
    Value right = side(lhs, firstExtra, op.getRhsBody(), v);
    next.push_back(step(left, right, sums[v], wide));
  }
  return next;
}

/// Whether entries side by side are lanes of a vector.
bool RowProduct::entriesAreLanes() {
  bool result = sumType().isIntOrFloat() && !sumType().isInteger(1);
  for (unsigned k = 0; k < firstExtra; ++k)
    result &= elementOf(k).isIntOrFloat() && !elementOf(k).isInteger(1);
  return result;
}

RowProduct::Sums RowProduct::sum(Value row, Value from, Value to,
                                 const Block &block) {
  Value zero = elementConstant(b, b.getLoc(), op.getZero());
  auto each = [&](Value p, ValueRange sums) {
    return addEntry(row, p, sums, block, 1);
  };
  if (form.wide || !semiring)
    return b.loop(from, to, 1,
                  Sums(block.vectors, splat(b, b.getLoc(), zero, block.lanes)),
                  each);
  Value end = b.wholeSteps(from, to, kSums);
  bool lanes = entriesAreLanes();
  Sums some =
      lanes ? Sums{splat(b, b.getLoc(), zero, kSums)} : Sums(kSums, zero);
  some = b.loop(from, end, kSums, some, [&](Value p, ValueRange sums) {
    b.when(isLarge, [&] {
      memref::PrefetchOp::create(b, values, b.add(p, kAhead), false, 3, true);
      memref::PrefetchOp::create(b, coordinates, b.add(p, 2 * kAhead), false, 3,
                                 true);
    });
    if (lanes)
      return addEntry(row, p, sums, block, kSums);
    Sums next;
    for (int64_t k = 0; k < kSums; ++k)
      next.append(addEntry(row, b.add(p, k), sums[k], block, 1));
    return next;
  });
  if (lanes) {
    Value vector = some.pop_back_val();
    for (int64_t k = 0; k < kSums; ++k)
      some.push_back(vector::ExtractOp::create(b, vector, k));
  }
  for (int64_t held = kSums / 2; held; held /= 2)
    for (int64_t k = 0; k < held; ++k)
      some[k] = semiring->add(b, b.getLoc(), some[k], some[k + held]);
  return b.loop(end, to, 1, ValueRange{some.front()}, each);
}

void RowProduct::finish(Value row, Sums sums, const Block &block) {
  for (auto [v, sum] : llvm::enumerate(sums)) {
    if (op.getAccumulate()) {
      Value held =
          splat(b, b.getLoc(), load(out, row, Value(), block, v), block.lanes);
      sum = semiring->add(b, b.getLoc(), held, sum);
    }
    SmallVector<Value> elements{sum};
    for (unsigned k = firstExtra; k < out; ++k)
      elements.push_back(load(k, row, Value(), block, v));
    Value value = apply(op.getEpilogue(), elements, block);
    SmallVector<Value> at;
    for (AffineExpr expr : op.getMap(out).getResults())
      at.push_back(expr.isFunctionOfDim(form.row)
                       ? row
                       : b.add(block.first, v * block.lanes));
    store(buffers[out], at, value, block, v);
  }
}

void RowProduct::run() {
  readOperands();
  findBounds();
  chunks();
  if (semiring)
    fixUp();
  Value result = bufferization::ToTensorOp::create(
      b, op.getOut().getType(), buffers[out], /*restrict=*/true,
      /*writable=*/true);
  op.getResult().replaceAllUsesWith(result);
  op.erase();
}

namespace {
struct EmitRowProducts
    : noodle::impl::NoodleEmitRowProductsPassBase<EmitRowProducts> {
  using NoodleEmitRowProductsPassBase::NoodleEmitRowProductsPassBase;

  void runOnOperation() override {
    SmallVector<FusedContractOp> work;
    getOperation().walk([&](FusedContractOp op) {
      if (rowForm(op))
        work.push_back(op);
    });
    for (FusedContractOp op : work)
      RowProduct(op, *rowForm(op), vectorBytes).run();
    if (failed(emitBlockProducts(getOperation(), vectorBytes)))
      signalPassFailure();
  }
};
} // namespace
