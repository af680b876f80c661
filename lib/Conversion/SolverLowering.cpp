//===- SolverLowering.cpp - closures, powers and systems as loops ---------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "SolverEmitter.h"

#include "noodle/Conversion/Passes.h"

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/BuiltinOps.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLEEXPANDSOLVERSPASS
#include "noodle/Conversion/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;
using namespace mlir::noodle;

/// Products after which an iteration over floats that has not settled ends the
/// call: a spectral radius of 0.997 converges to f64's last bits in as many.
static constexpr int64_t kMostProducts = 10000;
/// Squarings after which the norm of a power must have fallen below 1.
static constexpr int64_t kMostSquares = 40;

//===----------------------------------------------------------------------===//
// Closures of idempotent semirings, and log_plus
//===----------------------------------------------------------------------===//

/// One plus the sum of all powers of `pivot`, of `node`; ends the call where
/// there is none.
static Value starOfPivot(SolverEmitter &e, Value pivot, Value node) {
  if (e.semiring.kind() != SemiringKind::LogPlus) {
    Value same = e.invert(e.differs(e.add(e.one(), pivot), e.one()));
    e.require(same,
              "the closure diverges: a cycle through node {0} is better than "
              "staying there",
              /*status=*/2, node);
    return Value();
  }
  Value below =
      arith::CmpFOp::create(e, arith::CmpFPredicate::OLT, pivot, e.number(0));
  e.require(below,
            "the closure diverges: the cycles through node {0} add up to 1 or "
            "more",
            /*status=*/2, node);
  Value exp = arith::NegFOp::create(e, math::ExpOp::create(e, pivot));
  return arith::NegFOp::create(e, math::Log1pOp::create(e, exp));
}

/// The sum of all powers but the zeroth, node by node; the matrix is that of
/// the nodes from `offset` on.
static Value eliminateNodes(SolverEmitter &e, Value matrix, Value n,
                            Value offset) {
  Value first = e.index(0);
  // A row of its own: nothing that is written is read through it.
  Value row = tensor::EmptyOp::create(e, e.dense(1), ValueRange{n});
  return e.loop(first, n, 1, {matrix, row},
                [&](Value k, ValueRange carried) -> SmallVector<Value> {
                  PollOp::create(e);
                  Value now = carried[0];
                  Value star =
                      starOfPivot(e, e.at(now, {k, k}), e.plus(offset, k));
                  Value saved =
                      e.loop(first, n, carried[1], [&](Value j, Value to) {
                        return e.put(e.at(now, {k, j}), to, {j});
                      });
                  now = e.loop(first, n, now, [&](Value i, Value rows) {
                    Value factor = e.at(rows, {i, k});
                    if (star)
                      factor = e.mul(factor, star);
                    return e.loop(first, n, rows, [&](Value j, Value it) {
                      Value path = e.mul(factor, e.at(saved, {j}));
                      return e.put(e.add(e.at(it, {i, j}), path), it, {i, j});
                    });
                  });
                  return {now, saved};
                })[0];
}

/// Block by block (Kleene): A + A[:, K] (A[K, K])* A[K, :].
static Value eliminateBlocks(SolverEmitter &e, Value matrix) {
  Value n = e.dim(matrix, 0), first = e.index(0);
  Value sum =
      e.loop(first, n, kSolverBlock, {matrix},
             [&](Value block, ValueRange carried) -> SmallVector<Value> {
               Value all = carried[0];
               Value size = e.least(e.index(kSolverBlock), e.minus(n, block));
               Value pivot = e.slice(all, {block, block}, {size, size});
               pivot = e.plusIdentity(eliminateNodes(e, pivot, size, block));
               Value columns = e.slice(all, {first, block}, {n, size});
               Value rows = e.slice(all, {block, first}, {size, n});
               Value through = e.contract("ik,kj->ij", {columns, pivot}, 2);
               return {e.contract("ik,kj->ij", {through, rows}, 2, all)};
             })[0];
  return e.plusIdentity(sum);
}

//===----------------------------------------------------------------------===//
// Closures by products
//===----------------------------------------------------------------------===//

/// x = b + A x until nothing changes, at most n times.
static Value iterate(SolverEmitter &e, Value a, Value b, bool left) {
  Value n = e.dim(a, 0), zero = e.index(0);
  // The last node whose value changed: any, or -1 without nodes.
  Value any = e.minus(n, e.index(1));
  SmallVector<Value> end = e.repeat(
      {zero, b, any},
      [&](ValueRange carried) {
        Value more =
            arith::CmpIOp::create(e, arith::CmpIPredicate::slt, carried[0], n);
        return e.both(more, e.found(carried[2]));
      },
      [&](ValueRange carried) -> SmallVector<Value> {
        Value next = e.apply(a, carried[1], left, b);
        Value changed = e.lastDifference(next, carried[1], /*byColumn=*/left);
        return {e.plus(carried[0], e.index(1)), next, changed};
      });
  e.require(e.invert(e.found(end[2])),
            "the closure diverges: node {0} still changes after as many "
            "products as there are nodes; a cycle before it is better than "
            "staying",
            /*status=*/2, end[2]);
  return end[1];
}

/// x = b + A x until nothing changes by more than rounding.
static Value iterateFloats(SolverEmitter &e, Value a, Value b, bool left) {
  double epsilon = e.element.isF64()   ? 0x1p-50
                   : e.element.isF32() ? 0x1p-21
                                       : 0x1p-6;
  SmallVector<Value> end = e.repeat(
      {e.index(0), b, e.boolean(true)},
      [&](ValueRange carried) {
        Value more = arith::CmpIOp::create(e, arith::CmpIPredicate::slt,
                                           carried[0], e.index(kMostProducts));
        return e.both(more, carried[2]);
      },
      [&](ValueRange carried) -> SmallVector<Value> {
        Value next = e.apply(a, carried[1], left, b);
        auto size = [&](Value x) -> Value {
          return math::AbsFOp::create(e, x);
        };
        Value step = e.greatest(next, [&](ValueRange at) {
          return size(
              arith::SubFOp::create(e, e.at(next, at), e.at(carried[1], at)));
        });
        Value scale = e.greatest(
            next, [&](ValueRange at) { return size(e.at(next, at)); });
        Value bound = arith::MulFOp::create(e, scale, e.number(epsilon));
        Value settled =
            arith::CmpFOp::create(e, arith::CmpFPredicate::OLE, step, bound);
        return {e.plus(carried[0], e.index(1)), next, e.invert(settled)};
      });
  // Values that grew beyond all bounds are settled too: infinity is infinity.
  Value grew = e.greatest(end[1], [&](ValueRange at) -> Value {
    return math::AbsFOp::create(e, e.at(end[1], at));
  });
  Value finite = arith::CmpFOp::create(
      e, arith::CmpFPredicate::OLT, grew,
      arith::ConstantOp::create(
          e,
          e.getFloatAttr(e.element,
                         APFloat::getInf(
                             cast<FloatType>(e.element).getFloatSemantics()))));
  e.require(e.both(e.invert(end[2]), finite),
            "the closure diverges: it still changes after " +
                Twine(kMostProducts) +
                " products; the spectral radius is not below 1, or close to "
                "it");
  return end[1];
}

/// The sum of terms A^k b until one is zero.
static Value addTerms(SolverEmitter &e, Value a, Value b, bool left) {
  Value n = e.dim(a, 0), one = e.index(1);
  // The least power of two not below n.
  Value count = e.repeat(
      one,
      [&](ValueRange carried) -> Value {
        return arith::CmpIOp::create(e, arith::CmpIPredicate::slt, carried[0],
                                     n);
      },
      [&](ValueRange carried) -> SmallVector<Value> {
        return {e.plus(carried[0], carried[0])};
      })[0];
  SmallVector<Value> end = e.repeat(
      {e.index(0), b, b, e.anyNonzero(b)},
      [&](ValueRange carried) {
        Value more = arith::CmpIOp::create(e, arith::CmpIPredicate::slt,
                                           carried[0], count);
        return e.both(more, carried[3]);
      },
      [&](ValueRange carried) -> SmallVector<Value> {
        Value term = e.apply(a, carried[2], left);
        Value sum = e.apply(a, carried[2], left, carried[1]);
        return {e.plus(carried[0], one), sum, term, e.anyNonzero(term)};
      });
  e.require(e.invert(end[3]), "the closure diverges: no power is zero");
  return end[1];
}

/// (I + A) (I + A^2) (I + A^4) ...
static Value multiplySquares(SolverEmitter &e, Value a) {
  Value n = e.dim(a, 0);
  SmallVector<Value> end = e.repeat(
      {e.index(1), e.plusIdentity(a), a, e.anyNonzero(a)},
      [&](ValueRange carried) {
        Value more =
            arith::CmpIOp::create(e, arith::CmpIPredicate::slt, carried[0], n);
        return e.both(more, carried[3]);
      },
      [&](ValueRange carried) -> SmallVector<Value> {
        Value square = e.contract("ij,jk->ik", {carried[2], carried[2]}, 2);
        Value sum =
            e.contract("ij,jk->ik", {carried[1], square}, 2, carried[1]);
        return {e.plus(carried[0], carried[0]), sum, square,
                e.anyNonzero(square)};
      });
  e.require(e.invert(end[3]), "the closure diverges: no power is zero");
  return end[1];
}

/// (I + A)^(2^k) until nothing changes.
static Value squareUntilSame(SolverEmitter &e, Value a) {
  Value n = e.dim(a, 0);
  Value any = e.minus(n, e.index(1));
  SmallVector<Value> end = e.repeat(
      {e.index(1), e.plusIdentity(a), any},
      [&](ValueRange carried) {
        // One more than paths need, which must change nothing.
        Value done = arith::CmpIOp::create(e, arith::CmpIPredicate::slt,
                                           carried[0], e.plus(n, n));
        return e.both(done, e.found(carried[2]));
      },
      [&](ValueRange carried) -> SmallVector<Value> {
        Value next = e.contract("ij,jk->ik", {carried[1], carried[1]}, 2);
        return {e.plus(carried[0], carried[0]), next,
                e.lastDifference(next, carried[1])};
      });
  e.require(e.invert(e.found(end[2])),
            "the closure diverges: node {0} still changes after paths as long "
            "as there are nodes",
            /*status=*/2, end[2]);
  return end[1];
}

//===----------------------------------------------------------------------===//
// Closures over floats
//===----------------------------------------------------------------------===//

/// Ends the call unless the powers of a matrix vanish: a norm of A^(2^k) is
/// below 1 for some k.
static void requireVanishing(SolverEmitter &e, Value a) {
  auto normOf = [&](Value x) {
    Value first = e.index(0), none = e.number(0);
    Value n = e.dim(x, 0);
    return e.loop(first, n, none, [&](Value i, Value found) -> Value {
      Value sum = e.loop(first, n, none, [&](Value j, Value so) -> Value {
        return arith::AddFOp::create(e, so,
                                     math::AbsFOp::create(e, e.at(x, {i, j})));
      });
      return arith::MaximumFOp::create(e, found, sum);
    });
  };
  const auto &semantics = cast<FloatType>(e.element).getFloatSemantics();
  Value infinity = arith::ConstantOp::create(
      e, e.getFloatAttr(e.element, APFloat::getInf(semantics)));
  auto below = [&](Value x, Value bound) -> Value {
    return arith::CmpFOp::create(e, arith::CmpFPredicate::OLT, x, bound);
  };
  SmallVector<Value> end = e.repeat(
      {e.index(0), a, normOf(a)},
      [&](ValueRange carried) {
        Value more = arith::CmpIOp::create(e, arith::CmpIPredicate::slt,
                                           carried[0], e.index(kMostSquares));
        Value open = e.both(e.invert(below(carried[2], e.number(1))),
                            below(carried[2], infinity));
        return e.both(more, open);
      },
      [&](ValueRange carried) -> SmallVector<Value> {
        Value square = e.contract("ij,jk->ik", {carried[1], carried[1]}, 2);
        return {e.plus(carried[0], e.index(1)), square, normOf(square)};
      });
  e.require(below(end[2], e.number(1)),
            "the closure diverges: the spectral radius is not below 1");
}

/// (I - A)^-1 b, or the inverse itself.
static Value solveSeries(SolverEmitter &e, Value a, Value b, bool left) {
  requireVanishing(e, a);
  Value n = e.dim(a, 0), first = e.index(0), one = e.number(1);
  Value system = e.negated(a);
  system = e.loop(first, n, system, [&](Value i, Value matrix) {
    Value entry = arith::SubFOp::create(e, one, e.at(a, {i, i}));
    return e.put(entry, matrix, {i, i});
  });
  return e.solve(system, b, left, SolveStructure::General);
}

static Value expandClosure(SolverEmitter &e, ClosureOp op) {
  Value a = op.getInput();
  bool left = op.getLeft();
  e.requireSquare(a);
  bool sparse = op.getInput().getType().getEncoding() != nullptr;
  ClosureForm form =
      closureForm(op.getSemiring(), e.element, e.semiring.userOp());
  Value b = op.getRhs() ? e.opened(op.getRhs()) : Value();
  bool logPlus = e.semiring.kind() == SemiringKind::LogPlus;
  // By products, whatever format the matrix has.
  if (b && form == ClosureForm::Solve && sparse)
    return iterateFloats(e, a, b, left);
  if (b && form == ClosureForm::Nilpotent)
    return addTerms(e, a, b, left);
  if (b && form != ClosureForm::Solve && !logPlus)
    return iterate(e, a, b, left);
  a = e.opened(a);
  switch (form) {
  case ClosureForm::Eliminate: {
    auto type = op.getInput().getType();
    bool small = !type.isDynamicDim(0) && type.getDimSize(0) <= kSolverBlock;
    Value closure =
        small ? e.plusIdentity(eliminateNodes(e, a, e.dim(a, 0), e.index(0)))
              : eliminateBlocks(e, a);
    return b ? e.apply(closure, b, left) : closure;
  }
  case ClosureForm::Solve:
    return solveSeries(e, a, b, left);
  case ClosureForm::Nilpotent:
    return multiplySquares(e, a);
  case ClosureForm::Squares:
    return squareUntilSame(e, a);
  }
  return Value();
}

//===----------------------------------------------------------------------===//
// Powers
//===----------------------------------------------------------------------===//

static Value multiply(SolverEmitter &e, Value x, Value y) {
  return e.contract("ij,jk->ik", {x, y}, 2);
}

/// By squaring; an exponent that is known is not looped over.
static Value powerBySquaring(SolverEmitter &e, Value a, uint64_t n) {
  Value result, square = a;
  for (; n; n /= 2) {
    if (n % 2)
      result = result ? multiply(e, result, square) : square;
    if (n > 1)
      square = multiply(e, square, square);
  }
  return result ? result : e.identity(e.dim(a, 0));
}

static Value expandPower(SolverEmitter &e, MatrixPowerOp op) {
  Value a = op.getInput();
  e.requireSquare(a);
  Value b = op.getRhs() ? e.opened(op.getRhs()) : Value();
  bool left = op.getLeft();
  SemiringTraits traits = e.semiring.traits();
  bool regroup = traits.associative && traits.distributive;
  if (!b)
    a = e.opened(a);
  if (!b && regroup && op.getN())
    return powerBySquaring(e, a, *op.getN());
  Type i64 = e.getI64Type();
  auto literal = [&](int64_t value) -> Value {
    return arith::ConstantOp::create(e, e.getIntegerAttr(i64, value));
  };
  Value n = op.getExponent() ? op.getExponent() : literal(*op.getN());
  if (op.getExponent())
    e.require(
        arith::CmpIOp::create(e, arith::CmpIPredicate::sge, n, literal(0)),
        "the exponent is negative");
  auto positive = [&](Value value) -> Value {
    return arith::CmpIOp::create(e, arith::CmpIPredicate::sgt, value,
                                 literal(0));
  };
  auto less = [&](Value value) -> Value {
    return arith::SubIOp::create(e, value, literal(1));
  };
  if (b)
    return e.repeat(
        {n, b}, [&](ValueRange carried) { return positive(carried[0]); },
        [&](ValueRange carried) -> SmallVector<Value> {
          return {less(carried[0]), e.apply(a, carried[1], left)};
        })[1];
  Value unit = e.identity(e.dim(a, 0));
  if (!regroup) {
    // From left to right, beginning with the matrix itself.
    Value none =
        arith::CmpIOp::create(e, arith::CmpIPredicate::eq, n, literal(0));
    Value product = e.repeat(
        {less(n), a}, [&](ValueRange carried) { return positive(carried[0]); },
        [&](ValueRange carried) -> SmallVector<Value> {
          return {less(carried[0]), multiply(e, carried[1], a)};
        })[1];
    return arith::SelectOp::create(e, none, unit, product);
  }
  return e.repeat(
      {n, unit, a}, [&](ValueRange carried) { return positive(carried[0]); },
      [&](ValueRange carried) -> SmallVector<Value> {
        Value odd = arith::AndIOp::create(e, carried[0], literal(1));
        Value isOdd = positive(odd);
        auto taken = scf::IfOp::create(e, e.dense(2), isOdd,
                                       /*withElseRegion=*/true);
        {
          OpBuilder::InsertionGuard guard(e);
          e.setInsertionPointToStart(taken.thenBlock());
          scf::YieldOp::create(e, multiply(e, carried[1], carried[2]));
          e.setInsertionPointToStart(taken.elseBlock());
          scf::YieldOp::create(e, carried[1]);
        }
        return {arith::ShRSIOp::create(e, carried[0], literal(1)),
                taken.getResult(0), multiply(e, carried[2], carried[2])};
      })[1];
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

namespace {
struct ExpandSolvers
    : noodle::impl::NoodleExpandSolversPassBase<ExpandSolvers> {
  void runOnOperation() override {
    SmallVector<Operation *> ops;
    getOperation().walk([&](Operation *op) {
      if (isa<ClosureOp, MatrixPowerOp, SolveOp, AssumeOp>(op))
        ops.push_back(op);
    });
    for (Operation *op : ops)
      if (failed(expand(op)))
        return signalPassFailure();
  }

  LogicalResult expand(Operation *op) {
    if (auto assume = dyn_cast<AssumeOp>(op)) {
      assume.getResult().replaceAllUsesWith(assume.getInput());
      assume.erase();
      return success();
    }
    auto input = cast<RankedTensorType>(op->getOperand(0).getType());
    auto attribute = SemiringAttr::get(&getContext(), SemiringKind::PlusTimes);
    if (auto closure = dyn_cast<ClosureOp>(op))
      attribute = closure.getSemiring();
    if (auto power = dyn_cast<MatrixPowerOp>(op))
      attribute = power.getSemiring();
    FailureOr<Semiring> semiring =
        Semiring::resolve(attribute, input.getElementType(), op,
                          [&] { return op->emitOpError(); });
    if (failed(semiring))
      return failure();
    if (input.getEncoding() && !semiring->zeroAttr())
      return op->emitOpError()
             << "cannot tell what absent entries are, as the semiring's zero "
                "is no constant; use noodle.convert first";
    SolverEmitter e(op, attribute, *semiring);
    Value result;
    if (auto closure = dyn_cast<ClosureOp>(op)) {
      result = expandClosure(e, closure);
    } else if (auto power = dyn_cast<MatrixPowerOp>(op)) {
      result = expandPower(e, power);
    } else {
      auto solve = cast<SolveOp>(op);
      e.requireSquare(solve.getInput());
      Value a = e.opened(solve.getInput());
      Value b = solve.getRhs() ? e.opened(solve.getRhs()) : Value();
      if (b) {
        unsigned along = solve.getLeft()
                             ? cast<RankedTensorType>(b.getType()).getRank() - 1
                             : 0;
        e.require(arith::CmpIOp::create(e, arith::CmpIPredicate::eq,
                                        e.dim(a, 0), e.dim(b, along)),
                  "the right-hand side's extent is not the matrix's",
                  /*status=*/3);
      }
      result = e.solve(a, b, solve.getLeft(),
                       *parseSolveStructure(solve.getStructure()));
    }
    result =
        e.closed(result, cast<RankedTensorType>(op->getResult(0).getType()));
    op->getResult(0).replaceAllUsesWith(result);
    op->erase();
    return success();
  }
};
} // namespace
