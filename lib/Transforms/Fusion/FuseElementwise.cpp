//===- FuseElementwise.cpp - elementwise producers into their consumers ---===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "noodle/Transforms/Passes.h"

#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLEFUSEELEMENTWISEPASS
#include "noodle/Transforms/Passes.h.inc"

/// A producer that adds into its init would add once for each iteration of a
/// consumer with more loops: the fused op keeps the init as an output.
static bool readsItsInit(linalg::GenericOp producer) {
  return llvm::any_of(producer.getDpsInitsMutable(), [&](OpOperand &init) {
    return producer.payloadUsesValueFromOperand(&init);
  });
}

static bool mayFuse(OpOperand *operand) {
  auto producer = operand->get().getDefiningOp<linalg::GenericOp>();
  auto consumer = dyn_cast<linalg::GenericOp>(operand->getOwner());
  if (!producer || !consumer || readsItsInit(producer))
    return false;
  // What several consumers need, or a consumer repeats along a loop the
  // producer has not, is computed once.
  return producer->hasOneUse() &&
         producer.getNumLoops() == consumer.getNumLoops();
}

namespace {
struct FuseElementwise : impl::NoodleFuseElementwisePassBase<FuseElementwise> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    linalg::populateElementwiseOpsFusionPatterns(patterns, mayFuse);
    linalg::GenericOp::getCanonicalizationPatterns(patterns, &getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
} // namespace mlir::noodle
