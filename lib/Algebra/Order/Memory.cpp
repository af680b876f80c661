//===- Memory.cpp - steps in the order that needs least memory ------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "noodle/Algebra/ContractionOrder.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>

using namespace mlir;
using namespace mlir::noodle;

/// Steps may bear thousands of letters, so what is counted is who still needs
/// one.
std::vector<llvm::SmallVector<unsigned>>
noodle::lettersOf(const ContractionNetwork &network,
                  const ContractionOrder &order) {
  std::vector<llvm::SmallVector<unsigned>> letters(network.operands.begin(),
                                                   network.operands.end());
  std::vector<unsigned> holders(network.extents.size());
  for (unsigned letter : network.output)
    ++holders[letter];
  for (const auto &each : letters)
    for (unsigned letter : each)
      ++holders[letter];
  for (ContractionStep step : order.steps) {
    llvm::SmallVector<unsigned> made;
    for (unsigned side : {step.lhs, step.rhs})
      for (unsigned letter : letters[side]) {
        --holders[letter];
        if (!llvm::is_contained(made, letter))
          made.push_back(letter);
      }
    llvm::erase_if(made, [&](unsigned letter) { return !holders[letter]; });
    for (unsigned letter : made)
      ++holders[letter];
    letters.push_back(std::move(made));
  }
  return letters;
}

std::vector<double> noodle::entriesOf(const ContractionNetwork &network,
                                      const ContractionOrder &order) {
  std::vector<llvm::SmallVector<unsigned>> letters = lettersOf(network, order);
  unsigned leaves = network.operands.size();
  std::vector<double> entries(letters.size()), density(letters.size(), 1);
  for (size_t k = 0; k < letters.size(); ++k) {
    double size = 1;
    for (unsigned letter : letters[k])
      if (!llvm::is_contained(order.sliced, letter))
        size *= network.extents[letter];
    if (k < leaves) {
      if (k < network.density.size())
        density[k] = network.density[k];
    } else if (!network.denseResults) {
      // As joined() in Tree.h has it.
      auto [lhs, rhs] = order.steps[k - leaves];
      density[k] = density[lhs] * density[rhs];
      llvm::SmallVector<unsigned> walked(letters[lhs]);
      for (unsigned letter : letters[rhs])
        if (!llvm::is_contained(walked, letter))
          walked.push_back(letter);
      for (unsigned letter : walked)
        if (density[k] < 1 && !llvm::is_contained(letters[k], letter))
          density[k] *= network.extents[letter];
      density[k] = std::min(density[k], 1.0);
    }
    entries[k] = size * density[k];
  }
  return entries;
}

double noodle::arrangeSteps(const ContractionNetwork &network,
                            ContractionOrder &order) {
  unsigned leaves = network.operands.size();
  if (order.steps.empty())
    return 0;
  std::vector<double> entries = entriesOf(network, order);
  std::fill_n(entries.begin(), leaves, 0.0);
  // What making a node takes at its worst, and whether its right side is made
  // first for that. Operands are there from the start.
  std::vector<double> needs(entries.size());
  std::vector<bool> rightFirst(entries.size());
  for (auto [k, step] : llvm::enumerate(order.steps)) {
    double leftThen =
        std::max(needs[step.lhs], entries[step.lhs] + needs[step.rhs]);
    double rightThen =
        std::max(needs[step.rhs], entries[step.rhs] + needs[step.lhs]);
    rightFirst[leaves + k] = rightThen < leftThen;
    needs[leaves + k] =
        std::max(std::min(leftThen, rightThen),
                 entries[step.lhs] + entries[step.rhs] + entries[leaves + k]);
  }
  llvm::SmallVector<ContractionStep> steps;
  std::vector<unsigned> number(entries.size());
  for (unsigned k = 0; k < leaves; ++k)
    number[k] = k;
  std::vector<std::pair<unsigned, bool>> stack = {
      {unsigned(entries.size()) - 1, false}};
  while (!stack.empty()) {
    auto [node, seen] = stack.back();
    stack.pop_back();
    if (node < leaves)
      continue;
    ContractionStep step = order.steps[node - leaves];
    if (seen) {
      number[node] = leaves + steps.size();
      steps.push_back({number[step.lhs], number[step.rhs]});
      continue;
    }
    stack.push_back({node, true});
    auto [first, then] = rightFirst[node] ? std::pair(step.rhs, step.lhs)
                                          : std::pair(step.lhs, step.rhs);
    stack.push_back({then, false});
    stack.push_back({first, false});
  }
  order.steps = std::move(steps);
  return needs.back();
}
