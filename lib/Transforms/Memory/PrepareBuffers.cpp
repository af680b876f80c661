//===- PrepareBuffers.cpp - who may write what ----------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "RuntimeAbi.h"

#include "noodle/Transforms/Passes.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLEPREPAREBUFFERSPASS
#include "noodle/Transforms/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;
using namespace mlir::noodle;
using bufferization::BufferizationDialect;

/// Copies each tensor that `exit` returns for a second time.
static void copyRepeated(func::ReturnOp exit) {
  llvm::SmallDenseSet<Value> seen;
  OpBuilder builder(exit);
  for (OpOperand &operand : exit->getOpOperands()) {
    auto type = dyn_cast<RankedTensorType>(operand.get().getType());
    if (type && !seen.insert(operand.get()).second)
      operand.set(bufferization::AllocTensorOp::create(
          builder, exit.getLoc(), type, ValueRange(), operand.get()));
  }
}

namespace {
struct PrepareBuffers
    : noodle::impl::NoodlePrepareBuffersPassBase<PrepareBuffers> {
  using NoodlePrepareBuffersPassBase::NoodlePrepareBuffersPassBase;

  void runOnOperation() override {
    Builder builder(&getContext());
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      bool reference = function->hasAttr(kReferenceSiteAttr);
      for (unsigned k = 0; k < function.getNumArguments(); ++k) {
        if (!isa<RankedTensorType>(function.getArgumentTypes()[k]))
          continue;
        if (reference)
          function.setArgAttr(k, BufferizationDialect::kBufferAccessAttrName,
                              builder.getStringAttr("read"));
        else if (function.isPublic())
          function.setArgAttr(k, BufferizationDialect::kWritableAttrName,
                              builder.getBoolAttr(false));
      }
      if (function.isPublic())
        function.walk([](func::ReturnOp exit) { copyRepeated(exit); });
    }
  }
};
} // namespace
