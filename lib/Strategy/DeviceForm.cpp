//===- DeviceForm.cpp - which ops have a kernel, and which ----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Strategy/DeviceForm.h"

#include "noodle/Dialect/MathFunctions.h"
#include "noodle/Strategy/Lowerable.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::noodle;

//===----------------------------------------------------------------------===//
// Scalar code
//===----------------------------------------------------------------------===//

static bool isKernelType(Type type) {
  return type.isF32() || type.isF64() || type.isIndex() ||
         type.isSignlessInteger(1) || type.isSignlessInteger(8) ||
         type.isSignlessInteger(16) || type.isSignlessInteger(32) ||
         type.isSignlessInteger(64);
}

std::string noodle::whyNotInKernel(Region &body) {
  for (Operation &op : body.getOps()) {
    std::string name = op.getName().getStringRef().str();
    if (op.hasTrait<OpTrait::IsTerminator>())
      continue;
    if (isa<math::MathDialect>(op.getDialect())) {
      if (!hasDeviceMath(&op))
        return name + " has no polynomial";
    } else if (!isa<arith::ArithDialect>(op.getDialect())) {
      return name + " has no form in a kernel";
    } else if (isa<arith::RemFOp>(op)) {
      // LLVM takes it from a rounded quotient.
      return name + " has no exact instruction";
    }
    for (Type type : op.getResultTypes())
      if (!isKernelType(type)) {
        std::string text;
        llvm::raw_string_ostream(text) << type;
        return name + " gives " + text + ", which kernels do not compute with";
      }
  }
  return {};
}

std::string noodle::whyNotInKernel(const Semiring &semiring) {
  if (semiring.kind() != SemiringKind::User)
    return {};
  for (Region &region : semiring.userOp()->getRegions())
    if (std::string why = whyNotInKernel(region); !why.empty())
      return "in semiring @" + semiring.userOp().getSymName().str() + ": " +
             why;
  return {};
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

/// Why kernels do not compute with the elements of the op's tensors.
static std::string whyNotElements(Operation *op) {
  auto check = [](TypeRange types) -> std::string {
    for (Type type : types) {
      Type element = getElementTypeOrSelf(type);
      if (isKernelType(element) && !element.isInteger(8))
        continue;
      std::string text;
      llvm::raw_string_ostream(text) << element;
      return "kernels do not compute with " + text;
    }
    return {};
  };
  std::string why = check(op->getOperandTypes());
  return why.empty() ? check(op->getResultTypes()) : why;
}

DeviceForm noodle::deviceForm(Operation *op) {
  DeviceForm form;
  if (form.whyNot = whyNotElements(op); !form.whyNot.empty())
    return form;
  auto judge = [&](KernelKind kind, std::string whyNot) {
    form.whyNot = std::move(whyNot);
    form.kind = form.whyNot.empty() ? kind : KernelKind::None;
    return form;
  };
  if (auto contract = dyn_cast<ContractOp>(op)) {
    if (llvm::any_of(contract.getInputs(),
                     [](Value input) { return isSparse(input); }))
      return judge(KernelKind::SparseRows, whyNoSparseRows(contract));
    return judge(KernelKind::Contraction, whyNoContraction(contract));
  }
  if (isa<SoftmaxOp, LayerNormOp, ReduceOp>(op))
    return judge(KernelKind::Rows, whyNoRows(op));
  if (isa<MapOp, TransposeOp, ConvertOp>(op))
    return judge(KernelKind::Elementwise, whyNoElementwise(op));
  return judge(KernelKind::None,
               "no kernel does " + op->getName().getStringRef().str());
}
