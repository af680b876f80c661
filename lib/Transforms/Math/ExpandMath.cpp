//===- ExpandMath.cpp - transcendental functions --------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Functions whose approximation is within the bound that docs/Rationale.md
// states become polynomials, which vectorise: MLIR's at f32, ours at f64, for
// which MLIR has none. The others become explicit calls of the C library's
// functions in ir_symbols.def.
//
//===----------------------------------------------------------------------===//
#include "noodle/Dialect/MathFunctions.h"
#include "noodle/Transforms/MathPatterns.h"
#include "noodle/Transforms/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Math/Transforms/Passes.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "llvm/ADT/StringSwitch.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLEEXPANDMATHPASS
#include "noodle/Transforms/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;

/// The C library's name of an op's f64 function; empty for ops that become
/// instructions.
static StringRef librarySymbol(Operation *op) {
  return llvm::StringSwitch<StringRef>(op->getName().getStringRef())
      .Case("math.acos", "acos")
      .Case("math.acosh", "acosh")
      .Case("math.asin", "asin")
      .Case("math.asinh", "asinh")
      .Case("math.atan", "atan")
      .Case("math.atan2", "atan2")
      .Case("math.atanh", "atanh")
      .Case("math.cbrt", "cbrt")
      .Case("math.cos", "cos")
      .Case("math.cosh", "cosh")
      .Case("math.erf", "erf")
      .Case("math.erfc", "erfc")
      .Case("math.exp", "exp")
      .Case("math.exp2", "exp2")
      .Case("math.expm1", "expm1")
      .Case("math.log", "log")
      .Case("math.log10", "log10")
      .Case("math.log1p", "log1p")
      .Case("math.log2", "log2")
      .Case("math.powf", "pow")
      .Case("math.sin", "sin")
      .Case("math.sinh", "sinh")
      .Case("math.tan", "tan")
      .Case("math.tanh", "tanh")
      .Default({});
}

void noodle::populateMathPatterns(RewritePatternSet &patterns) {
  populateMathPolynomialApproximationPatterns(patterns, hasPolynomial);
  populatePolynomials64Patterns(patterns);
  math::populateExpansionPatterns(patterns,
                                  {"rsqrt", "fpowi", "clampf", "sincos"});
}

namespace {

struct ExpandMath : noodle::impl::NoodleExpandMathPassBase<ExpandMath> {
  using NoodleExpandMathPassBase::NoodleExpandMathPassBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    bool any = module
                   .walk([](Operation *op) {
                     return isa<math::MathDialect>(op->getDialect())
                                ? WalkResult::interrupt()
                                : WalkResult::advance();
                   })
                   .wasInterrupted();
    if (!any)
      return;
    RewritePatternSet patterns(&getContext());
    noodle::populateMathPatterns(patterns);
    if (failed(applyPatternsGreedily(module, std::move(patterns))))
      return signalPassFailure();
    SmallVector<Operation *> calls;
    module.walk([&](Operation *op) {
      if (!librarySymbol(op).empty())
        calls.push_back(op);
    });
    for (Operation *op : calls)
      if (failed(call(op)))
        return signalPassFailure();
  }

  LogicalResult call(Operation *op) {
    ImplicitLocOpBuilder b(op->getLoc(), op);
    Type type = op->getResult(0).getType();
    Type element = getElementTypeOrSelf(type);
    if (!element.isF32() && !element.isF64())
      return op->emitError("no function for type ") << type;
    LLVM::LLVMFuncOp function =
        declare(librarySymbol(op).str() + (element.isF32() ? "f" : ""), element,
                op->getNumOperands());
    auto vector = dyn_cast<VectorType>(type);
    Value result;
    if (!vector) {
      result = LLVM::CallOp::create(b, function, op->getOperands()).getResult();
    } else if (vector.getRank() != 1 || vector.isScalable()) {
      return op->emitError("no function for type ") << type;
    } else {
      result = arith::ConstantOp::create(b, vector, b.getZeroAttr(vector));
      for (int64_t lane = 0; lane < vector.getNumElements(); ++lane) {
        SmallVector<Value> operands;
        for (Value operand : op->getOperands())
          operands.push_back(vector::ExtractOp::create(b, operand, lane));
        Value one = LLVM::CallOp::create(b, function, operands).getResult();
        result = vector::InsertOp::create(b, one, result, lane);
      }
    }
    op->replaceAllUsesWith(ValueRange(result));
    op->erase();
    return success();
  }

  LLVM::LLVMFuncOp declare(StringRef name, Type element, unsigned operands) {
    ModuleOp module = getOperation();
    // No function of the program has this name: those were renamed.
    if (auto known = module.lookupSymbol<LLVM::LLVMFuncOp>(name))
      return known;
    OpBuilder b = OpBuilder::atBlockBegin(module.getBody());
    auto function = LLVM::LLVMFuncOp::create(
        b, module.getLoc(), name,
        LLVM::LLVMFunctionType::get(element,
                                    SmallVector<Type>(operands, element)));
    function.setMemoryEffectsAttr(LLVM::MemoryEffectsAttr::get(
        &getContext(),
        {LLVM::ModRefInfo::NoModRef, LLVM::ModRefInfo::NoModRef,
         LLVM::ModRefInfo::NoModRef, LLVM::ModRefInfo::NoModRef,
         LLVM::ModRefInfo::NoModRef, LLVM::ModRefInfo::NoModRef}));
    function.setNoUnwindAttr(b.getUnitAttr());
    function.setWillReturnAttr(b.getUnitAttr());
    return function;
  }
};

} // namespace
