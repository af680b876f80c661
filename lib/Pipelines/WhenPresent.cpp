//===- WhenPresent.cpp - passes for ops that are rare ---------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Pipelines/Passes.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/SmallPtrSet.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLEWHENPRESENTPASS
#include "noodle/Pipelines/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;

namespace {
struct WhenPresent : noodle::impl::NoodleWhenPresentPassBase<WhenPresent> {
  using NoodleWhenPresentPassBase::NoodleWhenPresentPassBase;

  void getDependentDialects(DialectRegistry &registry) const override {
    for (const OpPassManager &pipeline : passes)
      pipeline.getDependentDialects(registry);
  }

  LogicalResult initialize(MLIRContext *context) override {
    named.clear();
    excluded.clear();
    dialects.clear();
    typeDialects.clear();
    for (StringRef name : ops) {
      bool isType = name.consume_front("!"), isNot = name.consume_front("-");
      if (isType)
        typeDialects.push_back(name.str());
      else if (!name.contains('.'))
        dialects.push_back(name.str());
      else
        (isNot ? excluded : named)
            .insert(OperationName(name, context).getAsOpaquePointer());
    }
    return success();
  }

  void runOnOperation() override {
    bool any = getOperation()
                   .walk<WalkOrder::PreOrder>([&](Operation *op) {
                     return isPresent(op) ? WalkResult::interrupt()
                                          : WalkResult::advance();
                   })
                   .wasInterrupted();
    if (!any)
      return;
    for (OpPassManager &pipeline : passes)
      if (failed(runPipeline(pipeline, getOperation())))
        return signalPassFailure();
  }

  bool isPresent(Operation *op) const {
    const void *name = op->getName().getAsOpaquePointer();
    if (named.contains(name))
      return true;
    StringRef dialect = op->getName().getDialectNamespace();
    if (llvm::is_contained(dialects, dialect) && !excluded.contains(name))
      return true;
    if (typeDialects.empty())
      return false;
    auto isOf = [&](Type type) {
      return llvm::is_contained(typeDialects, type.getDialect().getNamespace());
    };
    auto function = dyn_cast<FunctionOpInterface>(op);
    return llvm::any_of(op->getResultTypes(), isOf) ||
           (function && (llvm::any_of(function.getArgumentTypes(), isOf) ||
                         llvm::any_of(function.getResultTypes(), isOf)));
  }

  llvm::SmallPtrSet<const void *, 8> named, excluded;
  SmallVector<std::string> dialects, typeDialects;
};
} // namespace
