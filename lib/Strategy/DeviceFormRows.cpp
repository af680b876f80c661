//===- DeviceFormRows.cpp - which ops the row kernels run -----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Dialect/ContractSpec.h"
#include "noodle/Strategy/DeviceForm.h"
#include "noodle/Strategy/Lowerable.h"

#include "mlir/Dialect/SparseTensor/IR/SparseTensor.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::noodle;

/// A kernel's code is proportional to the rank.
static constexpr int64_t kHighestRank = 8;

/// Buffers of a kernel are dense.
static std::string whyNotDense(Operation *op) {
  auto sparse = [](Type type) { return isSparse(type); };
  if (llvm::any_of(op->getOperandTypes(), sparse) ||
      llvm::any_of(op->getResultTypes(), sparse))
    return "a sparse operand or result has no kernel of this kind";
  auto deep = [](Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return tensor && tensor.getRank() > kHighestRank;
  };
  if (llvm::any_of(op->getOperandTypes(), deep))
    return "kernels take tensors of at most " + std::to_string(kHighestRank) +
           " dimensions";
  return {};
}

static std::string whyNotSemiring(SemiringAttr attr, Type element,
                                  Operation *op) {
  FailureOr<Semiring> semiring =
      Semiring::resolve(attr, element, op, [&] { return op->emitOpError(); });
  // The verifier has said why.
  return failed(semiring) ? "the semiring does not resolve"
                          : whyNotInKernel(*semiring);
}

std::string noodle::whyNoElementwise(Operation *op) {
  if (std::string why = whyNotDense(op); !why.empty())
    return why;
  auto map = dyn_cast<MapOp>(op);
  if (!map)
    return {};
  if (map.getBody().empty())
    return "the body is a function that was not inlined";
  return whyNotInKernel(map.getBody());
}

std::string noodle::whyNoRows(Operation *op) {
  if (std::string why = whyNotDense(op); !why.empty())
    return why;
  if (auto reduce = dyn_cast<ReduceOp>(op))
    return whyNotSemiring(reduce.getSemiring(),
                          getElementTypeOrSelf(reduce.getInput()), op);
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  return type.getRank() == 0 ? "there is no axis" : "";
}

std::string noodle::whyNoSparseRows(ContractOp op) {
  if (isSparse(op.getType()))
    return "a sparse result has no kernel";
  if (op.getInputs().size() != 2)
    return "kernels multiply one sparse matrix by one dense operand";
  if (op.getMask())
    return "a masked product has no sparse kernel";
  unsigned at = isSparse(op.getInputs()[0]) ? 0 : 1;
  Value sparse = op.getInputs()[at], dense = op.getInputs()[1 - at];
  if (isSparse(dense))
    return "a product of two sparse matrices has no kernel";
  if (op.getInit() &&
      (isSparse(op.getInit()) ||
       op.getAccumulatorType() != op.getType().getElementType()))
    return "adding into a tensor of another format or type has no sparse "
           "kernel";
  auto type = cast<RankedTensorType>(sparse.getType());
  auto denseType = cast<RankedTensorType>(dense.getType());
  if (failed(getSparseFormat(type)))
    return "the format is neither CSR nor CSC";
  ContractSpec spec = op.getSpec();
  SmallVector<unsigned> levels = levelLetters(type, spec.operands[at]);
  ArrayRef<unsigned> other = spec.operands[1 - at];
  if (levels[0] == levels[1])
    return "a diagonal of a sparse matrix has no kernel";
  // Row letter r, column letter c: "rc,c->r" or "rc,ck->rk".
  if (other.empty() || other.size() > 2 || other[0] != levels[1] ||
      spec.inOutput(levels[1]) || spec.output.empty() ||
      spec.output[0] != levels[0] || spec.output.size() != other.size() ||
      (other.size() == 2 && (spec.output[1] != other[1] ||
                             other[1] == levels[0] || other[1] == levels[1])))
    return "a sparse operand's kernel needs its rows in the result and its "
           "columns first in the dense operand, as \"ij,jk->ik\" has of CSR";
  // A static 1 beside another extent broadcasts.
  auto differs = [](int64_t a, int64_t b) {
    return a != b && (a == 1 || b == 1);
  };
  int64_t rows = type.getDimSize(spec.operands[at][0] == levels[0] ? 0 : 1);
  int64_t columns = type.getDimSize(spec.operands[at][0] == levels[0] ? 1 : 0);
  if (differs(columns, denseType.getDimSize(0)) ||
      differs(rows, op.getType().getDimSize(0)) ||
      (other.size() == 2 &&
       differs(denseType.getDimSize(1), op.getType().getDimSize(1))))
    return "a sparse operand that broadcasts has no kernel";
  return whyNotSemiring(op.getSemiring(), op.getAccumulatorType(), op);
}
