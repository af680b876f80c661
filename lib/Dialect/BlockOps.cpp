//===- BlockOps.cpp - what makes ops on blocks well formed ----------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Dialect/BlockOps.h"

#include "Verifiers.h"

#include "noodle/Dialect/Semiring.h"

#include "mlir/Dialect/SparseTensor/IR/SparseTensor.h"
#include "mlir/IR/OpImplementation.h"

using namespace mlir;
using namespace mlir::noodle;

#define GET_OP_CLASSES
#include "noodle/Dialect/NoodleBlockOps.cpp.inc"

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

std::optional<BlockShape> noodle::getBlockShape(RankedTensorType type) {
  auto encoding = sparse_tensor::getSparseTensorEncoding(type);
  if (!encoding || type.getRank() != 2 || encoding.getLvlRank() != 4)
    return std::nullopt;
  using sparse_tensor::LevelFormat, sparse_tensor::LevelType;
  ArrayRef<LevelType> levels = encoding.getLvlTypes();
  LevelType dense(LevelFormat::Dense), compressed(LevelFormat::Compressed);
  if (levels[0] != dense || levels[1] != compressed || levels[2] != dense ||
      levels[3] != dense)
    return std::nullopt;
  // (i, j) -> (i floordiv r, j floordiv c, i mod r, j mod c)
  int64_t sizes[2] = {0, 0};
  AffineMap map = encoding.getDimToLvl();
  for (unsigned d : {0u, 1u}) {
    auto outer = dyn_cast<AffineBinaryOpExpr>(map.getResult(d));
    auto inner = dyn_cast<AffineBinaryOpExpr>(map.getResult(d + 2));
    if (!outer || !inner || outer.getKind() != AffineExprKind::FloorDiv ||
        inner.getKind() != AffineExprKind::Mod)
      return std::nullopt;
    AffineExpr dim = getAffineDimExpr(d, type.getContext());
    auto size = dyn_cast<AffineConstantExpr>(outer.getRHS());
    if (!size || outer.getRHS() != inner.getRHS() || outer.getLHS() != dim ||
        inner.getLHS() != dim)
      return std::nullopt;
    sizes[d] = size.getValue();
  }
  return BlockShape{sizes[0], sizes[1]};
}

RankedTensorType noodle::rowsOfBlocks(RankedTensorType type) {
  std::optional<BlockShape> block = getBlockShape(type);
  if (!block)
    return type;
  auto extent = [&](unsigned d, int64_t size) {
    return type.isDynamicDim(d) ? ShapedType::kDynamic
                                : type.getDimSize(d) / size;
  };
  return RankedTensorType::get(
      {extent(0, block->rows), extent(1, block->columns)},
      type.getElementType(), expandedRows(type).getEncoding());
}

RankedTensorType noodle::expandedRows(RankedTensorType type) {
  if (!getBlockShape(type))
    return type;
  using sparse_tensor::LevelFormat;
  auto encoding = sparse_tensor::getSparseTensorEncoding(type);
  const sparse_tensor::LevelType levels[] = {LevelFormat::Dense,
                                             LevelFormat::Compressed};
  auto map = AffineMap::getMultiDimIdentityMap(2, type.getContext());
  return RankedTensorType::get(type.getShape(), type.getElementType(),
                               sparse_tensor::SparseTensorEncodingAttr::get(
                                   type.getContext(), levels, map, map,
                                   encoding.getPosWidth(),
                                   encoding.getCrdWidth()));
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

static LogicalResult verifyBlock(Operation *op, ArrayRef<int64_t> block) {
  if (block.size() == 2 && llvm::all_of(block, [](int64_t size) {
        return size >= 1 && size <= kLongestBlock;
      }))
    return success();
  return op->emitOpError() << "'block' must be rows and columns, from 1 to "
                           << kLongestBlock;
}

static bool isRows(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  FailureOr<SparseFormat> format = getSparseFormat(tensor);
  return tensor.getEncoding() && tensor.getRank() == 2 && succeeded(format) &&
         *format == SparseFormat::CSR && !getBlockShape(tensor) &&
         getRowList(tensor) == RowList::None;
}

static LogicalResult verifyRows(Operation *op, Type type) {
  if (isRows(type))
    return success();
  return op->emitOpError() << "is for CSR matrices, not for " << type;
}

/// An extent times so many.
static int64_t times(int64_t extent, int64_t factor) {
  return ShapedType::isDynamic(extent) ? extent : extent * factor;
}

LogicalResult BlockProductOp::verify() {
  if (failed(verifyBlock(*this, getBlock())) ||
      failed(verifyRows(*this, getMatrix().getType())))
    return failure();
  RankedTensorType matrix = getMatrix().getType(), dense = getDense().getType();
  if (dense.getEncoding() || dense.getRank() < 1 || dense.getRank() > 2)
    return emitOpError() << "operand #1 must be a dense vector or matrix";
  if (dense.getElementType() != matrix.getElementType())
    return emitOpError() << "operand #1 must have element type "
                         << matrix.getElementType();
  int64_t inner = times(matrix.getDimSize(1), getBlock()[1]);
  if (!ShapedType::isDynamic(inner) && !dense.isDynamicDim(0) &&
      inner != dense.getDimSize(0))
    return emitOpError() << "the inner extents are " << inner << " and "
                         << dense.getDimSize(0);
  SmallVector<int64_t> shape(dense.getShape());
  shape[0] = times(matrix.getDimSize(0), getBlock()[0]);
  if (getType().getEncoding())
    return emitOpError() << "result must be dense";
  if (failed(verifyResult(*this, matrix.getElementType(), shape)))
    return failure();
  return verifySemiring(*this, getSemiring(), matrix.getElementType());
}

LogicalResult BlockProductOp::verifySymbolUses(SymbolTableCollection &symbols) {
  return verifySemiringSymbol(*this, getSemiring(),
                              getMatrix().getType().getElementType(), symbols,
                              getOperands());
}

static LogicalResult verifyForms(Operation *op, RankedTensorType blocks,
                                 RankedTensorType entries,
                                 ArrayRef<int64_t> block) {
  if (failed(verifyBlock(op, block)) || failed(verifyRows(op, blocks)) ||
      failed(verifyRows(op, entries)))
    return failure();
  for (unsigned d : {0u, 1u}) {
    int64_t whole = times(blocks.getDimSize(d), block[d]);
    if (!ShapedType::isDynamic(whole) && !entries.isDynamicDim(d) &&
        whole != entries.getDimSize(d))
      return op->emitOpError()
             << "extent " << d << " is " << whole << " in blocks and "
             << entries.getDimSize(d) << " in entries";
  }
  if (blocks.getElementType() != entries.getElementType())
    return op->emitOpError() << "moves entries, and does not convert them";
  return success();
}

LogicalResult ExpandBlocksOp::verify() {
  return verifyForms(*this, getMatrix().getType(), getType(), getBlock());
}

LogicalResult PackBlocksOp::verify() {
  if (failed(verifyForms(*this, getType(), getMatrix().getType(), getBlock())))
    return failure();
  return verifyAbsent(*this, getAbsentAttr(), getType().getElementType());
}

Speculation::Speculatability BlockProductOp::getSpeculatability() {
  return Speculation::NotSpeculatable;
}
Speculation::Speculatability ExpandBlocksOp::getSpeculatability() {
  return Speculation::NotSpeculatable;
}
Speculation::Speculatability PackBlocksOp::getSpeculatability() {
  return Speculation::NotSpeculatable;
}
