//===- Tree.h - contraction trees over sets of letters ----------*- C++ -*-===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the searches for an order share. Costs are sums of powers of two, so
// sizes are kept as logarithms: networks with results of 2^200 entries are
// ordered like any others.
//
//===----------------------------------------------------------------------===//
#ifndef NOODLE_LIB_ALGEBRA_ORDER_TREE_H
#define NOODLE_LIB_ALGEBRA_ORDER_TREE_H

#include "noodle/Algebra/ContractionOrder.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"

#include <array>
#include <bit>
#include <cmath>
#include <vector>

namespace mlir::noodle::order {

/// A set of letters below 64 * W.
template <unsigned W> struct Letters {
  std::array<uint64_t, W> words{};

  void set(unsigned letter) {
    words[letter / 64] |= uint64_t(1) << letter % 64;
  }
  void reset(unsigned letter) {
    words[letter / 64] &= ~(uint64_t(1) << letter % 64);
  }
  bool test(unsigned letter) const {
    return words[letter / 64] >> letter % 64 & 1;
  }
  bool none() const {
    for (uint64_t word : words)
      if (word)
        return false;
    return true;
  }
  bool operator==(const Letters &) const = default;
  friend Letters operator|(Letters x, const Letters &y) {
    for (unsigned k = 0; k < W; ++k)
      x.words[k] |= y.words[k];
    return x;
  }
  friend Letters operator&(Letters x, const Letters &y) {
    for (unsigned k = 0; k < W; ++k)
      x.words[k] &= y.words[k];
    return x;
  }
  template <typename Visit> void each(Visit visit) const {
    for (unsigned k = 0; k < W; ++k)
      for (uint64_t word = words[k]; word; word &= word - 1)
        visit(k * 64 + std::countr_zero(word));
  }
};

/// A network with its letters as sets.
template <unsigned W> struct Sets {
  using Set = Letters<W>;
  std::vector<double> logs; ///< log2 of extents
  std::vector<Set> operands;
  std::vector<double> thin; ///< log2 of densities, 0 or less
  Set output;
  Set whole;           ///< letters that may not be sliced
  bool sparse = false; ///< results may be sparse

  explicit Sets(const ContractionNetwork &network) {
    for (double extent : network.extents)
      logs.push_back(std::log2(extent));
    for (const auto &letters : network.operands) {
      Set &set = operands.emplace_back();
      for (unsigned letter : letters)
        set.set(letter);
    }
    for (unsigned letter : network.output)
      output.set(letter);
    for (unsigned letter : network.whole)
      whole.set(letter);
    for (unsigned k = 0; k < operands.size(); ++k) {
      double density = k < network.density.size() ? network.density[k] : 1;
      thin.push_back(std::log2(std::min(1.0, std::max(density, 1e-300))));
      sparse |= thin.back() < 0 && !network.denseResults;
    }
  }

  double log(const Set &set) const {
    double sum = 0;
    set.each([&](unsigned letter) { sum += logs[letter]; });
    return sum;
  }
};

/// A tensor on the way: its letters, and the logarithm of its density.
template <unsigned W> struct Tensor {
  Letters<W> letters;
  double thin = 0;
};

/// log2 of the multiplications of a step, and of its result's entries. Stored
/// entries are taken to lie anywhere: a product of two has the product of their
/// densities, and a sum of n such products at most n times that.
template <unsigned W>
double stepLog(const Sets<W> &sets, const Tensor<W> &x, const Tensor<W> &y) {
  return sets.log(x.letters | y.letters) + x.thin + y.thin;
}
template <unsigned W>
Tensor<W> joined(const Sets<W> &sets, const Tensor<W> &x, const Tensor<W> &y,
                 const Letters<W> &needed) {
  Tensor<W> result{(x.letters | y.letters) & needed, 0};
  if (!sets.sparse)
    return result;
  double summed = sets.log(x.letters | y.letters) - sets.log(result.letters);
  result.thin = std::min(0.0, x.thin + y.thin + summed);
  return result;
}

/// A binary tree: nodes below `leaves` are operands, the last one is the root.
template <unsigned W> struct Tree {
  struct Node {
    int left = -1, right = -1, parent = -1;
    Tensor<W> tensor;
    double cost = 0; ///< multiplications of this step
  };
  const Sets<W> *sets;
  std::vector<Node> nodes;
  unsigned leaves = 0;

  /// Of the operands, joined as `steps` say.
  Tree(const Sets<W> &sets, llvm::ArrayRef<ContractionStep> steps)
      : sets(&sets), leaves(sets.operands.size()) {
    nodes.resize(leaves + steps.size());
    for (unsigned k = 0; k < leaves; ++k)
      nodes[k].tensor = {sets.operands[k], sets.thin[k]};
    // What the rest of the network needs, from the last step back.
    std::vector<Letters<W>> below(nodes.size());
    for (unsigned k = 0; k < leaves; ++k)
      below[k] = sets.operands[k];
    for (auto [k, step] : llvm::enumerate(steps)) {
      unsigned node = leaves + k;
      nodes[node].left = step.lhs;
      nodes[node].right = step.rhs;
      nodes[step.lhs].parent = nodes[step.rhs].parent = node;
      below[node] = below[step.lhs] | below[step.rhs];
    }
    std::vector<Letters<W>> needed(nodes.size());
    needed.back() = sets.output;
    for (unsigned node = nodes.size(); node-- > leaves;) {
      unsigned l = nodes[node].left, r = nodes[node].right;
      needed[l] = needed[node] | below[r];
      needed[r] = needed[node] | below[l];
    }
    for (unsigned node = leaves; node < nodes.size(); ++node)
      refresh(node, needed[node]);
  }

  void refresh(unsigned node, const Letters<W> &needed) {
    Node &n = nodes[node];
    const Tensor<W> &x = nodes[n.left].tensor, &y = nodes[n.right].tensor;
    n.cost = std::exp2(stepLog(*sets, x, y));
    n.tensor = joined(*sets, x, y, needed);
  }

  unsigned root() const { return nodes.size() - 1; }
  double flops() const {
    double sum = 0;
    for (unsigned k = leaves; k < nodes.size(); ++k)
      sum += nodes[k].cost;
    return sum;
  }
  double logEntries(unsigned node) const {
    return sets->log(nodes[node].tensor.letters) + nodes[node].tensor.thin;
  }
  /// log2 of the entries of the largest step's result.
  double largest() const {
    double most = 0;
    for (unsigned k = leaves; k < nodes.size(); ++k)
      most = std::max(most, logEntries(k));
    return most;
  }
  /// The steps, children before parents.
  llvm::SmallVector<ContractionStep> steps() const {
    llvm::SmallVector<ContractionStep> steps;
    std::vector<unsigned> number(nodes.size());
    std::vector<std::pair<unsigned, bool>> stack = {{root(), false}};
    for (unsigned k = 0; k < leaves; ++k)
      number[k] = k;
    while (!stack.empty()) {
      auto [node, seen] = stack.back();
      stack.pop_back();
      if (node < leaves)
        continue;
      unsigned l = nodes[node].left, r = nodes[node].right;
      if (seen) {
        number[node] = leaves + steps.size();
        steps.push_back({number[l], number[r]});
        continue;
      }
      stack.push_back({node, true});
      stack.push_back({r, false});
      stack.push_back({l, false});
    }
    return steps;
  }
};

/// xorshift64*; enough for choosing moves.
class Random {
public:
  explicit Random(uint64_t seed) : state(seed * 0x9E3779B97F4A7C15u | 1) {}
  uint64_t next() {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 0x2545F4914F6CDD1Du;
  }
  unsigned below(unsigned bound) {
    return uint64_t(uint32_t(next() >> 32)) * bound >> 32;
  }
  double unit() { return double(next() >> 11) * 0x1p-53; }

private:
  uint64_t state;
};

/// For a path of tensors, each joined to the next: O(n^3), exact where results
/// are dense. Empty where the network is no path.
llvm::SmallVector<ContractionStep> orderChain(const ContractionNetwork &);

/// Exact: with `outer` over all orders, else over those without products of
/// tensors that share no letter, where the network is connected. At most 20
/// tensors; gives up (empty) after `budget` pairs.
template <unsigned W>
llvm::SmallVector<ContractionStep>
orderSubsets(const Sets<W> &sets, llvm::ArrayRef<Tensor<W>> tensors,
             const Letters<W> &needed, double logMost, uint64_t budget,
             bool outer);

/// Joins what shrinks most. `weight` of the operands' sizes against the
/// result's, `noise` in units of log2.
template <unsigned W>
llvm::SmallVector<ContractionStep>
orderGreedily(const Sets<W> &sets, double weight, double noise, Random &random);

/// Improves a tree by random rotations, then exactly part by part.
template <unsigned W>
void anneal(Tree<W> &tree, double logMost, uint64_t moves, Random &random);
template <unsigned W>
bool improveParts(Tree<W> &tree, unsigned size, double logMost);

} // namespace mlir::noodle::order

#endif // NOODLE_LIB_ALGEBRA_ORDER_TREE_H
