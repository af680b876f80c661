//===- Lowerable.h - which ops have a form in linalg ----------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The one place that decides whether the conversion to linalg and sparse_tensor
// has a form for an op: selection and conversion both ask here.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_STRATEGY_LOWERABLE_H
#define NOODLE_STRATEGY_LOWERABLE_H

#include "noodle/Dialect/Noodle.h"
#include "noodle/Dialect/Semiring.h"
#include "noodle/Dialect/SparseProduct.h"

namespace mlir::noodle {

/// Whether the op is one that a strategy executes (contract, map, ...).
bool isTensorOp(Operation *op);

/// Whether a value's type is a tensor with a sparse encoding.
bool isSparse(Type type);
inline bool isSparse(Value value) { return isSparse(value.getType()); }

/// Why the op has no form but the interpreter's; empty where it has one.
std::string whyNotLowered(Operation *op);

/// How a contraction with sparse operands is executed.
enum class SparseContraction {
  Dense,       ///< no operand is sparse
  Generic,     ///< linalg.generic through the sparsifier
  Loops,       ///< loops over stored entries, a dense result
  Elementwise, ///< sparse result: entries where all sparse operands have some
  Product,     ///< a noodle.sparse_product
  Lines,       ///< sparse result of a sparse matrix and dense tensors: sums
               ///< of the lines that store something
  None         ///< only by the interpreter
};
SparseContraction classify(ContractOp op);

/// Of a contraction that is executed by lines: the letter of the lines.
std::optional<unsigned> lineLetter(ContractOp op);

/// Whether the sparsifier knows the semiring's own arithmetic (+ and *, or and
/// xor with and) and no operand is cast. It then needs no custom regions.
bool hasPlainBody(ContractOp op);

} // namespace mlir::noodle

#endif // NOODLE_STRATEGY_LOWERABLE_H
