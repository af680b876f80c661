//===- SparseProducts.cpp - products of two sparse matrices ---------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Row by row (Gustavson, "Two fast algorithms for sparse matrices", TOMS 1978):
// the entries of a row of lhs choose rows of rhs, whose entries are added into
// a dense row. A mark per column says whether it has a sum yet, so that nothing
// is cleared between rows, and a mask marks beforehand what may have one. The
// first pass counts the entries of each row, the second one forms them in
// memory of exactly their number. A bitmap over columns and one over its words
// give them back in order, which sorts a row at the cost of its entries.
//
// Rows are cut into chunks by their terms. Tasks take chunk after chunk, so
// that marks, sums and bits over columns are cleared once a task and not once a
// chunk, and exist as often as there are workers. No sum crosses a row, so bits
// do not depend on chunks; totals are added chunk by chunk, in order.
//
//===----------------------------------------------------------------------===//
#include "SparseProducts.h"
#include "StoredMaps.h"

#include "noodle/Dialect/SparseOps.h"
#include "noodle/Transforms/Passes.h"
#include "noodle/Transforms/SparsePartition.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SparseTensor/IR/SparseTensor.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/RegionUtils.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLEEMITSPARSEPRODUCTSPASS
#include "noodle/Transforms/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;
using namespace mlir::noodle;

/// Tasks that share the chunks: no more workers than these find work.
static constexpr int64_t kTasks = 256;
/// Marks of 32 bits tell the rows of a matrix of fewer than these apart, and
/// those of a chunk of any.
static constexpr int64_t kMostRows = 1 << 30;
/// A row with so many terms for each column looks through all columns instead
/// of asking for each term whether its column is new. A guess: looking at a
/// column costs less than asking twice.
static constexpr int64_t kDenseTerms = 2;
/// Entries of lhs whose rows of rhs are asked for ahead where rhs has more than
/// kNear entries, about a core's own cache. Squares of 200,000 rows with 8
/// entries each, at random: counting 174 to 56 ms, summing 530 to 327; a hash
/// table or a bitmap in place of the marks was slower by half (Zen 4).
static constexpr int64_t kAhead = 8, kNear = 1 << 16;
/// Under a mask: a row of rhs that is more than so many times as long as the
/// mask's is searched for each of the mask's columns. as20 squared at its own
/// places: 5.3 to 2.45 ms with 16; 6 and 32 are slower by a tenth.
static constexpr int64_t kSearched = 16;
/// Rows whose terms are counted at once.
static constexpr int64_t kCountRows = 1 << 12;

//===----------------------------------------------------------------------===//
// Sparse times sparse
//===----------------------------------------------------------------------===//

namespace {

class SparseProduct : SparseEmitter {
public:
  explicit SparseProduct(SparseProductOp op) : SparseEmitter(op) {}
  Value run();

private:
  /// The marks of a chunk and of one of its rows. What rows before left behind
  /// is less than all of these.
  struct Marks {
    Value marks;
    Value first; ///< of the mask's entries; of columns with a sum
    Value taken; ///< of columns with a sum
  };

  bool masked() { return op.getMask() && !op.getComplement(); }
  Value end(SparseRows &rows, Value row) {
    return loadIndex(b, rows.positions, b.add(row, 1));
  }
  Value begin(SparseRows &rows, Value row) {
    return loadIndex(b, rows.positions, row);
  }
  Value has(SparseRows &rows, Value row) {
    return compare(arith::CmpIPredicate::ult, begin(rows, row), end(rows, row));
  }

  using RowBody = function_ref<void(Value chunk, Value row, const Marks &)>;
  void cutRows();
  /// Calls `each` for the rows that can have entries, chunk by chunk; a task
  /// that has chunks calls `space` beforehand.
  void forRows(function_ref<void()> space, RowBody each);
  void chunkRows(Value chunk, Marks marks, RowBody each);
  void markMask(Value row, const Marks &marks);
  /// Asks for what the entry of lhs kAhead after p will read of rhs.
  void ask(Value p, bool values);
  using TermBody = function_ref<SmallVector<Value>(Value p, Value q,
                                                   Value column, ValueRange)>;
  /// Calls `each` for the terms of a row, which may read rhs' `values`; under a
  /// mask perhaps not for those that it leaves out.
  SmallVector<Value> terms(Value row, bool values, ValueRange carried,
                           TermBody each);
  /// For the terms of one entry of lhs at columns of the mask's row.
  SmallVector<Value> searched(Value row, Value p, Value from, Value to,
                              ValueRange carried, TermBody each);
  /// The first of [from, to), for which `less` holds up to some place, where
  /// it does not.
  Value firstNot(Value from, Value to, function_ref<Value(Value)> less);
  Value product(Value p, Value q) {
    return body(op.getMul(), {memref::LoadOp::create(b, lhs.values, p),
                              memref::LoadOp::create(b, rhs.values, q)});
  }

  /// `dense` for rows with many terms for each column, else `thin`.
  void whenDense(Value row, function_ref<void()> dense,
                 function_ref<void()> thin);
  void countDense(Value row, const Marks &marks, SparseResult &result);
  void fillDense(Value row, const Marks &marks, SparseResult &result);
  void count(Value row, const Marks &marks, SparseResult &result);
  void fill(Value row, const Marks &marks, SparseResult &result);
  void sumTerm(Value column, Value p, Value q, const Marks &marks);
  void emitBits(Value row, SparseResult &result);
  std::pair<Value, Value> span(Value row);
  void emitMask(Value row, const Marks &marks, SparseResult &result);
  Value sparseResult();
  Value rowTotal(Value row, const Marks &marks, Value from);
  Value totals();

  SparseRows lhs, rhs;
  Value chunks, chunk; ///< their number; terms of one
  Value work;          ///< terms of the rows before each
  Value last;          ///< entry of lhs
  Value far;           ///< whether rhs lies beyond a core's cache
  // Of the task that is being emitted.
  Value sums, where, bits, bitWords, tops, topWords;
};

} // namespace

/// Work is the terms of rows before, and one for each row and mask entry.
void SparseProduct::cutRows() {
  work = buffer(b.getIndexType(), b.add(lhs.rows, 1));
  memref::StoreOp::create(b, b.at(0), work, b.at(0));
  inParallel(b.ceilDiv(lhs.rows, kCountRows), [&](Value block) {
    Value from = b.mul(block, kCountRows);
    Value to = b.min(b.add(from, kCountRows), lhs.rows);
    b.loop(from, to, 1, [&](Value row) {
      Value first =
          op.getMask() ? b.sub(end(mask, row), begin(mask, row)) : b.at(0);
      Value sum =
          b.loop(begin(lhs, row), end(lhs, row), 1, ValueRange{b.add(first, 1)},
                 [&](Value p, ValueRange sum) {
                   Value k = loadIndex(b, lhs.coordinates, p);
                   Value length = b.sub(end(rhs, k), begin(rhs, k));
                   return SmallVector<Value>{b.add(sum[0], length)};
                 })[0];
      if (masked())
        sum = arith::SelectOp::create(b, has(mask, row), sum, b.at(1));
      memref::StoreOp::create(b, sum, work, b.add(row, 1));
    });
  });
  Value total = b.loop(b.at(0), lhs.rows, 1, ValueRange{b.at(0)},
                       [&](Value row, ValueRange sum) {
                         Value at = b.add(row, 1);
                         Value here =
                             b.add(sum[0], memref::LoadOp::create(b, work, at));
                         memref::StoreOp::create(b, here, work, at);
                         return SmallVector<Value>{here};
                       })[0];
  chunk = b.min(b.max(b.ceilDiv(total, partition::kTermChunks),
                      b.at(partition::kLeastTerms)),
                b.at(partition::kChunkTerms));
  chunks = arith::CeilDivUIOp::create(b, total, chunk);
}

void SparseProduct::forRows(function_ref<void()> space, RowBody each) {
  Type word = b.getI64Type();
  Value taken = buffer(word, b.at(1));
  memref::StoreOp::create(b, arith::ConstantIntOp::create(b, 0, 64), taken,
                          b.at(0));
  auto next = [&]() -> Value {
    Value one = arith::ConstantIntOp::create(b, 1, 64);
    Value number = memref::AtomicRMWOp::create(b, arith::AtomicRMWKind::addi,
                                               one, taken, ValueRange{b.at(0)});
    return arith::IndexCastUIOp::create(b, b.getIndexType(), number);
  };
  auto isChunk = [&](Value t) {
    return compare(arith::CmpIPredicate::ult, t, chunks);
  };
  inParallel(b.min(chunks, b.at(kTasks)), [&](Value) {
    Value first = next();
    b.when(isChunk(first), [&] {
      Marks marks;
      marks.marks = buffer(b.getI32Type(), rhs.columns);
      fillZero(marks.marks, rhs.columns);
      space();
      Type index = b.getIndexType();
      auto turns = scf::WhileOp::create(b, TypeRange{index}, first);
      OpBuilder::InsertionGuard guard(b);
      Block *test =
          b.createBlock(&turns.getBefore(), {}, {index}, {b.getLoc()});
      scf::ConditionOp::create(b, isChunk(test->getArgument(0)),
                               test->getArguments());
      Block *turn = b.createBlock(&turns.getAfter(), {}, {index}, {b.getLoc()});
      PollOp::create(b);
      chunkRows(turn->getArgument(0), marks, each);
      scf::YieldOp::create(b, next());
    });
  });
}

Value SparseProduct::firstNot(Value from, Value to,
                              function_ref<Value(Value)> less) {
  Type index = b.getIndexType();
  auto search =
      scf::WhileOp::create(b, TypeRange{index, index}, ValueRange{from, to});
  SmallVector<Location> locs(2, b.getLoc());
  OpBuilder::InsertionGuard guard(b);
  Block *test = b.createBlock(&search.getBefore(), {}, {index, index}, locs);
  scf::ConditionOp::create(b,
                           compare(arith::CmpIPredicate::ult,
                                   test->getArgument(0), test->getArgument(1)),
                           test->getArguments());
  Block *halve = b.createBlock(&search.getAfter(), {}, {index, index}, locs);
  Value low = halve->getArgument(0), high = halve->getArgument(1);
  Value middle = arith::ShRUIOp::create(b, b.add(low, high), b.at(1));
  Value before = less(middle);
  scf::YieldOp::create(
      b, ValueRange{arith::SelectOp::create(b, before, b.add(middle, 1), low),
                    arith::SelectOp::create(b, before, high, middle)});
  return search.getResult(0);
}

void SparseProduct::chunkRows(Value t, Marks marks, RowBody each) {
  // The first row with so much work before it.
  auto rowAt = [&](Value terms) {
    return firstNot(b.at(0), lhs.rows, [&](Value middle) {
      return compare(arith::CmpIPredicate::ult,
                     memref::LoadOp::create(b, work, middle), terms);
    });
  };
  Value from = rowAt(b.mul(t, chunk));
  Value to = rowAt(b.mul(b.add(t, 1), chunk));
  Type mark = b.getI32Type();
  // A task's chunks, and so its rows, come in rising order.
  Value many = compare(arith::CmpIPredicate::ult, b.at(kMostRows), lhs.rows);
  b.when(many, [&] { fillZero(marks.marks, rhs.columns); });
  Value base = arith::SelectOp::create(b, many, from, b.at(0));
  b.loop(from, to, 1, [&](Value row) {
    Value number = b.mul(b.add(b.sub(row, base), 1), 2);
    marks.first = arith::IndexCastUIOp::create(b, mark, number);
    marks.taken = arith::IndexCastUIOp::create(b, mark, b.add(number, 1));
    Value active = has(lhs, row);
    if (masked())
      active = arith::AndIOp::create(b, active, has(mask, row));
    b.when(active, [&] { each(t, row, marks); });
  });
}

/// Entries of the mask: of columns that may have sums, or may not.
void SparseProduct::markMask(Value row, const Marks &marks) {
  if (!op.getMask())
    return;
  Value here = op.getComplement() ? marks.taken : marks.first;
  b.loop(begin(mask, row), end(mask, row), 1, [&](Value p) {
    auto set = [&] {
      Value column = loadIndex(b, mask.coordinates, p);
      memref::StoreOp::create(b, here, marks.marks, column);
      if (where)
        memref::StoreOp::create(b, p, where, column);
    };
    if (op.getValued())
      b.when(counts(p), set);
    else
      set();
  });
}

void SparseProduct::ask(Value p, bool values) {
  b.when(far, [&] {
    Value k = loadIndex(b, lhs.coordinates, b.min(b.add(p, kAhead), last));
    Value q = begin(rhs, k);
    memref::PrefetchOp::create(b, rhs.coordinates, q, /*isWrite=*/false, 3,
                               /*isDataCache=*/true);
    if (values)
      memref::PrefetchOp::create(b, rhs.values, q, false, 3, true);
    Value later =
        loadIndex(b, lhs.coordinates, b.min(b.add(p, 2 * kAhead), last));
    memref::PrefetchOp::create(b, rhs.positions, later, false, 3, true);
  });
}

SmallVector<Value> SparseProduct::searched(Value row, Value p, Value from,
                                           Value to, ValueRange carried,
                                           TermBody each) {
  SmallVector<Value> start = {from};
  llvm::append_range(start, carried);
  SmallVector<Value> end =
      b.loop(begin(mask, row), this->end(mask, row), 1, start,
             [&](Value m, ValueRange before) -> SmallVector<Value> {
               Value column = loadIndex(b, mask.coordinates, m);
               Value q = firstNot(before[0], to, [&](Value middle) {
                 return compare(arith::CmpIPredicate::ult,
                                loadIndex(b, rhs.coordinates, middle), column);
               });
               // What lies beyond the row's last entry is none of it.
               Value at = b.min(q, b.sub(to, b.at(1)));
               Value hit = compare(arith::CmpIPredicate::eq,
                                   loadIndex(b, rhs.coordinates, at), column);
               ValueRange rest = before.drop_front();
               auto branch =
                   scf::IfOp::create(b, rest.getTypes(), hit,
                                     /*withElseRegion=*/!rest.empty());
               OpBuilder::InsertionGuard guard(b);
               b.setInsertionPointToStart(branch.thenBlock());
               SmallVector<Value> made = each(p, at, column, rest);
               if (!rest.empty()) {
                 scf::YieldOp::create(b, made);
                 b.setInsertionPointToStart(branch.elseBlock());
                 scf::YieldOp::create(b, rest);
               }
               SmallVector<Value> next = {q};
               llvm::append_range(next, branch.getResults());
               return next;
             });
  return SmallVector<Value>(llvm::drop_begin(end));
}

SmallVector<Value> SparseProduct::terms(Value row, bool values,
                                        ValueRange carried, TermBody each) {
  Value most; // terms that are walked through and not searched
  if (masked())
    most = b.mul(b.sub(end(mask, row), begin(mask, row)), kSearched);
  return b.loop(
      begin(lhs, row), end(lhs, row), 1, carried,
      [&](Value p, ValueRange carried) -> SmallVector<Value> {
        Value k = loadIndex(b, lhs.coordinates, p);
        ask(p, values);
        Value from = begin(rhs, k), to = end(rhs, k);
        auto all = [&] {
          return b.loop(from, to, 1, carried, [&](Value q, ValueRange carried) {
            return each(p, q, loadIndex(b, rhs.coordinates, q), carried);
          });
        };
        if (!most)
          return all();
        auto branch = scf::IfOp::create(
            b, carried.getTypes(),
            compare(arith::CmpIPredicate::ult, most, b.sub(to, from)),
            /*withElseRegion=*/true);
        OpBuilder::InsertionGuard guard(b);
        auto arm = [&](Block *block, SmallVector<Value> made) {
          if (!carried.empty()) {
            b.setInsertionPointToEnd(block);
            scf::YieldOp::create(b, made);
          }
        };
        b.setInsertionPointToStart(branch.thenBlock());
        arm(branch.thenBlock(), searched(row, p, from, to, carried, each));
        b.setInsertionPointToStart(branch.elseBlock());
        arm(branch.elseBlock(), all());
        return SmallVector<Value>(branch.getResults());
      });
}

void SparseProduct::whenDense(Value row, function_ref<void()> dense,
                              function_ref<void()> thin) {
  if (op.getMask())
    return thin();
  Value number = b.sub(memref::LoadOp::create(b, work, b.add(row, 1)),
                       memref::LoadOp::create(b, work, row));
  auto branch =
      scf::IfOp::create(b,
                        compare(arith::CmpIPredicate::ult,
                                b.mul(rhs.columns, kDenseTerms), number),
                        /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  dense();
  b.setInsertionPointToStart(branch.elseBlock());
  thin();
}

void SparseProduct::countDense(Value row, const Marks &marks,
                               SparseResult &result) {
  terms(row, /*values=*/false, {}, [&](Value, Value, Value column, ValueRange) {
    memref::StoreOp::create(b, marks.first, marks.marks, column);
    return SmallVector<Value>{};
  });
  Value number = b.loop(
      b.at(0), rhs.columns, 1, ValueRange{b.at(0)},
      [&](Value column, ValueRange sum) {
        Value is = memref::LoadOp::create(b, marks.marks, column);
        Value has = compare(arith::CmpIPredicate::eq, is, marks.first);
        return SmallVector<Value>{b.add(
            sum[0], arith::IndexCastUIOp::create(b, b.getIndexType(), has))};
      })[0];
  storeIndex(b, number, result.positions, b.add(row, 1));
}

void SparseProduct::fillDense(Value row, const Marks &marks,
                              SparseResult &result) {
  b.loop(b.at(0), rhs.columns, 1, [&](Value column) {
    memref::StoreOp::create(b, op.getStart(), sums, column);
  });
  terms(row, /*values=*/true, {},
        [&](Value p, Value q, Value column, ValueRange) {
          Value old = memref::LoadOp::create(b, sums, column);
          memref::StoreOp::create(b, body(op.getAdd(), {old, product(p, q)}),
                                  sums, column);
          memref::StoreOp::create(b, marks.first, marks.marks, column);
          return SmallVector<Value>{};
        });
  Value from = loadIndex(b, result.positions, row);
  b.loop(b.at(0), rhs.columns, 1, ValueRange{from},
         [&](Value column, ValueRange at) {
           Value is = memref::LoadOp::create(b, marks.marks, column);
           Value has = compare(arith::CmpIPredicate::eq, is, marks.first);
           b.when(has, [&] {
             storeIndex(b, column, result.coordinates, at[0]);
             Value sum = memref::LoadOp::create(b, sums, column);
             memref::StoreOp::create(b, finish(sum, Value()), result.values,
                                     at[0]);
           });
           Value one = arith::IndexCastUIOp::create(b, b.getIndexType(), has);
           return SmallVector<Value>{b.add(at[0], one)};
         });
}

void SparseProduct::count(Value row, const Marks &marks, SparseResult &result) {
  markMask(row, marks);
  // A column counts once: its mark then is another one.
  Value next = masked() ? marks.taken : marks.first;
  Value number =
      terms(row, /*values=*/false, ValueRange{b.at(0)},
            [&](Value, Value, Value column, ValueRange sum) {
              Value is = memref::LoadOp::create(b, marks.marks, column);
              // Before: under a mask what it marked, else what rows before
              // left.
              Value fresh = compare(masked() ? arith::CmpIPredicate::eq
                                             : arith::CmpIPredicate::ult,
                                    is, marks.first);
              Value after =
                  masked() || op.getComplement()
                      ? arith::SelectOp::create(b, fresh, next, is).getResult()
                      : next;
              memref::StoreOp::create(b, after, marks.marks, column);
              Value one =
                  arith::IndexCastUIOp::create(b, b.getIndexType(), fresh);
              return SmallVector<Value>{b.add(sum[0], one)};
            })[0];
  storeIndex(b, number, result.positions, b.add(row, 1));
}

/// Adds a term to its column's sum.
void SparseProduct::sumTerm(Value column, Value p, Value q,
                            const Marks &marks) {
  Value is = memref::LoadOp::create(b, marks.marks, column);
  auto add = [&](Value fresh) {
    Value old = memref::LoadOp::create(b, sums, column);
    Value base = arith::SelectOp::create(b, fresh, op.getStart(), old);
    memref::StoreOp::create(b, body(op.getAdd(), {base, product(p, q)}), sums,
                            column);
  };
  if (masked())
    return b.when(compare(arith::CmpIPredicate::uge, is, marks.first), [&] {
      add(compare(arith::CmpIPredicate::eq, is, marks.first));
      memref::StoreOp::create(b, marks.taken, marks.marks, column);
    });
  Value fresh = compare(arith::CmpIPredicate::ult, is, marks.first);
  auto addBits = [&] {
    add(fresh);
    b.when(fresh, [&] {
      memref::StoreOp::create(b, marks.first, marks.marks, column);
      auto set = [&](Value words, Value at, Value of) {
        Value place = arith::IndexCastUIOp::create(
            b, b.getI64Type(), arith::AndIOp::create(b, of, b.at(63)));
        Value one = arith::ConstantIntOp::create(b, 1, 64);
        Value bit = arith::ShLIOp::create(b, one, place);
        Value word = memref::LoadOp::create(b, words, at);
        memref::StoreOp::create(b, arith::OrIOp::create(b, word, bit), words,
                                at);
      };
      Value word = arith::ShRUIOp::create(b, column, b.at(6));
      set(bits, word, column);
      set(tops, arith::ShRUIOp::create(b, column, b.at(12)), word);
    });
  };
  if (op.getComplement())
    b.when(compare(arith::CmpIPredicate::ne, is, marks.taken), addBits);
  else
    addBits();
}

/// The lowest of a row's terms' columns, and one beyond the highest. In
/// matrices of meshes they are near each other, while words over all columns
/// are many: a Laplacian squared, of 640,000 columns, scanned 157 words a row.
std::pair<Value, Value> SparseProduct::span(Value row) {
  SmallVector<Value> ends = b.loop(
      begin(lhs, row), end(lhs, row), 1, ValueRange{rhs.columns, b.at(0)},
      [&](Value p, ValueRange ends) {
        Value k = loadIndex(b, lhs.coordinates, p);
        Value from = begin(rhs, k), to = end(rhs, k);
        Type index = b.getIndexType();
        auto some = scf::IfOp::create(
            b, TypeRange{index, index},
            compare(arith::CmpIPredicate::ult, from, to), /*withElse=*/true);
        OpBuilder::InsertionGuard guard(b);
        b.setInsertionPointToEnd(some.thenBlock());
        Value first = loadIndex(b, rhs.coordinates, from);
        Value last = loadIndex(b, rhs.coordinates, b.sub(to, b.at(1)));
        scf::YieldOp::create(b, ValueRange{b.min(ends[0], first),
                                           b.max(ends[1], b.add(last, 1))});
        b.setInsertionPointToEnd(some.elseBlock());
        scf::YieldOp::create(b, ends);
        return SmallVector<Value>(some.getResults());
      });
  return {ends[0], ends[1]};
}

/// Entries in the order of columns, found in the bitmap, which it clears.
void SparseProduct::emitBits(Value row, SparseResult &result) {
  Value none = arith::ConstantIntOp::create(b, 0, 64);
  // The body for each bit of words[at], lowest first.
  auto each = [&](Value words, Value at, Value carried,
                  function_ref<Value(Value bit, Value)> body) {
    Value all = memref::LoadOp::create(b, words, at);
    memref::StoreOp::create(b, none, words, at);
    return eachBit(b, all, b.mul(at, 64), carried, body);
  };
  Value from = loadIndex(b, result.positions, row);
  auto [lowest, highest] = span(row);
  Value firstTop = arith::ShRUIOp::create(b, lowest, b.at(12));
  Value lastTop = b.ceilDiv(highest, 64 * 64);
  b.loop(firstTop, lastTop, 1, ValueRange{from}, [&](Value top, ValueRange at) {
    Value end = each(tops, top, at[0], [&](Value word, Value at) {
      return each(bits, word, at, [&](Value column, Value at) {
        storeIndex(b, column, result.coordinates, at);
        Value sum = memref::LoadOp::create(b, sums, column);
        memref::StoreOp::create(b, finish(sum, Value()), result.values, at);
        return b.add(at, 1);
      });
    });
    return SmallVector<Value>{end};
  });
}

/// Entries in the order of the mask's.
void SparseProduct::emitMask(Value row, const Marks &marks,
                             SparseResult &result) {
  Value from = loadIndex(b, result.positions, row);
  b.loop(begin(mask, row), end(mask, row), 1, ValueRange{from},
         [&](Value p, ValueRange at) {
           Value column = loadIndex(b, mask.coordinates, p);
           Value is = memref::LoadOp::create(b, marks.marks, column);
           Value taken = compare(arith::CmpIPredicate::eq, is, marks.taken);
           b.when(taken, [&] {
             storeIndex(b, column, result.coordinates, at[0]);
             Value sum = memref::LoadOp::create(b, sums, column);
             memref::StoreOp::create(b, finish(sum, p), result.values, at[0]);
           });
           Value one = arith::IndexCastUIOp::create(b, b.getIndexType(), taken);
           return SmallVector<Value>{b.add(at[0], one)};
         });
}

void SparseProduct::fill(Value row, const Marks &marks, SparseResult &result) {
  markMask(row, marks);
  terms(row, /*values=*/true, {},
        [&](Value p, Value q, Value column, ValueRange) {
          sumTerm(column, p, q, marks);
          return SmallVector<Value>{};
        });
  if (masked())
    emitMask(row, marks, result);
  else
    emitBits(row, result);
}

Value SparseProduct::sparseResult() {
  SparseResult result(b, op.getType(), lhs.rows, rhs.columns);
  fillZero(result.positions, b.add(lhs.rows, 1));
  forRows([] {},
          [&](Value, Value row, const Marks &marks) {
            whenDense(
                row, [&] { countDense(row, marks, result); },
                [&] { count(row, marks, result); });
          });
  result.place();
  auto space = [&] {
    sums = buffer(op.getSumType(), rhs.columns);
    if (!masked()) {
      bitWords = b.ceilDiv(rhs.columns, 64);
      topWords = b.ceilDiv(rhs.columns, 64 * 64);
      bits = buffer(b.getI64Type(), bitWords);
      tops = buffer(b.getI64Type(), topWords);
      fillZero(bits, bitWords);
      fillZero(tops, topWords);
    }
  };
  forRows(space, [&](Value, Value row, const Marks &marks) {
    whenDense(
        row, [&] { fillDense(row, marks, result); },
        [&] { fill(row, marks, result); });
  });
  return result.assemble();
}

/// Adds a row's terms, each with the mask's entry, to `from`.
Value SparseProduct::rowTotal(Value row, const Marks &marks, Value from) {
  markMask(row, marks);
  return terms(row, /*values=*/true, ValueRange{from},
               [&](Value p, Value q, Value column, ValueRange sum) {
                 Value is = memref::LoadOp::create(b, marks.marks, column);
                 Value counted =
                     compare(arith::CmpIPredicate::eq, is, marks.first);
                 auto branch = scf::IfOp::create(b, op.getSumType(), counted,
                                                 /*withElseRegion=*/true);
                 OpBuilder::InsertionGuard guard(b);
                 b.setInsertionPointToEnd(branch.thenBlock());
                 Value at =
                     op.getScaled()
                         ? Value(memref::LoadOp::create(b, where, column))
                         : Value();
                 Value term = finish(product(p, q), at);
                 scf::YieldOp::create(b, body(op.getAdd(), {sum[0], term}));
                 b.setInsertionPointToEnd(branch.elseBlock());
                 scf::YieldOp::create(b, sum[0]);
                 return SmallVector<Value>{branch.getResult(0)};
               })[0];
}

Value SparseProduct::totals() {
  auto type = op.getType();
  auto toTensor = [&](Value memory) -> Value {
    return bufferization::ToTensorOp::create(b, type, memory, /*restrict=*/true,
                                             /*writable=*/true);
  };
  auto memory = MemRefType::get(type.getShape(), type.getElementType());
  SmallVector<Value> extents;
  if (type.getRank() == 1 && type.isDynamicDim(0))
    extents.push_back(lhs.rows);
  Value out = memref::AllocOp::create(b, memory, extents);
  // Rows without a term have no other say.
  Value parts = out, size = lhs.rows;
  if (type.getRank() == 0) {
    parts = buffer(op.getSumType(), chunks);
    size = chunks;
  }
  b.loop(b.at(0), size, 1, [&](Value at) {
    memref::StoreOp::create(b, op.getStart(), parts, at);
  });
  auto space = [&] {
    if (op.getScaled())
      where = buffer(b.getIndexType(), rhs.columns);
  };
  forRows(space, [&](Value t, Value row, const Marks &marks) {
    Value at = type.getRank() == 0 ? t : row;
    Value from = memref::LoadOp::create(b, parts, at);
    memref::StoreOp::create(b, rowTotal(row, marks, from), parts, at);
  });
  if (type.getRank() == 0) {
    Value total =
        b.loop(b.at(0), chunks, 1, ValueRange{op.getStart()},
               [&](Value t, ValueRange sum) {
                 Value part = memref::LoadOp::create(b, parts, t);
                 return SmallVector<Value>{body(op.getAdd(), {sum[0], part})};
               })[0];
    memref::StoreOp::create(b, total, out, ValueRange());
  }
  return toTensor(out);
}

Value SparseProduct::run() {
  lhs = SparseRows::of(b, op.getLhs());
  rhs = SparseRows::of(b, op.getRhs());
  cutRows();
  last = b.sub(loadIndex(b, lhs.positions, lhs.rows), b.at(1));
  far = compare(arith::CmpIPredicate::ult, b.at(kNear),
                loadIndex(b, rhs.positions, rhs.rows));
  return op.getType().getEncoding() ? sparseResult() : totals();
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

SparseEmitter::SparseEmitter(SparseProductOp op) : op(op), b(op) {
  if (op.getMask())
    mask = SparseRows::of(b, op.getMask());
}

static llvm::SetVector<Value> valuesAbove(sparse_tensor::UnaryOp op) {
  llvm::SetVector<Value> above;
  getUsedValuesDefinedAbove(op.getPresentRegion(), above);
  return above;
}

/// The op that maps each entry of the product's result, and nothing else uses
/// the result but for its extents; null where there is none.
static linalg::GenericOp entryMapOf(SparseProductOp op) {
  linalg::GenericOp found;
  for (Operation *user : op.getResult().getUsers()) {
    if (isa<tensor::DimOp>(user))
      continue;
    auto generic = dyn_cast<linalg::GenericOp>(user);
    if (!generic || found)
      return nullptr;
    found = generic;
  }
  if (!found || found.getNumDpsInputs() != 1 || found.getNumResults() != 1 ||
      found.getDpsInputOperand(0)->get() != op.getResult() ||
      found.getResultTypes().front() != op.getType() ||
      !llvm::all_of(found.getIndexingMapsArray(),
                    [](AffineMap map) { return map.isIdentity(); }))
    return nullptr;
  Block &body = *found.getBody();
  auto unary = body.getTerminator()
                   ->getOperand(0)
                   .getDefiningOp<sparse_tensor::UnaryOp>();
  if (!unary || &body.front() != unary || body.getOperations().size() != 2 ||
      unary.getX() != body.getArgument(0) ||
      !unary.getPresentRegion().hasOneBlock() ||
      !unary.getAbsentRegion().empty())
    return nullptr;
  bool hasOwn = llvm::all_of(valuesAbove(unary), [](Value value) {
    return value.getDefiningOp<arith::ConstantOp>();
  });
  return hasOwn ? found : nullptr;
}

/// What an op does to each entry is done as the entry is finished.
static void takeEntryMap(SparseProductOp op) {
  linalg::GenericOp map = entryMapOf(op);
  if (!map)
    return;
  auto unary = cast<sparse_tensor::UnaryOp>(map.getBody()->front());
  Block &present = unary.getPresentRegion().front();
  Operation *end = op.getFinish().front().getTerminator();
  OpBuilder builder(end);
  IRMapping mapping;
  mapping.map(present.getArgument(0), end->getOperand(0));
  for (Value constant : valuesAbove(unary))
    mapping.map(constant,
                builder.clone(*constant.getDefiningOp())->getResult(0));
  for (Operation &inner : present.without_terminator())
    builder.clone(inner, mapping);
  end->setOperand(
      0, mapping.lookupOrDefault(present.getTerminator()->getOperand(0)));
  map.getResult(0).replaceAllUsesWith(op.getResult());
  map.erase();
}

namespace {
struct EmitSparseProducts
    : noodle::impl::NoodleEmitSparseProductsPassBase<EmitSparseProducts> {
  using NoodleEmitSparseProductsPassBase::NoodleEmitSparseProductsPassBase;

  void runOnOperation() override {
    SmallVector<SparseProductOp> work;
    getOperation().walk([&](SparseProductOp op) { work.push_back(op); });
    for (SparseProductOp op : work) {
      takeEntryMap(op);
      Value result = isVectorProduct(op) ? emitVectorProduct(op)
                     : op.isSparseProduct()
                         ? SparseProduct(op).run()
                         : emitSampledProduct(op, vectorBytes);
      op.getResult().replaceAllUsesWith(result);
      op.erase();
    }
    // What no product has taken.
    SmallVector<linalg::GenericOp> maps;
    getOperation().walk([&](linalg::GenericOp op) {
      if (isStoredMap(op))
        maps.push_back(op);
    });
    llvm::for_each(maps, emitStoredMap);
    if (work.empty() && maps.empty())
      markAllAnalysesPreserved();
  }
};
} // namespace
