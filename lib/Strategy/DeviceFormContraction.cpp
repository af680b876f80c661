//===- DeviceFormContraction.cpp - contractions as matrix products --------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Strategy/DeviceForm.h"

#include "noodle/Strategy/Lowerable.h"

using namespace mlir;
using namespace mlir::noodle;

SmallVector<unsigned> noodle::steppingLetters(ContractOp op, unsigned operand) {
  ContractSpec spec = op.getSpec();
  SmallVector<int64_t> extents = letterExtents(op);
  bool isOutput = operand == op.getInputs().size();
  auto type = cast<RankedTensorType>(
      isOutput ? op.getType() : op.getInputs()[operand].getType());
  SmallVector<unsigned> result;
  for (auto [d, letter] :
       llvm::enumerate(isOutput ? spec.output : spec.operands[operand]))
    if (extents[letter] != 1 && type.getDimSize(d) != 1)
      result.push_back(letter);
  return result;
}

SmallVector<int64_t> noodle::letterExtents(ContractOp op) {
  SmallVector<RankedTensorType> types;
  for (Value input : op.getInputs())
    types.push_back(cast<RankedTensorType>(input.getType()));
  return *op.getSpec().extents(types, op.getType(),
                               [&] { return op.emitOpError(); });
}

/// Whether `group` stands side by side and in this order among `letters`.
static bool isRun(ArrayRef<unsigned> group, ArrayRef<unsigned> letters) {
  if (group.empty())
    return true;
  const unsigned *at = llvm::find(letters, group.front());
  return size_t(letters.end() - at) >= group.size() &&
         std::equal(group.begin(), group.end(), at);
}

/// Moves outer letters of `group` to `batch` until the rest is one loop through
/// all of `places`.
static void keepRun(SmallVector<unsigned> &group, SmallVector<unsigned> &batch,
                    ArrayRef<ArrayRef<unsigned>> places) {
  auto even = [&](ArrayRef<unsigned> rest) {
    return llvm::all_of(places, [&](ArrayRef<unsigned> letters) {
      return isRun(rest, letters);
    });
  };
  size_t outer = 0;
  while (!even(ArrayRef(group).drop_front(outer)))
    ++outer;
  batch.append(group.begin(), group.begin() + outer);
  group.erase(group.begin(), group.begin() + outer);
}

ProductFormResult noodle::productForm(ContractOp op) {
  ProductFormResult result;
  ProductForm &form = result.form;
  auto refuse = [&](const Twine &why) {
    result.whyNot = why.str();
    return result;
  };
  ContractSpec spec = op.getSpec();
  if (spec.operands.size() != 2)
    return refuse("it has " + Twine(spec.operands.size()) +
                  (spec.operands.size() == 1 ? " operand" : " operands") +
                  ", not two");
  for (auto [k, letters] : llvm::enumerate(spec.operands))
    for (unsigned letter : letters)
      if (llvm::count(letters, letter) > 1)
        return refuse("letter " + spec.letters[letter] +
                      " is repeated in operand " + Twine(k));
  SmallVector<int64_t> extents = letterExtents(op);
  SmallVector<unsigned> lhs = steppingLetters(op, 0),
                        rhs = steppingLetters(op, 1),
                        out = steppingLetters(op, 2);
  for (unsigned letter = 0; letter < spec.letterCount(); ++letter) {
    if (extents[letter] == 1)
      continue;
    const std::string &name = spec.letters[letter];
    bool inLhs = llvm::is_contained(lhs, letter),
         inRhs = llvm::is_contained(rhs, letter);
    if (!inLhs && !inRhs)
      return refuse("no operand has letter " + name);
    if (spec.inOutput(letter))
      (inLhs && inRhs ? form.batch
       : inLhs        ? form.rows
                      : form.columns)
          .push_back(letter);
    else if (!inLhs || !inRhs)
      return refuse("letter " + name + " is summed over operand " +
                    (inLhs ? "0" : "1") + " alone");
  }
  for (unsigned letter : lhs)
    if (!spec.inOutput(letter))
      form.inner.push_back(letter);
  if (!isRun(form.inner, lhs) || !isRun(form.inner, rhs)) {
    std::string names;
    for (unsigned letter : form.inner)
      names += (names.empty() ? "" : ", ") + spec.letters[letter];
    return refuse("the summed letters " + names +
                  " do not step evenly through both operands");
  }
  // The columns are where the output's last letter is, if there are both.
  form.swapped =
      !form.columns.empty() && llvm::is_contained(form.rows, out.back());
  if (form.swapped)
    std::swap(form.rows, form.columns);
  ArrayRef<unsigned> rowsOperand = form.swapped ? rhs : lhs,
                     columnsOperand = form.swapped ? lhs : rhs;
  keepRun(form.rows, form.batch, {rowsOperand, out});
  keepRun(form.columns, form.batch, {columnsOperand, out});
  // Products of vectors alone: their innermost letters are the rows.
  if (form.rows.empty() && form.columns.empty()) {
    SmallVector<unsigned> outer;
    std::swap(form.rows, form.batch);
    keepRun(form.rows, outer, {lhs, rhs, out});
    form.batch = outer;
    if (form.rows.empty())
      return refuse("a single sum has no kernel");
  }
  if (form.inner.empty() && (form.rows.empty() || form.columns.empty()))
    return refuse("nothing is summed");
  llvm::sort(form.batch);
  return result;
}

std::string noodle::whyNoContraction(ContractOp op) {
  for (auto [k, input] : llvm::enumerate(op.getInputs()))
    if (isSparse(input))
      return "operand " + std::to_string(k) + " is sparse";
  if (isSparse(op.getResult()))
    return "the result is sparse";
  if (op.getMask())
    return "it is masked";
  if (std::string why = whyNotLowered(op); !why.empty())
    return why;
  Semiring semiring =
      *Semiring::resolve(op.getSemiring(), op.getAccumulatorType(), op,
                         [&] { return op.emitOpError(); });
  if (std::string why = whyNotInKernel(semiring); !why.empty())
    return why;
  return productForm(op).whyNot;
}
