//===- DenseForm.h - dense contractions as matrix products ------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_STRATEGY_DENSEFORM_H
#define NOODLE_STRATEGY_DENSEFORM_H

#include "noodle/Cost/DenseCost.h"
#include "noodle/Cost/KnownSizes.h"
#include "noodle/Dialect/Noodle.h"
#include "noodle/Dialect/Semiring.h"

namespace mlir::noodle {

/// A contraction of one or two dense operands as the emitter cuts it: a batch
/// of products whose columns are what vectors run along.
struct DenseForm {
  /// Letters of each group, without those whose extent is known to be 1.
  SmallVector<unsigned> batch, rows, columns, inner;
  /// The rows are operand 1's.
  bool swapped = false;
  /// Extents are those of the types; `atSizes` knows more.
  ProductShape shape;
  SemiringKind semiring = SemiringKind::PlusTimes;
  NarrowFactors narrow = NarrowFactors::None;
  SemiringTraits traits;
  Type element; ///< sums are formed in it

  /// The shape at what is known of the operands' sizes.
  ProductShape atSizes(ContractOp op, KnownSizes &sizes) const;
};
DenseForm denseForm(ContractOp op);

/// Why the emitter has no tiles for a dense contraction; empty where it has.
std::string whyNotTiled(ContractOp op);

/// A strategy of dense contractions.
struct DenseStrategy {
  StrategyKind kind;
  /// Why it may not or cannot execute the contraction, such as "min_plus is no
  /// ring"; empty where it can.
  std::string (*whyNot)(ContractOp op, const DenseForm &form);
};
/// In the order in which equal predictions are preferred.
ArrayRef<DenseStrategy> denseStrategies();

/// What `auto` takes: of the strategies that may execute it the one that is
/// predicted to end first.
struct DenseChoice {
  StrategyKind kind = StrategyKind::Loops;
  std::string why;
};
DenseChoice chooseDense(ContractOp op, KnownSizes &sizes,
                        const MachineModel &machine);

} // namespace mlir::noodle

#endif // NOODLE_STRATEGY_DENSEFORM_H
