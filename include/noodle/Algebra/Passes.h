//===- Passes.h - elaboration and planning
//-----------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_ALGEBRA_PASSES_H
#define NOODLE_ALGEBRA_PASSES_H

#include "mlir/Pass/Pass.h"
#include <memory>

namespace mlir {
class ModuleOp;
namespace noodle {
class OrderCache;

#define GEN_PASS_DECL
#include "noodle/Algebra/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "noodle/Algebra/Passes.h.inc"

/// noodle-plan-contractions with orders that were found before; null: those
/// of the same module alone.
std::unique_ptr<Pass>
createPlanContractions(NoodlePlanContractionsPassOptions options,
                       std::shared_ptr<OrderCache> orders);

} // namespace noodle
} // namespace mlir

#endif // NOODLE_ALGEBRA_PASSES_H
