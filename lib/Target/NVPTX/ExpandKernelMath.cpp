//===- ExpandKernelMath.cpp - transcendental functions of kernels ---------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Target/Passes.h"
#include "noodle/Transforms/MathPatterns.h"

#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLEEXPANDKERNELMATHPASS
#include "noodle/Target/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;

/// What PTX has instructions for, or LLVM a few.
static bool isInstruction(Operation *op) {
  return isa<math::AbsFOp, math::AbsIOp, math::CeilOp, math::CopySignOp,
             math::CountLeadingZerosOp, math::CountTrailingZerosOp,
             math::CtPopOp, math::FloorOp, math::FmaOp, math::IsFiniteOp,
             math::IsInfOp, math::IsNaNOp, math::IsNormalOp, math::RoundEvenOp,
             math::RoundOp, math::SqrtOp, math::TruncOp>(op);
}

namespace {

struct ExpandKernelMath
    : noodle::impl::NoodleExpandKernelMathPassBase<ExpandKernelMath> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    noodle::populateMathPatterns(patterns);
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      return signalPassFailure();
    WalkResult result = getOperation().walk([](Operation *op) {
      // LLVM would compute a remainder from a rounded quotient, which is off by
      // far where the quotient is large.
      bool foreign = isa<math::MathDialect>(op->getDialect())
                         ? !isInstruction(op)
                         : isa<arith::RemFOp>(op);
      if (!foreign)
        return WalkResult::advance();
      op->emitError("'") << op->getName()
                         << "' has neither an instruction nor a polynomial in "
                            "a kernel";
      return WalkResult::interrupt();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};

} // namespace
