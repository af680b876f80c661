//===- VectorProducts.cpp - a sparse row times a sparse matrix ------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The step of a search from a frontier: the entries of the only row of lhs
// choose rows of rhs. A matrix's product counts its entries first, and each of
// its chunks begins with a mark per column; here entries are counted while they
// are formed, in one pass, and what is cleared is a bit per column. Few terms
// clear nothing: they are kept sorted by insertion, which for the terms of one
// row of rhs, in order as they are, only appends.
//
// Both ways add the terms of a column in the order in which they come, so the
// bits of a result do not depend on which was taken.
//
//===----------------------------------------------------------------------===//
#include "SparseProducts.h"

#include "mlir/Dialect/SparseTensor/IR/SparseTensor.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::noodle;
using arith::CmpIPredicate;

/// Terms are few where this times their square is at most the number of
/// columns: insertion moves a quarter of the square, clearing and looking
/// through the bits of 64 columns takes about as long as four moves (Zen 5).
static constexpr int64_t kFewFactor = 16;
/// No more than these, so that the square is a number.
static constexpr int64_t kFewTerms = 1 << 12;

/// Rows of rhs that are asked for ahead of their use, where terms are many:
/// they lie anywhere in a matrix that may be larger than the caches.
static constexpr int64_t kAheadRows = 8;

namespace {

class VectorProduct : SparseEmitter {
public:
  explicit VectorProduct(SparseProductOp op)
      : SparseEmitter(op), lhs(SparseRows::of(b, op.getLhs())),
        rhs(SparseRows::of(b, op.getRhs())) {}

  Value run();

private:
  using Term = llvm::function_ref<Value(Value p, Value q, Value column, Value)>;
  /// Calls `each` for the terms, in order, with a number that it carries on.
  Value terms(Value carried, Term each, bool ahead = false);
  void askFor(Value p);
  Value product(Value p, Value q) {
    return body(op.getMul(), {memref::LoadOp::create(b, lhs.values, p),
                              memref::LoadOp::create(b, rhs.values, q)});
  }
  Value sum(Value x, Value y) { return body(op.getAdd(), {x, y}); }
  Value first(Value p, Value q) { return sum(op.getStart(), product(p, q)); }
  /// `body` where the condition holds, else what is carried.
  Value carryIf(Value condition, Value carried,
                llvm::function_ref<Value()> body);
  Value branch(Value condition, llvm::function_ref<Value()> yes,
               llvm::function_ref<Value()> no);
  Value asIndex(Value bit) {
    return arith::IndexCastUIOp::create(b, b.getIndexType(), bit);
  }

  /// Where the mask's first entry at `column` or behind it is.
  Value searchMask(Value column);
  Value passesMask(Value column);
  Value insert(Value p, Value q, Value column, Value count);
  Value few();
  void emitFew(SparseResult &result);

  /// The bit of a column in a bitmap, and the word that has it.
  struct Bit {
    Value at, word, bit;
  };
  Bit bitOf(Value words, Value column);
  Value isSet(const Bit &bit);
  void set(Value words, const Bit &bit);
  void markMask();
  Value many();
  void emitMany(SparseResult &result);

  SparseRows lhs, rhs;
  Value sums; ///< by column, or by place from 1 on
  Value keys; ///< few: columns in order, behind one that is less than all
  Value bits, tops, marked; ///< many: of columns; of words of it; of the mask
  Value words, topWords;
};

} // namespace

void VectorProduct::askFor(Value p) {
  Value last = b.sub(loadIndex(b, lhs.positions, b.at(1)), b.at(1));
  Value k = loadIndex(b, lhs.coordinates, b.min(b.add(p, kAheadRows), last));
  Value from = loadIndex(b, rhs.positions, k);
  for (Value buffer : {rhs.coordinates, rhs.values})
    memref::PrefetchOp::create(b, buffer, from, /*isWrite=*/false, 3, true);
}

Value VectorProduct::terms(Value carried, Term each, bool ahead) {
  return b.loop(loadIndex(b, lhs.positions, b.at(0)),
                loadIndex(b, lhs.positions, b.at(1)), 1, ValueRange{carried},
                [&](Value p, ValueRange carried) {
                  if (ahead)
                    askFor(p);
                  Value k = loadIndex(b, lhs.coordinates, p);
                  return b.loop(loadIndex(b, rhs.positions, k),
                                loadIndex(b, rhs.positions, b.add(k, 1)), 1,
                                carried, [&](Value q, ValueRange carried) {
                                  Value column =
                                      loadIndex(b, rhs.coordinates, q);
                                  return SmallVector<Value>{
                                      each(p, q, column, carried[0])};
                                });
                })[0];
}

Value VectorProduct::branch(Value condition, llvm::function_ref<Value()> yes,
                            llvm::function_ref<Value()> no) {
  auto branch = scf::IfOp::create(b, TypeRange{b.getIndexType()}, condition,
                                  /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToEnd(branch.thenBlock());
  scf::YieldOp::create(b, yes());
  b.setInsertionPointToEnd(branch.elseBlock());
  scf::YieldOp::create(b, no());
  return branch.getResult(0);
}

Value VectorProduct::carryIf(Value condition, Value carried,
                             llvm::function_ref<Value()> body) {
  if (!condition)
    return body();
  return branch(condition, body, [&] { return carried; });
}

//===----------------------------------------------------------------------===//
// Few terms
//===----------------------------------------------------------------------===//

Value VectorProduct::searchMask(Value column) {
  Type index = b.getIndexType();
  auto search =
      scf::WhileOp::create(b, TypeRange{index, index},
                           ValueRange{loadIndex(b, mask.positions, b.at(0)),
                                      loadIndex(b, mask.positions, b.at(1))});
  SmallVector<Location> locs(2, b.getLoc());
  OpBuilder::InsertionGuard guard(b);
  Block *test = b.createBlock(&search.getBefore(), {}, {index, index}, locs);
  scf::ConditionOp::create(
      b,
      compare(CmpIPredicate::ult, test->getArgument(0), test->getArgument(1)),
      test->getArguments());
  Block *halve = b.createBlock(&search.getAfter(), {}, {index, index}, locs);
  Value low = halve->getArgument(0), high = halve->getArgument(1);
  Value middle = arith::ShRUIOp::create(b, b.add(low, high), b.at(1));
  Value less = compare(CmpIPredicate::ult,
                       loadIndex(b, mask.coordinates, middle), column);
  scf::YieldOp::create(
      b, ValueRange{arith::SelectOp::create(b, less, b.add(middle, 1), low),
                    arith::SelectOp::create(b, less, high, middle)});
  return search.getResult(0);
}

/// As an index, 1 or 0: nothing behind the mask's end is read.
Value VectorProduct::passesMask(Value column) {
  Value at = searchMask(column);
  Value end = loadIndex(b, mask.positions, b.at(1));
  Value found = branch(
      compare(CmpIPredicate::ult, at, end),
      [&] {
        Value same = compare(CmpIPredicate::eq,
                             loadIndex(b, mask.coordinates, at), column);
        if (op.getValued())
          same = arith::AndIOp::create(b, same, counts(at));
        return asIndex(same);
      },
      [&] { return b.at(0); });
  return compare(op.getComplement() ? CmpIPredicate::eq : CmpIPredicate::ne,
                 found, b.at(0));
}

/// The term goes to its place among `count` columns; returns their number.
Value VectorProduct::insert(Value p, Value q, Value column, Value count) {
  Type index = b.getIndexType();
  auto back = scf::WhileOp::create(b, TypeRange{index}, ValueRange{count});
  {
    OpBuilder::InsertionGuard guard(b);
    Block *test = b.createBlock(&back.getBefore(), {}, {index}, {b.getLoc()});
    Value key = memref::LoadOp::create(b, keys, test->getArgument(0));
    scf::ConditionOp::create(b, compare(CmpIPredicate::sgt, key, column),
                             test->getArguments());
    Block *step = b.createBlock(&back.getAfter(), {}, {index}, {b.getLoc()});
    scf::YieldOp::create(b, ValueRange{b.sub(step->getArgument(0), b.at(1))});
  }
  Value at = back.getResult(0);
  Value key = memref::LoadOp::create(b, keys, at);
  return branch(
      compare(CmpIPredicate::eq, key, column),
      [&] {
        Value old = memref::LoadOp::create(b, sums, at);
        memref::StoreOp::create(b, sum(old, product(p, q)), sums, at);
        return count;
      },
      [&] {
        b.loop(b.at(0), b.sub(count, at), 1, [&](Value behind) {
          Value from = b.sub(count, behind), to = b.add(from, 1);
          for (Value buffer : {keys, sums})
            memref::StoreOp::create(b, memref::LoadOp::create(b, buffer, from),
                                    buffer, to);
        });
        Value place = b.add(at, 1);
        memref::StoreOp::create(b, column, keys, place);
        memref::StoreOp::create(b, first(p, q), sums, place);
        return b.add(count, 1);
      });
}

Value VectorProduct::few() {
  memref::StoreOp::create(b, b.at(-1), keys, b.at(0));
  return terms(b.at(0), [&](Value p, Value q, Value column, Value count) {
    return carryIf(op.getMask() ? passesMask(column) : Value(), count,
                   [&] { return insert(p, q, column, count); });
  });
}

void VectorProduct::emitFew(SparseResult &result) {
  b.loop(b.at(0), result.entries, 1, [&](Value at) {
    Value from = b.add(at, 1);
    storeIndex(b, memref::LoadOp::create(b, keys, from), result.coordinates,
               at);
    Value sum = memref::LoadOp::create(b, sums, from);
    memref::StoreOp::create(b, finish(sum, Value()), result.values, at);
  });
}

//===----------------------------------------------------------------------===//
// Many terms
//===----------------------------------------------------------------------===//

VectorProduct::Bit VectorProduct::bitOf(Value words, Value column) {
  Bit bit;
  bit.at = arith::ShRUIOp::create(b, column, b.at(6));
  bit.word = memref::LoadOp::create(b, words, bit.at);
  Value place = arith::IndexCastUIOp::create(
      b, b.getI64Type(), arith::AndIOp::create(b, column, b.at(63)));
  bit.bit =
      arith::ShLIOp::create(b, arith::ConstantIntOp::create(b, 1, 64), place);
  return bit;
}

Value VectorProduct::isSet(const Bit &bit) {
  return compare(CmpIPredicate::ne, arith::AndIOp::create(b, bit.word, bit.bit),
                 arith::ConstantIntOp::create(b, 0, 64));
}

void VectorProduct::set(Value words, const Bit &bit) {
  memref::StoreOp::create(b, arith::OrIOp::create(b, bit.word, bit.bit), words,
                          bit.at);
}

void VectorProduct::markMask() {
  fillZero(marked, words);
  b.loop(loadIndex(b, mask.positions, b.at(0)),
         loadIndex(b, mask.positions, b.at(1)), 1, [&](Value p) {
           auto mark = [&] {
             Value column = loadIndex(b, mask.coordinates, p);
             set(marked, bitOf(marked, column));
           };
           if (op.getValued())
             b.when(counts(p), mark);
           else
             mark();
         });
}

Value VectorProduct::many() {
  fillZero(bits, words);
  fillZero(tops, topWords);
  if (op.getMask())
    markMask();
  return terms(
      b.at(0),
      [&](Value p, Value q, Value column, Value count) {
        Value passes;
        if (op.getMask()) {
          passes = isSet(bitOf(marked, column));
          if (op.getComplement())
            passes = arith::XOrIOp::create(
                b, passes, arith::ConstantIntOp::create(b, 1, 1));
        }
        return carryIf(passes, count, [&] {
          Bit bit = bitOf(bits, column);
          Value known = isSet(bit);
          Value old = memref::LoadOp::create(b, sums, column);
          Value base = arith::SelectOp::create(b, known, old, op.getStart());
          memref::StoreOp::create(b, sum(base, product(p, q)), sums, column);
          set(bits, bit);
          set(tops, bitOf(tops, bit.at));
          Value fresh = compare(CmpIPredicate::eq, asIndex(known), b.at(0));
          return b.add(count, asIndex(fresh));
        });
      },
      /*ahead=*/true);
}

void VectorProduct::emitMany(SparseResult &result) {
  b.loop(
      b.at(0), topWords, 1, ValueRange{b.at(0)}, [&](Value top, ValueRange at) {
        Value here = memref::LoadOp::create(b, tops, top);
        return SmallVector<Value>{
            eachBit(b, here, b.mul(top, 64), at[0], [&](Value word, Value at) {
              Value here = memref::LoadOp::create(b, bits, word);
              return eachBit(
                  b, here, b.mul(word, 64), at, [&](Value column, Value at) {
                    storeIndex(b, column, result.coordinates, at);
                    Value sum = memref::LoadOp::create(b, sums, column);
                    memref::StoreOp::create(b, finish(sum, Value()),
                                            result.values, at);
                    return b.add(at, 1);
                  });
            })};
      });
}

Value VectorProduct::run() {
  Value total = b.loop(loadIndex(b, lhs.positions, b.at(0)),
                       loadIndex(b, lhs.positions, b.at(1)), 1,
                       ValueRange{b.at(0)}, [&](Value p, ValueRange sum) {
                         Value k = loadIndex(b, lhs.coordinates, p);
                         Value length =
                             b.sub(loadIndex(b, rhs.positions, b.add(k, 1)),
                                   loadIndex(b, rhs.positions, k));
                         return SmallVector<Value>{b.add(sum[0], length)};
                       })[0];
  Value bounded = b.min(total, b.at(kFewTerms));
  Value isFew = arith::AndIOp::create(
      b, compare(CmpIPredicate::eq, bounded, total),
      compare(CmpIPredicate::ule, b.mul(b.mul(bounded, bounded), kFewFactor),
              rhs.columns));
  auto either = [&](Value few, Value many) -> Value {
    return arith::SelectOp::create(b, isFew, few, many);
  };
  words = b.ceilDiv(rhs.columns, 64);
  topWords = b.ceilDiv(rhs.columns, 64 * 64);
  Value places = b.add(total, 1), none = b.at(0), word = either(none, words);
  Type bitmap = b.getI64Type();
  keys = buffer(b.getIndexType(), either(places, none));
  sums = buffer(op.getSumType(), either(places, rhs.columns));
  bits = buffer(bitmap, word);
  tops = buffer(bitmap, either(none, topWords));
  if (op.getMask())
    marked = buffer(bitmap, word);

  SparseResult result(b, op.getType(), lhs.rows, rhs.columns);
  Value count = branch(isFew, [&] { return few(); }, [&] { return many(); });
  storeIndex(b, count, result.positions, b.at(1));
  result.place();
  b.when(isFew, [&] { emitFew(result); });
  b.when(compare(CmpIPredicate::eq, asIndex(isFew), b.at(0)),
         [&] { emitMany(result); });
  return result.assemble();
}

bool noodle::isVectorProduct(SparseProductOp op) {
  return op.isSparseProduct() && op.getType().getEncoding() &&
         !op.getScaled() && op.getLhs().getType().getDimSize(0) == 1;
}

Value noodle::emitVectorProduct(SparseProductOp op) {
  return VectorProduct(op).run();
}
