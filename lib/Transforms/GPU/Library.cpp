//===- Library.cpp - launches of a vendor's routines ----------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A launch whose kernel is a name only: the runtime calls the routine with the
// buffers and scalars that runtime/device/library.h lists for it.
//
//===----------------------------------------------------------------------===//
#include "Kernels.h"

#include "noodle/Strategy/DeviceForm.h"
#include "noodle/Strategy/LibraryForm.h"
#include "noodle/Strategy/Lowerable.h"

#include "mlir/Dialect/SparseTensor/IR/SparseTensor.h"

using namespace mlir;
using namespace mlir::noodle;

/// The extent of a letter, from an operand that has it.
static Value extentOf(Offload &offload, ContractOp op, unsigned letter) {
  ContractSpec spec = op.getSpec();
  int64_t known = letterExtents(op)[letter];
  if (!ShapedType::isDynamic(known))
    return offload.index(known);
  for (auto [k, input] : llvm::enumerate(op.getInputs()))
    for (auto [d, other] : llvm::enumerate(spec.operands[k]))
      if (other == letter &&
          cast<RankedTensorType>(input.getType()).isDynamicDim(d))
        return offload.dim(input, d);
  return offload.index(known);
}

static Value extentOf(Offload &offload, ContractOp op,
                      ArrayRef<unsigned> letters) {
  SmallVector<Value> extents;
  for (unsigned letter : letters)
    extents.push_back(extentOf(offload, op, letter));
  return offload.product(extents);
}

static void gemm(Offload &offload, ContractOp op, KernelSpec &spec) {
  ProductForm form = productForm(op).form;
  unsigned lhs = form.swapped ? 1 : 0, rhs = 1 - lhs, out = 2;
  spec.inputs = {op.getInputs()[lhs], op.getInputs()[rhs]};
  for (unsigned letter : op.getSpec().output)
    spec.extents.push_back(extentOf(offload, op, letter));
  // Elements from one index of the letter to the next; 0 without the letter.
  auto step = [&](unsigned operand, ArrayRef<unsigned> group) -> Value {
    SmallVector<unsigned> letters = steppingLetters(op, operand);
    const unsigned *at =
        group.empty() ? letters.end() : llvm::find(letters, group.back());
    if (at == letters.end())
      return offload.index(0);
    return extentOf(offload, op, ArrayRef(at + 1, letters.end()));
  };
  auto endsIn = [&](unsigned operand, ArrayRef<unsigned> group) {
    return steppingLetters(op, operand).back() == group.back();
  };
  bool lhsTransposed = endsIn(lhs, form.rows);
  bool rhsTransposed = endsIn(rhs, form.inner);
  for (Value number :
       {extentOf(offload, op, form.rows), extentOf(offload, op, form.columns),
        extentOf(offload, op, form.inner), extentOf(offload, op, form.batch),
        offload.index(lhsTransposed), offload.index(rhsTransposed),
        step(lhs, lhsTransposed ? form.inner : form.rows),
        step(rhs, rhsTransposed ? form.columns : form.inner),
        step(out, form.rows), step(lhs, form.batch), step(rhs, form.batch),
        step(out, form.batch)})
    spec.scalars.push_back(offload.scalar(number));
}

/// Whether a run must give the bits of the one before: the default.
static bool sameBits(ContractOp op) {
  for (Operation *at = op; at; at = at->getParentOp())
    if (auto policy = at->getAttrOfType<FPPolicyAttr>("noodle.fp"))
      return policy.getValue() == FPPolicy::Strict;
  return true;
}

static void csr(Offload &offload, ContractOp op, KernelSpec &spec) {
  ImplicitLocOpBuilder &host = offload.host;
  unsigned at = isSparse(op.getInputs()[0]) ? 0 : 1;
  Value sparse = op.getInputs()[at], dense = op.getInputs()[1 - at];
  ContractSpec equation = op.getSpec();
  spec.inputs = {sparse_tensor::ToPositionsOp::create(host, sparse, 1),
                 sparse_tensor::ToCoordinatesOp::create(host, sparse, 1),
                 sparse_tensor::ToValuesOp::create(host, sparse), dense};
  // A CSC matrix is read as the CSR matrix of its transpose.
  unsigned rowLetter = equation.output[0];
  Value rows =
      offload.dim(sparse, equation.operands[at][0] == rowLetter ? 0 : 1);
  spec.extents.push_back(rows);
  bool matrix = op.getType().getRank() == 2;
  Value columns = matrix ? offload.dim(dense, 1) : offload.index(1);
  if (matrix)
    spec.extents.push_back(columns);
  for (Value number :
       {rows, offload.dim(dense, 0), columns, offload.index(sameBits(op))})
    spec.scalars.push_back(offload.scalar(number));
}

LaunchOp noodle::emitLibrary(Offload &offload) {
  auto op = cast<ContractOp>(offload.cluster.root);
  KernelSpec spec;
  spec.kind = "library";
  spec.routine = libraryForm(op).routine;
  spec.text = op.getEquation().str() + " by the routine " + spec.routine;
  spec.threads = 1;
  if (StringRef(spec.routine).starts_with("gemm"))
    gemm(offload, op, spec);
  else
    csr(offload, op, spec);
  return offload.launch(
      spec, [](ImplicitLocOpBuilder &, ValueRange, ValueRange, ValueRange) {});
}
