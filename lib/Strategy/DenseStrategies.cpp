//===- DenseStrategies.cpp - how dense contractions may be executed -------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Strategy/DenseForm.h"
#include "noodle/Strategy/LibraryForm.h"
#include "noodle/Strategy/StrassenForm.h"

#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace mlir::noodle;

/// Whether code is ops that have a form on vectors.
static bool isElementwise(Region &region) {
  for (Operation &op : region.front().without_terminator())
    if (op.getNumRegions() || op.getNumResults() != 1 ||
        !(isa<arith::ConstantOp>(op) ||
          OpTrait::hasElementwiseMappableTraits(&op)))
      return false;
  return true;
}

std::string noodle::whyNotTiled(ContractOp op) {
  ContractSpec spec = op.getSpec();
  if (op.getInputs().size() < 2 || spec.letterCount() == spec.output.size())
    return "one pass over the entries";
  if (op.getInputs().size() > 2)
    return "one loop nest over more than two operands";
  FailureOr<Semiring> semiring =
      Semiring::resolve(op.getSemiring(), op.getAccumulatorType(), op,
                        [&] { return op.emitOpError(); });
  if (failed(semiring))
    return "the semiring does not resolve";
  if (!semiring->zeroAttr())
    return "the semiring's zero is no constant";
  if (semiring->kind() == SemiringKind::User)
    for (Region &region : semiring->userOp()->getRegions())
      if (!isElementwise(region))
        return "the semiring's code has no form on vectors";
  return {};
}

static std::string neverRefused(ContractOp, const DenseForm &) { return {}; }

ArrayRef<DenseStrategy> noodle::denseStrategies() {
  static constexpr DenseStrategy table[] = {
      {StrategyKind::Tiled,
       [](ContractOp op, const DenseForm &) { return whyNotTiled(op); }},
      {StrategyKind::Strassen, whyNotStrassen},
      {StrategyKind::Library, whyNotHostLibrary},
      {StrategyKind::Loops, neverRefused},
  };
  return table;
}

DenseChoice noodle::chooseDense(ContractOp op, KnownSizes &sizes,
                                const MachineModel &machine) {
  DenseForm form = denseForm(op);
  ProductShape shape = form.atSizes(op, sizes);
  DenseChoice choice;
  std::string refused;
  double least = 0;
  bool any = false;
  for (const DenseStrategy &strategy : denseStrategies()) {
    if (std::string why = strategy.whyNot(op, form); !why.empty()) {
      if (refused.empty())
        refused = why;
      continue;
    }
    std::string name = stringifyStrategyKind(strategy.kind).str();
    DensePrediction predicted = predictDense(name, shape, machine);
    if (any && predicted.seconds >= least)
      continue;
    // How tiles cut depends on the machine: the receipt tells of that.
    choice = {strategy.kind,
              strategy.kind == StrategyKind::Tiled ? "" : predicted.text};
    least = predicted.seconds;
    any = true;
  }
  if (choice.kind == StrategyKind::Loops)
    choice.why =
        refused.empty() ? "plain loops are predicted to end first" : refused;
  else if (choice.why.empty())
    choice.why = "a dense contraction of two operands";
  return choice;
}
