//===- StoreNarrowTypes.cpp - f16 and bf16 as their bits ------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Where a CPU has no instructions for a float type LLVM widens values of it
// that are only moved, and calls a library to narrow them again.
//
//===----------------------------------------------------------------------===//
#include "noodle/Transforms/Passes.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/TypeUtilities.h"

namespace mlir::noodle {
#define GEN_PASS_DEF_NOODLESTORENARROWTYPESPASS
#include "noodle/Transforms/Passes.h.inc"
} // namespace mlir::noodle

using namespace mlir;

namespace {

struct StoreNarrowTypes
    : noodle::impl::NoodleStoreNarrowTypesPassBase<StoreNarrowTypes> {
  using NoodleStoreNarrowTypesPassBase::NoodleStoreNarrowTypesPassBase;

  bool isStored(Type type) const {
    return type.isBF16() || (storeHalf && type.isF16());
  }

  void runOnOperation() override {
    // Instructions that take such numbers keep them.
    struct Taken {
      Operation *op;
      unsigned operand;
      Type type;
    };
    SmallVector<Taken> taken;
    bool any = false;
    getOperation()->walk([&](Operation *op) {
      for (auto [k, type] : llvm::enumerate(op->getOperandTypes()))
        if (isStored(getElementTypeOrSelf(type))) {
          any = true;
          if (isa<LLVM::CallIntrinsicOp>(op))
            taken.push_back({op, unsigned(k), type});
        }
      for (Type type : op->getResultTypes())
        any |= isStored(getElementTypeOrSelf(type));
    });
    if (!any)
      return;
    Type bits = IntegerType::get(&getContext(), 16);
    AttrTypeReplacer replacer;
    replacer.addReplacement([&](FloatType type) -> std::optional<Type> {
      if (isStored(type))
        return bits;
      return std::nullopt;
    });
    replacer.addReplacement([&](FloatAttr attr) -> std::optional<Attribute> {
      if (isStored(attr.getType()))
        return IntegerAttr::get(bits, attr.getValue().bitcastToAPInt());
      return std::nullopt;
    });
    replacer.addReplacement(
        [&](DenseElementsAttr attr) -> std::optional<Attribute> {
          if (isStored(attr.getElementType()))
            return attr.bitcast(bits);
          return std::nullopt;
        });
    replacer.recursivelyReplaceElementsIn(getOperation(), /*replaceAttrs=*/true,
                                          /*replaceLocs=*/false,
                                          /*replaceTypes=*/true);
    for (auto [op, operand, type] : taken) {
      OpBuilder b(op);
      op->setOperand(operand, LLVM::BitcastOp::create(b, op->getLoc(), type,
                                                      op->getOperand(operand)));
    }
  }
};

} // namespace
