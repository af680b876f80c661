//===- InlineDiagrams.cpp - functors applied ------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Algebra/Category.h"

#include "noodle/Algebra/Passes.h"
#include "noodle/Dialect/Category.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/Verifier.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLEINLINEDIAGRAMSPASS
#include "noodle/Algebra/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;
using namespace mlir::noodle;

/// Ops that one application may become.
static constexpr unsigned kMostOps = 1 << 16;

namespace {

class Inliner {
public:
  /// Functors still to be applied, the next one first.
  using Chain = SmallVector<FunctorOp>;

  Inliner(ApplyOp apply, RewriterBase &rewriter, SymbolTableCollection &symbols)
      : apply(apply), rewriter(rewriter), symbols(symbols),
        module(apply->getParentOfType<ModuleOp>()) {}

  FailureOr<Value> run();

private:
  FailureOr<Value> diagram(DiagramOp op, const Chain &chain);
  FailureOr<Value> box(GeneratorOp op, const Chain &chain);
  FailureOr<Value> copy(Operation *op, const Chain &chain, IRMapping &values);
  LogicalResult expand(WiresOp op, ArrowType was, const Chain &chain);

  Type mapped(ArrowType type, const Chain &chain);
  /// How many wires an object has.
  unsigned wiresOf(StringAttr object, const Chain &chain);
  template <typename Op> Op named(FlatSymbolRefAttr name) {
    return symbols.lookupSymbolIn<Op>(module, name);
  }

  ApplyOp apply;
  RewriterBase &rewriter;
  SymbolTableCollection &symbols;
  ModuleOp module;
  unsigned made = 0;
  struct Done {
    DiagramOp op;
    Chain chain;
    Value value;
  };
  SmallVector<Done> done;
};

} // namespace

Type Inliner::mapped(ArrowType type, const Chain &chain) {
  Type at = type;
  for (FunctorOp functor : chain)
    if (auto arrow = dyn_cast_or_null<ArrowType>(at))
      at = mapArrow(functor, arrow, [&] { return apply.emitOpError(); });
  return at;
}

unsigned Inliner::wiresOf(StringAttr object, const Chain &chain) {
  Type type = mapped(ArrowType::get(object.getContext(), object, {}), chain);
  return boundaryOf(type).dom.size();
}

/// Wires of objects become those of their images.
LogicalResult Inliner::expand(WiresOp op, ArrowType was, const Chain &chain) {
  if (op.getKind() == WiresKind::Spider) {
    ArrayRef<StringAttr> objects =
        was.getDom().empty() ? was.getCod() : was.getDom();
    if (wiresOf(objects.front(), chain) == 1)
      return success();
    return apply.emitOpError()
           << "has a spider on object '" << objects.front().getValue()
           << "', which must be mapped to one wire";
  }
  if (op.getKind() != WiresKind::Swap && op.getKind() != WiresKind::Perm)
    return success();
  SmallVector<int64_t> order = {1, 0}, starts, permutation;
  if (op.getKind() == WiresKind::Perm)
    order = llvm::to_vector(ArrayRef<int64_t>(op.getPermutationAttr()));
  int64_t next = 0;
  for (StringAttr object : was.getDom()) {
    starts.push_back(next);
    next += wiresOf(object, chain);
  }
  starts.push_back(next);
  for (int64_t object : order)
    llvm::append_range(permutation,
                       llvm::seq(starts[object], starts[object + 1]));
  op.setKind(WiresKind::Perm);
  op.setPermutation(permutation);
  return success();
}

FailureOr<Value> Inliner::copy(Operation *op, const Chain &chain,
                               IRMapping &values) {
  auto was = cast<ArrowType>(op->getResult(0).getType());
  Type type = mapped(was, chain);
  if (!type)
    return failure();
  auto hom = cast<HomType>(type);
  Operation *clone = rewriter.clone(*op, values);
  clone->setLoc(
      FusedLoc::get(rewriter.getContext(), {apply.getLoc(), op->getLoc()}));
  clone->getResult(0).setType(hom);
  if (auto wires = dyn_cast<WiresOp>(clone)) {
    for (int64_t extent :
         llvm::concat<const int64_t>(hom.getDom(), hom.getCod()))
      if (ShapedType::isDynamic(extent))
        return apply.emitOpError()
               << "maps wires of " << was
               << " to extents that only the call knows; a functor states the "
                  "extents of objects that are wired";
    if (failed(expand(wires, was, chain)))
      return failure();
  }
  if (auto trace = dyn_cast<TraceOp>(clone)) {
    auto input = cast<ArrowType>(op->getOperand(0).getType());
    int64_t count = 0;
    for (StringAttr object : input.getDom().take_back(trace.getWires()))
      count += wiresOf(object, chain);
    trace.setWires(count);
  }
  if (failed(verify(clone)) || failed(verifyTraits(clone, symbols)))
    return failure();
  return clone->getResult(0);
}

FailureOr<Value> Inliner::box(GeneratorOp op, const Chain &chain) {
  FunctorOp functor = chain.front();
  Attribute image = functor.getGenerators().get(op.getName());
  if (auto name = dyn_cast<FlatSymbolRefAttr>(image))
    return diagram(named<DiagramOp>(name),
                   functor.getElement()
                       ? chain
                       : Chain(ArrayRef<FunctorOp>(chain).drop_front()));
  for (auto [name, value] :
       llvm::zip_equal(apply.getNames(), apply.getInputs()))
    if (cast<StringAttr>(name).getValue() == op.getName())
      return value;
  return apply.emitOpError() << "is given no '" << op.getName() << "'";
}

FailureOr<Value> Inliner::diagram(DiagramOp op, const Chain &chain) {
  for (const Done &known : done)
    if (known.op == op && known.chain == chain)
      return known.value;
  IRMapping values;
  Block &body = op.getBody().front();
  for (Operation &inner : body.without_terminator()) {
    if (++made > kMostOps)
      return apply.emitOpError() << "becomes more than " << kMostOps << " ops";
    FailureOr<Value> value = failure();
    if (auto generator = dyn_cast<GeneratorOp>(inner)) {
      value = box(generator, chain);
    } else if (auto part = dyn_cast<ApplyOp>(inner)) {
      Chain longer;
      if (FlatSymbolRefAttr name = part.getFunctorAttr())
        longer.push_back(named<FunctorOp>(name));
      llvm::append_range(longer, chain);
      value = diagram(named<DiagramOp>(part.getDiagramAttr()), longer);
    } else {
      value = copy(&inner, chain, values);
    }
    if (failed(value))
      return failure();
    values.map(inner.getResult(0), *value);
  }
  Value result = values.lookup(body.getTerminator()->getOperand(0));
  done.push_back({op, chain, result});
  return result;
}

FailureOr<Value> Inliner::run() {
  rewriter.setInsertionPoint(apply);
  return diagram(named<DiagramOp>(apply.getDiagramAttr()),
                 {named<FunctorOp>(apply.getFunctorAttr())});
}

LogicalResult noodle::inlineDiagrams(ModuleOp module) {
  IRRewriter rewriter(module.getContext());
  SymbolTableCollection symbols;
  SmallVector<ApplyOp> applications;
  module.walk([&](ApplyOp op) {
    if (!op->getParentOfType<DiagramOp>())
      applications.push_back(op);
  });
  for (ApplyOp op : applications) {
    FailureOr<Value> value = Inliner(op, rewriter, symbols).run();
    if (failed(value))
      return failure();
    rewriter.replaceOp(op, *value);
  }
  for (Operation &op : llvm::make_early_inc_range(module.getOps()))
    if (isa<DiagramOp, FunctorOp>(op))
      rewriter.eraseOp(&op);
  return success();
}

namespace {
struct InlineDiagrams
    : noodle::impl::NoodleInlineDiagramsPassBase<InlineDiagrams> {
  void runOnOperation() override {
    if (failed(inlineDiagrams(getOperation())))
      signalPassFailure();
  }
};
} // namespace
