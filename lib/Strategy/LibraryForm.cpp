//===- LibraryForm.cpp - which ops a vendor's library has -----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Strategy/LibraryForm.h"

#include "noodle/Strategy/DeviceForm.h"

#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::noodle;

/// A gemm's operands: one of the two groups of letters is contiguous, and the
/// steps from batch to batch are even.
static std::string whyNoGemm(ContractOp op) {
  ProductForm form = productForm(op).form;
  if (form.rows.empty() || form.columns.empty() || form.inner.empty())
    return "a gemm needs rows, columns and a sum";
  if (form.batch.size() > 1)
    return "a gemm has one batch dimension";
  unsigned lhs = form.swapped ? 1 : 0;
  auto endsIn = [&](unsigned operand, unsigned first, unsigned second) {
    unsigned last = steppingLetters(op, operand).back();
    return last == first || last == second;
  };
  unsigned row = form.rows.back(), column = form.columns.back(),
           inner = form.inner.back();
  if (!endsIn(lhs, row, inner) || !endsIn(1 - lhs, column, inner) ||
      !endsIn(2, column, column))
    return "a gemm's matrices are contiguous, these are apart by batch";
  return {};
}

LibraryForm noodle::libraryForm(Operation *op) {
  auto refuse = [](const Twine &why) { return LibraryForm{"", why.str()}; };
  auto contract = dyn_cast<ContractOp>(op);
  if (!contract)
    return refuse("the libraries have products of matrices alone");
  KernelKind kind = deviceForm(op).kind;
  if (kind != KernelKind::Contraction && kind != KernelKind::SparseRows)
    return refuse("no device has a kernel for it");
  if (contract.getSemiring().getKind() != SemiringKind::PlusTimes)
    return refuse("the libraries know the semiring plus_times alone");
  Type type = contract.getAccumulatorType();
  auto other = [&](Value value) {
    return getElementTypeOrSelf(value.getType()) != type;
  };
  if ((!type.isF32() && !type.isF64()) || other(contract.getResult()) ||
      llvm::any_of(contract.getInputs(), other))
    return refuse("the routines in use compute in f32 or f64 throughout");
  if (contract.getInit() || contract.getMask())
    return refuse("a product that adds into a tensor or has a mask keeps its "
                  "kernel");
  std::string suffix = type.isF32() ? "f32" : "f64";
  if (kind == KernelKind::SparseRows)
    return {(contract.getType().getRank() == 1 ? "csrmv_" : "csrmm_") + suffix,
            ""};
  if (std::string why = whyNoGemm(contract); !why.empty())
    return refuse(why);
  return {"gemm_" + suffix, ""};
}

std::string noodle::whyNotHostLibrary(ContractOp op, const DenseForm &form) {
  if (std::string why = whyNotTiled(op); !why.empty())
    return why;
  if (form.semiring != SemiringKind::PlusTimes)
    return "a BLAS knows the semiring plus_times alone";
  Type part = form.element;
  if (auto complex = dyn_cast<ComplexType>(part))
    part = complex.getElementType();
  if (!part.isF32() && !part.isF64())
    return "a BLAS computes in f32 and f64, and complex numbers of those";
  for (Value input : op.getInputs())
    if (getElementTypeOrSelf(input) != form.element)
      return "a BLAS adds up in the type of its operands";
  ContractSpec spec = op.getSpec();
  for (unsigned letter : form.inner)
    for (auto [k, letters] : llvm::enumerate(spec.operands))
      if (!llvm::is_contained(letters, letter))
        return "letter " + spec.letters[letter] + " is summed over operand " +
               std::to_string(1 - k) + " alone";
  if (form.inner.empty() || (form.rows.empty() && form.columns.empty()))
    return "a BLAS has products of matrices and vectors";
  // A batch that is innermost leaves no neighbours to the matrices.
  for (unsigned operand = 0; operand <= 2; ++operand) {
    SmallVector<unsigned> letters = steppingLetters(op, operand);
    if (!letters.empty() && llvm::is_contained(form.batch, letters.back()))
      return "a BLAS's matrices are contiguous, these are apart by batch";
  }
  return {};
}
