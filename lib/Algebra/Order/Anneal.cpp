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
/// of the two steps a move changes. Chosen on 21 random regular graphs,
/// lattices and hypergraphs of 60 to 200 tensors: ending at 0.04 left a short
/// annealing a quarter of a bit worse, and a long one no better.
static constexpr double kHot = 0.7, kCold = 0.15;

/// Parts that cost less, as a share of the whole, are left as they are; and
/// pairs of subsets that one part may take.
static constexpr double kWorthwhile = 1e-3;
static constexpr uint64_t kMostPairs = 1 << 16;

namespace {

/// log2(1 + 2^-d) for d >= 0, within 0.001: what is tried must be weighed
/// quickly, what is taken is priced exactly.
double logOfSum(double d) {
  static constexpr unsigned kSteps = 32, kEnd = 12;
  static const auto table = [] {
    std::array<double, kSteps * kEnd> made{};
    for (unsigned k = 0; k < made.size(); ++k)
      made[k] = std::log2(1 + std::exp2(-(k + 0.5) / kSteps));
    return made;
  }();
  unsigned at = unsigned(std::min<double>(d * kSteps, kSteps * kEnd));
  return at < table.size() ? table[at] : 0;
}

template <unsigned W> class Annealer {
public:
  Annealer(Tree<W> &tree, double logMost, Random &random)
      : tree(tree), logMost(logMost), random(random), logs(tree.nodes.size()),
        steps(tree.nodes.size()) {
    const Sets<W> &sets = *tree.sets;
    for (unsigned k = 0; k < logs.size(); ++k) {
      const Node &node = tree.nodes[k];
      logs[k] = sets.log(node.tensor.letters);
      if (k >= tree.leaves)
        steps[k] = stepLog(sets, tree.nodes[node.left].tensor,
                           tree.nodes[node.right].tensor);
    }
  }

  void sweep(double temperature);

private:
  using Node = typename Tree<W>::Node;

  /// What is wrong with a result of so many entries, as a factor of its cost.
  double excess(double logEntries) const {
    return logEntries > logMost ? logEntries - logMost : 0;
  }
  static double sum(double x, double y) {
    return std::max(x, y) + logOfSum(std::abs(x - y));
  }
  void rotate(unsigned node, double temperature);

  Tree<W> &tree;
  double logMost;
  Random &random;
  /// Per node, log2 of its letters' extents and of its step's cost.
  std::vector<double> logs, steps;
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
  // Tensors share few letters: sums over what they have in common are short.
  Tensor<W> made{a.letters | c.letters, 0};
  Letters<W> gone = made.letters;
  for (unsigned w = 0; w < W; ++w) {
    uint64_t needed = top.tensor.letters.words[w] | b.letters.words[w];
    gone.words[w] &= ~needed;
    made.letters.words[w] &= needed;
  }
  double walked = logs[stays] + logs[other] - sets.log(a.letters & c.letters);
  double summed = sets.log(gone), madeLog = walked - summed;
  if (sets.sparse)
    made.thin = std::min(0.0, a.thin + c.thin + summed);
  double lowLog = walked + a.thin + c.thin;
  double topLog = madeLog + logs[leaves] - sets.log(made.letters & b.letters) +
                  made.thin + b.thin;
  double change = sum(lowLog, topLog) - sum(steps[inner], steps[node]);
  if (logMost < 1e300)
    change +=
        excess(madeLog + made.thin) - excess(logs[inner] + low.tensor.thin);
  // Beyond 16 the chance is one in ten million.
  if (change > 0 && (change > 16 * temperature ||
                     random.unit() >= std::exp(-change / temperature)))
    return;
  low.left = stays;
  low.right = other;
  nodes[other].parent = inner;
  top.left = inner;
  top.right = leaves;
  nodes[leaves].parent = node;
  low.tensor = made;
  logs[inner] = madeLog;
  steps[inner] = lowLog;
  steps[node] = topLog;
  low.cost = std::exp2(lowLog);
  top.cost = std::exp2(topLog);
}

template <unsigned W> void Annealer<W>::sweep(double temperature) {
  unsigned count = tree.nodes.size() - tree.leaves;
  for (unsigned k = 0; k < count; ++k)
    rotate(tree.leaves + random.below(count), temperature);
}

/// Flops, and far more for results beyond the limit.
template <unsigned W> static double merit(const Tree<W> &tree, double logMost) {
  double over = logMost < 1e300 ? std::max(0.0, tree.largest() - logMost) : 0;
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
