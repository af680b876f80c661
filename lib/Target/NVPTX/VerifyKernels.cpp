//===- VerifyKernels.cpp - refuse kernels that cannot run -----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Target/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLEVERIFYKERNELSPASS
#include "noodle/Target/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;

/// Why an op must not be left; empty where it may.
static StringRef whyRefused(Operation *op) {
  if (!isa<LLVM::LLVMDialect, NVVM::NVVMDialect>(op->getDialect()))
    return "it was not lowered";
  if (isa<LLVM::CallOp, LLVM::InvokeOp, LLVM::InlineAsmOp>(op))
    return "kernels call nothing";
  if (isa<LLVM::AllocaOp>(op))
    return "a thread's memory is slow, and no kernel needs it";
  if (auto function = dyn_cast<LLVM::LLVMFuncOp>(op)) {
    if (function.isExternal())
      return "no library is linked with a kernel";
    if (!function->hasAttr(NVVM::NVVMDialect::getKernelFuncAttrName()))
      return "kernels call nothing";
  }
  return {};
}

namespace {

struct VerifyKernels
    : noodle::impl::NoodleVerifyKernelsPassBase<VerifyKernels> {
  void runOnOperation() override {
    markAllAnalysesPreserved();
    WalkResult result = getOperation().walk([&](Operation *op) {
      if (op == getOperation())
        return WalkResult::advance();
      StringRef why = whyRefused(op);
      if (why.empty())
        return WalkResult::advance();
      InFlightDiagnostic error = op->emitError("'") << op->getName() << "' ";
      if (auto symbol = dyn_cast<SymbolOpInterface>(op))
        error << "@" << symbol.getName() << " ";
      error << "must not be left in a kernel: " << why;
      return WalkResult::interrupt();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};

} // namespace
