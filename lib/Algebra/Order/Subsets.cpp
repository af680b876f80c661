//===- Subsets.cpp - the best order of few tensors ------------------------===//
//
// Part of Noodle, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Dynamic programming over pairs of connected subsets, in the order of
// Moerkotte and Neumann, Analysis of Two Existing and One New Dynamic
// Programming Algorithm for the Generation of Optimal Bushy Join Trees without
// Cross Products (VLDB 2006).
//
//===----------------------------------------------------------------------===//
#include "Tree.h"

#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace mlir::noodle;
using namespace mlir::noodle::order;

namespace {

template <unsigned W> class Subsets {
public:
  Subsets(const Sets<W> &sets, llvm::ArrayRef<Tensor<W>> tensors,
          const Letters<W> &needed, double logMost, uint64_t budget, bool outer)
      : sets(sets), tensors(tensors), logMost(logMost), budget(budget),
        count(tensors.size()), best(1u << count), split(1u << count),
        result(1u << count), adjacent(count) {
    unite(needed, outer);
  }

  llvm::SmallVector<ContractionStep> run();

private:
  using Mask = uint32_t;

  void unite(const Letters<W> &needed, bool outer);
  Mask neighbours(Mask set) const {
    Mask near = 0;
    for (Mask rest = set; rest; rest &= rest - 1)
      near |= adjacent[std::countr_zero(rest)];
    return near & ~set;
  }
  void pair(Mask x, Mask y);
  void growFirst(Mask set, Mask excluded);
  void seconds(Mask first);
  void growSecond(Mask first, Mask second, Mask excluded);
  unsigned build(Mask set, llvm::SmallVector<ContractionStep> &steps) const;

  const Sets<W> &sets;
  llvm::ArrayRef<Tensor<W>> tensors;
  double logMost;
  uint64_t budget;
  unsigned count;
  std::vector<double> best;
  std::vector<Mask> split;
  /// Of each subset: `thin` once there is an order.
  std::vector<Tensor<W>> result;
  std::vector<Mask> adjacent;
};

} // namespace

template <unsigned W>
void Subsets<W>::unite(const Letters<W> &needed, bool outer) {
  Mask all = (1u << count) - 1;
  std::vector<Letters<W>> united(1u << count);
  for (Mask set = 1; set <= all; ++set)
    united[set] =
        united[set & (set - 1)] | tensors[std::countr_zero(set)].letters;
  for (Mask set = 1; set <= all; ++set)
    result[set].letters = united[set] & (needed | united[all & ~set]);
  llvm::fill(best, std::numeric_limits<double>::infinity());
  for (unsigned k = 0; k < count; ++k) {
    best[1u << k] = 0;
    result[1u << k] = tensors[k];
    for (unsigned other = 0; other < count; ++other)
      if (other != k && !(tensors[k].letters & tensors[other].letters).none())
        adjacent[k] |= 1u << other;
  }
  // Nothing but an outer product joins parts that share no letter.
  Mask reached = 1;
  while (Mask more = neighbours(reached))
    reached |= more;
  if (reached != all || outer)
    for (unsigned k = 0; k < count; ++k)
      adjacent[k] = all & ~(1u << k);
}

template <unsigned W> void Subsets<W>::pair(Mask x, Mask y) {
  if (!budget)
    return;
  --budget;
  double known = best[x] + best[y];
  Mask set = x | y;
  if (!(known < best[set]))
    return;
  double cost = known + std::exp2(stepLog(sets, result[x], result[y]));
  if (!(cost < best[set]))
    return;
  Tensor<W> made = joined(sets, result[x], result[y], result[set].letters);
  if (set + 1 != 1u << count && sets.log(made.letters) + made.thin > logMost)
    return;
  best[set] = cost;
  split[set] = x;
  result[set].thin = made.thin;
}

/// Every nonempty subset of `within`.
template <typename Visit> static void subsetsOf(uint32_t within, Visit visit) {
  for (uint32_t part = within & -within; part; part = (part - within) & within)
    visit(part);
}

template <unsigned W>
void Subsets<W>::growSecond(Mask first, Mask second, Mask excluded) {
  Mask near = neighbours(second) & ~excluded;
  subsetsOf(near, [&](Mask part) { pair(first, second | part); });
  if (budget)
    subsetsOf(near, [&](Mask part) {
      growSecond(first, second | part, excluded | near);
    });
}

template <unsigned W> void Subsets<W>::seconds(Mask first) {
  Mask lower = (first & -first) * 2 - 1;
  Mask excluded = first | lower;
  Mask near = neighbours(first) & ~excluded;
  for (Mask rest = near; rest;) {
    Mask vertex = std::bit_floor(rest);
    rest &= ~vertex;
    pair(first, vertex);
    growSecond(first, vertex, excluded | (near & (vertex * 2 - 1)));
  }
}

template <unsigned W> void Subsets<W>::growFirst(Mask set, Mask excluded) {
  Mask near = neighbours(set) & ~excluded;
  subsetsOf(near, [&](Mask part) { seconds(set | part); });
  if (budget)
    subsetsOf(near, [&](Mask part) { growFirst(set | part, excluded | near); });
}

template <unsigned W>
unsigned Subsets<W>::build(Mask set,
                           llvm::SmallVector<ContractionStep> &steps) const {
  if (std::has_single_bit(set))
    return std::countr_zero(set);
  unsigned left = build(split[set], steps);
  unsigned right = build(set & ~split[set], steps);
  steps.push_back({left, right});
  return count + steps.size() - 1;
}

template <unsigned W> llvm::SmallVector<ContractionStep> Subsets<W>::run() {
  for (unsigned k = count; k-- > 0;) {
    seconds(1u << k);
    growFirst(1u << k, (2u << k) - 1);
  }
  Mask all = (1u << count) - 1;
  llvm::SmallVector<ContractionStep> steps;
  if (budget && best[all] < std::numeric_limits<double>::infinity())
    build(all, steps);
  return steps;
}

template <unsigned W>
llvm::SmallVector<ContractionStep>
order::orderSubsets(const Sets<W> &sets, llvm::ArrayRef<Tensor<W>> tensors,
                    const Letters<W> &needed, double logMost, uint64_t budget,
                    bool outer) {
  return Subsets<W>(sets, tensors, needed, logMost, budget, outer).run();
}

#define NOODLE_ORDER_WIDTH(W)                                                  \
  template llvm::SmallVector<ContractionStep> order::orderSubsets<W>(          \
      const Sets<W> &, llvm::ArrayRef<Tensor<W>>, const Letters<W> &, double,  \
      uint64_t, bool);
#include "Widths.def"
