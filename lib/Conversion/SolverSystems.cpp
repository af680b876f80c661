//===- SolverSystems.cpp - linear systems by blocks of rows ---------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Matrix and right-hand sides are one tensor [A | B], so that exchanging and
// eliminating rows of A does the same to B, and what follows is substitution.
// Blocks of rows are eliminated by scalar loops; the rows below them (or above,
// when substituting backwards) by one contraction each. Right-looking, as in
// Golub and Van Loan, "Matrix Computations", section 3.4.
//
//===----------------------------------------------------------------------===//
#include "SolverEmitter.h"

#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace mlir::noodle;

namespace {

class System {
public:
  System(SolverEmitter &e, SolveStructure structure)
      : e(e), structure(structure) {
    first = e.index(0);
    step = e.index(1);
  }

  Value join(Value a, Value b);
  Value forward(Value work);
  Value backward(Value work);
  Value n, m, width;

private:
  bool isUnit() const {
    return structure == SolveStructure::UnitLower ||
           structure == SolveStructure::UnitUpper;
  }
  /// Row `i` minus `factor` times row `k`, in columns [from, to).
  Value subtract(Value work, Value i, Value k, Value factor, Value from,
                 Value to) {
    return e.loop(from, to, work, [&](Value j, Value rows) -> Value {
      Value product = arith::MulFOp::create(e, factor, e.at(rows, {k, j}));
      Value rest = arith::SubFOp::create(e, e.at(rows, {i, j}), product);
      return e.put(rest, rows, {i, j});
    });
  }
  Value divide(Value work, Value k, Value pivot, Value from, Value to) {
    return e.loop(from, to, work, [&](Value j, Value rows) -> Value {
      Value quotient = arith::DivFOp::create(e, e.at(rows, {k, j}), pivot);
      return e.put(quotient, rows, {k, j});
    });
  }
  Value pivotOf(Value work, Value k);
  Value exchange(Value work, Value k);
  /// Rows [top, top + height) and columns from `left` on, less the product of
  /// columns [block, block + size) of these rows and rows [block, block + size)
  /// from `left` on.
  Value update(Value work, Value top, Value height, Value block, Value size,
               Value left);

  SolverEmitter &e;
  SolveStructure structure;
  Value first, step;
};

} // namespace

Value System::join(Value a, Value b) {
  n = e.dim(a, 0);
  bool vector = b && cast<RankedTensorType>(b.getType()).getRank() == 1;
  m = !b ? n : vector ? e.index(1) : e.dim(b, 1);
  width = e.plus(n, m);
  Value work =
      tensor::SplatOp::create(e, e.number(0), e.dense(2), ValueRange{n, width});
  work = e.putSlice(a, work, {first, first}, {n, n});
  if (b && !vector)
    return e.putSlice(b, work, {first, n}, {n, m});
  Value one = b ? Value() : e.number(1);
  return e.loop(first, n, work, [&](Value i, Value rows) {
    return b ? e.put(e.at(b, {i}), rows, {i, n})
             : e.put(one, rows, {i, e.plus(n, i)});
  });
}

Value System::pivotOf(Value work, Value k) {
  if (isUnit())
    return e.number(1);
  Value pivot = e.at(work, {k, k});
  bool spd = structure == SolveStructure::Spd;
  Value good = arith::CmpFOp::create(
      e, spd ? arith::CmpFPredicate::OGT : arith::CmpFPredicate::UNE, pivot,
      e.number(0));
  e.require(good,
            spd ? "the matrix is not positive definite: pivot {0} is not "
                  "positive"
                : "the matrix is singular: pivot {0} is 0",
            /*status=*/2, k);
  return pivot;
}

/// Brings the row whose entry in column `k` is greatest to `k`.
Value System::exchange(Value work, Value k) {
  auto size = [&](Value i) -> Value {
    return math::AbsFOp::create(e, e.at(work, {i, k}));
  };
  SmallVector<Value> best =
      e.loop(e.plus(k, step), n, 1, {size(k), k},
             [&](Value i, ValueRange carried) -> SmallVector<Value> {
               Value candidate = size(i);
               Value more = arith::CmpFOp::create(e, arith::CmpFPredicate::OGT,
                                                  candidate, carried[0]);
               return {arith::SelectOp::create(e, more, candidate, carried[0]),
                       arith::SelectOp::create(e, more, i, carried[1])};
             });
  Value with = best[1];
  return e.loop(first, width, work, [&](Value j, Value rows) {
    Value x = e.at(rows, {k, j}), y = e.at(rows, {with, j});
    return e.put(x, e.put(y, rows, {k, j}), {with, j});
  });
}

Value System::update(Value work, Value top, Value height, Value block,
                     Value size, Value left) {
  Value columns = e.minus(width, left);
  Value factors = e.negated(e.slice(work, {top, block}, {height, size}));
  Value rows = e.slice(work, {block, left}, {size, columns});
  Value target = e.slice(work, {top, left}, {height, columns});
  Value rest = e.contract("ik,kj->ij", {factors, rows}, 2, target);
  return e.putSlice(rest, work, {top, left}, {height, columns});
}

Value System::forward(Value work) {
  bool lower = structure == SolveStructure::Lower ||
               structure == SolveStructure::UnitLower;
  return e.loop(
      first, n, kSolverBlock, {work},
      [&](Value block, ValueRange carried) -> SmallVector<Value> {
        PollOp::create(e);
        Value size = e.least(e.index(kSolverBlock), e.minus(n, block));
        Value end = e.plus(block, size);
        Value rows = carried[0];
        // The block's columns, all rows below included.
        rows = e.loop(block, end, rows, [&](Value k, Value now) {
          if (structure == SolveStructure::General)
            now = exchange(now, k);
          Value pivot = pivotOf(now, k);
          if (lower) {
            now = divide(now, k, pivot, n, width);
            return e.loop(e.plus(k, step), end, now, [&](Value i, Value it) {
              return subtract(it, i, k, e.at(it, {i, k}), n, width);
            });
          }
          return e.loop(e.plus(k, step), n, now, [&](Value i, Value it) {
            Value factor = arith::DivFOp::create(e, e.at(it, {i, k}), pivot);
            it = e.put(factor, it, {i, k});
            return subtract(it, i, k, factor, e.plus(k, step), end);
          });
        });
        if (!lower)
          rows = e.loop(block, end, rows, [&](Value k, Value now) {
            return e.loop(e.plus(k, step), end, now, [&](Value i, Value it) {
              return subtract(it, i, k, e.at(it, {i, k}), end, width);
            });
          });
        return {
            update(rows, end, e.minus(n, end), block, size, lower ? n : end)};
      })[0];
}

Value System::backward(Value work) {
  return e.loop(first, n, kSolverBlock, {work},
                [&](Value before, ValueRange carried) -> SmallVector<Value> {
                  PollOp::create(e);
                  // From the last row up: the first block holds what is left
                  // over.
                  Value end = e.minus(n, before);
                  Value size = e.least(e.index(kSolverBlock), end);
                  Value block = e.minus(end, size);
                  Value rows =
                      e.loop(first, size, carried[0], [&](Value at, Value now) {
                        Value k = e.minus(e.minus(end, step), at);
                        now = divide(now, k, pivotOf(now, k), n, width);
                        return e.loop(block, k, now, [&](Value i, Value it) {
                          return subtract(it, i, k, e.at(it, {i, k}), n, width);
                        });
                      });
                  return {update(rows, first, block, block, size, n)};
                })[0];
}

static Value transposed(SolverEmitter &e, Value x) {
  return TransposeOp::create(e, e.dense(2), x, e.getDenseI64ArrayAttr({1, 0}),
                             StrategyKindAttr());
}

Value SolverEmitter::solve(Value a, Value b, bool left,
                           SolveStructure structure) {
  bool vector = b && cast<RankedTensorType>(b.getType()).getRank() == 1;
  if (left) {
    a = transposed(*this, a);
    structure = transposedStructure(structure);
    if (b && !vector)
      b = transposed(*this, b);
  }
  System system(*this, structure);
  Value work = system.join(a, b);
  if (structure != SolveStructure::Upper &&
      structure != SolveStructure::UnitUpper)
    work = system.forward(work);
  if (structure != SolveStructure::Lower &&
      structure != SolveStructure::UnitLower)
    work = system.backward(work);
  if (vector) {
    Value result =
        tensor::EmptyOp::create(*this, dense(1), ValueRange{system.n});
    return loop(index(0), system.n, result, [&](Value i, Value x) {
      return put(at(work, {i, system.n}), x, {i});
    });
  }
  // A tensor of its own, so that the factors can go.
  Value x = slice(work, {index(0), system.n}, {system.n, system.m});
  return left && b ? transposed(*this, x) : x;
}
