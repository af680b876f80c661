//===- Operators.h - stars, powers and inverses -----------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_ALGEBRA_CATEGORY_OPERATORS_H
#define NOODLE_LIB_ALGEBRA_CATEGORY_OPERATORS_H

#include "noodle/Dialect/Category.h"

#include "mlir/IR/PatternMatch.h"

namespace mlir::noodle::category {

/// Whether an op is star, power or inverse: matrices that need not be formed to
/// be composed.
bool isOperator(Operation *op);

/// Which neighbour of a composition an operator is applied to.
enum class Side { Alone, Left, Right };

/// Forms the entries of an operator, or of its composite with a morphism of
/// type `neighbour` before (Left) or after it. `matrix` are the entries of the
/// operator's operand, `entries` those of the neighbour.
FailureOr<Value> formOperator(RewriterBase &rewriter, Operation *op,
                              Value matrix, Side side, Value entries,
                              HomType neighbour);

/// Whether a composite has fewer rows than columns, as far as is known.
bool isThinOnTheLeft(HomType whole);

/// Where an operator in a composition of type `whole` is applied; `before` and
/// `after` say whether there are morphisms on that side.
Side chooseSide(Operation *op, HomType whole, bool before, bool after);

} // namespace mlir::noodle::category

#endif // NOODLE_LIB_ALGEBRA_CATEGORY_OPERATORS_H
