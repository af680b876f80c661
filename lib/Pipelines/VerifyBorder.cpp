//===- VerifyBorder.cpp - refuse what may not leave a phase ---------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Dialect/Noodle.h"
#include "noodle/Dialect/SparseOps.h"
#include "noodle/Dialect/SparseProduct.h"
#include "noodle/Pipelines/Passes.h"
#include "noodle/Pipelines/Pipelines.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/StringSwitch.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLEVERIFYBORDERPASS
#include "noodle/Pipelines/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;
using namespace mlir::noodle;

/// Whether generated code may call `name`.
static bool isBoundSymbol(StringRef name) {
  return llvm::StringSwitch<bool>(name)
#define NOODLE_IR_SYMBOL(symbol) .Case(#symbol, true)
#define NOODLE_C_SYMBOL(symbol) .Case(#symbol, true)
#include "noodle-rt/ir_symbols.def"
      .Default(false);
}

/// Dialects of the ops that a phase may leave behind.
static ArrayRef<StringRef> dialectsAfter(Phase phase) {
  static constexpr StringRef core[] = {
      "builtin", "func", "scf", "arith", "math", "tensor", "noodle", "complex"};
  static constexpr StringRef structured[] = {
      "builtin",       "func",   "scf",    "arith",         "math",
      "tensor",        "linalg", "noodle", "sparse_tensor", "affine",
      "bufferization", "ub",     "memref", "gpu",           "complex"};
  static constexpr StringRef scheduled[] = {
      "builtin", "func",   "scf",           "arith",  "math",          "tensor",
      "linalg",  "noodle", "sparse_tensor", "affine", "bufferization", "vector",
      "memref",  "ub",     "complex"};
  static constexpr StringRef buffers[] = {
      "builtin", "func", "scf",    "arith",         "math", "memref", "vector",
      "noodle",  "cf",   "affine", "sparse_tensor", "ub",   "complex"};
  static constexpr StringRef llvm[] = {"builtin", "llvm"};
  switch (phase) {
  case Phase::Elaborated:
  case Phase::Planned:
  case Phase::Selected:
    return core;
  case Phase::Structured:
    return structured;
  case Phase::Scheduled:
    return scheduled;
  case Phase::Buffers:
    return buffers;
  case Phase::LLVM:
    return llvm;
  }
  return llvm;
}

/// Dialects of what a kernel may contain.
static ArrayRef<StringRef> kernelDialects() {
  static constexpr StringRef dialects[] = {"arith",  "gpu", "math",
                                           "memref", "scf", "vector"};
  return dialects;
}

/// Whether an op of noodle may leave a phase behind the structured one.
static bool staysLowered(Operation *op, Phase phase) {
  if (isa<LaunchOp>(op))
    return phase <= Phase::Buffers;
  if (isa<HostAccessOp, BlasProductOp>(op))
    return phase == Phase::Buffers;
  if (isa<FusedContractOp>(op) || isa<FusedContractOp>(op->getParentOp()))
    return phase == Phase::Structured || phase == Phase::Scheduled;
  if (isa<BlockProductOp>(op))
    return phase == Phase::Structured;
  if (isa<SparseProductOp>(op) || isa<SparseProductOp>(op->getParentOp()))
    return phase == Phase::Structured;
  if (isa<TransposeStorageOp, CopyRunOp, ClearRunOp>(op))
    return phase <= Phase::Buffers;
  return isa<CheckOp, PollOp, MarkOp>(op);
}

/// Why `op` must not leave `phase`; empty where it may.
static std::string objection(Operation *op, Phase phase) {
  StringRef dialect = op->getName().getDialectNamespace();
  if (op->getParentOfType<gpu::GPUModuleOp>() && phase == Phase::Structured)
    return llvm::is_contained(kernelDialects(), dialect)
               ? ""
               : ("kernels hold no op of dialect '" + dialect + "'").str();
  if (dialect == "gpu" && !isa<gpu::GPUModuleOp>(op))
    return "kernels belong in a gpu.module";
  // Instructions that no dialect above has an op for.
  if (phase == Phase::Buffers && isa<LLVM::CallIntrinsicOp>(op))
    return "";
  if (!llvm::is_contained(dialectsAfter(phase), dialect))
    return ("dialect '" + dialect + "' is not accepted").str();
  StringRef name = op->getName().getStringRef();
  if (name == "cf.assert")
    return "failures return a status: use noodle.check";
  if (phase >= Phase::Structured && dialect == "noodle" &&
      !staysLowered(op, phase))
    return "not lowered";
  if (phase >= Phase::Buffers)
    for (Type type : op->getResultTypes())
      if (isa<TensorType>(type))
        return "tensors must have become buffers";
  if (phase == Phase::LLVM && isa<UnrealizedConversionCastOp>(op))
    return "a conversion was left unfinished";
  if (auto function = dyn_cast<LLVM::LLVMFuncOp>(op))
    if (function.isExternal() && !isBoundSymbol(function.getName()))
      return ("'" + function.getName() +
              "' is not in the list of symbols that kernels may call")
          .str();
  return {};
}

namespace {
struct VerifyBorder : noodle::impl::NoodleVerifyBorderPassBase<VerifyBorder> {
  using NoodleVerifyBorderPassBase::NoodleVerifyBorderPassBase;

  void runOnOperation() override {
    auto border = parsePhase(phase);
    if (!border) {
      getOperation().emitError("noodle-verify-border: no phase '")
          << phase << "'";
      return signalPassFailure();
    }
    for (Operation &top : getOperation().getOps()) {
      top.walk<WalkOrder::PreOrder>([&](Operation *op) {
        std::string why = objection(op, *border);
        if (why.empty())
          return WalkResult::advance();
        op->emitError("'") << op->getName() << "' must not leave phase '"
                           << phase << "': " << why;
        signalPassFailure();
        return WalkResult::interrupt();
      });
    }
    markAllAnalysesPreserved();
  }
};
} // namespace
