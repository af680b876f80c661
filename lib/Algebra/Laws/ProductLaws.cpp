//===- ProductLaws.cpp - products with special matrices -------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Laws.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace mlir::noodle;

ContractSpec noodle::compacted(const ContractSpec &spec) {
  ContractSpec result;
  SmallVector<int> numbers(spec.letterCount(), -1);
  auto number = [&](unsigned letter) -> unsigned {
    if (numbers[letter] < 0) {
      numbers[letter] = int(result.letters.size());
      result.letters.push_back(spec.letters[letter]);
    }
    return unsigned(numbers[letter]);
  };
  for (unsigned letter : spec.output)
    result.output.push_back(number(letter));
  for (ArrayRef<unsigned> letters : spec.operands) {
    SmallVector<unsigned> &made = result.operands.emplace_back();
    for (unsigned letter : letters)
      made.push_back(number(letter));
  }
  return result;
}

ContractOp noodle::contractLike(LawContext &context, ContractOp op,
                                const ContractSpec &spec, ValueRange inputs,
                                Value init) {
  return ContractOp::create(
      context.rewriter, op.getLoc(), op.getType(),
      context.rewriter.getStringAttr(compacted(spec).str()), inputs,
      /*mask=*/Value(), init, op.getSemiring(), op.getAccumulatorAttr(),
      /*mask_valued=*/UnitAttr(), /*mask_complement=*/UnitAttr(),
      op.getStrategyAttr());
}

/// Whether a contraction is one that the laws of this file speak of: dense
/// result, no mask, nothing added, over a semiring whose zero and one are the
/// numbers.
static bool isPlain(ContractOp op) {
  if (!op || op.getMask() || op.getInit() || op.getType().getEncoding())
    return false;
  switch (op.getSemiring().getKind()) {
  case SemiringKind::PlusTimes:
  case SemiringKind::OrAnd:
  case SemiringKind::XorAnd:
    return true;
  default:
    return false;
  }
}

/// Letters of an extent of 1 that broadcasts have no matrix to speak of.
static bool hasUnit(ContractOp op) {
  return llvm::any_of(op.getInputs(), [](Value input) {
    return llvm::is_contained(
        cast<RankedTensorType>(input.getType()).getShape(), 1);
  });
}

/// A matrix operand with this property, if both letters are not in the output.
static std::optional<MatrixOperand> findMatrix(ContractOp op,
                                               const ContractSpec &spec,
                                               LawContext &context,
                                               Property property) {
  for (auto [k, input] : llvm::enumerate(op.getInputs())) {
    ArrayRef<unsigned> letters = spec.operands[k];
    if (letters.size() != 2 || letters[0] == letters[1] ||
        !context.properties.has(input, property))
      continue;
    if (spec.inOutput(letters[0]) && spec.inOutput(letters[1]))
      continue;
    // Another operand says how many values the letter that goes has.
    return MatrixOperand{unsigned(k), letters[0], letters[1]};
  }
  return std::nullopt;
}

/// `from` becomes `to` in all operands and the output.
static void rename(ContractSpec &spec, unsigned from, unsigned to) {
  for (SmallVector<unsigned> &letters : spec.operands)
    llvm::replace(letters, from, to);
  llvm::replace(spec.output, from, to);
}

/// sum_j I[i,j] X[j,..] = X[i,..]
/// Where the zero annihilates; floats need `reassoc`, as 0 * inf is NaN.
bool noodle::Contract_Identity(Operation *at, LawContext &context) {
  auto op = dyn_cast<ContractOp>(at);
  if (!isPlain(op) || op.getInputs().size() < 2 || hasUnit(op))
    return false;
  ContractSpec spec = op.getSpec();
  std::optional<MatrixOperand> found =
      findMatrix(op, spec, context, PropIdentity);
  if (!found ||
      !context.mayDropZeros(op, op.getSemiring(), op.getAccumulatorType()))
    return false;
  // The letter that stays is one that another operand has.
  unsigned stays = spec.inOutput(found->first) ? found->first : found->second;
  unsigned goes = stays == found->first ? found->second : found->first;
  bool elsewhere = false;
  for (auto [k, letters] : llvm::enumerate(spec.operands))
    elsewhere |= k != found->operand && (llvm::is_contained(letters, goes) ||
                                         llvm::is_contained(letters, stays));
  if (!elsewhere)
    return false;
  SmallVector<Value> inputs(op.getInputs());
  inputs.erase(inputs.begin() + found->operand);
  spec.operands.erase(spec.operands.begin() + found->operand);
  rename(spec, goes, stays);
  Value with;
  if (inputs.size() == 1 && spec.operands[0] == spec.output &&
      cast<RankedTensorType>(inputs[0].getType()).getElementType() ==
          op.getType().getElementType() &&
      !cast<RankedTensorType>(inputs[0].getType()).getEncoding())
    with = inputs[0];
  else
    with = contractLike(context, op, spec, inputs);
  context.replace(op, with, 3, "Contract_Identity");
  return true;
}

/// sum_j 0[i,j] X[j,..] = 0
/// Where the zero annihilates; floats need `reassoc`.
bool noodle::Contract_Zero(Operation *at, LawContext &context) {
  auto op = dyn_cast<ContractOp>(at);
  if (!isPlain(op) || hasUnit(op))
    return false;
  bool any = llvm::any_of(op.getInputs(), [&](Value input) {
    return context.properties.has(input, PropZero);
  });
  if (!any ||
      !context.mayDropZeros(op, op.getSemiring(), op.getAccumulatorType()))
    return false;
  ContractSpec spec = op.getSpec();
  SmallVector<Value> extents;
  Location loc = op.getLoc();
  for (auto [d, letter] : llvm::enumerate(spec.output)) {
    if (!op.getType().isDynamicDim(d))
      continue;
    Value extent;
    for (auto [k, letters] : llvm::enumerate(spec.operands))
      if (const auto *it = llvm::find(letters, letter); it != letters.end())
        extent = tensor::DimOp::create(context.rewriter, loc, op.getInputs()[k],
                                       it - letters.begin());
    if (!extent)
      return false;
    extents.push_back(extent);
  }
  Value zero = elementConstant(context.rewriter, loc,
                               zeroElement(op.getType().getElementType()));
  Value with = tensor::SplatOp::create(context.rewriter, loc, zero,
                                       op.getType(), extents);
  context.replace(op, with, 4, "Contract_Zero");
  return true;
}

/// sum_j D[i,j] X[j,..] = d[i] X[i,..]
/// Where the zero annihilates; floats need `reassoc`. Pays where anything else
/// is multiplied.
bool noodle::Contract_Diagonal(Operation *at, LawContext &context) {
  auto op = dyn_cast<ContractOp>(at);
  if (!isPlain(op) || op.getInputs().size() < 2 || hasUnit(op))
    return false;
  ContractSpec spec = op.getSpec();
  std::optional<MatrixOperand> found =
      findMatrix(op, spec, context, PropDiagonal);
  if (!found ||
      cast<RankedTensorType>(op.getInputs()[found->operand].getType())
          .getEncoding() ||
      !context.mayDropZeros(op, op.getSemiring(), op.getAccumulatorType()))
    return false;
  unsigned stays = spec.inOutput(found->first) ? found->first : found->second;
  unsigned goes = stays == found->first ? found->second : found->first;
  Value matrix = op.getInputs()[found->operand];
  auto type = cast<RankedTensorType>(matrix.getType());
  int64_t extent =
      type.isDynamicDim(0) ? type.getDimSize(1) : type.getDimSize(0);
  Value diagonal = ContractOp::create(
      context.rewriter, op.getLoc(),
      RankedTensorType::get({extent}, type.getElementType()),
      context.rewriter.getStringAttr("ii->i"), matrix, /*mask=*/Value(),
      /*init=*/Value(), op.getSemiring(), /*accumulator=*/TypeAttr(),
      /*mask_valued=*/UnitAttr(), /*mask_complement=*/UnitAttr(),
      StrategyKindAttr());
  SmallVector<Value> inputs(op.getInputs());
  inputs[found->operand] = diagonal;
  spec.operands[found->operand] = {stays};
  rename(spec, goes, stays);
  context.replace(op, contractLike(context, op, spec, inputs), 5,
                  "Contract_Diagonal");
  return true;
}

/// sum_j P[i,j] = 1
/// Where rows of P add up to 1: exactly for functions, for row-stochastic
/// matrices up to rounding, which needs `reassoc`.
bool noodle::Contract_Discard(Operation *at, LawContext &context) {
  auto op = dyn_cast<ContractOp>(at);
  if (!isPlain(op) || op.getInputs().size() != 1 ||
      op.getSemiring().getKind() != SemiringKind::PlusTimes)
    return false;
  Value matrix = op.getInputs()[0];
  ContractSpec spec = op.getSpec();
  if (spec.operands[0].size() != 2 ||
      spec.operands[0][0] == spec.operands[0][1] || spec.output.size() != 1 ||
      spec.output[0] != spec.operands[0][0])
    return false;
  Properties p = context.properties.of(matrix);
  bool exact = p & PropFunction;
  if (!exact && (!(p & PropRowStochastic) ||
                 LawContext::policyOf(op) == FPPolicy::Strict))
    return false;
  Type element = op.getType().getElementType();
  TypedAttr one;
  if (auto type = dyn_cast<FloatType>(element))
    one = FloatAttr::get(type, 1.0);
  else if (isa<IntegerType>(element))
    one = IntegerAttr::get(element, 1);
  else
    return false;
  Location loc = op.getLoc();
  SmallVector<Value> extents;
  if (op.getType().isDynamicDim(0))
    extents.push_back(tensor::DimOp::create(context.rewriter, loc, matrix, 0));
  Value with = tensor::SplatOp::create(
      context.rewriter, loc, elementConstant(context.rewriter, loc, one),
      op.getType(), extents);
  context.replace(op, with, 7, "Contract_Discard");
  return true;
}
