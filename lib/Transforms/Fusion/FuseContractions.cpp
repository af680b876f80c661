//===- FuseContractions.cpp - elementwise neighbours into contractions ----===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A consumer moves into the epilogue, a producer into the body of the operand
// it makes. The scalar code is the same before and after, so the bits are too.
//
//===----------------------------------------------------------------------===//
#include "noodle/Dialect/Noodle.h"
#include "noodle/Dialect/Semiring.h"
#include "noodle/Transforms/Passes.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/PatternMatch.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLEFUSECONTRACTIONSPASS
#include "noodle/Transforms/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;
using namespace mlir::noodle;

/// Operations on an element that are cheap enough to be done again whenever it
/// is read: a conversion, a scale and a shift. A guess.
static constexpr unsigned kCheapOps = 4;

namespace {

//===----------------------------------------------------------------------===//
// Elementwise ops
//===----------------------------------------------------------------------===//

/// A linalg op that computes each element of its one result from elements of
/// its inputs; null where it is something else.
linalg::LinalgOp asElementwise(Operation *op) {
  if (!isa_and_nonnull<linalg::GenericOp, linalg::TransposeOp,
                       linalg::BroadcastOp, linalg::CopyOp>(op))
    return {};
  auto linalgOp = cast<linalg::LinalgOp>(op);
  if (linalgOp->getNumResults() != 1 || linalgOp.getNumReductionLoops() ||
      linalgOp.hasIndexSemantics())
    return {};
  auto type = dyn_cast<RankedTensorType>(op->getResult(0).getType());
  if (!type || type.getEncoding())
    return {};
  for (Value operand : op->getOperands())
    if (auto tensor = dyn_cast<RankedTensorType>(operand.getType());
        tensor && tensor.getEncoding())
      return {};
  if (!linalgOp.getIndexingMapsArray().back().isPermutation())
    return {};
  for (Operation &inner : linalgOp.getBlock()->without_terminator())
    if (inner.getNumRegions() || inner.getNumResults() != 1 ||
        !isa<arith::ArithDialect, math::MathDialect>(inner.getDialect()))
      return {};
  return linalgOp;
}

bool readsItsInit(linalg::LinalgOp op) {
  return !op.getBlock()->getArguments().back().use_empty();
}

bool onlyMoves(linalg::LinalgOp op) {
  Block &body = *op.getBlock();
  return isa<BlockArgument>(body.getTerminator()->getOperand(0));
}

/// Few operations, none of them long.
bool isCheap(linalg::LinalgOp op) {
  unsigned count = 0;
  for (Operation &inner : op.getBlock()->without_terminator()) {
    if (isa<math::MathDialect>(inner.getDialect()) ||
        isa<arith::DivFOp, arith::DivSIOp, arith::DivUIOp, arith::RemFOp,
            arith::RemSIOp, arith::RemUIOp>(inner))
      return false;
    count += !isa<arith::ConstantOp>(inner);
  }
  return count <= kCheapOps;
}

/// The loops of an elementwise op as loops of a contraction, where `place`
/// says where each dimension of its tensor with map `map` is; null expressions
/// where the map leaves a loop out.
SmallVector<AffineExpr> loopsThrough(AffineMap map, AffineMap place) {
  SmallVector<AffineExpr> loops(map.getNumDims());
  for (auto [d, expr] : llvm::enumerate(map.getResults()))
    if (auto dim = dyn_cast<AffineDimExpr>(expr))
      loops[dim.getPosition()] = place.getResult(d);
  return loops;
}

/// A map of the elementwise op, over the contraction's loops. Null where it
/// has a result that the contraction's maps cannot have.
AffineMap translate(AffineMap map, ArrayRef<AffineExpr> loops,
                    unsigned loopCount) {
  SmallVector<AffineExpr> results;
  for (AffineExpr expr : map.getResults()) {
    if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
      if (!loops[dim.getPosition()])
        return {};
      results.push_back(loops[dim.getPosition()]);
      continue;
    }
    auto constant = dyn_cast<AffineConstantExpr>(expr);
    if (!constant || constant.getValue() != 0)
      return {};
    results.push_back(expr);
  }
  return AffineMap::get(loopCount, 0, results, map.getContext());
}

//===----------------------------------------------------------------------===//
// A contraction while it is rewritten
//===----------------------------------------------------------------------===//

enum Group : unsigned { Lhs, Rhs, Extra };

/// The parts of an op. Bodies are changed where they are; operands and maps
/// here, and `rebuild` makes the op that has both.
struct Parts {
  explicit Parts(FusedContractOp op)
      : op(op), operands{SmallVector<Value>(op.getLhs()),
                         SmallVector<Value>(op.getRhs()),
                         SmallVector<Value>(op.getExtras())},
        scalars(op.getScalars()), out(op.getOut()),
        accumulate(op.getAccumulate()) {
    unsigned next = 0;
    for (Group group : {Lhs, Rhs, Extra})
      for (unsigned k = 0; k < operands[group].size(); ++k)
        maps[group].push_back(op.getMap(next++));
    outMap = op.getMap(next);
  }

  Region &body(Group group) {
    return group == Lhs   ? op.getLhsBody()
           : group == Rhs ? op.getRhsBody()
                          : op.getEpilogue();
  }
  /// The argument that stands for an operand's element.
  BlockArgument element(Group group, unsigned k) {
    return body(group).getArgument(k + (group == Extra ? 1 : 0));
  }
  /// The argument of `group`'s body for an operand with this map, which is
  /// added where there is none yet.
  Value addOperand(Group group, Value value, AffineMap map) {
    for (auto [k, known] : llvm::enumerate(operands[group]))
      if (known == value && maps[group][k] == map)
        return element(group, k);
    unsigned at = operands[group].size();
    operands[group].push_back(value);
    maps[group].push_back(map);
    return body(group).insertArgument(at + (group == Extra ? 1 : 0),
                                      getElementTypeOrSelf(value.getType()),
                                      op.getLoc());
  }
  Value addScalar(Group group, Value value) {
    auto found = llvm::find(scalars, value);
    unsigned at = found - scalars.begin();
    if (found == scalars.end()) {
      scalars.push_back(value);
      for (Group each : {Lhs, Rhs, Extra})
        body(each).addArgument(value.getType(), op.getLoc());
    }
    Region &region = body(group);
    return region.getArgument(region.getNumArguments() - scalars.size() + at);
  }
  void dropOperand(Group group, unsigned k) {
    body(group).eraseArgument(k + (group == Extra ? 1 : 0));
    operands[group].erase(operands[group].begin() + k);
    maps[group].erase(maps[group].begin() + k);
  }

  /// The op in front of `before`; the old one is gone.
  FusedContractOp rebuild(IRRewriter &rewriter, Operation *before,
                          Operation *replaced) {
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPoint(before);
    SmallVector<AffineMap> all;
    for (Group group : {Lhs, Rhs, Extra})
      llvm::append_range(all, maps[group]);
    all.push_back(outMap);
    auto made = FusedContractOp::create(
        rewriter, op.getLoc(), out.getType(), operands[Lhs], operands[Rhs],
        operands[Extra], scalars, out, rewriter.getAffineMapArrayAttr(all),
        op.getSemiring(), op.getZero(), accumulate);
    made->setDiscardableAttrs(op->getDiscardableAttrDictionary());
    for (auto [from, to] : llvm::zip(op->getRegions(), made->getRegions()))
      to.takeBody(from);
    rewriter.replaceOp(replaced, made.getResult());
    if (replaced != op)
      rewriter.eraseOp(op);
    return made;
  }

  FusedContractOp op;
  SmallVector<Value> operands[3];
  SmallVector<AffineMap> maps[3];
  SmallVector<Value> scalars;
  Value out;
  AffineMap outMap;
  bool accumulate;
};

/// Whether what the body uses from outside can be a scalar of the contraction.
bool capturesScalars(linalg::LinalgOp op) {
  Block &body = *op.getBlock();
  for (Operation &inner : body)
    for (Value value : inner.getOperands())
      if (value.getParentBlock() != &body &&
          !value.getType().isIntOrIndexOrFloat())
        return false;
  return true;
}

/// The op's scalar code in a body of `parts`, at the builder. `known` holds
/// what stands for its block arguments.
Value inlineBody(Parts &parts, Group group, linalg::LinalgOp op,
                 OpBuilder &builder, IRMapping known) {
  Block &body = *op.getBlock();
  auto outside = [&](Value value) {
    if (known.contains(value) || value.getParentBlock() == &body)
      return;
    if (auto constant = value.getDefiningOp<arith::ConstantOp>())
      known.map(value, builder.clone(*constant)->getResult(0));
    else
      known.map(value, parts.addScalar(group, value));
  };
  for (Operation &inner : body.without_terminator()) {
    llvm::for_each(inner.getOperands(), outside);
    builder.clone(inner, known);
  }
  Value yielded = body.getTerminator()->getOperand(0);
  outside(yielded);
  return known.lookup(yielded);
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

class Fuser {
public:
  explicit Fuser(MLIRContext *context) : rewriter(context) {}

  /// Returns the op that stands in the contraction's place.
  FusedContractOp consumers(FusedContractOp op) {
    while (FusedContractOp next = consumer(op))
      op = next;
    return op;
  }
  FusedContractOp producers(FusedContractOp op) {
    dropFill(op);
    for (Group group : {Lhs, Rhs, Extra})
      for (unsigned k = 0; k < count(op, group);) {
        FusedContractOp next = producer(op, group, k);
        // What replaced the operand is looked at in its turn.
        k += next ? 0 : 1;
        op = next ? next : op;
      }
    return op;
  }

private:
  static unsigned count(FusedContractOp op, Group group) {
    return group == Lhs   ? op.getLhs().size()
           : group == Rhs ? op.getRhs().size()
                          : op.getExtras().size();
  }
  FusedContractOp consumer(FusedContractOp op);
  FusedContractOp producer(FusedContractOp op, Group group, unsigned k);
  bool pays(FusedContractOp op, linalg::LinalgOp producer, Group group,
            AffineMap place);
  void dropFill(FusedContractOp op);
  void eraseDead(Value value) {
    Operation *op = value.getDefiningOp();
    if (op && isOpTriviallyDead(op))
      rewriter.eraseOp(op);
  }

  IRRewriter rewriter;
};

/// Sums that do not start from what out holds do not need it filled.
void Fuser::dropFill(FusedContractOp op) {
  auto fill = op.getOut().getDefiningOp<linalg::FillOp>();
  if (!fill || op.getAccumulate())
    return;
  op.getOutMutable().assign(fill.getOutputs()[0]);
  eraseDead(fill.getResult(0));
}

FusedContractOp Fuser::consumer(FusedContractOp op) {
  Value sum = op.getResult();
  if (sum.use_empty())
    return {};
  linalg::LinalgOp user = asElementwise(*sum.getUsers().begin());
  if (!user || user->getBlock() != op->getBlock() || !capturesScalars(user))
    return {};
  AffineMap place;
  for (OpOperand &use : sum.getUses()) {
    AffineMap map = use.getOwner() == user ? user.getMatchingIndexingMap(&use)
                                           : AffineMap();
    // Read once for each element, and not as what the result is written to.
    if (!map || !map.isPermutation() || (place && map != place) ||
        user.isDpsInit(&use))
      return {};
    place = map;
  }
  Parts parts(op);
  SmallVector<AffineExpr> loops = loopsThrough(place, parts.outMap);
  unsigned loopCount = op.getNumLoops();
  bool keepsInit = readsItsInit(user);
  SmallVector<AffineMap> maps;
  for (AffineMap map : user.getIndexingMapsArray())
    if (maps.emplace_back(translate(map, loops, loopCount)); !maps.back())
      return {};
  // Sums that start from out's contents are added to them at the end instead:
  // then out may be another tensor of another type.
  FailureOr<Semiring> semiring = failure();
  if (parts.accumulate) {
    if (op.getSemiring().getKind() == SemiringKind::User)
      return {};
    semiring = Semiring::resolve(op.getSemiring(), op.getSumType(), op,
                                 [&] { return op.emitOpError(); });
    if (failed(semiring))
      return {};
  }

  Operation *yield = op.getEpilogue().front().getTerminator();
  OpBuilder builder(yield);
  if (parts.accumulate) {
    builder.setInsertionPointToStart(&op.getEpilogue().front());
    Value total = op.getEpilogue().getArgument(0);
    Value start = parts.addOperand(Extra, parts.out, parts.outMap);
    Value added = semiring->add(builder, op.getLoc(), start, total);
    total.replaceAllUsesExcept(added, [&] {
      llvm::SmallPtrSet<Operation *, 8> mine;
      for (Operation &inner : op.getEpilogue().front()) {
        mine.insert(&inner);
        if (&inner == added.getDefiningOp())
          break;
      }
      return mine;
    }());
    parts.accumulate = false;
    builder.setInsertionPoint(yield);
  }
  IRMapping known;
  for (auto [k, operand] : llvm::enumerate(user->getOperands())) {
    BlockArgument argument = user.getBlock()->getArgument(k);
    if (operand == sum)
      known.map(argument, yield->getOperand(0));
    else if (user.isDpsInit(&user->getOpOperand(k)) && !keepsInit)
      continue;
    else if (isa<RankedTensorType>(operand.getType()))
      known.map(argument, parts.addOperand(Extra, operand, maps[k]));
    else
      known.map(argument, parts.addScalar(Extra, operand));
  }
  yield->setOperand(0, inlineBody(parts, Extra, user, builder, known));
  Value before = parts.out;
  parts.out = user.getDpsInits()[0];
  parts.outMap = maps.back();
  FusedContractOp made = parts.rebuild(rewriter, user, user);
  eraseDead(before);
  return made;
}

/// Whether the producer's work, done again wherever its elements are read,
/// costs less than a pass that stores them.
bool Fuser::pays(FusedContractOp op, linalg::LinalgOp producer, Group group,
                 AffineMap place) {
  bool stays = !llvm::all_of(producer->getUsers(), [](Operation *user) {
    return isa<FusedContractOp>(user);
  });
  if (stays)
    return false;
  if (onlyMoves(producer) || isCheap(producer))
    return true;
  // An element of an extra is read once where the extra has all of out's loops.
  return group == Extra && producer->hasOneUse() &&
         llvm::all_of(op.getMap(op.getIndexingMaps().size() - 1).getResults(),
                      [&](AffineExpr loop) {
                        return llvm::is_contained(place.getResults(), loop);
                      });
}

FusedContractOp Fuser::producer(FusedContractOp op, Group group, unsigned k) {
  Parts parts(op);
  Value made = parts.operands[group][k];
  AffineMap place = parts.maps[group][k];
  linalg::LinalgOp producer = asElementwise(made.getDefiningOp());
  if (!producer || producer->getBlock() != op->getBlock() ||
      readsItsInit(producer) || !capturesScalars(producer) ||
      made == parts.out || !pays(op, producer, group, place))
    return {};
  SmallVector<AffineExpr> loops =
      loopsThrough(producer.getIndexingMapsArray().back(), place);
  SmallVector<AffineMap> maps;
  for (AffineMap map : producer.getIndexingMapsArray())
    if (maps.emplace_back(translate(map, loops, op.getNumLoops()));
        !maps.back())
      return {};
  // Every loop needs an operand to take its extent from, and the lhs a tensor.
  llvm::SmallBitVector lost(op.getNumLoops());
  auto name = [&](AffineMap map, bool found) {
    for (AffineExpr expr : map.getResults())
      if (auto dim = dyn_cast<AffineDimExpr>(expr))
        lost[dim.getPosition()] = !found;
  };
  name(place, false);
  unsigned tensors = 0;
  for (auto [map, input] :
       llvm::zip(ArrayRef(maps).drop_back(), producer.getDpsInputs()))
    if (isa<RankedTensorType>(input.getType())) {
      ++tensors;
      name(map, true);
    }
  for (Group each : {Lhs, Rhs, Extra})
    for (unsigned other = 0; other < parts.maps[each].size(); ++other)
      if (each != group || other != k)
        name(parts.maps[each][other], true);
  name(parts.outMap, true);
  if (lost.any() || (group == Lhs && !tensors))
    return {};

  OpBuilder builder = OpBuilder::atBlockBegin(&parts.body(group).front());
  IRMapping known;
  for (auto [number, input] : llvm::enumerate(producer.getDpsInputs())) {
    BlockArgument argument = producer.getBlock()->getArgument(number);
    if (isa<RankedTensorType>(input.getType()))
      known.map(argument, parts.addOperand(group, input, maps[number]));
    else
      known.map(argument, parts.addScalar(group, input));
  }
  Value value = inlineBody(parts, group, producer, builder, known);
  parts.element(group, k).replaceAllUsesWith(value);
  parts.dropOperand(group, k);
  FusedContractOp next = parts.rebuild(rewriter, op, op);
  Value init = producer.getDpsInits()[0];
  eraseDead(made);
  eraseDead(init);
  return next;
}

struct FuseContractions
    : noodle::impl::NoodleFuseContractionsPassBase<FuseContractions> {
  void runOnOperation() override {
    SmallVector<FusedContractOp> ops;
    getOperation().walk([&](FusedContractOp op) {
      if (!op.onBuffers())
        ops.push_back(op);
    });
    // Epilogues first: what stands between two contractions is done once for
    // each element there, in the second one perhaps more often.
    Fuser fuser(&getContext());
    for (FusedContractOp &op : ops)
      op = fuser.consumers(op);
    for (FusedContractOp op : ops)
      fuser.producers(op);
  }
};

} // namespace
