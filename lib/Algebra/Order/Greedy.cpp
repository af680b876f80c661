//===- Greedy.cpp - join what shrinks most --------------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
#include "Tree.h"

#include <queue>

using namespace mlir;
using namespace mlir::noodle;
using namespace mlir::noodle::order;

/// Pairs looked at around a letter that many tensors share. A guess.
static constexpr size_t kMostHolders = 24;

namespace {

template <unsigned W> class Greedy {
public:
  Greedy(const Sets<W> &sets, double weight, double noise, Random &random)
      : sets(sets), weight(weight), noise(noise), random(random),
        holders(sets.logs.size()), held(sets.logs.size()) {}

  llvm::SmallVector<ContractionStep> run();

private:
  struct Pair {
    double score;
    unsigned x, y;
    bool operator<(const Pair &other) const { return score > other.score; }
  };

  Letters<W> needed(unsigned x, unsigned y) const;
  void add(Tensor<W> tensor);
  void consider(unsigned x, unsigned y);
  void join(unsigned x, unsigned y);

  const Sets<W> &sets;
  double weight, noise;
  Random &random;
  std::vector<Tensor<W>> tensors;
  std::vector<double> entries;
  std::vector<bool> gone;
  std::vector<std::vector<unsigned>> holders; ///< per letter; some are gone
  std::vector<unsigned> held; ///< per letter, tensors that are not gone
  std::priority_queue<Pair> queue;
  llvm::SmallVector<ContractionStep> steps;
};

} // namespace

/// Letters of x and y that the output or a third tensor has.
template <unsigned W>
Letters<W> Greedy<W>::needed(unsigned x, unsigned y) const {
  Letters<W> result = sets.output;
  (tensors[x].letters | tensors[y].letters).each([&](unsigned letter) {
    unsigned here = unsigned(tensors[x].letters.test(letter)) +
                    unsigned(tensors[y].letters.test(letter));
    if (held[letter] > here)
      result.set(letter);
  });
  return result;
}

template <unsigned W> void Greedy<W>::consider(unsigned x, unsigned y) {
  Tensor<W> made = joined(sets, tensors[x], tensors[y], needed(x, y));
  double value = std::exp2(sets.log(made.letters) + made.thin) -
                 weight * (entries[x] + entries[y]);
  double score = std::copysign(std::log2(1 + std::abs(value)), value);
  if (noise > 0)
    score -= noise * -std::log(-std::log(random.unit() + 1e-12));
  queue.push({score, x, y});
}

template <unsigned W> void Greedy<W>::add(Tensor<W> tensor) {
  unsigned number = tensors.size();
  tensors.push_back(tensor);
  entries.push_back(std::exp2(sets.log(tensor.letters) + tensor.thin));
  gone.push_back(false);
  std::vector<unsigned> near;
  tensor.letters.each([&](unsigned letter) {
    std::vector<unsigned> &known = holders[letter];
    llvm::erase_if(known, [&](unsigned k) { return gone[k]; });
    size_t from = known.size() > kMostHolders ? known.size() - kMostHolders : 0;
    near.insert(near.end(), known.begin() + from, known.end());
    known.push_back(number);
  });
  std::sort(near.begin(), near.end());
  near.erase(std::unique(near.begin(), near.end()), near.end());
  for (unsigned other : near)
    consider(other, number);
}

template <unsigned W> void Greedy<W>::join(unsigned x, unsigned y) {
  Tensor<W> made = joined(sets, tensors[x], tensors[y], needed(x, y));
  steps.push_back({x, y});
  for (unsigned k : {x, y}) {
    gone[k] = true;
    tensors[k].letters.each([&](unsigned letter) { --held[letter]; });
  }
  made.letters.each([&](unsigned letter) { ++held[letter]; });
  add(made);
}

template <unsigned W> llvm::SmallVector<ContractionStep> Greedy<W>::run() {
  // Counts first, so that what is needed is right from the first pair on.
  for (const Letters<W> &operand : sets.operands)
    operand.each([&](unsigned letter) { ++held[letter]; });
  for (unsigned k = 0; k < sets.operands.size(); ++k)
    add({sets.operands[k], sets.thin[k]});
  while (!queue.empty()) {
    Pair pair = queue.top();
    queue.pop();
    if (!gone[pair.x] && !gone[pair.y])
      join(pair.x, pair.y);
  }
  // Parts that share no letter: the smallest first.
  auto larger = [&](unsigned x, unsigned y) {
    return std::pair(entries[x], x) > std::pair(entries[y], y);
  };
  std::priority_queue<unsigned, std::vector<unsigned>, decltype(larger)> parts(
      larger);
  for (unsigned k = 0; k < tensors.size(); ++k)
    if (!gone[k])
      parts.push(k);
  while (parts.size() > 1) {
    unsigned x = parts.top();
    parts.pop();
    unsigned y = parts.top();
    parts.pop();
    join(x, y);
    parts.push(tensors.size() - 1);
  }
  return steps;
}

template <unsigned W>
llvm::SmallVector<ContractionStep>
order::orderGreedily(const Sets<W> &sets, double weight, double noise,
                     Random &random) {
  return Greedy<W>(sets, weight, noise, random).run();
}

#define NOODLE_ORDER_WIDTH(W)                                                  \
  template llvm::SmallVector<ContractionStep> order::orderGreedily<W>(         \
      const Sets<W> &, double, double, Random &);
#include "Widths.def"
