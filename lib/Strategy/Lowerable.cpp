//===- Lowerable.cpp - which ops have a form in linalg --------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Strategy/Lowerable.h"

#include "noodle/Dialect/SparseOps.h"

#include "mlir/IR/Matchers.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::noodle;

bool noodle::isTensorOp(Operation *op) {
  return isa<ContractOp, MatmulOp, MapOp, SoftmaxOp, LayerNormOp, ReduceOp,
             TransposeOp, ConcatOp, GatherOp, ScatterOp, ConvertOp>(op) ||
         isSparseOp(op);
}

bool noodle::isSparse(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.getEncoding();
}

/// Whether a static extent of 1 stands where the letter's extent is another.
static bool broadcasts(RankedTensorType type, ArrayRef<unsigned> letters,
                       ArrayRef<int64_t> extents) {
  for (auto [d, letter] : llvm::enumerate(letters))
    if (type.getDimSize(d) == 1 && extents[letter] != 1)
      return true;
  return false;
}

bool noodle::hasPlainBody(ContractOp op) {
  switch (op.getSemiring().getKind()) {
  case SemiringKind::PlusTimes:
  case SemiringKind::OrAnd:
  case SemiringKind::XorAnd:
    return llvm::all_of(op.getInputs(), [&](Value input) {
      return getElementTypeOrSelf(input) == op.getAccumulatorType();
    });
  default:
    return false;
  }
}

std::optional<unsigned> noodle::lineLetter(ContractOp op) {
  RankedTensorType result = op.getType();
  if (!isSparse(result) || result.getRank() != 2 || op.getMask())
    return std::nullopt;
  ContractSpec spec = op.getSpec();
  unsigned found = op.getInputs().size();
  for (auto [k, input] : llvm::enumerate(op.getInputs())) {
    ArrayRef<unsigned> letters = spec.operands[k];
    auto type = cast<RankedTensorType>(input.getType());
    for (auto [d, letter] : llvm::enumerate(letters))
      if (llvm::count(letters, letter) > 1 || type.getDimSize(d) == 1)
        return std::nullopt;
    if (!isSparse(input))
      continue;
    if (found != op.getInputs().size())
      return std::nullopt;
    found = k;
  }
  if (found == op.getInputs().size() || spec.output[0] == spec.output[1])
    return std::nullopt;
  ArrayRef<unsigned> letters = spec.operands[found];
  bool first = spec.inOutput(letters[0]), second = spec.inOutput(letters[1]);
  if (first == second)
    return std::nullopt;
  unsigned line = letters[first ? 0 : 1], summed = letters[first ? 1 : 0];
  // Over another letter there may be nothing to sum.
  for (unsigned letter = 0; letter < spec.letterCount(); ++letter)
    if (!spec.inOutput(letter) && letter != summed)
      return std::nullopt;
  return line;
}

SparseContraction noodle::classify(ContractOp op) {
  bool anySparse =
      llvm::any_of(op.getInputs(), [](Value input) { return isSparse(input); });
  RankedTensorType result = op.getType();
  if (!isSparse(result)) {
    // A sparse init of a dense result has no form.
    if (op.getInit() && isSparse(op.getInit()))
      return SparseContraction::None;
    if (!anySparse)
      return SparseContraction::Dense;
  }

  if (sparseProductForm(op))
    return SparseContraction::Product;

  ContractSpec spec = op.getSpec();
  SmallVector<RankedTensorType> types;
  for (Value input : op.getInputs())
    types.push_back(cast<RankedTensorType>(input.getType()));
  FailureOr<SmallVector<int64_t>> extents =
      spec.extents(types, result, [&] { return op.emitOpError(); });
  if (failed(extents))
    return SparseContraction::None;

  unsigned reductions = spec.letterCount() - spec.output.size();
  bool repeated = false, broadcast = false;
  SmallVector<unsigned> sparse; // positions of sparse operands
  for (auto [k, type] : llvm::enumerate(types)) {
    // The sparsifier has no form for a diagonal, not of a dense operand either.
    ArrayRef<unsigned> letters = spec.operands[k];
    for (unsigned letter : letters)
      repeated |= llvm::count(letters, letter) > 1;
    if (!isSparse(type))
      continue;
    sparse.push_back(k);
    broadcast |= broadcasts(type, letters, *extents);
  }

  if (!isSparse(result)) {
    // The sparsifier's custom reductions start anew in the innermost loop: with
    // a second reduction outside the loops of the output it loses entries.
    if (repeated || broadcast ||
        (reductions > 1 && !spec.output.empty() && !hasPlainBody(op)))
      return SparseContraction::Loops;
    return SparseContraction::Generic;
  }

  // A sparse init is merged with the sums.
  if (sparse.empty() || repeated || broadcast || op.getMask())
    return SparseContraction::None;
  if (lineLetter(op))
    return SparseContraction::Lines;
  SmallVector<unsigned> output = levelLetters(result, spec.output);
  if (output[0] == output[1])
    return SparseContraction::None;
  auto covers = [&](unsigned k) {
    ArrayRef<unsigned> letters = spec.operands[k];
    return llvm::is_contained(letters, output[0]) &&
           llvm::is_contained(letters, output[1]);
  };
  if (llvm::all_of(sparse, covers) && reductions <= 1 &&
      (reductions == 0 || sparse.size() == 1))
    return SparseContraction::Elementwise;
  return SparseContraction::None;
}

/// Whether code may trap: integer division by what is not a safe constant.
static bool mayTrap(Region &region) {
  return region
      .walk([](Operation *op) {
        bool isSigned = isa<arith::DivSIOp, arith::RemSIOp, arith::CeilDivSIOp,
                            arith::FloorDivSIOp>(op);
        if (!isSigned &&
            !isa<arith::DivUIOp, arith::RemUIOp, arith::CeilDivUIOp>(op))
          return WalkResult::advance();
        APInt divisor;
        if (matchPattern(op->getOperand(1), m_ConstantInt(&divisor)) &&
            !divisor.isZero() && !(isSigned && divisor.isAllOnes()))
          return WalkResult::advance();
        return WalkResult::interrupt();
      })
      .wasInterrupted();
}

/// Whether the op's semiring is one whose code may trap.
static bool semiringMayTrap(Operation *op, SemiringAttr attr) {
  if (!attr || attr.getKind() != SemiringKind::User)
    return false;
  auto semiring =
      SymbolTable::lookupNearestSymbolFrom<SemiringOp>(op, attr.getSymbol());
  return !semiring || llvm::any_of(semiring->getRegions(), mayTrap);
}

std::string noodle::whyNotLowered(Operation *op) {
  SemiringAttr semiring;
  if (auto contract = dyn_cast<ContractOp>(op))
    semiring = contract.getSemiring();
  else if (auto reduce = dyn_cast<ReduceOp>(op))
    semiring = reduce.getSemiring();
  else if (auto scatter = dyn_cast<ScatterOp>(op))
    semiring = scatter.getSemiring();
  else if (auto kron = dyn_cast<KronOp>(op))
    semiring = kron.getSemiring();
  if (semiringMayTrap(op, semiring))
    return "the semiring divides integers, which may fail";
  if (isa<MapOp, MergeOp, SelectOp>(op) && mayTrap(op->getRegion(0)))
    return "the body divides integers, which may fail";
  auto anySparse = [](ValueRange values) {
    return llvm::any_of(values, [](Value v) { return isSparse(v); });
  };
  if (auto contract = dyn_cast<ContractOp>(op)) {
    if (classify(contract) != SparseContraction::None)
      return {};
    if (contract.getMask())
      return "a masked sparse result has no compiled form";
    if (contract.getInit())
      return "adding into a sparse tensor has no compiled form";
    return "this sparse result has no compiled form";
  }
  if (auto map = dyn_cast<MapOp>(op)) {
    auto broadcasting = [&](Value input) {
      auto type = dyn_cast<RankedTensorType>(input.getType());
      if (!type || !isSparse(type))
        return false;
      for (int64_t d = 0; d < type.getRank(); ++d)
        if (type.getDimSize(d) == 1 && map.getType().getDimSize(d) != 1)
          return true;
      return false;
    };
    if (map.getVisited() == MapOver::Stored &&
        llvm::any_of(map.getInputs(), broadcasting))
      return "a broadcast of stored entries has no compiled form";
    if (map.getVisited() == MapOver::All && isSparse(map.getType()))
      return "a sparse result over all entries has no compiled form";
    return {};
  }
  if (auto reduce = dyn_cast<ReduceOp>(op))
    return isSparse(reduce.getType()) ? "a sparse result of a reduction has no "
                                        "compiled form"
                                      : "";
  if (auto transpose = dyn_cast<TransposeOp>(op))
    return isSparse(transpose.getInput()) != isSparse(transpose.getType())
               ? "a transpose between dense and sparse has no compiled form"
               : "";
  if (isa<ConcatOp, ConvertOp>(op) || isSparseOp(op))
    return {};
  if (anySparse(op->getOperands()) || anySparse(op->getResults()))
    return "sparse operands have no compiled form";
  return {};
}
