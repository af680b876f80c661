//===- SparseForms.cpp - sparse tensors brought into CSR ------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The buffers of a sparse vector are those of a CSR matrix of one row. Its
// dimension becomes the column; in a contraction all sparse vectors share a
// letter for the row, of extent 1, which the output has where it is sparse.
//
//===----------------------------------------------------------------------===//
#include "noodle/Algebra/SparseForms.h"
#include "BlockForms.h"
#include "noodle/Dialect/ContractSpec.h"
#include "noodle/Dialect/Noodle.h"
#include "noodle/Dialect/SparseForms.h"
#include "noodle/Dialect/SparseOps.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace mlir::noodle;

static bool changes(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor &&
         (compressedRows(tensor) != tensor || rowsOfBlocks(tensor) != tensor);
}

static bool isVector(Value value) {
  auto tensor =
      dyn_cast_or_null<RankedTensorType>(value ? value.getType() : Type());
  return tensor && tensor.getEncoding() && tensor.getRank() == 1;
}

/// A matrix of one row.
static RankedTensorType rowType(RankedTensorType vector) {
  return RankedTensorType::get({1, vector.getDimSize(0)},
                               vector.getElementType());
}

static SmallVector<ReassociationIndices> bothDims() { return {{0, 1}}; }

/// A dense vector as a matrix of one row; other values as they are.
static Value asRow(OpBuilder &b, Location loc, Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || type.getEncoding() || type.getRank() != 1)
    return value;
  OpFoldResult extent = b.getIndexAttr(type.getDimSize(0));
  if (type.isDynamicDim(0))
    extent = tensor::DimOp::create(b, loc, value, 0).getResult();
  SmallVector<OpFoldResult> extents = {b.getIndexAttr(1), extent};
  return tensor::ExpandShapeOp::create(b, loc, rowType(type), value, bothDims(),
                                       extents);
}

/// Makes a dense vector that an op gives a matrix of one row, and a vector for
/// those who use it.
static void giveRow(OpBuilder &b, Operation *op) {
  Value result = op->getResult(0);
  auto type = cast<RankedTensorType>(result.getType());
  if (type.getEncoding() || type.getRank() != 1)
    return;
  result.setType(rowType(type));
  b.setInsertionPointAfter(op);
  auto vector = tensor::CollapseShapeOp::create(b, op->getLoc(), type, result,
                                                bothDims());
  result.replaceAllUsesExcept(vector, vector);
}

/// Operands and result of an op that goes entry by entry.
static void liftEntries(OpBuilder &b, Operation *op) {
  for (OpOperand &operand : op->getOpOperands())
    operand.set(asRow(b, op->getLoc(), operand.get()));
  giveRow(b, op);
}

static void lift(OpBuilder &b, ContractOp op) {
  ContractSpec spec = op.getSpec();
  std::string row = "row";
  while (llvm::is_contained(spec.letters, row))
    row += "_";
  // A sparse mask has a row, and the result is as the mask.
  bool output = isVector(op.getResult()) || isVector(op.getMask());
  auto term = [&](ArrayRef<unsigned> letters, bool lifted) {
    std::string text = lifted ? row : "";
    for (unsigned letter : letters)
      text += (text.empty() ? "" : " ") + spec.letters[letter];
    return text;
  };
  std::string equation;
  for (auto [input, letters] : llvm::zip_equal(op.getInputs(), spec.operands))
    equation += (equation.empty() ? "" : ", ") + term(letters, isVector(input));
  equation += " -> " + term(spec.output, output);
  op.setEquation(equation);
  if (!output)
    return;
  for (MutableOperandRange range : {op.getMaskMutable(), op.getInitMutable()})
    for (OpOperand &operand : range)
      operand.set(asRow(b, op.getLoc(), operand.get()));
  giveRow(b, op);
}

static LogicalResult lift(Operation *op) {
  OpBuilder b(op);
  if (auto contract = dyn_cast<ContractOp>(op)) {
    lift(b, contract);
  } else if (auto reduce = dyn_cast<ReduceOp>(op)) {
    if (reduce.getDims().empty())
      giveRow(b, op);
    else
      reduce.setDims({0, 1});
  } else if (isa<MapOp, MergeOp, ConvertOp>(op)) {
    liftEntries(b, op);
  } else if (auto dim = dyn_cast<tensor::DimOp>(op)) {
    Value one = arith::ConstantIndexOp::create(b, op->getLoc(), 1);
    dim.getIndexMutable().set(
        arith::AddIOp::create(b, op->getLoc(), dim.getIndex(), one));
  } else if (!isa<arith::SelectOp>(op) &&
             !isa_and_nonnull<func::FuncDialect, scf::SCFDialect>(
                 op->getDialect())) {
    return op->emitOpError()
           << "is not for sparse vectors: they take part in noodle.contract, "
              "map, merge, reduce and convert, and in tensor.dim";
  }
  return success();
}

LogicalResult noodle::compressForms(ModuleOp module) {
  if (failed(replaceBlockOps(module)))
    return failure();
  bool any = false;
  SmallVector<Operation *> vectors;
  module.walk([&](Operation *op) {
    any |= llvm::any_of(op->getResultTypes(), changes);
    for (Region &region : op->getRegions())
      for (Block &block : region)
        any |= llvm::any_of(block.getArgumentTypes(), changes);
    if (llvm::any_of(op->getOperands(), isVector) ||
        llvm::any_of(op->getResults(), isVector))
      vectors.push_back(op);
  });
  if (!any)
    return success();
  // A program that was only parsed may be without them.
  module.getContext()
      ->loadDialect<arith::ArithDialect, tensor::TensorDialect>();
  // By the types as they were.
  for (Operation *op : vectors)
    if (failed(lift(op)))
      return failure();

  llvm::MapVector<func::FuncOp, Attribute> signatures;
  for (auto function : module.getOps<func::FuncOp>())
    if (Attribute signature = function->removeAttr("noodle.signature"))
      signatures[function] = signature;
  AttrTypeReplacer replacer;
  replacer.addReplacement([](RankedTensorType type) -> std::optional<Type> {
    return compressedRows(rowsOfBlocks(type));
  });
  replacer.recursivelyReplaceElementsIn(module, /*replaceAttrs=*/true,
                                        /*replaceLocs=*/false,
                                        /*replaceTypes=*/true);
  for (auto [function, signature] : signatures)
    function->setAttr("noodle.signature", signature);
  module.walk([&](ConvertOp op) {
    if (op.getType() != op.getInput().getType())
      return;
    op.getResult().replaceAllUsesWith(op.getInput());
    op.erase();
  });
  return success();
}
