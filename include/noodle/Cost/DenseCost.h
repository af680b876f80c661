//===- DenseCost.h - what dense contractions take ---------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_COST_DENSECOST_H
#define NOODLE_COST_DENSECOST_H

#include "noodle/Cost/DensePlan.h"

#include "mlir/IR/Builders.h"

namespace mlir::noodle {

/// What a contraction is predicted to take under a strategy, and how that cuts
/// it: "packed rhs, tile 8x32, blocks 64xallxall".
struct DensePrediction {
  double seconds = 0;
  std::string text;
};
/// `strategy` is a strategy's name. Extents may be unknown.
DensePrediction predictDense(llvm::StringRef strategy,
                             const ProductShape &shape,
                             const MachineModel &machine);

/// Factors whose products a CPU may add up several at a time.
enum class NarrowFactors { None, Bf16, I8 };

/// A contraction's groups of loops as products of its site's sizes, so that a
/// call can predict for the extents it meets.
struct ProductTerms {
  SmallVector<unsigned> batch, rows, columns, inner; ///< numbers of sizes
  ProductShape shape;                                ///< but for the extents
  NarrowFactors narrow = NarrowFactors::None;

  /// The shape's step as this machine takes it.
  double stepCost(const MachineModel &machine) const;
};

/// {batch, rows, columns, inner, traits}, each a list of integers.
DictionaryAttr productAttr(Builder &builder, const ProductTerms &terms);
/// The traits as numbers that fit an i64, and back; false where the list is no
/// such one.
SmallVector<int64_t> productTraits(const ProductTerms &terms);
bool readProductTraits(ArrayRef<int64_t> numbers, ProductTerms &terms);

} // namespace mlir::noodle

#endif // NOODLE_COST_DENSECOST_H
