//===- ContractionOrder.cpp - in which order to contract ------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Tree.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace mlir::noodle;
using namespace mlir::noodle::order;

namespace {

/// What an effort buys. Of what was tried on random regular graphs of 100 and
/// 200 tensors, long annealing of few trees finds most in a given time: starts
/// by recursive bisection (Fiduccia and Mattheyses) took as long as 20000 moves
/// each and did not end lower, and hotter or colder starts make no difference.
struct Budget {
  unsigned exact;  ///< most tensors for subsets
  uint64_t pairs;  ///< of subsets
  unsigned greedy; ///< runs
  unsigned trees;  ///< of them annealed
  uint64_t moves;  ///< of each
  unsigned part;   ///< tensors of the parts that are ordered exactly
};

Budget budgetOf(OrderEffort effort) {
  switch (effort) {
  case OrderEffort::Least:
    return {10, 1 << 12, 2, 0, 0, 6};
  case OrderEffort::Quick:
    return {14, 1 << 16, 2, 1, 180000, 5};
  case OrderEffort::Thorough:
    return {16, 1 << 20, 32, 4, 2400000, 7};
  }
  return {};
}

/// Calls `run` with the sets of `network` in as many words as its letters need.
template <typename Run>
auto withSets(const ContractionNetwork &network, Run run) {
  size_t letters = network.extents.size();
  if (letters <= 64)
    return run(Sets<1>(network));
  if (letters <= 128)
    return run(Sets<2>(network));
  if (letters <= 256)
    return run(Sets<4>(network));
  if (letters <= 384)
    return run(Sets<6>(network));
  if (letters <= 512)
    return run(Sets<8>(network));
  return run(Sets<16>(network));
}
constexpr size_t kMostLetters = 1024;
/// Tensors whose orders are all tried, 3^8 pairs: 0.1 ms on one Zen 5 core.
constexpr unsigned kOuter = 8;

template <unsigned W> void price(const Sets<W> &sets, ContractionOrder &order) {
  if (order.steps.empty()) {
    order.flops = order.largest = 0;
    return;
  }
  // A sliced letter is a letter of extent 1, its extent times.
  Sets<W> slice = sets;
  double slices = 0;
  for (unsigned letter : order.sliced) {
    slices += slice.logs[letter];
    slice.logs[letter] = 0;
  }
  Tree<W> tree(slice, order.steps);
  order.flops = tree.flops() * std::exp2(slices);
  order.largest = std::exp2(tree.largest());
}

/// Fixes letters until no step's result is larger than asked: each time the
/// letter of the largest result that costs least, and the order anew.
template <unsigned W>
void slice(const Sets<W> &sets, ContractionOrder &order, double mostEntries,
           uint64_t moves, Random &random) {
  price(sets, order);
  while (order.largest > mostEntries) {
    Sets<W> now = sets;
    for (unsigned letter : order.sliced)
      now.logs[letter] = 0;
    Tree<W> tree(now, order.steps);
    Letters<W> candidates;
    double most = tree.largest();
    for (unsigned k = tree.leaves; k < tree.nodes.size(); ++k)
      if (tree.logEntries(k) > most - 0.5)
        candidates = candidates | tree.nodes[k].tensor.letters;
    ContractionOrder best;
    double bestMerit = std::numeric_limits<double>::infinity();
    candidates.each([&](unsigned letter) {
      if (now.logs[letter] == 0 || sets.output.test(letter) ||
          sets.whole.test(letter))
        return;
      ContractionOrder tried = order;
      tried.sliced.push_back(letter);
      price(sets, tried);
      double merit = std::log2(tried.flops) + std::log2(tried.largest);
      if (merit < bestMerit) {
        bestMerit = merit;
        best = tried;
      }
    });
    if (best.sliced.empty())
      return; // the output itself is that large
    order = best;
    // A letter that costs nothing any more makes another order cheaper.
    Sets<W> rest = sets;
    for (unsigned letter : order.sliced)
      rest.logs[letter] = 0;
    Tree<W> refined(rest, order.steps);
    anneal(refined, std::log2(mostEntries), moves, random);
    ContractionOrder again = order;
    again.steps = refined.steps();
    price(sets, again);
    bool fits = again.largest <= mostEntries;
    if (fits != (order.largest <= mostEntries) ? fits
                                               : again.flops < order.flops)
      order = again;
  }
}

template <unsigned W>
ContractionOrder search(const Sets<W> &sets, const OrderOptions &options) {
  Budget budget = budgetOf(options.effort);
  double infinite = std::numeric_limits<double>::infinity();
  unsigned count = sets.operands.size();
  Random random(options.seed);
  ContractionOrder best;
  best.flops = best.largest = infinite;
  auto keep = [&](llvm::SmallVector<ContractionStep> steps,
                  llvm::StringRef method) {
    ContractionOrder order;
    order.steps = std::move(steps);
    order.method = method;
    slice(sets, order, options.mostEntries, budget.moves / 4, random);
    bool fits = order.largest <= options.mostEntries;
    bool bestFits = best.largest <= options.mostEntries;
    if (fits != bestFits ? fits : order.flops < best.flops)
      best = order;
  };
  if (count <= budget.exact) {
    llvm::SmallVector<Tensor<W>> tensors;
    for (unsigned k = 0; k < count; ++k)
      tensors.push_back({sets.operands[k], sets.thin[k]});
    auto steps = orderSubsets<W>(sets, tensors, sets.output, infinite,
                                 budget.pairs, /*outer=*/count <= kOuter);
    if (!steps.empty()) {
      keep(std::move(steps), "subsets");
      best.optimal = count <= kOuter && !sets.sparse && best.sliced.empty();
      if (best.sliced.empty())
        return best;
    }
  }
  struct Start {
    unsigned run;
    double flops = 0;
    llvm::SmallVector<ContractionStep> steps = {};
  };
  std::vector<Start> starts;
  for (unsigned k = 0; k < budget.greedy; ++k) {
    // The first is the usual one; the others vary what counts.
    double weight = k == 0 ? 1 : 0.2 + random.unit();
    double noise = k < 2 ? 0 : 0.5 * random.unit();
    Start start{k};
    start.steps = orderGreedily(sets, weight, noise, random);
    start.flops = Tree<W>(sets, start.steps).flops();
    starts.push_back(std::move(start));
  }
  llvm::sort(starts, [](const Start &x, const Start &y) {
    return std::pair(x.flops, x.run) < std::pair(y.flops, y.run);
  });
  double logMost = std::log2(options.mostEntries);
  auto refine = [&](Tree<W> tree, llvm::StringRef method) {
    for (unsigned round = 0; round < 8; ++round)
      if (!improveParts(tree, budget.part, infinite))
        break;
    keep(tree.steps(), method);
  };
  // What is annealed forgets where it began; parts are worth ordering behind
  // it.
  if (budget.trees == 0)
    refine(Tree<W>(sets, starts.front().steps), "greedy");
  else
    keep(starts.front().steps, "greedy");
  for (unsigned k = 0; k < budget.trees; ++k) {
    Tree<W> tree(sets, starts[k % starts.size()].steps);
    // Few tensors are settled sooner.
    anneal(tree, logMost,
           std::min<uint64_t>(budget.moves, budget.moves / 100 * count),
           random);
    refine(std::move(tree), "annealed");
  }
  return best;
}

} // namespace

void noodle::priceOrder(const ContractionNetwork &network,
                        ContractionOrder &order) {
  withSets(network, [&](const auto &sets) { price(sets, order); });
}

ContractionOrder noodle::orderAsWritten(const ContractionNetwork &network) {
  ContractionOrder order;
  order.method = "as written";
  unsigned count = network.operands.size();
  for (unsigned k = 1; k < count; ++k)
    order.steps.push_back({k == 1 ? 0 : count + k - 2, k});
  if (network.extents.size() <= kMostLetters)
    priceOrder(network, order);
  return order;
}

ContractionOrder noodle::orderContractions(const ContractionNetwork &network,
                                           const OrderOptions &options) {
  ContractionOrder written = orderAsWritten(network);
  if (network.operands.size() < 3 || network.extents.size() > kMostLetters)
    return written;
  ContractionOrder found;
  found.steps = orderChain(network);
  if (!found.steps.empty()) {
    found.method = "chain";
    found.optimal =
        network.denseResults ||
        llvm::all_of(network.density, [](double d) { return d >= 1; });
    priceOrder(network, found);
  }
  if (!found.steps.empty() && options.neighbours)
    return found;
  if (found.steps.empty() || found.largest > options.mostEntries)
    found = withSets(network,
                     [&](const auto &sets) { return search(sets, options); });
  bool fits = written.largest <= options.mostEntries ||
              found.largest > options.mostEntries;
  if (!fits || written.flops > found.flops)
    return found;
  written.optimal = found.optimal;
  return written;
}
