//===- SparseProduct.cpp - products of sparse matrices --------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Dialect/SparseProduct.h"
#include "noodle/Dialect/Semiring.h"

#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::noodle;

#define GET_OP_CLASSES
#include "noodle/Dialect/NoodleSparseProductOps.cpp.inc"

static bool isRows(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  FailureOr<SparseFormat> format = getSparseFormat(tensor);
  return tensor.getEncoding() && succeeded(format) &&
         *format == SparseFormat::CSR;
}

bool SparseProductOp::isSparseProduct() { return isRows(getLhs().getType()); }

static LogicalResult verifyBody(SparseProductOp op, Region &region,
                                StringRef name, TypeRange arguments,
                                Type result) {
  Block &body = region.front();
  auto yield = dyn_cast<ProductYieldOp>(body.back());
  if (body.getArgumentTypes() != arguments || !yield ||
      yield.getValue().getType() != result)
    return op.emitOpError()
           << name << " must take (" << arguments << ") and yield " << result;
  return success();
}

LogicalResult SparseProductOp::verify() {
  bool sparse = isSparseProduct();
  auto lhs = getLhs().getType(), rhs = getRhs().getType();
  auto result = getType();
  if (lhs.getRank() != 2 || rhs.getRank() != 2 || isRows(rhs) != sparse ||
      (!sparse && (lhs.getEncoding() || rhs.getEncoding())))
    return emitOpError() << "multiplies two CSR matrices, or two dense ones";
  if (!getMask() && (getScaled() || getValued() || getComplement() || !sparse))
    return emitOpError() << "needs a mask";
  if (getMask() &&
      (getMask().getType().getRank() != 2 || !isRows(getMask().getType())))
    return emitOpError() << "the mask must be a CSR matrix";
  if (getComplement() && getScaled())
    return emitOpError() << "what the mask lacks has no entry to scale by";
  if (!sparse && (getComplement() || getValued()))
    return emitOpError()
           << "takes the pattern of dense operands' mask as it is";
  bool reduces = !result.getEncoding();
  if (reduces ? result.getRank() > 1 || !getMask() || getComplement() || !sparse
              : result.getRank() != 2 || !isRows(result))
    return emitOpError() << "returns a CSR matrix, or of CSR matrices under a "
                            "mask the sums of its rows or of all";
  Type sum = getSumType(), element = result.getElementType();
  if (reduces && element != sum)
    return emitOpError() << "adds terms of " << sum << ", not of " << element;
  SmallVector<Type> finish{sum};
  if (getScaled())
    finish.push_back(getElementTypeOrSelf(getMask().getType()));
  if (failed(verifyBody(*this, getMul(), "mul",
                        {lhs.getElementType(), rhs.getElementType()}, sum)) ||
      failed(verifyBody(*this, getAdd(), "add", {sum, sum}, sum)))
    return failure();
  return verifyBody(*this, getFinish(), "finish", finish, element);
}

//===----------------------------------------------------------------------===//
// Contractions of this form
//===----------------------------------------------------------------------===//

SmallVector<unsigned> noodle::levelLetters(RankedTensorType type,
                                           ArrayRef<unsigned> letters) {
  FailureOr<SparseFormat> format = getSparseFormat(type);
  if (succeeded(format) && *format == SparseFormat::CSC)
    return {letters[1], letters[0]};
  return SmallVector<unsigned>(letters);
}

namespace {

/// The operands of a contraction, as a product may take them.
class FormFinder {
public:
  FormFinder(ContractOp op) : op(op), spec(op.getSpec()) {}
  std::optional<SparseProductForm> find();

private:
  bool plain();
  bool sparse(unsigned operand) const {
    return types[operand].getEncoding() != nullptr;
  }
  bool has(unsigned operand, unsigned x, unsigned y) const {
    ArrayRef<unsigned> letters = spec.operands[operand];
    return llvm::is_contained(letters, x) && llvm::is_contained(letters, y);
  }
  /// How often an operand must be sorted anew for the form; none where a letter
  /// is missing.
  std::optional<unsigned> sorts(const SparseProductForm &form) const;
  bool legal(const SparseProductForm &form);

  ContractOp op;
  ContractSpec spec;
  SmallVector<RankedTensorType> types;
  SmallVector<int64_t> extents;
  SemiringTraits traits;
};

} // namespace

/// Two or three matrices over three letters, without diagonals, broadcasts and
/// what a sparse_product does not have; a sparse init is merged afterwards.
bool FormFinder::plain() {
  if (spec.letterCount() != 3 || op.getInputs().size() < 2 ||
      op.getInputs().size() > 3 ||
      (op.getInit() && !op.getType().getEncoding()))
    return false;
  for (Value input : op.getInputs())
    types.push_back(cast<RankedTensorType>(input.getType()));
  auto known =
      spec.extents(types, op.getType(), [&] { return op.emitOpError(); });
  auto semiring = Semiring::resolve(op.getSemiring(), op.getAccumulatorType(),
                                    op, [&] { return op.emitOpError(); });
  if (failed(known) || failed(semiring))
    return false;
  extents = *known;
  traits = semiring->traits();
  for (auto [k, letters] : llvm::enumerate(spec.operands)) {
    if (letters.size() != 2 || letters[0] == letters[1])
      return false;
    for (auto [d, letter] : llvm::enumerate(letters))
      if (types[k].getDimSize(d) == 1 && extents[letter] != 1)
        return false;
  }
  return true;
}

std::optional<unsigned> FormFinder::sorts(const SparseProductForm &form) const {
  if (!has(form.lhs, form.row, form.inner) ||
      !has(form.rhs, form.inner, form.column) ||
      (form.scale && !has(*form.scale, form.row, form.column)))
    return std::nullopt;
  auto differs = [&](unsigned operand, unsigned first) -> unsigned {
    return levelLetters(types[operand], spec.operands[operand])[0] != first;
  };
  return differs(form.lhs, form.row) + differs(form.rhs, form.inner) +
         (form.scale ? differs(*form.scale, form.row) : 0);
}

bool FormFinder::legal(const SparseProductForm &form) {
  if (sparse(form.lhs) != sparse(form.rhs))
    return false;
  // A sum is multiplied in place of its terms, behind or in front of them.
  if (form.scale) {
    bool between = *form.scale == 1;
    if (!sparse(*form.scale) || !traits.associative || !traits.distributive ||
        (between && !traits.commutative))
      return false;
  }
  Value mask = op.getMask();
  if (mask && (form.scale || !op.getType().getEncoding() ||
               !cast<RankedTensorType>(mask.getType()).getEncoding()))
    return false;
  if (sparse(form.lhs))
    return true;
  return form.scale || (mask && !op.getMaskComplement() && !op.getMaskValued());
}

std::optional<SparseProductForm> FormFinder::find() {
  if (!plain())
    return std::nullopt;
  bool isSparse = op.getType().getEncoding() != nullptr;
  SmallVector<unsigned> output = spec.output;
  if (isSparse)
    output = levelLetters(op.getType(), output);
  // Only totals are formed without a pattern of their own.
  if (isSparse ? output.size() != 2
               : output.size() > 1 || types.size() != 3 || op.getMask() ||
                     !llvm::all_of(types, [](RankedTensorType type) {
                       return type.getEncoding() != nullptr;
                     }))
    return std::nullopt;
  std::optional<SparseProductForm> best;
  unsigned fewest = ~0u;
  SmallVector<unsigned> letters{0, 1, 2};
  do {
    SparseProductForm form;
    form.row = letters[0];
    form.column = letters[1];
    form.inner = letters[2];
    if (!output.empty() && form.row != output[0])
      continue;
    if (isSparse && form.column != output[1])
      continue;
    for (unsigned scale = 0; scale < 3; ++scale) {
      SmallVector<unsigned> others;
      for (unsigned k = 0; k < types.size(); ++k)
        if (types.size() == 2 || k != scale)
          others.push_back(k);
      form.scale = types.size() == 3 ? std::optional(scale) : std::nullopt;
      for (bool swap : {false, true}) {
        form.lhs = others[swap];
        form.rhs = others[!swap];
        std::optional<unsigned> cost = sorts(form);
        if (cost && *cost < fewest && legal(form)) {
          fewest = *cost;
          best = form;
        }
      }
    }
  } while (std::next_permutation(letters.begin(), letters.end()));
  return best;
}

std::optional<SparseProductForm> noodle::sparseProductForm(ContractOp op) {
  return FormFinder(op).find();
}
