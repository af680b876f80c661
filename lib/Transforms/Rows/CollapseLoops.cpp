//===- CollapseLoops.cpp - loops that walk memory as one ------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLECOLLAPSELOOPSPASS
#include "noodle/Transforms/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;

/// Whether loops `loop` and `loop` + 1 are one in every operand: of a kind,
/// adjacent and without a gap between rows, or neither there.
static bool joins(linalg::GenericOp op, unsigned loop) {
  SmallVector<utils::IteratorType> kinds = op.getIteratorTypesArray();
  if (kinds[loop] != kinds[loop + 1])
    return false;
  for (OpOperand &operand : op->getOpOperands()) {
    AffineMap map = op.getMatchingIndexingMap(&operand);
    bool first = map.isFunctionOfDim(loop),
         second = map.isFunctionOfDim(loop + 1);
    if (!first && !second)
      continue;
    auto type = dyn_cast<MemRefType>(operand.get().getType());
    // An extent known to be 0 beside one unknown gives a type that is refused.
    if (!type || !first || !second || llvm::is_contained(type.getShape(), 0) ||
        !linalg::isDimSequencePreserved(map, {loop, loop + 1}))
      return false;
    ReassociationIndices pair;
    for (auto [d, expr] : llvm::enumerate(map.getResults()))
      if (expr.isFunctionOfDim(loop) || expr.isFunctionOfDim(loop + 1))
        pair.push_back(d);
    SmallVector<ReassociationIndices> groups;
    for (int64_t d = 0; d < type.getRank(); ++d)
      if (d == pair[0])
        groups.push_back(pair);
      else if (d != pair[1])
        groups.push_back({d});
    if (!memref::CollapseShapeOp::isGuaranteedCollapsible(type, groups))
      return false;
  }
  return true;
}

static void collapse(IRRewriter &rewriter, linalg::GenericOp op) {
  if (!op.hasPureBufferSemantics() || op.hasIndexSemantics() ||
      op.getNumLoops() < 2)
    return;
  for (AffineMap map : op.getIndexingMapsArray())
    if (!map.isProjectedPermutation())
      return;
  SmallVector<ReassociationIndices> groups{{0}};
  for (unsigned loop = 0; loop + 1 < op.getNumLoops(); ++loop)
    if (joins(op, loop))
      groups.back().push_back(loop + 1);
    else
      groups.push_back({loop + 1});
  if (groups.size() == op.getNumLoops())
    return;
  rewriter.setInsertionPoint(op);
  if (succeeded(linalg::collapseOpIterationDims(op, groups, rewriter)))
    rewriter.eraseOp(op);
}

namespace {
struct CollapseLoops
    : noodle::impl::NoodleCollapseLoopsPassBase<CollapseLoops> {
  using NoodleCollapseLoopsPassBase::NoodleCollapseLoopsPassBase;

  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    SmallVector<linalg::FillOp> fills;
    getOperation().walk([&](linalg::FillOp op) {
      if (op.hasPureBufferSemantics())
        fills.push_back(op);
    });
    for (linalg::FillOp op : fills) {
      rewriter.setInsertionPoint(op);
      (void)linalg::generalizeNamedOp(rewriter, op);
    }
    SmallVector<linalg::GenericOp> generics;
    getOperation().walk([&](linalg::GenericOp op) { generics.push_back(op); });
    for (linalg::GenericOp op : generics) {
      // A loop of no iterations leaves nothing to do, sums included.
      if (op.hasPureBufferSemantics() &&
          llvm::is_contained(op.getStaticLoopRanges(), 0))
        rewriter.eraseOp(op);
      else
        collapse(rewriter, op);
    }
  }
};
} // namespace
