//===- RowProducts.h - which products walk a sparse matrix's rows -*- C++ -*-=//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_TRANSFORMS_SPARSIFICATION_ROWPRODUCTS_H
#define NOODLE_LIB_TRANSFORMS_SPARSIFICATION_ROWPRODUCTS_H

#include "noodle/Dialect/Noodle.h"

#include <optional>

namespace mlir::noodle {

/// A fused contraction that gathers along the rows of its one sparse operand.
struct RowForm {
  unsigned sparse;              ///< its number among the lhs operands
  unsigned row, column;         ///< loops of its dense and its compressed level
  std::optional<unsigned> wide; ///< the loop over columns of a matrix result
  bool adjacent = false; ///< `wide` is the last dimension of whatever has it
};
std::optional<RowForm> rowForm(FusedContractOp op);

} // namespace mlir::noodle

#endif // NOODLE_LIB_TRANSFORMS_SPARSIFICATION_ROWPRODUCTS_H
