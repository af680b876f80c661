//===- BlockProducts.cpp - a matrix of blocks times something dense -------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One coordinate serves a whole block, whose size is known: a small block times
// a part of x is one vector operation with a lane for each entry, and its rows
// are added up at the end of the row of blocks; of larger blocks some rows at a
// time have vectors along the columns. In Y = A X a part of a row of X serves
// all rows of the block. Rows of blocks are cut into chunks of about equal work
// that do not depend on the number of threads.
//
//===----------------------------------------------------------------------===//
#include "BlockProducts.h"
#include "../VectorBody.h"
#include "SparseStorage.h"

#include "noodle/Dialect/BlockOps.h"
#include "noodle/Dialect/Semiring.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SparseTensor/IR/SparseTensor.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::noodle;

/// Products of a chunk: some 20 us. A guess.
static constexpr int64_t kChunkProducts = 1 << 15;
/// Vectors that hold one block with a lane for each of its entries: 6 x 6 and
/// 8 x 8, of 5 and 8 vectors, take 0.8 and 0.9 of the time of some rows at once
/// (Zen 4).
static constexpr int64_t kBlockVectors = 8;
/// Rows of a block whose sums are formed together, and vectors of each in
/// Y = A X: with the operand's they are in registers. A guess.
static constexpr int64_t kRows = 8, kRowVectors = 2;
/// Columns of a block that are no loop. A guess.
static constexpr int64_t kUnrolled = 8;

namespace {

class BlockProduct {
public:
  BlockProduct(BlockProductOp op, int64_t vectorBytes)
      : op(op), b(op), vectorBytes(vectorBytes), block(blockOf(op.getBlock())) {
  }

  LogicalResult run();

private:
  using Sums = SmallVector<Value>;

  void require(Value condition, const Twine &message);
  /// The first row of blocks of a chunk.
  Value firstRow(Value chunk, Value length);
  void chunks(llvm::function_ref<void(Value row)> body);
  /// `step` for all columns of a block, with sums carried along.
  Sums eachColumn(int64_t step, ValueRange sums,
                  llvm::function_ref<Sums(Value column, ValueRange)> body);

  void wholeBlocks(Value row);
  void someRows(Value row);
  void matrixRows(Value row);
  void matrixTile(Value row, Value first, int64_t vectors, Value mask);

  Value load(Value buffer, ArrayRef<Value> at, int64_t lanes, Value mask = {});
  void store(Value value, Value buffer, ArrayRef<Value> at, int64_t lanes,
             Value mask = {});
  Value multiplyAdd(Value x, Value y, Value sum);
  Value zero(int64_t lanes) {
    return splat(b, b.getLoc(), semiring->zero(b, b.getLoc()), lanes);
  }
  Value add(Value x, Value y) { return semiring->add(b, b.getLoc(), x, y); }
  /// The sum of a vector's lanes.
  Value total(Value vector, int64_t lanes);
  Value begin(Value row) { return loadIndex(b, matrix.positions, row); }
  Value end(Value row) { return loadIndex(b, matrix.positions, b.add(row, 1)); }
  /// Where the entries of row r of block p begin.
  Value entry(Value p, Value r) {
    return b.mul(b.add(b.mul(p, block.rows), r), block.columns);
  }
  /// The first row of the dense operand that block p meets.
  Value metBy(Value p) {
    return b.mul(loadIndex(b, matrix.coordinates, p), block.columns);
  }

  BlockProductOp op;
  IndexBuilder b;
  int64_t vectorBytes;
  BlockShape block;
  std::optional<Semiring> semiring;
  SparseRows matrix;
  Value dense, out, columns;
  Type element;
  int64_t lanes = 1; ///< of a vector; 1: there are none of this type
};

} // namespace

void BlockProduct::require(Value condition, const Twine &message) {
  CheckOp::create(b, condition, b.getStringAttr(message),
                  b.getI32IntegerAttr(/*shape mismatch*/ 3));
}

Value BlockProduct::load(Value buffer, ArrayRef<Value> at, int64_t lanes,
                         Value mask) {
  if (lanes == 1)
    return memref::LoadOp::create(b, buffer, at);
  auto type = VectorType::get({lanes}, element);
  if (!mask)
    return vector::LoadOp::create(b, type, buffer, at);
  Value none = arith::ConstantOp::create(b, type, b.getZeroAttr(type));
  return vector::MaskedLoadOp::create(b, type, buffer, at, mask, none);
}

void BlockProduct::store(Value value, Value buffer, ArrayRef<Value> at,
                         int64_t lanes, Value mask) {
  if (lanes == 1)
    memref::StoreOp::create(b, value, buffer, at);
  else if (!mask)
    vector::StoreOp::create(b, value, buffer, at);
  else
    vector::MaskedStoreOp::create(b, buffer, at, mask, value);
}

Value BlockProduct::multiplyAdd(Value x, Value y, Value sum) {
  // One rounding, as in any BLAS, where the CPU has it: with AVX2 and above.
  if (vectorBytes >= 32 && semiring->kind() == SemiringKind::PlusTimes &&
      (element.isF32() || element.isF64()))
    return math::FmaOp::create(b, x, y, sum);
  return add(sum, semiring->mul(b, b.getLoc(), x, y));
}

Value BlockProduct::total(Value vector, int64_t lanes) {
  if (lanes == 1)
    return vector;
  Value sum;
  for (int64_t k = 0; k < lanes; ++k) {
    Value lane = vector::ExtractOp::create(b, vector, k);
    sum = sum ? add(sum, lane) : lane;
  }
  return sum;
}

//===----------------------------------------------------------------------===//
// Chunks
//===----------------------------------------------------------------------===//

Value BlockProduct::firstRow(Value chunk, Value length) {
  Value target = b.mul(chunk, length);
  Type index = b.getIndexType();
  SmallVector<Location> locs(2, b.getLoc());
  auto search = scf::WhileOp::create(b, TypeRange{index, index},
                                     ValueRange{b.at(0), matrix.rows});
  OpBuilder::InsertionGuard guard(b);
  Block *test = b.createBlock(&search.getBefore(), {}, {index, index}, locs);
  scf::ConditionOp::create(b,
                           arith::CmpIOp::create(b, arith::CmpIPredicate::ult,
                                                 test->getArgument(0),
                                                 test->getArgument(1)),
                           test->getArguments());
  Block *step = b.createBlock(&search.getAfter(), {}, {index, index}, locs);
  Value low = step->getArgument(0), high = step->getArgument(1);
  Value middle = arith::ShRUIOp::create(b, b.add(low, high), b.at(1));
  Value below = arith::CmpIOp::create(b, arith::CmpIPredicate::ult,
                                      b.add(begin(middle), middle), target);
  scf::YieldOp::create(
      b, ValueRange{arith::SelectOp::create(b, below, b.add(middle, 1), low),
                    arith::SelectOp::create(b, below, high, middle)});
  return search.getResult(0);
}

void BlockProduct::chunks(llvm::function_ref<void(Value row)> body) {
  int64_t size = block.rows * block.columns;
  Value length = b.at(std::max<int64_t>(kChunkProducts / size, 1));
  if (columns) // each block has a product with each column
    length = b.max(b.at(1),
                   arith::DivUIOp::create(b, length, b.max(columns, b.at(1))));
  Value path = b.add(begin(matrix.rows), matrix.rows);
  Value count = arith::CeilDivUIOp::create(b, path, length);
  auto loop = scf::ParallelOp::create(b, ValueRange{b.at(0)}, ValueRange{count},
                                      ValueRange{b.at(1)});
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(loop.getBody());
  PollOp::create(b);
  loop->setAttr("noodle.chunked", b.getUnitAttr());
  Value chunk = loop.getInductionVars().front();
  // Behind the last chunk comes the last row.
  Value first = firstRow(chunk, length);
  Value last = firstRow(b.add(chunk, 1), length);
  b.loop(first, last, 1, body);
}

BlockProduct::Sums
BlockProduct::eachColumn(int64_t step, ValueRange sums,
                         llvm::function_ref<Sums(Value, ValueRange)> body) {
  if (block.columns > kUnrolled * step)
    return b.loop(b.at(0), b.at(block.columns), step, sums, body);
  Sums next = llvm::to_vector(sums);
  for (int64_t c = 0; c < block.columns; c += step)
    next = body(b.at(c), next);
  return next;
}

//===----------------------------------------------------------------------===//
// y = A x
//===----------------------------------------------------------------------===//

/// A lane for each entry of a block, in parts of a power of two of them: LLVM
/// widens other vectors and moves their ends one by one. Of 3 x 3 parts of 8
/// and 1 take 0.6 of the time of a vector of 9 (Zen 4).
void BlockProduct::wholeBlocks(Value row) {
  int64_t size = block.rows * block.columns;
  SmallVector<std::pair<int64_t, int64_t>> parts; // first lane, lanes
  bool single = llvm::isPowerOf2_64(size);
  for (int64_t at = 0; at < size; at += parts.back().second)
    parts.push_back(
        {at, single ? size
                    : std::min<int64_t>(lanes,
                                        llvm::bit_floor<uint64_t>(size - at))});
  // What a block of columns meets, read as a power of two.
  int64_t wide = llvm::PowerOf2Ceil(block.columns);
  Value mask;
  if (wide != block.columns) {
    auto type = VectorType::get({wide}, b.getI1Type());
    mask =
        vector::CreateMaskOp::create(b, type, ValueRange{b.at(block.columns)});
  }
  auto entries = [&](Value p, ValueRange sums) {
    Value x = load(dense, metBy(p), wide, mask), first = b.mul(p, size);
    Sums next;
    for (auto [part, sum] : llvm::zip_equal(parts, sums)) {
      auto [at, count] = part;
      Value met = x;
      if (wide == 1) {
        met = splat(b, b.getLoc(), x, count);
      } else if (count == 1) {
        met = vector::ExtractOp::create(b, x, at % block.columns);
      } else {
        SmallVector<int64_t> repeat;
        for (int64_t k = at; k < at + count; ++k)
          repeat.push_back(k % block.columns);
        met = vector::ShuffleOp::create(b, x, x, repeat);
      }
      next.push_back(
          multiplyAdd(load(matrix.values, b.add(first, at), count), met, sum));
    }
    return next;
  };
  // A sum waits for the one before it: some blocks side by side.
  int64_t each = parts.size();
  int64_t held = each > 4 ? 1 : std::max<int64_t>(1, 2 * lanes / size) * 2;
  Value from = begin(row), to = end(row);
  Value whole = b.wholeSteps(from, to, held);
  Sums inits;
  for (int64_t k = 0; k < held * each; ++k)
    inits.push_back(zero(parts[k % each].second));
  Sums sums = b.loop(from, whole, held, inits, [&](Value p, ValueRange sums) {
    Sums next;
    for (int64_t k = 0; k < held; ++k)
      next.append(entries(b.add(p, k), sums.slice(k * each, each)));
    return next;
  });
  for (; held > 1; held = (held + 1) / 2)
    for (int64_t k = 0; k < held / 2 * each; ++k)
      sums[k] = add(sums[k], sums[k + (held + 1) / 2 * each]);
  sums.truncate(each);
  sums = b.loop(whole, to, 1, sums, entries);
  Value at = b.mul(row, block.rows);
  if (!single || block.rows == 1) {
    auto lane = [&](int64_t k) -> Value {
      unsigned part = 0;
      while (k >= parts[part].first + parts[part].second)
        ++part;
      if (parts[part].second == 1)
        return sums[part];
      return vector::ExtractOp::create(b, sums[part], k - parts[part].first);
    };
    for (int64_t r = 0; r < block.rows; ++r) {
      Value sum = lane(r * block.columns);
      for (int64_t c = 1; c < block.columns; ++c)
        sum = add(sum, lane(r * block.columns + c));
      store(sum, out, b.add(at, r), 1);
    }
    return;
  }
  Value result;
  for (int64_t c = 0; c < block.columns; ++c) {
    SmallVector<int64_t> column;
    for (int64_t r = 0; r < block.rows; ++r)
      column.push_back(r * block.columns + c);
    Value part = sums[0];
    if (block.columns > 1)
      part = vector::ShuffleOp::create(b, part, part, column);
    result = result ? add(result, part) : part;
  }
  store(result, out, at, block.rows);
}

/// The greatest divisor of `whole` that is at most `most`.
static int64_t divisor(int64_t whole, int64_t most) {
  int64_t size = std::min(whole, most);
  while (whole % size)
    --size;
  return size;
}

/// Some rows of all blocks of a row, with vectors along their columns.
void BlockProduct::someRows(Value row) {
  // The greatest power of two that divides the columns.
  int64_t wide = std::min(lanes, block.columns & -block.columns);
  int64_t rows = divisor(block.rows, kRows);
  b.loop(b.at(0), b.at(block.rows), rows, [&](Value r) {
    Sums sums =
        b.loop(begin(row), end(row), 1, Sums(rows, zero(wide)),
               [&](Value p, ValueRange sums) {
                 Value met = metBy(p);
                 return eachColumn(wide, sums, [&](Value c, ValueRange sums) {
                   Value x = load(dense, b.add(met, c), wide);
                   Sums next;
                   for (int64_t k = 0; k < rows; ++k) {
                     Value at = b.add(entry(p, b.add(r, k)), c);
                     next.push_back(multiplyAdd(load(matrix.values, at, wide),
                                                x, sums[k]));
                   }
                   return next;
                 });
               });
    for (int64_t k = 0; k < rows; ++k)
      store(total(sums[k], wide), out,
            b.add(b.mul(row, block.rows), b.add(r, k)), 1);
  });
}

//===----------------------------------------------------------------------===//
// Y = A X
//===----------------------------------------------------------------------===//

void BlockProduct::matrixTile(Value row, Value first, int64_t vectors,
                              Value mask) {
  int64_t rows = divisor(block.rows, kRows);
  auto column = [&](int64_t v) { return b.add(first, v * lanes); };
  b.loop(b.at(0), b.at(block.rows), rows, [&](Value r) {
    Sums sums = b.loop(
        begin(row), end(row), 1, Sums(rows * vectors, zero(lanes)),
        [&](Value p, ValueRange sums) {
          Value met = metBy(p);
          return eachColumn(1, sums, [&](Value c, ValueRange sums) {
            Sums next = llvm::to_vector(sums), x;
            for (int64_t v = 0; v < vectors; ++v)
              x.push_back(load(dense, {b.add(met, c), column(v)}, lanes, mask));
            for (int64_t k = 0; k < rows; ++k) {
              Value at = b.add(entry(p, b.add(r, k)), c);
              Value a = splat(b, b.getLoc(), load(matrix.values, at, 1), lanes);
              for (int64_t v = 0; v < vectors; ++v)
                next[k * vectors + v] =
                    multiplyAdd(a, x[v], sums[k * vectors + v]);
            }
            return next;
          });
        });
    for (int64_t k = 0; k < rows; ++k)
      for (int64_t v = 0; v < vectors; ++v)
        store(sums[k * vectors + v], out,
              {b.add(b.mul(row, block.rows), b.add(r, k)), column(v)}, lanes,
              mask);
  });
}

void BlockProduct::matrixRows(Value row) {
  if (lanes == 1)
    return b.loop(b.at(0), columns, 1,
                  [&](Value j) { matrixTile(row, j, 1, Value()); });
  int64_t wide = kRowVectors * lanes;
  Value whole = b.wholeSteps(b.at(0), columns, wide);
  b.loop(b.at(0), whole, wide,
         [&](Value j) { matrixTile(row, j, kRowVectors, Value()); });
  b.loop(whole, columns, lanes, [&](Value j) {
    Value mask =
        vector::CreateMaskOp::create(b, VectorType::get({lanes}, b.getI1Type()),
                                     ValueRange{b.sub(columns, j)});
    matrixTile(row, j, 1, mask);
  });
}

LogicalResult BlockProduct::run() {
  element = op.getType().getElementType();
  FailureOr<Semiring> found = Semiring::resolve(
      op.getSemiring(), element, op, [&] { return op.emitOpError(); });
  if (failed(found))
    return failure();
  semiring = *found;
  if (element.isIntOrFloat() && !element.isInteger(1))
    lanes =
        std::max<int64_t>(1, vectorBytes * 8 / element.getIntOrFloatBitWidth());
  matrix = SparseRows::of(b, op.getMatrix());
  RankedTensorType denseType = op.getDense().getType(), type = op.getType();
  Value inner = b.mul(matrix.columns, block.columns);
  Value have = b.createOrFold<tensor::DimOp>(op.getDense(), 0);
  require(arith::CmpIOp::create(b, arith::CmpIPredicate::eq, inner, have),
          "the inner extents disagree: the columns of a BSR matrix and the "
          "operand it is multiplied with");
  Value rows = b.mul(matrix.rows, block.rows);
  SmallVector<Value> extents;
  if (type.isDynamicDim(0))
    extents.push_back(rows);
  else
    require(arith::CmpIOp::create(b, arith::CmpIPredicate::eq, rows,
                                  b.at(type.getDimSize(0))),
            "the rows of a BSR matrix are not those of the result's type");
  if (type.getRank() == 2) {
    columns = b.createOrFold<tensor::DimOp>(op.getDense(), 1);
    if (type.isDynamicDim(1))
      extents.push_back(columns);
    else if (denseType.isDynamicDim(1))
      require(arith::CmpIOp::create(b, arith::CmpIPredicate::eq, columns,
                                    b.at(type.getDimSize(1))),
              "the columns of a product are not those of the result's type");
  }
  auto buffer = [&](Value tensor, RankedTensorType type, bool isRead) {
    return bufferization::ToBufferOp::create(
        b, MemRefType::get(type.getShape(), type.getElementType()), tensor,
        isRead);
  };
  dense = buffer(op.getDense(), denseType, /*isRead=*/true);
  out = buffer(
      bufferization::AllocTensorOp::create(b, type, extents, /*copy=*/Value()),
      type, /*isRead=*/false);
  int64_t size = block.rows * block.columns;
  bool whole = lanes > 1 && size > 1 && size <= kBlockVectors * lanes;
  chunks([&](Value row) {
    if (columns)
      matrixRows(row);
    else if (whole)
      wholeBlocks(row);
    else
      someRows(row);
  });
  Value result = bufferization::ToTensorOp::create(b, type, out,
                                                   /*restrict=*/true,
                                                   /*writable=*/true);
  op.getResult().replaceAllUsesWith(result);
  op.erase();
  return success();
}

LogicalResult noodle::emitBlockProducts(ModuleOp module, int64_t vectorBytes) {
  SmallVector<BlockProductOp> work;
  module.walk([&](BlockProductOp op) { work.push_back(op); });
  for (BlockProductOp op : work)
    if (failed(BlockProduct(op, vectorBytes).run()))
      return failure();
  return success();
}
