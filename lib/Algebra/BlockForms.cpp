//===- BlockForms.cpp - BSR matrices in terms of ops on blocks ------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A BSR matrix times something dense uses the blocks. All other ops get it as
// CSR, in an op of its own, so that a receipt shows the conversion.
//
//===----------------------------------------------------------------------===//
#include "BlockForms.h"

#include "noodle/Dialect/BlockOps.h"
#include "noodle/Dialect/ContractSpec.h"
#include "noodle/Dialect/Semiring.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::noodle;

static std::optional<BlockShape> blockOf(Value value) {
  auto type =
      dyn_cast_or_null<RankedTensorType>(value ? value.getType() : Type());
  return type && type.getEncoding() ? getBlockShape(type) : std::nullopt;
}

static DenseI64ArrayAttr attrOf(OpBuilder &b, BlockShape block) {
  return b.getDenseI64ArrayAttr({block.rows, block.columns});
}

/// Whether a product is that of a BSR matrix and something dense, all of one
/// element type.
static bool usesBlocks(Operation *op, const ContractSpec &spec,
                       SemiringAttr semiring, Type accumulator) {
  if (spec.operands.size() != 2 || !blockOf(op->getOperand(0)))
    return false;
  auto matrix = cast<RankedTensorType>(op->getOperand(0).getType());
  auto dense = cast<RankedTensorType>(op->getOperand(1).getType());
  auto result = cast<RankedTensorType>(op->getResult(0).getType());
  Type element = matrix.getElementType();
  if (dense.getEncoding() || result.getEncoding() ||
      dense.getElementType() != element || result.getElementType() != element ||
      accumulator != element)
    return false;
  ArrayRef<unsigned> left = spec.operands[0], right = spec.operands[1],
                     out = spec.output;
  if (left[0] == left[1] || right.empty() || right.size() > 2 ||
      right.size() != out.size() || right[0] != left[1] || out[0] != left[0])
    return false;
  if (right.size() == 2 &&
      (out[1] != right[1] || right[1] == left[0] || right[1] == left[1]))
    return false;
  // An extent of 1 would broadcast.
  if (dense.getDimSize(0) == 1)
    return false;
  // The code of user-defined ones is gone where blocks are emitted.
  return semiring.getKind() != SemiringKind::User;
}

namespace {

class BlockForms {
public:
  explicit BlockForms(ModuleOp module) : module(module) {}

  LogicalResult run();

private:
  LogicalResult rewrite(Operation *op);
  void rewrite(ConvertOp op);
  LogicalResult rewrite(tensor::DimOp op);
  template <typename OpT>
  bool toProduct(OpT op, const ContractSpec &spec, Type accumulator);
  /// As CSR, in front of an op.
  Value expanded(Operation *op, Value blocks);

  ModuleOp module;
  llvm::DenseMap<std::pair<Value, Block *>, Value> known;
};

} // namespace

Value BlockForms::expanded(Operation *op, Value blocks) {
  Value &made = known[{blocks, op->getBlock()}];
  if (made)
    return made;
  OpBuilder b(op);
  auto type = cast<RankedTensorType>(blocks.getType());
  return made = ExpandBlocksOp::create(b, op->getLoc(), expandedRows(type),
                                       blocks, attrOf(b, *getBlockShape(type)),
                                       /*strategy=*/nullptr);
}

void BlockForms::rewrite(ConvertOp op) {
  Value value = op.getInput();
  RankedTensorType result = op.getType();
  if (value.getType() == result)
    return; // becomes the operand
  OpBuilder b(op);
  auto convert = [&](RankedTensorType type) {
    if (value.getType() == type)
      return;
    bool sparse = cast<RankedTensorType>(value.getType()).getEncoding() &&
                  type.getEncoding();
    auto made = ConvertOp::create(b, op.getLoc(), type, value,
                                  sparse ? TypedAttr() : op.getAbsentAttr(),
                                  op.getStrategyAttr());
    value = made;
  };
  if (blockOf(value))
    value = expanded(op, value);
  if (std::optional<BlockShape> block = getBlockShape(result)) {
    convert(expandedRows(result));
    value = PackBlocksOp::create(b, op.getLoc(), result, value,
                                 attrOf(b, *block), op.getAbsentAttr(),
                                 /*strategy=*/nullptr);
  } else {
    convert(result);
  }
  op.getResult().replaceAllUsesWith(value);
  op.erase();
}

LogicalResult BlockForms::rewrite(tensor::DimOp op) {
  std::optional<int64_t> d = op.getConstantIndex();
  if (!d || *d < 0 || *d > 1)
    return op.emitOpError() << "needs a constant dimension of a BSR matrix";
  BlockShape block = *blockOf(op.getSource());
  OpBuilder b(op);
  b.setInsertionPointAfter(op);
  Value size = arith::ConstantIndexOp::create(b, op.getLoc(),
                                              *d ? block.columns : block.rows);
  auto extent = arith::MulIOp::create(b, op.getLoc(), op.getResult(), size);
  op.getResult().replaceAllUsesExcept(extent, extent);
  return success();
}

template <typename OpT>
bool BlockForms::toProduct(OpT op, const ContractSpec &spec, Type accumulator) {
  if (!usesBlocks(op, spec, op.getSemiring(), accumulator))
    return false;
  OpBuilder b(op);
  auto product = BlockProductOp::create(
      b, op.getLoc(), cast<RankedTensorType>(op.getResult().getType()),
      op->getOperand(0), op->getOperand(1),
      attrOf(b, *blockOf(op->getOperand(0))), op.getSemiring(),
      /*strategy=*/nullptr);
  op.getResult().replaceAllUsesWith(product.getResult());
  op.erase();
  return true;
}

LogicalResult BlockForms::rewrite(Operation *op) {
  if (auto convert = dyn_cast<ConvertOp>(op)) {
    rewrite(convert);
    return success();
  }
  if (auto dim = dyn_cast<tensor::DimOp>(op))
    return rewrite(dim);
  if (isa<arith::SelectOp, tensor::CastOp>(op) ||
      isa_and_nonnull<func::FuncDialect, scf::SCFDialect>(op->getDialect()))
    return success();
  if (auto contract = dyn_cast<ContractOp>(op))
    if (!contract.getMask() && !contract.getInit() &&
        toProduct(contract, contract.getSpec(), contract.getAccumulatorType()))
      return success();
  if (auto matmul = dyn_cast<MatmulOp>(op))
    if (toProduct(matmul, matmul.getSpec(), matmul.getAccumulatorType()))
      return success();
  if (!isa_and_nonnull<NoodleDialect>(op->getDialect()))
    return op->emitOpError() << "is not for BSR matrices: use noodle.convert";
  for (OpOperand &operand : op->getOpOperands())
    if (blockOf(operand.get()))
      operand.set(expanded(op, operand.get()));
  return success();
}

LogicalResult BlockForms::run() {
  SmallVector<Operation *> work;
  module.walk([&](Operation *op) {
    auto holds = [](Value value) { return blockOf(value).has_value(); };
    if (llvm::any_of(op->getOperands(), holds) ||
        llvm::any_of(op->getResults(), holds))
      work.push_back(op);
  });
  if (!work.empty())
    module.getContext()->loadDialect<arith::ArithDialect>();
  for (Operation *op : work)
    if (failed(rewrite(op)))
      return failure();
  return success();
}

LogicalResult noodle::replaceBlockOps(ModuleOp module) {
  return BlockForms(module).run();
}
