//===- VectorNest.cpp - vector loops of one structured op -----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Three shapes, by the loop that vectors run along:
//  - no loop is summed over: several vectors per step;
//  - that loop is summed over: several vectors of partial sums, added up pair
//    by pair and then half by half of a vector, so that the order depends on
//    the extent and the plan alone;
//  - another loop is: sums stay in memory for one pass over several rows, which
//    reads each row from end to end. Each sum is formed in the order of rows.
//
// What does not change along the vectors is computed once in front of them.
//
//===----------------------------------------------------------------------===//
#include "VectorNest.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;
using namespace mlir::noodle;

namespace {

/// Loop indices, one per loop of the op.
using Indices = SmallVector<Value>;

class Nest {
public:
  Nest(linalg::GenericOp op, const VectorPlan &plan)
      : op(op), plan(plan), body(op.getRegion().front()), b(op.getLoc(), op) {
    for (OpOperand &operand : op->getOpOperands())
      operands.push_back(&operand);
    for (Value argument : body.getArguments())
      if (!variesAlong(cast<BlockArgument>(argument)))
        uniform.insert(argument);
    for (Operation &inner : body.without_terminator())
      if (isUniform(inner))
        for (Value result : inner.getResults())
          uniform.insert(result);
  }

  void emit();
  void emitTiles(const TransposePlan &tiles);

private:
  Value index(int64_t value) {
    return arith::ConstantIndexOp::create(b, value);
  }
  AffineMap mapOf(OpOperand &operand) {
    return op.getMatchingIndexingMap(&operand);
  }
  unsigned outputs() { return op.getNumDpsInits(); }
  OpOperand &init(unsigned k) { return *op.getDpsInitOperand(k); }
  /// Whether output k is one sum per pass along the vectors.
  bool isSum(unsigned k) { return plan.along && plan.combiners[k]; }

  bool streams(OpOperand &operand) {
    return plan.streams[operand.getOperandNumber() - op.getNumDpsInputs()];
  }

  bool variesAlong(BlockArgument argument) {
    OpOperand &operand = *operands[argument.getArgNumber()];
    // A sum's argument is the partial sums.
    return mapOf(operand).isFunctionOfDim(plan.vector) ||
           (plan.along && op.isDpsInit(&operand));
  }
  bool isUniform(Operation &inner) {
    if (auto position = dyn_cast<linalg::IndexOp>(inner))
      return position.getDim() != plan.vector;
    return llvm::all_of(inner.getOperands(), [&](Value operand) {
      return uniform.contains(operand) || operand.getParentBlock() != &body;
    });
  }

  SmallVector<Value> place(OpOperand &operand, const Indices &at);
  /// The uniform values of the body for these indices; with `wide` also as
  /// vectors.
  IRMapping prefix(const Indices &at, bool wide);
  /// The body on `lanes` elements from at[vector] on. `sums` holds a partial
  /// sum per output (null where it is none) and is updated.
  void step(const IRMapping &known, const Indices &at, int64_t lanes,
            Value mask, SmallVectorImpl<Value> &sums);
  Value load(OpOperand &operand, const Indices &at, int64_t lanes, Value mask);
  void store(OpOperand &operand, const Indices &at, Value value, Value mask);
  /// Plan's combiner of output k, on any type.
  Value combine(unsigned k, Value sum, Value value);
  /// One value of a vector of partial sums.
  Value fold(unsigned k, Value lanes);

  void findExtents();
  void loops(ArrayRef<unsigned> rest, Indices &at);
  void summedRows(Indices &at);
  /// A pass along the vectors for each of `rows`.
  void pass(ArrayRef<Indices> rows);
  void tile(const TransposePlan &tiles, Indices &at);
  scf::ForOp loop(Value from, Value to, int64_t by, ValueRange carried,
                  function_ref<void(Value, SmallVectorImpl<Value> &)> inner);

  linalg::GenericOp op;
  const VectorPlan &plan;
  Block &body;
  ImplicitLocOpBuilder b;
  SmallVector<OpOperand *> operands;
  llvm::SmallDenseSet<Value> uniform;
  SmallVector<Value> extents;
  SmallVector<int64_t> known; ///< static extents
  /// Elements of transposed operands for the row at hand.
  llvm::SmallDenseMap<unsigned, Value> given;
};

} // namespace

Type noodle::vectorOf(Type type, int64_t lanes) {
  return lanes == 1 ? type : VectorType::get(lanes, type);
}

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

SmallVector<Value> Nest::place(OpOperand &operand, const Indices &at) {
  SmallVector<Value> result;
  for (AffineExpr expr : mapOf(operand).getResults()) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    result.push_back(dim ? at[dim.getPosition()] : index(0));
  }
  return result;
}

Value Nest::load(OpOperand &operand, const Indices &at, int64_t lanes,
                 Value mask) {
  auto type = cast<MemRefType>(operand.get().getType());
  SmallVector<Value> from = place(operand, at);
  if (lanes == 1)
    return memref::LoadOp::create(b, operand.get(), from);
  auto vector = VectorType::get(lanes, type.getElementType());
  if (!mask)
    return vector::LoadOp::create(b, vector, operand.get(), from);
  Value none = arith::ConstantOp::create(b, b.getZeroAttr(vector));
  return vector::MaskedLoadOp::create(b, vector, operand.get(), from, mask,
                                      none);
}

void Nest::store(OpOperand &operand, const Indices &at, Value value,
                 Value mask) {
  SmallVector<Value> to = place(operand, at);
  if (!isa<VectorType>(value.getType()))
    memref::StoreOp::create(b, value, operand.get(), to);
  else if (!mask && streams(operand))
    vector::StoreOp::create(
        b, value, operand.get(), to, /*nontemporal=*/true,
        llvm::MaybeAlign(
            plan.lanes *
            cast<VectorType>(value.getType()).getElementTypeBitWidth() / 8));
  else if (!mask)
    vector::StoreOp::create(b, value, operand.get(), to);
  else
    vector::MaskedStoreOp::create(b, operand.get(), to, mask, value);
}

IRMapping Nest::prefix(const Indices &at, bool wide) {
  IRMapping known;
  for (BlockArgument argument : body.getArguments()) {
    if (!uniform.contains(argument) || argument.use_empty())
      continue;
    OpOperand &operand = *operands[argument.getArgNumber()];
    known.map(argument, isa<MemRefType>(operand.get().getType())
                            ? load(operand, at, 1, Value())
                            : operand.get());
  }
  for (Operation &inner : body.without_terminator()) {
    if (inner.getNumResults() && !uniform.contains(inner.getResult(0)))
      continue;
    if (auto position = dyn_cast<linalg::IndexOp>(inner))
      known.map(position.getResult(), at[position.getDim()]);
    else
      b.clone(inner, known);
  }
  if (!wide)
    return known;
  // Scalars that meet vectors.
  IRMapping vectors = known;
  auto widen = [&](Value value) {
    Value scalar = known.lookupOrDefault(value);
    if (isa<VectorType>(vectors.lookupOrDefault(value).getType()))
      return;
    vectors.map(value, vector::BroadcastOp::create(
                           b, vectorOf(scalar.getType(), plan.lanes), scalar));
  };
  for (Operation &inner : body) {
    if (inner.getNumResults() && uniform.contains(inner.getResult(0)))
      continue;
    for (Value operand : inner.getOperands())
      if (uniform.contains(operand) || operand.getParentBlock() != &body)
        widen(operand);
  }
  return vectors;
}

Value Nest::combine(unsigned k, Value sum, Value value) {
  Operation *combiner = plan.combiners[k];
  Value old = body.getArgument(init(k).getOperandNumber());
  OperationState state(b.getLoc(), combiner->getName());
  for (Value operand : combiner->getOperands())
    state.operands.push_back(operand == old ? sum : value);
  state.types.push_back(sum.getType());
  state.attributes = combiner->getDiscardableAttrDictionary();
  state.propertiesAttr = combiner->getPropertiesAsAttribute();
  return b.create(state)->getResult(0);
}

Value Nest::fold(unsigned k, Value value) {
  while (auto type = dyn_cast<VectorType>(value.getType())) {
    int64_t half = type.getNumElements() / 2;
    auto part = [&](int64_t from) -> Value {
      if (half == 1)
        return vector::ExtractOp::create(b, value, from);
      SmallVector<int64_t> mask;
      for (int64_t lane = 0; lane < half; ++lane)
        mask.push_back(from + lane);
      return vector::ShuffleOp::create(b, value, value, mask);
    };
    Value low = part(0), high = part(half);
    value = combine(k, low, high);
  }
  return value;
}

void Nest::step(const IRMapping &known, const Indices &at, int64_t lanes,
                Value mask, SmallVectorImpl<Value> &sums) {
  IRMapping mapping = known;
  for (BlockArgument argument : body.getArguments()) {
    OpOperand &operand = *operands[argument.getArgNumber()];
    if (uniform.contains(argument) || argument.use_empty() ||
        !mapOf(operand).isFunctionOfDim(plan.vector))
      continue;
    if (Value element = given.lookup(argument.getArgNumber()))
      mapping.map(argument, element);
    // Sums over other rows than this one.
    else if (op.isDpsInit(&operand) && plan.sum &&
             !mapOf(operand).isFunctionOfDim(*plan.sum))
      mapping.map(argument,
                  sums[operand.getOperandNumber() - op.getNumDpsInputs()]);
    else
      mapping.map(argument, load(operand, at, lanes, mask));
  }
  for (Operation &inner : body.without_terminator()) {
    if (llvm::is_contained(plan.combiners, &inner) ||
        (inner.getNumResults() && uniform.contains(inner.getResult(0))))
      continue;
    if (isa<linalg::IndexOp>(inner)) {
      Value position = at[plan.vector];
      if (lanes > 1) {
        Type type = vectorOf(b.getIndexType(), lanes);
        position = vector::BroadcastOp::create(b, type, position);
        Value steps = vector::StepOp::create(b, cast<VectorType>(type));
        position = arith::AddIOp::create(b, position, steps);
      }
      mapping.map(inner.getResult(0), position);
      continue;
    }
    OperationState state(inner.getLoc(), inner.getName());
    for (Value operand : inner.getOperands())
      state.operands.push_back(mapping.lookupOrDefault(operand));
    state.types.push_back(vectorOf(inner.getResult(0).getType(), lanes));
    state.attributes = inner.getDiscardableAttrDictionary();
    state.propertiesAttr = inner.getPropertiesAsAttribute();
    mapping.map(inner.getResult(0), b.create(state)->getResult(0));
  }
  for (unsigned k = 0; k < outputs(); ++k) {
    Value yielded = body.getTerminator()->getOperand(k);
    if (isSum(k)) {
      Operation *combiner = plan.combiners[k];
      Value old = body.getArgument(init(k).getOperandNumber());
      Value value = combiner->getOperand(combiner->getOperand(0) == old);
      Value sum = combine(k, sums[k], mapping.lookupOrDefault(value));
      sums[k] = mask ? arith::SelectOp::create(b, mask, sum, sums[k]) : sum;
    } else if (plan.sum && !mapOf(init(k)).isFunctionOfDim(*plan.sum)) {
      sums[k] = mapping.lookupOrDefault(yielded);
    } else {
      store(init(k), at, mapping.lookupOrDefault(yielded), mask);
    }
  }
}

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

scf::ForOp
Nest::loop(Value from, Value to, int64_t by, ValueRange carried,
           function_ref<void(Value, SmallVectorImpl<Value> &)> inner) {
  auto loop = scf::ForOp::create(b, from, to, index(by), carried);
  OpBuilder::InsertionGuard guard(b);
  // A loop that carries nothing ends in a yield from the start.
  b.setInsertionPointToStart(loop.getBody());
  SmallVector<Value> values(loop.getRegionIterArgs());
  inner(loop.getInductionVar(), values);
  if (!carried.empty())
    scf::YieldOp::create(b, values);
  return loop;
}

/// Values that are not null, and back.
static SmallVector<Value> present(ArrayRef<Value> values) {
  return llvm::filter_to_vector(values, [](Value v) { return bool(v); });
}
static void fillIn(MutableArrayRef<Value> values, ValueRange from) {
  unsigned at = 0;
  for (Value &value : values)
    if (value)
      value = from[at++];
}

void Nest::pass(ArrayRef<Indices> rows) {
  unsigned v = plan.vector;
  int64_t lanes = plan.lanes, extent = known[v];
  bool isStatic = !ShapedType::isDynamic(extent);
  int64_t vectors = plan.vectors;
  if (isStatic)
    vectors = std::clamp<int64_t>(extent / lanes, 1, vectors);
  int64_t block = vectors * lanes;

  SmallVector<IRMapping> wide, narrow;
  for (const Indices &row : rows)
    wide.push_back(prefix(row, true));
  auto scalars = [&] {
    if (narrow.empty())
      for (const Indices &row : rows)
        narrow.push_back(prefix(row, false));
    return ArrayRef<IRMapping>(narrow);
  };

  // One step over `count` vectors at `start`: all loads of a vector come before
  // its stores, so outputs may be inputs.
  auto steps = [&](ArrayRef<IRMapping> known, Value start, int64_t count,
                   int64_t width, Value mask, SmallVectorImpl<Value> &sums) {
    for (int64_t u = 0; u < count; ++u) {
      Value at = start;
      if (u)
        at = arith::AddIOp::create(b, start, index(u * width));
      MutableArrayRef<Value> mine =
          MutableArrayRef(sums).slice(u * outputs(), outputs());
      SmallVector<Value> own(mine);
      // Sums over rows are in memory between passes.
      SmallVector<unsigned> kept;
      if (plan.sum)
        for (unsigned k = 0; k < outputs(); ++k)
          if (!mapOf(init(k)).isFunctionOfDim(*plan.sum))
            kept.push_back(k);
      Indices place = rows.front();
      place[v] = at;
      for (unsigned k : kept)
        own[k] = load(init(k), place, width, mask);
      for (auto [row, values] : llvm::zip(rows, known)) {
        Indices here = row;
        here[v] = at;
        step(values, here, width, mask, own);
      }
      for (unsigned k : kept) {
        store(init(k), place, own[k], mask);
        own[k] = Value();
      }
      llvm::copy(own, mine.begin());
    }
  };

  // Partial sums, `vectors` times one per output.
  SmallVector<Value> sums(vectors * outputs());
  for (unsigned k = 0; k < outputs(); ++k) {
    if (!isSum(k))
      continue;
    TypedAttr neutral = *arith::getNeutralElement(plan.combiners[k]);
    Value start = arith::ConstantOp::create(b, neutral);
    start =
        vector::BroadcastOp::create(b, vectorOf(start.getType(), lanes), start);
    for (int64_t u = 0; u < vectors; ++u)
      sums[u * outputs() + k] = start;
  }

  Value end = extents[v], done = index(0);
  auto run = [&](Value from, Value to, int64_t by,
                 function_ref<void(Value, SmallVectorImpl<Value> &)> inner) {
    scf::ForOp made = loop(from, to, by, present(sums),
                           [&](Value at, SmallVectorImpl<Value> &carried) {
                             SmallVector<Value> own = sums;
                             fillIn(own, carried);
                             inner(at, own);
                             carried = present(own);
                           });
    fillIn(sums, made.getResults());
  };
  auto downTo = [&](int64_t unit) -> Value {
    if (isStatic)
      return index(extent - extent % unit);
    return arith::SubIOp::create(b, end,
                                 arith::RemUIOp::create(b, end, index(unit)));
  };
  if (!isStatic || extent >= block) {
    Value main = downTo(block);
    run(done, main, block, [&](Value at, SmallVectorImpl<Value> &own) {
      steps(wide, at, vectors, lanes, Value(), own);
    });
    done = main;
  }
  int64_t rest = isStatic ? extent % block : -1;
  bool whole = isStatic && rest % lanes == 0;
  if (rest && (whole || !plan.masks) && vectors > 1 &&
      (!isStatic || rest >= lanes)) {
    Value main = downTo(lanes);
    run(done, main, lanes, [&](Value at, SmallVectorImpl<Value> &own) {
      steps(wide, at, 1, lanes, Value(), own);
    });
    done = main;
  }
  if (rest && !whole && plan.masks)
    run(done, end, lanes, [&](Value at, SmallVectorImpl<Value> &own) {
      Value left = arith::SubIOp::create(b, end, at);
      Value mask = vector::CreateMaskOp::create(
          b, VectorType::get(lanes, b.getI1Type()), ValueRange{left});
      steps(wide, at, 1, lanes, mask, own);
    });

  // Sums of vectors, pair by pair, then of lanes.
  for (int64_t half = vectors; half > 1;) {
    int64_t low = (half + 1) / 2;
    for (int64_t u = low; u < half; ++u)
      for (unsigned k = 0; k < outputs(); ++k)
        if (isSum(k)) {
          Value &to = sums[(u - low) * outputs() + k];
          to = combine(k, to, sums[u * outputs() + k]);
        }
    half = low;
  }
  sums.resize(outputs());
  for (unsigned k = 0; k < outputs(); ++k)
    if (isSum(k))
      sums[k] = fold(k, sums[k]);
  if (rest && !whole && !plan.masks) {
    ArrayRef<IRMapping> known = scalars();
    run(done, end, 1, [&](Value at, SmallVectorImpl<Value> &own) {
      steps(known, at, 1, 1, Value(), own);
    });
  }
  for (unsigned k = 0; k < outputs(); ++k)
    if (isSum(k)) {
      const Indices &at = rows.front();
      Value old = load(init(k), at, 1, Value());
      store(init(k), at, combine(k, old, sums[k]), Value());
    }
}

/// Passes over several rows of the summed loop at a time, then over one.
void Nest::summedRows(Indices &at) {
  unsigned s = *plan.sum;
  int64_t extent = known[s];
  bool isStatic = !ShapedType::isDynamic(extent);
  int64_t rows = plan.rows;
  auto run = [&](Value from, Value to, int64_t count) {
    loop(from, to, count, {}, [&](Value row, SmallVectorImpl<Value> &) {
      SmallVector<Indices> passes;
      for (int64_t r = 0; r < count; ++r) {
        at[s] = r ? arith::AddIOp::create(b, row, index(r)) : row;
        passes.push_back(at);
      }
      pass(passes);
    });
  };
  Value done = index(0);
  if (!isStatic || extent >= rows) {
    Value main = isStatic
                     ? index(extent - extent % rows)
                     : arith::SubIOp::create(
                           b, extents[s],
                           arith::RemUIOp::create(b, extents[s], index(rows)));
    run(done, main, rows);
    done = main;
  }
  if (!isStatic || extent % rows)
    run(done, extents[s], 1);
}

void Nest::loops(ArrayRef<unsigned> rest, Indices &at) {
  if (rest.empty())
    return plan.sum ? summedRows(at) : pass(at);
  loop(index(0), extents[rest.front()], 1, {},
       [&](Value i, SmallVectorImpl<Value> &) {
         at[rest.front()] = i;
         loops(rest.drop_front(), at);
       });
}

void Nest::findExtents() {
  auto structured = cast<linalg::LinalgOp>(op.getOperation());
  for (Range range : structured.createLoopRanges(b, b.getLoc()))
    extents.push_back(
        getValueOrCreateConstantIndexOp(b, b.getLoc(), range.size));
  known = op.getStaticLoopRanges();
}

void Nest::emit() {
  findExtents();
  SmallVector<unsigned> outer, parallel, summed;
  op.getParallelDims(parallel);
  op.getReductionDims(summed);
  for (unsigned loop : llvm::concat<unsigned>(parallel, summed))
    if (loop != plan.vector && loop != plan.sum)
      outer.push_back(loop);
  Indices at(op.getNumLoops());
  loops(outer, at);
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

/// Rows of the output that are written at a time: their pages fit the first
/// level of the TLB.
static constexpr int64_t kTileRows = 64;

/// Column j of `rows` becomes row j: each step interleaves two halves.
static SmallVector<Value> transposed(ImplicitLocOpBuilder &b,
                                     SmallVector<Value> rows) {
  int64_t lanes = rows.size();
  SmallVector<int64_t> low, high;
  for (int64_t k = 0; k < lanes / 2; ++k) {
    low.append({k, lanes + k});
    high.append({lanes / 2 + k, lanes + lanes / 2 + k});
  }
  for (int64_t done = 1; done < lanes; done *= 2) {
    SmallVector<Value> next;
    for (int64_t k = 0; k < lanes / 2; ++k)
      for (ArrayRef<int64_t> mask : {ArrayRef(low), ArrayRef(high)})
        next.push_back(
            vector::ShuffleOp::create(b, rows[k], rows[k + lanes / 2], mask));
    rows = next;
  }
  return rows;
}

void Nest::tile(const TransposePlan &tiles, Indices &at) {
  Value row = at[tiles.other], column = at[tiles.vector];
  auto plus = [&](Value base, int64_t by) -> Value {
    return by ? arith::AddIOp::create(b, base, index(by)) : base;
  };
  SmallVector<SmallVector<Value>> elements;
  for (unsigned number : tiles.transposed) {
    SmallVector<Value> loaded;
    for (int64_t l = 0; l < tiles.lanes; ++l) {
      at[tiles.vector] = plus(column, l);
      loaded.push_back(load(*operands[number], at, tiles.lanes, Value()));
    }
    elements.push_back(transposed(b, loaded));
  }
  at[tiles.vector] = column;
  SmallVector<Value> sums(1);
  for (int64_t l = 0; l < tiles.lanes; ++l) {
    at[tiles.other] = plus(row, l);
    for (auto [number, values] : llvm::zip(tiles.transposed, elements))
      given[number] = values[l];
    step(prefix(at, true), at, tiles.lanes, Value(), sums);
  }
  given.clear();
}

void Nest::emitTiles(const TransposePlan &tiles) {
  findExtents();
  unsigned u = tiles.other, v = tiles.vector;
  auto whole = [&](unsigned loop) -> Value {
    if (!ShapedType::isDynamic(known[loop]))
      return index(known[loop] - known[loop] % tiles.lanes);
    return arith::SubIOp::create(
        b, extents[loop],
        arith::RemUIOp::create(b, extents[loop], index(tiles.lanes)));
  };
  Value rows = whole(u), columns = whole(v);
  Indices at(op.getNumLoops());
  std::function<void(unsigned)> nest = [&](unsigned outer) {
    if (outer == u || outer == v)
      return nest(outer + 1);
    if (outer < op.getNumLoops()) {
      loop(index(0), extents[outer], 1, {},
           [&](Value i, SmallVectorImpl<Value> &) {
             at[outer] = i;
             nest(outer + 1);
           });
      return;
    }
    loop(index(0), rows, kTileRows, {}, [&](Value i, SmallVectorImpl<Value> &) {
      Value last = arith::AddIOp::create(b, i, index(kTileRows));
      last = arith::MinSIOp::create(b, last, rows);
      loop(index(0), columns, tiles.lanes, {},
           [&](Value j, SmallVectorImpl<Value> &) {
             loop(i, last, tiles.lanes, {},
                  [&](Value r, SmallVectorImpl<Value> &) {
                    at[u] = r;
                    at[v] = j;
                    tile(tiles, at);
                  });
           });
    });
  };
  nest(0);
  auto left = [&](unsigned loop) {
    return ShapedType::isDynamic(known[loop]) || known[loop] % tiles.lanes;
  };
  if (left(u))
    sliceLoop(b, op, u, rows, b.createOrFold<arith::SubIOp>(extents[u], rows));
  if (left(v)) {
    linalg::GenericOp edge = sliceLoop(
        b, op, v, columns, b.createOrFold<arith::SubIOp>(extents[v], columns));
    b.setInsertionPoint(edge);
    sliceLoop(b, edge, u, index(0), rows);
    edge.erase();
  }
}

linalg::GenericOp noodle::sliceLoop(OpBuilder &b, linalg::GenericOp op,
                                    unsigned loop, Value offset, Value size,
                                    Operation *outside) {
  Location loc = op.getLoc();
  OpBuilder sizer = b;
  if (outside)
    sizer.setInsertionPoint(outside);
  SmallVector<Value> operands;
  for (OpOperand &operand : op->getOpOperands()) {
    AffineMap map = op.getMatchingIndexingMap(&operand);
    Value buffer = operand.get();
    if (isa<MemRefType>(buffer.getType()) && map.isFunctionOfDim(loop)) {
      SmallVector<OpFoldResult> offsets, sizes, strides;
      for (auto [dim, expr] : llvm::enumerate(map.getResults())) {
        bool cut = expr.isFunctionOfDim(loop);
        offsets.push_back(cut ? getAsOpFoldResult(offset) : b.getIndexAttr(0));
        sizes.push_back(
            cut ? getAsOpFoldResult(size)
                : memref::getMixedSize(outside ? sizer : b, loc, buffer, dim));
        strides.push_back(b.getIndexAttr(1));
      }
      buffer =
          memref::SubViewOp::create(b, loc, buffer, offsets, sizes, strides);
    }
    operands.push_back(buffer);
  }
  auto piece = cast<linalg::GenericOp>(b.clone(*op.getOperation()));
  piece->setOperands(operands);
  // Positions count from the slice's start.
  OpBuilder::InsertionGuard guard(b);
  for (auto position : llvm::make_early_inc_range(
           piece.getRegion().front().getOps<linalg::IndexOp>())) {
    if (position.getDim() != loop)
      continue;
    b.setInsertionPointAfter(position);
    auto shifted = arith::AddIOp::create(b, loc, position.getResult(), offset);
    position.getResult().replaceAllUsesExcept(shifted, shifted);
  }
  return piece;
}

void noodle::emitVectorNest(linalg::GenericOp op, const VectorPlan &plan) {
  Nest(op, plan).emit();
}

void noodle::emitTransposeTiles(linalg::GenericOp op,
                                const TransposePlan &tiles) {
  VectorPlan plan;
  plan.vector = tiles.vector;
  plan.lanes = tiles.lanes;
  plan.combiners.resize(1);
  plan.streams = {tiles.streams};
  Nest(op, plan).emitTiles(tiles);
}
