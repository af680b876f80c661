//===- SparseOps.h - ops on stored entries ----------------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_DIALECT_SPARSEOPS_H
#define NOODLE_DIALECT_SPARSEOPS_H

#include "noodle/Dialect/BlockOps.h"

#define GET_OP_CLASSES
#include "noodle/Dialect/NoodleSparseOps.h.inc"

namespace mlir::noodle {

/// Whether the op is one of this family that a strategy executes.
inline bool isSparseOp(Operation *op) {
  return isa<MergeOp, SelectOp, KronOp, ExtractOp, AssignOp, BlockProductOp,
             ExpandBlocksOp, PackBlocksOp>(op);
}

/// Parts of a matrix that noodle.select names.
enum class MatrixPart { Lower, Upper, Diagonal, OffDiagonal };
std::optional<MatrixPart> parseMatrixPart(StringRef name);

} // namespace mlir::noodle

#endif // NOODLE_DIALECT_SPARSEOPS_H
