//===- OutlineReference.cpp - ops that the interpreter executes -----------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Conversion/Passes.h"
#include "noodle/Strategy/Lowerable.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLEOUTLINEREFERENCEPASS
#include "noodle/Conversion/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;
using namespace mlir::noodle;

namespace {
struct OutlineReference
    : noodle::impl::NoodleOutlineReferencePassBase<OutlineReference> {
  void runOnOperation() override {
    sites.clear();
    // Statistics were for planning; types change from here on.
    for (auto function : getOperation().getOps<func::FuncOp>())
      for (unsigned k = 0; k < function.getNumArguments(); ++k)
        function.removeArgAttr(k, "noodle.stats");
    SmallVector<Operation *> ops;
    getOperation()->walk([&](Operation *op) {
      auto strategy = op->getAttrOfType<StrategyKindAttr>("strategy");
      if (isTensorOp(op) && strategy &&
          strategy.getValue() == StrategyKind::Reference)
        ops.push_back(op);
    });
    for (Operation *op : ops)
      outline(op);
    if (!sites.empty())
      getOperation()->setAttr("noodle.reference",
                              Builder(&getContext())
                                  .getStrArrayAttr(SmallVector<StringRef>(
                                      sites.begin(), sites.end())));
  }

  /// A module with one function @site that is the op, as text.
  std::string textOf(Operation *op) {
    OpBuilder builder(op->getContext());
    OwningOpRef<ModuleOp> module = ModuleOp::create(op->getLoc());
    builder.setInsertionPointToEnd(module->getBody());
    // The semirings and functions it names.
    auto clone = [&](FlatSymbolRefAttr symbol) {
      if (Operation *named =
              symbol ? SymbolTable::lookupNearestSymbolFrom(op, symbol)
                     : nullptr)
        builder.clone(*named);
    };
    if (auto semiring = op->getAttrOfType<SemiringAttr>("semiring"))
      clone(semiring.getSymbol());
    if (auto map = dyn_cast<MapOp>(op))
      clone(map.getCalleeAttr());
    auto site = func::FuncOp::create(
        builder, op->getLoc(), "site",
        builder.getFunctionType(op->getOperandTypes(), op->getResultTypes()));
    builder.setInsertionPointToStart(site.addEntryBlock());
    IRMapping mapping;
    mapping.map(op->getOperands(), site.getArguments());
    // An operand that occurs twice is mapped to its last argument; both hold
    // the same tensor.
    Operation *copy = builder.clone(*op, mapping);
    for (StringRef note : {"noodle.site", "noodle.why", "noodle.plan"})
      copy->removeDiscardableAttr(note);
    func::ReturnOp::create(builder, op->getLoc(), copy->getResults());
    std::string text;
    llvm::raw_string_ostream stream(text);
    // With places, so that errors point into the program.
    module->print(stream, OpPrintingFlags().enableDebugInfo());
    return text;
  }

  void outline(Operation *op) {
    std::string text = textOf(op);
    unsigned k = sites.size();
    for (auto [known, old] : llvm::enumerate(sites))
      if (old == text)
        k = known;
    std::string name = "__noodle_reference_" + std::to_string(k);
    OpBuilder builder(&getContext());
    if (k == sites.size()) {
      sites.push_back(text);
      builder.setInsertionPointToEnd(getOperation().getBody());
      auto type =
          builder.getFunctionType(op->getOperandTypes(), op->getResultTypes());
      auto declaration =
          func::FuncOp::create(builder, op->getLoc(), name, type);
      declaration.setPrivate();
      declaration->setAttr("noodle.reference_site",
                           builder.getI64IntegerAttr(k));
      declaration->setAttr("noodle.signature", TypeAttr::get(type));
    }
    builder.setInsertionPoint(op);
    auto call = func::CallOp::create(builder, op->getLoc(), name,
                                     op->getResultTypes(), op->getOperands());
    op->replaceAllUsesWith(call);
    op->erase();
  }

  std::vector<std::string> sites;
};
} // namespace
