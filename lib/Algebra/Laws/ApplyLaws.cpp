//===- ApplyLaws.cpp - try the laws of properties -------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Laws.h"

#include "noodle/Algebra/Passes.h"

#include "noodle/Dialect/SparseOps.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLEAPPLYLAWSPASS
#include "noodle/Algebra/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;
using namespace mlir::noodle;

FPPolicy LawContext::policyOf(Operation *op) {
  for (; op; op = op->getParentOp())
    if (auto policy = op->getAttrOfType<FPPolicyAttr>("noodle.fp"))
      return policy.getValue();
  return FPPolicy::Strict;
}

FailureOr<Semiring> LawContext::resolve(Operation *op, SemiringAttr semiring,
                                        Type element) {
  return Semiring::resolve(semiring, element, op,
                           [&] { return op->emitOpError(); });
}

LawContext::Regroup LawContext::regroup(Operation *op, SemiringAttr semiring,
                                        Type element) {
  FailureOr<Semiring> known = resolve(op, semiring, element);
  if (failed(known))
    return Regroup::Never;
  SemiringTraits traits = known->traits();
  if (!traits.associative || !traits.distributive)
    return Regroup::Never;
  // Saturated sums depend on how they are grouped, whatever the policy.
  if (isa<IntegerType>(element) &&
      (semiring.getKind() == SemiringKind::MinPlus ||
       semiring.getKind() == SemiringKind::MaxPlus))
    return Regroup::Never;
  return traits.exact || policyOf(op) != FPPolicy::Strict
             ? Regroup::Free
             : Regroup::NeedsPolicy;
}

bool LawContext::mayDropZeros(Operation *op, SemiringAttr semiring,
                              Type element) {
  FailureOr<Semiring> known = resolve(op, semiring, element);
  if (failed(known) || !known->traits().annihilating ||
      !known->traits().commutative)
    return false;
  bool exact = isa<IntegerType>(element);
  return exact || policyOf(op) != FPPolicy::Strict;
}

double LawContext::extent(Value tensor, int64_t d) {
  std::optional<int64_t> known = sizes.extent(tensor, d);
  return known ? double(*known) : kUnknownExtent;
}

void LawContext::replace(Operation *op, Value with, int number, StringRef law) {
  std::string text = "law " + std::to_string(number) + ", " + law.str();
  if (with.getType() != op->getResult(0).getType()) {
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    auto have = cast<RankedTensorType>(with.getType());
    for (int64_t d = 0; d < type.getRank(); ++d) {
      if (!have.isDynamicDim(d) || type.isDynamicDim(d))
        continue;
      Location loc = op->getLoc();
      Value extent = tensor::DimOp::create(rewriter, loc, with, d);
      Value wanted =
          arith::ConstantIndexOp::create(rewriter, loc, type.getDimSize(d));
      Value same = arith::CmpIOp::create(
          rewriter, loc, arith::CmpIPredicate::eq, extent, wanted);
      CheckOp::create(rewriter, loc, same,
                      rewriter.getStringAttr("extent of dimension " + Twine(d) +
                                             " of the result is not " +
                                             Twine(type.getDimSize(d))),
                      rewriter.getI32IntegerAttr(3));
    }
    with = tensor::CastOp::create(rewriter, op->getLoc(), type, with);
  }
  Operation *made = with.getDefiningOp();
  while (auto cast = dyn_cast_or_null<tensor::CastOp>(made))
    made = cast.getSource().getDefiningOp();
  bool isNew = made && made->getBlock() == op->getBlock() &&
               made->getLoc() == op->getLoc() && !made->hasAttr("noodle.site");
  Operation *at = isNew ? made : op->getParentOfType<func::FuncOp>();
  if (at) {
    if (auto before = at->getAttrOfType<StringAttr>("noodle.plan"))
      text = before.getValue().str() + "; " + text;
    at->setAttr("noodle.plan", rewriter.getStringAttr(text));
  }
  rewriter.replaceOp(op, with);
  properties.forget();
  sizes = KnownSizes();
}

static constexpr Law laws[] = {
    Contract_Zero,    Contract_Identity, Contract_Discard, Contract_Trace,
    Contract_LowRank, Contract_Inverse,  Contract_Closure, Contract_Power,
    Solve_Kron,       Solve_Orthogonal,  Solve_Structure,  Contract_Diagonal,
    Contract_Mask};

namespace {
struct ApplyLaws : noodle::impl::NoodleApplyLawsPassBase<ApplyLaws> {
  void runOnOperation() override {
    LawContext context(&getContext());
    // Each firing removes an op or makes one simpler; the bound is for laws
    // that would undo each other.
    int round = 0;
    while (round < 8 && runOnce(context))
      ++round;
    if (round > 0)
      eraseDead();
  }

  bool runOnce(LawContext &context) {
    bool changed = false;
    SmallVector<Operation *> ops;
    getOperation()->walk([&](Operation *op) {
      if (isa<ContractOp, SolveOp, MapOp>(op))
        ops.push_back(op);
    });
    // Consumers first: what they do not need any more is not rewritten.
    for (Operation *op : llvm::reverse(ops)) {
      context.rewriter.setInsertionPoint(op);
      if (op->use_empty())
        continue;
      for (Law law : laws)
        if (law(op, context)) {
          changed = true;
          break;
        }
    }
    return changed;
  }

  /// What laws made superfluous. Ops that may fail when called stay, unless a
  /// law has taken what they computed over: closures, powers and systems.
  void eraseDead() {
    SmallVector<Operation *> ops;
    getOperation()->walk([&](Operation *op) {
      if (isa<ContractOp, KronOp, TransposeOp, SolveOp, ClosureOp,
              MatrixPowerOp>(op))
        ops.push_back(op);
    });
    for (Operation *op : llvm::reverse(ops))
      if (op->use_empty() && isMemoryEffectFree(op))
        op->erase();
  }
};
} // namespace
