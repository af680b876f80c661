//===- Island.h - contractions that feed one another ------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_ALGEBRA_PLAN_ISLAND_H
#define NOODLE_LIB_ALGEBRA_PLAN_ISLAND_H

#include "noodle/Algebra/ContractionOrder.h"
#include "noodle/Dialect/Noodle.h"

#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/StringSet.h"

namespace mlir::noodle {

/// A tensor and the letters of its dimensions.
struct Factor {
  Value value;
  SmallVector<std::string> letters;

  bool has(StringRef letter) const {
    return llvm::is_contained(letters, letter);
  }
  RankedTensorType type() const {
    return cast<RankedTensorType>(value.getType());
  }
  bool isSparse() const { return type().getEncoding() != nullptr; }
};

/// Contractions that feed one another, as one of many operands.
struct Island {
  ContractOp root;
  /// That were taken in, users first; nobody else uses them.
  SmallVector<Operation *> inner;
  SmallVector<Factor> factors;
  SmallVector<std::string> output;
  /// Of what steps make: CSR in a chain of sparse matrices, else null, dense.
  Attribute pieces;

  /// The contraction alone.
  explicit Island(ContractOp root);

  /// Puts the operands of contractions in the place of their results, while
  /// some factor is the result of one that nothing else uses, that has the same
  /// semiring and no mask and no init, and stands in the same block.
  /// Transposes between the two become an order of letters. `dropZeros`: a
  /// sparse result may be taken for its absent entries' zeros.
  void takeInProducers(bool dropZeros);

  /// The letters from the one end to the other where this is a product of
  /// sparse matrices in a row with a sparse result, in whatever order they
  /// stand; else none.
  SmallVector<std::string> sparseChain() const;
  /// Whether its matrices stand in that order.
  bool inOrder() const;

  /// Whether a letter is in the output or in one of the factors from `rest` on.
  bool needs(StringRef letter, ArrayRef<Factor> rest) const;
  /// Letters of `parts` that the output or `rest` need.
  SmallVector<std::string> keptOf(ArrayRef<Factor> parts,
                                  ArrayRef<Factor> rest) const;
  std::string equation() const;

private:
  bool takeIn(unsigned factor, bool dropZeros);
  std::string fresh();

  llvm::StringSet<> used; ///< names of letters, also of ones that went
};

/// The equation of `factors` -> `output`.
std::string equationOf(ArrayRef<Factor> factors, ArrayRef<std::string> output);

/// A step at a time, contractions of `island`'s factors in front of the
/// rewriter's place: the two that are left.
SmallVector<Factor> emitSteps(const Island &island,
                              ArrayRef<ContractionStep> steps,
                              IRRewriter &rewriter);
/// A contraction of `parts` into a tensor over the kept letters, stored as the
/// island's pieces are.
Factor emitPiece(const Island &island, ArrayRef<Factor> parts,
                 ArrayRef<std::string> kept, IRRewriter &rewriter);

/// The island's value by `order`, whose letters are `names` and of which some
/// are sliced: loops over them in front of the root, around the steps, that add
/// to what they carry. Null, and nothing emitted, where a sliced letter has no
/// dimension that tells its extent.
Value emitSliced(const Island &island, const ContractionOrder &order,
                 ArrayRef<std::string> names, IRRewriter &rewriter);

} // namespace mlir::noodle

#endif // NOODLE_LIB_ALGEBRA_PLAN_ISLAND_H
