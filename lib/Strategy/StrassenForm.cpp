//===- StrassenForm.cpp - which products may be halved --------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Strategy/StrassenForm.h"

#include "noodle/Cost/StrassenPlan.h"

#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>

using namespace mlir;
using namespace mlir::noodle;

FPPolicy noodle::fpPolicyAt(Operation *op) {
  for (; op; op = op->getParentOp())
    if (auto policy = op->getAttrOfType<FPPolicyAttr>("noodle.fp"))
      return policy.getValue();
  return FPPolicy::Strict;
}

std::string noodle::whyNotStrassen(ContractOp op, const DenseForm &form) {
  if (std::string why = whyNotTiled(op); !why.empty())
    return why;
  if (form.semiring == SemiringKind::User)
    return "a user-defined semiring does not say how to subtract";
  if (form.semiring != SemiringKind::PlusTimes &&
      form.semiring != SemiringKind::XorAnd)
    return stringifySemiringKind(form.semiring).str() +
           " has no subtraction: only rings have";
  bool exact = isa<IntegerType>(form.element);
  if (!exact && fpPolicyAt(op) != FPPolicy::Fast)
    return "sums of floats need the policy fast: its error bound is larger";
  if (form.batch.size() && form.rows.empty())
    return "it is a batch of sums, not a product of matrices";
  for (auto [group, name] :
       {std::pair(&form.rows, "rows"), std::pair(&form.columns, "columns"),
        std::pair(&form.inner, "sum")}) {
    if (group->empty())
      return std::string("the product has no ") + name;
    if (group->size() > 1)
      return std::string("several letters make its ") + name;
  }
  ContractSpec spec = op.getSpec();
  for (auto [k, letters] : llvm::enumerate(spec.operands))
    for (unsigned letter : letters)
      if (llvm::count(letters, letter) > 1 &&
          !llvm::is_contained(form.batch, letter))
        return "operand " + std::to_string(k) + " is read along a diagonal";
  // The emitter groups a sum over one operand with the others.
  unsigned inner = form.inner.front();
  for (auto [k, letters] : llvm::enumerate(spec.operands))
    if (!llvm::is_contained(letters, inner))
      return "the sum is over operand " + std::to_string(1 - k) + " alone";
  for (Value input : op.getInputs())
    if (getElementTypeOrSelf(input) != form.element)
      return "sums of the operands would not fit their type";
  return {};
}

static int64_t fromOf(const DenseForm &form, int64_t from) {
  return from > 0 ? from : strassenFrom(form.shape.sumBytes);
}

std::string noodle::whyNotHalved(const DenseForm &form,
                                 const ProductShape &shape, int64_t from) {
  from = fromOf(form, from);
  for (int64_t extent : {shape.rows, shape.columns, shape.inner})
    if (extent >= 0 && extent < from)
      return llvm::formatv("an extent of {0} is not halved: that pays from {1}",
                           extent, from)
          .str();
  return {};
}

std::string noodle::strassenText(const DenseForm &form,
                                 const ProductShape &shape, int64_t from) {
  if (!shape.known())
    return "Strassen-Winograd, as often as the call's sizes allow";
  int64_t levels = strassenLevels(
      std::min({shape.rows, shape.columns, shape.inner}), fromOf(form, from));
  std::string text = llvm::formatv("{0} level{1} of Strassen-Winograd", levels,
                                   levels == 1 ? "" : "s")
                         .str();
  Type element = form.element;
  if (isa<IntegerType>(element))
    return text + ", exact";
  double factor = strassenErrorFactor(levels, shape.inner);
  if (auto complex = dyn_cast<ComplexType>(element)) {
    // A product of complex numbers has an error of 2 sqrt(2) u (Higham, 3.6).
    factor *= 2 * std::sqrt(2.0);
    element = complex.getElementType();
  }
  unsigned digits = cast<FloatType>(element).getFPMantissaWidth();
  return text + llvm::formatv(", error bound {0:e2} (with max|lhs| max|rhs| = "
                              "1)",
                              std::ldexp(factor, -int(digits)))
                    .str();
}
