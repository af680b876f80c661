//===- SampledProducts.cpp - dense products at sparse places --------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For each entry of the mask a row of lhs meets a row of rhs. Both are
// adjacent, so sums are vectors, added up at the end. Chunks have equally many
// entries.
//
//===----------------------------------------------------------------------===//
#include "../VectorBody.h"
#include "SparseProducts.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::noodle;

/// Multiplications of a chunk: some 50 us of work. An entry costs some more.
static constexpr int64_t kChunkSteps = 1 << 18, kEntrySteps = 16;

/// Whether the region yields the op of its two arguments.
template <typename Op> static bool isJust(Region &region) {
  Block &block = region.front();
  auto op = block.getTerminator()->getOperand(0).getDefiningOp<Op>();
  return op && block.getNumArguments() == 2 &&
         op->getOperand(0) != op->getOperand(1) &&
         llvm::all_of(op->getOperands(), [&](Value operand) {
           return llvm::is_contained(block.getArguments(), operand);
         });
}

namespace {

class SampledProduct : SparseEmitter {
public:
  SampledProduct(SparseProductOp op, int64_t vectorBytes) : SparseEmitter(op) {
    Type sum = op.getSumType();
    int64_t bits = 8;
    bool vectors = true;
    for (Type type : {sum, getElementTypeOrSelf(op.getLhs()),
                      getElementTypeOrSelf(op.getRhs())}) {
      vectors &= type.isIntOrFloat() && !type.isInteger(1);
      if (vectors)
        bits = std::max<int64_t>(bits, type.getIntOrFloatBitWidth());
    }
    lanes = vectors ? vectorBytes * 8 / bits : 1;
    fuses = vectorBytes >= 32 && (sum.isF32() || sum.isF64()) &&
            isJust<arith::MulFOp>(op.getMul()) &&
            isJust<arith::AddFOp>(op.getAdd());
  }
  Value run();

private:
  Value rowOf(Value entry);
  Value dot(Value row, Value column);
  Value step(Value x, Value y, Value sum, int64_t lanes);
  Value apply(Region &region, ArrayRef<Value> arguments, int64_t lanes) {
    return cloneWide(b, b.getLoc(), region, arguments, lanes);
  }

  int64_t lanes;
  bool fuses; ///< one rounding per step
  Value lhs, rhs, inner, entries;
};

} // namespace

/// The row that an entry lies in: the last one that begins at or before it.
Value SampledProduct::rowOf(Value entry) {
  Type index = b.getIndexType();
  auto search = scf::WhileOp::create(b, TypeRange{index, index},
                                     ValueRange{b.at(0), mask.rows});
  SmallVector<Location> locs(2, b.getLoc());
  OpBuilder::InsertionGuard guard(b);
  Block *test = b.createBlock(&search.getBefore(), {}, {index, index}, locs);
  scf::ConditionOp::create(b,
                           compare(arith::CmpIPredicate::ult,
                                   test->getArgument(0), test->getArgument(1)),
                           test->getArguments());
  Block *halve = b.createBlock(&search.getAfter(), {}, {index, index}, locs);
  Value low = halve->getArgument(0), high = halve->getArgument(1);
  Value middle = arith::ShRUIOp::create(b, b.add(b.add(low, high), 1), b.at(1));
  Value beyond = compare(arith::CmpIPredicate::ult, entry,
                         loadIndex(b, mask.positions, middle));
  Value below = b.sub(middle, b.at(1));
  scf::YieldOp::create(
      b, ValueRange{arith::SelectOp::create(b, beyond, low, middle),
                    arith::SelectOp::create(b, beyond, below, high)});
  return search.getResult(0);
}

Value SampledProduct::step(Value x, Value y, Value sum, int64_t lanes) {
  if (fuses && x.getType() == sum.getType() && y.getType() == sum.getType())
    return math::FmaOp::create(b, x, y, sum);
  return apply(op.getAdd(), {sum, apply(op.getMul(), {x, y}, lanes)}, lanes);
}

Value SampledProduct::dot(Value row, Value column) {
  Location loc = b.getLoc();
  Value sum = splat(b, loc, op.getStart(), lanes);
  Value whole = b.wholeSteps(b.at(0), inner, lanes);
  auto load = [&](Value from, Value line, Value at, Value bound) -> Value {
    if (lanes == 1)
      return memref::LoadOp::create(b, from, ValueRange{line, at});
    auto type = VectorType::get({lanes}, getElementTypeOrSelf(from.getType()));
    if (!bound)
      return vector::LoadOp::create(b, type, from, ValueRange{line, at});
    Value none = arith::ConstantOp::create(b, b.getZeroAttr(type));
    return vector::MaskedLoadOp::create(b, type, from, ValueRange{line, at},
                                        bound, none);
  };
  sum = b.loop(b.at(0), whole, lanes, ValueRange{sum},
               [&](Value at, ValueRange sums) {
                 return SmallVector<Value>{step(load(lhs, row, at, Value()),
                                                load(rhs, column, at, Value()),
                                                sums[0], lanes)};
               })[0];
  if (lanes == 1)
    return sum;
  if (!isKnown(b.sub(inner, whole), 0)) {
    Value bound =
        vector::CreateMaskOp::create(b, VectorType::get({lanes}, b.getI1Type()),
                                     ValueRange{b.sub(inner, whole)});
    Value next = step(load(lhs, row, whole, bound),
                      load(rhs, column, whole, bound), sum, lanes);
    sum = arith::SelectOp::create(b, bound, next, sum);
  }
  for (int64_t half = lanes / 2; half >= 1; half /= 2) {
    auto part = [&](int64_t from) -> Value {
      if (half == 1)
        return vector::ExtractOp::create(b, sum, ArrayRef<int64_t>{from});
      // The half that begins there.
      return vector::ShuffleOp::create(
          b, sum, sum, llvm::to_vector(llvm::seq<int64_t>(from, from + half)));
    };
    Value low = part(0), high = part(half);
    sum = apply(op.getAdd(), {low, high}, half);
  }
  return sum;
}

Value SampledProduct::run() {
  auto dense = [&](Value tensor) -> Value {
    auto type = cast<RankedTensorType>(tensor.getType());
    return bufferization::ToBufferOp::create(
        b, MemRefType::get(type.getShape(), type.getElementType()), tensor,
        /*read_only=*/true);
  };
  lhs = dense(op.getLhs());
  rhs = dense(op.getRhs());
  inner = b.createOrFold<memref::DimOp>(lhs, 1);
  // Without terms there are no entries.
  Value some = compare(arith::CmpIPredicate::ne, inner, b.at(0));
  auto position = [&](Value row) -> Value {
    return arith::SelectOp::create(b, some, loadIndex(b, mask.positions, row),
                                   b.at(0));
  };
  entries = position(mask.rows);

  SparseResult result(b, op.getType(), mask.rows, mask.columns);
  b.loop(b.at(0), b.add(mask.rows, 1), 1, [&](Value row) {
    storeIndex(b, position(row), result.positions, row);
  });
  result.take(entries);

  Value chunk = arith::CeilDivUIOp::create(b, b.at(kChunkSteps),
                                           b.add(inner, kEntrySteps));
  Value chunks = arith::CeilDivUIOp::create(b, entries, chunk);
  inParallel(chunks, [&](Value t) {
    Value from = b.mul(t, chunk);
    Value to = b.min(b.add(from, chunk), entries);
    Value last = rowOf(b.sub(to, b.at(1)));
    b.loop(rowOf(from), b.add(last, 1), 1, [&](Value row) {
      Value begin = b.max(loadIndex(b, mask.positions, row), from);
      Value end = b.min(loadIndex(b, mask.positions, b.add(row, 1)), to);
      b.loop(begin, end, 1, [&](Value p) {
        Value column = loadIndex(b, mask.coordinates, p);
        storeIndex(b, column, result.coordinates, p);
        Value element = finish(dot(row, column), p);
        memref::StoreOp::create(b, element, result.values, p);
      });
    });
  });
  return result.assemble();
}

Value noodle::emitSampledProduct(SparseProductOp op, int64_t vectorBytes) {
  return SampledProduct(op, vectorBytes).run();
}
