//===- SparseProducts.h - what the two forms share --------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_TRANSFORMS_SPARSIFICATION_SPARSEPRODUCTS_H
#define NOODLE_LIB_TRANSFORMS_SPARSIFICATION_SPARSEPRODUCTS_H

#include "SparseStorage.h"

#include "noodle/Dialect/Semiring.h"
#include "noodle/Dialect/SparseProduct.h"

namespace mlir::noodle {

/// Emits loops for a noodle.sparse_product in front of it.
class SparseEmitter {
protected:
  explicit SparseEmitter(SparseProductOp op);

  /// The region's code for these arguments.
  Value body(Region &region, ArrayRef<Value> arguments);
  Value compare(arith::CmpIPredicate predicate, Value x, Value y);
  /// A loop over [0, count) whose iterations the runtime hands out one by one.
  void inParallel(Value count, llvm::function_ref<void(Value)> chunkBody);
  Value buffer(Type element, Value size);
  void fillZero(Value buffer, Value size);
  /// Whether entry `at` of a valued mask is one.
  Value counts(Value at);
  /// The element of the result for a sum and, where it is scaled, an entry of
  /// the mask.
  Value finish(Value sum, Value maskAt);

  SparseProductOp op;
  IndexBuilder b;
  SparseRows mask; ///< where there is one
};

/// The form for two dense operands: entries in the pattern of the mask. Returns
/// the result.
Value emitSampledProduct(SparseProductOp op, int64_t vectorBytes);

/// Whether lhs is one sparse row, which has a form of its own.
bool isVectorProduct(SparseProductOp op);
Value emitVectorProduct(SparseProductOp op);

} // namespace mlir::noodle

#endif // NOODLE_LIB_TRANSFORMS_SPARSIFICATION_SPARSEPRODUCTS_H
