//===- SparseProduct.h - products of sparse matrices ------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_DIALECT_SPARSEPRODUCT_H
#define NOODLE_DIALECT_SPARSEPRODUCT_H

#include "noodle/Dialect/Noodle.h"

#define GET_OP_CLASSES
#include "noodle/Dialect/NoodleSparseProductOps.h.inc"

namespace mlir::noodle {

/// A contraction that a noodle.sparse_product executes: its result, where it is
/// sparse, by the letters of its levels.
struct SparseProductForm {
  unsigned lhs = 0, rhs = 0;               ///< operands
  std::optional<unsigned> scale;           ///< an operand that is also the mask
  unsigned row = 0, column = 0, inner = 0; ///< letters
};
std::optional<SparseProductForm> sparseProductForm(ContractOp op);

/// Letters of a sparse operand in the order of its levels: the letter of the
/// dense level, then the letter of the compressed one.
SmallVector<unsigned> levelLetters(RankedTensorType type,
                                   ArrayRef<unsigned> letters);

} // namespace mlir::noodle

#endif // NOODLE_DIALECT_SPARSEPRODUCT_H
