//===- Record.h - a plan as the receipt tells of it -------------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_ALGEBRA_PLAN_RECORD_H
#define NOODLE_LIB_ALGEBRA_PLAN_RECORD_H

#include "noodle/Algebra/ContractionOrder.h"

#include "mlir/IR/Builders.h"

namespace mlir::noodle {

/// What contractions take.
struct PlanCost {
  double products = 0; ///< multiplications
  double bytes = 0;    ///< of operands and results of each
  double peak = 0;     ///< bytes of their results alive at once
};

/// The attribute `noodle.order`: pairs of before and after, and the tree as
/// letters and [entries, products, left, right] of the operands and each step.
DictionaryAttr orderRecord(Builder &builder, const ContractionNetwork &network,
                           ArrayRef<std::string> names,
                           const ContractionOrder &order, PlanCost before,
                           PlanCost after);

} // namespace mlir::noodle

#endif // NOODLE_LIB_ALGEBRA_PLAN_RECORD_H
