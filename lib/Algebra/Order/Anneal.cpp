//===- Anneal.cpp - trees improved by rotations ---------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Simulated annealing over contraction trees by the four local moves of
// Kalachev, Panteleev and Yung, Multi-Tensor Contraction for XEB Verification
// of Quantum Circuits (2021): of ((A B) C) one of A, B changes places with C.
// Only two steps' costs change, and the letters of one tensor.
//
//===----------------------------------------------------------------------===//
#include "Tree.h"

#include <algorithm>

using namespace mlir;
using namespace mlir::noodle;
using namespace mlir::noodle::order;

/// Temperatures of the first and the last sweep, in units of log2 of the cost
/// of the two steps a move changes. Chosen on random regular graphs, lattices
/// and hypergraphs of 10 to 200 tensors.
static constexpr double kHot = 1.0, kCold = 0.04;

/// Parts that cost less, as a share of the whole, are left as they are; and
/// pairs of subsets that one part may take.
static constexpr double kWorthwhile = 1e-3;
static constexpr uint64_t kMostPairs = 1 << 16;

namespace {

template <unsigned W> class Annealer {
public:
  Annealer(Tree<W> &tree, double logMost, Random &random)
      : tree(tree), logMost(logMost), random(random) {}

  void sweep(double temperature);

private:
  using Node = typename Tree<W>::Node;

  /// What is wrong with a result of so many entries, as a factor of its cost.
  double excess(double logEntries) const {
    return logEntries > logMost ? logEntries - logMost : 0;
  }
  void rotate(unsigned node, double temperature);

  Tree<W> &tree;
  double logMost;
  Random &random;
};

} // namespace

template <unsigned W>
void Annealer<W>::rotate(unsigned node, double temperature) {
  auto &nodes = tree.nodes;
  Node &top = nodes[node];
  unsigned inner = top.left, other = top.right;
  bool innerLeft = inner >= tree.leaves, innerRight = other >= tree.leaves;
  if (!innerLeft && !innerRight)
    return;
  uint64_t dice = random.next() >> 40;
  if (!innerLeft || (innerRight && (dice & 1)))
    std::swap(inner, other);
  Node &low = nodes[inner];
  // `stays` remains below `inner`, `leaves` changes places with `other`.
  unsigned stays = low.left, leaves = low.right;
  if (dice & 2)
    std::swap(stays, leaves);
  const Sets<W> &sets = *tree.sets;
  const Tensor<W> &a = nodes[stays].tensor, &b = nodes[leaves].tensor,
                  &c = nodes[other].tensor;
  Tensor<W> made = joined(sets, a, c, top.tensor.letters | b.letters);
  double lowLog = stepLog(sets, a, c), topLog = stepLog(sets, made, b);
  double lowCost = std::exp2(lowLog), topCost = std::exp2(topLog);
  double before = low.cost + top.cost, after = lowCost + topCost;
  double change = std::log2(after / before);
  if (logMost < 1e300)
    change += excess(sets.log(made.letters) + made.thin) -
              excess(tree.logEntries(inner));
  if (change > 0 && random.unit() >= std::exp(-change / temperature))
    return;
  low.left = stays;
  low.right = other;
  nodes[other].parent = inner;
  top.left = inner;
  top.right = leaves;
  nodes[leaves].parent = node;
  low.tensor = made;
  low.cost = lowCost;
  top.cost = topCost;
}

template <unsigned W> void Annealer<W>::sweep(double temperature) {
  unsigned count = tree.nodes.size() - tree.leaves;
  for (unsigned k = 0; k < count; ++k)
    rotate(tree.leaves + random.below(count), temperature);
}

/// Flops, and far more for results beyond the limit.
template <unsigned W> static double merit(const Tree<W> &tree, double logMost) {
  double over = std::max(0.0, tree.largest() - logMost);
  return std::log2(tree.flops()) + 4 * over;
}

template <unsigned W>
void order::anneal(Tree<W> &tree, double logMost, uint64_t moves,
                   Random &random) {
  unsigned steps = tree.nodes.size() - tree.leaves;
  if (steps < 2)
    return;
  uint64_t sweeps = std::max<uint64_t>(moves / steps, 2);
  Annealer<W> annealer(tree, logMost, random);
  Tree<W> best = tree;
  double least = merit(tree, logMost);
  for (uint64_t k = 0; k < sweeps; ++k) {
    double share = double(k) / double(sweeps - 1);
    annealer.sweep(kHot * std::pow(kCold / kHot, share));
    // Hot trees are bad ones: not worth a look.
    if (share < 0.5)
      continue;
    double now = merit(tree, logMost);
    if (now < least) {
      least = now;
      best = tree;
    }
  }
  tree = std::move(best);
}

template <unsigned W>
bool order::improveParts(Tree<W> &tree, unsigned size, double logMost) {
  const Sets<W> &sets = *tree.sets;
  bool improved = false;
  double worth = tree.flops() * kWorthwhile;
  std::vector<unsigned> work;
  for (unsigned k = tree.leaves; k < tree.nodes.size(); ++k)
    work.push_back(k);
  std::sort(work.begin(), work.end(), [&](unsigned x, unsigned y) {
    return tree.nodes[x].cost > tree.nodes[y].cost;
  });
  for (unsigned node : work) {
    // A part of the tree: the costliest steps below, one after the other.
    std::vector<unsigned> leaves = {unsigned(tree.nodes[node].left),
                                    unsigned(tree.nodes[node].right)};
    std::vector<unsigned> inside;
    double cost = tree.nodes[node].cost;
    while (leaves.size() < size) {
      auto widest = leaves.end();
      for (auto at = leaves.begin(); at != leaves.end(); ++at)
        if (*at >= tree.leaves &&
            (widest == leaves.end() ||
             tree.nodes[*at].cost > tree.nodes[*widest].cost))
          widest = at;
      if (widest == leaves.end())
        break;
      unsigned opened = *widest;
      inside.push_back(opened);
      cost += tree.nodes[opened].cost;
      *widest = tree.nodes[opened].left;
      leaves.push_back(tree.nodes[opened].right);
    }
    if (leaves.size() < 3 || cost < worth)
      continue;
    std::vector<Tensor<W>> tensors;
    for (unsigned leaf : leaves)
      tensors.push_back(tree.nodes[leaf].tensor);
    auto steps = orderSubsets<W>(sets, tensors, tree.nodes[node].tensor.letters,
                                 logMost, kMostPairs, /*outer=*/false);
    if (steps.empty())
      continue;
    // Price it on the part alone before touching the tree.
    Sets<W> part = sets;
    part.operands.clear();
    part.thin.clear();
    for (const Tensor<W> &tensor : tensors) {
      part.operands.push_back(tensor.letters);
      part.thin.push_back(tensor.thin);
    }
    part.output = tree.nodes[node].tensor.letters;
    Tree<W> made(part, steps);
    if (!(made.flops() < cost * (1 - 1e-9)))
      continue;
    improved = true;
    inside.push_back(node); // the part's root stays the node it was
    auto number = [&](unsigned k) {
      return k < made.leaves ? leaves[k] : inside[k - made.leaves];
    };
    for (unsigned k = made.leaves; k < made.nodes.size(); ++k) {
      auto &to = tree.nodes[number(k)];
      const auto &from = made.nodes[k];
      to.left = number(from.left);
      to.right = number(from.right);
      to.cost = from.cost;
      if (number(k) != node)
        to.tensor = from.tensor;
      tree.nodes[to.left].parent = tree.nodes[to.right].parent = number(k);
    }
  }
  return improved;
}

#define NOODLE_ORDER_WIDTH(W)                                                  \
  template void order::anneal<W>(Tree<W> &, double, uint64_t, Random &);       \
  template bool order::improveParts<W>(Tree<W> &, unsigned, double);
#include "Widths.def"
