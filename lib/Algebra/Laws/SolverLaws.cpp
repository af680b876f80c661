//===- SolverLaws.cpp - inverses, closures and powers ---------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Laws.h"

#include "noodle/Dialect/SparseOps.h"

#include <cmath>

using namespace mlir;
using namespace mlir::noodle;

/// n products with an operand this many times narrower than the matrix cost
/// less than one pass over its nodes. A guess.
static constexpr double kWide = 16;

/// The way a matrix is solved with follows from what is known of it.
/// Always right: no other entries are read.
bool noodle::Solve_Structure(Operation *at, LawContext &context) {
  auto op = dyn_cast<SolveOp>(at);
  if (!op || op.getStructure() != "general")
    return false;
  Properties p = context.properties.of(op.getInput());
  StringRef structure;
  if (p & PropLower)
    structure = p & PropUnitDiag ? "unit_lower" : "lower";
  else if (p & PropUpper)
    structure = p & PropUnitDiag ? "unit_upper" : "upper";
  else if (p & PropSpd)
    structure = "spd";
  else
    return false;
  auto made = SolveOp::create(context.rewriter, op.getLoc(), op.getType(),
                              op.getInput(), op.getRhs(), op.getLeftAttr(),
                              context.rewriter.getStringAttr(structure));
  context.replace(op, made, 10, "Solve_Structure");
  return true;
}

/// Q^-1 = Q^T
/// Where Q is orthogonal, up to rounding: floats need `reassoc`.
bool noodle::Solve_Orthogonal(Operation *at, LawContext &context) {
  auto op = dyn_cast<SolveOp>(at);
  if (!op || op.getStructure() != "general" ||
      !context.properties.has(op.getInput(), PropOrthogonal) ||
      LawContext::policyOf(op) == FPPolicy::Strict)
    return false;
  Value with;
  Location loc = op.getLoc();
  if (!op.getRhs()) {
    with = TransposeOp::create(
        context.rewriter, loc, op.getType(), op.getInput(),
        context.rewriter.getDenseI64ArrayAttr({1, 0}), StrategyKindAttr());
  } else {
    bool vector = cast<RankedTensorType>(op.getRhs().getType()).getRank() == 1;
    StringRef equation = op.getLeft() ? (vector ? "i,ji->j" : "ki,ji->kj")
                                      : (vector ? "ji,j->i" : "ji,jk->ik");
    SmallVector<Value> inputs = {op.getInput(), op.getRhs()};
    if (op.getLeft())
      std::swap(inputs[0], inputs[1]);
    with = ContractOp::create(
        context.rewriter, loc, op.getType(),
        context.rewriter.getStringAttr(equation), inputs, /*mask=*/Value(),
        /*init=*/Value(),
        SemiringAttr::get(op.getContext(), SemiringKind::PlusTimes),
        /*accumulator=*/TypeAttr(), /*mask_valued=*/UnitAttr(),
        /*mask_complement=*/UnitAttr(), StrategyKindAttr());
  }
  context.replace(op, with, 11, "Solve_Orthogonal");
  return true;
}

/// (A (x) B)^-1 = A^-1 (x) B^-1
/// Floats need `reassoc`. Pays: m^3 + n^3 instead of (m n)^3.
bool noodle::Solve_Kron(Operation *at, LawContext &context) {
  auto op = dyn_cast<SolveOp>(at);
  if (!op || op.getRhs() || LawContext::policyOf(op) == FPPolicy::Strict)
    return false;
  auto kron = op.getInput().getDefiningOp<KronOp>();
  if (!kron || kron.getSemiring().getKind() != SemiringKind::PlusTimes)
    return false;
  Value inverses[2];
  for (auto [k, factor] :
       llvm::enumerate(ArrayRef<Value>{kron.getLhs(), kron.getRhs()})) {
    auto type = cast<RankedTensorType>(factor.getType());
    if (type.getEncoding() || type.isDynamicDim(0) ||
        type.getDimSize(0) != type.getDimSize(1))
      return false;
    inverses[k] = SolveOp::create(context.rewriter, op.getLoc(), type, factor,
                                  /*rhs=*/Value(), /*left=*/UnitAttr(),
                                  context.rewriter.getStringAttr("general"));
  }
  auto made =
      KronOp::create(context.rewriter, op.getLoc(), op.getType(), inverses[0],
                     inverses[1], kron.getSemiring(), StrategyKindAttr());
  context.replace(op, made, 13, "Solve_Kron");
  return true;
}

namespace {
/// A product of a matrix that an op computes and a dense vector or matrix.
struct ThinProduct {
  Value beside;
  bool left = false;
  double nodes = 0, width = 1;
};
} // namespace

/// The product of operand `k` and the other one, in the order that the result
/// of the op has.
static std::optional<ThinProduct> thinProduct(ContractOp op, unsigned k,
                                              LawContext &context) {
  ContractSpec spec = op.getSpec();
  ArrayRef<unsigned> matrix = spec.operands[k], other = spec.operands[1 - k];
  Value beside = op.getInputs()[1 - k];
  auto type = cast<RankedTensorType>(beside.getType());
  if (matrix.size() != 2 || matrix[0] == matrix[1] || other.size() > 2 ||
      other.empty() || type.getEncoding() ||
      llvm::is_contained(type.getShape(), 1) ||
      llvm::is_contained(
          cast<RankedTensorType>(op.getInputs()[k].getType()).getShape(), 1) ||
      op.getType().getElementType() != type.getElementType())
    return std::nullopt;
  ThinProduct product;
  product.beside = beside;
  product.nodes = context.extent(op.getInputs()[k], 0);
  bool right = spec.inOutput(matrix[0]) && !spec.inOutput(matrix[1]);
  product.left = spec.inOutput(matrix[1]) && !spec.inOutput(matrix[0]);
  if (!right && !product.left)
    return std::nullopt;
  unsigned summed = product.left ? matrix[0] : matrix[1];
  unsigned stays = product.left ? matrix[1] : matrix[0];
  SmallVector<unsigned> wantedOther = {summed}, wantedOutput = {stays};
  if (other.size() == 2) {
    unsigned along = other[0] == summed ? other[1] : other[0];
    if (along == stays || along == summed)
      return std::nullopt;
    auto insert = [&](SmallVector<unsigned> &letters) {
      letters.insert(product.left ? letters.begin() : letters.end(), along);
    };
    insert(wantedOther);
    insert(wantedOutput);
    product.width = context.extent(beside, other[0] == along ? 0 : 1);
  }
  if (!llvm::equal(other, wantedOther) ||
      !llvm::equal(spec.output, wantedOutput))
    return std::nullopt;
  return product;
}

/// An op of this kind that computes operand `k` for the contraction alone.
template <typename OpT> static OpT producer(ContractOp op, unsigned &k) {
  if (!op || op.getInputs().size() != 2 || op.getMask() || op.getInit() ||
      op.getType().getEncoding())
    return OpT();
  for (k = 0; k < 2; ++k) {
    auto made = op.getInputs()[k].getDefiningOp<OpT>();
    if (made && made->hasOneUse() && !made.getRhs())
      return made;
  }
  return OpT();
}

/// A^-1 B is the solution of A X = B.
/// Floats need `reassoc`. Pays: the inverse is never formed.
bool noodle::Contract_Inverse(Operation *at, LawContext &context) {
  auto op = dyn_cast<ContractOp>(at);
  unsigned k = 0;
  SolveOp inverse = producer<SolveOp>(op, k);
  if (!inverse || op.getSemiring().getKind() != SemiringKind::PlusTimes ||
      LawContext::policyOf(op) == FPPolicy::Strict)
    return false;
  std::optional<ThinProduct> product = thinProduct(op, k, context);
  if (!product)
    return false;
  auto made = SolveOp::create(context.rewriter, op.getLoc(), op.getType(),
                              inverse.getInput(), product->beside,
                              product->left ? context.rewriter.getUnitAttr()
                                            : UnitAttr(),
                              inverse.getStructureAttr());
  context.replace(op, made, 12, "Contract_Inverse");
  return true;
}

/// A* B by products with B.
/// Where products may be grouped anew. Pays where B is thin.
bool noodle::Contract_Closure(Operation *at, LawContext &context) {
  auto op = dyn_cast<ContractOp>(at);
  unsigned k = 0;
  ClosureOp closure = producer<ClosureOp>(op, k);
  if (!closure || closure.getSemiring() != op.getSemiring() ||
      !context.mayRegroup(op, op.getSemiring(), op.getAccumulatorType()))
    return false;
  std::optional<ThinProduct> product = thinProduct(op, k, context);
  if (!product ||
      (product->width > 1 && product->width * kWide > product->nodes))
    return false;
  auto made = ClosureOp::create(context.rewriter, op.getLoc(), op.getType(),
                                closure.getInput(), product->beside,
                                product->left ? context.rewriter.getUnitAttr()
                                              : UnitAttr(),
                                op.getSemiring());
  context.replace(op, made, 14, "Contract_Closure");
  return true;
}

/// A^n B = A (A (... B))
/// Where products may be grouped anew. Pays where n products with B cost less
/// than the squarings.
bool noodle::Contract_Power(Operation *at, LawContext &context) {
  auto op = dyn_cast<ContractOp>(at);
  unsigned k = 0;
  MatrixPowerOp power = producer<MatrixPowerOp>(op, k);
  if (!power || !power.getN() || power.getSemiring() != op.getSemiring() ||
      !context.mayRegroup(op, op.getSemiring(), op.getAccumulatorType()))
    return false;
  std::optional<ThinProduct> product = thinProduct(op, k, context);
  if (!product)
    return false;
  double n = double(*power.getN());
  double squarings = n > 1 ? std::floor(std::log2(n)) : 0;
  if (n * product->width > squarings * product->nodes + product->width)
    return false;
  auto made = MatrixPowerOp::create(
      context.rewriter, op.getLoc(), op.getType(), power.getInput(),
      /*exponent=*/Value(), product->beside, power.getNAttr(),
      product->left ? context.rewriter.getUnitAttr() : UnitAttr(),
      op.getSemiring());
  context.replace(op, made, 15, "Contract_Power");
  return true;
}
