//===- SparseLowering.cpp - ops on stored entries as loops ----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "SparseBuilder.h"

#include "noodle/Dialect/SparseOps.h"
#include "noodle/Strategy/Lowerable.h"

#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace mlir::noodle;
using arith::CmpIPredicate;

static constexpr int32_t kOutOfMemory = 1, kIndexRange = 4, kInvalid = 7;

static bool isColumns(Type type) {
  return *getSparseFormat(cast<RankedTensorType>(type)) == SparseFormat::CSC;
}

static Value add(Emitter &e, Value x, Value y) {
  return arith::AddIOp::create(e, x, y);
}
static Value sub(Emitter &e, Value x, Value y) {
  return arith::SubIOp::create(e, x, y);
}
static Value mul(Emitter &e, Value x, Value y) {
  return arith::MulIOp::create(e, x, y);
}
static Value next(Emitter &e, Value x) { return add(e, x, e.index(1)); }
static Value less(Emitter &e, Value x, Value y) {
  return arith::CmpIOp::create(e, CmpIPredicate::ult, x, y);
}
static Value compare(Emitter &e, CmpIPredicate predicate, Value x, Value y) {
  return arith::CmpIOp::create(e, predicate, x, y);
}
static Value both(Emitter &e, Value x, Value y) {
  return arith::AndIOp::create(e, x, y);
}
static Value either(Emitter &e, Value x, Value y) {
  return arith::OrIOp::create(e, x, y);
}
static Value negate(Emitter &e, Value x) {
  return arith::XOrIOp::create(e, x, e.constant(e.getBoolAttr(true)));
}
static Value pick(Emitter &e, Value condition, Value x, Value y) {
  return arith::SelectOp::create(e, condition, x, y);
}
/// 1 or 0.
static Value count(Emitter &e, Value condition) {
  return arith::IndexCastUIOp::create(e, e.getIndexType(), condition);
}
static Value load(Emitter &e, Value buffer, Value at) {
  return memref::LoadOp::create(e, buffer, at);
}

/// A scf.while over indices.
static SmallVector<Value>
loopWhile(Emitter &e, ValueRange inits,
          llvm::function_ref<Value(ValueRange)> condition,
          llvm::function_ref<SmallVector<Value>(ValueRange)> body) {
  SmallVector<Type> types(inits.size(), e.getIndexType());
  SmallVector<Location> locs(inits.size(), e.getLoc());
  auto loop = scf::WhileOp::create(e, types, inits);
  OpBuilder::InsertionGuard guard(e);
  Block *before = e.createBlock(&loop.getBefore(), {}, types, locs);
  Value goesOn = condition(before->getArguments());
  scf::ConditionOp::create(e, goesOn, before->getArguments());
  Block *after = e.createBlock(&loop.getAfter(), {}, types, locs);
  scf::YieldOp::create(e, body(after->getArguments()));
  return loop.getResults();
}

/// A region's scalar code on arguments.
static Value inlined(Emitter &e, Region &region, ValueRange arguments) {
  Block &block = region.front();
  IRMapping mapping;
  mapping.map(block.getArguments(), arguments);
  for (Operation &inner : block.without_terminator())
    e.clone(inner, mapping);
  return mapping.lookupOrDefault(block.getTerminator()->getOperand(0));
}

namespace {
/// Where one operand stands in a row.
struct Span {
  Value begin, end;
};
} // namespace

static Span spanOf(Emitter &e, const StoredRows &rows, Value row) {
  return {loadIndex(e, rows.positions, row),
          loadIndex(e, rows.positions, next(e, row))};
}

static Value entriesOf(Emitter &e, const StoredRows &rows) {
  return loadIndex(e, rows.positions, rows.rows);
}

static Value finish(Emitter &e, const StoredRows &rows, RankedTensorType type) {
  return assemble(e, withWidths(e, rows, type), type);
}

//===----------------------------------------------------------------------===//
// merge
//===----------------------------------------------------------------------===//

namespace {
class Merge {
public:
  Merge(MergeOp op, bool keepsLone)
      : op(op), e(op), swapped(isColumns(op.getType())),
        isUnion(!op.getIntersection()), keepsLone(keepsLone) {}

  Value run();

private:
  void readOperands();
  /// The body on the sparse operands' values, at an entry.
  Value value(ArrayRef<Value> sparse, Value row, Value column);
  Value absent(unsigned k);
  Value onlyOne(Value row, Value at);
  Value two(Value row, Value at);
  Value rest(unsigned k, Value row, Value from, Value to, Value at);
  Value many(Value row, Value at);
  bool mayShare();

  MergeOp op;
  Emitter e;
  bool swapped, isUnion;
  /// An entry of one of two operands is as that one has it.
  bool keepsLone;
  SmallVector<StoredRows> sparse;
  SmallVector<Type> elements; ///< of sparse operands
  SparseBuilder *builder = nullptr;
};
} // namespace

void Merge::readOperands() {
  Value extents[2];
  for (auto [k, input] : llvm::enumerate(op.getInputs()))
    if (isSparse(input)) {
      for (unsigned d : {0u, 1u})
        if (!extents[d])
          extents[d] = e.dim(input, d);
        else
          e.requireEqual(extents[d], e.dim(input, d),
                         "extents of dimension " + Twine(d) +
                             " disagree: operand " + Twine(k) +
                             " and the sparse operands before it");
      sparse.push_back(rowsInOrder(e, input, op.getType()));
      elements.push_back(
          cast<RankedTensorType>(input.getType()).getElementType());
    }
  for (auto [k, input] : llvm::enumerate(op.getInputs())) {
    auto type = dyn_cast<RankedTensorType>(input.getType());
    if (!type || isSparse(input))
      continue;
    for (unsigned d : {0u, 1u})
      if (type.getDimSize(d) != 1)
        e.requireEqual(extents[d], e.dim(input, d),
                       "extents of dimension " + Twine(d) +
                           " disagree: operand " + Twine(k) +
                           " and the sparse operands");
  }
}

Value Merge::absent(unsigned k) {
  return op.getAbsent() ? e.constant(*op.getAbsent()) : e.zeroOf(elements[k]);
}

Value Merge::value(ArrayRef<Value> stored, Value row, Value column) {
  Value at[2] = {swapped ? column : row, swapped ? row : column};
  SmallVector<Value> arguments;
  for (Value input : op.getInputs()) {
    auto type = dyn_cast<RankedTensorType>(input.getType());
    if (!type) {
      arguments.push_back(input);
    } else if (isSparse(input)) {
      arguments.push_back(stored.front());
      stored = stored.drop_front();
    } else {
      SmallVector<Value> from;
      for (unsigned d : {0u, 1u})
        from.push_back(type.getDimSize(d) == 1 ? e.index(0) : at[d]);
      arguments.push_back(tensor::ExtractOp::create(e, input, from));
    }
  }
  return inlined(e, op.getBody(), arguments);
}

Value Merge::onlyOne(Value row, Value at) {
  Span span = spanOf(e, sparse[0], row);
  return rest(0, row, span.begin, span.end, at);
}

/// What operand k alone stores from `from` on.
Value Merge::rest(unsigned k, Value row, Value from, Value to, Value at) {
  return e.loop(from, to, ValueRange{at},
                [&](Value p, ValueRange at) -> SmallVector<Value> {
                  Value column = loadIndex(e, sparse[k].coordinates, p);
                  return {builder->put(at[0], column, Value(), [&] {
                    if (keepsLone)
                      return load(e, sparse[k].values, p);
                    SmallVector<Value> stored;
                    for (unsigned other = 0; other < sparse.size(); ++other)
                      stored.push_back(other == k ? load(e, sparse[k].values, p)
                                                  : absent(other));
                    return value(stored, row, column);
                  })};
                })[0];
}

/// Two rows. Which of two columns comes first is not predictable, so both sides
/// advance by a comparison without a branch. Where only columns that meet
/// count, these are a loop of their own: they come in runs, and its steps do
/// not wait for the comparison before. A union is faster without it: 2 million
/// entries of uniform matrices take 20 ms, with such a loop 24 (Zen 5).
Value Merge::two(Value row, Value at) {
  Span x = spanOf(e, sparse[0], row), y = spanOf(e, sparse[1], row);
  auto inside = [&](ValueRange v) {
    return both(e, less(e, v[0], x.end), less(e, v[1], y.end));
  };
  auto column = [&](unsigned k, Value p) {
    return loadIndex(e, sparse[k].coordinates, p);
  };
  // Short-circuit: nothing is read behind a row's end.
  auto insideAnd = [&](ValueRange v, CmpIPredicate predicate) -> Value {
    auto test = scf::IfOp::create(e, TypeRange{e.getI1Type()}, inside(v),
                                  /*withElse=*/true);
    OpBuilder::InsertionGuard guard(e);
    e.setInsertionPointToEnd(test.thenBlock());
    scf::YieldOp::create(
        e, compare(e, predicate, column(0, v[0]), column(1, v[1])));
    e.setInsertionPointToEnd(test.elseBlock());
    scf::YieldOp::create(e, Value(e.constant(e.getBoolAttr(false))));
    return test.getResult(0);
  };
  auto run = [&](ValueRange v) {
    return loopWhile(
        e, v, [&](ValueRange v) { return insideAnd(v, CmpIPredicate::eq); },
        [&](ValueRange v) -> SmallVector<Value> {
          Value here = column(0, v[0]);
          Value to = builder->put(v[2], here, Value(), [&] {
            return value({load(e, sparse[0].values, v[0]),
                          load(e, sparse[1].values, v[1])},
                         row, here);
          });
          return {next(e, v[0]), next(e, v[1]), to};
        });
  };
  auto step = [&](ValueRange v) -> SmallVector<Value> {
    Value i = column(0, v[0]), j = column(1, v[1]);
    Value left = compare(e, CmpIPredicate::ule, i, j);
    Value right = compare(e, CmpIPredicate::ule, j, i);
    Value to = v[2];
    if (isUnion) {
      Value here = arith::MinUIOp::create(e, i, j);
      to = builder->put(to, here, Value(), [&] {
        Value a = load(e, sparse[0].values, v[0]);
        Value b = load(e, sparse[1].values, v[1]);
        if (keepsLone)
          return pick(e, both(e, left, right), value({a, b}, row, here),
                      pick(e, left, a, b));
        return value(
            {pick(e, left, a, absent(0)), pick(e, right, b, absent(1))}, row,
            here);
      });
    }
    return {add(e, v[0], count(e, left)), add(e, v[1], count(e, right)), to};
  };
  SmallVector<Value> ends = loopWhile(
      e, {x.begin, y.begin, at}, inside,
      [&](ValueRange v) -> SmallVector<Value> {
        if (isUnion)
          return step(v);
        SmallVector<Value> met = loopWhile(
            e, v, [&](ValueRange v) { return insideAnd(v, CmpIPredicate::ne); },
            step);
        return run(met);
      });
  if (!isUnion)
    return ends[2];
  at = rest(0, row, ends[0], x.end, ends[2]);
  return rest(1, row, ends[1], y.end, at);
}

Value Merge::many(Value row, Value at) {
  SmallVector<Value> inits, ends;
  for (const StoredRows &rows : sparse) {
    Span span = spanOf(e, rows, row);
    inits.push_back(span.begin);
    ends.push_back(span.end);
  }
  inits.push_back(at);
  unsigned n = sparse.size();
  auto open = [&](ValueRange v, unsigned k) { return less(e, v[k], ends[k]); };
  Value none = e.index(INT64_MAX);
  return loopWhile(
             e, inits,
             [&](ValueRange v) {
               Value goesOn = open(v, 0);
               for (unsigned k = 1; k < n; ++k)
                 goesOn = isUnion ? either(e, goesOn, open(v, k))
                                  : both(e, goesOn, open(v, k));
               return goesOn;
             },
             [&](ValueRange v) -> SmallVector<Value> {
               // What an exhausted operand would have is not read.
               auto when = [&](Value condition,
                               llvm::function_ref<Value()> read,
                               Value otherwise) -> Value {
                 auto branch =
                     scf::IfOp::create(e, TypeRange{otherwise.getType()},
                                       condition, /*withElse=*/true);
                 OpBuilder::InsertionGuard guard(e);
                 e.setInsertionPointToEnd(branch.thenBlock());
                 scf::YieldOp::create(e, read());
                 e.setInsertionPointToEnd(branch.elseBlock());
                 scf::YieldOp::create(e, otherwise);
                 return branch.getResult(0);
               };
               SmallVector<Value> columns, stored, following;
               Value column = none;
               for (unsigned k = 0; k < n; ++k) {
                 columns.push_back(when(
                     open(v, k),
                     [&] { return loadIndex(e, sparse[k].coordinates, v[k]); },
                     none));
                 column = arith::MinUIOp::create(e, column, columns[k]);
               }
               Value meet;
               for (unsigned k = 0; k < n; ++k) {
                 Value here = compare(e, CmpIPredicate::eq, columns[k], column);
                 meet = meet ? both(e, meet, here) : here;
                 stored.push_back(when(
                     here, [&] { return load(e, sparse[k].values, v[k]); },
                     absent(k)));
                 following.push_back(add(e, v[k], count(e, here)));
               }
               following.push_back(
                   builder->put(v[n], column, isUnion ? Value() : meet,
                                [&] { return value(stored, row, column); }));
               return following;
             })
      .back();
}

/// Whether code for operands that store entries at the same places pays: the
/// index widths are the result's, and the body asks for no place.
bool Merge::mayShare() {
  auto isOfWidths = [&](Value input) {
    auto type = dyn_cast<RankedTensorType>(input.getType());
    if (!type)
      return true;
    auto encoding = sparse_tensor::getSparseTensorEncoding(type);
    auto wanted = sparse_tensor::getSparseTensorEncoding(op.getType());
    return encoding && encoding.getPosWidth() == wanted.getPosWidth() &&
           encoding.getCrdWidth() == wanted.getCrdWidth();
  };
  return sparse.size() == 2 && llvm::all_of(op.getInputs(), isOfWidths);
}

Value Merge::run() {
  readOperands();
  SparseBuilder made(e, op.getType(), sparse[0].rows, sparse[0].columns);
  builder = &made;
  auto bound = [&](Value row) {
    Value sum = loadIndex(e, sparse[0].positions, row);
    for (const StoredRows &other : ArrayRef(sparse).drop_front())
      if (isUnion)
        sum = add(e, sum, loadIndex(e, other.positions, row));
    return sum;
  };
  Value same = mayShare() ? samePattern(e, sparse[0], sparse[1]) : Value();
  if (same)
    made.leave(same, entriesOf(e, sparse[0]));
  StoredRows rows = made.buildWithin(bound, [&](Value row, Value at) {
    return sparse.size() == 1   ? onlyOne(row, at)
           : sparse.size() == 2 ? two(row, at)
                                : many(row, at);
  });
  if (same)
    fillPattern(e, same, sparse[0], sparse[1], rows, [&](Value x, Value y) {
      return value({x, y}, Value(), Value());
    });
  return assemble(e, rows, op.getType());
}

Value noodle::lowerMerge(MergeOp op) { return Merge(op, false).run(); }
Value noodle::mergeCommon(MergeOp op) { return Merge(op, true).run(); }

//===----------------------------------------------------------------------===//
// select
//===----------------------------------------------------------------------===//

Value noodle::lowerSelect(SelectOp op) {
  Emitter e(op);
  RankedTensorType type = op.getType();
  bool swapped = isColumns(type);
  StoredRows rows = rowsInOrder(e, op.getInputs().front(), type);
  SparseBuilder builder(e, type, rows.rows, rows.columns);
  std::optional<MatrixPart> part;
  if (op.getPart())
    part = parseMatrixPart(*op.getPart());
  auto keeps = [&](Value value, Value row, Value column) -> Value {
    auto word = [&](Value index) -> Value {
      return arith::IndexCastOp::create(e, e.getI64Type(), index);
    };
    Value i = word(swapped ? column : row), j = word(swapped ? row : column);
    if (!part) {
      SmallVector<Value> arguments = {value, i, j};
      llvm::append_range(arguments, op.getInputs().drop_front());
      return inlined(e, op.getBody(), arguments);
    }
    int64_t diagonal = op.getDiagonal() ? int64_t(*op.getDiagonal()) : 0;
    CmpIPredicate predicate = *part == MatrixPart::Lower   ? CmpIPredicate::sle
                              : *part == MatrixPart::Upper ? CmpIPredicate::sge
                              : *part == MatrixPart::Diagonal
                                  ? CmpIPredicate::eq
                                  : CmpIPredicate::ne;
    return compare(e, predicate, sub(e, j, i),
                   e.constant(e.getI64IntegerAttr(diagonal)));
  };
  StoredRows made = builder.buildWithin(
      [&](Value row) { return loadIndex(e, rows.positions, row); },
      [&](Value row, Value at) {
        Span span = spanOf(e, rows, row);
        return e.loop(span.begin, span.end, ValueRange{at},
                      [&](Value p, ValueRange at) -> SmallVector<Value> {
                        Value column = loadIndex(e, rows.coordinates, p);
                        Value value = load(e, rows.values, p);
                        return {builder.put(at[0], column,
                                            keeps(value, row, column),
                                            [&] { return value; })};
                      })[0];
      });
  return assemble(e, made, type);
}

//===----------------------------------------------------------------------===//
// kron
//===----------------------------------------------------------------------===//

/// x * y, which must not exceed 63 bits.
static Value extentProduct(Emitter &e, Value x, Value y) {
  Value wide = arith::IndexCastOp::create(e, e.getI64Type(), y);
  Value one = e.constant(e.getI64IntegerAttr(1));
  Value divisor = arith::MaxUIOp::create(e, wide, one);
  Value most = arith::DivUIOp::create(
      e, e.constant(e.getI64IntegerAttr(INT64_MAX)), divisor);
  e.require(compare(e, CmpIPredicate::ule,
                    arith::IndexCastOp::create(e, e.getI64Type(), x), most),
            "an extent of the result exceeds 63 bits", kOutOfMemory);
  return mul(e, x, y);
}

static Value denseKron(Emitter &e, KronOp op, const Semiring &semiring) {
  using utils::IteratorType;
  RankedTensorType lhs = op.getLhs().getType(), rhs = op.getRhs().getType();
  SmallVector<int64_t> shape;
  SmallVector<Value> extents;
  for (unsigned d : {0u, 1u}) {
    if (lhs.isDynamicDim(d) || rhs.isDynamicDim(d))
      extentProduct(e, e.dim(op.getLhs(), d), e.dim(op.getRhs(), d));
    shape.push_back(lhs.getDimSize(d));
    extents.push_back(e.dim(op.getLhs(), d));
    shape.push_back(rhs.getDimSize(d));
    extents.push_back(e.dim(op.getRhs(), d));
  }
  auto dims = [&](unsigned a, unsigned b) {
    return AffineMap::get(4, 0, {e.getAffineDimExpr(a), e.getAffineDimExpr(b)},
                          e.getContext());
  };
  auto type = RankedTensorType::get(shape, lhs.getElementType());
  Value wide = e.generic({op.getLhs(), op.getRhs()}, e.empty(type, extents),
                         {dims(0, 2), dims(1, 3), e.getMultiDimIdentityMap(4)},
                         SmallVector<IteratorType>(4, IteratorType::parallel),
                         [&](OpBuilder &b, Location loc, ValueRange args) {
                           return semiring.mul(b, loc, args[0], args[1]);
                         });
  SmallVector<ReassociationIndices> pairs = {{0, 1}, {2, 3}};
  return tensor::CollapseShapeOp::create(e, wide, pairs);
}

Value noodle::lowerKron(KronOp op) {
  Emitter e(op);
  RankedTensorType type = op.getType();
  Semiring semiring =
      *Semiring::resolve(op.getSemiring(), type.getElementType(), op,
                         [&] { return op.emitOpError(); });
  if (!isSparse(type))
    return denseKron(e, op, semiring);
  StoredRows a = rowsInOrder(e, op.getLhs(), type);
  StoredRows b = rowsInOrder(e, op.getRhs(), type);
  Value rows = extentProduct(e, a.rows, b.rows);
  SparseBuilder builder(e, type, rows, extentProduct(e, a.columns, b.columns));
  Value most = extentProduct(e, entriesOf(e, a), entriesOf(e, b));
  Value each = arith::DivUIOp::create(
      e, most, arith::MaxUIOp::create(e, rows, e.index(1)));
  StoredRows made = builder.build(
      [&](Value row) { return mul(e, row, each); },
      [&](Value row, Value at) -> Value {
        Span x = spanOf(e, a, arith::DivUIOp::create(e, row, b.rows));
        Span y = spanOf(e, b, arith::RemUIOp::create(e, row, b.rows));
        if (builder.counting())
          return add(e, at,
                     mul(e, sub(e, x.end, x.begin), sub(e, y.end, y.begin)));
        return e.loop(x.begin, x.end, ValueRange{at},
                      [&](Value p, ValueRange at) -> SmallVector<Value> {
                        Value left = load(e, a.values, p);
                        Value base =
                            mul(e, loadIndex(e, a.coordinates, p), b.columns);
                        return llvm::to_vector(e.loop(
                            y.begin, y.end, at,
                            [&](Value q, ValueRange at) -> SmallVector<Value> {
                              Value column =
                                  add(e, base, loadIndex(e, b.coordinates, q));
                              return {builder.put(at[0], column, Value(), [&] {
                                return semiring.mul(e, e.getLoc(), left,
                                                    load(e, b.values, q));
                              })};
                            }));
                      })[0];
      });
  return assemble(e, made, type);
}

//===----------------------------------------------------------------------===//
// extract, assign
//===----------------------------------------------------------------------===//

static Value indexAt(Emitter &e, Value list, Value k) {
  return arith::IndexCastOp::create(e, e.getIndexType(),
                                    tensor::ExtractOp::create(e, list, k));
}

/// Ends the call unless all indices are below `extent`, and, where asked,
/// increase.
static void requireIndices(Emitter &e, Value list, Value extent, unsigned d,
                           bool increasing) {
  Value yes = e.constant(e.getBoolAttr(true));
  Value size = e.dim(list, 0);
  ValueRange good =
      e.loop(size, ValueRange{yes, yes},
             [&](Value k, ValueRange good) -> SmallVector<Value> {
               Value at = indexAt(e, list, k);
               Value inside = both(e, good[0], less(e, at, extent));
               if (!increasing)
                 return {inside, good[1]};
               Value before = arith::MaxUIOp::create(e, k, e.index(1));
               Value last = indexAt(e, list, sub(e, before, e.index(1)));
               Value rises =
                   either(e, compare(e, CmpIPredicate::eq, k, e.index(0)),
                          compare(e, CmpIPredicate::slt, last, at));
               return {inside, both(e, good[1], rises)};
             });
  Value inside = good[0], rises = good[1];
  e.require(inside, "an index is out of range for dimension " + Twine(d),
            kIndexRange);
  if (increasing)
    e.require(rises,
              "indices of dimension " + Twine(d) + " do not increase strictly",
              kInvalid);
}

/// Storage rows by index.
static StoredRows takeRows(Emitter &e, const StoredRows &rows, Value list,
                           RankedTensorType type) {
  SparseBuilder builder(e, type, e.dim(list, 0), rows.columns);
  Value each = arith::DivUIOp::create(
      e, entriesOf(e, rows), arith::MaxUIOp::create(e, rows.rows, e.index(1)));
  return builder.build(
      [&](Value row) { return mul(e, row, each); },
      [&](Value row, Value at) -> Value {
        Span span = spanOf(e, rows, indexAt(e, list, row));
        if (builder.counting())
          return add(e, at, sub(e, span.end, span.begin));
        return e.loop(span.begin, span.end, ValueRange{at},
                      [&](Value p, ValueRange at) -> SmallVector<Value> {
                        return {builder.put(
                            at[0], loadIndex(e, rows.coordinates, p), Value(),
                            [&] { return load(e, rows.values, p); })};
                      })[0];
      });
}

Value noodle::lowerExtract(ExtractOp op) {
  Emitter e(op);
  auto type = op.getInput().getType();
  Value lists[2] = {op.getRows(), op.getColumns()};
  for (unsigned d : {0u, 1u})
    if (lists[d])
      requireIndices(e, lists[d], e.dim(op.getInput(), d), d, false);
  StoredRows rows = storedRows(e, op.getInput());
  bool swapped = isColumns(type), wanted = isColumns(op.getType());
  // Rows are taken in the order there is, columns in the other one.
  if (Value outer = lists[swapped ? 1 : 0])
    rows = takeRows(e, rows, outer, type);
  if (Value inner = lists[swapped ? 0 : 1]) {
    rows = takeRows(e, transposedRows(e, rows), inner, type);
    swapped = !swapped;
  }
  if (swapped != wanted)
    rows = transposedRows(e, rows);
  return finish(e, rows, op.getType());
}

Value noodle::lowerAssign(AssignOp op) {
  Emitter e(op);
  RankedTensorType type = op.getType();
  bool swapped = isColumns(type);
  Value lists[2] = {op.getRows(), op.getColumns()};
  for (unsigned d : {0u, 1u}) {
    if (lists[d])
      requireIndices(e, lists[d], e.dim(op.getInit(), d), d, true);
    e.requireEqual(e.dim(op.getInput(), d),
                   lists[d] ? e.dim(lists[d], 0) : e.dim(op.getInit(), d),
                   "operand 0 has another extent in dimension " + Twine(d) +
                       (lists[d] ? " than there are indices" : " than init"));
  }
  StoredRows init = storedRows(e, op.getInit());
  StoredRows input = rowsInOrder(e, op.getInput(), type);
  Value outer = lists[swapped ? 1 : 0], inner = lists[swapped ? 0 : 1];
  // Which of the listed a row or column is, plus 1; 0 for the others.
  auto placesOf = [&](Value list, Value extent) -> Value {
    if (!list)
      return Value();
    auto table = MemRefType::get({ShapedType::kDynamic}, e.getIndexType());
    Value places = memref::AllocOp::create(e, table, extent);
    e.loop(extent, {}, [&](Value k, ValueRange) -> SmallVector<Value> {
      memref::StoreOp::create(e, e.index(0), places, k);
      return {};
    });
    e.loop(e.dim(list, 0), {}, [&](Value k, ValueRange) -> SmallVector<Value> {
      memref::StoreOp::create(e, next(e, k), places, indexAt(e, list, k));
      return {};
    });
    return places;
  };
  Value rowPlaces = placesOf(outer, init.rows);
  Value columnPlaces = placesOf(inner, init.columns);
  SparseBuilder builder(e, type, init.rows, init.columns);
  StoredRows made = builder.build(
      [&](Value row) { return loadIndex(e, init.positions, row); },
      [&](Value row, Value at) -> Value {
        Value place = rowPlaces ? load(e, rowPlaces, row) : next(e, row);
        Value listed = compare(e, CmpIPredicate::ne, place, e.index(0));
        // Of a row that is not listed nothing is taken from the input.
        Value from = sub(e, place, count(e, listed));
        Value to = pick(e, listed, place, from);
        Span x = spanOf(e, init, row);
        Value begin = loadIndex(e, input.positions, from);
        Value end = loadIndex(e, input.positions, to);
        auto stays = [&](Value column) {
          Value out = negate(e, listed);
          if (!columnPlaces)
            return out;
          return either(e, out,
                        compare(e, CmpIPredicate::eq,
                                load(e, columnPlaces, column), e.index(0)));
        };
        auto target = [&](Value q) {
          Value column = loadIndex(e, input.coordinates, q);
          return inner ? indexAt(e, inner, column) : column;
        };
        SmallVector<Value> ends = loopWhile(
            e, {x.begin, begin, at},
            [&](ValueRange v) {
              return both(e, less(e, v[0], x.end), less(e, v[1], end));
            },
            [&](ValueRange v) -> SmallVector<Value> {
              Value i = loadIndex(e, init.coordinates, v[0]);
              Value j = target(v[1]);
              Value old = less(e, i, j), fresh = negate(e, old);
              Value puts = either(e, fresh, stays(i));
              Value then = builder.put(v[2], pick(e, old, i, j), puts, [&] {
                return pick(e, old, load(e, init.values, v[0]),
                            load(e, input.values, v[1]));
              });
              return {add(e, v[0], count(e, old)),
                      add(e, v[1], count(e, fresh)), then};
            });
        at = e.loop(ends[0], x.end, ValueRange{ends[2]},
                    [&](Value p, ValueRange at) -> SmallVector<Value> {
                      Value column = loadIndex(e, init.coordinates, p);
                      return {builder.put(at[0], column, stays(column), [&] {
                        return load(e, init.values, p);
                      })};
                    })[0];
        return e.loop(ends[1], end, ValueRange{at},
                      [&](Value q, ValueRange at) -> SmallVector<Value> {
                        return {builder.put(at[0], target(q), Value(), [&] {
                          return load(e, input.values, q);
                        })};
                      })[0];
      });
  return assemble(e, made, type);
}

//===----------------------------------------------------------------------===//
// concat, convert
//===----------------------------------------------------------------------===//

Value noodle::concatSparse(Emitter &e, ConcatOp op) {
  RankedTensorType type = op.getType();
  SmallVector<StoredRows> inputs;
  for (Value input : op.getInputs())
    inputs.push_back(rowsInOrder(e, input, type));
  bool alongRows = (op.getAxis() == 0) != isColumns(type);
  Value rows = alongRows ? e.index(0) : inputs[0].rows;
  Value columns = alongRows ? inputs[0].columns : e.index(0);
  // Where each operand's rows or columns begin.
  SmallVector<Value> bases;
  for (const StoredRows &input : inputs) {
    Value &sum = alongRows ? rows : columns;
    bases.push_back(sum);
    sum = add(e, sum, alongRows ? input.rows : input.columns);
  }
  SparseBuilder builder(e, type, rows, columns);
  auto copy = [&](const StoredRows &input, Span span, Value base,
                  Value at) -> Value {
    if (builder.counting())
      return add(e, at, sub(e, span.end, span.begin));
    return e.loop(span.begin, span.end, ValueRange{at},
                  [&](Value p, ValueRange at) -> SmallVector<Value> {
                    Value column = loadIndex(e, input.coordinates, p);
                    if (base)
                      column = add(e, column, base);
                    return {builder.put(at[0], column, Value(), [&] {
                      return load(e, input.values, p);
                    })};
                  })[0];
  };
  // Row of an operand: the one of the result, held within what it has.
  auto within = [&](unsigned k, Value row) {
    Value first = arith::MaxUIOp::create(e, row, bases[k]);
    return Value(
        arith::MinUIOp::create(e, sub(e, first, bases[k]), inputs[k].rows));
  };
  StoredRows made = builder.build(
      [&](Value row) {
        Value sum = e.index(0);
        for (auto [k, input] : llvm::enumerate(inputs))
          sum = add(
              e, sum,
              loadIndex(e, input.positions, alongRows ? within(k, row) : row));
        return sum;
      },
      [&](Value row, Value at) {
        for (auto [k, input] : llvm::enumerate(inputs)) {
          Span span;
          // Operands that do not have the row have an empty span.
          if (alongRows)
            span = {loadIndex(e, input.positions, within(k, row)),
                    loadIndex(e, input.positions, within(k, next(e, row)))};
          else
            span = spanOf(e, input, row);
          at = copy(input, span, alongRows ? Value() : bases[k], at);
        }
        return at;
      });
  return assemble(e, made, type);
}

Value noodle::sparsified(Emitter &e, Value dense, RankedTensorType type,
                         Value absent) {
  bool swapped = isColumns(type);
  Value rows = e.dim(dense, swapped ? 1 : 0);
  Value columns = e.dim(dense, swapped ? 0 : 1);
  SparseBuilder builder(e, type, rows, columns);
  StoredRows made = builder.build(
      [&](Value row) { return mul(e, row, columns); },
      [&](Value row, Value at) -> Value {
        return e.loop(
            columns, ValueRange{at},
            [&](Value column, ValueRange at) -> SmallVector<Value> {
              Value value = tensor::ExtractOp::create(
                  e, dense,
                  swapped ? ValueRange{column, row} : ValueRange{row, column});
              // NaN differs from everything, -0 is 0.
              Value differs;
              if (isa<ComplexType>(absent.getType()))
                differs = complex::NotEqualOp::create(e, value, absent);
              else if (isa<FloatType>(absent.getType()))
                differs = arith::CmpFOp::create(e, arith::CmpFPredicate::UNE,
                                                value, absent);
              else
                differs = compare(e, CmpIPredicate::ne, value, absent);
              return {
                  builder.put(at[0], column, differs, [&] { return value; })};
            })[0];
      });
  return assemble(e, made, type);
}
