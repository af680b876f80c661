//===- SumLaws.cpp - traces of products, sums of products -----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Laws.h"

using namespace mlir;
using namespace mlir::noodle;

/// A contraction without mask and init that one op alone uses.
static ContractOp innerOf(Value value) {
  auto op = value.getDefiningOp<ContractOp>();
  bool plain = op && value.hasOneUse() && !op.getMask() && !op.getInit() &&
               !op.getType().getEncoding();
  return plain ? op : ContractOp();
}

static bool sameForm(ContractOp a, ContractOp b) {
  return a.getSemiring() == b.getSemiring() &&
         a.getAccumulatorType() == b.getAccumulatorType() &&
         a.getType().getElementType() == b.getType().getElementType() &&
         a.getAccumulatorType() == a.getType().getElementType();
}

/// tr(A B) = sum_ij A[i,j] B[j,i], and the same of the diagonal alone.
/// Where products may be grouped anew. Pays: of n^3 products n^2 are left.
bool noodle::Contract_Trace(Operation *at, LawContext &context) {
  auto op = dyn_cast<ContractOp>(at);
  if (!op || op.getInputs().size() != 1 || op.getMask() || op.getInit() ||
      op.getType().getEncoding())
    return false;
  ContractSpec outer = op.getSpec();
  if (outer.operands[0].size() != 2 ||
      outer.operands[0][0] != outer.operands[0][1])
    return false;
  ContractOp inner = innerOf(op.getInputs()[0]);
  if (!inner || inner.getInputs().size() < 2 || !sameForm(op, inner) ||
      !context.mayRegroup(op, op.getSemiring(), op.getAccumulatorType()))
    return false;
  ContractSpec spec = inner.getSpec();
  unsigned stays = spec.output[0], goes = spec.output[1];
  if (stays == goes)
    return false;
  // Broadcast extents of 1 would no longer agree with what they repeat.
  for (Value input : inner.getInputs())
    if (llvm::is_contained(cast<RankedTensorType>(input.getType()).getShape(),
                           1))
      return false;
  for (SmallVector<unsigned> &letters : spec.operands)
    llvm::replace(letters, goes, stays);
  spec.output.clear();
  if (!outer.output.empty())
    spec.output.push_back(stays);
  Value with = contractLike(context, op, spec, inner.getInputs());
  context.replace(op, with, 8, "Contract_Trace");
  return true;
}

/// (A + U V) x = A x + U (V x)
/// Where products may be grouped anew, and floats only under `fast`, as sums
/// that cancel are no longer formed first. Pays where U V costs more than x
/// takes through both.
bool noodle::Contract_LowRank(Operation *at, LawContext &context) {
  auto op = dyn_cast<ContractOp>(at);
  if (!op || op.getInputs().size() != 2 || op.getMask() || op.getInit() ||
      op.getType().getEncoding() ||
      op.getSemiring().getKind() != SemiringKind::PlusTimes)
    return false;
  Type element = op.getType().getElementType();
  bool exact = isa<IntegerType>(element);
  if ((!exact && LawContext::policyOf(op) != FPPolicy::Fast) ||
      op.getAccumulatorType() != element)
    return false;
  ContractSpec spec = op.getSpec();
  for (unsigned k : {0u, 1u}) {
    auto sum = op.getInputs()[k].getDefiningOp<MapOp>();
    if (!sum || !sum->hasOneUse() || sum.getInputs().size() != 2 ||
        sum.getBody().empty() || sum.getType().getRank() != 2 ||
        sum.getType().getEncoding() ||
        spec.operands[k][0] == spec.operands[k][1])
      continue;
    Block &body = sum.getBody().front();
    if (llvm::range_size(body.getOperations()) != 2 ||
        !isa<arith::AddFOp, arith::AddIOp>(body.front()) ||
        body.front().getOperand(0) == body.front().getOperand(1) ||
        body.getTerminator()->getOperand(0) != body.front().getResult(0))
      continue;
    for (unsigned part : {0u, 1u}) {
      Value other = sum.getInputs()[1 - part];
      auto otherType = dyn_cast<RankedTensorType>(other.getType());
      ContractOp product = innerOf(sum.getInputs()[part]);
      if (!product || !otherType || otherType.getEncoding() ||
          otherType.getShape() != product.getType().getShape() ||
          llvm::is_contained(otherType.getShape(), 1) ||
          product.getInputs().size() != 2 || !sameForm(op, product))
        continue;
      ContractSpec factors = product.getSpec();
      if (factors.letterCount() != 3 || factors.output.size() != 2 ||
          factors.operands[0].size() != 2 || factors.operands[1].size() != 2)
        continue;
      double rank = 0;
      for (auto [d, letter] : llvm::enumerate(factors.operands[0]))
        if (letter == 2)
          rank = context.extent(product.getInputs()[0], d);
      double rows = context.extent(sum.getResult(), 0);
      double columns = context.extent(sum.getResult(), 1);
      // The other operand's entries that do not meet the matrix.
      double width = 1;
      for (auto [d, letter] : llvm::enumerate(spec.operands[1 - k]))
        if (!llvm::is_contained(spec.operands[k], letter))
          width *= context.extent(op.getInputs()[1 - k], d);
      if (rank == 0 || rank * (rows + columns) * width >= rank * rows * columns)
        continue;
      SmallVector<Value> inputs(op.getInputs());
      inputs[k] = other;
      Value first = contractLike(context, op, spec, inputs);
      // The product's letters: those of the sum, and one for the rank.
      ContractSpec all = spec;
      unsigned extra = all.letters.size();
      // A name that nothing has: planning writes single letters.
      std::string name = "a";
      while (llvm::is_contained(all.letters, name))
        ++name[0];
      all.letters.push_back(name);
      SmallVector<unsigned> letters = spec.operands[k];
      auto mapped = [&](ArrayRef<unsigned> from) {
        return llvm::map_to_vector(from, [&](unsigned letter) {
          return letter == 2 ? extra : letters[letter];
        });
      };
      all.operands[k] = SmallVector<unsigned>(mapped(factors.operands[0]));
      all.operands.insert(all.operands.begin() + k + 1,
                          SmallVector<unsigned>(mapped(factors.operands[1])));
      inputs[k] = product.getInputs()[0];
      inputs.insert(inputs.begin() + k + 1, product.getInputs()[1]);
      Value with = contractLike(context, op, all, inputs, first);
      context.replace(op, with, 9, "Contract_LowRank");
      return true;
    }
  }
  return false;
}
